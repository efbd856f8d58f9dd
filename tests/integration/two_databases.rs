//! `neonlift compare` on databases that no session of ours is about: it looks, and leaves nothing
//! behind, least of all a migration that was begun.

use crate::differences::differing;
use crate::fixture::{Ended, Running, World};
use neonlift::postgres::ConnectionString;
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// Compares without naming a session.
fn compare(world: &World, source: &str, target: &str) -> Ended {
    let mut command = world.bare(&["compare", "--json"]);
    command
        .env("NEONLIFT_SOURCE_URL", source)
        .env("NEONLIFT_TARGET_URL", target);
    let ended = Running::start(&mut command).end();
    assert_eq!(ended.only("finished")["session"], serde_json::Value::Null);
    ended
}

fn sessions(world: &World) -> usize {
    let ended = Running::start(&mut world.bare(&["sessions", "--json"])).end();
    ended.of_kind("session").len()
}

/// The source as it is, by `pg_dump` and `psql`, as the guides do it. That roles of the source are
/// unknown there, psql says and goes on.
fn restore_by_hand(world: &World) {
    let place = ConnectionString::parse(&world.target_superuser_url()).expect("a place");
    let mut psql = Command::new(world.postgres_program("psql"))
        .args(["--quiet", "--no-psqlrc"])
        .env_clear()
        .envs(place.tool_environment())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("psql runs");
    let mut stdin = psql.stdin.take().expect("piped");
    stdin.write_all(&world.dump_of_source()).expect("written");
    drop(stdin);
    assert!(psql.wait().expect("its end").success());
}

#[test]
fn databases_that_were_restored_by_hand_are_compared_and_nothing_is_kept() {
    let world = World::new(200);
    let (source, target) = (world.source_url(), world.target_url());
    // A new target lacks everything; nothing is made on it.
    let empty = compare(&world, &source, &target).expect(1, "failed");
    assert!(differing(&empty).len() > 5, "{empty}");
    assert_eq!(world.target_holds(), Vec::<String>::new());

    restore_by_hand(&world);
    // All of it belongs to the server's superuser.
    world.target().run("GRANT pg_read_all_data TO neondb_owner");
    let before = world.target_holds();
    let equal = compare(&world, &source, &target).expect(0, "done");
    equal.expect_equal();
    // Either may be the source, and a pooler between is no obstacle for reading.
    let superuser = world.target_superuser_url();
    compare(&world, &superuser, &source)
        .expect(0, "done")
        .expect_equal();
    let pooled = target.replace("-00000001.", "-00000001-pooler.");
    assert_ne!(pooled, target);
    compare(&world, &source, &pooled)
        .expect(0, "done")
        .expect_equal();

    world.target().run("CREATE TABLE shop.more (id int)");
    let more = compare(&world, &source, &target).expect(1, "failed");
    assert_eq!(differing(&more), ["shop.more"], "{more}");
    world.target().run("DROP TABLE shop.more");
    let update = "UPDATE shop.products SET price = price + 0.01 WHERE id = 7";
    world.target().run(update);
    let other = compare(&world, &source, &target).expect(1, "failed");
    assert_eq!(differing(&other), ["shop.products"], "{other}");

    assert_eq!(world.target_holds(), before, "compare only reads");
    assert_eq!(sessions(&world), 0);
    let state = world.folder().join("home/state/neonlift/sessions");
    let left = std::fs::read_dir(state).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no session, and no lock of one");
}

#[test]
fn what_was_only_looked_at_is_not_migrated_by_a_comparison() {
    let world = World::new(10);
    let mut check = world.bare(&["inventory", "--json"]);
    check
        .env("NEONLIFT_SOURCE_URL", world.source_url())
        .env("NEONLIFT_TARGET_URL", world.target_url());
    Running::start(&mut check).end().expect(0, "done");
    compare(&world, &world.source_url(), &world.target_url()).expect(1, "failed");
    assert_eq!(world.target_holds(), Vec::<String>::new());
    assert_eq!(sessions(&world), 1, "the one of the inventory");
    // One that does not exist yet is not begun, either.
    world.json(&["compare"]).expect(1, "failed");
    assert!(!world.session().exists());
    assert_eq!(world.target_holds(), Vec::<String>::new());
}

#[test]
fn a_comparison_that_proves_nothing_says_so() {
    let world = World::sharing();
    let (source, target) = (world.source_url(), world.target_url());
    let same = compare(&world, &source, &source).expect(2, "failed");
    let told = same.only("failure").to_string();
    assert!(told.contains("cannot be compared with itself"), "{same}");

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let nobody = format!("postgresql://somebody:secret@127.0.0.1:{port}/x?sslmode=disable");
    let nobody_there = [
        (&nobody, &target),
        (&source, &nobody),
        (&source, &target.replace("/neondb", "/no_such_database")),
    ]
    .map(|(source, target)| compare(&world, source, target).expect(3, "failed"));
    for ended in nobody_there {
        assert!(ended.of_kind("comparison").is_empty(), "{ended}");
        let told = ended.only("failure").to_string();
        assert!(told.contains("Nothing is proved yet"), "{ended}");
    }
    let mut without = world.bare(&["compare", "--json"]);
    without.env("NEONLIFT_SOURCE_URL", &source);
    let without = Running::start(&mut without).end();
    assert_eq!(without.code, Some(2), "{without}");
}
