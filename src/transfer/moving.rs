//! Moves all rows: plans, loads, proves what it could only presume, until the ledger says that
//! every chunk is in. After that no row is ever loaded, or taken out, again.

use super::moved::{Moved, is_same_moment};
use super::resume::{Known, Plan, plan, tell_complete};
use super::retry::Attempts;
use super::rows::{Crew, Settings, load_rows};
use super::{Arrival, Error, Throttle, changed};
use crate::compare;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError};
use crate::progress::{Progress, Tone};
use crate::source::postgres::PostgresSource;
use crate::target::{Control, Gone, Ledger, PlannedTable, Snapshot};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::mpsc;
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
    /// Says how many chunks at a time, and when to pause.
    pub throttle: &'a Throttle,
    /// The board.
    pub progress: &'a Progress,
    /// Told of what can be built on.
    pub arrived: mpsc::Sender<Arrival>,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

/// What the rounds of one run have found out.
#[derive(Debug, Default)]
struct Found {
    /// Tables that go on and were compared: equal.
    proved: HashSet<TableName>,
    /// Tables that seemed unchanged and were not.
    distrusted: HashSet<TableName>,
    retries: u64,
    /// The first round's workers.
    crew: Crew<PostgresSource>,
    /// The ledger's tables, for the first round.
    ledger: Option<Vec<PlannedTable>>,
}

impl Moving<'_> {
    /// Moves all rows that are not there yet.
    pub async fn all(
        &self,
        mut control: Control,
        mut crew: Crew<PostgresSource>,
    ) -> Result<Moved, Error> {
        loop {
            let crew = std::mem::take(&mut crew);
            match self.numbered(&mut control, crew).await {
                // The server has gone on planning for a run that was killed: it is in the ledger now.
                Err(error) if error.is_numbered_already() => {}
                moved => return moved,
            }
        }
    }

    /// Moves under the number that the snapshot has in the ledger, or gets.
    async fn numbered(
        &self,
        control: &mut Control,
        crew: Crew<PostgresSource>,
    ) -> Result<Moved, Error> {
        let connection = control.connection().await?;
        let ledger = Ledger::new(connection, self.run);
        let reading = async {
            tokio::try_join!(
                ledger.snapshots(),
                ledger.rows_are_complete(),
                counted_anew(&ledger)
            )
        };
        let reading = connection.until_cancelled(self.cancel, reading);
        let (snapshots, complete, tables) = reading.await??;
        let last = snapshots.last();
        let mut known = snapshots.iter();
        let known = known.find(|known| known.identity == self.source.identity());
        let next = last.map_or(1, |last| last.number + 1);
        let number = known.map_or(next, |known| known.number);
        let same = |other: &Snapshot| is_same_moment(&other.visible, self.source.visible());
        let same = snapshots.iter().filter(|snapshot| same(snapshot));
        let mut same_moment: HashSet<i32> = same.map(|snapshot| snapshot.number).collect();
        same_moment.insert(number);
        let mut found = Found::default();
        if complete {
            self.complete(&ledger, &same_moment).await?;
            tell_complete(&tables, self.progress);
            self.tell(Arrival::Planned).await;
        } else {
            found.crew = crew;
            found.ledger = Some(tables);
            if known.is_none() {
                last.inspect(|last| self.tell_lost(last));
            }
            let snapshot = self.snapshot(number);
            self.rounds(control, &snapshot, &same_moment, &mut found)
                .await?;
        }
        let ledger = Ledger::new(control.connection().await?, self.run);
        Moved::told(&ledger, self.source, &same_moment, found.retries).await
    }

    async fn rounds(
        &self,
        control: &mut Control,
        snapshot: &Snapshot,
        same_moment: &HashSet<i32>,
        found: &mut Found,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::new("the copy's plan", self.progress, self.cancel);
        for round in 0..ROUNDS {
            if round > 0 {
                self.progress.begin("Planning what has to be copied again");
            }
            loop {
                match self.round(control, snapshot, same_moment, found).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => break,
                    // A server goes on planning for a connection that is lost.
                    Err(error) if error.is_planned_already() => {}
                    Err(error) if self.source.session().is_closed() => return Err(error),
                    // What was planned, or loaded, is found in the ledger.
                    Err(error) => attempts.again(error).await?,
                }
            }
        }
        Err(Error::Incomplete)
    }

    /// The source's snapshot, under this number, as the ledger wants it.
    fn snapshot(&self, number: i32) -> Snapshot {
        Snapshot {
            number,
            identity: self.source.identity().to_owned(),
            taken: self.source.taken(),
            visible: self.source.visible().to_owned(),
        }
    }

    fn tell_lost(&self, last: &Snapshot) {
        let text = format!(
            "The source's snapshot of {}, in which the copy began, is lost. The copy goes on in a new one: tables that were written to since are loaded again, whole.",
            last.taken.strftime("%F %H:%M UTC")
        );
        self.progress.note(Tone::Warning, text);
    }

    /// One round; whether everything is in after it.
    async fn round(
        &self,
        control: &mut Control,
        snapshot: &Snapshot,
        same_moment: &HashSet<i32>,
        found: &mut Found,
    ) -> Result<bool, Error> {
        let connection = control.connection().await?;
        let planning = self.planned(connection, snapshot, same_moment, found);
        let plan = planning.await?;
        self.progress.activity("Copying rows");
        self.tell(Arrival::Planned).await;
        self.tell(Arrival::Tables(plan.complete)).await;
        let source = Arc::clone(self.source);
        let settings = self.settings();
        let loading = load_rows(
            source,
            plan.jobs,
            settings,
            std::mem::take(&mut found.crew),
            self.progress,
            self.cancel,
        );
        found.retries += loading.await?;
        let connection = control.connection().await?;
        if !self.prove(connection, &plan.presumed, found).await? {
            return Ok(false);
        }
        let ledger = Ledger::new(connection, self.run);
        let completing = connection.until_cancelled(self.cancel, ledger.complete_rows());
        Ok(completing.await??)
    }

    fn settings(&self) -> Settings {
        Settings {
            target: self.target.clone(),
            run: self.run.to_owned(),
            workers: self.throttle.workers(),
            throttle: self.throttle.clone(),
            arrived: self.arrived.clone(),
        }
    }

    async fn tell(&self, arrival: Arrival) {
        // Nobody listens any more when what follows the rows has failed, which stops this too.
        let _ = self.arrived.send(arrival).await;
    }

    /// What is left to do, written down in the ledger.
    async fn planned(
        &self,
        connection: &Connection,
        snapshot: &Snapshot,
        same_moment: &HashSet<i32>,
        found: &mut Found,
    ) -> Result<Plan, Error> {
        let ledger = Ledger::new(connection, self.run);
        let tables = match found.ledger.take() {
            Some(tables) => tables,
            None => {
                let counting = counted_anew(&ledger);
                connection.until_cancelled(self.cancel, counting).await??
            }
        };
        let plan = self.plan(&tables, same_moment, &found.distrusted).await?;
        self.tell_again(&plan);
        let gone = self.gone(connection, &plan).await?;
        let planning = ledger.plan(&plan.fresh, snapshot, &plan.again, &gone);
        connection
            .until_cancelled(self.cancel, planning)
            .await?
            .map_err(|error| changed::on_target(error, plan.again.union(&plan.gone)))?;
        Ok(plan)
    }

    async fn plan(
        &self,
        ledger: &[PlannedTable],
        same_moment: &HashSet<i32>,
        distrusted: &HashSet<TableName>,
    ) -> Result<Plan, Error> {
        let known = Known {
            tables: self.tables,
            rows: self.rows,
            ledger,
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

    /// What the target has of the tables that the source has no more. What was loaded of them is of
    /// a moment that is not the present snapshot's.
    async fn gone(&self, connection: &Connection, plan: &Plan) -> Result<Vec<Gone>, Error> {
        if plan.gone.is_empty() {
            return Ok(Vec::new());
        }
        let text = format!(
            "No longer on both sides, and not moved any more: {}. What the target still has of that is emptied, and stays: drop it there if it is not wanted.",
            changed::names(&plan.gone)
        );
        self.progress.note(Tone::Warning, text);
        let there = catalogue::tables(connection).await?;
        let gone = plan.gone.iter().map(|name| {
            let there = there.iter().find(|table| table.name == *name);
            Gone {
                table: name.clone(),
                there: there.map(|table| table.routed),
            }
        });
        Ok(gone.collect())
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
            .activity("Comparing the tables that went on where they were");
        let there = catalogue::tables(connection).await?;
        let meter = self.progress.tables("tables compared", open.len() as u64);
        meter.begin();
        for table in open {
            let go = self.cancel.run_until_cancelled(self.throttle.go()).await;
            go.ok_or(Error::Stopped)?;
            let _carries = self.throttle.carries();
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

    /// All rows were in before: nothing is loaded, whatever the source has changed since. What was
    /// written to, the report names; what is new, nobody else does.
    async fn complete(&self, ledger: &Ledger<'_>, same_moment: &HashSet<i32>) -> Result<(), Error> {
        let moved = Moved::told(ledger, self.source, same_moment, 0).await?;
        let changed = moved.changed_since(&self.source.fingerprints_now().await?);
        let tables = self.tables.iter().map(|table| &table.name);
        let new = tables.filter(|name| !moved.fingerprints.contains_key(*name));
        let new: HashSet<TableName> = new.cloned().collect();
        if !new.is_empty() {
            let text = format!(
                "New on the source since the copy began, and not moved: {}.",
                changed::names(&new)
            );
            self.progress.note(Tone::Warning, text);
        }
        if !changed.is_empty() || !new.is_empty() {
            let text = "Nothing is copied again: the target shows the moment of its snapshot.";
            self.progress.note(Tone::Info, text);
        }
        Ok(())
    }
}

/// The ledger's tables, as the target still has them.
async fn counted_anew(ledger: &Ledger<'_>) -> Result<Vec<PlannedTable>, PostgresError> {
    let ((), tables) = tokio::try_join!(ledger.recount_unlogged(), ledger.tables())?;
    Ok(tables)
}
