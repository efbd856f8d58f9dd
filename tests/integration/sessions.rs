//! Session files as they are found: whole, old, damaged, foreign. None is ever overwritten.

use crate::fixture::{Ended, Running, World};
use neonlift::session::store;
use rstest::rstest;
use std::fs;
use std::path::{Path, PathBuf};

/// The program on a copy of a fixture, and the copy.
fn opened(world: &World, fixture: &str, command: &[&str]) -> (Ended, PathBuf) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/sessions")
        .join(fixture);
    fs::copy(kept, world.session()).expect("a copy");
    let session = world.session();
    let arguments = [
        command,
        &["--json", "--session", session.to_str().expect("a path")],
    ]
    .concat();
    (Running::start(&mut world.bare(&arguments)).end(), session)
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sessions");
    fs::read(folder.join(name)).expect("a fixture")
}

#[test]
fn a_finished_one_has_nothing_to_do() {
    let world = World::sharing();
    let (ended, session) = opened(&world, "finished.toml", &["run"]);
    let ended = ended.expect(0, "done");
    assert_eq!(ended.only("finished")["worked"], false, "{ended}");
    assert!(fs::read(session).expect("the session") == fixture("finished.toml"));
    let (ended, _) = opened(&world, "finished.toml", &["status"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(
        ended.only("status")["session"]["steps"]["cutover"]["state"],
        "done"
    );
}

#[rstest]
#[case::of_no_version_there_ever_was("no_version.toml", "not a session")]
#[case::of_a_newer_version("newer_version.toml", "format 99")]
#[case::of_another_program("foreign.toml", "not a session")]
fn one_that_cannot_be_used_is_left_alone(
    #[case] name: &str,
    #[case] says: &str,
    #[values("run", "status", "transfer")] command: &str,
) {
    let world = World::sharing();
    let (ended, session) = opened(&world, name, &[command]);
    assert_eq!(ended.code, Some(2), "{ended}");
    let failure = ended.only("failure");
    assert!(
        failure["why"]
            .as_str()
            .is_some_and(|why| why.contains(says)),
        "{ended}"
    );
    assert!(
        failure["advice"].to_string().contains("--session FILE"),
        "{ended}"
    );
    assert!(fs::read(session).expect("the session") == fixture(name));
}

#[rstest]
#[case::cut_off("cut.toml", "TOML")]
#[case::with_an_unknown_key("unknown_key.toml", "colour")]
fn a_damaged_one_is_kept_aside_untouched(#[case] name: &str, #[case] says: &str) {
    let world = World::sharing();
    let (ended, session) = opened(&world, name, &["run"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    let failure = ended.only("failure").to_string();
    assert!(failure.contains(says), "{ended}");
    let aside = session.with_extension("damaged-1.toml");
    assert!(failure.contains("session.damaged-1.toml"), "{ended}");
    assert!(!session.exists());
    assert!(fs::read(&aside).expect("kept aside") == fixture(name));
    // A second one does not take the first one's place.
    opened(&world, name, &["run"]);
    assert!(session.with_extension("damaged-2.toml").exists());
    assert!(fs::read(&aside).expect("kept aside") == fixture(name));
}

#[test]
fn what_is_no_text_is_left_alone() {
    let world = World::sharing();
    let session = world.session();
    let bytes = [0xFF, 0xFE, 0x00, 0x80];
    fs::write(&session, bytes).expect("a file");
    let ended = world.json(&["run"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert_eq!(fs::read(session).expect("the file"), bytes);
}

#[test]
fn a_real_one_is_not_taken_for_practice() {
    let world = World::sharing();
    let (ended, session) = opened(&world, "finished.toml", &["demo"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(
        ended
            .only("failure")
            .to_string()
            .contains("a real migration"),
        "{ended}"
    );
    assert!(fs::read(session).expect("the session") == fixture("finished.toml"));
}

#[test]
fn what_acts_on_a_migration_begins_none() {
    let world = World::sharing();
    let sessions = world.folder().join("home/state/neonlift/sessions");
    fs::create_dir_all(&sessions).expect("a folder");
    fs::write(sessions.join("known.toml"), fixture("finished.toml")).expect("a session");
    let mistyped = ["--json", "--source", "postgresql://me@elsewhere/mistyped"];
    let commands: [&[&str]; 6] = [
        &["cutover", "--confirm", "neondb"],
        &["cutover", "--undo"],
        &["rollback"],
        &["rollback", "--confirm", "mistyped"],
        &["application", "--switch", "shop"],
        &["application", "--undo"],
    ];
    for command in commands {
        let mut command = world.bare(&[command, &mistyped].concat());
        let refused = Running::start(&mut command).end().expect(2, "failed");
        assert!(refused.only("finished")["session"].is_null(), "{refused}");
        assert_eq!(store::list(&sessions).len(), 1, "{refused}");
    }
}

#[test]
fn one_that_cannot_be_saved_any_more_is_named_at_the_end() {
    let world = World::sharing();
    let folder = world.folder().join("kept");
    let file = folder.join("session.toml");
    let mut command = world.bare(&["run", "--json", "--session"]);
    command
        .arg(&file)
        .env("NEONLIFT_SOURCE_URL", world.source_url())
        .env("NEONLIFT_TARGET_URL", world.target_url());
    let mut running = Running::start(&mut command);
    running.wait_for("the first step", |event| event["event"] == "step_started");
    fs::rename(&folder, world.folder().join("away")).expect("moved away");
    let ended = running.end();
    let finished = ended.only("finished");
    assert_ne!(ended.code, Some(0), "{ended}");
    assert_eq!(finished["session"], file.display().to_string(), "{ended}");
}

/// Without `--session`: what does one thing over again finds the finished migration, and a
/// practice in between is not taken for it.
#[test]
fn the_last_migration_is_gone_on_with() {
    let world = World::new(10);
    let run = |arguments: &[&str]| {
        let mut command = world.bare(arguments);
        command
            .arg("--json")
            .env("NEONLIFT_SOURCE_URL", world.source_url())
            .env("NEONLIFT_TARGET_URL", world.target_url());
        Running::start(&mut command).end()
    };
    let bare = |arguments: &[&str]| {
        let mut command = world.bare(arguments);
        Running::start(command.arg("--json")).end()
    };
    let practice = ["demo", "--headless", "--documents", "10"];
    bare(&practice).expect(0, "done");
    assert_eq!(
        bare(&["status"]).only("status")["session"]["practice"],
        true
    );
    let first = run(&["run"]).expect(0, "awaiting_sign_off");
    let file = first.only("finished")["session"].clone();
    bare(&practice).expect(0, "done");
    let open = first.only("awaiting_sign_off")["open"].clone();
    for item in open.as_array().expect("items") {
        let item = item.as_str().expect("a key");
        let signed = bare(&["sign", item, "--by", "Ada"]);
        assert_eq!(signed.only("finished")["session"], file, "{signed}");
    }
    // Without the source's password at hand nobody could look whether it was written to.
    bare(&["sign", "source-quiet", "--by", "Ada"]).expect(0, "done");
    let status = bare(&["status"]).only("status");
    assert_eq!(status["session"]["steps"]["cutover"]["state"], "done");
    // Not begun once more by itself, onto what is in use now; other databases are another one.
    let nothing = run(&["run"]).expect(0, "done");
    assert_eq!(nothing.only("finished")["session"], file, "{nothing}");
    assert_eq!(nothing.only("finished")["worked"], false, "{nothing}");
    assert!(
        bare(&["run"])
            .expect(0, "done")
            .of_kind("failure")
            .is_empty()
    );
    let told = Running::start(&mut world.bare(&["run"])).end().stdout;
    for says in [
        "this migration is done",
        "--session FILE",
        file.as_str().expect("a file"),
    ] {
        assert!(told.contains(says), "{told}");
    }
    let mut other = world.bare(&["run", "--json", "--until", "prerequisites"]);
    other.env("NEONLIFT_SOURCE_URL", world.source_url()).env(
        "NEONLIFT_TARGET_URL",
        "postgresql://somebody@elsewhere/other",
    );
    let other = Running::start(&mut other).end().expect(0, "done");
    assert_ne!(other.only("finished")["session"], file, "{other}");
    for command in ["compare", "check"] {
        let again = run(&[command]).expect(0, "done");
        assert_eq!(again.only("finished")["session"], file, "{again}");
        assert_eq!(again.only("finished")["worked"], true, "{again}");
    }
    assert_eq!(bare(&["sessions"]).of_kind("session").len(), 4);
    let mut elsewhere = world.bare(&["status", "--json"]);
    elsewhere.env(
        "NEONLIFT_SOURCE_URL",
        "postgresql://somebody@elsewhere/other",
    );
    let refused = Running::start(&mut elsewhere).end();
    assert_eq!(refused.code, Some(2), "{refused}");
}
