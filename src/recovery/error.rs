//! Why something could not be recovered, or rehearsed.

use crate::compare;
use crate::failure::{Explain, Failure, Retry, Severity, chain};
use crate::postgres::Error as PostgresError;
use crate::postgres::catalogue::TableName;
use crate::postgres::tools::ToolError;
use crate::switch;
use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be recovered, or rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The old database refused, or was lost.
    #[error(transparent)]
    Source(PostgresError),
    /// The target refused, or was lost.
    #[error(transparent)]
    Target(PostgresError),
    /// The old database refused what was to be taken over into it, or was lost. No row is changed;
    /// numbers of sequences may be skipped.
    #[error("no row was taken over")]
    NotTakenOver(#[source] PostgresError),
    /// The old database was lost while it kept what was taken over, and cannot be asked.
    #[error("it is not known whether the rows were taken over")]
    PerhapsTakenOver(#[source] PostgresError),
    /// A new database is not whole, or its new name was not answered, and it could not be dropped.
    #[error("the new database is not dropped: {}", .names.join(" or "))]
    LeftBehind {
        /// What it is called, or may be.
        names: Vec<String>,
        /// Why it was given up.
        #[source]
        why: Box<Error>,
    },
    /// The two sides could not be compared.
    #[error(transparent)]
    Compare(Box<compare::Error>),
    /// One of PostgreSQL's tools failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// An application's files could not be switched or put back.
    #[error(transparent)]
    Switch(#[from] switch::Error),
    /// The file system refused.
    #[error("cannot {doing} {}", .file.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        file: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// A database of this name is there already.
    #[error("the database {0} is there already")]
    Exists(String),
    /// The role may not make databases.
    #[error("the role {role} may not create a database on {endpoint}")]
    MayNotCreate {
        /// The role.
        role: String,
        /// The server.
        endpoint: String,
    },
    /// Rows that were found could not be read by their keys.
    #[error("of {wanted} rows of {table} that were found, {found} could be read")]
    Unreadable {
        /// Their table.
        table: TableName,
        /// How many were found.
        wanted: u64,
        /// How many were read.
        found: u64,
    },
    /// The consent names another database.
    #[error("the consent is for the database {consented}, and this is {found}")]
    OtherDatabase {
        /// The consent's.
        consented: String,
        /// The one that the connection leads to.
        found: String,
    },
}

impl From<compare::Error> for Error {
    fn from(error: compare::Error) -> Self {
        Self::Compare(Box::new(error))
    }
}

impl Error {
    /// Whether a person stopped it.
    pub fn is_stopped(&self) -> bool {
        match self {
            Self::Source(error) | Self::Target(error) | Self::NotTakenOver(error) => {
                matches!(error, PostgresError::Cancelled)
            }
            Self::LeftBehind { why, .. } => why.is_stopped(),
            Self::Compare(error) => matches!(
                **error,
                compare::Error::Postgres(PostgresError::Cancelled)
                    | compare::Error::Target(PostgresError::Cancelled)
            ),
            Self::Tool(error) => matches!(error, ToolError::Cancelled { .. }),
            _ => false,
        }
    }

    /// For `map_err`: the file system refused this with a file.
    pub(super) fn file(doing: &'static str, file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::File {
            doing,
            file,
            source,
        }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Source(error) => error.failure(),
            Self::Target(error) => error.failure_on_target(),
            Self::NotTakenOver(error) => not_taken_over(error),
            Self::PerhapsTakenOver(error) => {
                let mut failure = error.failure();
                failure.what = "It is not known whether the rows were taken over".to_owned();
                failure.advice.push(
                    "All of them are in the old database, or none. Look that it answers, and do the same again: rows that are there by now are not taken over twice.".to_owned(),
                );
                failure.retry(Retry::Now)
            }
            Self::LeftBehind { names, why } => {
                let failure = why.failure().advise(format!(
                    "The new database {} stays: the next recovery or rehearsal drops what is unfinished, or you do:",
                    names.join(" or ")
                ));
                names
                    .iter()
                    .fold(failure, |failure, name| failure.advise(dropping(name)))
            }
            Self::Compare(error) => error.failure(),
            Self::Tool(error) => error.failure(),
            Self::Switch(error) => error.failure(),
            Self::File { source, .. } => Failure::new(self.to_string(), source.to_string())
                .advise("Choose a folder that exists, has room, and that you may write to."),
            Self::Exists(name) => Failure::new(
                chain(self),
                "What was recovered goes into a new database, never over one that is there.",
            )
            .advise("Give another name, or drop that database if nobody needs it:")
            .advise(dropping(name)),
            Self::MayNotCreate { role, .. } => Failure::new(
                chain(self),
                "What was recovered goes into a new database, which needs CREATEDB.",
            )
            .advise("Let a superuser give the right:")
            .advise(format!(
                "$ psql -d postgres -c {}",
                crate::invocation::quoted(&format!(
                    "ALTER ROLE {} CREATEDB",
                    crate::postgres::quote::identifier(role)
                ))
            )),
            Self::Unreadable { .. } => Failure::new(
                "Rows were written while they were read",
                format!("{}. Nothing was changed.", chain(self)),
            )
            .advise("Stop what writes to the target, and do the same again.")
            .retry(Retry::Now),
            Self::OtherDatabase { .. } => Failure::new(
                "Rows were not taken over",
                format!("{}. Nothing was changed.", chain(self)),
            )
            .advise("Look where the source's connection leads, and consent again.")
            .severity(Severity::Usage),
        }
    }
}

/// The command that drops a database.
pub(super) fn dropping(name: &str) -> String {
    format!("$ dropdb {}", crate::invocation::quoted(name))
}

/// `serialization_failure`: a row is no longer what was compared.
const MOVED_ON: &str = "40001";

/// `foreign_key_violation`.
const NO_PARENT: &str = "23503";

fn not_taken_over(error: &PostgresError) -> Failure {
    let mut failure = error.failure();
    failure.what = "No row was taken over, the old database's rows are as they were".to_owned();
    match error.sqlstate() {
        Some(MOVED_ON) => failure
            .advise("Somebody writes to the old database: stop that, and do the same again.")
            .retry(Retry::Now),
        Some(NO_PARENT) => failure.advise(
            "A row refers to another one that conflicts: save the rows as a file, or as a database of their own, and take them over by hand.",
        ),
        _ => failure,
    }
}
