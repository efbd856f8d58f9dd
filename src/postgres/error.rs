//! What can go wrong with a server, with its explanation. Nothing here shows a row's value.

use super::diagnosis::{Cause, RAISED, diagnose, is_raised, without_values};
use super::login::LoginError;
use super::tls::TlsError;
use crate::failure::{Explain, Failure, chain};
use crate::invocation::quoted;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use tokio_postgres::error::DbError;

/// An error of the driver that can be shown: message, hint, SQLSTATE and the names of table and
/// constraint, but never DETAIL or CONTEXT, which hold rows' values.
pub struct DriverError(tokio_postgres::Error);

impl DriverError {
    /// The driver's own error. Its `Display` and `Debug` may show values.
    pub fn inner(&self) -> &tokio_postgres::Error {
        &self.0
    }

    /// The server's SQLSTATE, when the server answered.
    pub fn sqlstate(&self) -> Option<&str> {
        self.0.code().map(tokio_postgres::error::SqlState::code)
    }

    /// The server's message, or the messages of the driver, the network and the TLS library.
    pub fn message(&self) -> String {
        match self.0.as_db_error() {
            Some(error) => shown(error),
            None => chain(self),
        }
    }

    /// What is known to be behind it.
    pub fn cause(&self) -> Option<Cause> {
        diagnose(self.sqlstate(), &self.message())
    }
}

/// A server's message without rows' values.
fn shown(error: &DbError) -> String {
    if is_raised(error) {
        return RAISED.to_owned();
    }
    without_values(error.code().code(), error.message())
}

impl From<tokio_postgres::Error> for DriverError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(error) = self.0.as_db_error() else {
            return self.0.fmt(f);
        };
        let code = error.code().code();
        write!(f, "{} (SQLSTATE {code}", shown(error))?;
        if let Some(table) = error.table() {
            write!(f, ", table {}.{table}", error.schema().unwrap_or_default())?;
        }
        if let Some(constraint) = error.constraint() {
            write!(f, ", constraint {constraint}")?;
        }
        f.write_str(")")?;
        match error.hint().filter(|_| !is_raised(error)) {
            Some(hint) => write!(f, ", hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DriverError({self})")
    }
}

impl StdError for DriverError {
    /// A server's answer has no source: it would print its DETAIL.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source().filter(|_| self.0.as_db_error().is_none())
    }
}

/// Something with a server did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No session could be opened.
    #[error("cannot connect to {endpoint}")]
    Connect {
        /// `host:port/database`.
        endpoint: String,
        /// What the server or the network said.
        #[source]
        source: DriverError,
    },
    /// No session could be opened in time.
    #[error("timed out: no session at {endpoint} within {} s", .after.as_secs())]
    Timeout {
        /// `host:port/database`.
        endpoint: String,
        /// How long one attempt waited.
        after: Duration,
    },
    /// Encryption could not be prepared, or examined.
    #[error("cannot set up TLS with {endpoint}")]
    Tls {
        /// `host:port/database`.
        endpoint: String,
        /// Why.
        #[source]
        source: TlsError,
    },
    /// A login for one of PostgreSQL's tools failed.
    #[error("cannot log in at {endpoint}")]
    Login {
        /// `host:port/database`.
        endpoint: String,
        /// What the server or the network said.
        #[source]
        source: Box<LoginError>,
    },
    /// A statement failed, or the session ended under it.
    #[error("error while {doing}")]
    Query {
        /// What it was for: "reading the server's version".
        doing: String,
        /// What the server or the network said.
        #[source]
        source: DriverError,
    },
    /// A file or socket failed.
    #[error("error while {doing}")]
    Io {
        /// What it was for.
        doing: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// For `map_err`: the statement failed while doing this ("counting rows").
    pub fn while_doing(doing: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        |error| Self::Query {
            doing: doing.into(),
            source: error.into(),
        }
    }

    /// The server's SQLSTATE, when the server answered.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Connect { source, .. } | Self::Query { source, .. } => source.sqlstate(),
            Self::Login { source, .. } => source.sqlstate(),
            Self::Timeout { .. } | Self::Tls { .. } | Self::Io { .. } | Self::Cancelled => None,
        }
    }

    /// The constraint that a statement violated, with the schema of its table, when the server named
    /// one. Many tables may have a constraint of one name.
    pub fn violated(&self) -> Option<(&str, &str)> {
        match self {
            Self::Query { source, .. } => {
                let refusal = source.inner().as_db_error()?;
                Some((refusal.schema()?, refusal.constraint()?))
            }
            _ => None,
        }
    }

    /// What is known to be behind it.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Connect { source, .. } | Self::Query { source, .. } => source.cause(),
            Self::Timeout { .. } => Some(Cause::Timeout),
            Self::Tls { source, .. } => source.cause(),
            Self::Login { source, .. } => LoginError::cause(source),
            Self::Io { source, .. } => diagnose(None, &source.to_string()),
            Self::Cancelled => None,
        }
    }

    /// Whether the same attempt may succeed after a pause.
    pub fn is_retryable(&self) -> bool {
        self.cause().is_some_and(Cause::is_passing)
    }

    /// The explanation where it was the target that refused.
    pub fn failure_on_target(&self) -> Failure {
        let mut failure = self.failure();
        if let Some(cause) = self.cause() {
            let advice = cause.advice_on_target().iter();
            failure.advice = advice.map(ToString::to_string).collect();
        }
        failure
    }

    fn what(&self) -> String {
        match self {
            Self::Connect { endpoint, .. }
            | Self::Timeout { endpoint, .. }
            | Self::Tls { endpoint, .. }
            | Self::Login { endpoint, .. } => format!("Cannot connect to {endpoint}"),
            Self::Query { doing, .. } | Self::Io { doing, .. } => format!("Error while {doing}"),
            Self::Cancelled => "Cancelled".to_owned(),
        }
    }

    /// The failure with the server's own host and port in the commands of its advice.
    fn placed(&self, mut failure: Failure) -> Failure {
        let endpoint = match self {
            Self::Connect { endpoint, .. }
            | Self::Timeout { endpoint, .. }
            | Self::Tls { endpoint, .. }
            | Self::Login { endpoint, .. } => endpoint,
            Self::Query { .. } | Self::Io { .. } | Self::Cancelled => return failure,
        };
        if let Some((host, port)) = host_and_port(endpoint) {
            let place = format!("-h {} -p {port}", quoted(host));
            for step in failure
                .advice
                .iter_mut()
                .filter(|step| step.starts_with("$ "))
            {
                *step = step.replace("-h HOST -p PORT", &place);
            }
        }
        failure
    }

    fn said(&self) -> String {
        match self.source() {
            Some(source) => chain(source),
            None => self.to_string(),
        }
    }
}

/// Of `host:port/database`, with the host in brackets where it has colons itself.
fn host_and_port(endpoint: &str) -> Option<(&str, &str)> {
    let (host, rest) = match endpoint.strip_prefix('[') {
        Some(rest) => rest.split_once("]:")?,
        None => endpoint.split_once(':')?,
    };
    Some((host, rest.split_once('/')?.0))
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match (self, self.cause()) {
            (Self::Cancelled, _) => Failure::interrupted(self.what()),
            (_, Some(cause)) => self.placed(cause.failure(self.what(), &self.said())),
            (_, None) => Failure::new(self.what(), self.said())
                .advise("The server's log may say more; then try again."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_endpoint() {
        assert_eq!(host_and_port("h:5432/a/b:1"), Some(("h", "5432")));
        assert_eq!(host_and_port("[::1]:5432/d"), Some(("::1", "5432")));
        assert_eq!(host_and_port("/run/pg:5433/d"), Some(("/run/pg", "5433")));
        assert_eq!(host_and_port("h"), None);
    }
}
