//! Where rows come from: an inventory, a plan of chunks, and for each chunk a stream of COPY bytes.

pub mod holder;
pub mod postgres;
mod selected;

pub use selected::{GoesWith, NOT_SELECTED, Part, Selected, SelectionError, tree};

use crate::failure::{Explain, Failure, Retry, chain};
use crate::postgres::catalogue::TableName;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::future::Future;

/// What can go wrong while reading a source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL refused, or was lost.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::Error),
    /// What is selected does not fit the source.
    #[error(transparent)]
    Selection(Box<SelectionError>),
    /// The snapshot that was read in is no longer there; with the server's refusal, or without one
    /// when the server has another of its name.
    #[error("the snapshot of the source is lost")]
    SnapshotLost(#[source] Option<crate::postgres::Error>),
}

impl From<SelectionError> for Error {
    fn from(error: SelectionError) -> Self {
        match error {
            SelectionError::Postgres(error) => Self::Postgres(error),
            error => Self::Selection(Box::new(error)),
        }
    }
}

impl Error {
    /// Whether the same read may succeed when it is tried again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Postgres(error) => error.is_retryable(),
            Self::Selection(_) | Self::SnapshotLost(_) => false,
        }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Postgres(error) => error.failure(),
            Self::Selection(error) => error.failure(),
            Self::SnapshotLost(_) => Failure::new(
                "The snapshot of the source is lost",
                format!("{}. The source was restarted, or what held the snapshot was ended.", chain(self)),
            )
            .advise("Run the step again: it takes a new snapshot, and loads again what was written to in between.")
            .retry(Retry::Now),
        }
    }
}

/// The form in which COPY carries a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Fast, and exact for every type whose binary form does not name an object of its server.
    Binary,
    /// For the others (`regclass` and its kin).
    Text,
}

impl Format {
    /// COPY's option for it.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Binary => "(FORMAT binary)",
            Self::Text => "(FORMAT text)",
        }
    }
}

/// How a table's rows travel: the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// The table.
    pub table: TableName,
    /// The columns, in the order in which they travel.
    pub columns: Vec<String>,
    /// The form.
    pub format: Format,
    /// Its rows are in partitions that each server chooses.
    pub routed: bool,
    /// Which rows travel: a condition in the source's SQL; `None` for all.
    pub condition: Option<String>,
}

/// A part of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// All of it.
    Whole,
    /// The rows in the heap's blocks from `from` up to, not including, `until`; the last range
    /// of a table is open-ended.
    Blocks {
        /// First block.
        from: u32,
        /// First block after the range; `None` for the end of the table.
        until: Option<u32>,
    },
}

impl Range {
    /// The conditions that a row of it meets, to be joined by AND; none for the whole table.
    pub fn conditions(self) -> Vec<String> {
        let Self::Blocks { from, until } = self else {
            return Vec::new();
        };
        let end = until.map(|end| format!("ctid < '({end},0)'"));
        [format!("ctid >= '({from},0)'")]
            .into_iter()
            .chain(end)
            .collect()
    }
}

/// The bytes of a COPY, in pieces that hold whole rows. In binary form the header comes with the
/// first row and the trailer is a piece of its own.
pub type Rows = BoxStream<'static, Result<Bytes, Error>>;

/// A place to read from, as it was at one moment.
pub trait Source: Send + Sync + 'static {
    /// One connection to it.
    type Reader: Reader;

    /// Opens a connection that sees the source at its one moment.
    fn reader(&self) -> impl Future<Output = Result<Self::Reader, Error>> + Send;
}

/// One connection to a source.
pub trait Reader: Send {
    /// Begins to read a part of a table.
    fn read(
        &mut self,
        shipment: &Shipment,
        range: Range,
    ) -> impl Future<Output = Result<Rows, Error>> + Send;
}
