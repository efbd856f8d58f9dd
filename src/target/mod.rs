//! The only place that writes to the target: the ledger, rows, definitions.

mod build;
mod control;
mod large_objects;
mod ledger;
mod loader;

pub use build::{Statement, build_together};
pub use control::Control;
pub use large_objects::{LargeObjects, OTHERS_OBJECTS};
pub use ledger::{
    ChunkKey, Dropped, FOREIGN_ROWS, Gone, INDEX, Ledger, LedgerKey, LoadedChunk, Place,
    PlannedTable, Planning, REST, STATISTICS, Snapshot,
};
pub use loader::{Loader, Part};

use crate::failure::{Explain, Failure, chain};
use crate::postgres::catalogue::{LEDGER_SCHEMA, TableName};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying};
use tokio_util::sync::CancellationToken;

/// What can go wrong while writing to the target.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL refused, or was lost.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The source's stream broke off while a chunk was loading.
    #[error(transparent)]
    Source(#[from] crate::source::Error),
    /// A definition was refused; nothing of its batch was created.
    #[error("cannot create {what} on the target")]
    Definition {
        /// Kind and name of the object.
        what: String,
        /// The refusal.
        #[source]
        source: PostgresError,
    },
    /// The schema of the ledger's name is somebody else's.
    #[error("the target has a schema {LEDGER_SCHEMA} that somebody else has made")]
    NameTaken,
    /// A chunk is not in the ledger any more: somebody else works at this run.
    #[error("{0} is not planned in the ledger any more")]
    NotPlanned(TableName),
    /// The target stored another number of rows than the source sent.
    #[error("{table}: {sent} rows were sent, {stored} were stored")]
    RowsLost {
        /// The table.
        table: TableName,
        /// Rows that the source sent.
        sent: u64,
        /// Rows that the target says it stored.
        stored: u64,
    },
}

impl Error {
    /// Whether the same write may succeed when it is tried again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Postgres(error) | Self::Definition { source: error, .. } => error.is_retryable(),
            Self::Source(error) => error.is_retryable(),
            Self::RowsLost { .. } => true,
            Self::NotPlanned(_) | Self::NameTaken => false,
        }
    }

    /// Whether a definition was refused because an earlier attempt, whose answer got lost, has
    /// built it.
    pub fn is_built_already(&self) -> bool {
        match self {
            Self::Postgres(error) | Self::Definition { source: error, .. } => {
                LedgerKey::Built.is_violated(error)
            }
            _ => false,
        }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Postgres(error) => error.failure_on_target(),
            Self::Source(error) => error.failure(),
            Self::Definition { what, source } => {
                let cause = source.failure_on_target();
                Failure { what: format!("Cannot create {what} on the target"), ..cause }
            }
            Self::NameTaken => Failure::new(
                "The name of the ledger is taken",
                format!("{}. What is moved is written down in a schema of that name, so it would be mixed with what is there; nothing of it was touched.", chain(self)),
            )
            .advise(format!("Rename that schema on the target, or drop it if nothing needs it: ALTER SCHEMA {LEDGER_SCHEMA} RENAME TO another_name")),
            Self::NotPlanned(_) => Failure::new("The ledger was changed by somebody else", chain(self))
                .advise("Look whether another neonlift works at the same migration; stop it, then run the step again."),
            Self::RowsLost { .. } => Failure::new("Rows got lost on their way", chain(self))
                .advise("The chunk was rolled back. Run the step again; if it happens again, report it with the log."),
        }
    }
}

/// Opens a connection for writing, with settings pinned.
pub async fn open(
    string: &ConnectionString,
    cancel: &CancellationToken,
) -> Result<Connection, Error> {
    let connection = Connection::open(string, &Retrying::default(), cancel).await?;
    connection.pin().await?;
    Ok(connection)
}
