//! What ends a command before, or outside of, its steps.

use crate::failure::{Explain, Failure, Severity, chain};
use crate::runner::broken;
use std::io;
use std::path::PathBuf;

/// What ends a command before, or outside of, its steps.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The report.
    #[error(transparent)]
    Report(#[from] crate::report::Error),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] crate::config::Error),
    /// The session's file.
    #[error(transparent)]
    Store(#[from] crate::session::store::Error),
    /// A connection string.
    #[error("the connection string in {origin} cannot be used")]
    Connection {
        /// Where it was given.
        origin: String,
        /// What is wrong with it.
        #[source]
        source: crate::runner::DescribeError,
    },
    /// What the steps need was not given.
    #[error(transparent)]
    Step(#[from] Box<crate::steps::Error>),
    /// The practice servers.
    #[error(transparent)]
    Practice(#[from] crate::practice::Error),
    /// The screen.
    #[error(transparent)]
    Screen(#[from] crate::tui::Error),
    /// The wizard in plain lines.
    #[error(transparent)]
    Plain(#[from] crate::plain::Error),
    /// The log's file.
    #[error("cannot write the log {}", .file.display())]
    Log {
        /// The file.
        file: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// The runtime could not be started, or signals cannot be received.
    #[error("the operating system refused")]
    System(#[from] io::Error),
    /// No folder for sessions is known.
    #[error("no home folder is known")]
    NoHome,
    /// There is no session at all.
    #[error("there is no session yet")]
    NoSession,
    /// The session that was named does not exist.
    #[error("there is no session {}", .0.display())]
    NoSuchSession(PathBuf),
    /// There are sessions, and none is about the databases that were given.
    #[error("none of the sessions is about the source and target that are given now")]
    OtherSessions {
        /// Each in a line, with its file.
        found: Vec<String>,
    },
    /// What was chosen cannot be, or not now.
    #[error("{}", .0)]
    Refused(String),
    /// The start of the practice servers panicked.
    #[error("the start of the practice servers broke off")]
    Broken(#[source] tokio::task::JoinError),
    /// Somebody did not want to wait until all had stopped.
    #[error("it was ended before all had stopped")]
    Insisted,
    /// A half-done practice session was given where another is needed, or the other way round.
    #[error("{}", .0)]
    WrongSession(String),
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Report(error) => error.failure(),
            Self::Config(error) => error.failure(),
            Self::Store(error) => error.failure(),
            Self::Connection { origin, source } => {
                let cause = source.failure();
                Failure {
                    what: format!("{} ({origin})", cause.what),
                    ..cause
                }
            }
            Self::Step(error) => error.failure(),
            Self::Practice(error) => error.failure(),
            Self::Screen(error) => error.failure(),
            Self::Plain(error) => error.failure(),
            Self::Log { .. } => Failure::new("The log cannot be written", chain(self))
                .advise("Give another file with --log FILE.")
                .severity(Severity::Usage),
            Self::System(_) => Failure::new("neonlift cannot run here", chain(self)),
            Self::NoHome => Failure::new("No folder for the session is known", chain(self))
                .advise("Set HOME, or give a file with --session FILE.")
                .severity(Severity::Usage),
            Self::NoSession => Failure::new("There is nothing to show", chain(self))
                .advise("Begin one, or name its file if it is kept elsewhere: --session FILE.")
                .advise("$ neonlift run --source URL --target URL")
                .severity(Severity::Usage),
            Self::NoSuchSession(_) => Failure::new("The session that was named does not exist", format!("{}.", chain(self)))
                .advise("Correct the file's name; `neonlift sessions` lists those that were begun without --session.")
                .advise("Or begin one in this file:")
                .advise("$ neonlift run --source URL --target URL")
                .severity(Severity::Usage),
            Self::OtherSessions { found } => {
                let failure = Failure::new("Which session is meant is not clear", format!("{}.", chain(self)))
                    .advise("Give that session's source and target, or none, or name it by its file:")
                    .severity(Severity::Usage);
                found.iter().fold(failure, Failure::advise)
            }
            Self::Refused(_) => Failure::new("This cannot be done as it was asked for", format!("{}.", chain(self)))
                .advise("Correct the command; `neonlift help` lists the options, config.example.toml explains them.")
                .severity(Severity::Usage),
            Self::Broken(error) => broken("The start of the practice servers broke off", error),
            Self::Insisted => Failure::interrupted("neonlift was ended before all had stopped"),
            Self::WrongSession(_) => Failure::new("This session cannot be used here", chain(self))
                .advise("Give another file with --session FILE.")
                .severity(Severity::Usage),
        }
    }
}
