//! Stopped while it waits for a server. Stopped anywhere: `tests/faults/interrupted.rs`.

use crate::fixture::{World, eventually};
use rstest::rstest;
use rustix::process::Signal;

/// The server is told to cancel; when the road does not carry that either, it ends all the same.
#[rstest]
#[case::a_road_that_carries(false)]
#[case::a_road_that_stands_still(true)]
fn a_comparison_that_is_stopped_ends(#[case] stalled: bool) {
    let world = World::new(10);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let holder = world.target().open();
    holder.run("BEGIN; LOCK TABLE shop.visits_other IN ACCESS EXCLUSIVE MODE");
    let running = world.start(&["compare"]);
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND datname = current_database()";
    eventually("a comparison that waits", || {
        (world.target().value(waiting) == "1").then_some(())
    });
    world.faults().stall(stalled);
    running.signal(Signal::INT);
    let stopped = running.end().expect(130, "interrupted");
    assert!(stopped.of_kind("comparison").is_empty(), "{stopped}");
    if !stalled {
        let gone = || (world.target().value(waiting) == "0").then_some(());
        eventually("the end of the query on the server", gone);
    }
}

#[test]
fn a_backup_that_is_stopped_leaves_no_half_dump_and_no_pg_dump() {
    let world = World::new(10);
    world
        .json(&["run", "--until", "inventory"])
        .expect(0, "done");
    let holder = world.source().open();
    holder.run("BEGIN; LOCK TABLE shop.visits IN ACCESS EXCLUSIVE MODE");
    let running = world.start(&["run"]);
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%'";
    eventually("a waiting pg_dump", || {
        (world.source().value(waiting) == "1").then_some(())
    });
    running.signal(Signal::INT);
    running.end().expect(130, "interrupted");
    let left = std::fs::read_dir(world.work().join("backups"))
        .expect("backups")
        .flatten();
    let left: Vec<String> = left
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        left.len() == 1 && left[0].starts_with("pre_migration_stats_"),
        "{left:?}"
    );
}
