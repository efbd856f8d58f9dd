//! What each step reports: typed, plain data that goes into the session and to both front ends.

mod application;
mod cleanup;
mod comparison;
mod definition;
mod differing;
mod estimate;
mod inventory;
mod loss;
mod phases;
mod recovery;
mod source_look;
mod throughput;
mod transfer;
mod unreached;
mod vectors;
mod watch;
mod way_back;

pub use application::{Application, ChangedLine, OwnTest, SEARCH_IN, SwitchedFile};
pub use cleanup::{ArchivedFile, Cleanup};
pub use comparison::{ComparedCollection, ComparedTable, Comparison};
pub use definition::DefinitionDifference;
pub use differing::{
    ChangedColumn, DifferingRow, DifferingRows, EXAMPLES, RowDifference, key_in_words,
};
pub use estimate::{Estimate, RoomLeft};
pub use inventory::{Collection, Extension, Inventory, LeftBehind, Room, Table, VectorColumn};
pub use loss::{AtStake, Lost, Stake, cost_in_words, rows_at_stake};
pub use phases::{Here, Phase};
pub use recovery::{
    Applied, AppliedTable, DivergedTable, Divergence, Rehearsal, RehearsedFiles, Restored, RowsFile,
};
pub use source_look::{BackupLook, CutoverLook, SourceLook};
pub use throughput::{Stretch, Throughput};
pub use transfer::{LoadedObjects, LoadedTable, NotMoved, SomeRows, Transfer};
pub use unreached::Unreached;
pub use vectors::{
    ComparedVectors, SPEED_LIMIT, SearchSide, Searches, Share, Standing, Told, VectorFigures,
    VectorIndex,
};
pub use watch::{Alarm, Probe, Sample, Statement, Watch, WatchedFigure};
pub use way_back::{LATE_WRITES, Recovered, WayBack};

use super::Identity;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};

/// A step's report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Report {
    /// Of `prerequisites`.
    Prerequisites(Prerequisites),
    /// Of `connections`.
    Connections(Box<Connections>),
    /// Of `connections`, when a side could not be tested.
    Unreached(Box<Unreached>),
    /// Of `inventory`.
    Inventory(Inventory),
    /// Of `backup`.
    Backup(Backup),
    /// Of `schema`.
    Schema(Schema),
    /// Of `transfer`.
    Transfer(Transfer),
    /// Of `compare`.
    Compare(Comparison),
    /// Of `application`.
    Application(Application),
    /// Of `cutover`; the checklist itself is the session's.
    Cutover(CutoverLook),
    /// Of `watch`; also while it goes on.
    Watch(Box<Watch>),
    /// Of `cleanup`.
    Cleanup(Cleanup),
}

impl Report {
    /// Why the step that reported this did not succeed, although it came to its end: a check came
    /// out badly, or the two sides differ. `migrated` unless the step only compares two databases.
    pub fn failure(&self, migrated: bool) -> Option<Failure> {
        match self {
            Self::Prerequisites(found) => checks_failure("Something is missing", &found.checks),
            Self::Connections(found) => {
                checks_failure("The databases are not ready for a migration", &found.checks)
            }
            Self::Unreached(found) => found.failure(),
            Self::Compare(found) if !found.equal => Some(found.objection(migrated)),
            Self::Application(found) => found.failure(),
            Self::Watch(found) => found.failure(),
            _ => None,
        }
    }
}

impl Report {
    /// Whether the step has more to do, although its run has come to its end.
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Watch(found) if !found.is_over())
    }
}

fn checks_failure(what: &str, checks: &[Check]) -> Option<Failure> {
    let bad: Vec<&Check> = checks
        .iter()
        .filter(|c| c.verdict == Verdict::Bad)
        .collect();
    let why = bad
        .iter()
        .map(|check| format!("{}: {}", check.name, check.found));
    let why = why.collect::<Vec<_>>().join("; ");
    let mut failure = Failure::new(what, why);
    failure.advice = bad.iter().flat_map(|check| check.advice.clone()).collect();
    (!bad.is_empty()).then_some(failure)
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing; does not stop the migration.
    Warning,
    /// Stops the migration until it is mended.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What was looked at: "pg_dump".
    pub name: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was found: "16.2, /usr/bin/pg_dump".
    pub found: String,
    /// How to mend it; commands stand after `$ `.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
}

impl Check {
    /// A check that came out well.
    pub fn good(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(name, Verdict::Good, found)
    }

    /// A check whose result is worth knowing.
    pub fn warning(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(name, Verdict::Warning, found)
    }

    /// A check that stops the migration.
    pub fn bad(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(name, Verdict::Bad, found)
    }

    fn new(name: impl Into<String>, verdict: Verdict, found: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            verdict,
            found: found.into(),
            advice: Vec::new(),
        }
    }

    /// The side that it is about and what it looked at there, "Source: encryption" taken apart;
    /// `None` for what concerns both.
    pub fn side(&self) -> Option<(&str, &str)> {
        let (side, what) = self.name.split_once(": ")?;
        matches!(side, "Source" | "Target").then_some((side, what))
    }

    /// Adds one step of advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }
}

/// Tools and room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prerequisites {
    /// Everything that was looked at.
    pub checks: Vec<Check>,
}

impl Prerequisites {
    /// Whether a check of this name is among them.
    pub fn has(&self, name: &str) -> bool {
        self.checks.iter().any(|check| check.name == name)
    }
}

/// Both servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// The source's server.
    pub source: Server,
    /// The target's server.
    pub target: Server,
    /// What was looked at on either side and between the two.
    pub checks: Vec<Check>,
    /// The target's tables that would be lost or emptied if it were overwritten, those with most
    /// rows first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_stake: Vec<AtStake>,
    /// What else of the target would be lost with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_lost: Vec<Lost>,
    /// All of both by name: a consent is to this, and to nothing that is made later.
    #[serde(default, skip_serializing_if = "Stake::is_empty")]
    pub stake: Stake,
}

impl Connections {
    /// Whether the target holds something and the policy does not take that. What may be the
    /// source is never offered to be overwritten.
    pub fn target_is_occupied(&self) -> bool {
        let is_bad = |name: &str| {
            let is_it = |check: &Check| check.name == name && check.verdict == Verdict::Bad;
            self.checks.iter().any(is_it)
        };
        is_bad(TARGET_EMPTY) && !is_bad(TWO_DATABASES)
    }
}

/// The name of the check whether source and target are two databases, and the right way round.
pub const TWO_DATABASES: &str = "Two different databases";

/// The name of the check whether the target can be written to as the policy says.
pub const TARGET_EMPTY: &str = "Target: empty";

/// A server as it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Host, port and database.
    pub endpoint: String,
    /// Which database it is.
    pub identity: Identity,
    /// `server_version_num`: 160002.
    pub version: u32,
    /// The negotiated TLS protocol; `None` without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// A round trip's median time in milliseconds.
    pub round_trip_ms: f64,
    /// The size of the database in bytes.
    pub database_bytes: u64,
    /// The connected role.
    pub role: String,
    /// pgvector's version when it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
}

/// The dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The dump's file.
    pub file: String,
    /// The file with its table of contents.
    pub contents_file: String,
    /// The size of the dump in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Entries that `pg_restore --list` read back.
    pub entries: u64,
}

/// What was created on the target before the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Where the definitions came from: the source, or a folder of SQL files.
    pub from: String,
    /// How many objects of each kind were created.
    pub created: Vec<KindCount>,
    /// What was left out, and why.
    pub left_out: Vec<LeftOut>,
    /// What of the target was dropped or emptied for it, with a person's consent: each kind with its
    /// number and first names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overwritten: Vec<String>,
}

/// A number of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindCount {
    /// The kind as pg_dump names it, in lower case.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// Something that was not carried over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}
