//! The target dumped, and the dump restored into a new database on the old server.

use super::bridge::Bridge;
use super::new_database::{HalfMade, name_for};
use super::{Error, new_file};
use crate::postgres::catalogue::{self, LEDGER_SCHEMA};
use crate::postgres::tools::{
    Archive, ClientTools, Search, ToolError, Watch, dump_archive, list_archive, restore_archive,
};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying, count};
use crate::progress::Progress;
use crate::session::report::{Backup, Restored};
use jiff::civil::DateTime;
use jiff::{Timestamp, Zoned};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What dumping and restoring work with.
#[derive(Debug, Clone, Copy)]
pub struct Dumping<'a> {
    /// Where client tools are looked for.
    pub tools: &'a Search,
    /// The board.
    pub progress: &'a Progress,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

impl Dumping<'_> {
    /// Dumps the target, without the ledger, over a [`Bridge`] into `neon_recovery_<date>_<time>.dump`
    /// in this folder: for its owner only, hashed, read back.
    ///
    /// # Errors
    /// [`Error::Target`], [`Error::Tool`] (also when no pg_dump is new enough), [`Error::File`];
    /// then there is no such file.
    pub async fn dump_target(
        &self,
        target: &ConnectionString,
        folder: &Path,
    ) -> Result<Backup, Error> {
        let tools = self.tools_for(target).await?;
        let file = new_file(folder, "neon_recovery", &Zoned::now(), "dump")?;
        let bridge = Bridge::open(target, self.cancel).await?;
        let dumped = self.dump_over(&bridge, &tools, &file).await;
        bridge.close().await;
        dumped
    }

    /// The tools that read a server of the target's version.
    async fn tools_for(&self, target: &ConnectionString) -> Result<ClientTools, Error> {
        let session = Connection::open(target, &Retrying::default(), self.cancel).await;
        let session = session.map_err(Error::Target)?;
        let version = session.server_version().await.map_err(Error::Target)?;
        session.close().await;
        Ok(self.tools.for_server(version).await?)
    }

    async fn dump_over(
        &self,
        bridge: &Bridge,
        tools: &ClientTools,
        file: &Path,
    ) -> Result<Backup, Error> {
        let progress = self.progress;
        let version = tools.version();
        progress.activity(format!("pg_dump {version} writes {}", file.display()));
        let meter = progress.meter("dump of the target", 0, 0);
        meter.begin();
        let watch = Watch {
            bytes: &|bytes| meter.set_bytes(bytes),
            table: &|table| progress.activity(format!("pg_dump writes the rows of {table}")),
            written: &|| progress.activity("pg_restore reads the dump back"),
        };
        let without = [format!("--exclude-schema={LEDGER_SCHEMA}")];
        let environment = bridge.environment();
        let archive =
            dump_archive(tools, &environment, &without, file, &watch, self.cancel).await?;
        meter.finish();
        Ok(archive.into())
    }

    /// Restores a dump into a new database of the old server, without owners and rights. Until it is
    /// whole it is called `…_unfinished`; what fails half-way takes it away again.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::MayNotCreate`], [`Error::Source`], [`Error::Tool`],
    /// [`Error::LeftBehind`].
    pub async fn restore_into_new(
        &self,
        source: &ConnectionString,
        dump: &Path,
        database: &str,
    ) -> Result<Restored, Error> {
        let made = HalfMade::make(source, database, self.cancel).await?;
        let (tables, rows) = match self.restore(source, dump, made.name()).await {
            Ok(restored) => restored,
            Err(error) => return Err(made.give_up(error).await),
        };
        made.finish(database).await?;
        Ok(Restored {
            at: Timestamp::now(),
            database: database.to_owned(),
            endpoint: source.clone().with_database(database).endpoint(),
            tables,
            rows,
        })
    }

    /// Restores a dump into a new database of the old server that is dropped again: how many tables and
    /// rows were in it, and the name under which it stays if it could not be dropped.
    ///
    /// # Errors
    /// As [`Dumping::restore_into_new`].
    pub(super) async fn try_to_restore(
        &self,
        source: &ConnectionString,
        dump: &Path,
    ) -> Result<((u64, u64), Option<String>), Error> {
        let whole = name_for("rehearsal", source.database(), Zoned::now().datetime());
        let made = HalfMade::make(source, &whole, self.cancel).await?;
        match self.restore(source, dump, made.name()).await {
            Ok(restored) => Ok((restored, made.drop().await.err())),
            Err(error) => Err(made.give_up(error).await),
        }
    }

    /// Restores and counts: tables and rows.
    async fn restore(
        &self,
        source: &ConnectionString,
        dump: &Path,
        database: &str,
    ) -> Result<(u64, u64), Error> {
        let place = source.clone().with_database(database);
        let tools = self.tools_that_read(dump).await?;
        let progress = self.progress;
        progress.activity(format!("pg_restore {} restores the dump", tools.version()));
        let table =
            |table: &str| progress.activity(format!("pg_restore writes the rows of {table}"));
        let environment = place.tool_environment();
        let into = (environment.as_slice(), database);
        restore_archive(&tools, into, dump, &table, self.cancel).await?;
        progress.activity("Counting what was restored");
        self.counted(&place).await.map_err(Error::Source)
    }

    /// Tools that understand the dump: those of its own version are among them.
    async fn tools_that_read(&self, dump: &Path) -> Result<ClientTools, Error> {
        let mut all = self.tools.all().await?;
        all.sort_by_key(|tools| tools.version().major);
        let mut refused = ToolError::Missing {
            searched: Vec::new(),
            needed: None,
        };
        for tools in all {
            match list_archive(&tools, dump, self.cancel).await {
                Ok(_) => return Ok(tools),
                Err(error) => refused = error,
            }
        }
        Err(refused.into())
    }

    async fn counted(&self, place: &ConnectionString) -> Result<(u64, u64), PostgresError> {
        let session = Connection::open(place, &Retrying::default(), self.cancel).await?;
        let counting = async {
            let tables = catalogue::tables(&session).await?;
            let mut rows = 0;
            for table in &tables {
                rows += count::rows(&session, table).await?;
            }
            Ok((tables.len() as u64, rows))
        };
        let counted = session.until_cancelled(self.cancel, counting).await?;
        session.close().await;
        counted
    }
}

/// The name of the new database: `<database>_recovered_<date>_<time>`, no longer than PostgreSQL takes.
pub fn new_name(database: &str, at: DateTime) -> String {
    name_for("recovered", database, at)
}

impl From<Archive> for Backup {
    fn from(archive: Archive) -> Self {
        Self {
            file: archive.file.display().to_string(),
            contents_file: archive.contents_file.display().to_string(),
            bytes: archive.bytes,
            sha256: archive.sha256,
            entries: archive.contents.entries as u64,
        }
    }
}
