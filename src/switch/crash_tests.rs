//! A process that is killed with SIGKILL at every moment of a switch, of an undo, and of the start
//! after that: each in a child of its own.

use super::tests::{OLD, URL, application, goal, mode};
use super::*;
use jiff::Timestamp;
use rustix::process::{Signal, getpid, kill_process};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// At which moment, from 1, a child kills itself; what it does; and where.
const KILLED_AT: &str = "NEONLIFT_TEST_KILLED_AT";
const DOES: &str = "NEONLIFT_TEST_DOES";
const PLACE: &str = "NEONLIFT_TEST_PLACE";

static MOMENTS: AtomicU32 = AtomicU32::new(0);

/// Kills a child whose moment has come; does nothing anywhere else.
pub(super) fn killed_here() {
    let Ok(moment) = std::env::var(KILLED_AT) else {
        return;
    };
    let now = MOMENTS.fetch_add(1, Ordering::SeqCst) + 1;
    if moment == now.to_string() {
        kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Switch,
    Undo,
    Aside,
    Start,
}

/// What the children run; in the run of all tests it has nothing to do.
#[test]
fn a_child_does_what_it_is_told() {
    let (Ok(does), Ok(place)) = (std::env::var(DOES), std::env::var(PLACE)) else {
        return;
    };
    let place = Path::new(&place);
    match does.as_str() {
        "Switch" => {
            switch(place).unwrap();
        }
        "Undo" => {
            undo(&session(place)).unwrap();
        }
        "Aside" => {
            put_aside(place);
        }
        _ => {
            settle(&session(place)).unwrap();
        }
    }
}

fn session(place: &Path) -> PathBuf {
    place.join("s.toml")
}

fn switch(place: &Path) -> Result<crate::session::Switched, Error> {
    let plan = Plan::make(&place.join("app"), &[], &goal()).unwrap();
    carry_out(&plan, &session(place), Timestamp::UNIX_EPOCH)
}

/// Does it in a child that is killed at a moment; `false` when it came to its end before.
fn killed(act: Act, place: &Path, moment: u32) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = "switch::crash_tests::a_child_does_what_it_is_told";
    child
        .args(["--exact", name])
        .env(KILLED_AT, moment.to_string());
    child.env(DOES, format!("{act:?}")).env(PLACE, place);
    let ended = child.output().unwrap();
    let is_killed = ended.status.signal() == Some(9);
    assert!(
        is_killed || ended.status.success(),
        "{act:?} {moment}: {ended:?}"
    );
    is_killed
}

/// An application whose act was killed at a moment; `None` when the act has no such moment.
fn crashed(act: Act, moment: u32) -> Option<Application> {
    let application = Application::new();
    if act == Act::Undo {
        switch(application.place()).unwrap();
    }
    let is_killed = killed(act, application.place(), moment);
    application.is_whole();
    is_killed.then_some(application)
}

/// Everything before or everything after; and both ways are free again.
fn is_settled(application: &Application, act: Act) {
    let place = application.place();
    let settled = settle(&session(place)).unwrap();
    assert_eq!(settled.left, []);
    application.is_whole();
    assert_eq!(settle(&session(place)).unwrap().switched, settled.switched);
    match settled.switched {
        None => application.is_as_before(),
        Some(_) => application.is_switched(),
    }
    if act == Act::Switch && settled.switched.is_none() {
        switch(place).unwrap();
        application.is_switched();
    }
    if settle(&session(place)).unwrap().switched.is_some() {
        undo(&session(place)).unwrap();
    }
    application.is_as_before();
}

#[test]
fn whatever_is_killed_at_any_moment_the_next_start_finishes_or_puts_back() {
    for act in [Act::Switch, Act::Undo] {
        let mut moments = 0;
        while let Some(application) = crashed(act, moments + 1) {
            moments += 1;
            is_settled(&application, act);
        }
        assert!(moments > 10, "{act:?} has {moments} moments");
    }
}

#[test]
fn a_start_that_is_killed_while_it_puts_back_is_no_harm() {
    // Both copies are made and one file is replaced; one file is put back.
    let mut halves = 0;
    for act in [Act::Switch, Act::Undo] {
        for moment in 1.. {
            let Some(application) = crashed(act, moment) else {
                break;
            };
            if application.is_half_switched() {
                halves += 1;
                starts_killed(act, moment);
            }
        }
    }
    assert!(halves > 1, "{halves}");
}

fn starts_killed(act: Act, moment: u32) {
    for start in 1.. {
        let application = crashed(act, moment).expect("it was there before");
        if !killed(Act::Start, application.place(), start) {
            return assert!(start > 4);
        }
        application.is_whole();
        is_settled(&application, act);
    }
}

fn put_aside(place: &Path) -> Settled {
    undo_edited(&session(place), EditedFiles::Aside, Timestamp::UNIX_EPOCH).unwrap()
}

/// What somebody has made of a switched file is there, in its place or beside it, whole, once; and the
/// next start finishes what was begun.
#[test]
fn an_edited_file_that_is_put_aside_is_lost_at_no_moment() {
    let mut moments = 0;
    loop {
        let application = Application::new();
        let place = application.place();
        switch(place).unwrap();
        let (file, old, _) = &application.files[1];
        let edited = format!("{}PLAN=gold\n", fs::read_to_string(file).unwrap());
        fs::write(file, &edited).unwrap();
        let is_killed = killed(Act::Aside, place, moments + 1);
        let aside = file.with_file_name(".env.local.edited-19700101-000000");
        let now = fs::read_to_string(file).unwrap();
        let kept = fs::read_to_string(&aside).ok();
        assert!(now == edited || now == *old, "half a file: {now:?}");
        assert!(now == edited || kept.as_ref() == Some(&edited), "{moments}");
        // Before its note was written, the wish is not known yet.
        let settled = settle(&session(place)).unwrap();
        if settled.switched.is_some() {
            assert_eq!(put_aside(place).aside.len(), 1);
        }
        assert_eq!(fs::read_to_string(file).unwrap(), *old);
        assert_eq!(fs::read_to_string(&aside).unwrap(), edited);
        assert_eq!(mode(&aside), 0o600);
        fs::remove_file(&aside).unwrap();
        application.is_as_before();
        if !is_killed {
            break;
        }
        moments += 1;
    }
    assert!(moments > 10, "{moments}");
}

/// An application with two files, one behind a link, of which a crash must not lose anything.
struct Application {
    folder: tempfile::TempDir,
    files: [(PathBuf, String, u32); 2],
}

impl Application {
    fn new() -> Self {
        let (folder, real, second, _) = application();
        fs::set_permissions(&second, fs::Permissions::from_mode(0o604)).unwrap();
        let files = [real, second].map(|file| {
            let (text, mode) = (fs::read_to_string(&file).unwrap(), mode(&file));
            (file, text, mode)
        });
        Self { folder, files }
    }

    fn place(&self) -> &Path {
        self.folder.path()
    }

    fn copies(&self) -> Vec<PathBuf> {
        let folders = [self.place().to_owned(), self.place().join("app")];
        let entries = folders
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap());
        let files = entries.map(|entry| entry.unwrap().path());
        let is_copy = |file: &PathBuf| {
            let name = file.file_name().unwrap().to_str().unwrap();
            name.contains(super::journal::COPY) && !name.ends_with(".neonlift-new")
        };
        files.filter(is_copy).collect()
    }

    /// How many files are switched; each is the old or the new one, with its mode, and whatever is
    /// switched has its old text in a copy that nobody else can read.
    fn switched(&self) -> usize {
        let copies = self.copies();
        let texts: Vec<String> = copies
            .iter()
            .map(|copy| {
                assert_eq!(mode(copy), 0o600);
                fs::read_to_string(copy).unwrap()
            })
            .collect();
        for text in &texts {
            assert!(
                self.files.iter().any(|(_, old, _)| old == text),
                "half a copy: {text:?}"
            );
        }
        let is_switched = |(file, old, of): &&(PathBuf, String, u32)| {
            let now = fs::read_to_string(file).unwrap();
            assert_eq!(mode(file), *of);
            assert!(
                now == *old || now == old.replace(OLD, URL),
                "half a file: {now:?}"
            );
            assert!(now == *old || texts.contains(old), "no copy of {old:?}");
            now != *old
        };
        self.files.iter().filter(is_switched).count()
    }

    fn is_whole(&self) {
        assert!(self.place().join("app/.env").is_symlink());
        self.switched();
    }

    fn is_half_switched(&self) -> bool {
        self.switched() == 1
    }

    fn is_switched(&self) {
        assert_eq!((self.switched(), self.copies().len()), (2, 2));
    }

    /// As it was, and nothing beside it: the folder, the file behind the link.
    fn is_as_before(&self) {
        assert_eq!(self.switched(), 0);
        let names = |folder: &Path| fs::read_dir(folder).unwrap().count();
        assert_eq!(
            (names(self.place()), names(&self.place().join("app"))),
            (2, 2)
        );
    }
}
