//! What a step itself has carried, over all of its meters and rounds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Rows and bytes of all attempts that are under way or succeeded. What an earlier run moved is not
/// among them.
#[derive(Debug, Default)]
pub(super) struct Carried {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Carried {
    pub(super) fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// An attempt has failed: what it carried is not in.
    pub(super) fn take_back(&self, rows: u64, bytes: u64) {
        self.rows.fetch_sub(rows, Relaxed);
        self.bytes.fetch_sub(bytes, Relaxed);
    }

    pub(super) fn so_far(&self) -> (u64, u64) {
        (self.rows.load(Relaxed), self.bytes.load(Relaxed))
    }
}
