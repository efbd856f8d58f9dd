//! Who is at work on the source, and whether anything is being written.

use super::counters::{UNCOUNTED, counters};
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, Error};
use std::collections::HashMap;

/// What goes on in the source's database at one moment. Of a client only its names are read, never
/// what it asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// The clients that are connected, ours apart: who, from where, how many of them.
    pub clients: Vec<String>,
    /// The tables that a transaction which is still open has written to, or may have.
    pub locked: Vec<TableName>,
    /// Each table's [`counters`].
    pub counters: HashMap<TableName, String>,
    /// Whether the server counts writes at all.
    pub counts: bool,
    /// A number that moves whenever a transaction that wrote something ends, anywhere in the cluster.
    pub transactions: String,
}

/// Looks at what goes on.
///
/// # Errors
/// The server's.
pub async fn activity(connection: &Connection) -> Result<Activity, Error> {
    const DOING: &str = "asking what goes on on the source";
    // pg_stat_activity tells roles without pg_monitor less of others: an address may be missing.
    let clients = "SELECT format('%s%s (user %s, %s)', CASE WHEN count(*) > 1 THEN count(*) || ' x ' ELSE '' END,
                          COALESCE(NULLIF(application_name, ''), 'a client without a name'),
                          usename, COALESCE(host(client_addr), 'local or not told'))
                   FROM pg_catalog.pg_stat_activity
                   WHERE datname = current_database() AND usename IS NOT NULL
                     AND pid <> pg_backend_pid()
                     AND COALESCE(application_name, '') <> current_setting('application_name')
                   GROUP BY application_name, usename, client_addr ORDER BY 1";
    // The modes that INSERT, UPDATE, DELETE, COPY and TRUNCATE take; a prepared transaction has no pid.
    let locked = "SELECT DISTINCT n.nspname, c.relname FROM pg_catalog.pg_locks l
                  JOIN pg_catalog.pg_class c ON c.oid = l.relation
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                  WHERE l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                    AND l.granted AND c.relkind IN ('r', 'p') AND l.pid IS DISTINCT FROM pg_backend_pid()
                    AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')";
    let state =
        format!("SELECT NOT {UNCOUNTED}, txid_snapshot_xmax(txid_current_snapshot())::text");
    let failed = |error| connection.failed(DOING, error);
    let state = connection.query_one(&state, &[]).await.map_err(failed)?;
    let clients = connection.query(clients, &[]).await.map_err(failed)?;
    let locked = connection.query(locked, &[]).await.map_err(failed)?;
    Ok(Activity {
        clients: clients.iter().map(|row| row.get(0)).collect(),
        locked: locked.iter().map(|row| TableName::of(row, 0)).collect(),
        counters: counters(connection).await?,
        counts: state.get(0),
        transactions: state.get(1),
    })
}
