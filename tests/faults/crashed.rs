//! Servers that crash, end every session, or have no room for one more. They are this suite's own:
//! what breaks here breaks for everybody on them.

use crate::case::{Case, Suite};
use crate::fixture::{Database, Running, Side, eventually};
use crate::killed::points;
use crate::road::Held;
use crate::seed::Seed;

const STEPS: [(&str, u64); 4] = [
    ("backup", 1),
    ("schema", 1),
    ("transfer", 3),
    ("compare", 1),
];

/// Strikes at points of these steps, and gives how each run ended.
fn struck(name: &str, strike: impl Fn(&mut Case<'_>, &Running)) {
    let suite = Suite::new();
    let mut seed = Seed::of(name);
    for (step, count) in STEPS {
        for point in points(&suite, step, count, &mut seed) {
            let held = [Held::Arrive, Held::GetLost][seed.within(0..2) as usize];
            let name = format!("{name}, {step}, {point:?}, {held:?}, {}", seed.to_repeat());
            let mut case = suite.case(&name);
            let running = case.at(step, point);
            strike(&mut case, &running);
            case.road.go(held);
            let first = case.recovers(running);
            println!("  {:?} {}", first.code, first.notes());
        }
    }
}

#[test]
fn the_target() {
    struck("the target restarts", |case, _| case.restart(Side::Target));
}

#[test]
fn the_source() {
    struck("the source restarts", |case, _| case.restart(Side::Source));
}

/// Ends all sessions of a database but the one that asks.
fn terminate(database: &Database<'_>) {
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

#[test]
fn every_session_of_the_target() {
    struck("the target's sessions", |case, _| terminate(&case.target()));
}

#[test]
fn every_session_of_the_source() {
    struck("the source's sessions", |case, _| terminate(&case.source()));
}
