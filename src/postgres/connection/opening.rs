//! How a session is opened: `sslmode`'s order of attempts, time limits, patience.

use super::{Connection, Inbox, drive};
use crate::postgres::connection_string::{ChannelBinding, ConnectionString, SslMode};
use crate::postgres::diagnosis::Cause;
use crate::postgres::error::Error;
use crate::postgres::tls;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::{Config, config};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The limit for one attempt to connect: a sleeping Neon compute may need many seconds.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// A connection that says nothing for so long is asked whether it is there, so often again, so many
/// times.
pub(in crate::postgres) const KEEPALIVE: (Duration, Duration, u32) =
    (Duration::from_secs(30), Duration::from_secs(10), 3);

/// How long what was sent may stay unanswered by the other end's TCP before a connection is given
/// up: keepalives say nothing as long as anything is unanswered, and the operating system waits for
/// a quarter of an hour. A server that does not read for so long, its window closed, is given up
/// too ("TCP_USER_TIMEOUT" in tcp(7)), and a busy one must not be: so not much shorter.
const UNANSWERED: Duration = Duration::from_secs(120);

/// [`UNANSWERED`], unless the string says otherwise.
pub(in crate::postgres) fn unanswered(place: &ConnectionString) -> Duration {
    place.tcp_user_timeout().unwrap_or(UNANSWERED)
}

/// The time limit for one attempt to connect to a place.
pub(in crate::postgres) fn time_limit(place: &ConnectionString) -> Duration {
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

/// Told of a retry before its pause.
pub type OnRetry = Arc<dyn Fn(&RetryNotice<'_>) + Send + Sync>;

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
}

impl Default for Retrying {
    fn default() -> Self {
        Self {
            attempts: 10,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(4),
            within: Duration::from_secs(60),
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

    fn pause_after(&self, attempt: u32) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(2_u32.saturating_pow(attempt - 1));
        doubled.min(self.longest_pause)
    }
}

impl Connection {
    /// Opens a session, again and again while the reason passes by itself. Each retry is told to
    /// the place's listener ([`ConnectionString::telling`]).
    ///
    /// # Errors
    /// The last attempt's error; [`Error::Cancelled`] at once when the token is cancelled.
    pub async fn open(
        place: &ConnectionString,
        retrying: &Retrying,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        patiently(place, retrying, cancel, || open_once(place)).await
    }
}

/// Tries to get to a place again and again while the reason that it fails passes by itself. Each
/// retry is told to the place's listener.
///
/// # Errors
/// The last attempt's error; [`Error::Cancelled`] at once when the token is cancelled.
pub(in crate::postgres) async fn patiently<T, A: Future<Output = Result<T, Error>>>(
    place: &ConnectionString,
    retrying: &Retrying,
    cancel: &CancellationToken,
    mut attempt_to: impl FnMut() -> A,
) -> Result<T, Error> {
    let started = Instant::now();
    let mut attempt = 1;
    loop {
        let reached = cancel.run_until_cancelled(attempt_to()).await;
        let error = match reached.ok_or(Error::Cancelled)? {
            Ok(reached) => return Ok(reached),
            Err(error) => error,
        };
        let pause = retrying.pause_after(attempt);
        let late = started.elapsed() + pause > retrying.within;
        if !error.is_retryable() || attempt >= retrying.attempts || late {
            return Err(error);
        }
        tracing::info!(attempt, ?pause, %error, cause = ?error.cause(), "connecting again");
        if let Some(told) = place.listener() {
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
        .keepalives_idle(KEEPALIVE.0)
        .keepalives_interval(KEEPALIVE.1)
        .keepalives_retries(KEEPALIVE.2)
        .tcp_user_timeout(unanswered(place))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::tls::dialled;
    use rstest::rstest;

    /// A dead road must not stand as long as the operating system lets it.
    #[rstest]
    #[case::usual("", 120_000)]
    #[case::given("?tcp_user_timeout=7000", 7_000)]
    #[case::the_systems("?tcp_user_timeout=0", 0)]
    #[tokio::test]
    async fn what_is_sent_is_not_unanswered_for_ever(#[case] parameter: &str, #[case] limit: u32) {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let text = format!("postgresql://u@127.0.0.1:{port}/d{parameter}");
        let place = ConnectionString::parse(&text).unwrap();
        let config = configuration(&place, Encryption::Off, time_limit(&place));
        let expected = Duration::from_millis(limit.into());
        assert_eq!(config.get_tcp_user_timeout(), Some(&expected));
        #[cfg(target_os = "linux")]
        {
            let stream = dialled(&place).await.unwrap();
            let set = rustix::net::sockopt::tcp_user_timeout(&stream).unwrap();
            assert_eq!(set, limit);
        }
    }
}
