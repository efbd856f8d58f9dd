//! Whom a transfer holds up on the source: its snapshot stays open and its tables locked against
//! being rewritten, so whoever changes one waits, and behind them everybody who comes to it. The
//! transfer's own readers too: then both wait for each other, which no server notices.

use super::super::Work;
use crate::failure::chain;
use crate::postgres::{Connection, ConnectionString, Error, Retrying};
use crate::progress::Tone;
use crate::source::postgres::{PostgresSource, Waiting, waiting};
use std::convert::Infallible;
use std::time::Duration;

/// How often the source is asked who waits.
const LOOK: Duration = Duration::from_secs(3);

/// When it is asked again after it could not be.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Tells who waits for as long as this is awaited, and what a pause means for others.
pub(super) async fn watch(
    work: Work<'_>,
    from: &ConnectionString,
    source: &PostgresSource,
) -> Infallible {
    let looking = async {
        loop {
            let Err(error) = look(work, from, source.visible()).await;
            // The transfer itself notices when its source is gone: this only watches.
            let cause = chain(&error);
            tracing::warn!(cause, "cannot look whom the transfer holds up");
            work.progress.pool(|pool| pool.waited_for = 0);
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    };
    tokio::select! {
        never = looking => never,
        never = tell_pauses(work, source) => never,
    }
}

async fn tell_pauses(work: Work<'_>, source: &PostgresSource) -> Infallible {
    loop {
        work.throttle.paused().await;
        let taken = source.taken().strftime("%H:%M UTC");
        let text = format!(
            "Paused, the source's snapshot of {taken} stays open: vacuum keeps what was deleted since, and a statement that changes a table's definition waits for this transfer."
        );
        work.progress.note(Tone::Info, text);
        work.throttle.go().await;
    }
}

/// In a session of its own: the one that holds the snapshot must meet no error. A short transfer is
/// over before the first look.
async fn look(work: Work<'_>, from: &ConnectionString, visible: &str) -> Result<Infallible, Error> {
    tokio::time::sleep(LOOK).await;
    let session = Connection::open(from, &Retrying::never(), work.cancel).await?;
    session.pin_for_reading().await?;
    let mut before = Vec::new();
    loop {
        let now = waiting(&session, visible).await?;
        work.progress.pool(|pool| pool.waited_for = now.len());
        tell(work, &before, &now);
        before = now;
        tokio::time::sleep(LOOK).await;
    }
}

/// Says who waits since the last look, and when nobody does any more.
fn tell(work: Work<'_>, before: &[Waiting], now: &[Waiting]) {
    for waiting in now.iter().filter(|waiting| !before.contains(waiting)) {
        let text = format!(
            "This transfer holds up others on the source: {waiting}. Behind it everybody waits who comes to that table, the transfer's own workers too. End that statement (SELECT pg_cancel_backend({})), or stop the transfer.",
            waiting.pid
        );
        work.progress.note(Tone::Warning, text);
    }
    if now.is_empty() && !before.is_empty() {
        let text = "Nobody on the source waits for this transfer any more.";
        work.progress.note(Tone::Info, text);
    }
}
