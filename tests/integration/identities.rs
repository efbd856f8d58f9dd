//! Which databases a session is about: told apart, recognised, exchanged while that does no harm.

use crate::fixture::{Ended, Running, World};
use neonlift::session::store::Store;

fn with(world: &World, command: &[&str], variable: &str, url: &str) -> Ended {
    let mut command = world.neonlift(command);
    Running::start(command.arg("--json").env(variable, url)).end()
}

/// A role that reads everything and may not ask who the server is.
fn reader(world: &World) -> String {
    world.source().run(
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC;
         CREATE ROLE reader LOGIN PASSWORD 'letmein' IN ROLE pg_read_all_data",
    );
    let url = world.source_url();
    let (_, rest) = url.split_once('@').expect("a user");
    format!("postgresql://reader:letmein@{rest}")
}

#[test]
fn a_server_that_does_not_say_who_it_is() {
    let world = World::new(10);
    let url = reader(&world);
    let run = || with(&world, &["run"], "NEONLIFT_SOURCE_URL", &url);
    let ended = run().expect(0, "awaiting_sign_off").expect_equal();
    let (_, session) = Store::open(&world.session()).expect("the session");
    let identity = session.and_then(|session| session.source?.identity);
    let identity = identity.expect("an identity");
    assert!(
        identity.system.starts_with("unknown at 127.0.0.1:"),
        "{ended}"
    );
    assert!(!identity.system.ends_with(['/', ':']), "{identity:?}");
}

/// On Neon each branch has its timeline; here the connection string sets one.
#[test]
fn a_branch_is_not_taken_for_another() {
    let world = World::new(10);
    let branch = |name: &str| {
        format!(
            "{}&options=-c%20neon.timeline_id%3D{name}",
            world.source_url()
        )
    };
    let on =
        |name: &str, command: &[&str]| with(&world, command, "NEONLIFT_SOURCE_URL", &branch(name));
    on("main", &["run", "--until", "schema"]).expect(0, "done");
    let ended = on("other", &["run", "--until", "transfer"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    let told = ended.only("failure").to_string();
    assert!(told.contains("about another database"), "{ended}");
    on("main", &["run", "--until", "transfer"]).expect(0, "done");
}

/// Found pooled only when the step begins: the connection test passed over the direct host.
#[test]
fn what_writes_refuses_a_pooled_target() {
    let world = World::new(10);
    world.json(&["run", "--until", "backup"]).expect(0, "done");
    let pooled = world
        .target_url()
        .replace("-00000001.", "-00000001-pooler.");
    for step in ["schema", "transfer"] {
        let command = ["run", "--until", step];
        let ended = with(&world, &command, "NEONLIFT_TARGET_URL", &pooled);
        assert_eq!(ended.code, Some(1), "{ended}");
        let told = ended.only("failure").to_string();
        assert!(told.contains("drop -pooler"), "{ended}");
        world.json(&command).expect(0, "done");
    }
    // What only reads does not mind.
    let command = ["run", "--until", "compare"];
    let ended = with(&world, &command, "NEONLIFT_TARGET_URL", &pooled);
    ended.expect(0, "done").expect_equal();
}

#[test]
fn after_a_failed_schema_another_target_may_be_given() {
    let world = World::new(10);
    world.json(&["run", "--until", "backup"]).expect(0, "done");
    world.target().run("CREATE TABLE precious (id int)");
    let ended = world.json(&["run", "--until", "schema"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    world
        .target()
        .run("CREATE DATABASE other OWNER neondb_owner");
    let other = world.target_url().replace("/neondb?", "/other?");
    let to_other = |command: &[&str]| with(&world, command, "NEONLIFT_TARGET_URL", &other);
    to_other(&["check"]).expect(0, "done");
    to_other(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    // Now that it is written to, it stays the target.
    let ended = world.json(&["check"]);
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(
        ended
            .only("failure")
            .to_string()
            .contains("another database"),
        "{ended}"
    );
}

/// With the password in the environment the advised command has it too, and what was said before.
#[test]
fn the_command_against_a_pooler_works_as_it_is_advised() {
    let world = World::new(10);
    world.target().run("CREATE TABLE of_its_own (a int)");
    let pooled = world
        .target_url()
        .replace("-00000001.", "-00000001-pooler.");
    let run = |arguments: &[&str]| {
        let mut command = world.bare(arguments);
        command
            .env("NEONLIFT_SOURCE_URL", world.source_url())
            .env("NEONLIFT_TARGET_URL", &pooled);
        Running::start(&mut command).end()
    };
    let refused = run(&["run", "--onto", "existing"]);
    assert_eq!(refused.code, Some(1), "{refused}");
    let advised = refused
        .stdout
        .lines()
        .find_map(|line| line.trim().strip_prefix("neonlift "));
    let advised = advised.expect("a command");
    let words: Vec<&str> = advised.split_whitespace().collect();
    let done = run(&words);
    assert_eq!(done.code, Some(0), "{advised}: {done}");
    let there = "SELECT to_regclass('of_its_own') IS NOT NULL";
    assert_eq!(world.target().value(there), "t");
}
