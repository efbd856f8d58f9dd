//! Builds one index over a large table, with the server's own word on how far it is.

use super::definition::noted;
use super::vector::{self, Need, Room};
use super::{Finish, built};
use crate::failure::chain;
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, Error as PostgresError};
use crate::progress::{Meter, Tone};
use crate::target::{self, Statement, build_together};
use crate::transfer::Error;
use crate::transfer::retry::Attempts;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the server is asked how far an index is.
const WATCH: Duration = Duration::from_millis(300);

/// One statement over a large table that takes its time: an index, or the table's statistics.
pub(super) struct Build {
    /// The table.
    pub(super) table: TableName,
    /// For people: "index songs_title_idx".
    pub(super) what: String,
    /// Its mark in the ledger.
    pub(super) mark: String,
    /// The statement.
    pub(super) sql: String,
    /// Rows of the table.
    pub(super) rows: u64,
    /// For an index over vectors.
    pub(super) need: Option<Need>,
    /// Its gauge.
    pub(super) meter: Arc<Meter>,
}

/// What all builds of a transfer have in common.
pub(super) struct Site<'a> {
    /// The transfer's end.
    pub(super) finish: &'a Finish<'a>,
    /// The target's memory.
    pub(super) room: Room,
    /// Asks how far the builds are.
    pub(super) watcher: Connection,
    /// Stops the builds.
    pub(super) stop: &'a CancellationToken,
}

impl Site<'_> {
    /// Builds; what a lost connection broke is tried again, and what lacked memory with less.
    pub(super) async fn build(&self, build: &Build) -> Result<(), Error> {
        build.meter.begin();
        let mut settings = vec![String::new()];
        if let Some(need) = build.need {
            if let Some(shortage) = self.room.shortage(need) {
                self.note(build, &shortage);
            }
            settings = self.room.attempts(need).iter().map(|a| a.sql()).collect();
        }
        let last = settings.len() - 1;
        for (number, settings) in settings.iter().enumerate() {
            match self.with_retries(build, settings).await {
                Err(error) if number < last && vector::is_short_of_memory(&error) => {
                    self.note(
                        build,
                        &format!("trying with less memory ({})", chain(&error)),
                    );
                }
                done => {
                    done?;
                    break;
                }
            }
        }
        build.meter.set(build.rows, build.rows);
        build.meter.finish();
        Ok(())
    }

    fn note(&self, build: &Build, text: &str) {
        let text = format!("{}: {text}", build.what);
        self.finish.progress.note(Tone::Warning, text);
    }

    async fn with_retries(&self, build: &Build, settings: &str) -> Result<(), Error> {
        let mut attempts = Attempts::new(&build.what, self.finish.progress);
        while let Err(error) = self.attempt(build, settings).await {
            attempts.again(error).await?;
        }
        Ok(())
    }

    async fn attempt(&self, build: &Build, settings: &str) -> Result<(), Error> {
        let connection = target::open(self.finish.target, self.stop).await?;
        let process = process(&connection).await?;
        let Statement { what, sql } =
            noted(self.finish.run, build.what.clone(), &build.mark, &build.sql);
        let statement = [Statement {
            what,
            sql: format!("{settings}{sql}"),
        }];
        let watched = async {
            tokio::select! {
                done = build_together(&connection, &build.what, &statement) => done,
                never = self.watch(process, build) => never,
            }
        };
        built(connection.until_cancelled(self.stop, watched).await?)?;
        for notice in connection.take_notices() {
            self.note(build, &notice.to_string());
        }
        Ok(())
    }

    /// Moves the meter along with `pg_stat_progress_create_index`, for ever. HNSW gives no total of
    /// tuples, so the table's known rows are the total; b-trees count blocks while they scan.
    async fn watch<T>(&self, process: i32, build: &Build) -> T {
        loop {
            tokio::time::sleep(WATCH).await;
            let asked = self
                .watcher
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
            let activity = format!("{}: {phase}", build.what);
            self.finish.progress.activity(activity);
            let done = u64::try_from(done.unwrap_or(0)).unwrap_or(0);
            build.meter.set(done, build.rows);
        }
    }
}

async fn process(connection: &Connection) -> Result<i32, Error> {
    let row = connection.query_one("SELECT pg_backend_pid()", &[]).await;
    let row = row.map_err(PostgresError::while_doing(
        "asking for the backend's number",
    ))?;
    Ok(row.get(0))
}
