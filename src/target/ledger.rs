//! The ledger: tables in the schema `neonlift` on the target that say which rows are in.
//!
//! It is the truth about rows. A chunk's rows and its mark in the ledger are committed together,
//! so whatever happens in between, a chunk is in whole and once, or not at all.

mod creation;
mod dropping;
mod emptying;
mod key;
mod overwritten;
mod place;
mod unlogged;

pub use dropping::Dropped;
pub use key::LedgerKey;
pub use place::Place;

use crate::postgres::catalogue::TableName;
use crate::postgres::script::Entry;
use crate::postgres::{Connection, Error, quote};
use crate::source::Range;
use emptying::{emptying, forgetting};
use jiff::Timestamp;
use std::collections::HashSet;
use std::time::SystemTime;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use unlogged::recount;

/// The SQLSTATE (our own) of the refusal to empty a table with rows that we did not load.
pub const FOREIGN_ROWS: &str = "NLT01";

/// The first word of an index's mark; its schema, table and name follow.
pub const INDEX: &str = "INDEX";
/// The first word of the mark of what an entry does besides making an index; schema, table, kind and
/// name follow.
pub const REST: &str = "REST";
/// The first word of the mark that a table's statistics are gathered; its schema and name follow.
pub const STATISTICS: &str = "ANALYZE";

/// The mark that every chunk is in.
const ROWS: &str = "all rows";

/// Which chunk of which table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChunkKey {
    /// The table.
    pub table: TableName,
    /// The chunk's number in its table, from 0.
    pub number: i32,
}

impl ChunkKey {
    /// The chunk of this number in this table.
    pub fn new(schema: String, name: String, number: i32) -> Self {
        let table = TableName { schema, name };
        Self { table, number }
    }
}

/// A chunk as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedChunk {
    /// Its number.
    pub number: i32,
    /// Its rows.
    pub range: Range,
    /// Rows and bytes when it is in.
    pub loaded: Option<(u64, u64)>,
}

/// A table as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTable {
    /// Its name.
    pub table: TableName,
    /// The snapshot that its rows come from.
    pub snapshot: i32,
    /// What told whether it was written to since.
    pub fingerprint: String,
    /// Its chunks.
    pub chunks: Vec<LoadedChunk>,
}

/// A table to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planning {
    /// Its name.
    pub table: TableName,
    /// Its rows are in partitions that the target chooses.
    pub routed: bool,
    /// What tells whether it was written to since.
    pub fingerprint: String,
    /// Its rows, chunk by chunk.
    pub ranges: Vec<Range>,
}

/// A table of the ledger that the source has no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its name.
    pub table: TableName,
    /// Whether its rows are in partitions that the target chooses; `None` when the target has no
    /// such table, either.
    pub there: Option<bool>,
}

/// A snapshot of the source that rows were read in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its number in the run, from 1.
    pub number: i32,
    /// What tells it from every other snapshot of the source.
    pub identity: String,
    /// When it was taken.
    pub taken: Timestamp,
    /// `pg_current_snapshot()` as text.
    pub visible: String,
}

/// One run's part of the ledger.
#[derive(Debug)]
pub struct Ledger<'a> {
    connection: &'a Connection,
    run: &'a str,
}

impl<'a> Ledger<'a> {
    /// The ledger of a run, over a connection to the target.
    pub fn new(connection: &'a Connection, run: &'a str) -> Self {
        Self { connection, run }
    }

    /// The snapshots used so far.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        let sql = "SELECT snapshot, identity, taken_at, visible FROM neonlift.snapshots
                   WHERE run = $1 ORDER BY 1";
        let rows = self.rows(sql).await?;
        Ok(rows
            .iter()
            .map(|row| Snapshot {
                number: row.get(0),
                identity: row.get(1),
                taken: taken(row.get(2)),
                visible: row.get(3),
            })
            .collect())
    }

    /// SQL that notes a snapshot, once. Another one with its number is an error ([`SNAPSHOT_KEY`]).
    fn noting(&self, snapshot: &Snapshot) -> String {
        let (run, visible) = (quote::literal(self.run), quote::literal(&snapshot.visible));
        let identity = quote::literal(&snapshot.identity);
        let taken = quote::literal(&snapshot.taken.to_string());
        format!(
            "INSERT INTO neonlift.snapshots (run, snapshot, identity, taken_at, visible)
             SELECT {run}, {}, {identity}, {taken}, {visible} WHERE NOT EXISTS
               (SELECT FROM neonlift.snapshots WHERE run = {run} AND identity = {identity});",
            snapshot.number
        )
    }

    /// All planned tables with their chunks.
    pub async fn tables(&self) -> Result<Vec<PlannedTable>, Error> {
        let sql = "SELECT t.schema_name, t.table_name, t.snapshot, t.fingerprint, c.chunk,
                          c.from_block, c.until_block, c.loaded_at IS NOT NULL, c.rows, c.bytes
                   FROM neonlift.tables t JOIN neonlift.chunks c USING (run, schema_name, table_name)
                   WHERE t.run = $1 ORDER BY 1, 2, c.chunk";
        let mut tables: Vec<PlannedTable> = Vec::new();
        for row in &self.rows(sql).await? {
            let table = TableName::of(row, 0);
            if tables.last().is_none_or(|last| last.table != table) {
                let (snapshot, fingerprint) = (row.get(2), row.get(3));
                tables.push(PlannedTable {
                    table,
                    snapshot,
                    fingerprint,
                    chunks: Vec::new(),
                });
            }
            if let Some(last) = tables.last_mut() {
                last.chunks.push(chunk(row));
            }
        }
        Ok(tables)
    }

    /// Plans tables anew, to be read in a snapshot: whatever was loaded of them before is taken out
    /// of the target, in the same transaction, so that rows of two moments never mix in a table. A
    /// table that holds other rows than those loaded is not touched: refused with [`FOREIGN_ROWS`].
    /// Those that are `gone` from the source are taken out of the ledger, too.
    pub async fn plan(
        &self,
        tables: &[Planning],
        snapshot: &Snapshot,
        begun: &HashSet<TableName>,
        gone: &[Gone],
    ) -> Result<(), Error> {
        let (run, number) = (quote::literal(self.run), snapshot.number);
        let mut sql = format!("BEGIN;{}", self.noting(snapshot));
        for Gone { table, there } in gone {
            let key = self.key(table);
            if let Some(routed) = there {
                sql += &emptying(table, *routed, &key, &run);
            }
            sql += &forgetting(&key);
        }
        for planning in tables {
            let table = &planning.table;
            let (schema, name) = (quote::literal(&table.schema), quote::literal(&table.name));
            if begun.contains(table) {
                let key = self.key(table);
                sql += &emptying(table, planning.routed, &key, &run);
                sql += &forgetting(&key);
            }
            let fingerprint = quote::literal(&planning.fingerprint);
            sql += &format!(
                "INSERT INTO neonlift.tables VALUES ({run}, {schema}, {name}, {number}, {fingerprint});
                 INSERT INTO neonlift.chunks (run, schema_name, table_name, chunk, from_block, until_block) VALUES "
            );
            let values: Vec<String> = (0..)
                .zip(&planning.ranges)
                .map(|(chunk, range): (i32, _)| {
                    let (from, until) = blocks(*range);
                    format!("({run}, {schema}, {name}, {chunk}, {from}, {until})")
                })
                .collect();
            sql += &values.join(", ");
            sql.push(';');
        }
        sql += "COMMIT";
        let result = self
            .connection
            .batch("planning the chunks in the ledger", &sql)
            .await;
        if result.is_err() && !self.connection.is_closed() {
            self.connection
                .batch("undoing the plan", "ROLLBACK")
                .await?;
        }
        result
    }

    /// Takes back the marks of chunks that a crash of the target has taken out of unlogged tables.
    /// Not once all rows are marked as in.
    pub async fn recount_unlogged(&self) -> Result<(), Error> {
        let (run, all) = (quote::literal(self.run), quote::literal(ROWS));
        self.connection
            .batch(
                "looking whether unlogged tables are still filled",
                &recount(&run, &all),
            )
            .await
    }

    /// Marks that every chunk is in, if that is so; whether it is. In one transaction with a look
    /// at the unlogged tables. The mark is committed synchronously, and with it all commits before
    /// it.
    pub async fn complete_rows(&self) -> Result<bool, Error> {
        let (run, all) = (quote::literal(self.run), quote::literal(ROWS));
        let sql = format!(
            "{};
             INSERT INTO neonlift.built (run, definition) SELECT {run}, {all} WHERE NOT EXISTS
               (SELECT FROM neonlift.chunks WHERE run = {run} AND loaded_at IS NULL)
             ON CONFLICT DO NOTHING",
            recount(&run, &all)
        );
        let marking = self.connection.batch("marking that all rows are in", &sql);
        let ((), complete) = tokio::try_join!(marking, self.rows_are_complete())?;
        Ok(complete)
    }

    /// Whether it was ever found that every chunk is in.
    pub async fn rows_are_complete(&self) -> Result<bool, Error> {
        self.has_mark(ROWS).await
    }

    pub(super) async fn has_mark(&self, mark: &str) -> Result<bool, Error> {
        let sql = "SELECT FROM neonlift.built WHERE run = $1 AND definition = $2";
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&self.run, Type::TEXT), (&mark, Type::TEXT)];
        let found = self.connection.query_typed(sql, &parameters).await;
        Ok(!found
            .map_err(Error::while_doing("reading the ledger"))?
            .is_empty())
    }

    /// The definitions that were built after the rows. Waits for those still being built: a
    /// server goes on building for a run that was killed, and must not be met half-way.
    pub async fn built(&self) -> Result<HashSet<String>, Error> {
        let settle = "BEGIN; LOCK TABLE neonlift.built IN SHARE MODE; COMMIT";
        let settling = self
            .connection
            .batch("waiting for what a killed run still builds", settle);
        let ((), marks) = tokio::try_join!(settling, self.marks())?;
        Ok(marks)
    }

    /// The marks of what is built by now.
    pub async fn marks(&self) -> Result<HashSet<String>, Error> {
        let sql = "SELECT definition FROM neonlift.built WHERE run = $1";
        let rows = self.rows(sql).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The definitions that SQL files made before the rows, and that were taken away until the
    /// rows are in.
    pub async fn deferred(&self) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT kind, schema_name, table_name, name, definition FROM neonlift.deferred
                   WHERE run = $1 ORDER BY position";
        let entry = |row: &Row| Entry {
            kind: row.get(0),
            schema: Some(row.get(1)),
            table: Some(row.get(2)),
            name: row.get(3),
            sql: row.get(4),
            ..Entry::default()
        };
        Ok(self.rows(sql).await?.iter().map(entry).collect())
    }

    /// SQL that notes a definition as built; stands first in the transaction that builds it, so
    /// that [`Ledger::built`] can wait for its end, and so that a second attempt waits for a first
    /// one whose connection was lost and then fails on the table's key.
    pub fn mark_built(run: &str, definition: &str) -> String {
        let (run, definition) = (quote::literal(run), quote::literal(definition));
        format!("INSERT INTO neonlift.built (run, definition) VALUES ({run}, {definition});")
    }

    /// A table's key in the ledger, as SQL.
    fn key(&self, table: &TableName) -> String {
        let (run, schema) = (quote::literal(self.run), quote::literal(&table.schema));
        format!("({run}, {schema}, {})", quote::literal(&table.name))
    }

    async fn rows(&self, sql: &str) -> Result<Vec<Row>, Error> {
        self.connection
            .query_typed(sql, &[(&self.run, Type::TEXT)])
            .await
            .map_err(Error::while_doing("reading the ledger"))
    }
}

/// A range as two SQL values. A whole table is `NULL, NULL`.
fn blocks(range: Range) -> (String, String) {
    let null = || "NULL".to_owned();
    match range {
        Range::Whole => (null(), null()),
        Range::Blocks { from, until } => (
            from.to_string(),
            until.map_or_else(null, |until| until.to_string()),
        ),
    }
}

/// A server's time; the earliest possible one for a time that no calendar has.
fn taken(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::MIN)
}

fn chunk(row: &Row) -> LoadedChunk {
    let number = |index| -> Option<i64> { row.get(index) };
    let block = |index| number(index).and_then(|block| u32::try_from(block).ok());
    let count = |index| {
        number(index)
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0)
    };
    let range = match block(5) {
        None => Range::Whole,
        Some(from) => Range::Blocks {
            from,
            until: block(6),
        },
    };
    let loaded = row.get::<_, bool>(7).then(|| (count(8), count(9)));
    LoadedChunk {
        number: row.get(4),
        range,
        loaded,
    }
}
