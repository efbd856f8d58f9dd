//! What waits to be built, and what of it can be begun: what stands on large tables one by one, the
//! longest first; what stands on small ones in parcels, so that on a long road a table costs no round
//! trip of its own. A table's statistics come after its last index.

use super::Finish;
use super::build::{Build, Piece};
use super::definition::{
    Standing, apart, describe, index_mark, last_mark, mark, noted, standing, statistics_mark, table,
};
use super::vector::Need;
use crate::postgres::catalogue::TableName;
use crate::postgres::script::{Class, Entry};
use crate::progress::Meter;
use crate::target::Statement;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Tables of so many bytes are large: what stands on them is built one by one, with a gauge. So are
/// those with an index over vectors that needs as much memory: there may be many short vectors in
/// few bytes.
const LARGE: u64 = 8 << 20;

/// Parcels that are built at a time.
pub(super) const PARCELS: usize = 4;

/// Tables in a parcel at most: each definition holds locks until the parcel's end.
const TABLES: usize = 100;

/// What is to be built on the tables' rows.
#[derive(Default)]
pub(super) struct Queue {
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
    pub(super) gauge: Option<Arc<Meter>>,
}

impl Queue {
    /// The builds that are missing.
    pub(super) fn new(
        finish: &Finish<'_>,
        entries: &[&Entry],
        built: &HashSet<String>,
        large: &HashSet<TableName>,
    ) -> Self {
        let mut queue = Self::default();
        for entry in entries {
            queue.add(finish, entry, built, large);
        }
        let mut extended = extended_statistics(finish, entries, built);
        for table in finish.tables.keys() {
            let extended = extended.remove(table).unwrap_or_default();
            if !built.contains(&statistics_mark(table)) {
                queue.add_statistics(finish, table, extended, large.contains(table));
            } else if large.contains(table) {
                statistics_meter(finish, table).was_done();
            }
        }
        queue.gauge = queue.small_gauge(finish, large);
        queue
    }

    /// How many small tables are done: those on which nothing is left to be built count too.
    fn small_gauge(&self, finish: &Finish<'_>, large: &HashSet<TableName>) -> Option<Arc<Meter>> {
        let small = finish.tables.keys().filter(|table| !large.contains(*table));
        let all = (small.count() as u64).max(self.small.len() as u64);
        let label = "keys, indexes and statistics of small tables";
        let gauge = (all > 0).then(|| finish.progress.tables(label, all))?;
        match self.small.len() as u64 {
            0 => gauge.was_done(),
            left => gauge.set(all - left, all),
        }
        Some(gauge)
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
        let stands = standing(entry, built) != Standing::Nothing;
        const KINDS: [Class; 3] = [Class::Index, Class::PrimaryOrUnique, Class::Exclusion];
        if let Some(sql) = built_alone(finish, entry, large) {
            let meter = finish.progress.index(&entry.name, extent.rows);
            if stands {
                return meter.was_done();
            }
            let build = Build {
                meter,
                what: describe(entry),
                mark: index_mark(entry),
                sql,
                rows: extent.rows,
                need: Need::of(entry, extent.rows, extent.bytes),
                table: table.clone(),
            };
            *self.open.entry(table.clone()).or_default() += 1;
            self.waiting.entry(table).or_default().push(build);
        } else if !stands && !large.contains(&table) && KINDS.contains(&entry.class()) {
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
        let what = statistics_of(table);
        let sql = format!("{extended}ANALYZE {};", table.sql());
        if !is_large {
            let mark = statistics_mark(table);
            let statement = noted(finish.run, what, &mark, &sql);
            let pieces = self.small.entry(table.clone()).or_default();
            pieces.push(Piece { mark, statement });
            return;
        }
        let build = Build {
            meter: statistics_meter(finish, table),
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

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.small.is_empty()
    }

    /// A table's rows are in: what stands on it can be begun.
    pub(super) fn release(&mut self, table: TableName) {
        if let Some(builds) = self.waiting.remove(&table) {
            self.ready.extend(builds);
            self.analyze_when_built(&table);
        } else {
            self.arrived.extend(self.small.remove(&table));
        }
    }

    pub(super) fn release_all(&mut self) {
        let tables: Vec<TableName> = self.waiting.keys().cloned().collect();
        tables.into_iter().for_each(|table| self.release(table));
        self.arrived
            .extend(self.small.drain().map(|(_, pieces)| pieces));
    }

    /// Whether nothing on small tables is left to be begun.
    pub(super) fn no_parcel_is_left(&self) -> bool {
        self.small.is_empty() && self.arrived.is_empty()
    }

    pub(super) fn is_built(&mut self, table: &TableName) {
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
    pub(super) fn next(&mut self, vectors_under_way: bool) -> Option<Build> {
        let ready = self.ready.iter().enumerate();
        let (at, _) = ready
            .filter(|(_, build)| !(vectors_under_way && build.need.is_some()))
            .max_by_key(|(_, build)| (build.need.is_some(), build.rows))?;
        Some(self.ready.swap_remove(at))
    }

    /// What has arrived by now, dealt out to those who are free.
    pub(super) fn parcel(&mut self, free: usize) -> Option<Parcel> {
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

/// A table's statistics, for people.
fn statistics_of(table: &TableName) -> String {
    format!("statistics of {table}")
}

/// The gauge of a large table's statistics.
fn statistics_meter(finish: &Finish<'_>, table: &TableName) -> Arc<Meter> {
    let extent = finish.tables.get(table).copied().unwrap_or_default();
    finish.progress.index(&statistics_of(table), extent.rows)
}

/// What stands on some small tables.
pub(super) struct Parcel {
    /// How many.
    pub(super) tables: u64,
    /// What is to be built on them.
    pub(super) pieces: Vec<Piece>,
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
