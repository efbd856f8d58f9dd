//! The holder's own side: takes the snapshot, says so, and holds it until it is not wanted.

use super::note::{Note, Own};
use super::start::{Answer, Order};
use super::{Error, TICK};
use crate::failure::{Explain, chain};
use crate::postgres::{Connection, ConnectionString};
use crate::source::postgres::Exporting;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Stdin};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// How often the source is asked for a sign of life. What stands in between (a pooler, a router)
/// often ends sessions that say nothing for some minutes.
const PULSE: Duration = Duration::from_secs(10);

/// How long the source may take to answer.
const ANSWER: Duration = Duration::from_secs(60);

/// The holder's whole life. What it holds is said in a line on its standard input, which ends no
/// sooner than it has answered, in a line on its standard output: until then the end of its input
/// means that nobody wants the snapshot.
///
/// # Errors
/// Its input or the operating system's signals cannot be used.
pub async fn serve(session_file: &Path) -> io::Result<()> {
    // Away from the terminal. Refused only to the leader of a group: one started by hand.
    let _ = rustix::process::setsid();
    let mut signals = Signals::listen()?;
    let mut input = BufReader::new(tokio::io::stdin());
    let mut line = String::new();
    input.read_line(&mut line).await?;
    let (answer, holding) = match begin(&line, session_file, input).await {
        Ok(holding) => (Answer::Holding, Some(holding)),
        Err(error) => {
            tracing::warn!(cause = chain(&error), "no snapshot is held");
            (Answer::Refused(error.failure()), None)
        }
    };
    // Whoever asked may be gone; the snapshot is held for whoever comes next.
    let told = say(&answer).await;
    tracing::debug!(?told, "answered");
    if let Some(holding) = holding {
        let why = holding.until_unwanted(&mut signals).await;
        tracing::info!(why, "the snapshot of the source is let go");
        holding.end().await;
    }
    Ok(())
}

async fn say(answer: &Answer) -> io::Result<()> {
    let mut output = tokio::io::stdout();
    let line = serde_json::to_string(answer)? + "\n";
    output.write_all(line.as_bytes()).await?;
    output.flush().await
}

async fn begin(
    line: &str,
    session_file: &Path,
    mut input: BufReader<Stdin>,
) -> Result<Holding, Error> {
    let order: Order = serde_json::from_str(line).map_err(Error::Misunderstood)?;
    let cancel = CancellationToken::new();
    let mut beginning = std::pin::pin!(Holding::begin(order, session_file, &cancel));
    tokio::select! {
        begun = &mut beginning => begun,
        _ = input.read_u8() => {
            cancel.cancel();
            beginning.await.and(Err(Error::Silent))
        }
    }
}

/// A held snapshot.
struct Holding {
    session: Connection,
    session_file: PathBuf,
    // Last, so that it is locked until the session has ended.
    note: Own,
}

impl Holding {
    async fn begin(
        order: Order,
        session_file: &Path,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let source = ConnectionString::parse(&order.source)?;
        let Exporting { session, exported } =
            Exporting::begin(&source, &order.select, cancel).await?;
        let endpoint = source.endpoint();
        // Nothing is opened by a relative name any more; no folder is kept from being unmounted.
        let _ = std::env::set_current_dir("/");
        let note = Note::of(exported, order.run, order.limit_seconds, endpoint);
        Ok(Self {
            session,
            session_file: session_file.to_owned(),
            note: Own::write(session_file, note)?,
        })
    }

    /// Waits until nobody wants the snapshot any more, or the source has dropped it; says which.
    async fn until_unwanted(&self, signals: &mut Signals) -> &'static str {
        let mut pulse = Instant::now() + PULSE;
        loop {
            tokio::select! {
                _ = signals.terminate.recv() => return "told to end by a signal",
                // The terminal's: not meant for what lives on without it.
                _ = signals.interrupt.recv() => {}
                _ = signals.hang_up.recv() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            if self.session.is_closed() {
                return "the source has ended the session";
            }
            if !self.note.stands() {
                return "its note is gone, or its time is over";
            }
            let session_file = std::fs::metadata(&self.session_file);
            if session_file.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
                return "the session's file is gone";
            }
            if Instant::now() >= pulse {
                match timeout(ANSWER, self.is_in_the_way()).await {
                    Ok(Ok(true)) if self.note.is_unattended() => {
                        return "a session of the source waits for it, and no transfer runs";
                    }
                    Ok(Ok(_)) => {}
                    Ok(Err(_)) | Err(_) => return "the source does not answer",
                }
                pulse = Instant::now() + PULSE;
            }
        }
    }

    /// Whether a session of the source waits for our locks (an ALTER TABLE, a TRUNCATE). Behind
    /// it wait all who come after it, readers too: not for the sake of a transfer that may never
    /// go on.
    async fn is_in_the_way(&self) -> Result<bool, crate::postgres::Error> {
        let sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
                                    AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))";
        let asked = self.session.query_one(sql, &[]).await;
        let row = asked.map_err(|error| self.session.failed("asking for a sign of life", error))?;
        Ok(row.get(0))
    }

    /// Lets the snapshot go. When the note's lock is free, so are the source's tables.
    async fn end(self) {
        let commit = self.session.batch("ending the snapshot", "COMMIT");
        let ended = timeout(TICK * 10, commit).await;
        tracing::debug!(?ended, "ended");
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}
