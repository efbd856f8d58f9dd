//! The rollback tried on copies, so that it is known to work before it is needed.

use super::Error;
use super::dump::Dumping;
use super::error::dropping;
use super::workroom::Workroom;
use crate::failure::{Explain, chain};
use crate::figures::{bytes, counted};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying};
use crate::postgres::{catalogue, count};
use crate::session::report::{Backup, Check, Rehearsal, RehearsedFiles};
use crate::switch::{self, Goal, Plan};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const FILES: &str = "Application's files";
const OLD: &str = "Old database";
const DATA: &str = "Data written meanwhile";

/// An application's files, for a rehearsal.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Files that the configuration names besides the usual ones.
    pub files: &'a [PathBuf],
}

/// What a rehearsal works with.
#[derive(Debug, Clone, Copy)]
pub struct Rehearsing<'a> {
    /// The old database.
    pub source: &'a ConnectionString,
    /// The target, directly and not through a pooler.
    pub target: &'a ConnectionString,
    /// The application, if its folder is known.
    pub application: Option<Application<'a>>,
    /// Where backups are: in folders of its own there, which go afterwards, copies and the dump are made.
    pub folder: &'a Path,
    /// A target of more bytes is not dumped for a rehearsal.
    pub largest: u64,
    /// Tools, board, token.
    pub dumping: Dumping<'a>,
}

impl Rehearsing<'_> {
    /// Switches and puts back copies of the application's files, looks whether the old database is
    /// alive, dumps the target over the bridge and restores it into a database on the old server that is
    /// dropped afterwards. What could not be tried is a warning in the result, what failed a bad check.
    ///
    /// # Errors
    /// Only when it was stopped.
    pub async fn run(&self) -> Result<Rehearsal, Error> {
        let progress = self.dumping.progress;
        progress.begin("Rehearsing the rollback on copies");
        let (files, application) = self.files().await;
        let mut checks = vec![files];
        checks.push(or_bad(OLD, self.old_database().await)?);
        checks.push(or_bad(DATA, self.data().await)?);
        Ok(Rehearsal {
            at: Timestamp::now(),
            checks,
            application,
        })
    }

    async fn files(&self) -> (Check, Option<RehearsedFiles>) {
        let Some(application) = self.application else {
            let unknown = "not rehearsed: no folder of an application is known";
            let advice = "Name it in the configuration, [application] folder, if there is one.";
            return (Check::warning(FILES, unknown).advise(advice), None);
        };
        let goal = Goal::new(self.source.clone(), self.target);
        let (folder, files) = (application.folder.to_owned(), application.files.to_owned());
        let backups = self.folder.to_owned();
        let tried =
            tokio::task::spawn_blocking(move || there_and_back(&folder, &files, &goal, &backups));
        match tried.await {
            Ok(Ok((check, tried))) => (check, tried),
            Ok(Err(error)) => (bad(FILES, &error), None),
            Err(broken) => (Check::bad(FILES, chain(&broken)), None),
        }
    }

    async fn old_database(&self) -> Result<Check, Error> {
        let looked = async {
            let cancel = self.dumping.cancel;
            let session = Connection::open(self.source, &Retrying::default(), cancel).await?;
            session.pin_for_reading().await?;
            let tables = catalogue::tables(&session).await?;
            let sql = "SELECT pg_is_in_recovery()";
            let standby = session.query_one(sql, &[]).await;
            let standby = standby.map_err(PostgresError::while_doing("asking the old server"))?;
            session.close().await;
            Ok((tables.len() as u64, standby.get::<_, bool>(0)))
        };
        let (tables, standby) = looked.await.map_err(Error::Source)?;
        let endpoint = self.source.endpoint();
        let found = format!("{endpoint} answers: {}", counted(tables, "table"));
        Ok(match standby {
            false => Check::good(OLD, found),
            true => Check::bad(OLD, format!("{found}; it is a standby and takes no writes"))
                .advise("Go back to the server that takes writes: name it as the source."),
        })
    }

    /// The dump, and what becomes of it.
    async fn data(&self) -> Result<Check, Error> {
        let size = async {
            let cancel = self.dumping.cancel;
            let session = Connection::open(self.target, &Retrying::default(), cancel).await?;
            count::database_bytes(&session).await
        };
        let size = size.await.map_err(Error::Target)?;
        if size > self.largest {
            let found = format!(
                "not rehearsed: the target holds {}, more than the {} that a rehearsal dumps",
                bytes(size),
                bytes(self.largest)
            );
            return Ok(Check::warning(DATA, found));
        }
        let room = Workroom::open(self.folder)?;
        let dump = self.dumping.dump_target(self.target, room.path()).await?;
        self.restored(&dump).await
    }

    async fn restored(&self, dump: &Backup) -> Result<Check, Error> {
        let restored = self
            .dumping
            .try_to_restore(self.source, Path::new(&dump.file));
        let told = format!("dumped ({}, {} entries)", bytes(dump.bytes), dump.entries);
        match restored.await {
            Ok(((tables, rows), stays)) => {
                let found = format!(
                    "{told}, restored into a database of its own on {} ({}, {})",
                    self.source.endpoint(),
                    counted(tables, "table"),
                    counted(rows, "row"),
                );
                Ok(match stays {
                    None => Check::good(DATA, format!("{found}, which was dropped again")),
                    Some(name) => {
                        let found = format!("{found}; that could not be dropped again: {name}");
                        Check::warning(DATA, found)
                            .advise("The next recovery or rehearsal drops it, or you do:")
                            .advise(dropping(&name))
                    }
                })
            }
            Err(error @ Error::MayNotCreate { .. }) => {
                let found = format!("{told}; not restored: {}", chain(&error));
                let check = Check::warning(DATA, found);
                Ok(error
                    .failure()
                    .advice
                    .into_iter()
                    .fold(check, Check::advise))
            }
            Err(error) => Err(error),
        }
    }
}

/// What failed is what was found; what was stopped is not.
fn or_bad(name: &str, tried: Result<Check, Error>) -> Result<Check, Error> {
    match tried {
        Err(error) if error.is_stopped() => Err(error),
        Err(error) => Ok(bad(name, &error)),
        Ok(check) => Ok(check),
    }
}

fn bad(name: &str, error: &Error) -> Check {
    let failure = error.failure();
    let found = format!("{}: {}", failure.what, failure.why);
    failure
        .advice
        .into_iter()
        .fold(Check::bad(name, found), Check::advise)
}

/// The bytes and the mode of each file in a folder.
type Contents = BTreeMap<PathBuf, (Vec<u8>, u32)>;

/// Switches copies of an application's files and puts them back.
fn there_and_back(
    folder: &Path,
    files: &[PathBuf],
    goal: &Goal,
    backups: &Path,
) -> Result<(Check, Option<RehearsedFiles>), Error> {
    let plan = Plan::make(folder, files, goal)?;
    if plan.files.is_empty() {
        let found = "not rehearsed: no file would change; they lead to the target already, or hold no connection that is known";
        return Ok((Check::warning(FILES, found), None));
    }
    let names = plan.files.iter().map(|file| file.shown.file.clone());
    let tried = RehearsedFiles {
        folder: plan.folder.display().to_string(),
        files: names.collect(),
    };
    let room = Workroom::open(backups)?;
    let application = room.path().join("application");
    let mut copied = Vec::new();
    for (number, file) in plan.files.iter().enumerate() {
        // By number: a file may have any name, also one that leads out of the folder.
        let name = Path::new(&number.to_string()).join(file.path.file_name().unwrap_or_default());
        copy(&file.path, &application.join(&name))?;
        copied.push(name);
    }
    let before = contents(&application, &copied)?;
    let session = room.path().join("session.toml");
    let plan = Plan::make(&application, &copied, goal)?;
    switch::carry_out(&plan, &session, Timestamp::now())?;
    let switched = contents(&application, &copied)?;
    let settled = switch::undo(&session)?;
    let after = contents(&application, &copied)?;
    let count = counted(copied.len() as u64, "file");
    let is_changed = before
        .iter()
        .all(|(name, was)| switched.get(name) != Some(was));
    let check = match is_changed && settled.left.is_empty() && before == after {
        true => Check::good(
            FILES,
            format!("{count} switched and put back on copies: the same byte for byte"),
        ),
        false => Check::bad(
            FILES,
            format!("{count} switched on copies did not come back the same"),
        )
        .advise("Keep a copy of the application's files of your own before you switch."),
    };
    Ok((check, Some(tried)))
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    // With its mode.
    fs::copy(from, to)
        .map(drop)
        .map_err(Error::file("copy", from))
}

fn contents(folder: &Path, names: &[PathBuf]) -> Result<Contents, Error> {
    let read = |name: &PathBuf| {
        let file = folder.join(name);
        let bytes = fs::read(&file).map_err(Error::file("read", &file))?;
        let mode = fs::metadata(&file).map_err(Error::file("read", &file))?;
        Ok((name.clone(), (bytes, mode.permissions().mode())))
    };
    names.iter().map(read).collect()
}
