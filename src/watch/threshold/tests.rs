use super::*;
use crate::failure::Failure;
use crate::session::report::{Statement, Verdict};
use jiff::Timestamp;
use rstest::rstest;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// A target at ease.
pub(crate) fn sample(second: i64) -> Sample {
    Sample {
        at: at(second),
        connect_ms: 40,
        woken: false,
        p50_us: 20_000,
        p95_us: 31_000,
        connections: 12,
        connection_limit: 97,
        others: 11,
        idle_in_transaction_s: 0.0,
        waiting: 0,
        waiting_s: 0.0,
        commits: 0,
        rollbacks: 0,
        deadlocks: 0,
        fatal: Some(0),
        hits: 0,
        reads: 0,
        counted_since: "start".to_owned(),
        bytes: 200 << 20,
        bytes_limit: Some(512 << 20),
        statements: Some(Vec::new()),
        unread: None,
        sees_others: true,
    }
}

fn alarms(before: Option<&Sample>, now: Sample) -> Vec<Check> {
    let probe = Probe::Reached(Box::new(now));
    let mut checks = judged(before, &probe, &config::Watch::default());
    checks.retain(|check| check.verdict == Verdict::Bad);
    checks
}

/// What turns a target at ease into one with this alarm, and what is just not enough for it.
#[rstest]
#[case(CONNECTIONS, |s: &mut Sample| s.connections = 78, |s: &mut Sample| s.connections = 77)]
#[case(LATENCY, |s: &mut Sample| s.p95_us = 500_000, |s: &mut Sample| s.p95_us = 499_999)]
#[case(ROLLBACKS, |s: &mut Sample| (s.commits, s.rollbacks) = (95, 5), |s: &mut Sample| (s.commits, s.rollbacks) = (96, 4))]
#[case(ROLLBACKS, |s: &mut Sample| s.rollbacks = 100, |s: &mut Sample| s.rollbacks = 99)]
#[case(ERRORS, |s: &mut Sample| s.deadlocks = 1, |_: &mut Sample| {})]
#[case(ERRORS, |s: &mut Sample| s.fatal = Some(1), |s: &mut Sample| s.fatal = None)]
#[case(CACHE, |s: &mut Sample| (s.hits, s.reads) = (799, 201), |s: &mut Sample| (s.hits, s.reads) = (800, 200))]
#[case(CACHE, |s: &mut Sample| s.reads = 1000, |s: &mut Sample| s.reads = 999)]
#[case(LOCKS, |s: &mut Sample| (s.waiting, s.waiting_s) = (1, 30.0), |s: &mut Sample| (s.waiting, s.waiting_s) = (1, 29.9))]
#[case(LOCKS, |s: &mut Sample| s.idle_in_transaction_s = 300.0, |s: &mut Sample| s.idle_in_transaction_s = 299.0)]
#[case(SIZE, |s: &mut Sample| s.bytes = 461 << 20, |s: &mut Sample| (s.bytes, s.bytes_limit) = (1 << 40, None))]
fn a_threshold_is_an_alarm_with_advice(
    #[case] name: &str,
    #[case] beyond: fn(&mut Sample),
    #[case] below: fn(&mut Sample),
) {
    let before = sample(0);
    let changed = |change: fn(&mut Sample)| {
        let mut now = sample(60);
        change(&mut now);
        alarms(Some(&before), now)
    };
    let raised = changed(beyond);
    assert_eq!(raised.len(), 1, "{raised:?}");
    assert_eq!(raised[0].name, name);
    assert!(!raised[0].advice.is_empty());
    assert_eq!(changed(below), []);
}

#[test]
fn what_was_counted_before_the_first_probe_is_nobodys_fault() {
    let now = Sample {
        rollbacks: 1000,
        deadlocks: 5,
        reads: 1_000_000,
        ..sample(0)
    };
    assert_eq!(alarms(None, now), []);
}

#[test]
fn a_slow_statement_is_named_by_its_id() {
    let statement = |calls, total_ms| Statement {
        id: "4711".to_owned(),
        calls,
        total_ms,
        text: "SELECT * FROM songs WHERE id = $1".to_owned(),
    };
    let with = |second, calls, total_ms| Sample {
        statements: Some(vec![statement(calls, total_ms)]),
        ..sample(second)
    };
    let before = with(0, 10, 100.0);
    assert_eq!(alarms(Some(&before), with(60, 12, 200.0)), []);
    let raised = alarms(Some(&before), with(60, 12, 2100.0));
    assert_eq!(raised[0].name, STATEMENTS);
    assert!(raised[0].advice[0].contains("4711"));
}

#[test]
fn a_target_that_does_not_answer_is_an_alarm_with_the_causes_advice() {
    let failure = Failure::new("Cannot connect", "why").advise("do this");
    let probe = Probe::Missed { at: at(0), failure };
    let checks = judged(None, &probe, &config::Watch::default());
    assert_eq!((checks.len(), checks[0].verdict), (1, Verdict::Bad));
    assert_eq!(checks[0].advice, ["do this"]);
}

#[test]
fn what_could_not_be_read_is_said_and_is_no_alarm() {
    let now = Sample {
        statements: None,
        unread: Some("pg_stat_statements is not installed".to_owned()),
        sees_others: false,
        ..sample(0)
    };
    let probe = Probe::Reached(Box::new(now));
    let checks = judged(None, &probe, &config::Watch::default());
    let warnings = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Warning);
    assert_eq!(warnings.count(), 2);
}
