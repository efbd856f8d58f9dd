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
/// See [`ANSWERS`].
pub const LATE_WRITES: &str = "Late writes";

/// A share of fewer transactions says nothing.
const ENOUGH_TRANSACTIONS: u64 = 100;

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
        grouped(all),
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
            return Check::warning(STATEMENTS, why);
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
pub(crate) mod tests;
