//! The driver layer for PostgreSQL: connection strings, TLS, retries, quoting, errors with advice.

pub mod quote;
pub mod script;
pub mod tools;

#[cfg(test)]
mod test_server;
