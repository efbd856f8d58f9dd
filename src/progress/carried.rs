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

#[cfg(test)]
mod tests {
    use crate::progress::{Lap, Progress};

    #[test]
    fn an_attempt_that_failed_is_not_counted() {
        let progress = Progress::default();
        let meter = progress.meter("t", 10, 0);
        let mut kept = Lap::new(&meter);
        kept.add(3, 30);
        kept.keep();
        let mut failed = Lap::new(&meter);
        failed.add(4, 40);
        drop(failed);
        let sample = progress.sample();
        assert_eq!((sample.meters[0].rows, sample.meters[0].bytes), (3, 30));
        assert_eq!(progress.carried(), (3, 30));
    }

    #[test]
    fn what_an_earlier_run_moved_was_not_carried_by_this_one() {
        let progress = Progress::default();
        let meter = progress.meter("t", 10, 0);
        meter.add(5, 50);
        progress.begin("another round");
        let again = progress.meter("t", 10, 0);
        for meter in [meter, again] {
            let mut lap = Lap::new(&meter);
            lap.add(2, 20);
            lap.keep();
        }
        assert_eq!(progress.carried(), (4, 40));
        progress.start("another step");
        assert_eq!(progress.carried(), (0, 0));
    }
}
