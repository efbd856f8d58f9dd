//! What it means that a key of the ledger's is violated.

use crate::postgres::Error;
use crate::postgres::catalogue::LEDGER_SCHEMA;

/// The keys of the ledger's tables. Violating one of them says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKey {
    /// An earlier attempt at the plan, whose answer got lost, has planned the table.
    Planned,
    /// Another attempt, which a killed run has left to the server, has noted another snapshot under
    /// the number.
    Snapshot,
    /// The definition is built already.
    Built,
}

impl LedgerKey {
    /// Whether an error says that this key was violated: this one, and not one of its name that a
    /// user's table has.
    pub fn is_violated(self, error: &Error) -> bool {
        let name = match self {
            Self::Planned => "tables_pkey",
            Self::Snapshot => "snapshots_pkey",
            Self::Built => "built_pkey",
        };
        error.violated() == Some((LEDGER_SCHEMA, name))
    }
}
