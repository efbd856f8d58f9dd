//! What the transfer moved.

use crate::session::report::{KindCount, Report, Throughput};
use crate::session::{Session, Step};
use serde::Serialize;

/// What the transfer moved.
#[derive(Debug, Clone, Serialize)]
pub struct Moved {
    /// All rows.
    pub rows: u64,
    /// All bytes of COPY data.
    pub bytes: u64,
    /// Each table, the largest first.
    pub tables: Vec<MovedTable>,
    /// What was built over the rows.
    pub built: Vec<KindCount>,
    /// Large objects.
    pub large_objects: u64,
    /// Snapshots that were used.
    pub snapshots: u32,
    /// Chunks that had to be tried again.
    pub retries: u64,
    /// Seconds of the last run for rows.
    pub row_seconds: f64,
    /// Seconds of the last run for what was built after all rows were in.
    pub build_seconds: f64,
    /// What the last run itself carried, over its time; null where an older version did not note it.
    pub throughput: Option<Throughput>,
}

/// A table that was moved.
#[derive(Debug, Clone, Serialize)]
pub struct MovedTable {
    /// `schema.table`.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes of COPY data.
    pub bytes: u64,
}

impl Moved {
    pub(super) fn of(session: &Session) -> Option<Self> {
        let Some(Report::Transfer(done)) = session.report(Step::Transfer) else {
            return None;
        };
        let tables = done.tables.iter().map(|table| MovedTable {
            name: format!("{}.{}", table.schema, table.table),
            rows: table.rows,
            bytes: table.bytes,
        });
        let mut tables: Vec<MovedTable> = tables.collect();
        tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
        Some(Self {
            rows: tables.iter().map(|table| table.rows).sum(),
            bytes: tables.iter().map(|table| table.bytes).sum(),
            tables,
            built: done.built.clone(),
            large_objects: done.large_objects.objects,
            snapshots: done.snapshots,
            retries: done.retries,
            row_seconds: done.row_seconds,
            build_seconds: done.build_seconds,
            throughput: done.throughput.clone(),
        })
    }
}
