//! The rows in one snapshot, and everything that is built over them. Goes on where it was.

mod held_up;
mod selection;
mod site;
mod workers;

use super::{Error, Work};
use crate::failure::{Explain, Retry, chain};
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, ConnectionString};
use crate::progress::Tone;
use crate::session::report::{LoadedObjects, LoadedTable, Throughput, Transfer};
use crate::source::Selected;
use crate::source::holder::{self, Held, Holder};
use crate::source::postgres::PostgresSource;
use crate::target::{Control, Ledger, PlannedTable};
use crate::transfer::finish::Finished;
use crate::transfer::{Crew, Moved, together, watched};
use crate::wizard::Side;
use futures_util::future::FutureExt;
use selection::{MovedPart, part};
use site::Site;
use std::sync::Arc;
use std::time::{Duration, Instant};
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
            Ok::<_, Error>((from, held))
        };
        let ((from, (source, origin)), to) = tokio::try_join!(source, work.reach_target())?;
        if let Some(note) = origin.note() {
            work.progress.note(origin.tone(), note);
        }
        let source = Arc::new(source);
        let carried = tokio::select! {
            carried = carry_over(work, &source, &from, to).boxed() => carried,
            never = held_up::watch(work, &from, &source) => match never {},
        };
        let error = match carried {
            Ok(report) => {
                if let Some(source) = Arc::into_inner(source) {
                    // All is done and proved by the ledger: a source that has gone takes nothing back.
                    if let Err(error) = source.close().await {
                        tracing::debug!(%error, "the source's session did not end well");
                    }
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
    let ledger = Ledger::new(&connection, &work.session.id);
    let reading = async {
        tokio::try_join!(
            work.same_selection(&connection),
            crew(work, source, &selected, (&to, &connection)),
            part(work, source, &selected, &connection),
        )
    };
    let (is_begun, read) = tokio::join!(ledger.knows_run(), reading);
    if !is_begun? {
        return Err(Error::LedgerGone(to.endpoint()));
    }
    let ((), (workers, crew), part) = read?;
    work.progress.begin("Planning the copy");
    let site = Site {
        work,
        source,
        selected: &selected,
        tables: &part.tables,
        from,
        to: &to,
    };
    work.throttle.begin(workers.rows, workers.most);
    let control = Control::over(connection, &to, work.cancel);
    let (arrived, arrivals) = mpsc::channel(ARRIVALS);
    let began = Instant::now();
    let rows = async {
        let rows = site.rows((control, crew), arrived).boxed();
        let (carried, throughput) = watched(work.progress, rows).await;
        let (moved, large_objects) = carried?;
        Ok(Carried {
            moved,
            large_objects,
            throughput,
            time: began.elapsed(),
        })
    };
    let building = site.finish(workers.indexes, arrivals);
    let (rows, finished) = together(&stop, rows.boxed(), building.boxed()).await?;
    let build_time = began.elapsed() - rows.time;
    let mut report = reported(&selected, part, &rows, (finished, build_time));
    // Early warning only, which compare's hashes make good: a source that has gone is no failure.
    if let Err(error) = note_writes(work, source, &rows.moved, &mut report).await {
        let text = format!(
            "The source does not say what was written since ({}).",
            chain(&error)
        );
        work.progress.note(Tone::Warning, text);
    }
    Ok(report)
}

/// The rows that are in, and how long and how fast they went.
struct Carried {
    moved: Moved,
    large_objects: LoadedObjects,
    throughput: Throughput,
    time: Duration,
}

/// What was moved and built.
fn reported(
    selected: &Selected,
    part: MovedPart,
    rows: &Carried,
    (finished, build_time): (Finished, Duration),
) -> Transfer {
    let mut left_out = part.left_out;
    left_out.extend(finished.left_out);
    Transfer {
        tables: rows.moved.tables.iter().map(loaded_table).collect(),
        built: finished.built,
        left_out,
        large_objects: rows.large_objects,
        not_moved: part.not_moved,
        selection: selected.select().in_words(),
        some_rows: selection::some_rows(selected),
        snapshots: u32::try_from(rows.moved.snapshots).unwrap_or(u32::MAX),
        retries: rows.moved.retries,
        row_seconds: rows.time.as_secs_f64(),
        build_seconds: build_time.as_secs_f64(),
        throughput: Some(rows.throughput.clone()),
    }
}

/// How many work, and those who carry rows called already, if there are any to carry.
async fn crew(
    work: Work<'_>,
    source: &Arc<PostgresSource>,
    selected: &Selected,
    (to, connection): (&ConnectionString, &Connection),
) -> Result<(Workers, Crew<PostgresSource>), Error> {
    let run = &work.session.id;
    let (workers, complete) =
        tokio::try_join!(Workers::of(work, source.session(), connection), async {
            Ok(Ledger::new(connection, run).rows_are_complete().await?)
        })?;
    let crew = match complete || !selected.select().takes_rows() {
        true => Crew::default(),
        false => {
            let tables = selected.apply(source.tables()).len();
            let count = workers.rows.min(tables);
            Crew::call(source, to, run, count, work.cancel)
        }
    };
    Ok((workers, crew))
}

/// Puts into the report what the source says of writes since the copy began, and tells the person.
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
            "The source was written to since the copy began: {}. The target has the rows of the snapshot.",
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
