//! One of the two databases as it was found.

use crate::postgres::ConnectionString;
use crate::session::Place;
use crate::session::report::Server;
use serde::Serialize;

/// One of the two databases.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// The database's name; `None` when no connection was given.
    pub database: Option<String>,
    /// Host, port and database.
    pub endpoint: Option<String>,
    /// The server's version: `16.14`.
    pub version: Option<String>,
    /// The TLS protocol, or `none`.
    pub encryption: Option<String>,
    /// A round trip's median time in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// The database's size in bytes when the connections were tested.
    pub bytes: Option<u64>,
    /// pgvector's version when the connections were tested; null where it was not installed then.
    pub pgvector: Option<String>,
    /// Whether the connection was tested: without that only its name is known.
    pub tested: bool,
}

impl Side {
    pub(super) fn of(place: Option<&Place>, server: Option<&Server>) -> Self {
        let given = place.and_then(|place| ConnectionString::parse(&place.url).ok());
        let found = server.map(|server| server.identity.database.clone());
        let named = given.as_ref().map(|string| string.database().to_owned());
        let told = given.map(|string| string.endpoint());
        let version =
            |server: &Server| format!("{}.{}", server.version / 10_000, server.version % 10_000);
        Self {
            database: found.or(named),
            endpoint: server.map(|server| server.endpoint.clone()).or(told),
            version: server.map(version),
            encryption: server
                .map(|server| server.tls.clone().unwrap_or_else(|| "none".to_owned())),
            round_trip_ms: server.map(|server| server.round_trip_ms),
            bytes: server.map(|server| server.database_bytes),
            pgvector: server.and_then(|server| server.vector.clone()),
            tested: server.is_some(),
        }
    }

    /// The database's name for people.
    pub fn name(&self) -> &str {
        self.database.as_deref().unwrap_or("not given")
    }
}
