//! The road to the target breaks under a comparison: that is never taken for a verdict. Under the
//! other steps: `tests/faults`.

use crate::fixture::{World, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::time::Duration;

/// A comparison that is held up on the target when `lose` takes the target away.
fn comparison_without_end(world: &World, lose: impl FnOnce()) {
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
    lose();
    let ended = running.end().expect(3, "failed");
    assert!(
        ended.of_kind("comparison").is_empty(),
        "no verdict: {ended}"
    );
    let failure = ended.only("failure");
    assert!(
        failure["advice"]
            .to_string()
            .contains("Nothing is proved yet"),
        "{ended}"
    );
    drop(holder);
    let status = world.json(&["status"]).only("status");
    assert_eq!(status["session"]["steps"]["compare"]["state"], "failed");
}

#[test]
fn a_comparison_that_loses_the_target_proves_nothing() {
    let world = World::new(10);
    comparison_without_end(&world, || {
        let file = world.practice_folder().join("target/postmaster.pid");
        let text = fs::read_to_string(file).expect("the server runs");
        let pid = text
            .lines()
            .next()
            .and_then(|line| line.parse().ok())
            .and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), Signal::QUIT).expect("ended");
    });
}

#[test]
fn a_comparison_that_loses_the_road_proves_nothing() {
    let world = World::new(10);
    comparison_without_end(&world, || {
        world.faults().refuse(u32::MAX);
        world.faults().sleep(Duration::ZERO);
    });
}

#[test]
fn a_comparison_that_is_not_let_in_proves_nothing() {
    let world = World::new(10);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    world
        .target()
        .run("ALTER ROLE neondb_owner PASSWORD 'changed meanwhile'");
    let ended = world.json(&["compare"]).expect(3, "failed");
    assert!(
        ended.of_kind("comparison").is_empty(),
        "no verdict: {ended}"
    );
}
