//! The step `watch`: what happens on the target is seen, an alarm says what to do, and a watch that
//! is stopped or killed goes on with all that it knew.

use crate::fixture::{Ended, World, eventually};
use neonlift::postgres::{Connection, ConnectionString, Retrying};
use rustix::process::Signal;
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// A migration that is done and signed.
fn migrated() -> World {
    let world = World::new(20);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    let status = world.json(&["status"]).only("status");
    let items = status["session"]["checklist"].as_array().cloned();
    for item in items.expect("a checklist") {
        if item["kind"] == "person" && item["signature"].is_null() {
            let key = item["key"].as_str().expect("a key").to_owned();
            world.json(&["sign", &key, "--by", "Ada"]);
        }
    }
    world
}

fn history(world: &World) -> (PathBuf, Vec<Value>) {
    let file = world.session().with_extension("watch.jsonl");
    let text = fs::read_to_string(&file).expect("a history");
    let parse = |line: &str| serde_json::from_str(line).ok();
    let entries = text.lines().filter_map(parse).collect();
    (file, entries)
}

fn sample(ended: &Ended) -> Value {
    ended.only("watch_sample")["sample"].clone()
}

fn found<'a>(event: &'a Value, name: &str) -> &'a Value {
    let checks = event["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == name);
    check.unwrap_or_else(|| panic!("no {name} in {event}"))
}

/// A session of the target's owner, over the road that applications take.
fn as_application(world: &World) -> Connection {
    let place = ConnectionString::parse(&world.target_url()).expect("a connection string");
    let (cancel, once) = (CancellationToken::new(), Retrying::never());
    let opening = Connection::open(&place, &once, &cancel);
    world.runtime().block_on(opening).expect("it answers")
}

/// One probe after the other, until one tells this alarm; each ends as it has to.
fn alarmed(world: &World, config: &str, name: &str) -> Ended {
    eventually(name, || {
        let ended = world.json(&["watch", "--once", "--config", config]);
        let alarms = ended.only("watch_sample")["alarms"].clone();
        let stands = alarms
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == name));
        let (code, outcome) = match alarms.as_array().is_some_and(Vec::is_empty) {
            true => (0, "done"),
            false => (1, "failed"),
        };
        stands.then(|| ended.expect(code, outcome))
    })
}

#[test]
fn what_happens_on_the_target_is_seen_and_alarms_say_what_to_do() {
    let world = migrated();
    let alone = world.json(&["watch", "--once"]).expect(0, "done");
    let before = sample(&alone)["connections"].as_u64().expect("a number");
    assert_eq!(
        found(&alone.only("watch_sample"), "Size")["verdict"],
        "good"
    );
    assert!(sample(&alone)["bytes_limit"].is_u64(), "as Neon tells it");

    // As Neon's own agents connect, and as an application does.
    let agents: Vec<_> = (0..2).map(|_| world.target().open()).collect();
    let others: Vec<_> = (0..6).map(|_| as_application(&world)).collect();
    let ended = world.json(&["watch", "--once"]).expect(0, "done");
    assert_eq!(sample(&ended)["connections"].as_u64(), Some(before + 8));
    assert_eq!(sample(&ended)["others"], 6);
    drop(agents);
    let config = world.config("[watch]\nconnections_percent = 5\nlock_seconds = 1\n");
    let crowded = alarmed(&world, &config, "Connections");
    let alarm = &crowded.of_kind("alarm")[0];
    assert_eq!(alarm["what"], "Alarm: Connections");
    assert!(!alarm["advice"].as_array().expect("advice").is_empty());
    drop(others);
    eventually("the alarm is over", || {
        let ended = world.json(&["watch", "--once", "--config", &config]);
        let over = ended.of_kind("alarm_over");
        over.iter()
            .any(|event| event["name"] == "Connections")
            .then_some(())
    });

    let application = world.target().open();
    for _ in 0..120 {
        application.run("BEGIN; ROLLBACK");
    }
    drop(application);
    let rolled_back = alarmed(&world, &config, "Rollbacks");
    let check = found(&rolled_back.only("watch_sample"), "Rollbacks").clone();
    assert!(
        check["found"]
            .as_str()
            .expect("a text")
            .starts_with("120 of"),
        "{check}"
    );
    waits_for_a_lock(&world, &config);
}

fn waits_for_a_lock(world: &World, config: &str) {
    let (holder, waiter) = (world.target().open(), world.target().open());
    holder.run("BEGIN; LOCK TABLE shop.products IN ACCESS EXCLUSIVE MODE");
    std::thread::scope(|scope| {
        scope.spawn(|| waiter.run("SELECT count(*) FROM shop.products"));
        let blocked = alarmed(world, config, "Locks");
        holder.run("ROLLBACK");
        let sample = sample(&blocked);
        assert_eq!(sample["waiting"], 1, "{sample}");
        let advice = found(&blocked.only("watch_sample"), "Locks")["advice"].to_string();
        assert!(advice.contains("pg_blocking_pids"), "{advice}");
    });
}

#[test]
fn a_watch_that_is_stopped_or_killed_goes_on_with_its_history_and_its_deadline() {
    let world = migrated();
    let start = || world.start(&["watch", "--for", "1h", "--every", "1s"]);
    let is_probe = |event: &Value| event["event"] == "watch_sample";
    let mut stopped = start();
    let first = stopped.wait_for("a probe", is_probe);
    stopped.wait_for("a second probe", is_probe);
    stopped.signal(Signal::INT);
    let stopped = stopped.end().expect(130, "interrupted");
    let made = stopped.of_kind("watch_sample").len() as u64;
    let (file, entries) = history(&world);
    assert_eq!(entries.len() as u64, made);

    let mut killed = start();
    let next = killed.wait_for("a probe", is_probe);
    assert_eq!(next["probes"], made + 1, "it goes on");
    assert_eq!(next["since"], first["since"]);
    assert_eq!(next["until"], first["until"]);
    killed.kill();
    let (_, entries) = history(&world);
    assert!(entries.len() as u64 > made);
    // A crash of the machine may tear the last line.
    let mut torn = OpenOptions::new()
        .append(true)
        .open(&file)
        .expect("it is there");
    torn.write_all(b"{\"probe\":{\"of\":\"reach")
        .expect("written");
    drop(torn);
    let once = world.json(&["watch", "--once"]).expect(0, "done");
    let probes = entries.len() as u64 + 1;
    assert_eq!(once.only("watch_sample")["probes"], probes);
    assert_eq!(history(&world).1.len() as u64, probes);
    assert_eq!(once.only("watch_sample")["since"], first["since"]);

    let mode = fs::metadata(&file)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    holds_no_password(&world, &file);
    // Its hour shortened to what has passed: a last probe, and it is done.
    let ended = world.json(&["watch", "--for", "1s"]).expect(0, "done");
    assert_eq!(ended.only("watch_sample")["next"], Value::Null);
    assert_eq!(ended.only("step_finished")["outcome"], "done");
    assert_eq!(ended.only("watch_sample")["probes"], probes + 1);
    // A service that is started once more begins no new watch; a person may.
    let again = world.json(&["watch", "--resume"]).expect(0, "done");
    assert_eq!(again.of_kind("watch_sample").len(), 0, "{again}");
    let anew = world.json(&["watch", "--once"]).expect(0, "done");
    assert_eq!(anew.only("watch_sample")["probes"], 1);
    let kept = history(&world).1.len() as u64;
    assert_eq!(kept, probes + 2, "what an earlier watch found stays");
}

fn holds_no_password(world: &World, file: &std::path::Path) {
    for url in [world.source_url(), world.target_url()] {
        let (before, _) = url.split_once('@').expect("a user");
        let (_, password) = before.rsplit_once(':').expect("a password");
        for kept in [file, &world.session()] {
            let text = fs::read_to_string(kept).expect("a text");
            assert!(!text.contains(password), "in {}", kept.display());
        }
    }
}

#[test]
fn an_alarm_at_the_end_is_a_failure_and_a_target_that_does_not_answer_is_one() {
    let world = migrated();
    world.json(&["watch", "--once"]).expect(0, "done");
    world.faults().refuse(u32::MAX);
    let mut watching = world.start(&["watch", "--for", "1h", "--every", "1s"]);
    let missed = watching.wait_for("a missed probe", |event| event["missed"] == 1);
    assert_eq!(missed["alarms"][0], "Answers", "{missed}");
    let advice = found(&missed, "Answers")["advice"].to_string();
    assert!(advice.contains("-pooler"), "{advice}");
    world.faults().refuse(0);
    watching.wait_for("it is over", |event| event["event"] == "alarm_over");
    watching.signal(Signal::TERM);
    watching.end().expect(130, "interrupted");

    let config = world.config("[watch]\nsize_percent = 1\n");
    let ended = world.json(&["watch", "--for", "1s", "--config", &config]);
    let ended = ended.expect(1, "failed");
    let failure = ended.only("failure");
    assert!(
        failure["why"].as_str().expect("why").contains("Size"),
        "{failure}"
    );
    // The migration itself stays done.
    let status = world.json(&["status"]).only("status");
    assert_eq!(status["session"]["steps"]["cutover"]["state"], "done");
    assert_eq!(status["session"]["steps"]["watch"]["state"], "failed");
    world.json(&["run"]).expect(0, "done");
}

#[test]
fn who_has_not_cut_over_has_nothing_to_watch_and_a_unit_holds_no_password() {
    let world = World::sharing();
    world.json(&["watch"]).expect(2, "failed");
    world.json(&["check"]).expect(0, "done");
    world.json(&["watch", "--once"]).expect(2, "failed");
    let status = world.json(&["status"]).only("status");
    assert_eq!(status["session"]["steps"]["watch"], Value::Null);

    let unit =
        crate::fixture::Running::start(&mut world.neonlift(&["watch", "--unit", "--for", "48"]));
    let unit = unit.end();
    assert_eq!(unit.code, Some(0), "{unit}");
    let session = world.session().display().to_string();
    let command = unit
        .stdout
        .lines()
        .find(|line| line.starts_with("ExecStart="));
    let command = command.expect("a command");
    assert!(
        command.contains(&session) && command.contains("--for 172800s"),
        "{command}"
    );
    assert!(unit.stdout.contains("EnvironmentFile="));
    holds_no_password_in(&world, &unit.stdout);
}

fn holds_no_password_in(world: &World, text: &str) {
    for url in [world.source_url(), world.target_url()] {
        let (before, _) = url.split_once('@').expect("a user");
        let (_, password) = before.rsplit_once(':').expect("a password");
        assert!(!text.contains(password));
    }
}
