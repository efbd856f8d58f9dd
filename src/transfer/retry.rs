//! Trying again what a lost connection or a sleeping compute broke: with a growing wait, visibly,
//! and not for ever.

use super::Error;
use crate::failure::chain;
use crate::progress::{Progress, Tone};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Attempts before it is given up.
const ATTEMPTS: u32 = 6;
/// The wait before the second attempt; doubled before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The attempts at one piece of work.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    what: &'a str,
    progress: &'a Progress,
    stop: &'a CancellationToken,
    failed: u32,
}

impl<'a> Attempts<'a> {
    /// No attempt yet at `what`, which the notes about repeats name. `stop` ends the waits.
    pub(super) fn new(what: &'a str, progress: &'a Progress, stop: &'a CancellationToken) -> Self {
        Self {
            what,
            progress,
            stop,
            failed: 0,
        }
    }

    /// An attempt has failed: waits until the next one is due. Gives the error back when trying
    /// again cannot help, gives up after several, and at once when the work is stopped.
    pub(super) async fn again(&mut self, error: Error) -> Result<(), Error> {
        if !error.is_retryable() {
            return Err(error);
        }
        self.failed += 1;
        if self.failed == ATTEMPTS {
            let (what, source) = (self.what.to_owned(), Box::new(error));
            return Err(Error::GivenUp {
                what,
                attempts: ATTEMPTS,
                source,
            });
        }
        let wait = FIRST_WAIT * 2_u32.pow(self.failed - 1);
        let (what, why) = (self.what, chain(&error));
        self.progress.note(
            Tone::Warning,
            format!("{what}: trying again in {wait:?} ({why})"),
        );
        self.progress.retry();
        let waited = self.stop.run_until_cancelled(tokio::time::sleep(wait));
        waited.await.ok_or(Error::Stopped)
    }

    /// How often it was tried again.
    pub(super) fn repeats(&self) -> u64 {
        u64::from(self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::catalogue::TableName;
    use crate::target;

    #[tokio::test]
    async fn nobody_waits_for_another_attempt_at_what_is_stopped() {
        let (progress, stop) = (Progress::default(), CancellationToken::new());
        let mut attempts = Attempts::new("a chunk", &progress, &stop);
        let passing = || {
            let (schema, name) = ("public".to_owned(), "t".to_owned());
            let table = TableName { schema, name };
            let (sent, stored) = (2, 1);
            Error::Target(target::Error::RowsLost {
                table,
                sent,
                stored,
            })
        };
        assert!(attempts.again(passing()).await.is_ok());
        stop.cancel();
        let stopped = attempts.again(passing()).await;
        assert!(matches!(stopped, Err(Error::Stopped)), "{stopped:?}");
    }
}
