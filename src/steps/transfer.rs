//! The rows in one snapshot, and everything that is built over them. Goes on where it was.

mod selection;
mod workers;

use super::{Error, Work, definitions};
use crate::failure::{Explain, Retry, chain};
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::script::Entry;
use crate::postgres::tools::Section;
use crate::postgres::{Connection, ConnectionString};
use crate::progress::Tone;
use crate::session::Step;
use crate::session::report::{LeftOut, LoadedObjects, LoadedTable, Report, Transfer};
use crate::source::Selected;
use crate::source::holder::{self, Held, Holder};
use crate::source::postgres::PostgresSource;
use crate::target::{self, Control, Ledger, PlannedTable};
use crate::transfer::finish::{Extent, Finish, Finished};
use crate::transfer::{Arrival, Moved, Moving, MovingObjects, together};
use crate::wizard::Side;
use futures_util::future::FutureExt;
use selection::{MovedPart, comes_from_files, part};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use workers::Workers;

/// Tables whose arrival may wait to be heard of.
const ARRIVALS: usize = 256;

/// Times that the way to the source, or its snapshot, may be lost before it is given up.
const LOSSES: u32 = 5;

pub(super) async fn run(work: Work<'_>) -> Result<Transfer, Error> {
    let holder = Holder {
        program: work.context.program.as_deref(),
        session_file: &work.context.session_file,
        run: &work.session.id,
        limit: work.context.config.transfer.hold_limit(),
    };
    let moved = tokio::select! {
        moved = until_moved(work, holder) => moved,
        never = holder::in_use(holder.session_file) => match never {},
    };
    match &moved {
        Err(error) if error.failure().retry != Retry::Never => tell_held(work, holder),
        _ => holder.let_go().await,
    }
    moved
}

/// Moves everything. When the source was lost on the way it goes on, in the same snapshot if that
/// is still held, otherwise in a new one.
async fn until_moved(work: Work<'_>, holder: Holder<'_>) -> Result<Transfer, Error> {
    let mut losses = 0;
    loop {
        work.progress.begin("Taking a snapshot of the source");
        let source = async {
            let from = work.known(Side::Source).await?;
            let select = &work.session.select;
            let held = holder.source(&from, select, work.cancel).await?;
            Ok((from, held))
        };
        let target = async {
            let (to, connection) = work.reach_target().await?;
            work.same_selection(&connection).await?;
            Ok::<_, Error>((to, connection))
        };
        let ((from, (source, origin)), to) = tokio::try_join!(source, target)?;
        if let Some(note) = origin.note() {
            work.progress.note(origin.tone(), note);
        }
        let source = Arc::new(source);
        let error = match carry_over(work, &source, &from, to).boxed().await {
            Ok(report) => {
                if let Some(source) = Arc::into_inner(source) {
                    source.close().await?;
                }
                return Ok(report);
            }
            Err(error) => error,
        };
        losses += 1;
        let lost = error.is_snapshot_lost() || source.session().is_closed();
        if !lost || losses == LOSSES || work.cancel.is_cancelled() {
            return Err(error);
        }
        let text = format!(
            "The source was lost: going on from here ({}).",
            chain(&error)
        );
        work.progress.note(Tone::Warning, text);
    }
}

/// Moves the rows, and builds on them what can be built already while others still move.
async fn carry_over(
    work: Work<'_>,
    source: &Arc<PostgresSource>,
    from: &ConnectionString,
    (to, connection): (ConnectionString, Connection),
) -> Result<Transfer, Error> {
    let stop = work.cancel.child_token();
    let work = Work {
        cancel: &stop,
        ..work
    };
    let selected = Selected::resolve(&work.session.select, source.session()).await?;
    let (moved_part, workers) = tokio::try_join!(
        part(work, source, &selected, &connection),
        Workers::of(work, source.session(), &connection)
    )?;
    let MovedPart {
        tables,
        not_moved,
        mut left_out,
    } = moved_part;
    work.progress.begin("Planning the copy");
    let (arrived, arrivals) = mpsc::channel(ARRIVALS);
    let began = Instant::now();
    let moving = Moving {
        source,
        target: &to,
        run: &work.session.id,
        tables: &tables,
        rows: &counted_rows(work)?,
        chunk_bytes: work.context.config.transfer.chunk_bytes(),
        workers: workers.rows,
        arrived: arrived.clone(),
        progress: work.progress,
        cancel: work.cancel,
    };
    let objects = MovingObjects {
        source,
        target: &to,
        run: &work.session.id,
        progress: work.progress,
        cancel: work.cancel,
    };
    let moving_objects = async {
        match selected.select().takes_large_objects() {
            true => objects.all().await,
            false => Ok(LoadedObjects::default()),
        }
    };
    let control = Control::over(connection, &to, work.cancel);
    let rows = async {
        let (moved, objects) =
            together(&stop, moving.all(control).boxed(), moving_objects.boxed()).await?;
        // Nobody listens any more when what follows the rows has failed, which stops this too.
        let _ = arrived.send(Arrival::AllRows).await;
        Ok((moved, objects, began.elapsed()))
    };
    let site = Site {
        work,
        source,
        selected: &selected,
        from,
        to: &to,
    };
    let building = site.finish(&tables, workers.indexes, arrivals).boxed();
    let ((moved, large_objects, row_time), finished) = together(&stop, rows, building).await?;
    left_out.extend(finished.left_out);
    let mut report = Transfer {
        tables: moved.tables.iter().map(loaded_table).collect(),
        built: finished.built,
        left_out,
        large_objects,
        not_moved,
        selection: selected.select().in_words(),
        some_rows: selection::some_rows(&selected),
        snapshots: u32::try_from(moved.snapshots).unwrap_or(u32::MAX),
        retries: moved.retries,
        row_seconds: row_time.as_secs_f64(),
        build_seconds: (began.elapsed() - row_time).as_secs_f64(),
    };
    note_writes(work, source, &moved, &mut report).await?;
    Ok(report)
}

/// Puts into the report what the source says of writes since the copy, and tells the person.
async fn note_writes(
    work: Work<'_>,
    source: &PostgresSource,
    moved: &Moved,
    report: &mut Transfer,
) -> Result<(), Error> {
    if !source.counts_writes() {
        return Ok(());
    }
    let changed = moved.changed_since(&source.fingerprints_now().await?);
    for table in &mut report.tables {
        let name = table_name(table);
        table.written_since = changed.contains(&name);
        table.counters = moved.fingerprints.get(&name).cloned();
    }
    let names = report.changed_since();
    if !names.is_empty() {
        let text = format!(
            "The source was written to since the copy: {}. The target has the rows of the snapshot.",
            names.join(", ")
        );
        work.progress.note(Tone::Warning, text);
    }
    Ok(())
}

/// Says that the snapshot stays, and for how long.
fn tell_held(work: Work<'_>, holder: Holder<'_>) {
    if let Some(held) = holder::look(holder.session_file).filter(Held::is_alive) {
        let text = format!(
            "The source's snapshot stays held until {}: the transfer goes on in it.",
            held.until().strftime("%F %H:%M UTC")
        );
        work.progress.note(Tone::Info, text);
    }
}

/// What everything over the rows is built from, and where.
struct Site<'a> {
    work: Work<'a>,
    source: &'a PostgresSource,
    selected: &'a Selected,
    from: &'a ConnectionString,
    to: &'a ConnectionString,
}

impl Site<'_> {
    /// Builds what stands on the rows.
    async fn finish(
        &self,
        tables: &[Table],
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
            tables: &extents(work, tables)?,
            progress: work.progress,
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
        if !select.is_everything() {
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

fn loaded_table(planned: &PlannedTable) -> LoadedTable {
    let loaded = planned.chunks.iter().filter_map(|chunk| chunk.loaded);
    let (rows, bytes) = loaded.fold((0, 0), |sum, (r, b)| (sum.0 + r, sum.1 + b));
    LoadedTable {
        schema: planned.table.schema.clone(),
        table: planned.table.name.clone(),
        rows,
        bytes,
        chunks: u32::try_from(planned.chunks.len()).unwrap_or(u32::MAX),
        counters: None,
        written_since: false,
    }
}

fn table_name(table: &LoadedTable) -> TableName {
    TableName {
        schema: table.schema.clone(),
        name: table.table.clone(),
    }
}
