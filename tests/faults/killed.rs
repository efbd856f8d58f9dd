//! Killed at 25 points spread over all steps: the same command goes on, nothing lost, nothing
//! doubled.

use crate::case::Suite;
use crate::fixture::STEPS;
use crate::road::{Held, Point};
use crate::seed::Seed;
use rstest::rstest;

/// How often each step is killed.
const POINTS: [u64; 7] = [1, 3, 3, 4, 3, 8, 3];

/// Points in a step's traffic, spread over it; every second one counts bytes, the others turns.
pub(crate) fn points(suite: &Suite, step: &str, count: u64, seed: &mut Seed) -> Vec<Point> {
    let traffic = suite.traffic(step);
    let mut within = |all: u64, nth: u64| {
        // Not the very end: a run is never quite as long as another.
        let share = all * 85 / 100 / count;
        seed.within(nth * share + 1..(nth + 1) * share + 1)
    };
    (0..count)
        .map(|nth| match nth % 2 {
            0 => Point::Turn(within(traffic.turns, nth)),
            _ => Point::Byte(within(traffic.bytes, nth)),
        })
        .collect()
}

/// Every fourth of the points, beginning with this one: so these tests take their turns with others.
#[rstest]
fn at_points_of_all_traffic(#[values(0, 1, 2, 3)] first: usize) {
    let suite = Suite::new();
    let mut seed = Seed::of("killed");
    let all: Vec<(&str, Point)> = STEPS
        .iter()
        .zip(POINTS)
        .flat_map(|(step, count)| {
            let points = points(&suite, step, count, &mut seed);
            points.into_iter().map(|point| (*step, point))
        })
        .collect();
    assert_eq!(all.len(), 25);
    for (nth, (step, point)) in all.into_iter().enumerate() {
        let held = [Held::Arrive, Held::GetLost][seed.within(0..2) as usize];
        if nth % 4 != first {
            continue;
        }
        let case = suite.case(&format!(
            "{step}, {point:?}, {held:?}, {}",
            seed.to_repeat()
        ));
        let killed = case.at(step, point).kill();
        assert_eq!(killed.code, None, "{killed}");
        assert_eq!(
            case.states().get(step).map(String::as_str),
            Some("interrupted"),
            "{killed}"
        );
        case.road.go(held);
        let files = case.files_with_rows();
        case.goes_on();
        case.assert_kept(&files);
    }
    suite.source_is_untouched();
}
