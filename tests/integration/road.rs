//! The road to the target breaks: retried visibly, and never taken for a success.

use crate::fixture::{Running, SEVERAL_CHUNKS, World, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::time::Duration;

/// A world whose next step is the transfer.
fn before_the_transfer() -> World {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.small_chunks();
    world
        .json(&["run", "--until", "schema", "--config", &config])
        .expect(0, "done");
    world
}

fn started(world: &World) -> Running {
    world.start(&["run", "--config", &world.small_chunks()])
}

/// The transfer under way, slow enough to be caught after the first chunk.
fn amid_the_transfer(world: &World) -> Running {
    world.faults().delay(Duration::from_millis(100));
    let running = started(world);
    eventually("a loaded chunk", || (world.chunks().0 > 0).then_some(()));
    running
}

fn expect_success(running: Running) -> String {
    let ended = running.end().expect(0, "awaiting_sign_off").expect_equal();
    ended.notes()
}

#[test]
fn a_cut_amid_a_copy_is_tried_again_and_told() {
    let world = before_the_transfer();
    world.faults().cut_after(1_500_000);
    let notes = expect_success(started(&world));
    assert!(notes.contains("vector_documents, chunk"), "{notes}");
    assert!(notes.contains("trying again"), "{notes}");
}

#[test]
fn a_compute_that_falls_asleep_is_woken() {
    let world = before_the_transfer();
    let running = amid_the_transfer(&world);
    world.faults().sleep(Duration::from_millis(500));
    world.faults().delay(Duration::ZERO);
    let notes = expect_success(running);
    assert!(notes.contains("trying again"), "{notes}");
}

#[test]
fn too_many_connections_are_waited_for() {
    let world = before_the_transfer();
    world.faults().refuse(3);
    expect_success(started(&world));
}

#[test]
fn what_stood_still_flows_on() {
    let world = before_the_transfer();
    let mut running = amid_the_transfer(&world);
    world.faults().stall(true);
    let stood = world.chunks();
    // Two looks at the gauges without a byte more.
    let rows = |event: serde_json::Value| event["bytes"].as_u64();
    let progress = |event: &serde_json::Value| event["event"] == "progress";
    let mut last = None;
    eventually("a gauge that stands still", || {
        let now = rows(running.wait_for("progress", progress));
        (now == last.replace(now).unwrap_or_default()).then_some(())
    });
    assert!(running.is_running());
    assert!(
        world.chunks().0 <= stood.0 + 1,
        "only what was under way could arrive"
    );
    world.faults().delay(Duration::ZERO);
    world.faults().stall(false);
    expect_success(running);
}

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
