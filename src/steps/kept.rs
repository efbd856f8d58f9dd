//! A connection that one step leaves to the next.

use crate::postgres::{Connection, ConnectionString};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A step that begins later opens a connection of its own: a compute may have fallen asleep by then
/// without a word.
const FRESH: Duration = Duration::from_secs(10);

/// The target's connection, pinned and of the right database, for a step that follows at once: on a
/// long road a new one costs five round trips.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<(ConnectionString, Connection, Instant)>>);

impl Kept {
    /// Leaves a connection that nothing is under way on.
    pub(super) fn leave(&self, to: ConnectionString, connection: Connection) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((to, connection, Instant::now()));
    }

    /// Closes what was left.
    pub(super) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The connection to this place, if one was left a moment ago and is still open.
    pub(super) fn take(&self, to: &ConnectionString) -> Option<Connection> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (there, connection, since) = left.take()?;
        let is_good = there == *to && !connection.is_closed() && since.elapsed() < FRESH;
        is_good.then_some(connection)
    }
}
