//! What the step `watch` reports: the target in use, probed now and then. Saved with each probe, so
//! that a watch that is stopped tells what it saw.

use super::{Check, Verdict, checks_failure};
use crate::failure::Failure;
use crate::figures::{bytes, counted, duration};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one probe found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Probe {
    /// The target answered.
    Reached(Box<Sample>),
    /// It did not.
    Missed {
        /// When.
        at: Timestamp,
        /// Why, and what to do.
        failure: Failure,
    },
}

impl Probe {
    /// When it was made.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Reached(sample) => sample.at,
            Self::Missed { at, .. } => *at,
        }
    }

    /// What was read; `None` where the target did not answer.
    pub fn sample(&self) -> Option<&Sample> {
        match self {
            Self::Reached(sample) => Some(sample),
            Self::Missed { .. } => None,
        }
    }
}

/// The figures of one probe. Counters count from `counted_since` on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When it was made.
    pub at: Timestamp,
    /// From the first attempt to connect to an open session, in milliseconds.
    pub connect_ms: u64,
    /// Whether this probe woke the compute.
    pub woken: bool,
    /// A round trip of the probe's, in microseconds: the median.
    pub p50_us: u64,
    /// What 95 of 100 of them do not exceed.
    pub p95_us: u64,
    /// Client sessions, this one included.
    pub connections: u64,
    /// How many there may be.
    pub connection_limit: u64,
    /// Client sessions that are neither ours nor the platform's own.
    pub others: u64,
    /// The longest time that a session has been idle within a transaction, in seconds.
    pub idle_in_transaction_s: f64,
    /// Sessions that wait for a lock.
    pub waiting: u64,
    /// The longest such wait, in seconds.
    pub waiting_s: f64,
    /// Transactions committed in this database.
    pub commits: u64,
    /// Transactions rolled back.
    pub rollbacks: u64,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Sessions that a fatal error ended; `None` before PostgreSQL 14.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fatal: Option<u64>,
    /// Blocks found in the server's own cache.
    pub hits: u64,
    /// Blocks that were not.
    pub reads: u64,
    /// What the counters count since: the server's start or their reset, as text; another text
    /// means that they began anew.
    pub counted_since: String,
    /// Size of the databases that count, in bytes.
    pub bytes: u64,
    /// Size that they may have; `None` where the server names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_limit: Option<u64>,
    /// The statements that took most time in all; `None` where they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements: Option<Vec<Statement>>,
    /// Why they could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
    /// Whether the role sees what others' sessions do (`pg_read_all_stats`).
    pub sees_others: bool,
}

impl Sample {
    /// The figures that tell most, on one line.
    pub fn in_words(&self) -> String {
        let milliseconds = |micros: u64| micros as f64 / 1000.0;
        let woke = if self.woken { ", woke it" } else { "" };
        format!(
            "p50 {:.1} ms, p95 {:.1} ms, {} of {} connections, {}{woke}",
            milliseconds(self.p50_us),
            milliseconds(self.p95_us),
            self.connections,
            self.connection_limit,
            bytes(self.bytes),
        )
    }
}

/// What `pg_stat_statements` counts of a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Its `queryid`.
    pub id: String,
    /// How often it ran.
    pub calls: u64,
    /// How long in all, in milliseconds.
    pub total_ms: f64,
    /// Its beginning, with every literal masked.
    pub text: String,
}

/// What was beyond a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The name of the check.
    pub name: String,
    /// The first probe that found it.
    pub first: Timestamp,
    /// The last one.
    pub last: Timestamp,
    /// How many probes found it.
    pub probes: u64,
    /// What the last of them found.
    pub found: String,
}

/// A figure over the whole watch, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchedFigure {
    /// Of what.
    pub name: String,
    /// The median over all probes.
    pub typical: String,
    /// The worst one.
    pub worst: String,
}

/// The target watched after the cutover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When the last probe was made.
    pub at: Timestamp,
    /// When the next one is due; `None` when it was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// How many probes were made.
    pub probes: u64,
    /// How many of them did not reach the target.
    pub missed: u64,
    /// How many of them woke the compute.
    pub woken: u64,
    /// The last probe held against the thresholds: a bad check is an alarm, a warning is what could
    /// not be judged.
    pub checks: Vec<Check>,
    /// The checks that the probe before found otherwise: alarms that are new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raised_now: Vec<String>,
    /// Alarms that are over with the last probe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_now: Vec<String>,
    /// Every alarm so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarm>,
    /// Typical and worst figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<WatchedFigure>,
    /// Medians of the round trip, in microseconds, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency: Vec<u64>,
    /// Connections in use, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<u64>,
    /// Cache hits in thousandths, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<u64>,
    /// What the last probe read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Box<Sample>>,
    /// What a probe costs.
    pub cost: String,
    /// The file with every probe.
    pub history: String,
}

impl Watch {
    /// Whether its time was over with the last probe.
    pub fn is_over(&self) -> bool {
        self.at >= self.until
    }

    /// The alarms that stand.
    pub fn standing(&self) -> impl Iterator<Item = &Check> {
        let checks = self.checks.iter();
        checks.filter(|check| check.verdict == Verdict::Bad)
    }

    /// How far it is: `13 probes, 3 h 10 m of 24 h 00 m`.
    pub fn reach_in_words(&self) -> String {
        let seconds =
            |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64().max(0.0);
        let missed = match self.missed {
            0 => String::new(),
            some => format!(" ({some} without an answer)"),
        };
        format!(
            "{}{missed}, {} of {}",
            counted(self.probes, "probe"),
            duration(seconds(self.since, self.at.min(self.until))),
            duration(seconds(self.since, self.until)),
        )
    }

    /// The alarms that are new with the last probe, each with what to do.
    pub fn new_alarms(&self) -> Vec<Failure> {
        let is_new = |check: &&Check| self.raised_now.contains(&check.name);
        let alarm = |check: &Check| {
            let alarm = Failure::new(format!("Alarm: {}", check.name), check.found.clone());
            let advice = check.advice.iter();
            advice.fold(alarm, |alarm, step| alarm.advise(step))
        };
        self.standing().filter(is_new).map(alarm).collect()
    }

    /// An alarm that was raised once, in words.
    pub fn alarm_in_words(alarm: &Alarm) -> String {
        let clock = |at: Timestamp| at.strftime("%F %H:%M UTC");
        let (first, last) = (clock(alarm.first), clock(alarm.last));
        let when = match alarm.probes {
            1 => format!("at {first}"),
            probes => format!("in {}, {first} to {last}", counted(probes, "probe")),
        };
        format!("{}: {} ({when})", alarm.name, alarm.found)
    }

    /// The standing alarms; a watch does not end well with them.
    pub(super) fn failure(&self) -> Option<Failure> {
        let what = match self.standing().count() {
            1 => "An alarm stands at the end of the watch",
            _ => "Alarms stand at the end of the watch",
        };
        checks_failure(what, &self.checks)
    }
}
