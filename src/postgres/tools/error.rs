//! What can go wrong with the tools, and its explanation.

use super::diagnosis;
use super::{FOLDER_VARIABLE, System, Version};
use crate::failure::{Explain, Failure, Retry};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::string::FromUtf8Error;

/// What kept a tool of PostgreSQL's from doing its work. No variant holds the environment, in which
/// passwords stand.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// There are no client tools.
    #[error("pg_dump and pg_restore were not found")]
    Missing {
        /// The folders that were looked into.
        searched: Vec<PathBuf>,
        /// The version of the server they are for, when it is known.
        needed: Option<Version>,
    },
    /// There are client tools, but none for a server that new.
    #[error("no pg_dump is new enough for a server of version {server}")]
    TooOld {
        /// Each pg_dump that was found.
        found: Vec<(PathBuf, Version)>,
        /// The server's version.
        server: Version,
    },
    /// The program could not be started.
    #[error("cannot start {tool}")]
    Start {
        /// Its path.
        tool: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Talking with the running program failed.
    #[error("lost the connection to {tool}'s output")]
    Pipe {
        /// Its name.
        tool: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The program ended with an error of its own.
    #[error("{tool} failed ({status}): {}", diagnosis::cause(.stderr))]
    Failed {
        /// Its name.
        tool: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it wrote to stderr, passwords masked.
        stderr: Vec<String>,
    },
    /// The disk or a quota is full.
    #[error("no space left for {} after about {written} bytes", .file.display())]
    NoSpace {
        /// The file that was written.
        file: PathBuf,
        /// The bytes handed over until then; the last two million may not have reached the disk.
        written: u64,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A file could not be handled.
    #[error("cannot {action} {}", .file.display())]
    File {
        /// What was tried: `create`, `write`.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The program wrote something else than UTF-8.
    #[error("{tool} wrote text that is not UTF-8")]
    NotUtf8 {
        /// Its name.
        tool: String,
        /// Where.
        #[source]
        source: FromUtf8Error,
    },
    /// The work was cancelled; the program has been ended.
    #[error("{tool} was stopped")]
    Cancelled {
        /// Its name.
        tool: String,
    },
}

impl ToolError {
    pub(super) fn start(tool: &Path, source: io::Error) -> Self {
        Self::Start {
            tool: tool.to_owned(),
            source,
        }
    }

    pub(super) fn pipe(tool: &str, source: io::Error) -> Self {
        Self::Pipe {
            tool: tool.to_owned(),
            source,
        }
    }

    pub(super) fn file(action: &'static str, file: &Path, source: io::Error) -> Self {
        Self::File {
            action,
            file: file.to_owned(),
            source,
        }
    }

    /// A failed write, of which a full disk is a case of its own.
    pub(super) fn write(
        action: &'static str,
        file: &Path,
        written: u64,
        source: io::Error,
    ) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace {
                file: file.to_owned(),
                written,
                source,
            },
            _ => Self::file(action, file, source),
        }
    }
}

impl Explain for ToolError {
    fn failure(&self) -> Failure {
        let what = self.to_string();
        match self {
            Self::Missing { searched, needed } => missing(searched, *needed),
            Self::TooOld { found, server } => too_old(found, *server),
            Self::Start { source, .. } => Failure::new(what, source.to_string()).advise(
                "Run it by hand with --version: it must be a program for this machine, and allowed to run.",
            ),
            Self::Pipe { source, .. } => Failure::new(what, source.to_string()).retry(Retry::Now),
            Self::Failed { tool, status, stderr } => diagnosis::failure(tool, *status, stderr),
            Self::NoSpace { file, source, .. } => {
                let folder = file.parent().unwrap_or(file).display();
                Failure::new(what, format!("{source}; the incomplete file is removed."))
                    .advise("Free space there, or choose a backup folder on another disk.")
                    .advise(format!("$ df -h '{folder}'"))
            }
            Self::File { file, source, .. } => file_failure(what, file, source),
            Self::NotUtf8 { source, .. } => Failure::new(what, source.to_string())
                .advise("The schema cannot be read: does the source's encoding hold invalid text?")
                .retry(Retry::Never),
            Self::Cancelled { tool } => Failure::interrupted(format!("{tool} did not finish")),
        }
    }
}

fn advise_all(failure: Failure, advice: Vec<String>) -> Failure {
    advice.into_iter().fold(failure, Failure::advise)
}

fn missing(searched: &[PathBuf], needed: Option<Version>) -> Failure {
    let folders: Vec<_> = searched
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let major = needed.map(|version| version.major);
    let enough = major
        .map(|m| format!(", version {m} or newer"))
        .unwrap_or_default();
    let failure = Failure::new(
        "PostgreSQL's client tools pg_dump and pg_restore were not found",
        format!("None of these folders has both: {}.", folders.join(", ")),
    )
    .advise(format!("Install the client tools{enough}:"));
    advise_all(failure, System::here().install_advice(major)).advise(folder_advice())
}

fn too_old(found: &[(PathBuf, Version)], server: Version) -> Failure {
    let versions: Vec<_> = found
        .iter()
        .map(|(tool, v)| format!("{} is {v}", tool.display()))
        .collect();
    let failure = Failure::new(
        format!("No pg_dump here can read a server of version {server}"),
        format!(
            "pg_dump refuses servers of a newer major version; {}.",
            versions.join(", ")
        ),
    )
    .advise(format!(
        "Install client tools of version {} or newer beside them:",
        server.major
    ));
    advise_all(failure, System::here().install_advice(Some(server.major))).advise(folder_advice())
}

fn folder_advice() -> String {
    format!("Have them elsewhere? Name their folder: {FOLDER_VARIABLE}=/folder/with/pg_dump")
}

fn file_failure(what: String, file: &Path, source: &io::Error) -> Failure {
    let failure = Failure::new(what, source.to_string());
    match source.kind() {
        io::ErrorKind::AlreadyExists => failure
            .advise(format!(
                "{} is left as it is: move it away, or back up again.",
                file.display()
            ))
            .retry(Retry::Now),
        io::ErrorKind::FileTooLarge => failure.advise(
            "This disk's file system has a limit for one file: choose a folder on another.",
        ),
        _ => failure.advise("Choose a backup folder that exists and that you may write to."),
    }
}
