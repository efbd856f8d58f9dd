//! A PostgreSQL database as a source, seen by all its readers in one exported snapshot.

mod activity;
mod chunk;
mod counters;
mod export;
mod waiting;

pub use activity::{Activity, activity};
pub use chunk::ranges;
pub use counters::counters;
pub use export::{Exported, Exporting};
pub use waiting::{Waiting, waiting};

use super::{Error, Format, Range, Reader, Rows, Shipment, Source};
use crate::config::Select;
use crate::postgres::catalogue::{self, Sequence, Table, TableName};
use crate::postgres::script::enclosed;
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, quote};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// From this version on, a range of `ctid` reads only its own blocks (TID range scan).
pub const TID_RANGE_SCAN: u32 = 140_000;

/// A reader waits for a table only behind somebody who waits for the snapshot's own lock on it: both
/// would wait for ever, and no server notices. Others who want a lock and give up soon are waited for.
const PATIENCE: &str = "SET LOCAL lock_timeout = '20s'";

/// Tables named in one LOCK statement.
const LOCK_BATCH: usize = 500;

/// The source at one moment: a snapshot that every reader shares, with a share lock on every
/// selected table that keeps TRUNCATE and VACUUM FULL away.
#[derive(Debug)]
pub struct PostgresSource {
    string: ConnectionString,
    cancel: CancellationToken,
    session: Connection,
    exported: Exported,
    tables: Vec<Table>,
    version: u32,
    counts_writes: bool,
}

impl PostgresSource {
    /// Takes a snapshot that lives as long as this does, and locks what is selected.
    pub async fn open(
        string: &ConnectionString,
        select: &Select,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let Exporting { session, exported } = Exporting::begin(string, select, cancel).await?;
        Self::over(session, exported, string, cancel).await
    }

    /// Joins a snapshot that somebody else holds; `None` when that one is no longer there.
    pub async fn join(
        exported: Exported,
        string: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Result<Option<Self>, Error> {
        let session = match exported.join(string, "", cancel).await {
            Err(Error::SnapshotLost(_)) => return Ok(None),
            session => session?,
        };
        Self::over(session, exported, string, cancel)
            .await
            .map(Some)
    }

    async fn over(
        session: Connection,
        exported: Exported,
        string: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let asked = format!(
            "SELECT current_setting('server_version_num')::int, NOT {}",
            counters::UNCOUNTED
        );
        let row = session
            .query_one(&asked, &[])
            .await
            .map_err(PostgresError::while_doing(
                "asking for the source's version",
            ))?;
        let tables = catalogue::tables(&session).await?;
        Ok(Self {
            version: u32::try_from(row.get::<_, i32>(0)).unwrap_or(0),
            counts_writes: row.get(1),
            string: string.clone(),
            cancel: cancel.clone(),
            session,
            exported,
            tables,
        })
    }

    /// The tables as the snapshot's transaction found them.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The snapshot's name, for `pg_dump --snapshot`.
    pub fn snapshot(&self) -> &str {
        &self.exported.name
    }

    /// What tells the snapshot from every other one of this source.
    pub fn identity(&self) -> &str {
        &self.exported.identity
    }

    /// When the snapshot was taken.
    pub fn taken(&self) -> Timestamp {
        self.exported.taken
    }

    /// Which transactions the snapshot sees (`pg_current_snapshot()`): two equal texts without
    /// transactions under way see the same rows.
    pub fn visible(&self) -> &str {
        &self.exported.visible
    }

    /// A session that reads what the readers read.
    pub fn session(&self) -> &Connection {
        &self.session
    }

    /// The source's `server_version_num`.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether a table can be read in parts.
    pub fn can_split(&self) -> bool {
        self.version >= TID_RANGE_SCAN
    }

    /// Whether the server counts writes at all: a standby does not.
    pub fn counts_writes(&self) -> bool {
        self.counts_writes
    }

    /// Each table's [`counters`] from just before the snapshot: what to remember with its chunks.
    pub fn fingerprints_before(&self) -> &HashMap<TableName, String> {
        &self.exported.before
    }

    /// Each table's [`counters`] as they are now, after the snapshot: what to compare with those
    /// remembered from before a snapshot. Equal ones mean that nothing was written in between, so
    /// block ranges of the earlier snapshot still hold the same rows.
    pub async fn fingerprints_now(&self) -> Result<HashMap<TableName, String>, Error> {
        Ok(counters(&self.session).await?)
    }

    /// The sequences with their values.
    pub async fn sequences(&self) -> Result<Vec<Sequence>, Error> {
        Ok(catalogue::sequences(&self.session).await?)
    }

    /// The materialized views that hold no rows on the source and so shall hold none on the target.
    pub async fn empty_materialized_views(&self) -> Result<Vec<TableName>, Error> {
        Ok(catalogue::materialized_views(&self.session, false).await?)
    }

    /// Ends the session, and with it a snapshot that it took itself.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.session.batch("ending the snapshot", "COMMIT").await?)
    }
}

async fn lock(session: &Connection, tables: &[Table]) -> Result<(), PostgresError> {
    for batch in tables.chunks(LOCK_BATCH) {
        // ONLY: each table that holds rows stands in the list itself.
        let names: Vec<String> = batch.iter().map(Table::only_sql).collect();
        let sql = format!("LOCK TABLE {} IN ACCESS SHARE MODE", names.join(", "));
        session
            .batch("locking the source's tables against being rewritten", &sql)
            .await?;
    }
    Ok(())
}

/// How a table travels: generated columns stay, and text is used where binary would be wrong.
pub fn shipment(table: &Table) -> Shipment {
    let binary = table.copied_columns().all(|column| column.binary);
    Shipment {
        table: table.name.clone(),
        columns: table
            .copied_columns()
            .map(|column| column.name.clone())
            .collect(),
        format: if binary { Format::Binary } else { Format::Text },
        routed: table.routed,
        condition: table.condition.clone(),
    }
}

impl Source for PostgresSource {
    type Reader = PostgresReader;

    async fn reader(&self) -> Result<PostgresReader, Error> {
        let joining = self.exported.join(&self.string, PATIENCE, &self.cancel);
        let connection = joining.await?;
        Ok(PostgresReader { connection })
    }
}

/// One connection inside the source's snapshot.
#[derive(Debug)]
pub struct PostgresReader {
    connection: Connection,
}

impl Reader for PostgresReader {
    async fn read(&mut self, shipment: &Shipment, range: Range) -> Result<Rows, Error> {
        let doing = format!("reading {}", shipment.table);
        let failed = PostgresError::while_doing(doing.clone());
        let pieces = self
            .connection
            .copy_out(&copy_out(shipment, range))
            .await
            .map_err(failed)?;
        let failed = move |error| PostgresError::while_doing(doing.clone())(error).into();
        Ok(pieces.map_err(failed).boxed())
    }
}

fn copy_out(shipment: &Shipment, range: Range) -> String {
    let columns = quote::identifiers(shipment.columns.iter().map(String::as_str));
    let (table, format) = (shipment.table.sql(), shipment.format.sql());
    let conditions = conditions(shipment, range);
    // The plain form is three times as fast as a SELECT; it needs a column to name, and rows of the
    // table's own.
    if conditions.is_empty() && !shipment.columns.is_empty() && !shipment.routed {
        return format!("COPY {table} ({columns}) TO STDOUT {format}");
    }
    let which = match conditions.as_slice() {
        [] => String::new(),
        some => format!(" WHERE {}", some.join(" AND ")),
    };
    let only = catalogue::only(&shipment.table, shipment.routed);
    format!("COPY (SELECT {columns} FROM {only}{which}) TO STDOUT {format}")
}

/// What chooses the rows: the person's condition, in parentheses of its own, and the blocks.
fn conditions(shipment: &Shipment, range: Range) -> Vec<String> {
    let mut conditions: Vec<String> = shipment.condition.iter().map(|sql| enclosed(sql)).collect();
    conditions.extend(range.conditions());
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipment(columns: &[&str]) -> Shipment {
        Shipment {
            table: TableName {
                schema: "s".into(),
                name: "T".into(),
            },
            columns: columns.iter().map(ToString::to_string).collect(),
            format: Format::Binary,
            routed: false,
            condition: None,
        }
    }

    #[test]
    fn a_condition_holds_in_every_range() {
        let shipment = Shipment {
            condition: Some("a OR b -- both".to_owned()),
            ..shipment(&["a"])
        };
        let until = Some(9);
        let sql = copy_out(&shipment, Range::Blocks { from: 8, until });
        let which = "WHERE (\na OR b -- both\n) AND ctid >= '(8,0)' AND ctid < '(9,0)')";
        assert!(sql.contains(which), "{sql}");
        let whole = copy_out(&shipment, Range::Whole);
        assert!(
            whole.contains("FROM ONLY \"s\".\"T\" WHERE (\na OR b -- both\n)) TO"),
            "{whole}"
        );
    }

    #[test]
    fn a_whole_table_is_read_in_the_plain_form() {
        let sql = copy_out(&shipment(&["a", "b\"c"]), Range::Whole);
        assert_eq!(
            sql,
            r#"COPY "s"."T" ("a", "b""c") TO STDOUT (FORMAT binary)"#
        );
    }

    #[test]
    fn a_routed_table_is_read_with_its_partitions() {
        let routed = Shipment {
            routed: true,
            ..shipment(&["a"])
        };
        let sql = copy_out(&routed, Range::Whole);
        assert_eq!(
            sql,
            r#"COPY (SELECT "a" FROM "s"."T") TO STDOUT (FORMAT binary)"#
        );
    }

    #[test]
    fn the_last_range_is_open_ended() {
        let sql = copy_out(
            &shipment(&["a"]),
            Range::Blocks {
                from: 8,
                until: None,
            },
        );
        assert!(sql.contains("WHERE ctid >= '(8,0)')"), "{sql}");
    }
}
