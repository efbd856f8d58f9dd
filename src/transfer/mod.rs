//! Moves the rows: for each chunk `target.load(source.read(chunk))`, several at a time, with
//! retries. What is in stands in the ledger, so a transfer goes on wherever it was stopped. What
//! stands on the rows is built as soon as a table's rows are in: [`Moving`] tells [`finish`] so.

mod batch;
mod changed;
pub mod finish;
mod large_objects;
mod moved;
mod moving;
mod resume;
mod retry;
mod rows;
mod throttle;
mod throughput;

pub use large_objects::MovingObjects;
pub use moved::Moved;
pub use moving::Moving;
pub use rows::Crew;
pub use throttle::{Most, Throttle};
pub use throughput::watched;

use crate::failure::{Explain, Failure, Retry, Severity, chain};
use crate::postgres::catalogue::TableName;
use crate::target::LedgerKey;
use tokio_util::sync::CancellationToken;

/// What the movement of rows tells those who build on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// The ledger holds the plan: what was built for rows that are loaded again is taken away. Comes
    /// first.
    Planned,
    /// All rows of these tables are in. May come again when a crash of the target took rows back.
    Tables(Vec<TableName>),
    /// All rows of all tables are in, for good.
    AllRows,
}

/// Runs both works side by side; the first that fails stops the other, which is waited for. Of two
/// errors the cause counts, not the stop that followed from it.
pub async fn together<A, B, E: Explain>(
    stop: &CancellationToken,
    first: impl Future<Output = Result<A, E>>,
    second: impl Future<Output = Result<B, E>>,
) -> Result<(A, B), E> {
    let early = |error: &E| {
        let is_cause = !stop.is_cancelled() && !is_stop(error);
        stop.cancel();
        is_cause
    };
    let (first, second) = tokio::join!(
        async { first.await.map_err(|error| (early(&error), error)) },
        async { second.await.map_err(|error| (early(&error), error)) },
    );
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err((_, error)), Ok(_)) | (Ok(_), Err((_, error))) => Err(error),
        (Err((false, _)), Err((true, second))) => Err(second),
        (Err((false, first)), Err((false, second))) if is_stop(&first) => Err(second),
        (Err((_, first)), Err(_)) => Err(first),
    }
}

fn is_stop(error: &impl Explain) -> bool {
    error.failure().severity == Severity::Interrupted
}

/// What can go wrong in a transfer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// While reading.
    #[error(transparent)]
    Source(#[from] crate::source::Error),
    /// While writing.
    #[error(transparent)]
    Target(#[from] crate::target::Error),
    /// Neither side: a query for the plan or for what follows the rows.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::Error),
    /// Something failed in every attempt.
    #[error("{what}: given up after {attempts} attempts")]
    GivenUp {
        /// What was tried.
        what: String,
        /// How often it was tried.
        attempts: u32,
        /// The last error.
        #[source]
        source: Box<Error>,
    },
    /// Tables of the source that are missing on the target, or lack columns there.
    #[error("the target lacks {0}")]
    TargetLacks(String),
    /// Tables that would have to be emptied hold rows that we did not load.
    #[error("{0} on the target holds rows that this migration did not load")]
    ForeignRows(String),
    /// The target has large objects of the source's numbers that we did not make.
    #[error("the target has large objects of its own under the source's numbers")]
    ObjectsThere(#[source] crate::postgres::Error),
    /// Chunks are missing although all were loaded, several times over.
    #[error("the target lost rows that it had stored, again and again")]
    Incomplete,
    /// The work was stopped.
    #[error("stopped")]
    Stopped,
}

impl Error {
    /// PostgreSQL's error, when one is behind it.
    fn refusal(&self) -> Option<&crate::postgres::Error> {
        use crate::target::Error as Target;
        match self {
            Self::Postgres(error)
            | Self::Target(Target::Definition { source: error, .. } | Target::Postgres(error)) => {
                Some(error)
            }
            Self::GivenUp { source, .. } => source.refusal(),
            _ => None,
        }
    }

    /// Whether the source's snapshot is gone, so that the work can go on only in a new one.
    pub fn is_snapshot_lost(&self) -> bool {
        match self {
            Self::Source(error) => matches!(error, crate::source::Error::SnapshotLost(_)),
            Self::GivenUp { source, .. } => source.is_snapshot_lost(),
            _ => false,
        }
    }

    /// Whether tables are planned already, by an attempt whose answer got lost.
    fn is_planned_already(&self) -> bool {
        matches!(self, Self::Postgres(error) if LedgerKey::Planned.is_violated(error))
    }

    /// Whether the ledger has come to know a snapshot of this number meanwhile.
    fn is_numbered_already(&self) -> bool {
        matches!(self, Self::Postgres(error) if LedgerKey::Snapshot.is_violated(error))
    }

    /// Whether a definition is there already, by an attempt whose answer got lost.
    fn is_built_already(&self) -> bool {
        matches!(self, Self::Target(error) if error.is_built_already())
    }

    fn is_retryable(&self) -> bool {
        match self {
            Self::Source(error) => error.is_retryable(),
            Self::Target(error) => error.is_retryable(),
            Self::Postgres(error) => error.is_retryable(),
            _ => false,
        }
    }
}

/// The class of SQLSTATEs for rows that break a constraint.
const CONSTRAINTS: &str = "23";

/// Mending such a row on the source is not enough while an older state of it is read.
fn in_snapshot(failure: Failure) -> Failure {
    failure
        .advise("The copy shows the source as it was when its snapshot was taken: what is mended there since is not in it.")
        .advise("After mending the source, end that snapshot, if it is still held, by removing the file that status names; then run the step again, which takes a new one:")
        .advise("$ neonlift status")
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Source(error) => error.failure(),
            Self::Target(error) => {
                let breaks = self.refusal().and_then(crate::postgres::Error::sqlstate);
                let is_constraint = breaks.is_some_and(|state| state.starts_with(CONSTRAINTS));
                match is_constraint {
                    true => in_snapshot(error.failure()),
                    false => error.failure(),
                }
            }
            Self::Postgres(error) => error.failure(),
            Self::GivenUp { source, what, attempts } => {
                let cause = source.failure();
                let what = format!("{what}: failed in {attempts} attempts");
                Failure { why: format!("{} {}", cause.what, cause.why), what, ..cause }
                    .advise("Run the step again: it goes on with what is missing.")
            }
            Self::TargetLacks(what) => Failure::new(
                "The target's tables do not fit the source's",
                format!("The target lacks {what}."),
            )
            .advise("Add what is missing to your SQL files, or take the schema from the source (schema.from = \"source\"), and begin again with an empty target."),
            Self::ForeignRows(tables) => Failure::new(
                "The target holds rows that are not from this migration",
                format!("The source has changed, so these tables would have to be emptied: {tables}. But somebody has written to one of them on the target; nothing was removed."),
            )
            .advise("Stop what writes to the target, and save those rows if they matter.")
            .advise("Begin a new session (--session FILE) with an empty target database.")
            .retry(Retry::Never),
            Self::ObjectsThere(_) => Failure::new(
                "Large objects are in the way",
                format!("{}. Tables name large objects by number, so the numbers have to stay.", chain(self)),
            )
            .advise("Use an empty target database; or remove its large objects, if nothing needs them: SELECT lo_unlink(oid) FROM pg_largeobject_metadata.")
            .advise("Nothing of them was changed. Run the step again afterwards: it goes on with what is missing."),
            Self::Incomplete => Failure::new("The target loses rows", chain(self))
                .advise("Look at the state of the compute in Neon's console; then run the step again: it goes on with what is missing."),
            Self::Stopped => Failure::interrupted("The transfer was stopped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    async fn stopped(stop: &CancellationToken) -> Result<(), Error> {
        stop.cancelled().await;
        Err(Error::Stopped)
    }

    #[rstest]
    #[case::first(true)]
    #[case::second(false)]
    #[tokio::test]
    async fn the_cause_counts_not_the_stop_that_followed(#[case] first: bool) {
        let stop = CancellationToken::new();
        let fails = async { Err::<(), _>(Error::Incomplete) };
        let ended = match first {
            true => together(&stop, fails, stopped(&stop)).await,
            false => together(&stop, stopped(&stop), fails).await,
        };
        assert!(matches!(ended, Err(Error::Incomplete)), "{ended:?}");
    }
}
