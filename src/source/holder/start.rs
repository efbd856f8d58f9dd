//! The wizard's side: goes on with the snapshot that is held, or has a new one held.

use super::{Error, look};
use crate::config::Select;
use crate::failure::{Failure, chain};
use crate::postgres::ConnectionString;
use crate::progress::Tone;
use crate::source;
use crate::source::postgres::PostgresSource;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// The hidden command that is a holder's life: `neonlift hold FILE`.
pub const COMMAND: &str = "hold";

/// What a holder gets of its creator's environment: where to find certificates and libraries.
/// Everything else may be a secret, and the holder lives long.
const ENVIRONMENT: [&str; 6] = [
    "HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "XDG_STATE_HOME",
];

/// What a holder is told, once. Has the password, so it is never printed.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) source: String,
    pub(super) run: String,
    /// What is read of it, and so locked.
    pub(super) select: Select,
    pub(super) limit_seconds: u64,
}

/// What a holder answers, once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Holding,
    Refused(Failure),
}

/// How a session's snapshots are held.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// This program; `None` where it cannot be started as a holder.
    pub program: Option<&'a Path>,
    /// The session's file: the note lies beside it.
    pub session_file: &'a Path,
    /// The run in the ledger.
    pub run: &'a str,
    /// How long a snapshot is held after it was last used; zero: only for as long as this
    /// process lives.
    pub limit: Duration,
}

/// How the snapshot came to be that a source is read in.
#[derive(Debug)]
pub enum Origin {
    /// It was held since then: the work goes on in it.
    Before(Timestamp),
    /// It is new, and a process of its own holds it.
    New,
    /// It is new, and ends with this process, as was wanted.
    Own,
    /// As [`Origin::Own`], because of this.
    Makeshift(Error),
}

impl Holder<'_> {
    /// The source in the snapshot that is held for this run, or else in a new one, with what is
    /// selected of it locked. Where no
    /// process can hold it (the disk is full, the source refuses one connection more), this
    /// process does.
    ///
    /// # Errors
    /// The source's.
    pub async fn source(
        &self,
        string: &ConnectionString,
        select: &Select,
        cancel: &CancellationToken,
    ) -> Result<(PostgresSource, Origin), source::Error> {
        if let Some((source, since)) = self.held(string, cancel).await? {
            return Ok((source, Origin::Before(since)));
        }
        let Some(program) = self.program.filter(|_| !self.limit.is_zero()) else {
            let source = PostgresSource::open(string, select, cancel).await?;
            return Ok((source, Origin::Own));
        };
        let obstacle = match self.replace(program, (string, select), cancel).await {
            Err(error) => error,
            Ok(()) => match self.held(string, cancel).await {
                Ok(Some((source, _))) => return Ok((source, Origin::New)),
                Ok(None) => Error::Silent,
                // The holder has taken the last connection there was.
                Err(source::Error::Postgres(error)) if error.sqlstate() == Some("53300") => {
                    error.into()
                }
                Err(error) => return Err(error),
            },
        };
        self.let_go().await;
        let source = PostgresSource::open(string, select, cancel).await?;
        Ok((source, Origin::Makeshift(obstacle)))
    }

    /// Ends the holder, if there is one. That the source is free of it is waited for; a holder
    /// that cannot be ended now ends at its time limit.
    pub async fn let_go(&self) {
        match super::release(self.session_file) {
            Ok(None) => {}
            Ok(Some(released)) => {
                let ended = released.ended().await;
                tracing::debug!(ended, "the held snapshot is let go");
            }
            Err(error) => {
                tracing::warn!(cause = chain(&error), "the held snapshot cannot be let go");
            }
        }
    }

    /// The source in the snapshot that is held for this run, if one is.
    async fn held(
        &self,
        string: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Result<Option<(PostgresSource, Timestamp)>, source::Error> {
        let Some(held) = look(self.session_file) else {
            return Ok(None);
        };
        if held.note.run != self.run || !held.is_alive() {
            return Ok(None);
        }
        held.put_off();
        let joined = PostgresSource::join(held.note.exported(), string, cancel).await?;
        Ok(joined.map(|source| (source, held.note.since)))
    }

    /// Ends what cannot be gone on with, and starts a new holder.
    async fn replace(
        &self,
        program: &Path,
        (string, select): (&ConnectionString, &Select),
        cancel: &CancellationToken,
    ) -> Result<(), Error> {
        self.let_go().await;
        let order = Order {
            source: string.url_with_password().expose().to_owned(),
            run: self.run.to_owned(),
            select: select.clone(),
            limit_seconds: self.limit.as_secs(),
        };
        let answer = start(program, self.session_file, &order, cancel).await?;
        match answer {
            Answer::Holding => Ok(()),
            Answer::Refused(failure) => Err(Error::Refused(failure)),
        }
    }
}

/// Starts a holder and waits for its answer.
async fn start(
    program: &Path,
    session_file: &Path,
    order: &Order,
    cancel: &CancellationToken,
) -> Result<Answer, Error> {
    let order = serde_json::to_string(order).map_err(Error::Misunderstood)? + "\n";
    // The holder works in another folder.
    let session_file = std::path::absolute(session_file).map_err(Error::Start)?;
    let passed = ENVIRONMENT
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut child = Command::new(program)
        .arg(COMMAND)
        .arg(session_file)
        .env_clear()
        .envs(passed)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Error::Start)?;
    let pipes = (child.stdin.take(), child.stdout.take());
    let (Some(mut input), Some(output)) = pipes else {
        return Err(Error::Start(io::ErrorKind::BrokenPipe.into()));
    };
    let answered = async {
        input.write_all(order.as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).await?;
        Ok(line)
    };
    // Dropped on the way out, the input's end tells a holder without an answer to give up.
    let line = match cancel.run_until_cancelled(answered).await {
        Some(line) => line.map_err(Error::Start)?,
        None => return Err(crate::postgres::Error::Cancelled.into()),
    };
    if line.is_empty() {
        return Err(Error::Silent);
    }
    serde_json::from_str(&line).map_err(Error::Misunderstood)
}

impl Origin {
    /// How weighty that is.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Makeshift(_) => Tone::Warning,
            Self::Before(_) | Self::New | Self::Own => Tone::Info,
        }
    }

    /// What a person should hear about it.
    pub fn note(&self) -> Option<String> {
        match self {
            Self::Before(since) => Some(format!(
                "Going on in the snapshot of the source that is held since {}.",
                since.strftime("%F %H:%M UTC")
            )),
            Self::New | Self::Own => None,
            Self::Makeshift(error) => Some(format!(
                "neonlift itself holds the source's snapshot this time ({}). If it is killed, a new snapshot is taken, and tables written to in between are loaded again.",
                chain(error)
            )),
        }
    }
}
