//! Why a selection cannot be carried out, and what to do about it.

use crate::config::BadPattern;
use crate::failure::{Explain, Failure, Severity, chain};
use crate::postgres::Error as PostgresError;
use crate::postgres::catalogue::TableName;

/// Why a selection cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// The source refused a question.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// A text is no pattern.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    /// A pattern that fits nothing.
    #[error("no {kind} of the source fits {pattern}")]
    NoMatch {
        /// Schema or table.
        kind: &'static str,
        /// The pattern.
        pattern: String,
        /// The name that was most likely meant.
        nearest: Option<String>,
    },
    /// Everything is left out.
    #[error("nothing is left to move: all that is taken is left out again")]
    Nothing,
    /// A table whose definition needs one that is left out.
    #[error("{table} inherits from {parent}, which is left out")]
    Parent {
        /// The table.
        table: TableName,
        /// What it inherits from.
        parent: TableName,
    },
    /// A part of a table whose rows move only together: which of them are in it differs from
    /// server to server.
    #[error(
        "{table} is chosen without {part}, or {part} without it: the hash of an enum divides it, otherwise on every server"
    )]
    Divided {
        /// The table.
        table: TableName,
        /// A partition that is moved without it, or left out without it.
        part: TableName,
    },
    /// Rows are named of a table that is left out.
    #[error("rows are chosen of {pattern}, but no table that is moved fits that")]
    RowsOfNothing {
        /// The pattern.
        pattern: String,
        /// The name that was most likely meant.
        nearest: Option<String>,
    },
    /// Two conditions for one table.
    #[error("two conditions choose the rows of {0}")]
    TwoConditions(TableName),
    /// A text that is no condition.
    #[error("the condition for {pattern} cannot be used: {why}")]
    NoCondition {
        /// The pattern of the tables.
        pattern: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A condition that the source does not understand.
    #[error("the source refuses the condition for {table}")]
    Condition {
        /// The table.
        table: TableName,
        /// Its refusal.
        #[source]
        source: PostgresError,
    },
}

impl Explain for SelectionError {
    fn failure(&self) -> Failure {
        let told = |failure: Failure, nearest: &Option<String>| match nearest {
            Some(nearest) => failure.advise(format!("Did you mean {nearest}?")),
            None => failure,
        };
        let failure = Failure::new(
            "What is to be moved is not clear",
            format!("{}.", chain(self)),
        )
        .severity(Severity::Usage);
        match self {
            Self::Postgres(error) => error.failure(),
            Self::NoMatch { nearest, .. } | Self::RowsOfNothing { nearest, .. } => {
                told(failure, nearest).advise("Correct the name under [select] in config.toml or on the command line; upper and lower case count.")
            }
            Self::Parent { table, parent } => failure.advise(format!(
                "Take {parent} too, or leave {table} out as well: a table cannot be made without what it inherits from."
            )),
            Self::Divided { table, .. } => failure
                .advise(format!("Take {table} with all its partitions, or leave all of it out."))
                .advise("An enum's values hash otherwise on every server, so the same row belongs to another partition there."),
            Self::Condition { .. } => failure.advise("Correct it under [[select.rows]] or --where. Functions and types that are not PostgreSQL's own stand with their schema; texts stand in single quotes."),
            Self::NoCondition { .. } | Self::TwoConditions(_) => {
                failure.advise("Give one condition for a table, as it would stand behind WHERE.")
            }
            Self::Nothing | Self::Pattern(_) => failure.advise("Correct [select] in config.toml or the options on the command line."),
        }
    }
}
