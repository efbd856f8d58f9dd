//! Who waits for a snapshot's locks: nobody else can see why their statement stands still.

use crate::postgres::{Connection, Error};
use std::fmt;

/// A session that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The server's process.
    pub pid: i32,
    /// What it calls itself (`application_name`), where that may be seen.
    pub name: Option<String>,
    /// The table that it wants.
    pub table: Option<String>,
    /// The lock that it wants, as PostgreSQL calls it: `AccessExclusiveLock`.
    pub lock: String,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {}", self.pid)?;
        if let Some(name) = &self.name {
            write!(f, " ({})", name.escape_debug())?;
        }
        match &self.table {
            Some(table) => write!(f, ", {} on {table}", self.lock),
            None => write!(f, ", {}", self.lock),
        }
    }
}

/// The sessions that wait for those which read in the snapshot that sees this
/// (`pg_current_snapshot()`): `pg_stat_activity` shows its oldest transaction, without the epoch, as
/// their `backend_xmin`. Others may see as much: ours have this session's user and name, too.
///
/// # Errors
/// The server's.
pub async fn waiting(connection: &Connection, visible: &str) -> Result<Vec<Waiting>, Error> {
    let oldest: u64 = visible
        .split(':')
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or(0);
    let oldest = oldest % (1 << 32);
    let sql = format!(
        "SELECT DISTINCT w.pid, NULLIF(a.application_name, ''), w.relation::regclass::text, w.mode
         FROM pg_locks w LEFT JOIN pg_stat_activity a ON a.pid = w.pid
         WHERE NOT w.granted AND pg_blocking_pids(w.pid) && ARRAY(
           SELECT pid FROM pg_stat_activity
           WHERE usename = current_user AND backend_xmin::text = '{oldest}'
             AND application_name = current_setting('application_name'))
         ORDER BY 1"
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("asking who waits for the snapshot"))?;
    let waiting = rows.iter().map(|row| Waiting {
        pid: row.get(0),
        name: row.get(1),
        table: row.get(2),
        lock: row.get(3),
    });
    Ok(waiting.collect())
}
