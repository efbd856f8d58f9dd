//! The session over which a run is planned, marked and finished.

use super::{Error, open};
use crate::postgres::{Connection, ConnectionString};
use tokio_util::sync::CancellationToken;

/// A session with the target that outlives its connection: a compute that fell asleep, or a
/// crash, ends a connection that stood idle while rows moved on others.
#[derive(Debug)]
pub struct Control {
    string: ConnectionString,
    cancel: CancellationToken,
    connection: Connection,
}

impl Control {
    /// Opens the session.
    pub async fn open(
        string: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let connection = open(string, cancel).await?;
        Ok(Self::over(connection, string, cancel))
    }

    /// Goes on with a connection that is open.
    pub fn over(
        connection: Connection,
        string: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Self {
        let (string, cancel) = (string.clone(), cancel.clone());
        Self {
            string,
            cancel,
            connection,
        }
    }

    /// Its connection, opened again when it had ended.
    pub async fn connection(&mut self) -> Result<&Connection, Error> {
        if self.connection.is_closed() {
            self.connection = open(&self.string, &self.cancel).await?;
        }
        Ok(&self.connection)
    }
}
