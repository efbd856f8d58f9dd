//! The two works of a transfer, which go on side by side: rows move, and what stands on them is built.

use crate::config::Onto;
use crate::postgres::ConnectionString;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::script::Entry;
use crate::postgres::tools::Section;
use crate::session::Step;
use crate::session::report::{LeftOut, LoadedObjects, Report};
use crate::source::Selected;
use crate::source::postgres::PostgresSource;
use crate::steps::transfer::selection::comes_from_files;
use crate::steps::{Error, Work, definitions};
use crate::target::{self, Control, Ledger};
use crate::transfer::finish::{Extent, Finish, Finished};
use crate::transfer::{
    Arrival, Crew, Error as TransferError, Moved, Moving, MovingObjects, together,
};
use futures_util::future::FutureExt;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What moves, from where to where.
pub(super) struct Site<'a> {
    pub(super) work: Work<'a>,
    pub(super) source: &'a Arc<PostgresSource>,
    pub(super) selected: &'a Selected,
    pub(super) tables: &'a [Table],
    pub(super) from: &'a ConnectionString,
    pub(super) to: &'a ConnectionString,
}

impl Site<'_> {
    /// Moves all rows and large objects; tells `arrived` what can be built on.
    pub(super) async fn rows(
        &self,
        (control, crew): (Control, Crew<PostgresSource>),
        arrived: mpsc::Sender<Arrival>,
    ) -> Result<(Moved, LoadedObjects), Error> {
        let Work {
            session,
            progress,
            throttle,
            cancel,
            ..
        } = self.work;
        let moving = Moving {
            source: self.source,
            target: self.to,
            run: &session.id,
            tables: self.tables,
            rows: &counted_rows(self.work)?,
            chunk_bytes: self.work.context.config.transfer.chunk_bytes(),
            throttle,
            arrived: arrived.clone(),
            progress,
            cancel,
        };
        let objects = MovingObjects {
            source: self.source,
            target: self.to,
            run: &session.id,
            progress,
            throttle,
            cancel,
        };
        let moving_objects = async {
            match self.selected.select().takes_large_objects() {
                // Dropped, its session ends and the server takes back what is half-way.
                true => match cancel.run_until_cancelled(objects.all()).await {
                    Some(moved) => moved,
                    None => Err(TransferError::Stopped),
                },
                false => Ok(LoadedObjects::default()),
            }
        };
        let rows = moving.all(control, crew).boxed();
        let moved = together(cancel, rows, moving_objects.boxed()).await?;
        // Nobody listens any more when what follows the rows has failed, which stops this too.
        let _ = arrived.send(Arrival::AllRows).await;
        Ok(moved)
    }

    /// Builds what stands on the rows.
    pub(super) async fn finish(
        &self,
        workers: usize,
        arrivals: mpsc::Receiver<Arrival>,
    ) -> Result<Finished, Error> {
        let (work, source) = (self.work, self.source);
        let takes_rows = self.selected.select().takes_rows();
        let (entries, mut left_out) = self.post_data().await?;
        let mut sequences = source.sequences().await?;
        // Without rows, sequences begin where their definitions say.
        sequences.retain(|sequence| takes_rows && self.selected.has(&sequence.name));
        let finish = Finish {
            target: self.to,
            run: &work.session.id,
            workers,
            entries: &entries,
            keys: &catalogue::keys(source.session()).await?,
            sequences: &sequences,
            empty_views: &self.views_to_leave().await?,
            tables: &extents(work, self.tables)?,
            progress: work.progress,
            throttle: work.throttle,
            cancel: work.cancel,
        };
        let mut finished = finish.all(arrivals).await?;
        left_out.append(&mut finished.left_out);
        Ok(Finished {
            left_out,
            ..finished
        })
    }

    /// The materialized views that are not filled: those that are empty on the source, the
    /// target's own, and without rows all.
    async fn views_to_leave(&self) -> Result<Vec<TableName>, Error> {
        let select = self.selected.select();
        let mut views = self.source.empty_materialized_views().await?;
        let has_own = self.work.session.target_policy() == Onto::Existing;
        if has_own || !select.is_everything() {
            let target = target::open(self.to, self.work.cancel).await?;
            let there = catalogue::materialized_views(&target, false).await?;
            let fills = |view: &TableName| select.takes_rows() && self.selected.has(view);
            views.extend(there.into_iter().filter(|view| !fills(view)));
        }
        Ok(views)
    }

    /// The definitions to make after the rows, as they were when the rows were.
    async fn post_data(&self) -> Result<(Vec<Entry>, Vec<LeftOut>), Error> {
        let (work, source) = (self.work, self.source);
        if comes_from_files(work) || !self.selected.select().takes_definitions() {
            let target = target::open(self.to, work.cancel).await?;
            let deferred = Ledger::new(&target, &work.session.id).deferred().await?;
            return Ok((deferred, Vec::new()));
        }
        let half = (Section::PostData, Some(source.snapshot()));
        let found = definitions::read(work, self.from, source.version(), self.selected, half);
        let found = found.await?;
        Ok((found.script.entries, found.left_out))
    }
}

fn extents(work: Work<'_>, tables: &[Table]) -> Result<HashMap<TableName, Extent>, Error> {
    let rows = counted_rows(work)?;
    let extent = |table: &Table| Extent {
        rows: rows.get(&table.name).copied().unwrap_or(0),
        bytes: table.row_bytes(),
    };
    let named = tables.iter();
    Ok(named
        .map(|table| (table.name.clone(), extent(table)))
        .collect())
}

/// Rows of each table as the inventory counted them.
fn counted_rows(work: Work<'_>) -> Result<HashMap<TableName, u64>, Error> {
    let Some(Report::Inventory(inventory)) = work.session.report(Step::Inventory) else {
        return Err(Error::NoReport(Step::Inventory));
    };
    let named = |table: &crate::session::report::Table| {
        let (schema, name) = (table.schema.clone(), table.name.clone());
        (TableName { schema, name }, table.rows)
    };
    Ok(inventory.tables.iter().map(named).collect())
}
