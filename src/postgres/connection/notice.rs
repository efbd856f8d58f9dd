//! What a server says without being asked.

use crate::postgres::diagnosis::is_raised;
use std::fmt;
use tokio_postgres::error::DbError;

/// How notices of the server and of pgvector begin that hold no row's values.
const BEGINNINGS: [&str; 11] = [
    "hnsw ",
    "ivfflat ",
    "truncate cascades to ",
    "drop cascades to ",
    "merging ",
    "identifier \"",
    "skipping \"",
    "permission denied to analyze \"",
    "no privileges were granted for \"",
    "not all privileges were granted for \"",
    "word is too long to be indexed",
];

/// How they end.
const ENDINGS: [&str; 2] = ["already exists, skipping", "does not exist, skipping"];

/// Stands in for every other notice: a function's text may hold anything.
const HIDDEN: &str = "a function gave a notice; its text may hold rows' values and is not shown";

/// What a server said without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING` …
    pub severity: String,
    /// The message, when it is one of the server's or pgvector's that hold no row's values.
    pub message: String,
}

impl Notice {
    pub(super) fn of(said: &DbError) -> Self {
        let known = !is_raised(said) && is_known(said.message());
        let message = if known { said.message() } else { HIDDEN };
        Self {
            severity: said.severity().to_owned(),
            message: message.to_owned(),
        }
    }
}

fn is_known(message: &str) -> bool {
    BEGINNINGS.iter().any(|start| message.starts_with(start))
        || ENDINGS.iter().any(|end| message.ends_with(end))
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity.to_lowercase(), self.message)
    }
}
