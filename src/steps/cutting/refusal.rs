//! Why a cutting over does not go on.

use super::quiet::named;
use crate::failure::{Explain, Failure, Retry, Severity};
use crate::invocation::quoted;
use crate::session::report::WayBack;
use std::time::Duration;

/// Why a cutting over does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The source does not come to rest.
    #[error("the source is still written to")]
    StillWritten {
        /// The tables, as `schema.table`; none where only transactions were seen to go on.
        tables: Vec<String>,
        /// Who is connected.
        clients: Vec<String>,
        /// Whether the server counts writes, so that tables can be told.
        counts: bool,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The source was written to behind the last comparison.
    #[error("the source was written to since it was compared: {}", .0.join(", "))]
    WrittenSince(Vec<String>),
    /// Transactions of the source have ended since, and it does not count what they wrote.
    #[error(
        "the source does not count writes to its tables (a standby, or track_counts = off), and transactions went on while it was compared"
    )]
    Uncounted,
    /// The source could not be asked whether it was.
    #[error("the source cannot be asked whether it was written to since it was compared: {0}")]
    Unasked(String),
    /// Without a typed name nothing is put back where that loses rows, or nobody knows.
    #[error("going back now would lose what was written to the target: {}", .lost.join("; "))]
    WouldLose {
        /// What would be lost, first in all, then by table.
        lost: Vec<String>,
        /// Whether it could be counted.
        is_counted: bool,
        /// The old database's name: a consent repeats it.
        database: String,
    },
}

impl From<&WayBack> for Refusal {
    fn from(found: &WayBack) -> Self {
        let lost = found.losses();
        Self::WouldLose {
            lost: lost.iter().map(|line| line.trim().to_owned()).collect(),
            is_counted: found.lost.is_ok(),
            database: found.database.clone(),
        }
    }
}

impl Explain for Refusal {
    fn failure(&self) -> Failure {
        match self {
            Self::StillWritten {
                tables,
                clients,
                counts,
                waited,
            } => still_written(tables, clients, *counts, *waited),
            Self::WrittenSince(_) => Failure::new(
                "The source was written to behind the last comparison",
                format!("{self}."),
            )
            .advise("Stop what writes to the source, every instance of it.")
            .advise("Those rows are missing on the target, or old there: begin a new session (--session FILE) with an empty target database, when nothing writes any longer."),
            Self::Uncounted => Failure::new(
                "It is not known whether the source was written to behind the last comparison",
                format!("{self}."),
            )
            .advise("Stop whatever writes to any database of that server, and cut over again:")
            .advise("$ neonlift cutover --confirm DBNAME")
            .retry(Retry::Now),
            Self::Unasked(_) => Failure::new("The source does not answer", format!("{self}."))
                .advise("When it answers again, the same command goes on:")
                .advise("$ neonlift cutover --confirm DBNAME")
                .retry(Retry::Now),
            Self::WouldLose {
                lost,
                is_counted,
                database,
            } => would_lose(lost, *is_counted, database),
        }
    }
}

fn would_lose(lost: &[String], is_counted: bool, database: &str) -> Failure {
    let (what, severity) = match is_counted {
        true => (
            "Nothing was put back: what was written to the target would be lost",
            Severity::Usage,
        ),
        false => (
            "Nothing was put back: nobody knows what would be lost",
            Severity::Unfinished,
        ),
    };
    Failure::new(what, format!("{}.", lost.join("; ")))
        .advise("See it, with the ways to save it first:")
        .advise("$ neonlift rollback")
        .advise("Saved, or needed by nobody? The old database's name is the consent to go back:")
        .advise(format!(
            "$ neonlift rollback --confirm {}",
            quoted(database)
        ))
        .severity(severity)
}

fn still_written(tables: &[String], clients: &[String], counts: bool, waited: Duration) -> Failure {
    let seconds = waited.as_secs();
    let what = match (tables.is_empty(), counts) {
        (false, _) => format!("Written to within {seconds} s: {}", tables.join(", ")),
        (true, true) => format!("It did not stand still for long enough within {seconds} s"),
        (true, false) => format!(
            "It does not count writes to its tables (a standby, or track_counts = off), and transactions go on after {seconds} s"
        ),
    };
    let who = match clients.len() {
        0 => "Nobody else is connected now".to_owned(),
        _ => format!("Connected: {}", named(clients)),
    };
    Failure::new("The source is still written to", format!("{what}. {who}."))
        .advise("Stop the application, every instance of it, its jobs and workers; then cut over again.")
        .advise("What comes back by itself is stopped where it is started: systemctl stop, docker compose stop, the platform's console.")
        .advise("Nothing was switched: the application leads where it led.")
        .retry(Retry::Now)
}
