//! The front of the target as Neon's is on a bad day: asleep, crowded, standing still, out of
//! room. Every retry can be seen, and nothing gets lost.

use crate::case::{Case, Suite};
use crate::fixture::{Ended, Running};
use crate::road::{Held, Point};
use crate::seed::Seed;
use serde_json::Value;
use std::time::Duration;

/// A run that has reached a point where rows travel, and stands still there.
fn amid_the_rows<'a>(suite: &'a Suite, name: &str) -> (Case<'a>, Running) {
    let mut seed = Seed::of(name);
    let bytes = suite.traffic("transfer").bytes;
    let point = Point::Byte(seed.within(bytes * 25 / 100..bytes * 75 / 100));
    let case = suite.case(&format!("{name}, {point:?}, {}", seed.to_repeat()));
    let running = case.at("transfer", point);
    (case, running)
}

/// Asserts that it tried again, and said so.
fn tried_again(ended: &Ended) {
    let warnings = ended.of_kind("note");
    let tells = |note: &Value| {
        note["tone"] == "warning"
            && note["text"]
                .as_str()
                .is_some_and(|text| text.contains("trying again in"))
    };
    assert!(warnings.iter().any(tells), "{ended}");
}

#[test]
fn every_retry_is_seen_and_everything_arrives() {
    let suite = Suite::new();

    let (case, running) = amid_the_rows(&suite, "the compute falls asleep");
    case.front().sleep(Duration::from_millis(300));
    case.road.go(Held::Arrive);
    tried_again(&case.arrived(running.end()));

    let (case, running) = amid_the_rows(&suite, "a session is cut");
    case.front().cut_after(0);
    case.road.go(Held::Arrive);
    tried_again(&case.arrived(running.end()));

    let (case, running) = amid_the_rows(&suite, "asleep, and then crowded");
    case.front().refuse(3);
    case.front().sleep(Duration::ZERO);
    case.road.go(Held::Arrive);
    let ended = case.arrived(running.end());
    tried_again(&ended);
    assert!(ended.notes().contains("Too many connections"), "{ended}");
}

/// The same for people, who get lines instead of JSON.
#[test]
fn without_json_too() {
    let suite = Suite::new();
    let case = suite.case("crowded, in plain lines");
    case.until("schema");
    case.front().refuse(2);
    let ended = Running::start(&mut case.run_in_words()).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    let told = ended.stdout.matches("! target: trying again in").count();
    assert_eq!(told, 2, "{ended}");
    case.arrived(case.start().end());
}

/// Seconds, by the run's own clock, for which the road stands still.
const STALL: f64 = 30.0;

/// For a session it does not matter how long it stands still: nothing in the program or on the
/// servers limits that. For one that is just being opened the limit is that of connecting.
#[test]
fn what_stands_still_flows_on() {
    let suite = Suite::new();
    let (case, mut running) = amid_the_rows(&suite, "the road stands still");
    case.front().stall(true);
    case.road.go(Held::Arrive);
    let mut stands = None;
    loop {
        let event = running.wait_for("progress", |event| event["event"] == "progress");
        assert_eq!(event["step"], "transfer");
        let elapsed = event["elapsed"].as_f64().unwrap_or_default();
        let now = event["bytes"].as_u64();
        match stands {
            Some((since, bytes)) if bytes == now && elapsed - since >= STALL => break,
            Some((_, bytes)) if bytes == now => {}
            _ => stands = Some((elapsed, now)).filter(|_| now > Some(0)),
        }
    }
    case.front().stall(false);
    // Connections that were just being opened may have been tried again.
    case.arrived(running.end());

    let case = suite.case("the road stands still for longer than connecting may take");
    case.until("schema");
    case.front().stall(true);
    let mut running = Running::start(&mut case.impatient());
    running.wait_for("a retry", |event| {
        let text = event["text"].as_str().unwrap_or_default();
        text.contains("trying again in") && text.contains("timed out")
    });
    case.front().stall(false);
    case.arrived(running.end());
}

/// Neon's size limit does not pass by itself: no attempt is made again, what is in stays in, and
/// when there is room the same command goes on.
#[test]
fn out_of_room_until_there_is_some_again() {
    let suite = Suite::new();
    let (case, running) = amid_the_rows(&suite, "out of room");
    case.front().full(u32::MAX);
    case.road.go(Held::Arrive);
    let failed = case.failed(running.end());
    let failure = failed.only("failure");
    assert!(
        failure["why"].to_string().contains("project size limit"),
        "{failed}"
    );
    assert!(
        failure["advice"].to_string().contains("upgrade"),
        "{failed}"
    );
    assert_eq!(failure["retry"], "after_change", "{failed}");
    assert!(!failed.notes().contains("trying again"), "{failed}");
    let files = case.files_with_rows();
    assert!(!files.is_empty(), "something was in: {failed}");
    // Still none.
    case.failed(case.start().end());
    assert_eq!(case.files_with_rows(), files);
    case.front().full(0);
    case.goes_on();
    case.assert_kept(&files);
}
