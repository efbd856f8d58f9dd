//! Why a file is not archived.

use crate::failure::{Explain, Failure, chain};
use crate::figures::bytes;
use crate::invocation::quoted;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file is not archived.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not what it was when it was made, or when it was read.
    #[error("{} is not what was written at the time of the backup", .0.display())]
    Altered(PathBuf),
    /// Neither it nor an archive of it is there.
    #[error("{} is not there any more, and no archive of it", .0.display())]
    Missing(PathBuf),
    /// What comes out of an archive is not what the file holds.
    #[error("{} does not give back what went in", .archive.display())]
    Unlike {
        /// The archive.
        archive: PathBuf,
        /// Why it cannot be decompressed; `None` when it can.
        #[source]
        source: Option<io::Error>,
    },
    /// The disk is full, or a quota is used up.
    #[error("there is no room for {}", .file.display())]
    NoSpace {
        /// What was written.
        file: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The disk has less free than it may need. Nothing was begun.
    #[error("{} has {} free, the archive may need {}", .folder.display(), bytes(*.free), bytes(*.needed))]
    NoRoom {
        /// The folder of the backup.
        folder: PathBuf,
        /// Bytes that may be needed: as many as the original has.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
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
    /// It was told to stop.
    #[error("archiving was stopped")]
    Cancelled,
}

impl Error {
    /// For `map_err`.
    pub(super) fn file<'a>(doing: &'static str, file: &'a Path) -> impl Fn(io::Error) -> Self + 'a {
        move |source| Self::File {
            doing,
            file: file.to_owned(),
            source,
        }
    }

    /// For `map_err`, of what is written.
    pub(super) fn writing(file: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace {
                file: file.to_owned(),
                source,
            },
            _ => Self::file("write", file)(source),
        }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let why = format!("{}.", chain(self));
        match self {
            Self::Altered(file) => Failure::new("The backup is not what was written", why)
                .advise(format!("Nothing was archived of it and nothing removed. Find out who changed {}: its SHA-256 is not the one in the backup's report.", file.display()))
                .advise("If you have a copy elsewhere, put it in its place. Or make a new backup, while the old database is there:")
                .advise("$ neonlift backup"),
            Self::Missing(_) => Failure::new("The backup is gone", why)
                .advise("If it was moved, put it back into its place. Or make a new one, while the old database is there:")
                .advise("$ neonlift backup"),
            Self::Unlike { archive, .. } => Failure::new("The archive cannot be trusted", why)
                .advise(format!("The original was not touched. Move {} away and clean up again: the archive is made anew.", archive.display()))
                .advise("If it happens again, the disk, or the memory, is not sound."),
            Self::NoSpace { file, .. } => {
                let folder = file.parent().unwrap_or(file);
                Failure::new("There is no room for the archive", format!("{why} What was begun is removed, the backup is as it was."))
                    .advise("Free some room there: the archive is about as large as the dump.")
                    .advise(room_in(folder))
            }
            Self::NoRoom { folder, .. } => Failure::new("There is no room for the archive", format!("{why} Nothing was begun."))
                .advise("Free some room there: the archive is about as large as the dump.")
                .advise(room_in(folder)),
            Self::File { .. } => Failure::new("The backup's files cannot be used", why)
                .advise("Check that the folder exists, is yours to write to, and has room."),
            Self::Cancelled => Failure::interrupted("The backup is not archived yet"),
        }
    }
}

/// The command that tells how much room there is.
fn room_in(folder: &Path) -> String {
    format!("$ df -h {}", quoted(&folder.to_string_lossy()))
}
