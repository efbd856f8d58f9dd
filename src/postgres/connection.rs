//! A session with a server: opened with patience, pinned, cancelled, and told why it ended.

use super::connection_string::{self, ConnectionString, SslMode};
use super::diagnosis::{Cause, without_values};
use super::error::{DriverError, Error};
use super::tls;
use postgres_native_tls::MakeTlsConnector;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Socket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The limit for one attempt to connect: a sleeping Neon compute may need many seconds.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// So many of a server's latest notices are kept.
const NOTICES_KEPT: usize = 200;

/// The settings under which rows read and hash the same on both sides. `transaction_timeout` and
/// `idle_session_timeout` exist only on newer servers, so they are set where they are found.
const PINNED: &str = "\
    SET client_encoding = 'UTF8'; SET extra_float_digits = 3; SET DateStyle = 'ISO'; \
    SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'; \
    SET statement_timeout = 0; SET lock_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; \
    SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings \
    WHERE name IN ('transaction_timeout', 'idle_session_timeout'); \
    SELECT pg_catalog.set_config('search_path', '', false)";

/// The time limit for one attempt to connect to a place.
pub(super) fn time_limit(place: &ConnectionString) -> Duration {
    match place.connect_timeout() {
        Some(limit) if place.is_neon() => limit.max(CONNECT_TIMEOUT),
        Some(limit) => limit,
        None => CONNECT_TIMEOUT,
    }
}

/// A retry about to happen.
#[derive(Debug)]
pub struct RetryNotice<'a> {
    /// Which attempt failed, from 1.
    pub attempt: u32,
    /// Why.
    pub error: &'a Error,
    /// How long until the next.
    pub pause: Duration,
}

/// How patiently to connect. Only causes that pass by themselves are retried.
#[derive(Clone)]
pub struct Retrying {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// The first pause; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// No further attempt is begun after this time in all.
    pub within: Duration,
    /// Told of each retry.
    pub told: Option<Arc<dyn Fn(&RetryNotice<'_>) + Send + Sync>>,
}

impl Default for Retrying {
    fn default() -> Self {
        Self {
            attempts: 10,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(4),
            within: Duration::from_secs(60),
            told: None,
        }
    }
}

impl Retrying {
    /// One attempt only.
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// Calls this before each retry.
    #[must_use]
    pub fn telling(mut self, told: impl Fn(&RetryNotice<'_>) + Send + Sync + 'static) -> Self {
        self.told = Some(Arc::new(told));
        self
    }

    fn pause_after(&self, attempt: u32) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(2_u32.saturating_pow(attempt - 1));
        doubled.min(self.longest_pause)
    }
}

/// What a server said without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING` …
    pub severity: String,
    /// The message, without rows' values.
    pub message: String,
}

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

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.severity.to_lowercase(), self.message)
    }
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
    /// Opens a session, again and again while the reason passes by itself.
    ///
    /// # Errors
    /// The last attempt's error; [`Error::Cancelled`] at once when the token is cancelled.
    pub async fn open(
        place: &ConnectionString,
        retrying: &Retrying,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let opened = cancel.run_until_cancelled(open_once(place)).await;
            let error = match opened.ok_or(Error::Cancelled)? {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            let pause = retrying.pause_after(attempt);
            let late = started.elapsed() + pause > retrying.within;
            if !error.is_retryable() || attempt >= retrying.attempts || late {
                return Err(error);
            }
            tracing::info!(attempt, ?pause, %error, cause = ?error.cause(), "connecting again");
            if let Some(told) = &retrying.told {
                told(&RetryNotice {
                    attempt,
                    error: &error,
                    pause,
                });
            }
            let slept = cancel.run_until_cancelled(tokio::time::sleep(pause)).await;
            slept.ok_or(Error::Cancelled)?;
            attempt += 1;
        }
    }

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
        let settings = format!("{PINNED}; SET row_security = off");
        self.batch("pinning the session's settings", &settings)
            .await
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
                // Best effort: closing the session would end the work too, only later.
                if let Err(error) = self.canceller().cancel().await {
                    tracing::debug!(%error, "the server was not told to cancel");
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
            .client
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

    /// The server's notices since the last call, at most the latest 200.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *locked(&self.inbox.notices)).into()
    }

    /// Whether the session has ended.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed() || self.driver.is_finished()
    }

    /// Whether the session was opened with TLS to offer.
    pub fn may_be_encrypted(&self) -> bool {
        self.tls.is_some()
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

/// How to encrypt one attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Off,
    IfOffered,
    Always,
}

/// What `sslmode` tries first, and what it falls back to when that fails over encryption.
fn encryption(place: &ConnectionString) -> (Encryption, Option<Encryption>) {
    match place.ssl_mode() {
        _ if place.is_unix_socket() => (Encryption::Off, None),
        SslMode::Disable => (Encryption::Off, None),
        SslMode::Allow => (Encryption::Off, Some(Encryption::Always)),
        SslMode::Prefer => (Encryption::IfOffered, Some(Encryption::Off)),
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Encryption::Always, None),
    }
}

async fn open_once(place: &ConnectionString) -> Result<Connection, Error> {
    let concerns = |error: &Error| error.cause().is_some_and(Cause::concerns_encryption);
    let (first, second) = encryption(place);
    let error = match (open_with(place, first).await, second) {
        (Err(error), Some(second)) if concerns(&error) => (error, second),
        (outcome, _) => return outcome,
    };
    match open_with(place, error.1).await {
        // Both ways are closed: the mode's own way says more.
        Err(again) if concerns(&again) => Err(error.0),
        outcome => outcome,
    }
}

async fn open_with(place: &ConnectionString, encryption: Encryption) -> Result<Connection, Error> {
    let endpoint = place.endpoint();
    let limit = time_limit(place);
    let config = configuration(place, encryption, limit);
    let tls = match encryption {
        Encryption::Off => None,
        Encryption::IfOffered | Encryption::Always => {
            Some(tls::connector(place).map_err(|source| Error::Tls {
                endpoint: endpoint.clone(),
                source,
            })?)
        }
    };
    let inbox = Arc::new(Inbox::default());
    let connecting = async {
        Ok(match &tls {
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                (client, tokio::spawn(drive(connection, inbox.clone())))
            }
            None => {
                let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
                (client, tokio::spawn(drive(connection, inbox.clone())))
            }
        })
    };
    let connected: Result<_, tokio_postgres::Error> =
        match tokio::time::timeout(limit, connecting).await {
            Ok(connected) => connected,
            Err(_) => {
                return Err(Error::Timeout {
                    endpoint,
                    after: limit,
                });
            }
        };
    let (client, driver) = connected.map_err(|error| Error::Connect {
        endpoint: endpoint.clone(),
        source: error.into(),
    })?;
    let driver = AbortOnDropHandle::new(driver);
    Ok(Connection {
        client,
        driver,
        inbox,
        tls,
        endpoint,
        limit,
    })
}

fn configuration(place: &ConnectionString, encryption: Encryption, limit: Duration) -> Config {
    use connection_string::ChannelBinding;
    use tokio_postgres::config;
    let mut config = Config::new();
    config
        .host(place.host())
        .port(place.port())
        .user(place.user())
        .dbname(place.database())
        .application_name(place.application_name())
        // Half for each of two addresses (IPv6 and IPv4), so that a dead one leaves time.
        .connect_timeout(limit / 2)
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(10))
        .keepalives_retries(3)
        .ssl_mode(match encryption {
            Encryption::Off => config::SslMode::Disable,
            Encryption::IfOffered => config::SslMode::Prefer,
            Encryption::Always => config::SslMode::Require,
        })
        .channel_binding(match place.channel_binding() {
            ChannelBinding::Disable => config::ChannelBinding::Disable,
            ChannelBinding::Prefer => config::ChannelBinding::Prefer,
            ChannelBinding::Require => config::ChannelBinding::Require,
        });
    if let Some(address) = place.hostaddr() {
        config.hostaddr(address);
    }
    if let Some(password) = place.password() {
        config.password(password.expose());
    }
    if let Some(options) = place.options() {
        config.options(options);
    }
    config
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
                notices.push_back(Notice {
                    severity: notice.severity().to_owned(),
                    message: without_values(notice.code().code(), notice.message()),
                });
            }
            Ok(_) => {}
            Err(error) => {
                *locked(&inbox.ending) = Some(error.into());
                return;
            }
        }
    }
}
