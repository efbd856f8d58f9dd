//! Proof: both sides counted and hashed, table by table, each in a snapshot of its own.

pub mod excerpt;
mod hash;

use crate::config::Select;
use crate::failure::{Explain, Failure, Severity};
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{
    Connection, ConnectionString, Error as PostgresError, Retrying, count, large_object,
};
use crate::progress::Progress;
use crate::session::report::{ComparedCollection, ComparedTable, Comparison};
use crate::source::postgres::counters;
use crate::source::{Selected, SelectionError};
use hash::Method;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio_util::sync::CancellationToken;

/// Why a comparison could not be finished. Never a success, and no verdict either.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A side refused, or was lost.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The target refused, or was lost, while its rows were read.
    #[error(transparent)]
    Target(PostgresError),
    /// The selection does not fit the source any more.
    #[error(transparent)]
    Selection(#[from] SelectionError),
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let failure = match self {
            Self::Postgres(error) => error.failure(),
            Self::Target(error) => error.failure_on_target(),
            Self::Selection(error) => error.failure(),
        };
        let failure = failure.severity(Severity::Unfinished);
        failure.advise("Nothing is proved yet, neither equal nor different: run compare again.")
    }
}

/// Whether a table holds the same rows on both sides.
pub async fn same_rows(
    source: &Connection,
    target: &Connection,
    left: &Table,
    right: &Table,
) -> Result<bool, PostgresError> {
    let method = hash::trusted(source, target).await;
    let Some(columns) = hash::agree(left, right) else {
        return Ok(false);
    };
    let (here, there) = tokio::try_join!(
        hash::table(source, left, &columns.source, method),
        hash::table(target, right, &columns.target, method),
    )?;
    Ok(here == there)
}

/// What to compare.
#[derive(Debug)]
pub struct Compare<'a> {
    /// Where the rows come from.
    pub source: &'a ConnectionString,
    /// Where they went.
    pub target: &'a ConnectionString,
    /// With a schema of one's own: the source's tables that were not moved. They, and tables
    /// without rows that only the target has, are left out instead of speaking against it.
    pub one_sided: Option<&'a HashSet<TableName>>,
    /// Tables with this column are counted by its values too.
    pub group_by: Option<&'a str>,
    /// What of the source was to be moved.
    pub select: &'a Select,
    /// Whether the target may hold tables that are not selected.
    pub beside_others: bool,
    /// The source's counters of each copied table, from just before the copy; a table without is
    /// one whose writes are not counted.
    pub counters: &'a HashMap<TableName, String>,
    /// The board.
    pub progress: &'a Progress,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

impl Compare<'_> {
    /// Compares all tables of both sides.
    pub async fn all(&self) -> Result<Comparison, Error> {
        let (source, target) = tokio::try_join!(self.open(self.source), self.open(self.target))?;
        tokio::select! {
            compared = self.sides(&source, &target) => compared,
            () = self.cancel.cancelled() => {
                // Best effort, on both sides: either may be what it waits for.
                let (here, there) = (source.canceller(), target.canceller());
                let told = tokio::join!(here.cancel(), there.cancel());
                tracing::debug!(?told, "the servers were told to cancel");
                Err(PostgresError::Cancelled.into())
            }
        }
    }

    async fn sides(&self, source: &Connection, target: &Connection) -> Result<Comparison, Error> {
        let method = hash::trusted(source, target).await;
        let selected = Selected::resolve(self.select, source).await?;
        let mut there = catalogue::tables(target).await?;
        there.retain(|table| selected.has(&table.name) || !self.beside_others);
        let pairs = pairs(selected.apply(&catalogue::tables(source).await?), there);
        self.progress
            .begin(format!("Comparing {} tables", pairs.len()));
        let meter = self.progress.tables("tables compared", pairs.len() as u64);
        meter.begin();
        let mut tables = Vec::with_capacity(pairs.len());
        let mut collections = Vec::new();
        for (name, pair) in pairs {
            self.progress.activity(format!("Comparing {name}"));
            let (compared, groups) = self.table(source, target, &name, &pair, method).await?;
            tables.push(compared);
            collections.extend(groups);
            meter.add(1, 0);
        }
        meter.finish();
        if self.select.takes_large_objects() {
            self.progress.activity("Comparing large objects");
            tables.extend(self.large_objects(source, target).await?);
        }
        self.note_writes(source, &mut tables).await?;
        tables.sort_by_key(|table| (table.equal, table.left_out));
        tables.extend(selected.left_out().iter().map(not_selected));
        let equal = !tables.iter().any(ComparedTable::differs);
        let method = method.name().to_owned();
        Ok(Comparison {
            at: Timestamp::now(),
            equal,
            rows_compared: self.select.takes_rows(),
            method,
            tables,
            collections,
        })
    }

    /// What the source has counted since the copy, now that it was read: late enough for the
    /// counters of what was written before the hashes were taken.
    async fn note_writes(
        &self,
        source: &Connection,
        tables: &mut [ComparedTable],
    ) -> Result<(), PostgresError> {
        let now = counters(source).await?;
        for table in tables {
            let name = TableName {
                schema: table.schema.clone(),
                name: table.table.clone(),
            };
            let then = self.counters.get(&name);
            table.written_since = then.map(|then| now.get(&name) != Some(then));
            table.counters = then.and_then(|_| now.get(&name).cloned());
        }
        Ok(())
    }

    async fn open(&self, side: &ConnectionString) -> Result<Connection, PostgresError> {
        let connection = Connection::open(side, &Retrying::default(), self.cancel).await?;
        connection.pin_for_reading().await?;
        connection.begin_reading().await?;
        Ok(connection)
    }

    async fn table(
        &self,
        source: &Connection,
        target: &Connection,
        name: &TableName,
        pair: &Pair,
        method: Method,
    ) -> Result<(ComparedTable, Vec<ComparedCollection>), Error> {
        let mut compared = ComparedTable::new(&name.schema, &name.name);
        let meant = pair.source.as_ref();
        compared.condition = meant.and_then(|table| table.condition.clone());
        let (Some(left), Some(right)) = (&pair.source, &pair.target) else {
            let mut rows = 0;
            if let Some(table) = &pair.source {
                rows = count::rows(source, table).await?;
                compared.source_rows = Some(rows);
            }
            if let Some(table) = &pair.target {
                rows = on_target(count::rows(target, table)).await?;
                compared.target_rows = Some(rows);
            }
            compared.left_out = self.may_lack(name, pair, rows);
            return Ok((compared, Vec::new()));
        };
        match hash::agree(left, right) {
            agreed if !self.select.takes_rows() => compared.equal = agreed.is_some(),
            Some(columns) => {
                let (here, there) = tokio::try_join!(
                    on_source(hash::table(source, left, &columns.source, method)),
                    on_target(hash::table(target, right, &columns.target, method)),
                )?;
                compared.equal = here == there;
                (compared.source_rows, compared.source_hash) = (Some(here.0), Some(here.1));
                (compared.target_rows, compared.target_hash) = (Some(there.0), Some(there.1));
            }
            None => {
                let (here, there) = tokio::try_join!(
                    on_source(count::rows(source, left)),
                    on_target(count::rows(target, right))
                )?;
                (compared.source_rows, compared.target_rows) = (Some(here), Some(there));
            }
        }
        if !self.select.takes_rows() {
            return Ok((compared, Vec::new()));
        }
        let groups = self.groups(source, target, name, left, right).await?;
        Ok((compared, groups))
    }

    /// Whether a table that only one side has may be left out.
    fn may_lack(&self, name: &TableName, pair: &Pair, rows: u64) -> bool {
        self.one_sided.is_some_and(|not_moved| match pair.source {
            Some(_) => not_moved.contains(name),
            None => rows == 0,
        })
    }

    async fn groups(
        &self,
        source: &Connection,
        target: &Connection,
        name: &TableName,
        left: &Table,
        right: &Table,
    ) -> Result<Vec<ComparedCollection>, Error> {
        let has = |table: &Table, column| table.columns.iter().any(|c| c.name == column);
        let Some(column) = self
            .group_by
            .filter(|column| has(left, *column) && has(right, *column))
        else {
            return Ok(Vec::new());
        };
        let (here, there) = tokio::try_join!(
            on_source(count::groups(source, left, column)),
            on_target(count::groups(target, right, column))
        )?;
        let mut rows: BTreeMap<Option<String>, (u64, u64)> = BTreeMap::new();
        here.into_iter()
            .for_each(|(value, count)| rows.entry(value).or_default().0 = count);
        there
            .into_iter()
            .for_each(|(value, count)| rows.entry(value).or_default().1 = count);
        let compared = |(value, (source_rows, target_rows))| ComparedCollection {
            schema: name.schema.clone(),
            table: name.name.clone(),
            value,
            source_rows,
            target_rows,
        };
        Ok(rows.into_iter().map(compared).collect())
    }

    /// The large objects as rows of the table that they are in; nothing when there are none.
    async fn large_objects(
        &self,
        source: &Connection,
        target: &Connection,
    ) -> Result<Option<ComparedTable>, Error> {
        let among = self.beside_others.then_some(source);
        let (here, there) = tokio::try_join!(
            on_source(large_object::digest(source, None)),
            on_target(large_object::digest(target, among))
        )?;
        let compared = ComparedTable {
            equal: here == there,
            source_rows: Some(here.0),
            target_rows: Some(there.0),
            source_hash: Some(here.1),
            target_hash: Some(there.1),
            ..ComparedTable::new(large_object::SCHEMA, large_object::TABLE)
        };
        Ok(Some(compared).filter(|_| (here.0, there.0) != (0, 0)))
    }
}

/// What is read on the source.
async fn on_source<T>(reading: impl Future<Output = Result<T, PostgresError>>) -> Result<T, Error> {
    Ok(reading.await?)
}

/// What is read on the target: its refusal has another remedy.
async fn on_target<T>(reading: impl Future<Output = Result<T, PostgresError>>) -> Result<T, Error> {
    reading.await.map_err(Error::Target)
}

/// A table that was not to be moved.
fn not_selected(name: &TableName) -> ComparedTable {
    ComparedTable {
        left_out: true,
        ..ComparedTable::new(&name.schema, &name.name)
    }
}

/// A table on either side.
#[derive(Debug, Default)]
struct Pair {
    source: Option<Table>,
    target: Option<Table>,
}

fn pairs(source: Vec<Table>, target: Vec<Table>) -> BTreeMap<TableName, Pair> {
    let mut pairs: BTreeMap<TableName, Pair> = BTreeMap::new();
    for table in source {
        let name = table.name.clone();
        pairs.entry(name).or_default().source = Some(table);
    }
    for table in target {
        let name = table.name.clone();
        pairs.entry(name).or_default().target = Some(table);
    }
    pairs
}
