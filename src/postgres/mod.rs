//! The driver layer for PostgreSQL: connection strings, TLS, retries, quoting, errors with advice.

pub mod connection;
pub mod connection_string;
pub mod diagnosis;
pub mod error;
pub mod password;
pub mod quote;
pub mod tls;

pub use connection::{Canceller, Connection, Notice, OnRetry, RetryNotice, Retrying};
pub use connection_string::{ChannelBinding, ConnectionString, ParseError, SslMode, SslRoot};
pub use diagnosis::{Cause, diagnose};
pub use error::{DriverError, Error};
pub use tls::{TlsError, TlsFacts};

#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
