//! A PostgreSQL database as a source, seen by all its readers in one exported snapshot.

mod chunk;

pub use chunk::ranges;

use super::{Error, Format, Range, Reader, Rows, Shipment, Source};
use crate::postgres::catalogue::{self, Sequence, Table, TableName};
use crate::postgres::script::enclosed;
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying, quote};
use futures_util::{StreamExt, TryStreamExt};
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// From this version on, a range of `ctid` reads only its own blocks (TID range scan).
const TID_RANGE_SCAN: u32 = 140_000;

/// Tables named in one LOCK statement.
const LOCK_BATCH: usize = 500;

/// The source at one moment. Holds a read-only transaction open whose snapshot every reader
/// shares, and a share lock on every table, which keeps TRUNCATE and VACUUM FULL away.
#[derive(Debug)]
pub struct PostgresSource {
    string: ConnectionString,
    cancel: CancellationToken,
    holder: Connection,
    snapshot: String,
    visible: String,
    before: HashMap<TableName, String>,
    tables: Vec<Table>,
    version: u32,
}

impl PostgresSource {
    /// Connects, takes the snapshot and locks the tables against being rewritten.
    pub async fn open(
        string: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let holder = Connection::open(string, &Retrying::default(), cancel).await?;
        holder.pin_for_reading().await?;
        let before = fingerprints(&holder).await?;
        holder.begin_reading().await?;
        let row = holder
            .query_one(
                "SELECT pg_export_snapshot(),
                        -- A standby's text does not list what is under way: never equal.
                        pg_current_snapshot()::text || CASE WHEN pg_is_in_recovery()
                          THEN clock_timestamp()::text ELSE '' END,
                        current_setting('server_version_num')::int",
                &[],
            )
            .await
            .map_err(PostgresError::while_doing(
                "exporting a snapshot of the source",
            ))?;
        let (snapshot, visible) = (row.get(0), row.get(1));
        let version = u32::try_from(row.get::<_, i32>(2)).unwrap_or(0);
        let tables = catalogue::tables(&holder).await?;
        lock(&holder, &tables).await?;
        let (string, cancel) = (string.clone(), cancel.clone());
        Ok(Self {
            string,
            cancel,
            holder,
            snapshot,
            visible,
            before,
            tables,
            version,
        })
    }

    /// The tables as the snapshot's transaction found them.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The snapshot's name, for `pg_dump --snapshot`.
    pub fn snapshot(&self) -> &str {
        &self.snapshot
    }

    /// The session that holds the snapshot: it reads what the readers read.
    pub fn session(&self) -> &Connection {
        &self.holder
    }

    /// Which transactions the snapshot sees (`pg_current_snapshot()`): two equal texts without
    /// transactions under way see the same rows.
    pub fn visible(&self) -> &str {
        &self.visible
    }

    /// The source's `server_version_num`.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether a table can be read in parts.
    pub fn can_split(&self) -> bool {
        self.version >= TID_RANGE_SCAN
    }

    /// Each table's fingerprint from just before the snapshot: what to remember with its chunks.
    pub fn fingerprints_before(&self) -> &HashMap<TableName, String> {
        &self.before
    }

    /// Each table's fingerprint as it is now, after the snapshot: what to compare with one
    /// remembered from before an earlier snapshot. Equal ones mean that nothing was written in
    /// between, so block ranges of the earlier snapshot still hold the same rows.
    pub async fn fingerprints_now(&self) -> Result<HashMap<TableName, String>, Error> {
        Ok(fingerprints(&self.holder).await?)
    }

    /// The sequences with their values.
    pub async fn sequences(&self) -> Result<Vec<Sequence>, Error> {
        Ok(catalogue::sequences(&self.holder).await?)
    }

    /// The materialized views that hold no rows on the source and so shall hold none on the target.
    pub async fn empty_materialized_views(&self) -> Result<Vec<TableName>, Error> {
        Ok(catalogue::materialized_views(&self.holder, false).await?)
    }

    /// Ends the snapshot.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.holder.batch("ending the snapshot", "COMMIT").await?)
    }
}

/// For each table a text that changes when its rows are written to or the table is rewritten: its
/// file, the counters of `pg_stat_user_tables`, and when those were last reset. Where the server
/// does not count (a standby, `track_counts` off), no two texts are equal.
async fn fingerprints(holder: &Connection) -> Result<HashMap<TableName, String>, PostgresError> {
    let rows = holder
        .query(
            "SELECT s.schemaname, s.relname,
                    concat_ws('/', c.oid, pg_relation_filenode(c.oid), s.n_tup_ins, s.n_tup_upd,
                              s.n_tup_del, b.stats_reset, d.stats_reset,
                              CASE WHEN pg_is_in_recovery() OR NOT current_setting('track_counts')::bool
                                   THEN clock_timestamp()::text END)
             FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
             CROSS JOIN pg_stat_bgwriter b
             JOIN pg_stat_database d ON d.datname = current_database()",
            &[],
        )
        .await
        .map_err(PostgresError::while_doing("reading the tables' counters"))?;
    let named = |row: &tokio_postgres::Row| {
        let (schema, name) = (row.get(0), row.get(1));
        (TableName { schema, name }, row.get(2))
    };
    Ok(rows.iter().map(named).collect())
}

async fn lock(holder: &Connection, tables: &[Table]) -> Result<(), Error> {
    for batch in tables.chunks(LOCK_BATCH) {
        let names: Vec<String> = batch.iter().map(|table| table.name.sql()).collect();
        // ONLY: each table that holds rows stands in the list itself.
        let sql = format!(
            "LOCK TABLE ONLY {} IN ACCESS SHARE MODE",
            names.join(", ONLY ")
        );
        holder
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
        condition: table.condition.clone(),
    }
}

impl Source for PostgresSource {
    type Reader = PostgresReader;

    async fn reader(&self) -> Result<PostgresReader, Error> {
        let connection = Connection::open(&self.string, &Retrying::default(), &self.cancel).await?;
        connection.pin_for_reading().await?;
        connection.begin_reading().await?;
        let join = format!(
            "SET TRANSACTION SNAPSHOT {}",
            quote::literal(&self.snapshot)
        );
        connection
            .batch("joining the source's snapshot", &join)
            .await?;
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
    // The plain form is three times as fast as a SELECT; it needs a column to name.
    if conditions.is_empty() && !shipment.columns.is_empty() {
        return format!("COPY {table} ({columns}) TO STDOUT {format}");
    }
    let which = match conditions.as_slice() {
        [] => String::new(),
        some => format!(" WHERE {}", some.join(" AND ")),
    };
    format!("COPY (SELECT {columns} FROM ONLY {table}{which}) TO STDOUT {format}")
}

/// What chooses the rows: the person's condition, in parentheses of its own, and the blocks.
fn conditions(shipment: &Shipment, range: Range) -> Vec<String> {
    let mut conditions: Vec<String> = shipment.condition.iter().map(|sql| enclosed(sql)).collect();
    if let Range::Blocks { from, until } = range {
        conditions.push(format!("ctid >= '({from},0)'"));
        conditions.extend(until.map(|end| format!("ctid < '({end},0)'")));
    }
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
