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

/// What a look at everything that the checklist rests on found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutoverLook {
    /// Of the source.
    #[serde(flatten)]
    pub source: SourceLook,
    /// Of the backup; `None` where none was made, and in old sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupLook>,
}

impl From<SourceLook> for CutoverLook {
    fn from(source: SourceLook) -> Self {
        let backup = None;
        Self { source, backup }
    }
}

/// What a look at the backup found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum BackupLook {
    /// As it was written: every byte was read, and its SHA-256 is the same.
    Sound {
        /// When it was read.
        at: Timestamp,
    },
    /// It cannot be read.
    Unread {
        /// Why.
        why: String,
    },
    /// Its bytes are others than were written.
    Changed,
    /// It is older than it may be: `backup.valid_days`.
    Expired {
        /// So many days it may be old.
        days: u32,
    },
}

impl BackupLook {
    /// Why it is no backup any more; `None` when it is one.
    pub fn objection(&self) -> Option<String> {
        match self {
            Self::Sound { .. } => None,
            Self::Unread { why } => Some(format!("the dump cannot be read ({why})")),
            Self::Changed => {
                Some("the dump is not what was written: its sha256 is another one".to_owned())
            }
            Self::Expired { days } => Some(format!("the dump is older than {days} days")),
        }
    }
}
