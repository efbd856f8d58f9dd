//! The rows in one snapshot, then everything that is built over them. Goes on where it was.

use super::{Error, NOT_SELECTED, Work, definitions, fitting};
use crate::config::SchemaFrom;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::script::Entry;
use crate::postgres::tools::Section;
use crate::postgres::{Connection, ConnectionString};
use crate::session::Step;
use crate::session::report::{LeftOut, LoadedTable, NotMoved, Report, SomeRows, Transfer};
use crate::source::Selected;
use crate::source::postgres::PostgresSource;
use crate::target::{self, Ledger, PlannedTable};
use crate::transfer::finish::{Finish, Finished};
use crate::transfer::{Error as TransferError, Moving};
use crate::wizard::Side;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Chunks at a time when the configuration does not say: more than that gains little, and Neon's
/// smallest compute has about a hundred connections for everybody.
const MOST_WORKERS: usize = 8;

pub(super) async fn run(work: Work<'_>) -> Result<Transfer, Error> {
    work.progress.begin("Taking a snapshot of the source");
    let (from, to) = (
        work.known(Side::Source).await?,
        work.known(Side::Target).await?,
    );
    work.same_selection(&target::open(&to, work.cancel).await?)
        .await?;
    let source = Arc::new(PostgresSource::open(&from, work.cancel).await?);
    let selected = Selected::resolve(&work.session.select, source.session()).await?;
    let began = Instant::now();
    let mut report = move_rows(work, &source, &selected, &to).await?;
    report.row_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let finished = finish(work, &source, &selected, (&from, &to), &report).await?;
    report.built = finished.built;
    report.left_out.extend(finished.left_out);
    report.build_seconds = began.elapsed().as_secs_f64();
    if let Some(source) = Arc::into_inner(source) {
        source.close().await?;
    }
    Ok(report)
}

/// Builds what stands on the rows.
async fn finish(
    work: Work<'_>,
    source: &PostgresSource,
    selected: &Selected,
    (from, to): (&ConnectionString, &ConnectionString),
    moved: &Transfer,
) -> Result<Finished, Error> {
    let name = |table: &LoadedTable| TableName {
        schema: table.schema.clone(),
        name: table.table.clone(),
    };
    let rows = moved.tables.iter().map(|table| (name(table), table.rows));
    let (entries, mut left_out) = post_data(work, source, selected, from, to).await?;
    let mut sequences = source.sequences().await?;
    // Without rows, sequences begin where their definitions say.
    sequences.retain(|sequence| selected.has(&sequence.name) && selected.select().takes_rows());
    let finish = Finish {
        target: to,
        run: &work.session.id,
        workers: workers(work),
        entries: &entries,
        sequences: &sequences,
        empty_views: &views_to_leave(work, source, selected, to).await?,
        tables: &rows.collect(),
        progress: work.progress,
        cancel: work.cancel,
    };
    let mut finished = finish.all().await?;
    left_out.append(&mut finished.left_out);
    finished.left_out = left_out;
    Ok(finished)
}

/// The materialized views that are not filled: those that are empty on the source, the target's
/// own, and without rows all.
async fn views_to_leave(
    work: Work<'_>,
    source: &PostgresSource,
    selected: &Selected,
    to: &ConnectionString,
) -> Result<Vec<TableName>, Error> {
    let mut views = source.empty_materialized_views().await?;
    if !selected.select().is_everything() {
        let target = target::open(to, work.cancel).await?;
        let there = catalogue::materialized_views(&target, false)
            .await?
            .into_iter();
        let fills = |view: &TableName| selected.has(view) && selected.select().takes_rows();
        views.extend(there.filter(|view| !fills(view)));
    }
    Ok(views)
}

fn workers(work: Work<'_>) -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    work.context
        .config
        .transfer
        .jobs
        .unwrap_or(cores.clamp(2, MOST_WORKERS))
}

/// Moves what is missing, and says what the ledger has then.
async fn move_rows(
    work: Work<'_>,
    source: &Arc<PostgresSource>,
    selected: &Selected,
    to: &ConnectionString,
) -> Result<Transfer, Error> {
    let connection = target::open(to, work.cancel).await?;
    let wanted = match selected.select().takes_rows() {
        true => selected.apply(source.tables()),
        false => Vec::new(),
    };
    let (tables, not_created) = fitting(work, wanted, &connection).await?;
    let not_selected = selected.left_out();
    let moved = Moving {
        source,
        target: to,
        run: &work.session.id,
        tables: &tables,
        rows: &counted_rows(work)?,
        chunk_bytes: work.context.config.transfer.chunk_bytes(),
        workers: workers(work),
        progress: work.progress,
        cancel: work.cancel,
    }
    .all()
    .await?;
    Ok(Transfer {
        tables: moved.tables.iter().map(loaded_table).collect(),
        built: Vec::new(),
        left_out: not_created
            .iter()
            .map(|table| left_out(table, "your SQL files do not create it"))
            .chain(
                not_selected
                    .iter()
                    .map(|table| left_out(table, NOT_SELECTED)),
            )
            .collect(),
        not_moved: not_created
            .into_iter()
            .chain(not_selected)
            .map(not_moved_table)
            .collect(),
        selection: selected.select().in_words(),
        some_rows: selected.rows_of().iter().map(some_rows).collect(),
        snapshots: u32::try_from(moved.snapshots).unwrap_or(u32::MAX),
        retries: moved.retries,
        row_seconds: 0.0,
        build_seconds: 0.0,
    })
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

/// The tables that the target can take. With a schema from the source all must fit; with one
/// from SQL files, tables that these do not create are left out, visibly.
async fn fitting(
    work: Work<'_>,
    tables: Vec<Table>,
    target: &Connection,
) -> Result<(Vec<Table>, Vec<TableName>), Error> {
    let found = fitting::fitting(tables, catalogue::tables(target).await?);
    let mut lacking = found.lacking;
    if !comes_from_files(work) {
        let missing = found.missing.iter().map(|table| format!("table {table}"));
        lacking.extend(missing);
    }
    if !lacking.is_empty() {
        return Err(TransferError::TargetLacks(lacking.join(", ")).into());
    }
    Ok((found.fitting, found.missing))
}

/// Whether the target's definitions come from SQL files.
fn comes_from_files(work: Work<'_>) -> bool {
    work.session.select.takes_definitions()
        && matches!(work.context.config.schema.from, SchemaFrom::Folder(_))
}

fn left_out(table: &TableName, why: &str) -> LeftOut {
    LeftOut {
        what: format!("table {table}"),
        why: why.to_owned(),
    }
}

fn some_rows((table, condition): (&TableName, &String)) -> SomeRows {
    SomeRows {
        schema: table.schema.clone(),
        table: table.name.clone(),
        condition: condition.clone(),
    }
}

fn not_moved_table(table: TableName) -> NotMoved {
    let TableName {
        schema,
        name: table,
    } = table;
    NotMoved { schema, table }
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
    }
}

/// The definitions to make after the rows, as they were when the rows were.
async fn post_data(
    work: Work<'_>,
    source: &PostgresSource,
    selected: &Selected,
    from: &ConnectionString,
    to: &ConnectionString,
) -> Result<(Vec<Entry>, Vec<LeftOut>), Error> {
    if comes_from_files(work) || !selected.select().takes_definitions() {
        let target = target::open(to, work.cancel).await?;
        let deferred = Ledger::new(&target, &work.session.id).deferred().await?;
        return Ok((deferred, Vec::new()));
    }
    work.progress
        .begin("pg_dump reads the source's indexes and keys");
    let half = (Section::PostData, Some(source.snapshot()));
    let found = definitions::read(work, from, source.version(), selected, half).await?;
    Ok((found.script.entries, found.left_out))
}
