//! Moves all rows: plans, loads, proves what it could only presume, until the ledger says that
//! every chunk is in. After that no row is ever loaded, or taken out, again.

use super::resume::{Known, Plan, plan};
use super::rows::{Settings, load_rows};
use super::{Error, changed};
use crate::compare;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{Connection, ConnectionString};
use crate::progress::{Progress, Tone};
use crate::source::postgres::PostgresSource;
use crate::target::{self, Ledger, PlannedTable, Snapshot};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Rounds before it is given up. A second one is needed when a crash of the target took back
/// chunks, or when a table turned out to have changed; a third hardly ever.
const ROUNDS: u32 = 4;

/// What to move, and how.
#[derive(Debug)]
pub struct Moving<'a> {
    /// The source at its moment.
    pub source: &'a Arc<PostgresSource>,
    /// Where to.
    pub target: &'a ConnectionString,
    /// The run in the ledger.
    pub run: &'a str,
    /// The source's tables that the target can take.
    pub tables: &'a [Table],
    /// Rows of each table as far as they were counted.
    pub rows: &'a HashMap<TableName, u64>,
    /// The size of a chunk.
    pub chunk_bytes: u64,
    /// Chunks at a time.
    pub workers: usize,
    /// The board.
    pub progress: &'a Progress,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

/// What is on the target now.
#[derive(Debug)]
pub struct Moved {
    /// The tables as the ledger has them, all loaded.
    pub tables: Vec<PlannedTable>,
    /// Snapshots used so far.
    pub snapshots: usize,
    /// Attempts that had to be repeated, this time.
    pub retries: u64,
}

/// What the rounds of one run have found out.
#[derive(Debug, Default)]
struct Found {
    /// Tables that go on and were compared: equal.
    proved: HashSet<TableName>,
    /// Tables that seemed unchanged and were not.
    distrusted: HashSet<TableName>,
    retries: u64,
}

impl Moving<'_> {
    /// Moves all rows that are not there yet.
    pub async fn all(&self) -> Result<Moved, Error> {
        let connection = target::open(self.target, self.cancel).await?;
        let ledger = Ledger::new(&connection, self.run);
        let snapshots = ledger.snapshots().await?;
        let number = snapshots.last().map_or(1, |last| last.number + 1);
        let mut same_moment: HashSet<i32> = snapshots
            .iter()
            .filter(|snapshot| is_same_moment(&snapshot.visible, self.source.visible()))
            .map(|snapshot| snapshot.number)
            .collect();
        if ledger.rows_are_complete().await? {
            self.complete(&ledger, &same_moment).await?;
            return self.moved(&ledger, 0).await;
        }
        same_moment.insert(number);
        let visible = self.source.visible().to_owned();
        ledger.add_snapshot(&Snapshot { number, visible }).await?;
        let mut found = Found::default();
        for _ in 0..ROUNDS {
            if self.round(number, &same_moment, &mut found).await? {
                let connection = target::open(self.target, self.cancel).await?;
                return self
                    .moved(&Ledger::new(&connection, self.run), found.retries)
                    .await;
            }
        }
        Err(Error::Incomplete)
    }

    /// One round; whether everything is in after it.
    async fn round(
        &self,
        number: i32,
        same_moment: &HashSet<i32>,
        found: &mut Found,
    ) -> Result<bool, Error> {
        let connection = target::open(self.target, self.cancel).await?;
        let ledger = Ledger::new(&connection, self.run);
        let plan = self.plan(&ledger, same_moment, &found.distrusted).await?;
        self.tell_again(&plan);
        let planning = ledger.plan(&plan.fresh, number, &plan.again);
        connection
            .until_cancelled(self.cancel, planning)
            .await?
            .map_err(|error| changed::on_target(error, &plan.again))?;
        self.progress
            .activity(format!("Copying rows, {} at a time", self.workers));
        let settings = Settings {
            target: self.target.clone(),
            run: self.run.to_owned(),
            workers: self.workers,
        };
        let source = Arc::clone(self.source);
        found.retries += load_rows(source, plan.jobs, settings, self.progress, self.cancel).await?;
        // The connection was idle all the while: a compute that fell asleep has ended it.
        let connection = target::open(self.target, self.cancel).await?;
        if !self.prove(&connection, &plan.presumed, found).await? {
            return Ok(false);
        }
        Ok(Ledger::new(&connection, self.run).complete_rows().await?)
    }

    async fn plan(
        &self,
        ledger: &Ledger<'_>,
        same_moment: &HashSet<i32>,
        distrusted: &HashSet<TableName>,
    ) -> Result<Plan, Error> {
        self.progress.begin("Planning the copy");
        let known = Known {
            tables: self.tables,
            rows: self.rows,
            ledger: &ledger.tables().await?,
            same_moment,
            before: self.source.fingerprints_before(),
            now: &self.source.fingerprints_now().await?,
            distrusted,
            chunk_bytes: self.chunk_bytes,
            can_split: self.source.can_split(),
        };
        Ok(plan(&known, self.progress))
    }

    fn tell_again(&self, plan: &Plan) {
        if !plan.again.is_empty() {
            let text = format!(
                "The source may have been written to since the transfer was stopped: loading {} again, whole.",
                changed::names(&plan.again)
            );
            self.progress.note(Tone::Warning, text);
        }
    }

    /// A server's counters come late, by seconds: a table that went on because of them is
    /// compared, row by row's hash, before it is believed. Whether all of them are equal.
    async fn prove(
        &self,
        connection: &Connection,
        presumed: &HashSet<TableName>,
        found: &mut Found,
    ) -> Result<bool, Error> {
        let open: Vec<&Table> = self
            .tables
            .iter()
            .filter(|table| presumed.contains(&table.name) && !found.proved.contains(&table.name))
            .collect();
        if open.is_empty() {
            return Ok(true);
        }
        self.progress
            .begin("Comparing the tables that went on where they were");
        let there = catalogue::tables(connection).await?;
        let meter = self.progress.tables("tables compared", open.len() as u64);
        meter.begin();
        for table in open {
            let other = there.iter().find(|other| other.name == table.name);
            let comparing = async {
                match other {
                    Some(other) => {
                        compare::same_rows(self.source.session(), connection, table, other).await
                    }
                    None => Ok(false),
                }
            };
            if connection.until_cancelled(self.cancel, comparing).await?? {
                found.proved.insert(table.name.clone());
            } else {
                found.distrusted.insert(table.name.clone());
            }
            meter.add(1, 0);
        }
        meter.finish();
        Ok(found.distrusted.is_empty() || presumed.is_disjoint(&found.distrusted))
    }

    /// All rows were in before: nothing is loaded. Says what the source has changed since.
    async fn complete(&self, ledger: &Ledger<'_>, same_moment: &HashSet<i32>) -> Result<(), Error> {
        let planned = ledger.tables().await?;
        let now = self.source.fingerprints_now().await?;
        let unchanged: HashSet<&TableName> = planned
            .iter()
            .filter(|planned| {
                same_moment.contains(&planned.snapshot)
                    || now.get(&planned.table) == Some(&planned.fingerprint)
            })
            .map(|planned| &planned.table)
            .collect();
        let tables = self.tables.iter().map(|table| &table.name);
        let changed: HashSet<TableName> = tables
            .filter(|name| !unchanged.contains(name))
            .cloned()
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let names = changed::names(&changed);
        if ledger.is_finished().await? {
            return Err(Error::ChangedAfterwards(names));
        }
        let text = format!(
            "The source was written to after all rows were copied: {names}. The copy shows the moment of its snapshot."
        );
        self.progress.note(Tone::Warning, text);
        Ok(())
    }

    async fn moved(&self, ledger: &Ledger<'_>, retries: u64) -> Result<Moved, Error> {
        let tables = ledger.tables().await?;
        let snapshots = ledger.snapshots().await?.len();
        Ok(Moved {
            tables,
            snapshots,
            retries,
        })
    }
}

/// Whether two snapshots see the same rows: the same text, and no transaction under way in it
/// (`xmin:xmax:` with nothing behind).
pub(super) fn is_same_moment(then: &str, now: &str) -> bool {
    then == now && then.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::is_same_moment;

    #[test]
    fn a_transaction_under_way_makes_two_equal_texts_two_moments() {
        assert!(is_same_moment("100:100:", "100:100:"));
        assert!(!is_same_moment("100:103:101", "100:103:101"));
        assert!(!is_same_moment("100:100:", "100:101:"));
    }
}
