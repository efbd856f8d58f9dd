//! Builds indexes and the keys that stand on them, several at a time, with the server's own
//! word on how far each is.

use super::{Finish, built, describe, noted};
use crate::postgres::Connection;
use crate::postgres::catalogue::TableName;
use crate::postgres::script::Entry;
use crate::progress::{Meter, Progress, Tone};
use crate::target::{self, build_together};
use crate::transfer::Error;
use crate::transfer::retry::Attempts;
use futures_util::future::FutureExt;
use futures_util::stream::{self, StreamExt};
use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the server is asked how far an index is.
const WATCH: Duration = Duration::from_millis(300);

/// An index to build.
struct Build<'a> {
    entry: &'a Entry,
    rows: u64,
    meter: Arc<Meter>,
}

/// Builds all of them, the longest first. The first that fails stops the others, which are
/// cancelled on the server too before this returns.
pub(super) async fn build(finish: &Finish<'_>, entries: Vec<&Entry>) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    finish
        .progress
        .begin(format!("Building {} indexes and keys", entries.len()));
    let mut builds: Vec<Build<'_>> = entries
        .into_iter()
        .map(|entry| {
            let rows = rows(finish, entry);
            let meter = finish.progress.meter(&entry.name, rows, 0);
            Build { entry, rows, meter }
        })
        .collect();
    builds.sort_by_key(|build| Reverse((is_vector_index(build.entry), build.rows)));
    let watcher = target::open(finish.target, finish.cancel).await?;
    let stop = finish.cancel.child_token();
    let work: Vec<_> = builds
        .into_iter()
        .map(|build| build_one(finish, build, &watcher, &stop).boxed())
        .collect();
    let mut running = stream::iter(work).buffer_unordered(finish.workers.max(1));
    let mut result = Ok(());
    while let Some(ended) = running.next().await {
        if ended.is_err() {
            stop.cancel();
        }
        // The error that came first is the cause; the others were told to stop.
        result = result.and(ended);
    }
    result
}

fn rows(finish: &Finish<'_>, entry: &Entry) -> u64 {
    let (Some(schema), Some(name)) = (entry.schema.clone(), entry.table.clone()) else {
        return 0;
    };
    finish
        .tables
        .get(&TableName { schema, name })
        .copied()
        .unwrap_or(0)
}

/// Graphs and clusters over vectors take many times longer than any other index.
fn is_vector_index(entry: &Entry) -> bool {
    entry.sql.contains("USING hnsw") || entry.sql.contains("USING ivfflat")
}

async fn build_one(
    finish: &Finish<'_>,
    build: Build<'_>,
    watcher: &Connection,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let what = describe(build.entry);
    build.meter.begin();
    let mut attempts = Attempts::new(&what, finish.progress);
    while let Err(error) = attempt(finish, &what, &build, watcher, stop).await {
        attempts.again(error).await?;
    }
    build.meter.set(build.rows, build.rows);
    build.meter.finish();
    Ok(())
}

async fn attempt(
    finish: &Finish<'_>,
    what: &str,
    build: &Build<'_>,
    watcher: &Connection,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let statement = [noted(finish.run, build.entry)];
    let connection = target::open(finish.target, stop).await?;
    let process = process(&connection).await?;
    let watched = async {
        tokio::select! {
            done = build_together(&connection, what, &statement) => done,
            never = watch(watcher, process, build, finish.progress) => never,
        }
    };
    built(connection.until_cancelled(stop, watched).await?)?;
    for notice in connection.take_notices() {
        finish
            .progress
            .note(Tone::Warning, format!("{what}: {notice}"));
    }
    Ok(())
}

async fn process(connection: &Connection) -> Result<i32, Error> {
    let row = connection
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .map_err(crate::postgres::Error::while_doing(
            "asking for the backend's number",
        ))?;
    Ok(row.get(0))
}

/// Moves the meter along with `pg_stat_progress_create_index`, for ever. HNSW gives no total of
/// tuples, so the table's known rows are the total; b-trees count blocks while they scan.
async fn watch<T>(watcher: &Connection, process: i32, build: &Build<'_>, progress: &Progress) -> T {
    loop {
        tokio::time::sleep(WATCH).await;
        let asked = watcher
            .query_opt(
                "SELECT phase, GREATEST(tuples_done,
                          CASE WHEN blocks_total > 0 THEN blocks_done * $2 / blocks_total END)
                 FROM pg_stat_progress_create_index WHERE pid = $1",
                &[&process, &i64::try_from(build.rows).unwrap_or(i64::MAX)],
            )
            .await;
        // A gauge that stands still is no reason to end the build.
        let Ok(Some(row)) = asked else { continue };
        let (phase, done): (String, Option<i64>) = (row.get(0), row.get(1));
        progress.activity(format!("{}: {phase}", describe(build.entry)));
        build
            .meter
            .set(u64::try_from(done.unwrap_or(0)).unwrap_or(0), build.rows);
    }
}
