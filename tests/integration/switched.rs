//! The application's files, switched and killed meanwhile.

use crate::fixture::World;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An application with its connection in many files of every form.
struct Many {
    folder: PathBuf,
    old: BTreeMap<PathBuf, Vec<u8>>,
    new: BTreeMap<PathBuf, Vec<u8>>,
}

const VARIANTS: usize = 60;

impl Many {
    fn new(world: &World) -> Self {
        let folder = world.folder().join("many");
        fs::create_dir_all(folder.join("config")).expect("folders");
        let url = world.source_url();
        let mut texts = BTreeMap::from([
            (
                "config/a.toml".to_owned(),
                format!("a = 1 # x\r\n[db]\r\nDATABASE_URL = '{url}' # y\r\n"),
            ),
            (
                "config/b.json".to_owned(),
                format!("{{\"x\": [1],\n  \"DATABASE_URL\" :\"{url}\"}}"),
            ),
            (
                "config/c.yaml".to_owned(),
                format!("x:\n  - DATABASE_URL={url} # z\n"),
            ),
            (
                "d.sh".to_owned(),
                format!("#!/bin/sh\n  export DATABASE_URL='{url}'\nexec \"$@\"\n"),
            ),
        ]);
        for number in 0..VARIANTS {
            let text = format!("# {number}\nDATABASE_URL={url}\n{}", "X=1\n".repeat(2_000));
            texts.insert(format!(".env.{number:02}"), text);
        }
        for (name, text) in &texts {
            fs::write(folder.join(name), text).expect("a file");
        }
        let (old, new) = (Self::files(&folder), BTreeMap::new());
        Self { folder, old, new }
    }

    /// What lies in the folder.
    fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        for folder in [folder, &folder.join("config")] {
            for entry in fs::read_dir(folder).expect("its files") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    let bytes = fs::read(&path).expect("a file");
                    found.insert(path, bytes);
                }
            }
        }
        found
    }

    fn has_copy(&self, file: &str) -> bool {
        let begin = format!("{file}.before-neon-");
        let names = fs::read_dir(&self.folder).expect("its files");
        let names = names.map(|entry| entry.expect("an entry").file_name());
        names
            .into_iter()
            .any(|name| name.to_string_lossy().starts_with(&begin))
    }

    fn is(&self, file: &str, texts: &BTreeMap<PathBuf, Vec<u8>>) -> bool {
        let path = self.folder.join(file);
        fs::read(&path).expect("it is always there") == texts[&path]
    }

    /// Every file is the old or the new one, whole.
    fn expect_whole(&self) {
        let now = Self::files(&self.folder);
        for (path, old) in &self.old {
            let whole = now[path] == *old || now[path] == self.new[path];
            assert!(whole, "{} is neither old nor new", path.display());
        }
    }

    /// All are old, and nothing is left beside them; or all are new. Says whether they are new.
    fn expect_settled(&self) -> bool {
        let now = Self::files(&self.folder);
        let is_new = self.new.iter().all(|(path, new)| now[path] == *new);
        assert!(is_new || now == self.old, "{:?}", now.keys());
        is_new
    }
}

/// When the program is killed: what it is called, and how it is seen.
type Moment<'a> = (&'a str, &'a dyn Fn(&Many) -> bool);

/// Waits without a pause, so that it is seen in time; a kill that comes too late must not matter.
fn watch(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < until, "{what} never came");
        std::thread::yield_now();
    }
}

#[test]
fn killed_at_any_moment_files_are_whole_and_the_next_start_settles_them() {
    let world = World::new(10);
    let mut many = Many::new(&world);
    world.json(&["run", "--until", "compare"]).expect(0, "done");
    let files = "'config/a.toml', 'config/b.json', 'config/c.yaml', 'd.sh'";
    let config = world.config(&format!("[application]\nfiles = [{files}]\n"));
    let app = many.folder.display().to_string();
    let planned = world.json(&["application", "--app", &app, "--config", &config]);
    planned.expect(0, "done");
    // The folder is known from now on.
    let switch = ["application", "--switch", "many", "--config", &config];
    let undo = ["application", "--undo"];
    world.json(&switch).expect(0, "done");
    many.new = Many::files(&many.folder);
    many.new.retain(|path, _| many.old.contains_key(path));
    for (path, new) in &many.new {
        assert!(*new != many.old[path], "{} is not switched", path.display());
    }
    world.json(&undo).expect(0, "done");
    assert!(!many.expect_settled());

    let journal = world.session().with_extension("switch.toml");
    let note = |stage: &str| {
        let text = fs::read_to_string(&journal).unwrap_or_default();
        text.contains(&format!("stage = \"{stage}\""))
    };
    let middle = format!(".env.{:02}", VARIANTS / 2);
    let begins: [Moment<'_>; 5] = [
        ("the note", &|_| note("replacing") || note("replaced")),
        ("the first copy", &|many| many.has_copy(".env.00")),
        ("a copy amid the others", &|many| many.has_copy(&middle)),
        ("the first file", &|many| many.is(".env.00", &many.new)),
        ("a file amid the others", &|many| {
            many.is(&middle, &many.new)
        }),
    ];
    for (what, is_so) in begins {
        let running = world.start(&switch);
        watch(what, || is_so(&many));
        running.signal(Signal::KILL);
        running.end();
        many.expect_whole();
        world.json(&["cutover"]);
        if many.expect_settled() {
            world.json(&undo).expect(0, "done");
            assert!(!many.expect_settled());
        }
        assert!(!journal.exists());
    }
    let ends: [Moment<'_>; 3] = [
        ("the note", &|_| !note("replaced")),
        ("the first file", &|many| many.is(".env.00", &many.old)),
        ("a file amid the others", &|many| {
            many.is(&middle, &many.old)
        }),
    ];
    for (what, is_so) in ends {
        world.json(&switch).expect(0, "done");
        let running = world.start(&undo);
        watch(what, || is_so(&many));
        running.signal(Signal::KILL);
        running.end();
        many.expect_whole();
        world.json(&["cutover"]);
        assert!(
            !many.expect_settled(),
            "what was begun to be undone is undone"
        );
        assert!(!journal.exists());
    }
    // A signal lets what was begun come to its end, which is told.
    let running = world.start(&switch);
    watch("the first file", || many.is(".env.00", &many.new));
    running.signal(Signal::INT);
    running.end().expect(0, "done");
    assert!(many.expect_settled(), "all are replaced");
}

const ROWS: &str = "SELECT count(*) FROM vector_documents";

/// A way back that is killed: no file is half-written, no row goes, and the second start finishes it and
/// says what is so.
#[test]
fn a_way_back_that_is_killed_is_finished_by_the_next() {
    let world = World::new(10);
    let mut many = Many::new(&world);
    let files = "'config/a.toml', 'config/b.json', 'config/c.yaml', 'd.sh'";
    let folder = many.folder.display();
    let config = world.config(&format!(
        "[application]\nfolder = '{folder}'\nfiles = [{files}]\n"
    ));
    let journal = world.session().with_extension("switch.toml");
    let note = || fs::read_to_string(&journal).unwrap_or_default();
    let session = || world.json(&["status"]).only("status")["session"].clone();
    let back = [
        "rollback",
        "--confirm",
        "chat_pgvector",
        "--config",
        &config,
    ];
    let rows = world.source().value(ROWS);
    let middle = format!(".env.{:02}", VARIANTS / 2);
    let moments: [Moment<'_>; 6] = [
        ("the beginning", &|_| {
            let text = fs::read_to_string(world.session()).unwrap_or_default();
            text.contains("[rolled_back]\nstate = \"running\"")
        }),
        ("the note", &|_| note().contains("stage = \"undoing\"")),
        ("the first file", &|many| many.is(".env.00", &many.old)),
        ("a file amid the others", &|many| {
            many.is(&middle, &many.old)
        }),
        ("the last file", &|many| many.is("d.sh", &many.old)),
        ("the note's end", &|_| !journal.exists()),
    ];
    for (number, (what, is_so)) in moments.into_iter().enumerate() {
        world
            .json(&["run", "--until", "application", "--config", &config])
            .expect(0, "done");
        world
            .json(&["application", "--switch", "many", "--config", &config])
            .expect(0, "done");
        if many.new.is_empty() {
            many.new = Many::files(&many.folder);
            many.new.retain(|path, _| many.old.contains_key(path));
        }
        let running = world.start(&back);
        watch(what, || is_so(&many));
        running.signal(Signal::KILL);
        running.end();
        many.expect_whole();
        let begun = session()["rolled_back"]["state"].clone();
        assert!(begun == "interrupted" || begun == "done", "{what}: {begun}");
        let looked = world
            .json(&["rollback", "--config", &config])
            .expect(0, "done");
        let again = world.json(&back).expect(0, "done");
        assert!(!many.expect_settled(), "{what}: all are back");
        assert!(!journal.exists());
        let done = again.only("rolled_back")["rolled_back"].clone();
        assert_eq!(done["state"], "done", "{what}: {again}");
        let said = done["done"].to_string();
        let is_told = said.contains("are back already") || said.contains("byte for byte");
        assert!(is_told, "{number} {what}: {said}");
        for said in [&looked.stdout, &again.stdout] {
            assert!(!said.contains("no file was switched"), "{what}: {said}");
        }
        assert_eq!(world.source().value(ROWS), rows);
        assert_eq!(world.target().value(ROWS), rows);
    }
}
