//! `[cleanup]`: what follows a migration.

use serde::{Deserialize, Serialize};

/// `[cleanup]`: what follows a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cleanup {
    /// For how many days after the cleanup the backup is to be kept, 1 to 3650.
    pub keep_days: u32,
}

impl Default for Cleanup {
    fn default() -> Self {
        Self { keep_days: 30 }
    }
}
