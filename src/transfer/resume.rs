//! What is left to do: the source's tables against the ledger.
//!
//! A table that was not written to since its snapshot goes on chunk by chunk; its block ranges
//! still hold the same rows. Any other is taken out of the target and loaded whole from the
//! present snapshot. So all rows show the source at one moment: the present snapshot's.

use crate::postgres::catalogue::{Table, TableName};
use crate::progress::{Meter, Progress};
use crate::source::{Range, Shipment, postgres as pg};
use crate::target::{ChunkKey, LoadedChunk, PlannedTable, Planning};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};

/// What happens with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It is new to the ledger: plan it.
    Begin,
    /// It has not changed: load the chunks that are missing, if any.
    GoOn,
    /// It has changed since, or may have: load it again, whole.
    Again,
}

/// Decides about a table. `same_moment` says that the present snapshot sees exactly what the
/// table's snapshot saw.
fn course(
    planned: Option<&PlannedTable>,
    fingerprint: Option<&String>,
    same_moment: bool,
) -> Course {
    match planned {
        None => Course::Begin,
        Some(_) if same_moment => Course::GoOn,
        Some(planned) if fingerprint == Some(&planned.fingerprint) => Course::GoOn,
        Some(_) => Course::Again,
    }
}

/// A table's meter and how many of its chunks are still missing.
#[derive(Debug)]
pub(super) struct TableWork {
    /// How the rows travel.
    pub(super) shipment: Shipment,
    meter: Arc<Meter>,
    missing: AtomicUsize,
    /// Its rows have to be proved before anything is built on them.
    presumed: bool,
}

impl TableWork {
    pub(super) fn new(
        shipment: Shipment,
        meter: Arc<Meter>,
        missing: usize,
        presumed: bool,
    ) -> Self {
        if missing == 0 {
            meter.finish();
        }
        Self {
            shipment,
            meter,
            missing: AtomicUsize::new(missing),
            presumed,
        }
    }

    /// The table's meter.
    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// One chunk more is in; the last one makes the table done. Whether the table can be built on
    /// now.
    pub(super) fn chunk_done(&self) -> bool {
        let is_last = self.missing.fetch_sub(1, AcqRel) == 1;
        if is_last {
            self.meter.finish();
        }
        is_last && !self.presumed
    }
}

/// A chunk to load.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// Which one.
    pub(super) key: ChunkKey,
    /// Its rows.
    pub(super) range: Range,
    /// Its table.
    pub(super) work: Arc<TableWork>,
    /// About how many bytes it is: larger ones go first.
    pub(super) weight: u64,
}

/// Everything that is left to do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Tables to plan in the ledger, with fingerprint and ranges.
    pub(super) fresh: Vec<Planning>,
    /// Those of them that the ledger knows, whose rows must go first.
    pub(super) again: HashSet<TableName>,
    /// Tables that the ledger knows and the source has no more.
    pub(super) gone: HashSet<TableName>,
    /// Tables that go on because their fingerprints say that they have not changed. Counters come
    /// late: this has to be proved.
    pub(super) presumed: HashSet<TableName>,
    /// Tables whose chunks are all in, and are what they should be.
    pub(super) complete: Vec<TableName>,
    /// The chunks to load, largest first.
    pub(super) jobs: Vec<Job>,
}

/// The state of things that a plan is made from.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// The source's tables.
    pub(super) tables: &'a [Table],
    /// Rows of each table as far as they were counted.
    pub(super) rows: &'a HashMap<TableName, u64>,
    /// The tables in the ledger.
    pub(super) ledger: &'a [PlannedTable],
    /// The numbers of the snapshots that saw what the present one sees.
    pub(super) same_moment: &'a HashSet<i32>,
    /// The tables' fingerprints from before the present snapshot, to remember.
    pub(super) before: &'a HashMap<TableName, String>,
    /// Their fingerprints from after it, to compare with remembered ones.
    pub(super) now: &'a HashMap<TableName, String>,
    /// Tables that seemed unchanged by their fingerprints and turned out not to be.
    pub(super) distrusted: &'a HashSet<TableName>,
    /// The size of a chunk.
    pub(super) chunk_bytes: u64,
    /// Whether the source can read tables in parts.
    pub(super) can_split: bool,
}

/// Makes the plan, with a meter for each table.
pub(super) fn plan(known: &Known<'_>, progress: &Progress) -> Plan {
    let mut plan = Plan::default();
    let ledger: HashMap<&TableName, &PlannedTable> = known
        .ledger
        .iter()
        .map(|planned| (&planned.table, planned))
        .collect();
    for table in known.tables {
        let planned = ledger.get(&table.name).copied();
        let fingerprint = known.now.get(&table.name);
        let same = planned.is_some_and(|planned| known.same_moment.contains(&planned.snapshot));
        let course = match known.distrusted.contains(&table.name) && !same {
            true => Course::Again,
            false => course(planned, fingerprint, same),
        };
        let presumed = course == Course::GoOn && !same;
        if presumed {
            plan.presumed.insert(table.name.clone());
        }
        let chunks = match (course, planned) {
            (Course::GoOn, Some(planned)) => planned.chunks.clone(),
            _ => {
                let ranges = if known.can_split {
                    pg::ranges(table, known.chunk_bytes)
                } else {
                    vec![Range::Whole]
                };
                let fingerprint = known.before.get(&table.name).cloned().unwrap_or_default();
                plan.fresh.push(Planning {
                    table: table.name.clone(),
                    routed: table.routed,
                    fingerprint,
                    ranges: ranges.clone(),
                });
                fresh_chunks(ranges)
            }
        };
        if course == Course::Again {
            plan.again.insert(table.name.clone());
        }
        let jobs = jobs(table, &chunks, known, progress, presumed);
        if jobs.is_empty() && !presumed {
            plan.complete.push(table.name.clone());
        }
        plan.jobs.extend(jobs);
    }
    let here: HashSet<&TableName> = known.tables.iter().map(|table| &table.name).collect();
    let gone = ledger.into_keys().filter(|name| !here.contains(name));
    plan.gone = gone.cloned().collect();
    plan.jobs.sort_by_key(|job| std::cmp::Reverse(job.weight));
    plan
}

/// A meter for each table, of a copy whose rows are all in: they count as what they are, done.
pub(super) fn tell_complete(ledger: &[PlannedTable], progress: &Progress) {
    for planned in ledger {
        let loaded = planned.chunks.iter().filter_map(|chunk| chunk.loaded);
        let (rows, bytes) = loaded.fold((0, 0), |sum, (r, b)| (sum.0 + r, sum.1 + b));
        let meter = progress.meter(&planned.table.to_string(), rows, bytes);
        meter.was_done();
    }
}

fn fresh_chunks(ranges: Vec<Range>) -> Vec<LoadedChunk> {
    (0..)
        .zip(ranges)
        .map(|(number, range)| LoadedChunk {
            number,
            range,
            loaded: None,
        })
        .collect()
}

fn jobs(
    table: &Table,
    chunks: &[LoadedChunk],
    known: &Known<'_>,
    progress: &Progress,
    presumed: bool,
) -> Vec<Job> {
    let rows = known.rows.get(&table.name).copied().unwrap_or(0);
    let meter = progress.meter(&table.name.to_string(), rows, table.row_bytes());
    for (rows, bytes) in chunks.iter().filter_map(|chunk| chunk.loaded) {
        meter.add(rows, bytes);
    }
    let missing: Vec<_> = chunks
        .iter()
        .filter(|chunk| chunk.loaded.is_none())
        .collect();
    let work = Arc::new(TableWork::new(
        pg::shipment(table),
        meter,
        missing.len(),
        presumed,
    ));
    let weight = table.row_bytes() / chunks.len().max(1) as u64;
    missing
        .into_iter()
        .map(|chunk| Job {
            key: ChunkKey {
                table: table.name.clone(),
                number: chunk.number,
            },
            range: chunk.range,
            work: Arc::clone(&work),
            weight,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> TableName {
        TableName {
            schema: "public".into(),
            name: name.into(),
        }
    }

    fn table(named: &str) -> Table {
        Table {
            name: name(named),
            oid: 1,
            columns: Vec::new(),
            heap_bytes: 8192,
            toast_bytes: 0,
            index_bytes: 0,
            unlogged: false,
            row_security: false,
            routed: false,
            condition: None,
        }
    }

    fn planned(named: &str, fingerprint: &str, loaded: [bool; 2]) -> PlannedTable {
        let chunks = (0..).zip(loaded).map(|(number, loaded)| LoadedChunk {
            number,
            range: Range::Blocks {
                from: 0,
                until: None,
            },
            loaded: loaded.then_some((5, 50)),
        });
        PlannedTable {
            table: name(named),
            snapshot: 1,
            fingerprint: fingerprint.into(),
            chunks: chunks.collect(),
        }
    }

    fn plan_for(now: &str, same_moment: &[i32]) -> Plan {
        let known = Known {
            tables: &[table("half"), table("whole"), table("new")],
            rows: &HashMap::new(),
            ledger: &[
                planned("half", "then", [true, false]),
                planned("whole", "then", [true, true]),
            ],
            same_moment: &same_moment.iter().copied().collect(),
            before: &HashMap::new(),
            distrusted: &HashSet::new(),
            now: &["half", "whole", "new"]
                .map(|table| (name(table), now.to_owned()))
                .into_iter()
                .collect(),
            chunk_bytes: 1 << 26,
            can_split: true,
        };
        plan(&known, &Progress::default())
    }

    fn named(plan: &Plan) -> Vec<(String, i32)> {
        plan.jobs
            .iter()
            .map(|job| (job.key.table.name.clone(), job.key.number))
            .collect()
    }

    #[test]
    fn an_unchanged_table_goes_on_with_what_is_missing() {
        let plan = plan_for("then", &[]);
        assert_eq!(
            named(&plan),
            [("new".into(), 0), ("half".into(), 1)],
            "larger chunks first"
        );
        assert!(plan.again.is_empty());
    }

    #[test]
    fn a_changed_table_is_loaded_again_whole_even_when_it_was_finished() {
        let plan = plan_for("later", &[]);
        assert_eq!(plan.again, HashSet::from([name("half"), name("whole")]));
        assert_eq!(plan.jobs.len(), 3);
    }

    #[test]
    fn the_same_moment_needs_no_counters() {
        let plan = plan_for("counters were reset", &[1]);
        assert!(plan.again.is_empty());
    }

    #[test]
    fn what_goes_on_by_its_counters_has_to_be_proved() {
        let presumed = HashSet::from([name("half"), name("whole")]);
        assert_eq!(plan_for("then", &[]).presumed, presumed);
        assert!(plan_for("then", &[1]).presumed.is_empty());
    }
}
