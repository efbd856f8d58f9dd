//! The way through all tables that differ, with the rows that only the target has on offer.

use super::order::Order;
use super::{Error, Since};
use crate::compare::differences::{Apart, Differences, Looking, Rows};
use crate::compare::{Running, Written};
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, Error as PostgresError};
use crate::session::report::{DivergedTable, Divergence};
use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_postgres::CopyOutStream;

/// Keys that are under way between who finds rows and who reads them.
const UNDER_WAY: usize = 256;

/// Rows that are read by one statement, and the bytes of their keys. Without a key each statement
/// reads the whole table.
const BATCH_ROWS: usize = 20_000;
const BATCH_BYTES: usize = 1 << 20;

/// Who takes the rows that the target has otherwise.
pub(super) trait Taker {
    /// Whether rows of this kind are taken.
    fn wants(&self, changed: bool) -> bool;

    /// Takes rows of a table, in COPY's text form, in the order of the source's copied columns; says
    /// how many they were.
    async fn take(
        &mut self,
        rows: &Rows<'_>,
        changed: bool,
        values: CopyOutStream,
    ) -> Result<u64, Error>;

    /// All of a table's rows were taken.
    async fn end(&mut self, rows: &Rows<'_>, found: &DivergedTable) -> Result<(), Error>;
}

/// Takes nothing: rows are only counted.
pub(super) struct Nobody;

impl Taker for Nobody {
    fn wants(&self, _: bool) -> bool {
        false
    }

    async fn take(&mut self, _: &Rows<'_>, _: bool, _: CopyOutStream) -> Result<u64, Error> {
        Ok(0)
    }

    async fn end(&mut self, _: &Rows<'_>, _: &DivergedTable) -> Result<(), Error> {
        Ok(())
    }
}

impl Since<'_> {
    /// Does work that looks at both sides. Whatever ends it, no statement goes on on a server.
    pub(super) async fn watched<T>(
        &self,
        running: &Running,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let done = tokio::select! {
            done = work => done,
            () = self.cancel.cancelled() => Err(Error::Source(PostgresError::Cancelled)),
        };
        if done.is_err() {
            running.cancel().await;
        }
        done
    }

    /// Looks at all tables, those first to which others refer. `source_snapshot` is that of a session
    /// which is going to write.
    pub(super) async fn walk(
        &self,
        source_snapshot: Option<&str>,
        running: &Running,
        taker: &mut impl Taker,
    ) -> Result<Divergence, Error> {
        let looking = Looking {
            source: self.source,
            target: self.target,
            select: self.select,
            beside_others: self.beside_others,
            jobs: self.jobs,
            progress: self.progress,
            cancel: self.cancel,
        };
        let differences = looking.open(source_snapshot, running).await?;
        let at = Timestamp::now();
        let order = Order::read(&*differences.source().await?).await;
        let order = order.map_err(Error::Source)?;
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (place, table) in differences.tables().enumerate() {
            places.push((table.map_or(0, |table| order.rank(table.oid)), place));
        }
        places.sort_unstable();
        let compared = places.len() as u64;
        let mut tables = Vec::new();
        for (_, place) in places {
            tables.extend(one(&differences, place, taker).await?);
        }
        self.note_writes(&differences, &mut tables).await?;
        tables.sort_by_cached_key(|table| {
            let (added, changed, deleted) = table.lost();
            (std::cmp::Reverse((added + changed, deleted)), table.name())
        });
        Ok(Divergence {
            at,
            compared,
            tables,
        })
    }

    /// Whether the source has counted writes to the tables since the cutover.
    async fn note_writes(
        &self,
        differences: &Differences,
        tables: &mut [DivergedTable],
    ) -> Result<(), Error> {
        if self.counters.is_empty() || tables.is_empty() {
            return Ok(());
        }
        let now = differences.source_counters().await?;
        for table in tables {
            let name = TableName {
                schema: table.schema.clone(),
                name: table.table.clone(),
            };
            let then = self.counters.get(&name);
            table.source_written = then.map(|then| now.get(&name) != Some(then));
        }
        Ok(())
    }
}

/// Looks at one table, while its rows are taken.
async fn one(
    differences: &Differences,
    place: usize,
    taker: &mut impl Taker,
) -> Result<Option<DivergedTable>, Error> {
    let rows = match differences.look_at(place).await? {
        None => return Ok(None),
        Some(Apart::Whole(table)) => return Ok(Some(table)),
        Some(Apart::Rows(rows)) => rows,
    };
    let found = match taker.wants(false) || taker.wants(true) {
        false => rows.count(None).await?,
        true => {
            let (to, from) = channel(UNDER_WAY);
            let counting = async { Ok(rows.count(Some(to)).await?) };
            let taking = taken(&rows, &differences.reader, from, taker);
            tokio::try_join!(counting, taking)?.0
        }
    };
    let is_same = found.rows.as_ref().is_some_and(|rows| rows.is_none());
    if is_same {
        return Ok(None);
    }
    taker.end(&rows, &found).await?;
    Ok(Some(found))
}

/// Keys of rows that are read together.
#[derive(Default)]
struct Batch {
    keys: Vec<Vec<String>>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, key: Vec<String>) {
        self.bytes += key.iter().map(String::len).sum::<usize>();
        self.keys.push(key);
    }

    fn is_full(&self) -> bool {
        self.keys.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }
}

/// Reads the rows whose keys come, some at a time, and hands them over.
async fn taken(
    rows: &Rows<'_>,
    reader: &Connection,
    mut from: Receiver<Written>,
    taker: &mut impl Taker,
) -> Result<(), Error> {
    let mut batches = [Batch::default(), Batch::default()];
    while let Some(written) = from.recv().await {
        if !taker.wants(written.changed) {
            continue;
        }
        let batch = &mut batches[usize::from(written.changed)];
        batch.push(written.key);
        if batch.is_full() {
            let full = std::mem::take(batch);
            hand_over(rows, reader, (written.changed, full), taker).await?;
        }
    }
    let [added, changed] = batches;
    hand_over(rows, reader, (false, added), taker).await?;
    hand_over(rows, reader, (true, changed), taker).await
}

async fn hand_over(
    rows: &Rows<'_>,
    reader: &Connection,
    (changed, batch): (bool, Batch),
    taker: &mut impl Taker,
) -> Result<(), Error> {
    if batch.keys.is_empty() {
        return Ok(());
    }
    let sql = format!("COPY ({}) TO STDOUT", rows.values_sql(&batch.keys));
    let values = reader.copy_out(&sql).await;
    let doing = format!("reading the rows of {}", rows.left.name);
    let values = values.map_err(|error| Error::Target(reader.failed(&doing, error)))?;
    let wanted = batch.keys.len() as u64;
    match taker.take(rows, changed, values).await? {
        found if found == wanted => Ok(()),
        found => Err(Error::Unreadable {
            table: rows.left.name.clone(),
            wanted,
            found,
        }),
    }
}
