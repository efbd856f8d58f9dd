//! The report of a transfer.

use super::{KindCount, LeftOut, Throughput};
use crate::postgres::large_object;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The rows and what was built over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Each table that was loaded.
    pub tables: Vec<LoadedTable>,
    /// How many objects of each kind were built after the rows.
    pub built: Vec<KindCount>,
    /// What was left out, and why.
    pub left_out: Vec<LeftOut>,
    /// The source's tables that were not moved, because they are not selected, or because a schema of
    /// one's own does not have them; `left_out` has them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_moved: Vec<NotMoved>,
    /// What was selected, in words; `None` when it is everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// The tables of which only some rows were moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub some_rows: Vec<SomeRows>,
    /// Large objects that were loaded.
    #[serde(default, skip_serializing_if = "LoadedObjects::is_none")]
    pub large_objects: LoadedObjects,
    /// Snapshots of the source that were used: one, unless the transfer was resumed. All rows
    /// show the source as the last one saw it: what may have changed in between was loaded again.
    pub snapshots: u32,
    /// Chunks that had to be tried again.
    pub retries: u64,
    /// Seconds of the last run for rows alone.
    pub row_seconds: f64,
    /// Seconds of the last run for indexes and the rest.
    pub build_seconds: f64,
    /// How fast the last run carried rows; `None` in old sessions, which do not tell what of the
    /// rows was that run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
}

/// Large objects, as the ledger has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadedObjects {
    /// How many.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl LoadedObjects {
    fn is_none(&self) -> bool {
        self.objects == 0
    }
}

/// A table of the source that was not moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotMoved {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
}

impl NotMoved {
    /// Whether these are no table's rows, but all large objects.
    pub fn is_large_objects(&self) -> bool {
        (self.schema.as_str(), self.table.as_str()) == (large_object::SCHEMA, large_object::TABLE)
    }
}

impl fmt::Display for NotMoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// A table of which only some rows were moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SomeRows {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Which rows: a condition in the source's SQL.
    pub condition: String,
}

/// A loaded table, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadedTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Rows loaded.
    pub rows: u64,
    /// Bytes of COPY data.
    pub bytes: u64,
    /// Chunks.
    pub chunks: u32,
    /// The source's counters of writes to it, from just before the copy; `None` where the source
    /// does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<String>,
    /// Whether the source counted writes to it between the copy's snapshot and the transfer's end.
    /// The counters come late, by seconds: an early warning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub written_since: bool,
}

impl Transfer {
    /// The tables that the source was seen to write to since the copy began: `schema.table`.
    pub fn changed_since(&self) -> Vec<String> {
        let written = self.tables.iter().filter(|table| table.written_since);
        written
            .map(|table| format!("{}.{}", table.schema, table.table))
            .collect()
    }
}
