//! Which index is built when: those of a large table as soon as its rows are in, several at a time,
//! the longest first; its statistics after its last index.

use super::Finish;
use super::definition::{apart, describe, index_mark, statistics_mark, table};
use super::index::{Build, Site};
use super::vector::{Need, Room};
use crate::postgres::catalogue::TableName;
use crate::postgres::script::{Class, Entry};
use crate::target;
use crate::transfer::{Arrival, Error};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc;

/// Tables of so many bytes are large: what stands on them is built one by one, with a gauge. What
/// stands on the others is made in batches.
const LARGE: u64 = 8 << 20;

/// What is to be built over large tables.
#[derive(Default)]
pub(super) struct Builds {
    /// By table, until its rows are in.
    waiting: HashMap<TableName, Vec<Build>>,
    /// How many of a table are not built yet.
    open: HashMap<TableName, usize>,
    /// What comes after a table's last index.
    statistics: HashMap<TableName, Build>,
    /// What can be begun.
    ready: Vec<Build>,
}

impl Builds {
    /// The builds that are missing over large tables.
    pub(super) fn new(finish: &Finish<'_>, entries: &[&Entry], built: &HashSet<String>) -> Self {
        let mut builds = Self::default();
        for (table, extent) in finish.tables {
            let mark = statistics_mark(table);
            if extent.bytes < LARGE || built.contains(&mark) {
                continue;
            }
            let sql = format!("ANALYZE {}", table.sql());
            let what = format!("statistics of {table}");
            let statistics = Build {
                meter: finish.progress.index(&what, extent.rows),
                table: table.clone(),
                what,
                mark,
                sql,
                rows: extent.rows,
                need: None,
            };
            builds.statistics.insert(table.clone(), statistics);
            builds.waiting.insert(table.clone(), Vec::new());
            builds.open.insert(table.clone(), 0);
        }
        for entry in entries {
            builds.add(finish, entry, built);
        }
        builds
    }

    fn add(&mut self, finish: &Finish<'_>, entry: &Entry, built: &HashSet<String>) {
        let Some((table, sql)) = built_alone(finish, entry) else {
            return;
        };
        let mark = index_mark(entry);
        if built.contains(&mark) {
            return;
        }
        let extent = finish.tables.get(&table).copied().unwrap_or_default();
        let build = Build {
            meter: finish.progress.index(&entry.name, extent.rows),
            what: describe(entry),
            mark,
            sql,
            rows: extent.rows,
            need: Need::of(entry, extent.rows, extent.bytes),
            table: table.clone(),
        };
        *self.open.entry(table.clone()).or_default() += 1;
        self.waiting.entry(table).or_default().push(build);
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A table's rows are in: what stands on it can be begun.
    fn release(&mut self, table: &TableName) {
        if let Some(builds) = self.waiting.remove(table) {
            self.ready.extend(builds);
            self.analyze_when_built(table);
        }
    }

    fn release_all(&mut self) {
        let tables: Vec<TableName> = self.waiting.keys().cloned().collect();
        tables.iter().for_each(|table| self.release(table));
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
}

/// The table and the statement, when an entry makes an index that is built alone.
pub(super) fn built_alone(finish: &Finish<'_>, entry: &Entry) -> Option<(TableName, String)> {
    let table = table(entry)?;
    let extent = finish.tables.get(&table)?;
    if extent.bytes < LARGE {
        return None;
    }
    let sql = match entry.class() {
        Class::Index => apart(entry).0,
        Class::PrimaryOrUnique => finish.key(entry)?.index.clone(),
        _ => return None,
    };
    Some((table, sql))
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
    let watcher = target::open(finish.target, finish.cancel).await?;
    let stop = finish.cancel.child_token();
    let site = Site {
        finish,
        room: Room::of(&watcher).await?,
        watcher,
        stop: &stop,
    };
    let mut running = FuturesUnordered::new();
    let result = work_off(&site, &mut builds, arrivals, &mut running).await;
    if result.is_err() {
        stop.cancel();
        while running.next().await.is_some() {}
    }
    result
}

type Running<'s> = FuturesUnordered<BoxFuture<'s, (Build, Result<(), Error>)>>;

async fn work_off<'s>(
    site: &'s Site<'s>,
    builds: &mut Builds,
    arrivals: &mut mpsc::Receiver<Arrival>,
    running: &mut Running<'s>,
) -> Result<(), Error> {
    let (mut all_in, mut vectors) = (false, false);
    loop {
        while running.len() < site.finish.workers.max(1) {
            let Some(build) = builds.next(vectors) else {
                break;
            };
            vectors |= build.need.is_some();
            running.push(run(site, build).boxed());
        }
        tokio::select! {
            Some((build, ended)) = running.next() => {
                ended?;
                vectors &= build.need.is_none();
                builds.is_built(&build.table);
            }
            arrival = next(site.finish, arrivals), if !all_in => match arrival {
                Some(Arrival::Table(table)) => builds.release(&table),
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

async fn run(site: &Site<'_>, build: Build) -> (Build, Result<(), Error>) {
    let ended = site.build(&build).await;
    (build, ended)
}

/// Waits until all rows are in.
async fn all_rows(
    finish: &Finish<'_>,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<(), Error> {
    loop {
        match next(finish, arrivals).await {
            Some(Arrival::AllRows) => return Ok(()),
            Some(Arrival::Table(_)) => {}
            None => return Err(Error::Stopped),
        }
    }
}

/// What has arrived; `None` when nothing more will.
async fn next(finish: &Finish<'_>, arrivals: &mut mpsc::Receiver<Arrival>) -> Option<Arrival> {
    let arrival = finish.cancel.run_until_cancelled(arrivals.recv()).await;
    arrival.flatten()
}
