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

/// Carries `attempt` out until it succeeds, fails for good, or has failed too often. Each repeat
/// leaves a note that names `what`. Returns the result and how often it was repeated.
pub(super) async fn retrying<T>(
    what: &str,
    progress: &Progress,
    mut attempt: impl AsyncFnMut() -> Result<T, Error>,
) -> Result<(T, u64), Error> {
    let mut wait = FIRST_WAIT;
    let mut attempts = 1;
    loop {
        let error = match attempt().await {
            Ok(value) => return Ok((value, u64::from(attempts - 1))),
            Err(error) if !error.is_retryable() => return Err(error),
            Err(error) => error,
        };
        if attempts == ATTEMPTS {
            let (what, source) = (what.to_owned(), Box::new(error));
            return Err(Error::GivenUp { what, attempts, source });
        }
        let why = chain(&error);
        progress.note(Tone::Warning, format!("{what}: trying again in {wait:?} ({why})"));
        tokio::time::sleep(wait).await;
        wait *= 2;
        attempts += 1;
    }
}
