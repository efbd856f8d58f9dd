//! A way for PostgreSQL's own tools to the target that needs neither TLS nor a password of theirs.

use super::Error;
use crate::postgres::ConnectionString;
use std::ffi::OsString;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A Unix socket in a folder that only its owner may enter. Who connects to it speaks with the target,
/// over a connection of ours: encrypted as its string says, and logged in already. It is open until it is
/// closed or dropped.
#[derive(Debug)]
pub struct Bridge {}

impl Bridge {
    /// Opens it, after a session of our own has reached the target (which wakes a sleeping compute).
    /// The token's end ends all sessions over it.
    ///
    /// # Errors
    /// [`Error::Target`] when the target cannot be reached, [`Error::File`] when there is no socket.
    pub async fn open(
        target: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let _ = (target, cancel);
        todo!()
    }

    /// What a tool needs in its environment to go over it: no password among it.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        todo!()
    }

    /// The folder of the socket.
    pub fn folder(&self) -> &Path {
        todo!()
    }

    /// Ends all sessions over it and waits for their end; the folder goes.
    pub async fn close(self) {}
}
