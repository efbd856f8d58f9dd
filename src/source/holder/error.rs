//! Why a snapshot cannot be held by a process of its own.

use crate::failure::{Explain, Failure, chain};
use std::io;
use std::path::PathBuf;

/// Why a snapshot cannot be held by a process of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process could not be started, or spoken to.
    #[error("the process that holds the snapshot cannot be started")]
    Start(#[source] io::Error),
    /// The process ended before it held a snapshot.
    #[error("the process that holds the snapshot ended at once")]
    Silent,
    /// The process was told something that it does not understand.
    #[error("the process that holds the snapshot is of another version of neonlift")]
    Misunderstood(#[source] serde_json::Error),
    /// The process could not take a snapshot; its own explanation.
    #[error("{} {}", .0.what, .0.why)]
    Refused(Failure),
    /// The source refused.
    #[error(transparent)]
    Source(#[from] crate::postgres::Error),
    /// The snapshot cannot be taken.
    #[error(transparent)]
    Snapshot(#[from] crate::source::Error),
    /// The connection string cannot be read.
    #[error(transparent)]
    Connection(#[from] crate::postgres::ParseError),
    /// The note cannot be put into TOML.
    #[error("the note of the snapshot cannot be written as TOML")]
    Encode(#[from] toml::ser::Error),
    /// The note's file.
    #[error("cannot {doing} {}", .file.display())]
    Note {
        /// What was tried.
        doing: &'static str,
        /// The note's file.
        file: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(failure) => failure.clone(),
            Self::Source(error) => error.failure(),
            Self::Connection(error) => error.failure(),
            Self::Snapshot(error) => error.failure(),
            Self::Note { .. } => Failure::new("The note of the held snapshot cannot be used", chain(self))
                .advise("Check the folder's rights and the room on the disk, or give another session file with --session FILE."),
            _ => Failure::new("The snapshot cannot be held by a process of its own", chain(self))
                .advise("Set transfer.hold_hours = 0 in config.toml: neonlift then holds the snapshot itself, and only for as long as it runs."),
        }
    }
}
