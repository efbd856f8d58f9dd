//! `[watch]`: how the target is watched after the cutover, and what is an alarm.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `[watch]`: how the target is watched after the cutover, and what is an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// How long, in hours, 1 to 168, from its first start on.
    pub hours: u32,
    /// Minutes between two probes, 1 to 1440; more while nobody uses a Neon compute.
    pub every_minutes: u32,
    /// Alarm when so many of a hundred connections are in use.
    pub connections_percent: u32,
    /// Alarm when so many of a hundred transactions were rolled back since the probe before.
    pub rollbacks_percent: u32,
    /// Alarm when the probe's p95 round trip takes so many milliseconds.
    pub latency_ms: u32,
    /// Alarm when a statement took so many milliseconds on average since the probe before.
    pub statement_ms: u32,
    /// Alarm when fewer of a hundred blocks were found in the cache since the probe before.
    pub cache_hits_percent: u32,
    /// Alarm when so many of a hundred bytes of the project's limit are used.
    pub size_percent: u32,
    /// Alarm when a session waits for a lock for so many seconds.
    pub lock_seconds: u32,
    /// Alarm when a session has been idle within a transaction for so many seconds.
    pub idle_in_transaction_seconds: u32,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            hours: 24,
            every_minutes: 15,
            connections_percent: 80,
            rollbacks_percent: 5,
            latency_ms: 500,
            statement_ms: 1000,
            cache_hits_percent: 80,
            size_percent: 90,
            lock_seconds: 30,
            idle_in_transaction_seconds: 300,
        }
    }
}

impl Watch {
    /// [`hours`](Self::hours) as a time.
    pub fn lasts(&self) -> Duration {
        Duration::from_secs(u64::from(self.hours) * 3600)
    }

    /// [`every_minutes`](Self::every_minutes) as a time.
    pub fn every(&self) -> Duration {
        Duration::from_secs(u64::from(self.every_minutes) * 60)
    }
}
