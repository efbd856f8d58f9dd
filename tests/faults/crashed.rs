//! Servers that crash, end every session, or have no room for one more. They are this suite's own:
//! what breaks here breaks for everybody on them.

use crate::case::{Case, Suite};
use crate::fixture::{Database, Side};
use crate::killed::points;
use crate::road::Held;
use crate::seed::Seed;

/// Strikes at points of these steps: so many of each.
fn struck(suite: &Suite, name: &str, steps: &[(&str, u64)], strike: impl Fn(&mut Case<'_>)) {
    let mut seed = Seed::of(name);
    for (step, count) in steps.iter().copied() {
        for point in points(suite, step, count, &mut seed) {
            let held = [Held::Arrive, Held::GetLost][seed.within(0..2) as usize];
            let name = format!("{name}, {step}, {point:?}, {held:?}, {}", seed.to_repeat());
            let mut case = suite.case(&name);
            let running = case.at(step, point);
            strike(&mut case);
            case.road.go(held);
            case.recovers(running);
        }
    }
}

#[test]
fn a_server_that_restarts_at_once() {
    let suite = Suite::new();
    let target = [("transfer", 2), ("compare", 1)];
    struck(&suite, "the target restarts", &target, |case| {
        case.restart(Side::Target)
    });
    let source = [("backup", 1), ("transfer", 2), ("compare", 1)];
    struck(&suite, "the source restarts", &source, |case| {
        case.restart(Side::Source)
    });
}

/// Ends all sessions of a database but the one that asks.
fn terminate(database: &Database<'_>) {
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

#[test]
fn every_session_ended_by_an_administrator() {
    let suite = Suite::new();
    let target = [("schema", 1), ("transfer", 2)];
    struck(&suite, "the target's sessions", &target, |case| {
        terminate(&case.target())
    });
    let source = [("schema", 1), ("transfer", 2)];
    struck(&suite, "the source's sessions", &source, |case| {
        terminate(&case.source())
    });
}

#[test]
fn all_connections_used_up_by_others() {
    let suite = Suite::new();
    let case = suite.case("all connections used up by others");
    case.until("schema");
    // The owner of the database gets none of the last seven.
    let others: Vec<_> = (7..104).map(|_| case.target().open()).collect();
    let mut running = case.start();
    running.wait_for("a retry", |event| {
        let text = event["text"].as_str().unwrap_or_default();
        text.contains("trying again in") && text.contains("connection slots are reserved")
    });
    drop(others);
    case.arrived(running.end());
}
