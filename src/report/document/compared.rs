//! What the comparison found.

use crate::session::report::{
    ComparedCollection, ComparedTable, ComparedVectors, Comparison, DefinitionDifference,
    DifferingRows,
};
use jiff::Timestamp;
use serde::Serialize;

/// What the comparison found.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// When.
    pub at: Timestamp,
    /// Whether rows were compared: not when definitions alone were moved.
    pub rows_compared: bool,
    /// How contents were hashed.
    pub method: String,
    /// Each table, what differs first, then what is not proved.
    pub tables: Vec<ReportedTable>,
    /// Rows for each value of the grouping column.
    pub collections: Vec<ComparedCollection>,
    /// What is defined otherwise on the two sides; what speaks against equality first.
    pub definitions: Vec<DefinitionDifference>,
    /// How many of the source's objects were looked for on the target.
    pub definitions_compared: u64,
    /// Columns with vectors: figures, the same searches on both sides, their times in microseconds.
    pub vectors: Vec<ComparedVectors>,
}

/// What is known of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableVerdict {
    /// Rows and hashes differ.
    Differs,
    /// It could not be compared, or was written to meanwhile.
    NotProved,
    /// Rows and hashes agree.
    Equal,
    /// Both sides have it with the same columns; its rows were not compared.
    SameColumns,
    /// It was not to be moved, and not compared.
    LeftOut,
}

impl TableVerdict {
    fn of(table: &ComparedTable, rows_compared: bool) -> Self {
        match table {
            table if table.left_out => Self::LeftOut,
            table if table.differs() => Self::Differs,
            table if table.is_open() => Self::NotProved,
            _ if !rows_compared => Self::SameColumns,
            _ => Self::Equal,
        }
    }
}

/// A compared table.
#[derive(Debug, Clone, Serialize)]
pub struct ReportedTable {
    /// `schema.table`, or `large objects` for all of them.
    pub name: String,
    /// Whether these are no table's rows, but all large objects: its rows are their number.
    pub large_objects: bool,
    /// What is known of it.
    pub verdict: TableVerdict,
    /// Rows on the source.
    pub source_rows: Option<u64>,
    /// Rows on the target.
    pub target_rows: Option<u64>,
    /// The hash of the source's rows.
    pub source_hash: Option<String>,
    /// The hash of the target's rows.
    pub target_hash: Option<String>,
    /// Which of its rows were to be moved: a condition in the source's SQL; null for all.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// Which rows differ, with the keys of some.
    pub rows: Option<DifferingRows>,
    /// Why nothing is proved of it.
    pub unproved: Option<String>,
    /// Whether the source counted writes to it since the copy began; null where it does not count.
    pub written_since: Option<bool>,
    /// Whether a later look can tell by the source's counters that it was written to.
    pub counted: bool,
}

impl Compared {
    pub(super) fn of(found: &Comparison) -> Self {
        let tables = found.differing_first().into_iter();
        let mut tables: Vec<ReportedTable> = tables
            .map(|table| ReportedTable::of(table, found.rows_compared))
            .collect();
        tables.sort_by_key(|table| table.verdict as u8);
        Self {
            at: found.at,
            rows_compared: found.rows_compared,
            method: found.method.clone(),
            tables,
            collections: found.collections.clone(),
            definitions: found.definitions.clone(),
            definitions_compared: found.definitions_compared,
            vectors: found.vectors.clone(),
        }
    }
}

impl ReportedTable {
    fn of(table: &ComparedTable, rows_compared: bool) -> Self {
        Self {
            name: table.name(),
            large_objects: table.is_large_objects(),
            verdict: TableVerdict::of(table, rows_compared),
            source_rows: table.source_rows,
            target_rows: table.target_rows,
            source_hash: table.source_hash.clone(),
            target_hash: table.target_hash.clone(),
            condition: table.condition.clone(),
            rows: table.differing.clone(),
            unproved: table.unproved.clone().filter(|_| table.is_open()),
            written_since: table.written_since,
            counted: table.counters.is_some(),
        }
    }
}
