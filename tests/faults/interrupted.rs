//! Stopped by a person or by the system: it ends by itself, says so, and goes on next time.

use crate::case::Suite;
use crate::killed::points;
use crate::road::{Held, Point};
use crate::seed::Seed;
use rustix::process::Signal;

#[test]
fn a_stopped_run_goes_on() {
    let suite = Suite::new();
    let mut seed = Seed::of("interrupted");
    let signals = [Signal::INT, Signal::TERM, Signal::HUP].into_iter().cycle();
    let steps = [
        ("backup", 1),
        ("schema", 1),
        ("transfer", 3),
        ("compare", 1),
    ];
    let points: Vec<_> = steps
        .into_iter()
        .flat_map(|(step, count)| {
            let points = points(&suite, step, count, &mut seed);
            points.into_iter().map(move |point| (step, point))
        })
        .collect();
    // So late that the step ends before it has noticed.
    let late = Point::Turn(suite.traffic("connections").turns * 85 / 100);
    let points = [("connections", late)].into_iter().chain(points);
    for ((step, point), signal) in points.into_iter().zip(signals) {
        let name = format!("{step}, {point:?}, {signal:?}, {}", seed.to_repeat());
        let case = suite.case(&name);
        let running = case.at(step, point);
        running.signal(signal);
        case.road.go(Held::Arrive);
        let stopped = running.end().expect(130, "interrupted");
        assert!(
            stopped.of_kind("failure").is_empty(),
            "nothing failed: {stopped}"
        );
        let begun = stopped.of_kind("step_started");
        assert_eq!(begun.len(), 1, "no step is begun after that: {stopped}");
        let state = case.states()[step].clone();
        assert!(state == "interrupted" || state == "done", "{state}");
        case.goes_on();
    }
}

/// Where the road does not carry the wish to stop, either.
#[test]
fn a_run_on_a_road_that_stands_still_ends_all_the_same() {
    let suite = Suite::new();
    let mut seed = Seed::of("interrupted for good");
    let point = points(&suite, "transfer", 1, &mut seed)[0];
    let case = suite.case(&format!("{point:?}, {}", seed.to_repeat()));
    let running = case.at("transfer", point);
    running.signal(Signal::INT);
    running.end().expect(130, "interrupted");
    assert_eq!(case.states()["transfer"], "interrupted");
    case.road.go(Held::GetLost);
    case.goes_on();
}
