//! The rows in one snapshot, then everything that is built over them. Goes on where it was.

use super::{Error, Work};
use crate::config::SchemaFrom;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::script::{Entry, Script};
use crate::postgres::tools::{Section, dump_schema};
use crate::postgres::{Connection, ConnectionString};
use crate::session::Step;
use crate::session::report::{LeftOut, LoadedObjects, LoadedTable, NotMoved, Report, Transfer};
use crate::source::postgres::PostgresSource;
use crate::target::{self, Ledger, PlannedTable};
use crate::transfer::finish::{Finish, Finished};
use crate::transfer::{Error as TransferError, Moving, MovingObjects};
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
    let source = Arc::new(PostgresSource::open(&from, work.cancel).await?);
    let began = Instant::now();
    let mut report = move_rows(work, &source, &to).await?;
    report.large_objects = MovingObjects {
        source: &source,
        target: &to,
        run: &work.session.id,
        progress: work.progress,
        cancel: work.cancel,
    }
    .all()
    .await?;
    report.row_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let finished = finish(work, &source, &from, &to, &report).await?;
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
    from: &ConnectionString,
    to: &ConnectionString,
    moved: &Transfer,
) -> Result<Finished, Error> {
    let name = |table: &LoadedTable| TableName {
        schema: table.schema.clone(),
        name: table.table.clone(),
    };
    let rows = moved.tables.iter().map(|table| (name(table), table.rows));
    let finish = Finish {
        target: to,
        run: &work.session.id,
        workers: workers(work),
        entries: &post_data(work, source, from, to).await?,
        sequences: &source.sequences().await?,
        empty_views: &source.empty_materialized_views().await?,
        tables: &rows.collect(),
        progress: work.progress,
        cancel: work.cancel,
    };
    Ok(finish.all().await?)
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
    to: &ConnectionString,
) -> Result<Transfer, Error> {
    let connection = target::open(to, work.cancel).await?;
    let (tables, not_moved) = fitting(work, source, &connection).await?;
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
        left_out: not_moved.iter().map(not_created).collect(),
        large_objects: LoadedObjects::default(),
        not_moved: not_moved.into_iter().map(not_moved_table).collect(),
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
    source: &PostgresSource,
    target: &Connection,
) -> Result<(Vec<Table>, Vec<TableName>), Error> {
    let there: HashMap<TableName, Table> = catalogue::tables(target)
        .await?
        .into_iter()
        .map(|table| (table.name.clone(), table))
        .collect();
    let may_leave_out = matches!(work.context.config.schema.from, SchemaFrom::Folder(_));
    let (mut fitting, mut left_out, mut lacking) = (Vec::new(), Vec::new(), Vec::new());
    for table in source.tables() {
        match there.get(&table.name) {
            Some(other) => {
                lacking.extend(missing_columns(table, other));
                fitting.push(table.clone());
            }
            None if may_leave_out => left_out.push(table.name.clone()),
            None => lacking.push(format!("table {}", table.name)),
        }
    }
    if !lacking.is_empty() {
        return Err(TransferError::TargetLacks(lacking.join(", ")).into());
    }
    Ok((fitting, left_out))
}

fn not_created(table: &TableName) -> LeftOut {
    LeftOut {
        what: format!("table {table}"),
        why: "your SQL files do not create it".to_owned(),
    }
}

fn not_moved_table(table: TableName) -> NotMoved {
    let TableName {
        schema,
        name: table,
    } = table;
    NotMoved { schema, table }
}

fn missing_columns<'a>(table: &'a Table, other: &'a Table) -> impl Iterator<Item = String> + 'a {
    table
        .copied_columns()
        .filter(|column| {
            !other
                .copied_columns()
                .any(|there| there.name == column.name && there.sql_type == column.sql_type)
        })
        .map(|column| {
            format!(
                "column {} {} of {}",
                column.name, column.sql_type, table.name
            )
        })
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
    from: &ConnectionString,
    to: &ConnectionString,
) -> Result<Vec<Entry>, Error> {
    if matches!(work.context.config.schema.from, SchemaFrom::Folder(_)) {
        let target = target::open(to, work.cancel).await?;
        return Ok(Ledger::new(&target, &work.session.id).deferred().await?);
    }
    work.progress
        .begin("pg_dump reads the source's indexes and keys");
    let tools = work.context.tools().for_server(source.version()).await?;
    let (environment, snapshot) = (from.tool_environment(), Some(source.snapshot()));
    let section = Section::PostData;
    let dump = dump_schema(&tools, &environment, &[], section, snapshot, work.cancel).await?;
    Ok(Script::parse(&dump).entries)
}
