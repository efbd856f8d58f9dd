//! The driver layer for PostgreSQL: connection strings, TLS, retries, quoting, the catalogue,
//! client tools, errors with advice.

pub mod catalogue;
pub mod connection;
pub mod connection_string;
pub mod count;
pub mod diagnosis;
pub mod error;
mod keyring;
pub mod large_object;
pub(crate) mod login;
pub(crate) mod opening;
pub mod password;
pub mod quote;
pub mod script;
pub mod tls;
pub mod tools;
pub(crate) mod wire;

pub use connection::{Canceller, Connection, Notice, OnRetry, RetryNotice, Retrying};
pub use connection_string::{ChannelBinding, ConnectionString, ParseError, SslMode, SslRoot};
pub use diagnosis::{Cause, diagnose};
pub use error::{DriverError, Error};
pub use tls::{TlsError, TlsFacts};
