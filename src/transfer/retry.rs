//! Trying again what a lost connection or a sleeping compute broke: with a growing wait, visibly,
//! and not for ever.

use super::Error;
use crate::failure::chain;
use crate::progress::{Progress, Tone};
use std::time::Duration;

/// Attempts before it is given up.
const ATTEMPTS: u32 = 6;
/// The wait before the second attempt; doubled before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The attempts at one piece of work.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    what: &'a str,
    progress: &'a Progress,
    failed: u32,
}

impl<'a> Attempts<'a> {
    /// No attempt yet at `what`, which the notes about repeats name.
    pub(super) fn new(what: &'a str, progress: &'a Progress) -> Self {
        Self {
            what,
            progress,
            failed: 0,
        }
    }

    /// An attempt has failed: waits until the next one is due. Gives the error back when trying
    /// again cannot help, and gives up after several.
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
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// How often it was tried again.
    pub(super) fn repeats(&self) -> u64 {
        u64::from(self.failed)
    }
}
