//! What a look at the source found just before the cutover.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the source counted as written since it was compared. Its counters come late, by seconds: a
/// warning, not a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceLook {
    /// No writes.
    Quiet {
        /// Until when.
        at: Timestamp,
    },
    /// Writes.
    Written {
        /// The tables, as `schema.table`, in order.
        tables: Vec<String>,
    },
    /// Nothing: it could not be asked.
    Unreached {
        /// Why.
        why: String,
    },
    /// Nothing: it lets nobody in without the password, and that is not at hand.
    NoPassword,
}
