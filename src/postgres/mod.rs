//! The driver layer for PostgreSQL: connection strings, TLS, retries, quoting, errors with advice.

pub mod connection_string;
pub mod diagnosis;
pub mod quote;

pub use connection_string::{ConnectionString, ParseError};
