//! Builds: one index over a large table, with the server's own word on how far it is; or what stands
//! on several small tables, together.

use super::definition::noted;
use super::queue::Queue;
use super::vector::{self, Need, Room};
use super::{Finish, built};
use crate::failure::chain;
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, Error as PostgresError};
use crate::progress::{Meter, Tone};
use crate::target::{self, Ledger, Statement, build_together};
use crate::transfer::Error;
use crate::transfer::retry::Attempts;
use futures_util::future::join_all;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

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

/// A definition that is made together with others.
pub(super) struct Piece {
    /// Its mark in the ledger.
    pub(super) mark: String,
    /// What makes it and sets the mark.
    pub(super) statement: Statement,
}

/// What all builds of a transfer have in common.
pub(super) struct Builder<'a> {
    /// The transfer's end.
    pub(super) finish: &'a Finish<'a>,
    /// For large tables: the target's memory, and a session that asks how far the builds are.
    pub(super) large: Option<(Room, Connection)>,
    /// Connections that nobody uses just now.
    idle: Mutex<Vec<Connection>>,
    /// Stops the builds.
    stop: &'a CancellationToken,
}

impl<'a> Builder<'a> {
    /// Opens what these builds need, before the first rows are in.
    pub(super) async fn open(
        finish: &'a Finish<'a>,
        stop: &'a CancellationToken,
        queue: &Queue,
    ) -> Result<Self, Error> {
        let parcels = (0..queue.parcels()).map(|_| target::open(finish.target, stop));
        let large = async {
            if !queue.has_large() {
                return Ok(None);
            }
            let watcher = target::open(finish.target, stop).await?;
            Ok::<_, Error>(Some((Room::of(&watcher).await?, watcher)))
        };
        // Those that cannot be opened now are opened when they are needed, with patience.
        let (idle, large) = tokio::join!(join_all(parcels), large);
        Ok(Self {
            finish,
            large: large?,
            idle: Mutex::new(idle.into_iter().flatten().collect()),
            stop,
        })
    }

    /// Builds; what a lost connection broke is tried again, and what lacked memory with less.
    pub(super) async fn build(&self, build: &Build) -> Result<(), Error> {
        build.meter.begin();
        let settings = self.settings(build);
        let last = settings.len() - 1;
        for (number, settings) in settings.iter().enumerate() {
            match self.with_retries(build, settings).await {
                Err(error) if number < last && vector::is_short_of_memory(&error) => {
                    let text = format!("trying with less memory ({})", chain(&error));
                    self.note(build, &text);
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

    /// Settings for each attempt, as SQL; at least one.
    fn settings(&self, build: &Build) -> Vec<String> {
        let (Some(need), Some((room, _))) = (build.need, &self.large) else {
            return vec![String::new()];
        };
        if let Some(shortage) = room.shortage(need) {
            self.note(build, &shortage);
        }
        let attempts = room.attempts(need);
        attempts.iter().map(vector::Attempt::sql).collect()
    }

    /// Builds all of it in one transaction; what an attempt whose answer got lost has built is not
    /// built again.
    pub(super) async fn build_together(&self, mut pieces: Vec<Piece>) -> Result<(), Error> {
        let doing = "building on small tables";
        let mut attempts = Attempts::new(doing, self.finish.progress, self.stop);
        while let Err(error) = self.attempt_together(doing, &pieces).await {
            if error.is_built_already() {
                let connection = self.connection().await?;
                let ledger = Ledger::new(&connection, self.finish.run);
                let built = connection
                    .until_cancelled(self.stop, ledger.marks())
                    .await??;
                let before = pieces.len();
                pieces.retain(|piece| !built.contains(&piece.mark));
                if pieces.len() == before {
                    return Err(error);
                }
            } else {
                attempts.again(error).await?;
            }
        }
        Ok(())
    }

    async fn attempt_together(&self, doing: &str, pieces: &[Piece]) -> Result<(), Error> {
        let statements = pieces.iter().map(|piece| piece.statement.clone());
        let statements: Vec<Statement> = statements.collect();
        let connection = self.connection().await?;
        let work = build_together(&connection, doing, &statements);
        connection.until_cancelled(self.stop, work).await??;
        for notice in connection.take_notices() {
            let text = format!("the target says: {notice}");
            self.finish.progress.note(Tone::Warning, text);
        }
        self.give_back(connection);
        Ok(())
    }

    async fn connection(&self) -> Result<Connection, Error> {
        let idle = locked(&self.idle).pop();
        match idle.filter(|connection| !connection.is_closed()) {
            Some(connection) => Ok(connection),
            None => Ok(target::open(self.finish.target, self.stop).await?),
        }
    }

    fn give_back(&self, connection: Connection) {
        locked(&self.idle).push(connection);
    }

    fn note(&self, build: &Build, text: &str) {
        let text = format!("{}: {text}", build.what);
        self.finish.progress.note(Tone::Warning, text);
    }

    async fn with_retries(&self, build: &Build, settings: &str) -> Result<(), Error> {
        let mut attempts = Attempts::new(&build.what, self.finish.progress, self.stop);
        while let Err(error) = self.attempt(build, settings).await {
            attempts.again(error).await?;
        }
        Ok(())
    }

    async fn attempt(&self, build: &Build, settings: &str) -> Result<(), Error> {
        let connection = self.connection().await?;
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
        self.give_back(connection);
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn process(connection: &Connection) -> Result<i32, Error> {
    let row = connection.query_one("SELECT pg_backend_pid()", &[]).await;
    let row = row.map_err(PostgresError::while_doing(
        "asking for the backend's number",
    ))?;
    Ok(row.get(0))
}
