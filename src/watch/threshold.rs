//! A probe held against the thresholds: each figure is a check, good, bad (an alarm, with what to do
//! about it), or a warning where it could not be judged.

use super::interval::{self, Interval};
use crate::config;
use crate::figures::{bytes, counted, duration, grouped, percent};
use crate::postgres::Cause;
use crate::session::report::{Check, Probe, Sample};

/// The names of the checks, in the order in which they are told.
pub const ANSWERS: &str = "Answers";
/// See [`ANSWERS`].
pub const LATENCY: &str = "Latency";
/// See [`ANSWERS`].
pub const CONNECTIONS: &str = "Connections";
/// See [`ANSWERS`].
pub const CACHE: &str = "Cache hits";
/// See [`ANSWERS`].
pub const ROLLBACKS: &str = "Rollbacks";
/// See [`ANSWERS`].
pub const ERRORS: &str = "Errors";
/// See [`ANSWERS`].
pub const STATEMENTS: &str = "Statements";
/// See [`ANSWERS`].
pub const LOCKS: &str = "Locks";
/// See [`ANSWERS`].
pub const SIZE: &str = "Size";

/// A share of fewer transactions says nothing.
const ENOUGH_TRANSACTIONS: u64 = 20;

/// A share of fewer blocks says nothing.
const ENOUGH_BLOCKS: u64 = 1000;

const NOT_YET: &str = "told from the second probe on";

/// What a probe means, given the one before that reached the target.
pub fn judged(before: Option<&Sample>, probe: &Probe, limits: &config::Watch) -> Vec<Check> {
    let now = match probe {
        Probe::Reached(now) => now,
        Probe::Missed { failure, .. } => {
            let mut check = Check::bad(ANSWERS, format!("{}. {}", failure.what, failure.why));
            check.advice.clone_from(&failure.advice);
            return vec![check];
        }
    };
    let interval = before.map(|before| Interval::between(before, now));
    let interval = interval.as_ref();
    vec![
        answers(now),
        latency(now, limits),
        connections(now, limits),
        cache(interval, limits),
        rollbacks(interval, limits),
        errors(interval),
        statements(before, now, limits),
        locks(now, limits),
        size(now, limits),
    ]
}

/// A check that is an alarm or not.
fn check(name: &str, is_alarm: bool, found: String, advice: &[&str]) -> Check {
    if !is_alarm {
        return Check::good(name, found);
    }
    let check = Check::bad(name, found);
    advice.iter().fold(check, |check, step| check.advise(*step))
}

fn answers(now: &Sample) -> Check {
    let woke = if now.woken {
        "; it slept, and this woke it"
    } else {
        ""
    };
    Check::good(
        ANSWERS,
        format!("connected in {} ms{woke}", grouped(now.connect_ms)),
    )
}

fn latency(now: &Sample, limits: &config::Watch) -> Check {
    let milliseconds = |micros: u64| micros as f64 / 1000.0;
    let found = format!(
        "p50 {:.1}, p95 {:.1} ms (limit {})",
        milliseconds(now.p50_us),
        milliseconds(now.p95_us),
        grouped(limits.latency_ms.into())
    );
    let is_alarm = now.p95_us >= u64::from(limits.latency_ms) * 1000;
    check(
        LATENCY,
        is_alarm,
        found,
        &[
            "These are round trips without work: the network between here and the target, or a compute without processor time. Compare with another place, best where the application runs.",
            "If they are slow there, too, raise the compute's size in Neon's console (Branches, Compute, Edit), and see https://neonstatus.com.",
        ],
    )
}

fn connections(now: &Sample, limits: &config::Watch) -> Check {
    let (used, limit) = (now.connections, now.connection_limit);
    let share = used as f64 / limit.max(1) as f64;
    let found = format!(
        "{used} of {limit} (limit {} %), {} others'",
        limits.connections_percent, now.others
    );
    let is_alarm = share * 100.0 >= f64::from(limits.connections_percent);
    let advice = [
        Cause::PoolExhausted.advice(),
        Cause::RoleConnections.advice(),
    ];
    check(CONNECTIONS, is_alarm, found, &advice.concat())
}

fn cache(interval: Option<&Interval>, limits: &config::Watch) -> Check {
    let Some(interval) = interval else {
        return Check::good(CACHE, NOT_YET);
    };
    let blocks = interval.hits + interval.reads;
    let Some(share) = interval.hit().filter(|_| blocks >= ENOUGH_BLOCKS) else {
        let found = format!("{}: too few to judge", counted(blocks, "block"));
        return Check::good(CACHE, found);
    };
    let found = format!(
        "{} of blocks (at least {} %)",
        percent(share),
        limits.cache_hits_percent
    );
    let is_alarm = share * 100.0 < f64::from(limits.cache_hits_percent);
    check(
        CACHE,
        is_alarm,
        found,
        &[
            "Just after the cutover, or after it has slept, the cache is cold: look whether it gets better with the next probes.",
            "If it stays so, what is read at once does not fit: look for statements that read whole tables (EXPLAIN (ANALYZE, BUFFERS)), or raise the compute's size.",
            "Neon's local file cache lies below this one. Its own share, with the extension neon:",
            "$ psql -c 'SELECT * FROM neon.neon_stat_file_cache'",
        ],
    )
}

fn rollbacks(interval: Option<&Interval>, limits: &config::Watch) -> Check {
    let Some(interval) = interval else {
        return Check::good(ROLLBACKS, NOT_YET);
    };
    let all = interval.commits + interval.rollbacks;
    let found = format!(
        "{} of {} (limit {} %)",
        grouped(interval.rollbacks),
        counted(all, "transaction"),
        limits.rollbacks_percent
    );
    let percent = interval.rolled_back().unwrap_or_default() * 100.0;
    let is_alarm = all >= ENOUGH_TRANSACTIONS && percent >= f64::from(limits.rollbacks_percent);
    check(
        ROLLBACKS,
        is_alarm,
        found,
        &[
            "A statement of the application's fails, as a rule: its own log says which, and with what error. What an error means:",
            "$ neonlift explain 'ERROR TEXT'",
            "Often it is a right that is missing, a sequence that is behind, or a session setting that the pooled host does not keep.",
        ],
    )
}

fn errors(interval: Option<&Interval>) -> Check {
    let Some(interval) = interval else {
        return Check::good(ERRORS, NOT_YET);
    };
    let fatal = interval.fatal.unwrap_or_default();
    let found = format!(
        "{}, {}",
        counted(interval.deadlocks, "deadlock"),
        counted(fatal, "fatal error")
    );
    check(
        ERRORS,
        interval.deadlocks + fatal > 0,
        found,
        &[
            "Deadlocks: let all transactions lock rows in the same order, and try the one that was given up again.",
            "Sessions that a fatal error ended: the application's log has its text. What it means:",
            "$ neonlift explain 'ERROR TEXT'",
        ],
    )
}

fn statements(before: Option<&Sample>, now: &Sample, limits: &config::Watch) -> Check {
    let listed = now.statements.as_ref();
    let earlier = before.and_then(|before| before.statements.as_ref());
    let (listed, earlier) = match (listed, earlier) {
        (None, _) => {
            let why = now.unread.as_deref().unwrap_or("nobody asked");
            return Check::warning(STATEMENTS, format!("not read: {why}"));
        }
        (Some(_), None) => return Check::good(STATEMENTS, "told from the next probe on"),
        (Some(listed), Some(earlier)) => (listed, earlier),
    };
    let limit = format!("limit {} ms", grouped(limits.statement_ms.into()));
    let Some((statement, average)) = interval::slowest(earlier, listed) else {
        return Check::good(STATEMENTS, format!("none of the longest ran ({limit})"));
    };
    let found = format!("{average:.1} ms on average ({limit}): {}", statement.text);
    let is_alarm = average >= f64::from(limits.statement_ms);
    let id = format!("Its queryid is {}.", statement.id);
    let mut check = check(STATEMENTS, is_alarm, found, Cause::SlowSearch.advice());
    if is_alarm {
        check.advice.insert(0, id);
    }
    check
}

fn locks(now: &Sample, limits: &config::Watch) -> Check {
    let wait = format!(
        "{} (limit {} s)",
        duration(now.waiting_s),
        limits.lock_seconds
    );
    let waits = match now.waiting {
        0 => "nobody waits".to_owned(),
        1 => format!("one session waits, for {wait}"),
        some => format!("{some} sessions wait, the longest for {wait}"),
    };
    let idles = now.idle_in_transaction_s >= f64::from(limits.idle_in_transaction_seconds);
    let idle = match now.idle_in_transaction_s >= 1.0 {
        true => format!(
            "; idle in a transaction for {} (limit {} s)",
            duration(now.idle_in_transaction_s),
            limits.idle_in_transaction_seconds
        ),
        false => String::new(),
    };
    let waits_long = now.waiting > 0 && now.waiting_s >= f64::from(limits.lock_seconds);
    if !now.sees_others && !idles && !waits_long {
        let blind = "; what others' transactions do is not told to this role";
        return Check::warning(LOCKS, waits + &idle + blind).advise(
            "To see it, grant the role pg_read_all_stats; on Neon use a role made in the console.",
        );
    }
    check(
        LOCKS,
        idles || waits_long,
        waits + &idle,
        &[
            "Who waits for whom, and since when:",
            "$ psql -c 'SELECT pid, pg_blocking_pids(pid), state, now() - state_change AS since, left(query, 60) FROM pg_stat_activity WHERE datname = current_database()'",
            "End the session that holds the lock with SELECT pg_terminate_backend(PID), and let the application commit sooner; idle_in_transaction_session_timeout ends such sessions by itself.",
        ],
    )
}

fn size(now: &Sample, limits: &config::Watch) -> Check {
    let Some(limit) = now.bytes_limit else {
        return Check::good(
            SIZE,
            format!("{}, the server names no limit", bytes(now.bytes)),
        );
    };
    let share = now.bytes as f64 / limit.max(1) as f64;
    let found = format!(
        "{} of {} (limit {} %)",
        bytes(now.bytes),
        bytes(limit),
        limits.size_percent
    );
    let is_alarm = share * 100.0 >= f64::from(limits.size_percent);
    let large = [
        "Beyond the limit writes fail with SQLSTATE 53100. Which tables are large:",
        "$ psql -c 'SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class ORDER BY pg_total_relation_size(oid) DESC LIMIT 10'",
    ];
    let advice = [Cause::ProjectSize.advice(), &large].concat();
    check(SIZE, is_alarm, found, &advice)
}

#[cfg(test)]
pub(crate) mod tests {
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
    #[case(ROLLBACKS, |s: &mut Sample| s.rollbacks = 20, |s: &mut Sample| s.rollbacks = 19)]
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
}
