//! A session logged in and handed over as the bytes it speaks, for who speaks the protocol itself:
//! encrypted and authenticated as its connection string says, also with SCRAM bound to the channel.
//!
//! Facts: "Start-up" and "SASL Authentication" in PostgreSQL's manual, chapter "Message Flow".

use super::connection::{Retrying, patiently, time_limit};
use super::connection_string::{ChannelBinding, ConnectionString, SslMode};
use super::diagnosis::{Cause, diagnose, without_values};
use super::error::Error;
use super::tls;
use super::wire::{HEADER, error_field, malformed, next_message};
use bytes::{Buf, BytesMut};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    self, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::frontend;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio_util::sync::CancellationToken;

/// A connection to a server, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The network failed, or the server speaks something else.
    #[error("the network failed")]
    Io(#[from] io::Error),
    /// The server refused.
    #[error("{message} (SQLSTATE {sqlstate})")]
    Refused {
        /// Its SQLSTATE.
        sqlstate: String,
        /// Its message.
        message: String,
    },
    /// The server wants a password, and none was given.
    #[error("password missing")]
    NoPassword,
    /// The server asks for something else than a password.
    #[error("unsupported authentication method")]
    Method,
    /// `channel_binding=require`, and the server does not bind.
    #[error("server did not use channel binding")]
    NotBound,
    /// The server does not prove that it knows the password.
    #[error("the server's answer to the login is wrong")]
    Scram(#[source] io::Error),
}

impl LoginError {
    /// The server's SQLSTATE, when it refused.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Refused { sqlstate, .. } => Some(sqlstate),
            _ => None,
        }
    }

    /// What is known to be behind it.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Io(source) => diagnose(None, &source.to_string()),
            other => {
                let message = match other {
                    Self::Refused { message, .. } => message.clone(),
                    other => other.to_string(),
                };
                diagnose(other.sqlstate(), &message)
            }
        }
    }
}

/// A session that is logged in.
pub(crate) struct LoggedIn {
    /// What carries it.
    pub(crate) stream: Box<dyn Stream>,
    /// What the server has said behind "you are in": its settings, its key for cancelling.
    pub(crate) said: BytesMut,
}

/// Logs in, again and again while the reason that it fails passes by itself. `parameters` are those of
/// the startup message besides user, database and the string's own options.
///
/// # Errors
/// As [`super::Connection::open`].
pub(crate) async fn log_in(
    place: &ConnectionString,
    parameters: &[(&str, &str)],
    cancel: &CancellationToken,
) -> Result<LoggedIn, Error> {
    patiently(place, &Retrying::default(), cancel, || {
        in_time(place, by_every_way(place, parameters))
    })
    .await
}

/// Passes a request to cancel on, as a client sent it.
///
/// # Errors
/// The server cannot be reached.
pub(crate) async fn pass_on(place: &ConnectionString, packet: &[u8]) -> Result<(), Error> {
    let passed = async {
        let (mut stream, _) = connected(place, ways(place)[0]).await?;
        let sent = async {
            stream.write_all(packet).await?;
            stream.flush().await?;
            // The server answers by closing.
            stream.read(&mut [0]).await.map(drop)
        };
        sent.await.map_err(|error| failed(place, error.into()))
    };
    in_time(place, passed).await
}

async fn in_time<T>(
    place: &ConnectionString,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let after = time_limit(place);
    let done = tokio::time::timeout(after, work).await;
    done.unwrap_or_else(|_| {
        Err(Error::Timeout {
            endpoint: place.endpoint(),
            after,
        })
    })
}

fn failed(place: &ConnectionString, source: LoginError) -> Error {
    Error::Login {
        endpoint: place.endpoint(),
        source,
    }
}

/// Whether to encrypt, in the order of attempts that `sslmode` asks for.
fn ways(place: &ConnectionString) -> &'static [bool] {
    match place.ssl_mode() {
        _ if place.is_unix_socket() => &[false],
        SslMode::Disable => &[false],
        SslMode::Allow => &[false, true],
        SslMode::Prefer => &[true, false],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
    }
}

async fn by_every_way(
    place: &ConnectionString,
    parameters: &[(&str, &str)],
) -> Result<LoggedIn, Error> {
    let ways = ways(place);
    let error = match (by_one_way(place, ways[0], parameters).await, ways.get(1)) {
        (Err(error), Some(_)) if error.cause().is_some_and(Cause::concerns_encryption) => error,
        (outcome, _) => return outcome,
    };
    let second = by_one_way(place, ways[1], parameters).await;
    // Both ways are closed: the mode's own way says more.
    second.map_err(|_| error)
}

async fn by_one_way(
    place: &ConnectionString,
    encrypt: bool,
    parameters: &[(&str, &str)],
) -> Result<LoggedIn, Error> {
    let (stream, binding) = connected(place, encrypt).await?;
    let mut login = Login {
        place,
        stream,
        said: BytesMut::new(),
    };
    let entered = async {
        login.start(parameters).await?;
        login.authenticate(binding).await
    };
    let entered = entered.await;
    entered.map_err(|source| failed(place, source))?;
    Ok(LoggedIn {
        stream: login.stream,
        said: login.said,
    })
}

/// A connection before the startup message, with what a login over it may be bound to.
async fn connected(
    place: &ConnectionString,
    encrypt: bool,
) -> Result<(Box<dyn Stream>, Option<Vec<u8>>), Error> {
    if encrypt {
        let encrypted = tls::encrypted(place).await.map_err(|source| Error::Tls {
            endpoint: place.endpoint(),
            source,
        })?;
        if let Some((stream, _)) = encrypted {
            let end_point = tls::end_point(stream.ssl());
            return Ok((Box::new(stream), end_point));
        }
    }
    let dialled = async {
        Ok(match place.is_unix_socket() {
            true => {
                let name = format!("{}/.s.PGSQL.{}", place.host(), place.port());
                Box::new(UnixStream::connect(name).await?) as Box<dyn Stream>
            }
            false => Box::new(tls::dialled(place).await?),
        })
    };
    let stream = dialled.await;
    let stream = stream.map_err(|source: io::Error| failed(place, source.into()))?;
    Ok((stream, None))
}

/// A login under way.
struct Login<'a> {
    place: &'a ConnectionString,
    stream: Box<dyn Stream>,
    /// What has come and is not looked at yet.
    said: BytesMut,
}

/// What a server says of a login. Numbers as in the message `Authentication…`.
enum Said {
    Entered,
    /// 3.
    Cleartext,
    /// 5, with the salt.
    Md5([u8; 4]),
    /// 10, with the names of the mechanisms.
    Sasl(Vec<String>),
    /// 11 and 12.
    Scram(BytesMut),
}

impl Login<'_> {
    async fn start(&mut self, parameters: &[(&str, &str)]) -> Result<(), LoginError> {
        let place = self.place;
        let options: Vec<&str> = parameters
            .iter()
            .filter(|(name, _)| *name == "options")
            .map(|(_, value)| *value)
            .chain(place.options())
            .collect();
        let options = options.join(" ");
        let mut all = vec![("user", place.user()), ("database", place.database())];
        all.extend(parameters.iter().filter(|(name, _)| *name != "options"));
        if !options.is_empty() {
            all.push(("options", &options));
        }
        let mut packet = BytesMut::new();
        frontend::startup_message(all, &mut packet)?;
        self.send(&packet).await
    }

    async fn authenticate(&mut self, binding: Option<Vec<u8>>) -> Result<(), LoginError> {
        let asked = self.next().await?;
        let is_bound = match asked {
            Said::Sasl(mechanisms) => self.scram(&mechanisms, binding).await?,
            Said::Entered => false,
            Said::Cleartext => {
                let password = self.password()?.to_vec();
                self.answer(&password).await?
            }
            Said::Md5(salt) => {
                let user = self.place.user().as_bytes();
                let hashed = md5_hash(user, self.password()?, salt);
                self.answer(hashed.as_bytes()).await?
            }
            Said::Scram(_) => return Err(LoginError::Method),
        };
        match self.place.channel_binding() {
            ChannelBinding::Require if !is_bound => Err(LoginError::NotBound),
            _ => Ok(()),
        }
    }

    /// Answers with a password, which binds nothing.
    async fn answer(&mut self, password: &[u8]) -> Result<bool, LoginError> {
        if self.place.channel_binding() == ChannelBinding::Require {
            return Err(LoginError::NotBound);
        }
        let mut packet = BytesMut::new();
        frontend::password_message(password, &mut packet)?;
        self.send(&packet).await?;
        match self.next().await? {
            Said::Entered => Ok(false),
            _ => Err(LoginError::Method),
        }
    }

    /// Says whether the login is bound to the channel.
    async fn scram(
        &mut self,
        mechanisms: &[String],
        end_point: Option<Vec<u8>>,
    ) -> Result<bool, LoginError> {
        let offers = |name: &str| mechanisms.iter().any(|offered| offered == name);
        let wanted = self.place.channel_binding() != ChannelBinding::Disable;
        let end_point = end_point.filter(|_| wanted);
        let (binding, mechanism) = match (end_point, offers(SCRAM_SHA_256_PLUS)) {
            (Some(end_point), true) => (
                sasl::ChannelBinding::tls_server_end_point(end_point),
                SCRAM_SHA_256_PLUS,
            ),
            (Some(_), false) => (sasl::ChannelBinding::unrequested(), SCRAM_SHA_256),
            (None, _) => (sasl::ChannelBinding::unsupported(), SCRAM_SHA_256),
        };
        if !offers(mechanism) {
            return Err(LoginError::Method);
        }
        let is_bound = mechanism == SCRAM_SHA_256_PLUS;
        if !is_bound && self.place.channel_binding() == ChannelBinding::Require {
            return Err(LoginError::NotBound);
        }
        let mut scram = ScramSha256::new(self.password()?, binding);
        let mut packet = BytesMut::new();
        frontend::sasl_initial_response(mechanism, scram.message(), &mut packet)?;
        self.send(&packet).await?;
        let challenge = self.challenge().await?;
        scram.update(&challenge).map_err(LoginError::Scram)?;
        let mut packet = BytesMut::new();
        frontend::sasl_response(scram.message(), &mut packet)?;
        self.send(&packet).await?;
        let proof = self.challenge().await?;
        scram.finish(&proof).map_err(LoginError::Scram)?;
        match self.next().await? {
            Said::Entered => Ok(is_bound),
            _ => Err(LoginError::Method),
        }
    }

    async fn challenge(&mut self) -> Result<BytesMut, LoginError> {
        match self.next().await? {
            Said::Scram(data) => Ok(data),
            _ => Err(LoginError::Method),
        }
    }

    fn password(&self) -> Result<&[u8], LoginError> {
        let password = self.place.password().ok_or(LoginError::NoPassword)?;
        Ok(password.expose().as_bytes())
    }

    async fn send(&mut self, packet: &[u8]) -> Result<(), LoginError> {
        self.stream.write_all(packet).await?;
        Ok(self.stream.flush().await?)
    }

    /// What the server says next. What it says behind it stays where it is.
    async fn next(&mut self) -> Result<Said, LoginError> {
        loop {
            if let Some(mut message) = next_message(&mut self.said)? {
                let body = message.split_off(HEADER);
                match message[0] {
                    b'R' => return said(body),
                    b'E' => return Err(refusal(&body)),
                    // Notices.
                    _ => continue,
                }
            }
            if self.stream.read_buf(&mut self.said).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

fn said(mut body: BytesMut) -> Result<Said, LoginError> {
    let bad = || LoginError::Io(malformed("the server's answer"));
    if body.len() < 4 {
        return Err(bad());
    }
    Ok(match body.get_u32() {
        0 => Said::Entered,
        3 => Said::Cleartext,
        5 => Said::Md5(body.as_ref().try_into().map_err(|_| bad())?),
        10 => {
            let names = body
                .as_ref()
                .split(|byte| *byte == 0)
                .filter(|name| !name.is_empty());
            Said::Sasl(
                names
                    .map(|name| String::from_utf8_lossy(name).into())
                    .collect(),
            )
        }
        11 | 12 => Said::Scram(body),
        _ => return Err(LoginError::Method),
    })
}

fn refusal(body: &[u8]) -> LoginError {
    let field = |wanted| error_field(body, wanted).unwrap_or_default();
    let sqlstate = field(b'C');
    LoginError::Refused {
        message: without_values(&sqlstate, &field(b'M')),
        sqlstate,
    }
}
