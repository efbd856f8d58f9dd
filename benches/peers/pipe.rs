//! The physical limit for rows alone: binary COPY from psql into psql, no index, no ledger.

use crate::Result;
use crate::contender::{Job, Timing};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::process::Stdio;
use std::time::Instant;

pub(crate) async fn run(job: &Job<'_>) -> Result<Timing> {
    create_tables(job).await?;
    job.servers.settle().await?;
    let began = Instant::now();
    stream::iter(job.data.contents.rows.keys())
        .map(|table| pipe(job, table))
        .buffer_unordered(job.jobs)
        .try_collect::<()>()
        .await?;
    Ok(Timing::of(began.elapsed()))
}

/// The tables alone, as the source has them.
pub(crate) async fn create_tables(job: &Job<'_>) -> Result<()> {
    let file = job.folder.path("tables.sql");
    let mut dump = job.client("pg_dump", &job.data.login);
    dump.args(["--section=pre-data", "--no-owner", "--no-acl", "-f"])
        .arg(&file);
    job.folder.run(&mut dump).await?;
    let mut create = job.client("psql", job.target);
    create
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"])
        .arg(&file);
    job.folder.run(&mut create).await
}

async fn pipe(job: &Job<'_>, table: &str) -> Result<()> {
    let quiet = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c"];
    let mut from = job.client("psql", &job.data.login);
    let mut from = from
        .args(quiet)
        .arg(format!("COPY {table} TO STDOUT (FORMAT binary)"))
        .stdout(Stdio::piped())
        .stderr(job.folder.log()?)
        .spawn()?;
    let rows: Stdio = from.stdout.take().ok_or("no pipe")?.try_into()?;
    let mut to = job.client("psql", job.target);
    let mut to = to
        .args(quiet)
        .arg(format!("COPY {table} FROM STDIN (FORMAT binary)"))
        .stdin(rows)
        .stdout(job.folder.log()?)
        .stderr(job.folder.log()?)
        .spawn()?;
    let (from, to) = tokio::try_join!(from.wait(), to.wait())?;
    job.folder.succeeded(from)?;
    job.folder.succeeded(to)
}
