//! The steps of a migration, and what is known of each.

use super::report::Report;
use crate::failure::Failure;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The steps of a migration, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Client tools, disk space, what to have ready.
    Prerequisites,
    /// Both servers reached, known and fit.
    Connections,
    /// What there is to move.
    Inventory,
    /// A verified dump of the source.
    Backup,
    /// The target's tables.
    Schema,
    /// The rows, then indexes, constraints and sequences.
    Transfer,
    /// Proof that both sides are equal.
    Compare,
    /// The target tried as an application would, and what would change in its files.
    Application,
    /// The checklist and its signatures.
    Cutover,
    /// Afterwards: the target in use, looked at for a day or two.
    Watch,
    /// Afterwards: what the migration needs no more.
    Cleanup,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 11] = [
        Self::Prerequisites,
        Self::Connections,
        Self::Inventory,
        Self::Backup,
        Self::Schema,
        Self::Transfer,
        Self::Compare,
        Self::Application,
        Self::Cutover,
        Self::Watch,
        Self::Cleanup,
    ];

    /// The steps of the migration itself: it is done when these are. The others come afterwards.
    pub const COURSE: [Self; 9] = [
        Self::Prerequisites,
        Self::Connections,
        Self::Inventory,
        Self::Backup,
        Self::Schema,
        Self::Transfer,
        Self::Compare,
        Self::Application,
        Self::Cutover,
    ];

    /// The name in commands, JSON and the session.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prerequisites => "prerequisites",
            Self::Connections => "connections",
            Self::Inventory => "inventory",
            Self::Backup => "backup",
            Self::Schema => "schema",
            Self::Transfer => "transfer",
            Self::Compare => "compare",
            Self::Application => "application",
            Self::Cutover => "cutover",
            Self::Watch => "watch",
            Self::Cleanup => "cleanup",
        }
    }

    /// What the step will do, one sentence for the person.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Prerequisites => {
                "Looks for PostgreSQL's client tools and for room for the backup. Changes nothing."
            }
            Self::Connections => {
                "Tests both connections: version, TLS, rights, pgvector, room. Changes nothing."
            }
            Self::Inventory => {
                "Counts what there is to move and writes it to a file. Only reads the source."
            }
            Self::Backup => {
                "Dumps the source with pg_dump into the backup folder and checks the dump."
            }
            Self::Schema => "Creates extensions, types, tables and functions on the target.",
            Self::Transfer => {
                "Copies every row in one snapshot, then builds indexes, constraints and sequences."
            }
            Self::Compare => {
                "Compares rows, definitions and search on both sides. Changes nothing."
            }
            Self::Application => {
                "Tries the target as your application would, and plans its files. Changes none."
            }
            Self::Cutover => "Goes through the checklist; what only you know, you sign.",
            Self::Watch => "Probes the target in use, for a day or two. Changes nothing.",
            Self::Cleanup => {
                "Puts away what the migration needs no more. Never touches the old database."
            }
        }
    }

    /// The step with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// Whether it comes after the migration, which is done without it.
    pub fn is_afterwards(self) -> bool {
        self > Self::Cutover
    }

    /// The step after this one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step > self)
    }

    /// The step before this one.
    pub fn previous(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|step| *step < self)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not run yet, or to be run again because something before it changed.
    #[default]
    Waiting,
    /// Under way. Found in a file that was just opened, it means that the program was killed.
    Running,
    /// Finished, with its report.
    Done,
    /// Ended in a failure.
    Failed,
    /// Stopped by the person or by the end of the program; goes on where it was.
    Interrupted,
    /// The checklist is open: something has to be ticked or signed.
    AwaitingSignOff,
}

/// What is known of one step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Where it stands.
    pub state: State,
    /// When it was last started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it was first started, of a watch: its time counts from then, however often it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it last ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// What went wrong, when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What it found or did, when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// How far a transfer was when it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
}

/// How far a transfer was when it was stopped, as its own meters had it; the ledger is the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reached {
    /// Rows that were in.
    pub rows: u64,
    /// Rows that were to move, as they were counted.
    pub rows_total: u64,
    /// Builds on large tables that were left.
    pub builds_left: u64,
}

impl Record {
    /// Seconds from the last start to the last end.
    pub fn seconds(&self) -> Option<f64> {
        let span = self.finished?.as_millisecond() - self.started?.as_millisecond();
        (self.state != State::Running && span >= 0).then(|| span as f64 / 1000.0)
    }
}
