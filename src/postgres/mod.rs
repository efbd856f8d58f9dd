//! The driver layer for PostgreSQL: connection strings, TLS, retries, quoting, errors with advice.

pub mod quote;
