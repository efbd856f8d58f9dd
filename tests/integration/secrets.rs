//! A password is nowhere but in memory, and a row's value is in the dump alone.

use crate::fixture::{Ended, Running, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

const SOURCE: &str = "canary-of-the-source-4711";
const TARGET: &str = "canary-of-the-target-4712";
const VALUE: &str = "canary-value-of-a-row-4713";

#[test]
fn a_migration_leaves_no_password_anywhere() {
    let world = World::new(300);
    let own = |url: String, password: &str| {
        let (before, rest) = url.split_once('@').expect("a user");
        let (user, _) = before.rsplit_once(':').expect("a password");
        format!("{user}:{password}@{rest}")
    };
    let (source, target) = (
        own(world.source_url(), SOURCE),
        own(world.target_url(), TARGET),
    );
    world
        .target()
        .run(&format!("ALTER ROLE neondb_owner PASSWORD '{TARGET}'"));
    let admin = world.source().open();
    admin.run(&format!(
        "UPDATE shop.edge_cases SET t = '{VALUE}' WHERE what = 'exact'"
    ));
    admin.run(&format!("ALTER ROLE postgres PASSWORD '{SOURCE}'"));
    let start = |arguments: &[&str]| {
        let mut command = world.neonlift(arguments);
        command
            .env("NEONLIFT_SOURCE_URL", &source)
            .env("NEONLIFT_TARGET_URL", &target);
        Running::start(&mut command)
    };

    let ended = watched(|| {
        start(&["run", "-vv", "--json"])
            .end()
            .expect(0, "awaiting_sign_off")
    });
    ended.expect_equal();
    for format in ["html", "md", "json"] {
        let file = world.folder().join(format!("handed-over.{format}"));
        let file = file.to_str().expect("a path");
        let told = start(&["report", "--format", format, "-o", file]).end();
        assert_eq!(told.code, Some(0), "{told}");
    }
    // Failures tell what a server said: they must not tell this.
    admin.run("ALTER ROLE postgres PASSWORD 'another'");
    assert_eq!(start(&["compare", "-vv"]).end().code, Some(3));
    admin.run(&format!("ALTER ROLE postgres PASSWORD '{SOURCE}'"));
    world.target().run("ALTER ROLE neondb_owner NOLOGIN");
    assert_ne!(start(&["check", "-vv", "--plain"]).end().code, Some(0));

    let (mut logs, mut dumps, mut reports) = (0, 0, 0);
    for file in files(world.folder()) {
        let bytes = fs::read(&file).expect("a file");
        let is = |ending: &str| {
            file.extension()
                .is_some_and(|extension| extension == ending)
        };
        logs += usize::from(is("log") && bytes.len() > 1_000);
        dumps += usize::from(is("dump"));
        reports += usize::from(["html", "md", "json"].iter().any(|format| is(format)));
        for secret in [SOURCE, TARGET] {
            assert!(!holds(&bytes, secret), "{secret} in {}", file.display());
        }
        assert!(
            !holds(&bytes, VALUE) || is("dump"),
            "a value in {}",
            file.display()
        );
    }
    assert_eq!(
        (logs, dumps, reports),
        (1, 1, 4),
        "the files that matter most are there"
    );
}

/// A tool that writes down its environment, and does its work then.
#[test]
fn no_tool_gets_the_targets_password() {
    let world = World::new(10);
    let tools = world.folder().join("tools");
    let seen = world.folder().join("seen");
    for folder in [&tools, &seen] {
        fs::create_dir(folder).expect("a folder");
    }
    for tool in ["pg_dump", "pg_restore"] {
        let (own, file) = (world.postgres_program(tool), tools.join(tool));
        let script = format!(
            "#!/bin/sh\nenv > '{}'/{tool}.$$\nexec '{}' \"$@\"\n",
            seen.display(),
            own.display()
        );
        fs::write(&file, script).expect("a tool");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("rights");
    }
    let mut command = world.neonlift(&["run", "--json"]);
    command
        .env("NEONLIFT_PG_BIN", &tools)
        .env(
            "NEON_DATABASE_URL",
            "postgresql://me:secret-of-neon@ep-x.neon.tech/neondb",
        )
        .env("DATABASE_URL", world.target_url());
    Running::start(&mut command)
        .end()
        .expect(0, "awaiting_sign_off");
    let target = world.target_url();
    let (_, rest) = target.split_once("://").expect("a URL");
    let (user, _) = rest.split_once('@').expect("a user");
    let calls = files(&seen);
    assert!(calls.len() > 5, "{calls:?}");
    for file in calls {
        let environment = fs::read_to_string(&file).expect("an environment");
        for secret in [user, "secret-of-neon", "NEON", "DATABASE_URL"] {
            assert!(!environment.contains(secret), "{secret}: {environment}");
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Carries `work` out and looks at the arguments of all processes meanwhile.
fn watched(work: impl FnOnce() -> Ended) -> Ended {
    let over = AtomicBool::new(false);
    let (ended, (looks, told)) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&over));
        let ended = work();
        over.store(true, Relaxed);
        (ended, watching.join().expect("no panic"))
    });
    assert!(told.is_none(), "a process's arguments: {told:?}");
    assert!(looks > 20, "only {looks} looks");
    for secret in [SOURCE, TARGET, VALUE] {
        assert!(!ended.to_string().contains(secret), "{ended}");
    }
    ended
}

/// Until it is over: how many looks were taken, and the first arguments with a password.
fn watch(over: &AtomicBool) -> (usize, Option<String>) {
    let mut looks = 0;
    while !over.load(Relaxed) {
        looks += 1;
        let told = crate::processes::arguments()
            .into_iter()
            .find(|line| line.contains(SOURCE) || line.contains(TARGET));
        if told.is_some() {
            return (looks, told);
        }
        // Looking is work: the program shall get on, too.
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (looks, None)
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
