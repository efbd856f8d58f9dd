//! How a person steers a transfer while it runs: it is paused and goes on, with more workers or
//! fewer. Those who work look here before each chunk and each build; nothing of it is kept.

use crate::progress::{Pool, Progress, Tone};
use tokio::sync::watch;

/// How many workers there may be, and what sets the bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Most {
    /// So many.
    pub workers: usize,
    /// Why no more, for the person.
    pub why: String,
}

/// What is wanted now.
#[derive(Debug, Clone)]
struct Wanted {
    paused: bool,
    /// 0 until the transfer has begun.
    workers: usize,
    most: Most,
}

/// Steers one transfer. Cheap to clone; all clones steer the same one.
#[derive(Debug, Clone)]
pub struct Throttle {
    wanted: watch::Sender<Wanted>,
    progress: Progress,
}

impl Throttle {
    /// For a transfer that shows itself on this board. It is not paused.
    pub fn new(progress: &Progress) -> Self {
        let most = Most {
            workers: 0,
            why: String::new(),
        };
        let wanted = Wanted {
            paused: false,
            workers: 0,
            most,
        };
        Self {
            wanted: watch::Sender::new(wanted),
            progress: progress.clone(),
        }
    }

    /// The transfer begins with so many workers. Begun again after a loss of the source, it keeps
    /// what the person has set, within the new bound.
    pub fn begin(&self, workers: usize, most: Most) {
        self.set(|wanted| {
            let workers = match wanted.workers {
                0 => workers,
                set => set.min(most.workers),
            };
            wanted.workers = workers.max(1);
            wanted.most = most;
        });
    }

    /// Begins nothing new from now on; what is under way is finished.
    pub fn pause(&self) {
        self.set(|wanted| wanted.paused = true);
        let text = "Paused: what is under way is finished, nothing new begins.";
        self.progress.note(Tone::Info, text);
    }

    /// Goes on after a pause.
    pub fn go_on(&self) {
        self.set(|wanted| wanted.paused = false);
        self.progress.note(Tone::Info, "The pause is over.");
    }

    /// One worker more.
    ///
    /// # Errors
    /// Why there can be no more.
    pub fn more(&self) -> Result<(), String> {
        let Wanted { workers, most, .. } = self.now()?;
        if workers >= most.workers {
            let workers = most.workers;
            return Err(format!("{workers} workers at most: {}", most.why));
        }
        self.resize(workers + 1);
        Ok(())
    }

    /// One worker fewer: it ends after its chunk.
    ///
    /// # Errors
    /// Why there can be no fewer.
    pub fn fewer(&self) -> Result<(), String> {
        let Wanted { workers, .. } = self.now()?;
        if workers <= 1 {
            return Err("one worker is the least; a pause stops it".to_owned());
        }
        self.resize(workers - 1);
        Ok(())
    }

    fn now(&self) -> Result<Wanted, String> {
        let now = self.wanted.borrow().clone();
        match now.workers {
            0 => Err("the transfer has not begun to move rows yet".to_owned()),
            _ => Ok(now),
        }
    }

    fn resize(&self, workers: usize) {
        self.set(|wanted| wanted.workers = workers);
        let text = format!("Workers wanted from now on: {workers}");
        self.progress.note(Tone::Info, text);
    }

    fn set(&self, change: impl FnOnce(&mut Wanted)) {
        self.wanted.send_modify(change);
        let Wanted {
            paused, workers, ..
        } = *self.wanted.borrow();
        self.progress.pool(|pool| {
            pool.paused = paused;
            pool.wanted = workers;
        });
    }

    /// How many workers are wanted.
    pub(super) fn workers(&self) -> usize {
        self.wanted.borrow().workers
    }

    /// Whether nothing new may begin.
    pub(super) fn is_paused(&self) -> bool {
        self.wanted.borrow().paused
    }

    /// To wait for changes.
    pub(super) fn changes(&self) -> Changes {
        Changes(self.wanted.subscribe())
    }

    /// Waits until it is paused.
    pub async fn paused(&self) {
        let _ = self.wanted.subscribe().wait_for(|now| now.paused).await;
    }

    /// Waits until something new may begin.
    pub async fn go(&self) {
        // The sender is this one, so it does not go while it is waited for.
        let _ = self.wanted.subscribe().wait_for(|now| !now.paused).await;
    }

    /// Whether the worker of this number, from 0, is still wanted; waits until something new may
    /// begin, or the answer is no.
    pub(super) async fn admits(&self, number: usize) -> bool {
        let mut wanted = self.wanted.subscribe();
        let decided = wanted.wait_for(|now| !now.paused || number >= now.workers);
        decided.await.is_ok_and(|now| number < now.workers)
    }

    /// A worker carries rows as long as this lives.
    pub(super) fn carries(&self) -> AtWork<'_> {
        AtWork::new(&self.progress, |pool| &mut pool.carrying)
    }

    /// Something is built as long as this lives.
    pub(super) fn builds(&self) -> AtWork<'_> {
        AtWork::new(&self.progress, |pool| &mut pool.building)
    }
}

/// Tells when something else is wanted.
#[derive(Debug)]
pub(super) struct Changes(watch::Receiver<Wanted>);

impl Changes {
    /// Waits for the next change; for ever when nobody steers any more.
    pub(super) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// One more at work, counted on the board.
#[derive(Debug)]
pub(super) struct AtWork<'a> {
    progress: &'a Progress,
    counter: fn(&mut Pool) -> &mut usize,
}

impl<'a> AtWork<'a> {
    fn new(progress: &'a Progress, counter: fn(&mut Pool) -> &mut usize) -> Self {
        progress.pool(|pool| *counter(pool) += 1);
        Self { progress, counter }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let counter = self.counter;
        self.progress
            .pool(|pool| *counter(pool) = counter(pool).saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(workers: usize, most: usize) -> (Throttle, Progress) {
        let progress = Progress::default();
        let throttle = Throttle::new(&progress);
        let why = "the target has no more".to_owned();
        throttle.begin(workers, Most { workers: most, why });
        (throttle, progress)
    }

    #[test]
    fn workers_stay_within_their_bounds_and_the_reason_is_said() {
        let (throttle, progress) = begun(2, 3);
        throttle.more().unwrap();
        assert_eq!(throttle.workers(), 3);
        assert_eq!(
            throttle.more().unwrap_err(),
            "3 workers at most: the target has no more"
        );
        throttle.fewer().unwrap();
        throttle.fewer().unwrap();
        assert!(throttle.fewer().unwrap_err().contains("the least"));
        assert_eq!(progress.sample().pool.wanted, 1);
        let fresh = Throttle::new(&progress);
        assert!(fresh.more().unwrap_err().contains("not begun"));
    }

    #[test]
    fn a_transfer_that_begins_again_keeps_what_was_set() {
        let (throttle, _) = begun(8, 10);
        throttle.fewer().unwrap();
        let why = String::new();
        throttle.begin(8, Most { workers: 4, why });
        assert_eq!(throttle.workers(), 4, "within the new bound");
    }

    #[tokio::test]
    async fn paused_nothing_begins_and_then_it_does() {
        let (throttle, progress) = begun(2, 2);
        throttle.pause();
        assert!(progress.sample().pool.paused);
        let mut waiting = Box::pin(throttle.admits(1));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        throttle.fewer().unwrap();
        assert!(!waiting.await, "the second worker is not wanted any more");
        let mut waiting = Box::pin(throttle.admits(0));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        throttle.go_on();
        assert!(waiting.await);
    }

    #[test]
    fn who_is_at_work_is_counted() {
        let (throttle, progress) = begun(2, 2);
        let (row, build) = (throttle.carries(), throttle.builds());
        let pool = progress.sample().pool;
        assert_eq!((pool.carrying, pool.building), (1, 1));
        drop((row, build));
        let pool = progress.sample().pool;
        assert_eq!((pool.carrying, pool.building), (0, 0));
    }
}
