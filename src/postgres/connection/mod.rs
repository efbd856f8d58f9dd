//! A session with a server: opened with patience, pinned, cancelled, and told why it ended.

mod notice;
mod opening;

pub use notice::Notice;
pub use opening::{CONNECT_TIMEOUT, OnRetry, RetryNotice, Retrying};
pub(super) use opening::{KEEPALIVE, patiently, time_limit, unanswered};

use super::error::{DriverError, Error};
use postgres_native_tls::MakeTlsConnector;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, CancelToken, Client, Row, Socket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// So long a session that is given up tries to tell its server.
const CANCEL_LIMIT: Duration = Duration::from_secs(2);

/// So many of a server's latest notices are kept.
const NOTICES_KEPT: usize = 200;

/// The settings under which rows read and hash the same on both sides. `transaction_timeout` and
/// `idle_session_timeout` exist only on newer servers, so they are set where they are found.
const PINNED: &str = "\
    SET client_encoding = 'UTF8'; SET extra_float_digits = 3; SET DateStyle = 'ISO'; \
    SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; \
    SET quote_all_identifiers = off; SET standard_conforming_strings = on; \
    SET statement_timeout = 0; SET lock_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; \
    SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings \
    WHERE name IN ('transaction_timeout', 'idle_session_timeout'); \
    SELECT pg_catalog.set_config('search_path', '', false)";

/// What the driver's task leaves for the session.
#[derive(Default)]
struct Inbox {
    notices: Mutex<VecDeque<Notice>>,
    ending: Mutex<Option<DriverError>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An open session. Dereferences to [`tokio_postgres::Client`]; dropping it ends it.
pub struct Connection {
    client: Client,
    driver: AbortOnDropHandle<()>,
    inbox: Arc<Inbox>,
    tls: Option<MakeTlsConnector>,
    endpoint: String,
    limit: Duration,
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.endpoint)
    }
}

impl Connection {
    /// Pins the settings under which rows read the same on both sides, in one round trip. They
    /// stay for the session, so never call this over a `-pooler` host.
    ///
    /// # Errors
    /// The server's.
    pub async fn pin(&self) -> Result<(), Error> {
        self.batch("pinning the session's settings", PINNED).await
    }

    /// As [`Connection::pin`], and makes row security policies raise an error instead of hiding
    /// rows: for the source.
    ///
    /// # Errors
    /// The server's.
    pub async fn pin_for_reading(&self) -> Result<(), Error> {
        self.pin_for_reading_with("").await
    }

    /// As [`Connection::pin_for_reading`], with more statements in the same round trip. In a
    /// transaction that is never committed all of it stays with that transaction, also behind a
    /// pooler.
    ///
    /// # Errors
    /// The server's.
    pub async fn pin_for_reading_with(&self, more: &str) -> Result<(), Error> {
        let settings = format!("{PINNED}; SET row_security = off; {more}");
        self.batch("pinning the session's settings", &settings)
            .await
    }

    /// Begins a transaction that only reads, in one snapshot. The session's end ends it.
    ///
    /// # Errors
    /// The server's.
    pub async fn begin_reading(&self) -> Result<(), Error> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        self.batch("beginning to read in a snapshot", begin).await
    }

    /// Runs statements as one simple query: one round trip, one transaction unless they say
    /// otherwise. `doing` completes "error while …".
    ///
    /// # Errors
    /// The server's, or why the session ended.
    pub async fn batch(&self, doing: &str, sql: &str) -> Result<(), Error> {
        self.client
            .batch_execute(sql)
            .await
            .map_err(|error| self.failed(doing, error))
    }

    /// As [`Client::query`], but in one round trip when there are no parameters: the driver would
    /// prepare the statement first, which on a long road is as long as the answer.
    ///
    /// # Errors
    /// The server's.
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        match parameters {
            [] => self.client.query_typed(sql, &[]).await,
            _ => self.client.query(sql, parameters).await,
        }
    }

    /// As [`Client::query_one`], in one round trip when there are no parameters.
    ///
    /// # Errors
    /// The server's; or not exactly one row.
    pub async fn query_one(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, tokio_postgres::Error> {
        match parameters {
            [] => self.client.query_typed_one(sql, &[]).await,
            _ => self.client.query_one(sql, parameters).await,
        }
    }

    /// Wraps an error of this session's client; when the session had ended, the reason it ended for
    /// takes the place of the driver's "connection closed".
    pub fn failed(&self, doing: &str, error: tokio_postgres::Error) -> Error {
        let ending = error
            .is_closed()
            .then(|| locked(&self.inbox.ending).take())
            .flatten();
        Error::Query {
            doing: doing.to_owned(),
            source: ending.unwrap_or_else(|| error.into()),
        }
    }

    /// Waits for work on this session; when the token is cancelled first, cancels the running
    /// statement on the server and gives up.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub async fn until_cancelled<T>(
        &self,
        cancel: &CancellationToken,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        tokio::select! {
            done = work => Ok(done),
            () = cancel.cancelled() => {
                // Best effort: closing the session would end the work too, only later. A road that
                // stands still carries no request either, and nobody waits for that.
                let told = tokio::time::timeout(CANCEL_LIMIT, self.canceller().cancel()).await;
                if !matches!(told, Ok(Ok(()))) {
                    tracing::debug!(?told, "the server was not told to cancel");
                }
                Err(Error::Cancelled)
            }
        }
    }

    /// The server's version as `server_version_num` has it: 160014 is 16.14.
    ///
    /// # Errors
    /// The server's.
    pub async fn server_version(&self) -> Result<u32, Error> {
        let row = self
            .query_one("SELECT current_setting('server_version_num')::int", &[])
            .await
            .map_err(|error| self.failed("asking for the server's version", error))?;
        Ok(u32::try_from(row.get::<_, i32>(0)).unwrap_or(0))
    }

    /// The time from question to answer: the median of three.
    ///
    /// # Errors
    /// The server's.
    pub async fn round_trip(&self) -> Result<Duration, Error> {
        let mut times = [Duration::ZERO; 3];
        for time in &mut times {
            let started = Instant::now();
            self.batch("measuring the round trip", "SELECT 1").await?;
            *time = started.elapsed();
        }
        times.sort();
        Ok(times[1])
    }

    /// Sends this many bytes, which the server forgets, and waits for its answer.
    ///
    /// # Errors
    /// The server's.
    pub async fn carry(&self, bytes: usize) -> Result<Duration, Error> {
        // As random as compression on the way would make rows.
        let mut state = 1_u32;
        let load: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .take(bytes)
        .collect();
        let started = Instant::now();
        self.query_one("SELECT octet_length($1::bytea)", &[&load])
            .await
            .map_err(Error::while_doing("measuring the road"))?;
        Ok(started.elapsed())
    }

    /// The server's notices since the last call, at most the latest 200.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *locked(&self.inbox.notices)).into()
    }

    /// Whether the session has ended.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed() || self.driver.is_finished()
    }

    /// `host:port/database`, for messages.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A handle that cancels what this session is doing, from any task.
    pub fn canceller(&self) -> Canceller {
        Canceller {
            token: self.client.cancel_token(),
            tls: self.tls.clone(),
            endpoint: self.endpoint.clone(),
            limit: self.limit,
        }
    }

    /// Says goodbye to the server and waits until the session is closed.
    pub async fn close(self) {
        let Self {
            client,
            driver,
            endpoint,
            ..
        } = self;
        drop(client);
        if let Err(error) = driver.await {
            tracing::debug!(%endpoint, %error, "the driver's task did not end well");
        }
    }
}

/// Cancels a session's running statement. The session itself stays open.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    tls: Option<MakeTlsConnector>,
    endpoint: String,
    limit: Duration,
}

impl Canceller {
    /// Asks the server to cancel; the statement then fails with SQLSTATE 57014, unless it was faster.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn cancel(&self) -> Result<(), Error> {
        let asked = async {
            match &self.tls {
                Some(tls) => self.token.cancel_query(tls.clone()).await,
                None => self.token.cancel_query(tokio_postgres::NoTls).await,
            }
        };
        let endpoint = self.endpoint.clone();
        match tokio::time::timeout(self.limit, asked).await {
            Ok(outcome) => outcome.map_err(|error| Error::Connect {
                endpoint,
                source: error.into(),
            }),
            Err(_) => Err(Error::Timeout {
                endpoint,
                after: self.limit,
            }),
        }
    }
}

/// Carries the session's messages until it ends; keeps notices and the reason for the end.
async fn drive<T>(mut connection: tokio_postgres::Connection<Socket, T>, inbox: Arc<Inbox>)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) => {
                let mut notices = locked(&inbox.notices);
                if notices.len() == NOTICES_KEPT {
                    notices.pop_front();
                }
                notices.push_back(Notice::of(&notice));
            }
            Ok(_) => {}
            Err(error) => {
                *locked(&inbox.ending) = Some(error.into());
                return;
            }
        }
    }
}
