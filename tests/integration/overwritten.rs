//! What is dropped with consent when there is more of it than one transaction can hold, when it is
//! somebody else's, and when the program is killed right behind it.

use crate::fixture::{World, eventually};
use crate::policies::{IN_USE, database, in_use};
use crate::selection::report;

/// Each takes a lock until the end of its transaction, and a server has room for some thousands.
#[test]
fn more_large_objects_are_replaced_than_one_transaction_could() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    in_use(
        &world,
        "SELECT lo_from_bytea(n::oid, 'old') FROM generate_series(100001, 120000) n",
    );
    world.source().run("SELECT lo_from_bytea(100001, 'new')");
    let name = database(&world);
    world
        .json(&["run", "--overwrite-target", &name])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let objects =
        "SELECT string_agg(convert_from(lo_get(oid), 'UTF8'), ' ') FROM pg_largeobject_metadata";
    assert_eq!(world.target().value(objects), "new");
    let gone = report(&world, "schema")["overwritten"].to_string();
    assert!(gone.contains("20,000 large objects"), "{gone}");
}

/// Killed when everything was dropped and made, and nothing of it noted in the session.
#[test]
fn what_was_replaced_is_known_after_a_kill() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    in_use(
        &world,
        "SELECT lo_from_bytea(n::oid, 'old') FROM generate_series(100001, 100900) n",
    );
    world.source().run("SELECT lo_from_bytea(100001, 'new')");
    let name = database(&world);
    let arguments = ["run", "--overwrite-target", &name, "--until", "schema"];
    let holder = world.target().open();
    holder.run("BEGIN; LOCK TABLE own.kept IN ACCESS SHARE MODE");
    let running = world.start(&arguments);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    eventually("a schema step that waits", || {
        (world.target().value(waiting) == "1").then_some(())
    });
    world.faults().stall(true);
    holder.run("COMMIT");
    eventually("the target's schema", || {
        let made = "SELECT to_regclass('neonlift.runs') IS NOT NULL";
        (world.target().value(made) == "t").then_some(())
    });
    running.kill();
    world.faults().stall(false);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let gone = report(&world, "schema")["overwritten"].to_string();
    for what in ["own.kept", "shop.orders", "900 large objects"] {
        assert!(gone.contains(what), "{what} is not in {gone}");
    }
}

#[test]
fn a_large_object_of_somebody_else_keeps_everything() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    world.source().run("SELECT lo_from_bytea(100001, 'new')");
    world
        .target()
        .run("SELECT lo_from_bytea(100002, 'of a superuser')");
    let before = world.definitions(&world.target_superuser_url());
    let name = database(&world);
    let ended = world
        .json(&["run", "--overwrite-target", &name])
        .expect(1, "failed");
    let why = ended.only("failure")["why"].to_string();
    assert!(
        why.contains("another role owns 1 large object on the target"),
        "{ended}"
    );
    assert_eq!(world.definitions(&world.target_superuser_url()), before);
}

/// What was made after the list is not what was consented to.
#[test]
fn consent_holds_for_what_was_listed_and_nothing_made_later() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    let name = database(&world);
    world
        .json(&["check", "--overwrite-target", &name])
        .expect(0, "done");
    in_use(
        &world,
        "INSERT INTO own.kept VALUES (3, 'a'); CREATE TABLE own.after_consent (id int);
         CREATE TABLE own.parted (id int) PARTITION BY LIST (id);
         CREATE FUNCTION own.later() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    );
    let before = world.definitions(&world.target_superuser_url());
    let refused = world.json(&["run"]).expect(1, "failed");
    let failure = refused.only("failure");
    let why = failure["why"].as_str().expect("a cause");
    let new = "before it had function own.later(), partitioned table own.parted, table own.after_consent. Nothing";
    assert!(why.contains(new), "{why}");
    assert!(!why.contains("own.kept"), "rows are no objects: {why}");
    assert!(
        failure["advice"].to_string().contains("--overwrite-target"),
        "{refused}"
    );
    assert_eq!(world.definitions(&world.target_superuser_url()), before);
    // Nor is it listed and taken by the way.
    let again = world.json(&["check"]).expect(1, "failed");
    let why = again.only("failure")["why"].to_string();
    assert!(why.contains("given before it had function"), "{why}");
    assert_eq!(world.definitions(&world.target_superuser_url()), before);
    world
        .json(&["run", "--overwrite-target", &name])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let listed = report(&world, "connections")["also_lost"].to_string();
    assert!(listed.contains("own.parted"), "{listed}");
    let gone = report(&world, "schema")["overwritten"].to_string();
    assert!(gone.contains("own.after_consent"), "{gone}");
}

/// Large objects are counted: nobody knows them by name.
#[test]
fn a_large_object_made_after_the_list_is_not_consented_to() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    let name = database(&world);
    world
        .json(&["check", "--overwrite-target", &name])
        .expect(0, "done");
    in_use(&world, "SELECT lo_from_bytea(4711, 'later')");
    let refused = world.json(&["run"]).expect(1, "failed");
    let why = refused.only("failure")["why"].to_string();
    assert!(why.contains("before it had 1 large object."), "{why}");
    let object = "SELECT convert_from(lo_get(4711), 'UTF8')";
    assert_eq!(world.target().value(object), "later");
    // The name typed again, all of it is listed again: at the first attempt.
    world
        .json(&["run", "--overwrite-target", &name])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}

/// Looked at again, the larger list is what is consented to.
#[test]
fn consent_is_given_anew_for_what_came_after_the_list() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    let name = database(&world);
    let consenting = ["check", "--overwrite-target", &name];
    world.json(&consenting).expect(0, "done");
    in_use(&world, "CREATE TABLE own.after_consent (id int)");
    let refused = world.json(&["check"]).expect(1, "failed");
    let why = refused.only("failure")["why"].to_string();
    assert!(why.contains("table own.after_consent"), "{why}");
    world.json(&consenting).expect(0, "done");
    world.json(&["run", "--until", "schema"]).expect(0, "done");
    let gone = report(&world, "schema")["overwritten"].to_string();
    assert!(gone.contains("own.after_consent"), "{gone}");
}

/// Another session's migration, begun since, is not what was consented to.
#[test]
fn consent_does_not_hold_for_a_migration_made_since() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    let name = database(&world);
    world
        .json(&["check", "--overwrite-target", &name])
        .expect(0, "done");
    world.target().run(
        "CREATE SCHEMA neonlift; CREATE TABLE neonlift.runs (run text, created_at timestamptz DEFAULT now());
         INSERT INTO neonlift.runs VALUES ('somebody-elses');
         COMMENT ON SCHEMA neonlift IS 'Ledger of a migration by neonlift; dropped when it is cleaned up'",
    );
    let refused = world.json(&["run"]).expect(1, "failed");
    let why = refused.only("failure")["why"].to_string();
    assert!(why.contains("migration somebody-elses"), "{why}");
    let kept = "SELECT count(*) FROM neonlift.runs";
    assert_eq!(world.target().value(kept), "1");
}
