//! The target dumped, and the dump restored into a new database on the old server.

use super::bridge::Bridge;
use super::{Error, new_file};
use crate::postgres::catalogue::{self, LEDGER_SCHEMA};
use crate::postgres::tools::{
    ClientTools, Search, ToolError, Watch, dump_archive, list_archive, restore_archive,
};
use crate::postgres::{
    Connection, ConnectionString, Error as PostgresError, Retrying, count, quote,
};
use crate::progress::Progress;
use crate::session::report::{Backup, Restored};
use crate::session::store::write_whole;
use jiff::civil::DateTime;
use jiff::{Timestamp, Zoned};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Bytes that a name may have (`NAMEDATALEN`, less its last byte).
const LONGEST_NAME: usize = 63;

/// What stands behind the name of a database that is not restored yet.
const UNFINISHED: &str = "_unfinished";

/// So long an unfinished database is tried to be dropped when the work has failed.
const CLEANING_LIMIT: Duration = Duration::from_secs(20);

/// From here on `DROP DATABASE` can end the sessions in it.
const WITH_FORCE: u32 = 130_000;

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
        };
        let without = [format!("--exclude-schema={LEDGER_SCHEMA}")];
        let environment = bridge.environment();
        let archive =
            dump_archive(tools, &environment, &without, file, &watch, self.cancel).await?;
        meter.finish();
        progress.activity("pg_restore reads the dump back");
        let contents = list_archive(tools, file, self.cancel).await?;
        let contents_file = file.with_extension("list");
        let listed = write_whole(&contents_file, contents.text.as_bytes());
        listed.map_err(Error::file("write", &contents_file))?;
        Ok(Backup {
            file: file.display().to_string(),
            contents_file: contents_file.display().to_string(),
            bytes: archive.bytes,
            sha256: archive.sha256,
            entries: contents.entries as u64,
        })
    }

    /// Restores a dump into a new database of the old server, without owners and rights. Until it is
    /// whole it is called `…_unfinished`; what fails half-way takes it away again.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::MayNotCreate`], [`Error::Source`], [`Error::Tool`].
    pub async fn restore_into_new(
        &self,
        source: &ConnectionString,
        dump: &Path,
        database: &str,
    ) -> Result<Restored, Error> {
        let session = Connection::open(source, &Retrying::default(), self.cancel).await;
        let session = session.map_err(Error::Source)?;
        may_create(&session, source).await?;
        let unfinished = unfinished(database);
        for name in [database, &unfinished] {
            free(&session, name).await?;
        }
        create(&session, &unfinished).await?;
        let made = async {
            let restored = self.restore(source, dump, &unfinished).await?;
            rename(&session, &unfinished, database).await?;
            Ok::<_, Error>(restored)
        };
        let made = made.await;
        if made.is_err() {
            drop_database(source, &unfinished).await;
        }
        let (tables, rows) = made?;
        Ok(Restored {
            at: Timestamp::now(),
            database: database.to_owned(),
            endpoint: source.clone().with_database(database).endpoint(),
            tables,
            rows,
        })
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

/// A name that says what the database is for.
pub(super) fn name_for(what: &str, database: &str, at: DateTime) -> String {
    let suffix = format!("_{what}_{}", at.strftime("%Y%m%d_%H%M%S"));
    let room = LONGEST_NAME - UNFINISHED.len() - suffix.len();
    let end = database.floor_char_boundary(room);
    format!("{}{suffix}", &database[..end])
}

fn unfinished(database: &str) -> String {
    let end = database.floor_char_boundary(LONGEST_NAME - UNFINISHED.len());
    format!("{}{UNFINISHED}", &database[..end])
}

async fn may_create(session: &Connection, source: &ConnectionString) -> Result<(), Error> {
    let sql = "SELECT rolcreatedb OR rolsuper, current_user::text FROM pg_roles WHERE rolname = current_user";
    let row = session.query_one(sql, &[]).await;
    let failed = PostgresError::while_doing("asking for the right to create a database");
    let row = row.map_err(failed).map_err(Error::Source)?;
    match row.get(0) {
        true => Ok(()),
        false => Err(Error::MayNotCreate {
            role: row.get(1),
            endpoint: source.endpoint(),
        }),
    }
}

async fn free(session: &Connection, name: &str) -> Result<(), Error> {
    let sql = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    let row = session.query_one(sql, &[&name]).await;
    let failed = PostgresError::while_doing("looking for a database");
    match row.map_err(failed).map_err(Error::Source)?.get(0) {
        false => Ok(()),
        true => Err(Error::Exists(name.to_owned())),
    }
}

/// Creates it with UTF-8, which a dump of Neon is in, and with the collation of the old database where
/// that has UTF-8 too.
async fn create(session: &Connection, name: &str) -> Result<(), Error> {
    let sql = "SELECT CASE pg_encoding_to_char(encoding) WHEN 'UTF8' THEN datcollate ELSE 'C' END,
                      CASE pg_encoding_to_char(encoding) WHEN 'UTF8' THEN datctype ELSE 'C' END
               FROM pg_database WHERE datname = current_database()";
    let row = session.query_one(sql, &[]).await;
    let failed = PostgresError::while_doing("reading the database's collation");
    let row = row.map_err(failed).map_err(Error::Source)?;
    let [collate, ctype] = [0, 1].map(|at| quote::literal(row.get(at)));
    let create = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE {collate} LC_CTYPE {ctype}",
        quote::identifier(name)
    );
    let created = session.batch("creating a database", &create).await;
    created.map_err(|error| match error.sqlstate() {
        Some("42P04") => Error::Exists(name.to_owned()),
        _ => Error::Source(error),
    })
}

async fn rename(session: &Connection, from: &str, to: &str) -> Result<(), Error> {
    let [from, to] = [from, to].map(quote::identifier);
    let rename = format!("ALTER DATABASE {from} RENAME TO {to}");
    let renamed = session.batch("naming the new database", &rename).await;
    renamed.map_err(Error::Source)
}

/// Drops a database that was made here. Where that fails it stays, under a name that says what it is.
pub(super) async fn drop_database(source: &ConnectionString, name: &str) {
    let dropping = async {
        let own = CancellationToken::new();
        let session = Connection::open(source, &Retrying::default(), &own).await?;
        let force = match session.server_version().await? >= WITH_FORCE {
            true => " WITH (FORCE)",
            false => "",
        };
        let sql = format!("DROP DATABASE IF EXISTS {}{force}", quote::identifier(name));
        session
            .batch("dropping an unfinished database", &sql)
            .await?;
        session.close().await;
        Ok::<_, PostgresError>(())
    };
    match tokio::time::timeout(CLEANING_LIMIT, dropping).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(name, %error, "a database made here is not dropped"),
        Err(late) => tracing::warn!(name, %late, "a database made here is not dropped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_new_name_says_what_it_is_and_fits() {
        let at = date(2026, 11, 22).at(23, 59, 1, 0);
        assert_eq!(new_name("songs", at), "songs_recovered_20261122_235901");
        let long = new_name(&"ä".repeat(60), at);
        assert!(unfinished(&long).len() <= LONGEST_NAME, "{long}");
        assert!(unfinished(&long).contains(&long));
    }
}
