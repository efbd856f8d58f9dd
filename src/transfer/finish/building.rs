//! Which index is built when: as soon as its table's rows are in, several at a time. Those of large
//! tables one by one, the longest first; what stands on small ones in parcels, so that on a long
//! road a table costs no round trip of its own. A table's statistics come after its last index.

use super::Finish;
use super::build::{Build, Builder, Piece};
use super::definition::{
    Standing, apart, describe, index_mark, last_mark, mark, noted, standing, statistics_mark, table,
};
use super::vector::Need;
use crate::postgres::catalogue::TableName;
use crate::postgres::script::{Class, Entry};
use crate::progress::Meter;
use crate::target::Statement;
use crate::transfer::{Arrival, Error};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Tables of so many bytes are large: what stands on them is built one by one, with a gauge. So are
/// those with an index over vectors that needs as much memory: there may be many short vectors in
/// few bytes.
const LARGE: u64 = 8 << 20;

/// Parcels that are built at a time.
const PARCELS: usize = 4;

/// Tables in a parcel at most: each definition holds locks until the parcel's end.
const TABLES: usize = 100;

/// What is to be built on the tables' rows.
#[derive(Default)]
pub(super) struct Builds {
    /// What stands on large tables, until their rows are in.
    waiting: HashMap<TableName, Vec<Build>>,
    /// How many builds of a large table are not done yet.
    open: HashMap<TableName, usize>,
    /// What comes after a large table's last index.
    statistics: HashMap<TableName, Build>,
    /// Builds that can be begun.
    ready: Vec<Build>,
    /// What stands on small tables, until it is begun.
    small: HashMap<TableName, Vec<Piece>>,
    /// What stands on small tables whose rows are in.
    arrived: Vec<Vec<Piece>>,
    /// How many small tables are done.
    gauge: Option<Arc<Meter>>,
}

impl Builds {
    /// The builds that are missing.
    pub(super) fn new(
        finish: &Finish<'_>,
        entries: &[&Entry],
        built: &HashSet<String>,
        large: &HashSet<TableName>,
    ) -> Self {
        let mut builds = Self::default();
        for entry in entries {
            builds.add(finish, entry, built, large);
        }
        let mut extended = extended_statistics(finish, entries, built);
        for table in finish.tables.keys() {
            if !built.contains(&statistics_mark(table)) {
                let extended = extended.remove(table).unwrap_or_default();
                builds.add_statistics(finish, table, extended, large.contains(table));
            }
        }
        if !builds.small.is_empty() {
            let label = "keys, indexes and statistics of small tables";
            builds.gauge = Some(finish.progress.tables(label, builds.small.len() as u64));
        }
        builds
    }

    fn add(
        &mut self,
        finish: &Finish<'_>,
        entry: &Entry,
        built: &HashSet<String>,
        large: &HashSet<TableName>,
    ) {
        let Some(table) = table(entry) else { return };
        let Some(extent) = finish.tables.get(&table).copied() else {
            return;
        };
        // Whichever way: a table that has grown since may have been a small one.
        if standing(entry, built) != Standing::Nothing {
            return;
        }
        const KINDS: [Class; 3] = [Class::Index, Class::PrimaryOrUnique, Class::Exclusion];
        if let Some(sql) = built_alone(finish, entry, large) {
            let build = Build {
                meter: finish.progress.index(&entry.name, extent.rows),
                what: describe(entry),
                mark: index_mark(entry),
                sql,
                rows: extent.rows,
                need: Need::of(entry, extent.rows, extent.bytes),
                table: table.clone(),
            };
            *self.open.entry(table.clone()).or_default() += 1;
            self.waiting.entry(table).or_default().push(build);
        } else if !large.contains(&table) && KINDS.contains(&entry.class()) {
            let piece = Piece {
                mark: mark(entry),
                statement: whole(finish, entry),
            };
            self.small.entry(table).or_default().push(piece);
        }
    }

    /// Extended statistics are made first, or else they would stay empty.
    fn add_statistics(
        &mut self,
        finish: &Finish<'_>,
        table: &TableName,
        extended: String,
        is_large: bool,
    ) {
        let extent = finish.tables.get(table).copied().unwrap_or_default();
        let what = format!("statistics of {table}");
        let sql = format!("{extended}ANALYZE {};", table.sql());
        if !is_large {
            let mark = statistics_mark(table);
            let statement = noted(finish.run, what, &mark, &sql);
            let pieces = self.small.entry(table.clone()).or_default();
            pieces.push(Piece { mark, statement });
            return;
        }
        let build = Build {
            meter: finish.progress.index(&what, extent.rows),
            table: table.clone(),
            what,
            mark: statistics_mark(table),
            sql,
            rows: extent.rows,
            need: None,
        };
        self.statistics.insert(table.clone(), build);
        self.waiting.entry(table.clone()).or_default();
        self.open.entry(table.clone()).or_default();
    }

    /// Whether anything is to be built over large tables.
    pub(super) fn has_large(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many parcels there will be at a time.
    pub(super) fn parcels(&self) -> usize {
        self.small.len().min(PARCELS)
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.small.is_empty()
    }

    /// A table's rows are in: what stands on it can be begun.
    fn release(&mut self, table: TableName) {
        if let Some(builds) = self.waiting.remove(&table) {
            self.ready.extend(builds);
            self.analyze_when_built(&table);
        } else {
            self.arrived.extend(self.small.remove(&table));
        }
    }

    fn release_all(&mut self) {
        let tables: Vec<TableName> = self.waiting.keys().cloned().collect();
        tables.into_iter().for_each(|table| self.release(table));
        self.arrived
            .extend(self.small.drain().map(|(_, pieces)| pieces));
    }

    /// Whether nothing on small tables is left to be begun.
    fn no_parcel_is_left(&self) -> bool {
        self.small.is_empty() && self.arrived.is_empty()
    }

    fn is_built(&mut self, table: &TableName) {
        if let Some(open) = self.open.get_mut(table) {
            *open = open.saturating_sub(1);
        }
        self.analyze_when_built(table);
    }

    fn analyze_when_built(&mut self, table: &TableName) {
        if self.open.get(table) == Some(&0) {
            self.ready.extend(self.statistics.remove(table));
        }
    }

    /// What to begin next: the longest first. Indexes over vectors go one at a time, because each
    /// takes all memory and all cores that the target has.
    fn next(&mut self, vectors_under_way: bool) -> Option<Build> {
        let ready = self.ready.iter().enumerate();
        let (at, _) = ready
            .filter(|(_, build)| !(vectors_under_way && build.need.is_some()))
            .max_by_key(|(_, build)| (build.need.is_some(), build.rows))?;
        Some(self.ready.swap_remove(at))
    }

    /// What has arrived by now, dealt out to those who are free.
    fn parcel(&mut self, free: usize) -> Option<Parcel> {
        let share = self.arrived.len().div_ceil(free.max(1)).min(TABLES);
        let rest = self
            .arrived
            .len()
            .checked_sub(share)
            .filter(|_| share > 0)?;
        let tables = self.arrived.split_off(rest);
        Some(Parcel {
            tables: tables.len() as u64,
            pieces: tables.into_iter().flatten().collect(),
        })
    }
}

/// What stands on some small tables.
struct Parcel {
    tables: u64,
    pieces: Vec<Piece>,
}

/// All of an entry with its mark, and with that of what it does besides making an index.
fn whole(finish: &Finish<'_>, entry: &Entry) -> Statement {
    let (own, last) = (mark(entry), last_mark(entry));
    let statement = noted(finish.run, describe(entry), &own, &entry.sql);
    match own == last {
        true => statement,
        false => noted(finish.run, statement.what, &last, &statement.sql),
    }
}

/// The SQL of the extended statistics that are missing, by table.
fn extended_statistics(
    finish: &Finish<'_>,
    entries: &[&Entry],
    built: &HashSet<String>,
) -> HashMap<TableName, String> {
    let mut missing: HashMap<TableName, String> = HashMap::new();
    let extended = entries
        .iter()
        .filter(|entry| entry.class() == Class::Statistics && !built.contains(&mark(entry)));
    for entry in extended {
        if let Some(table) = table(entry) {
            let sql = missing.entry(table).or_default();
            *sql += &whole(finish, entry).sql;
            sql.push('\n');
        }
    }
    missing
}

/// The tables that are large.
pub(super) fn large_tables(finish: &Finish<'_>, entries: &[&Entry]) -> HashSet<TableName> {
    let by_bytes = finish.tables.iter();
    let by_bytes = by_bytes.filter(|(_, extent)| extent.bytes >= LARGE);
    let by_need = entries.iter().filter_map(|entry| {
        let table = table(entry)?;
        let extent = finish.tables.get(&table)?;
        let need = Need::of(entry, extent.rows, extent.bytes)?;
        (need.memory >= LARGE).then_some(table)
    });
    by_bytes
        .map(|(table, _)| table.clone())
        .chain(by_need)
        .collect()
}

/// The statement, when an entry makes an index that is built alone.
pub(super) fn built_alone(
    finish: &Finish<'_>,
    entry: &Entry,
    large: &HashSet<TableName>,
) -> Option<String> {
    if !large.contains(&table(entry)?) {
        return None;
    }
    match entry.class() {
        Class::Index => Some(apart(entry).0),
        Class::PrimaryOrUnique => Some(finish.key(entry)?.index.clone()),
        _ => None,
    }
}

/// Builds until all rows have arrived and everything is built. The first build that fails stops
/// the others, which are cancelled on the server too before this returns.
pub(super) async fn build_on_arrival(
    finish: &Finish<'_>,
    mut builds: Builds,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<(), Error> {
    if builds.is_empty() {
        return all_rows(finish, arrivals).await;
    }
    let stop = finish.cancel.child_token();
    let builder = Builder::open(finish, &stop, &builds).await?;
    let mut running = FuturesUnordered::new();
    let result = work_off(&builder, &mut builds, arrivals, &mut running).await;
    if result.is_err() {
        stop.cancel();
        while running.next().await.is_some() {}
    }
    result
}

/// What has been built, or not.
enum Ended {
    Build(Build, Result<(), Error>),
    Parcel(u64, Result<(), Error>),
}

type Running<'s> = FuturesUnordered<BoxFuture<'s, Ended>>;

/// Who is at work.
#[derive(Default)]
struct AtWork {
    builds: usize,
    vectors: bool,
    parcels: usize,
}

async fn work_off<'s>(
    builder: &'s Builder<'s>,
    builds: &mut Builds,
    arrivals: &mut mpsc::Receiver<Arrival>,
    running: &mut Running<'s>,
) -> Result<(), Error> {
    let mut all_in = false;
    let mut at_work = AtWork::default();
    loop {
        begin(builder, builds, running, &mut at_work);
        tokio::select! {
            Some(ended) = running.next() => match ended {
                Ended::Build(build, ended) => {
                    ended?;
                    at_work.builds -= 1;
                    at_work.vectors &= build.need.is_none();
                    builds.is_built(&build.table);
                }
                Ended::Parcel(tables, ended) => {
                    ended?;
                    at_work.parcels -= 1;
                    let all_done = builds.no_parcel_is_left() && at_work.parcels == 0;
                    if let Some(gauge) = &builds.gauge {
                        gauge.add(tables, 0);
                        if all_done {
                            gauge.finish();
                        }
                    }
                }
            },
            arrival = next(builder.finish, arrivals), if !all_in => match arrival {
                Some(Arrival::Tables(tables)) => tables.into_iter().for_each(|table| builds.release(table)),
                Some(Arrival::Planned) => {}
                Some(Arrival::AllRows) => {
                    all_in = true;
                    builds.release_all();
                }
                None => return Err(Error::Stopped),
            },
            else => return Ok(()),
        }
    }
}

/// Begins what can be begun.
fn begin<'s>(
    builder: &'s Builder<'s>,
    builds: &mut Builds,
    running: &mut Running<'s>,
    at_work: &mut AtWork,
) {
    while at_work.builds < builder.finish.workers.max(1) {
        let Some(build) = builds.next(at_work.vectors) else {
            break;
        };
        at_work.builds += 1;
        at_work.vectors |= build.need.is_some();
        let work = async move {
            let ended = builder.build(&build).await;
            Ended::Build(build, ended)
        };
        running.push(work.boxed());
    }
    while at_work.parcels < PARCELS {
        let Some(parcel) = builds.parcel(PARCELS - at_work.parcels) else {
            break;
        };
        at_work.parcels += 1;
        builds.gauge.iter().for_each(|gauge| gauge.begin());
        let tables = parcel.tables;
        let work = async move {
            let ended = builder.build_together(parcel.pieces).await;
            Ended::Parcel(tables, ended)
        };
        running.push(work.boxed());
    }
}

/// Waits until the plan stands in the ledger.
pub(super) async fn planned(
    finish: &Finish<'_>,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<(), Error> {
    match next(finish, arrivals).await {
        Some(_) => Ok(()),
        None => Err(Error::Stopped),
    }
}

/// Waits until all rows are in.
async fn all_rows(
    finish: &Finish<'_>,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<(), Error> {
    loop {
        match next(finish, arrivals).await {
            Some(Arrival::AllRows) => return Ok(()),
            Some(Arrival::Planned | Arrival::Tables(_)) => {}
            None => return Err(Error::Stopped),
        }
    }
}

/// What has arrived; `None` when nothing more will.
async fn next(finish: &Finish<'_>, arrivals: &mut mpsc::Receiver<Arrival>) -> Option<Arrival> {
    let arrival = finish.cancel.run_until_cancelled(arrivals.recv()).await;
    arrival.flatten()
}
