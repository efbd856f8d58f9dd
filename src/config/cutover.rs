//! `[cutover]`: how the application is cut over.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `[cutover]`: how the application is cut over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cutover {
    /// So long nothing may have been written to the source before it counts as quiet, in seconds.
    pub quiet_seconds: u32,
    /// So long it is waited for that, in seconds.
    pub wait_seconds: u32,
    /// Whether all rows are compared once more.
    pub comparison: LastComparison,
}

/// `cutover.comparison`: whether all rows are compared once more when nothing writes any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LastComparison {
    /// Always.
    #[default]
    Again,
    /// Not where the source's counters say that nothing was written since the earlier one.
    Trusted,
}

impl LastComparison {
    /// The words for a configuration.
    pub const NAMES: &'static [&'static str] = &["again", "trusted"];
}

impl Default for Cutover {
    fn default() -> Self {
        Self {
            quiet_seconds: 10,
            wait_seconds: 300,
            comparison: LastComparison::Again,
        }
    }
}

impl Cutover {
    /// [`quiet_seconds`](Self::quiet_seconds) as a time.
    pub fn quiet(&self) -> Duration {
        Duration::from_secs(u64::from(self.quiet_seconds))
    }

    /// [`wait_seconds`](Self::wait_seconds) as a time.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.wait_seconds))
    }
}
