//! Proof: both sides counted and hashed, table by table, each in a snapshot of its own; and where
//! they differ, in which rows.

mod content;
mod definitions;
pub(crate) mod differences;
pub(crate) mod equality;
pub mod excerpt;
mod hash;
mod rows;
mod side;
mod table;
mod vectors;

pub use definitions::{Meant, behind};
pub(crate) use definitions::{further, stepping};
pub(crate) use rows::Written;
pub(crate) use side::Running;

use crate::config::Select;
use crate::failure::{Explain, Failure, Severity};
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, large_object};
use crate::progress::Progress;
use crate::session::report::{ComparedTable, ComparedVectors, Comparison, DefinitionDifference};
use crate::source::postgres::counters;
use crate::source::{Selected, SelectionError};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use side::{Leader, Side};
use std::collections::{BTreeMap, HashMap, HashSet};
use table::{Compared, Comparing, Pair};
use tokio_util::sync::CancellationToken;
pub use vectors::Searching;

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
    /// How columns with vectors are searched.
    pub searching: Searching,
    /// What of the source was to be moved.
    pub select: &'a Select,
    /// Whether the target may hold tables that are not selected.
    pub beside_others: bool,
    /// The source's counters of each copied table, from just before the copy; a table without is
    /// one whose writes are not counted.
    pub counters: &'a HashMap<TableName, String>,
    /// Connections to each side at most.
    pub jobs: usize,
    /// What is known of the definitions before they are compared.
    pub definitions: &'a Meant,
    /// The board.
    pub progress: &'a Progress,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

impl Compare<'_> {
    /// Compares all tables of both sides. Whatever ends it, no statement goes on on a server.
    pub async fn all(&self) -> Result<Comparison, Error> {
        let running = Running::default();
        let compared = tokio::select! {
            compared = self.sides(&running) => compared,
            () = self.cancel.cancelled() => Err(PostgresError::Cancelled.into()),
        };
        if compared.is_err() {
            running.cancel().await;
        }
        compared
    }

    async fn sides(&self, running: &Running) -> Result<Comparison, Error> {
        let stop = (running, self.cancel);
        let (source, target) = tokio::try_join!(
            on_source(Leader::connect(self.source, stop)),
            on_target(Leader::connect(self.target, stop))
        )?;
        let before = counters_now(&source).await?;
        let (source, target) = tokio::try_join!(
            on_source(Leader::begin(source)),
            on_target(Leader::begin(target))
        )?;
        let (here, there) = (&source.session, &target.session);
        let method = hash::trusted(here, there).await;
        let selected = Selected::resolve(self.select, here).await?;
        let pairs = pairs((here, there), &selected, self.beside_others).await?;
        let scope = definitions::Scope {
            meant: self.definitions,
            selected: &selected,
            beside_others: self.beside_others,
        };
        self.progress.activity("Comparing definitions");
        let (definitions, definitions_compared) =
            scope.compare(&source.session, &target.session).await?;
        let (source, target) = tokio::try_join!(
            on_source(Side::of(source, self.source, self.jobs, stop)),
            on_target(Side::of(target, self.target, self.jobs, stop))
        )?;
        let sides = (&source, &target);
        let (mut tables, collections): (Vec<_>, Vec<_>) = self
            .tables(&pairs, sides, method)
            .await?
            .into_iter()
            .unzip();
        let vectors = self.vectors(&pairs, sides, method).await?;
        if self.select.takes_large_objects() {
            self.progress.activity("Comparing large objects");
            tables.extend(self.large_objects(sides).await?);
        }
        let tables_of = (pairs.as_slice(), method);
        self.note_writes(&source, (&before, stop), tables_of, &mut tables)
            .await?;
        tables.sort_by_key(|table| (table.equal, table.left_out));
        tables.extend(selected.left_out().iter().map(not_selected));
        Ok(Comparison {
            at: Timestamp::now(),
            equal: !tables.iter().any(ComparedTable::is_open)
                && !definitions.iter().any(DefinitionDifference::differs)
                && !vectors.iter().any(ComparedVectors::differs),
            rows_compared: self.select.takes_rows(),
            method: method.name().to_owned(),
            tables,
            collections: collections.into_iter().flatten().collect(),
            definitions,
            definitions_compared,
            vectors,
        })
    }

    /// All tables, the largest first, so that none is left to be read alone at the end.
    async fn tables(
        &self,
        pairs: &[Pair],
        (source, target): (&Side, &Side),
        method: hash::Method,
    ) -> Result<Vec<Compared>, Error> {
        let bytes = |of: fn(&Pair) -> Option<&Table>| -> u64 {
            let tables = pairs.iter().filter_map(of);
            tables.map(Table::row_bytes).sum()
        };
        self.progress
            .begin(format!("Comparing {} tables", pairs.len()));
        let comparing = Comparing {
            compare: self,
            source,
            target,
            method,
            source_meter: self
                .progress
                .meter("source", 0, bytes(|pair| pair.source.as_ref())),
            target_meter: self
                .progress
                .meter("target", 0, bytes(|pair| pair.target.as_ref())),
            tables_meter: self.progress.tables("tables compared", pairs.len() as u64),
        };
        comparing.begin();
        let at_once = source.width().max(target.width());
        let compared = stream::iter(0..pairs.len()).map(|at| comparing.table(&pairs[at]));
        let compared = compared.buffer_unordered(at_once).try_collect();
        let mut compared: Vec<Compared> = compared.await?;
        comparing.finish();
        let name = |found: &Compared| (found.0.schema.clone(), found.0.table.clone());
        compared.sort_by_cached_key(name);
        Ok(compared)
    }

    /// The columns with vectors that both sides have, with one search at a time.
    async fn vectors(
        &self,
        pairs: &[Pair],
        (source, target): (&Side, &Side),
        method: hash::Method,
    ) -> Result<Vec<ComparedVectors>, Error> {
        let mut compared = Vec::new();
        if !self.select.takes_rows() {
            return Ok(compared);
        }
        let here = source.lease().await?;
        let there = on_target(target.lease()).await?;
        for pair in pairs {
            let (Some(left), Some(right)) = (&pair.source, &pair.target) else {
                continue;
            };
            let tables = ((&*here, left), (&*there, right));
            let found = self.searching.columns(tables, method, self.progress);
            compared.extend(found.await?);
        }
        Ok(compared)
    }

    /// What the source has counted since the copy, now that it was read: late enough for the
    /// counters of what was written before the hashes were taken. A table that differs, and was
    /// written to while it was compared, proves nothing. The counters of what was written just before
    /// may come as late, so the rows themselves are asked whether they have changed.
    async fn note_writes(
        &self,
        source: &Side,
        (before, stop): (&HashMap<TableName, String>, Stop<'_>),
        (pairs, method): (&[Pair], hash::Method),
        tables: &mut [ComparedTable],
    ) -> Result<(), Error> {
        let now = counters(&*source.lease().await?).await?;
        for table in tables {
            let name = TableName {
                schema: table.schema.clone(),
                name: table.table.clone(),
            };
            let counted = now.get(&name);
            let then = self.counters.get(&name);
            table.written_since = then.map(|then| counted != Some(then));
            table.counters = then.and(counted).cloned();
            let is_counted = table.differs() && counted != before.get(&name);
            let mut pairs = pairs.iter();
            let pair = pairs.find(|pair| is_counted && pair.is_named(&name));
            let Some(pair) = pair.filter(|_| self.select.takes_rows()) else {
                continue;
            };
            if self.has_changed(table, pair, (method, stop)).await? {
                let why = "rows were written on the source while it was compared";
                table.unproved = Some(why.to_owned());
            }
        }
        Ok(())
    }

    /// Whether the source's rows are others now than those that were compared.
    async fn has_changed(
        &self,
        compared: &ComparedTable,
        pair: &Pair,
        (method, stop): (hash::Method, Stop<'_>),
    ) -> Result<bool, Error> {
        let (Some(left), Some(right)) = (&pair.source, &pair.target) else {
            return Ok(false);
        };
        let Some(agreed) = hash::agree(left, right) else {
            return Ok(false);
        };
        self.progress
            .activity(format!("Comparing {} with what it was", left.name));
        let leader = Leader::begin(Leader::connect(self.source, stop).await?).await?;
        let side = Side::of(leader, self.source, self.jobs, stop).await?;
        let label = format!("{} once more", left.name);
        let meter = self.progress.meter(&label, 0, left.row_bytes());
        meter.begin();
        let now = content::content(&side, left, &agreed.source, method, &meter).await?;
        meter.finish();
        Ok(compared.source_hash != Some(now.sum.to_string())
            || compared.source_rows != Some(now.rows))
    }

    /// The large objects as rows of the table that they are in; nothing when there are none.
    async fn large_objects(
        &self,
        (source, target): (&Side, &Side),
    ) -> Result<Option<ComparedTable>, Error> {
        let (source, target) = (source.lease().await?, on_target(target.lease()).await?);
        let among = self.beside_others.then_some(&*source);
        let (here, there) = tokio::try_join!(
            on_source(large_object::digest(&source, None)),
            on_target(large_object::digest(&target, among))
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

/// What ends a comparison's sessions.
type Stop<'a> = (&'a Running, &'a CancellationToken);

/// The source's counters, before its snapshot is taken. Settings outside of a transaction would
/// reach other clients of a pooler.
async fn counters_now(source: &Connection) -> Result<HashMap<TableName, String>, PostgresError> {
    source.begin_reading().await?;
    source.pin_for_reading().await?;
    let now = counters(source).await?;
    source.batch("ending a look", "ROLLBACK").await?;
    Ok(now)
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

/// The selected tables of both sides, beside each other; on the target also those that nothing selects,
/// unless it may hold others.
async fn pairs(
    (source, target): (&Connection, &Connection),
    selected: &Selected,
    beside_others: bool,
) -> Result<Vec<Pair>, Error> {
    let mut there = on_target(catalogue::tables(target)).await?;
    there.retain(|table| selected.has(&table.name) || !beside_others);
    let here = selected.apply(&catalogue::tables(source).await?);
    Ok(paired(here, there))
}

/// The tables of both sides by their names, those with the most bytes first.
fn paired(source: Vec<Table>, target: Vec<Table>) -> Vec<Pair> {
    let mut pairs: BTreeMap<TableName, Pair> = BTreeMap::new();
    for table in source {
        let name = table.name.clone();
        pairs.entry(name).or_default().source = Some(table);
    }
    for table in target {
        let name = table.name.clone();
        pairs.entry(name).or_default().target = Some(table);
    }
    let mut pairs: Vec<Pair> = pairs.into_values().collect();
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.bytes()));
    pairs
}
