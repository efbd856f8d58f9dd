//! The rows in one snapshot, then everything that is built over them. Goes on where it was.

use super::{Error, Work};
use crate::config::SchemaFrom;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::script::{Entry, Script};
use crate::postgres::tools::{Section, dump_schema};
use crate::postgres::{Connection, ConnectionString, count};
use crate::session::Step;
use crate::session::report::{LeftOut, LoadedTable, NotMoved, Report, Transfer};
use crate::source::postgres::PostgresSource;
use crate::target::{self, Control, Ledger, PlannedTable};
use crate::transfer::finish::{Extent, Finish, Finished};
use crate::transfer::{Arrival, Error as TransferError, Moving, together};
use crate::wizard::Side;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Chunks at a time when the configuration does not say: more than that gains little, and Neon's
/// smallest compute has about a hundred connections for everybody.
const MOST_WORKERS: usize = 8;

/// A road is long when a question takes longer than this to be answered; then there are this many workers.
const LONG_ROAD_MS: f64 = 5.0;
const MOST_FAR_WORKERS: usize = 16;

/// Connections to the source besides the workers': the holder of the snapshot, pg_dump, one to
/// look around.
const SOURCE_NEEDS: u32 = 4;

/// Tables whose arrival may wait to be heard of.
const ARRIVALS: usize = 256;

pub(super) async fn run(work: Work<'_>) -> Result<Transfer, Error> {
    work.progress.begin("Taking a snapshot of the source");
    let (from, to) = tokio::try_join!(work.known(Side::Source), work.reach_target())?;
    let source = Arc::new(PostgresSource::open(&from, work.cancel).await?);
    let report = carry_over(work, &source, &from, to).await?;
    if let Some(source) = Arc::into_inner(source) {
        source.close().await?;
    }
    Ok(report)
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
    let (tables, not_moved) = fitting(work, source, &connection).await?;
    let workers = workers(work, source.session(), &connection).await?;
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
        arrived,
        progress: work.progress,
        cancel: work.cancel,
    };
    let control = Control::over(connection, &to, work.cancel);
    let rows = async { Ok((moving.all(control).await?, began.elapsed())) };
    let building = finish(
        work,
        source,
        (from, &to),
        &tables,
        workers.indexes,
        arrivals,
    );
    let ((moved, row_time), finished) = together(&stop, rows, building).await?;
    let mut left_out: Vec<LeftOut> = not_moved.iter().map(not_created).collect();
    left_out.extend(finished.left_out);
    Ok(Transfer {
        tables: moved.tables.iter().map(loaded_table).collect(),
        built: finished.built,
        left_out,
        not_moved: not_moved.into_iter().map(not_moved_table).collect(),
        snapshots: u32::try_from(moved.snapshots).unwrap_or(u32::MAX),
        retries: moved.retries,
        row_seconds: row_time.as_secs_f64(),
        build_seconds: (began.elapsed() - row_time).as_secs_f64(),
    })
}

/// Builds what stands on the rows.
async fn finish(
    work: Work<'_>,
    source: &PostgresSource,
    (from, to): (&ConnectionString, &ConnectionString),
    tables: &[Table],
    workers: usize,
    arrivals: mpsc::Receiver<Arrival>,
) -> Result<Finished, Error> {
    let finish = Finish {
        target: to,
        run: &work.session.id,
        workers,
        entries: &post_data(work, source, from, to).await?,
        keys: &catalogue::keys(source.session()).await?,
        sequences: &source.sequences().await?,
        empty_views: &source.empty_materialized_views().await?,
        tables: &extents(work, tables)?,
        progress: work.progress,
        cancel: work.cancel,
    };
    Ok(finish.all(arrivals).await?)
}

/// How many transactions and builds there are at a time.
struct Workers {
    rows: usize,
    indexes: usize,
}

/// As many as there are cores, when the configuration does not say; on a long road more, since
/// most of the time each waits for an answer. Never more than the servers have connections for:
/// half of what the target has left stays with others.
async fn workers(
    work: Work<'_>,
    source: &Connection,
    target: &Connection,
) -> Result<Workers, Error> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let usual = cores.clamp(2, MOST_WORKERS);
    if let Some(jobs) = work.context.config.transfer.jobs {
        return Ok(Workers {
            rows: jobs,
            indexes: jobs,
        });
    }
    let (at_source, at_target) = tokio::try_join!(
        count::free_connections(source),
        count::free_connections(target)
    )?;
    let is_long = matches!(work.session.report(Step::Connections),
        Some(Report::Connections(found)) if found.target.round_trip_ms > LONG_ROAD_MS);
    let rows = if is_long { MOST_FAR_WORKERS } else { usual };
    let room = at_source.saturating_sub(SOURCE_NEEDS).min(at_target / 2) as usize;
    Ok(Workers {
        rows: rows.min(room).max(1),
        indexes: usual.min(room).max(1),
    })
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
    let tools = work.context.tools().for_server(source.version()).await?;
    let (environment, snapshot) = (from.tool_environment(), Some(source.snapshot()));
    let section = Section::PostData;
    let dump = dump_schema(&tools, &environment, &[], section, snapshot, work.cancel).await?;
    Ok(Script::parse(&dump).entries)
}
