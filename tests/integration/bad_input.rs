//! What cannot work: refused with its exit code and advice, nothing changed, no password told.

use crate::fixture::{Ended, Running, World};
use neonlift::session::store::Store;
use rstest::rstest;
use std::fs;
use std::net::TcpListener;
use std::process::Command;

/// What stands between the user's colon and the `@`.
fn password(url: &str) -> &str {
    let (before, _) = url.split_once('@').expect("a user");
    before.rsplit_once(':').expect("a password").1
}

fn wrong_password(url: &str) -> String {
    url.replace(password(url), "canary-wrong")
}

/// The URL with another address, and the host as it is.
fn at(url: &str, host: &str) -> String {
    let (user, rest) = url.split_once('@').expect("a user");
    let (_, database) = rest.split_once('/').expect("a database");
    format!("{user}@{host}/{database}")
}

/// A port where nothing listens.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Runs a command that must be refused: with this exit code, saying this, changing nothing.
fn refused(world: &World, command: &mut Command, code: i32, says: &[&str]) -> Ended {
    let ended = Running::start(command.arg("--json")).end();
    assert_eq!(ended.code, Some(code), "{ended}");
    let failures = ended.of_kind("failure");
    assert_eq!(failures.len(), 1, "{ended}");
    for key in ["what", "why"] {
        assert!(
            failures[0][key]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{key}: {ended}"
        );
    }
    assert!(
        failures[0]["advice"]
            .as_array()
            .is_some_and(|steps| !steps.is_empty()),
        "{ended}"
    );
    let told = failures[0].to_string();
    for text in says {
        assert!(told.contains(text), "{text}: {ended}");
    }
    if let Some(finished) = ended.of_kind("finished").first() {
        assert_eq!(finished["outcome"], "failed", "{ended}");
    }
    untouched(world, &ended);
    ended
}

fn untouched(world: &World, ended: &Ended) {
    assert_eq!(world.target_holds(), Vec::<String>::new(), "{ended}");
    let told = format!("{}{}", ended.stdout, ended.stderr);
    let (source, target) = (world.source_url(), world.target_url());
    for secret in [password(&source), password(&target), "canary"] {
        assert!(!told.contains(secret), "a password was told: {ended}");
    }
}

fn run_with(world: &World, source: &str, target: &str) -> Command {
    let mut command = world.neonlift(&["run"]);
    command
        .env("NEONLIFT_SOURCE_URL", source)
        .env("NEONLIFT_TARGET_URL", target);
    command
}

type Strings = fn(&World) -> (String, String);

#[rstest]
#[case::wrong_password_of_the_source(
    |world: &World| (wrong_password(&world.source_url()), world.target_url()),
    "On a server of your own"
)]
#[case::wrong_password_of_the_target(
    |world: &World| (world.source_url(), wrong_password(&world.target_url())),
    "password or the user name is wrong"
)]
#[case::no_password(
    |world: &World| (world.source_url().replace(&format!(":{}", password(&world.source_url())), ""), world.target_url()),
    "PGPASSWORD"
)]
#[case::nothing_listens(
    |world: &World| (at(&world.source_url(), &closed_port()), world.target_url()),
    "Nothing accepts connections"
)]
#[case::no_such_host(
    |world: &World| (at(&world.source_url(), "no-such-host.invalid:5432"), world.target_url()),
    "cannot be resolved"
)]
#[case::no_such_database(
    |world: &World| (world.source_url().replace("/chat_pgvector", "/no_such_database"), world.target_url()),
    "does not exist"
)]
#[case::unknown_endpoint(
    |world: &World| (world.source_url(), world.target_url().replace("ep-practice-neon-00000001", "ep-no-such-endpoint-99")),
    "Neon knows no such endpoint"
)]
#[case::plain_text_to_a_tls_server(
    |world: &World| (world.source_url(), world.target_url().replace("sslmode=require", "sslmode=disable")),
    "sslmode=require"
)]
#[case::source_equal_to_target(
    |world: &World| (world.source_url(), world.source_url()),
    "source and target are the same database"
)]
#[case::the_same_by_another_name(
    |world: &World| (world.source_url(), world.source_url().replace("127.0.0.1", "localhost").replace("sslmode=disable", "sslmode=prefer&hostaddr=127.0.0.1")),
    "source and target are the same database"
)]
#[case::swapped(
    |world: &World| (world.target_url(), world.source_url()),
    "exchange them"
)]
#[case::pooled(
    |world: &World| (world.source_url(), world.target_url().replace("-00000001.", "-00000001-pooler.")),
    "drop -pooler"
)]
fn strings_that_cannot_work(#[case] strings: Strings, #[case] says: &str) {
    let world = World::sharing();
    let (source, target) = strings(&world);
    let ended = refused(&world, &mut run_with(&world, &source, &target), 1, &[says]);
    // Least of all of what may be the source.
    assert!(!ended.stdout.contains("overwrit"), "{ended}");
}

#[test]
fn both_sides_are_tested_and_both_failures_told() {
    let world = World::sharing();
    let closed = closed_port();
    let (_, port) = closed.split_once(':').expect("a port");
    let source = at(&world.source_url(), &closed);
    let target = wrong_password(&world.target_url());
    let pg_isready = format!("$ pg_isready -h 127.0.0.1 -p {port}");
    let says = [
        "Source: Nothing accepts connections",
        "Target: The password or the user name is wrong",
        &pg_isready,
    ];
    let ended = refused(&world, &mut run_with(&world, &source, &target), 1, &says);
    let finished = ended.of_kind("step_finished");
    let tested = finished.iter().find(|event| event["step"] == "connections");
    let tested = tested.expect("the test of the connections");
    for (side, why) in [("source", "Nothing accepts"), ("target", "password")] {
        let told = tested[side]["why"].as_str().unwrap_or_default();
        assert!(told.contains(why), "{side}: {ended}");
    }

    // One that answers is told with all that was found of it.
    let ended = refused(
        &world,
        &mut run_with(&world, &source, &world.target_url()),
        1,
        &["Nothing accepts connections"],
    );
    let finished = ended.of_kind("step_finished");
    let tested = finished.iter().find(|event| event["step"] == "connections");
    let checks = tested.expect("the test of the connections")["checks"].to_string();
    for name in [
        "Source: connection",
        "Target: pgvector",
        "Target: connections",
    ] {
        assert!(checks.contains(name), "{name}: {ended}");
    }
}

#[rstest]
#[case::an_unescaped_at_sign("postgresql://u:canary@ry@localhost/db", "%40")]
#[case::no_scheme("localhost/db", "postgresql://")]
#[case::an_unknown_parameter("postgresql://u@localhost/db?sslmoed=require", "sslmoed")]
fn strings_that_cannot_be_read(#[case] string: &str, #[case] says: &str) {
    let world = World::sharing();
    let ended = refused(
        &world,
        &mut run_with(&world, string, &world.target_url()),
        2,
        &[says],
    );
    assert!(
        ended
            .only("failure")
            .to_string()
            .contains("NEONLIFT_SOURCE_URL"),
        "{ended}"
    );
}

#[test]
fn a_pooled_host_is_exchanged_with_consent() {
    let world = World::sharing();
    let pooled = world
        .target_url()
        .replace("-00000001.", "-00000001-pooler.");
    let mut command = world.neonlift(&["check", "--yes", "--json"]);
    let ended = Running::start(command.env("NEONLIFT_TARGET_URL", pooled))
        .end()
        .expect(0, "done");
    assert!(ended.notes().contains("Using the direct host"), "{ended}");
    untouched(&world, &ended);
}

#[test]
fn a_target_that_holds_something() {
    let world = World::sharing();
    world
        .target()
        .run("CREATE DATABASE occupied OWNER neondb_owner");
    let url = world.target_url().replace("/neondb?", "/occupied?");
    let occupied = world.target().beside("occupied");
    occupied.run("CREATE TABLE precious (id int); INSERT INTO precious VALUES (1)");
    let mut command = run_with(&world, &world.source_url(), &url);
    refused(
        &world,
        &mut command,
        1,
        &["precious", "Make a new, empty database"],
    );
    assert_eq!(occupied.value("SELECT count(*) FROM precious"), "1");
    assert_eq!(
        occupied.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'neonlift'"),
        "0"
    );
}

/// Every pg_dump of this machine is broken: the library it needs is an empty file.
#[test]
fn no_pg_dump_that_runs() {
    let world = World::sharing();
    let libraries = world.folder().join("broken");
    fs::create_dir(&libraries).expect("a folder");
    for name in ["libpq.so.5", "libpq.5.dylib"] {
        fs::write(libraries.join(name), "").expect("a file");
    }
    let mut command = world.neonlift(&["run"]);
    command
        .env("NEONLIFT_PG_BIN", &libraries)
        .env("PATH", &libraries)
        .env("LD_LIBRARY_PATH", &libraries)
        .env("DYLD_LIBRARY_PATH", &libraries);
    refused(&world, &mut command, 1, &["pg_dump", "NEONLIFT_PG_BIN"]);
}

/// No pg_dump is new enough for a source that says it is version 99.
#[test]
fn pg_dump_older_than_the_source() {
    let world = World::sharing();
    // A database of its own, so that no other test meets the version 99.
    world.source().run("CREATE DATABASE from_the_future");
    world.source().beside("from_the_future").run(
        "CREATE TABLE t (); CREATE SCHEMA future;
         CREATE FUNCTION future.current_setting(text) RETURNS text LANGUAGE sql AS
         $$ SELECT CASE $1 WHEN 'server_version_num' THEN '990001' ELSE pg_catalog.current_setting($1) END $$;
         ALTER DATABASE from_the_future SET search_path = future, pg_catalog, public",
    );
    let source = world
        .source_url()
        .replace("/chat_pgvector", "/from_the_future");
    let mut command = run_with(&world, &source, &world.target_url());
    refused(&world, &mut command, 1, &["newer", "99", "NEONLIFT_PG_BIN"]);
}

/// A file system that has no room for anybody: `/proc` on Linux, `/dev` on macOS.
#[test]
fn no_room_for_the_backup() {
    let world = World::sharing();
    let place = if cfg!(target_os = "macos") {
        "/dev"
    } else {
        "/proc"
    };
    let config = world.config(&format!(
        "[backup]\nfolder = \"{place}/neonlift-backups\"\n"
    ));
    let mut command = world.neonlift(&["run", "--config", &config]);
    refused(&world, &mut command, 1, &["has 0 B free", "backup.folder"]);
}

#[rstest]
#[case::unknown_key("[transfer]\njob = 4\n", "transfer.jobs")]
#[case::out_of_range("[transfer]\njobs = 1000\n", "64")]
#[case::a_password("source = \"postgresql://u:canary@localhost/db\"\n", "password")]
#[case::no_toml("[transfer\n", "line 1")]
fn a_configuration_that_cannot_be(#[case] text: &str, #[case] says: &str) {
    let world = World::sharing();
    let config = world.config(text);
    refused(
        &world,
        &mut world.neonlift(&["run", "--config", &config]),
        2,
        &[says],
    );
    assert!(!world.session().exists());
}

#[test]
fn a_session_that_is_open_elsewhere() {
    let world = World::sharing();
    let _open = Store::open(&world.session()).expect("a session");
    refused(
        &world,
        &mut world.neonlift(&["run"]),
        2,
        &["another neonlift", "--session FILE"],
    );
}

#[test]
fn no_connection_strings() {
    let world = World::sharing();
    refused(
        &world,
        &mut world.bare(&["run"]),
        2,
        &["NEONLIFT_SOURCE_URL", "--source"],
    );
}

#[rstest]
#[case::the_wizard(&[], "neonlift run")]
#[case::the_demo(&["demo"], "neonlift demo --headless")]
fn no_terminal(#[case] arguments: &[&str], #[case] says: &str) {
    let world = World::sharing();
    let ended = Running::start(&mut world.bare(arguments)).end();
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(
        ended.stdout.contains("needs a terminal") && ended.stdout.contains(says),
        "{ended}"
    );
}

#[rstest]
#[case::no_such_command(&["frobnicate"])]
#[case::no_such_option(&["run", "--frobnicate"])]
#[case::no_such_step(&["run", "--until", "frobnicate"])]
#[case::no_name(&["sign", "performance"])]
#[case::two_outputs(&["run", "--plain", "--json"])]
fn wrong_arguments(#[case] arguments: &[&str]) {
    let world = World::sharing();
    let ended = Running::start(&mut world.bare(arguments)).end();
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(
        ended.stdout.is_empty() && ended.stderr.contains("--help"),
        "{ended}"
    );
}

#[test]
fn wrong_arguments_are_told_in_events_too() {
    let world = World::sharing();
    let url = "postgresql://me:canary@nowhere/db";
    let ended = Running::start(&mut world.bare(&["run", url, "--json"])).end();
    let ended = ended.expect(2, "failed");
    assert!(!ended.stdout.contains("canary"), "{ended}");
    let failure = ended.only("failure");
    assert_eq!(failure["what"], "The command line cannot be used");
    assert!(ended.stderr.contains("--help"), "{ended}");
    let help = Running::start(&mut world.bare(&["run", "--json", "--help"])).end();
    assert!(
        help.code == Some(0) && !help.stdout.contains("failure"),
        "{help}"
    );
}
