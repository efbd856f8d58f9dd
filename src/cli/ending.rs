//! The end of a command: what still runs is stopped safely, however long that takes, and nobody has
//! to wait for it.

use super::Error;
use crate::headless::Voice;
use crate::signals::Stops;
use std::pin::pin;
use std::time::Duration;
use tokio::time::sleep;

/// An ending that takes longer is told.
const MOMENT: Duration = Duration::from_secs(1);

/// Waits for what is ending. When that takes longer than a moment, or somebody insists, it is told;
/// whoever insists after that is not kept waiting.
///
/// # Errors
/// [`Error::Insisted`]: it has not come to its end. Signals cannot be received.
pub(super) async fn safely<T>(
    voice: &mut dyn Voice,
    ending: impl Future<Output = T>,
) -> Result<T, Error> {
    let told = "Stopping safely… Ctrl-C ends at once; the session is saved.";
    telling(voice, told, ending).await
}

/// As [`safely`], of what ends because all is done: `told` says what takes its time.
pub(super) async fn telling<T>(
    voice: &mut dyn Voice,
    told: &str,
    ending: impl Future<Output = T>,
) -> Result<T, Error> {
    let mut ending = pin!(ending);
    let mut stops = Stops::new()?;
    tokio::select! {
        biased;
        done = &mut ending => return Ok(done),
        () = stops.insist() => {}
        () = sleep(MOMENT) => {}
    }
    voice.say(told);
    tokio::select! {
        biased;
        done = ending => Ok(done),
        () = stops.insist() => Err(Error::Insisted),
    }
}
