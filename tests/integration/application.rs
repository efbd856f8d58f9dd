//! The step `application`: a real application in Python, tested on practice Neon, switched to it and
//! put back.

use crate::fixture::{Ended, Running, World, eventually};
use crate::processes;
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const DEMO: &str = include_str!("../application/shop.py");

/// Python with psycopg2, made once for all tests.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("application-python");
        let python = folder.join("bin/python");
        let has_driver = |python: &Path| {
            let mut asked = Command::new(python);
            let asked = asked.args(["-c", "import psycopg2"]).output();
            asked.is_ok_and(|asked| asked.status.success())
        };
        if !has_driver(&python) {
            let run = |program: &Path, arguments: &[&str]| {
                let done = Command::new(program)
                    .args(arguments)
                    .output()
                    .expect("it runs");
                let said = String::from_utf8_lossy(&done.stderr).into_owned();
                assert!(done.status.success(), "{program:?} {arguments:?}: {said}");
            };
            let place = folder.display().to_string();
            run(Path::new("python3"), &["-m", "venv", "--clear", &place]);
            run(
                &python,
                &["-m", "pip", "install", "-q", "psycopg2-binary==2.9.*"],
            );
        }
        python
    })
}

/// An application in a folder of its own, which leads to the source.
pub(crate) struct Shop {
    pub(crate) folder: PathBuf,
}

impl Shop {
    pub(crate) fn new(world: &World) -> Self {
        let folder = world.folder().join("shop");
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("shop.py"), DEMO).expect("the application");
        fs::write(folder.join(".env"), Self::env(&world.source_url())).expect("its .env");
        let private = fs::Permissions::from_mode(0o640);
        fs::set_permissions(folder.join(".env"), private).expect("a mode");
        Self { folder }
    }

    fn env(url: &str) -> String {
        format!("# shop\r\nAPI_KEY=canary-of-the-shop\r\nexport DATABASE_URL=\"{url}\"  # local")
    }

    pub(crate) fn env_now(&self) -> String {
        fs::read_to_string(self.folder.join(".env")).expect("its .env")
    }

    /// Started as somebody starts it: which database it uses, and how many texts are there.
    pub(crate) fn says(&self) -> String {
        self.asked(&[])
    }

    /// The same, with arguments.
    pub(crate) fn asked(&self, arguments: &[&str]) -> String {
        let mut shop = Command::new(python());
        let shop = shop
            .arg(self.folder.join("shop.py"))
            .args(arguments)
            .env_remove("DATABASE_URL");
        let said = shop.output().expect("it runs");
        let complaint = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{complaint}");
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }

    fn config(&self, world: &World, tests: &str) -> String {
        let folder = self.folder.display();
        world.config(&format!(
            "[application]\nfolder = '{folder}'\ntests = [{tests}]\npool_size = 5\n"
        ))
    }
}

pub(crate) fn password(url: &str) -> String {
    let (before, _) = url.split_once('@').expect("a user");
    before.rsplit_once(':').expect("a password").1.to_owned()
}

fn finished(ended: &Ended) -> serde_json::Value {
    let mut found = ended.of_kind("step_finished");
    found.retain(|event| event["step"] == "application");
    found.pop().expect("the end of the step")
}

#[test]
fn an_application_is_tested_switched_and_put_back() {
    let world = World::new(200);
    let shop = Shop::new(&world);
    let before = shop.env_now();
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    let count = "SELECT count(*) FROM vector_documents";
    let rows = world.target().value(count);
    assert_eq!(shop.says(), format!("chat_pgvector {rows}"));

    let test = format!("'{} shop.py test'", python().display());
    let config = shop.config(&world, &test);
    let tested = world.json(&["application", "--config", &config]);
    let tested = tested.expect(0, "done");
    let report = finished(&tested);
    assert_eq!(report["tests"][0]["code"], 0, "{tested}");
    assert_eq!(
        report["tests"][0]["output"][0],
        format!("neondb {rows}"),
        "{tested}"
    );
    let line = &report["files"][0]["lines"][0];
    assert_eq!(
        (&report["files"][0]["file"], &line["line"]),
        (&".env".into(), &3.into())
    );
    let after = line["after"].as_str().expect("a text");
    assert!(
        after.contains("-pooler.") && after.contains("sslmode=require"),
        "{after}"
    );
    assert_eq!(shop.env_now(), before, "nothing was written");
    assert_eq!(world.target().value(count), rows);

    let checklist = world.json(&["cutover", "--config", &config]);
    let open = checklist.only("awaiting_sign_off")["open"].to_string();
    assert!(!open.contains("application-tested"), "{checklist}");

    world
        .json(&["application", "--switch", "other", "--config", &config])
        .expect(2, "failed");
    assert_eq!(shop.env_now(), before);
    let switched = world.json(&["application", "--switch", "shop", "--config", &config]);
    let switched = switched.expect(0, "done");
    assert_eq!(shop.says(), format!("neondb {rows}"));
    let kept = shop.env_now().replace(
        &shop.env_now()[shop.env_now().find('"').unwrap()..=shop.env_now().rfind('"').unwrap()],
        &before[before.find('"').unwrap()..=before.rfind('"').unwrap()],
    );
    assert_eq!(kept, before, "only the value is another");
    let mode = fs::metadata(shop.folder.join(".env"))
        .expect("its .env")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o640);

    let undone = world.json(&["application", "--undo"]).expect(0, "done");
    assert_eq!(shop.env_now(), before, "{undone}");
    assert_eq!(shop.says(), format!("chat_pgvector {rows}"));
    assert_eq!(fs::read_dir(&shop.folder).expect("files").count(), 2);

    world.json(&["compare"]).expect(0, "done").expect_equal();
    let session = fs::read_to_string(world.session()).expect("the session");
    let secrets = [password(&world.source_url()), password(&world.target_url())];
    for said in [&tested.stdout, &switched.stdout, &undone.stdout, &session] {
        assert!(!said.contains("canary"));
        assert!(
            secrets.iter().all(|secret| !said.contains(secret)),
            "{said}"
        );
    }
}

#[test]
fn a_test_that_fails_is_told_without_the_password_and_nothing_is_switched() {
    let world = World::new(10);
    let shop = Shop::new(&world);
    let before = shop.env_now();
    world.json(&["run", "--until", "compare"]).expect(0, "done");
    let test =
        r#"'echo "$DATABASE_URL $POSTGRES_PASSWORD ${PGPASSWORD-none}"; seq 999 >&2; exit 7'"#;
    let config = shop.config(&world, test);
    let failed = world.json(&["application", "--config", &config]);
    let failed = failed.expect(1, "failed");
    let report = finished(&failed);
    assert_eq!(report["tests"][0]["code"], 7, "{failed}");
    let kept = report["tests"][0]["output"]
        .as_array()
        .expect("lines")
        .len();
    assert_eq!(kept, 40, "the last lines alone");
    assert!(
        !failed.stdout.contains(&password(&world.target_url())),
        "{failed}"
    );
    let refused = world.json(&["application", "--switch", "shop", "--config", &config]);
    refused.expect(2, "failed");
    assert_eq!(shop.env_now(), before);
}

#[test]
fn a_test_that_is_stopped_ends_with_all_that_it_has_started() {
    let world = World::new(10);
    let shop = Shop::new(&world);
    world.json(&["run", "--until", "compare"]).expect(0, "done");
    let config = shop.config(&world, "'trap \"\" TERM; sleep 86413 & sleep 86413'");
    let sleeps = || {
        let arguments = processes::arguments();
        arguments
            .iter()
            .filter(|line| line.trim() == "sleep 86413")
            .count()
    };
    let mut command = world.neonlift(&["application", "--json", "--config", &config]);
    let running = Running::start(&mut command);
    eventually("a test at work", || (sleeps() == 2).then_some(()));
    running.signal(Signal::INT);
    running.end().expect(130, "interrupted");
    eventually("the end of all of it", || (sleeps() == 0).then_some(()));
}

#[test]
fn a_test_that_leaves_something_running_ends_all_the_same() {
    let world = World::new(10);
    let shop = Shop::new(&world);
    world.json(&["run", "--until", "compare"]).expect(0, "done");
    let config = shop.config(&world, "'sleep 86414 & echo begun'");
    let done = world.json(&["application", "--config", &config]);
    let report = finished(&done.expect(0, "done"));
    assert_eq!(report["tests"][0]["code"], 0);
    assert_eq!(report["tests"][0]["output"][0], "begun");
    let left = processes::arguments();
    assert!(!left.iter().any(|line| line.trim() == "sleep 86414"));
}

/// A row that a rule of its table refuses is no reason to stop, a missing right is one.
#[test]
fn a_target_that_cannot_be_written_to_is_told() {
    let world = World::new(10);
    world.json(&["run", "--until", "compare"]).expect(0, "done");
    let target = world.target().open();
    target.run("ALTER TABLE vector_documents ADD CHECK (user_id = 'nobody') NOT VALID");
    let told = world.json(&["application"]).expect(0, "done");
    let checks = finished(&told)["checks"].to_string();
    assert!(checks.contains("not tried: a rule"), "{told}");
    assert!(finished(&told)["not_done"].as_str().is_some(), "{told}");
    target.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE insufficient_privilege; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON vector_documents FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let told = world.json(&["application"]);
    let told = told.expect(1, "failed");
    assert!(
        told.only("failure")
            .to_string()
            .contains("vector_documents"),
        "{told}"
    );
}
