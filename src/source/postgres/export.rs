//! A snapshot of the source that other sessions can join.

use super::counters::counters;
use super::lock;
use crate::config::Select;
use crate::postgres::catalogue::{self, TableName};
use crate::postgres::{Connection, ConnectionString, Error, Retrying, quote};
use crate::source::{self, Selected};
use jiff::Timestamp;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// A snapshot that a session of the source holds open for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name, for `SET TRANSACTION SNAPSHOT` and `pg_dump --snapshot`. The server gives the same
    /// name again after a restart.
    pub name: String,
    /// When it was taken, by this machine's clock.
    pub taken: Timestamp,
    /// Tells it from every other snapshot of this server: its name and the moment.
    pub identity: String,
    /// Which transactions it sees (`pg_current_snapshot()`): two equal texts without
    /// transactions under way see the same rows.
    pub visible: String,
    /// Each table's counters from just before it: what to remember with the table's chunks.
    pub before: HashMap<TableName, String>,
}

/// The session that took a snapshot: the snapshot lives as long as it does.
#[derive(Debug)]
pub struct Exporting {
    /// The session, in a read-only transaction.
    pub session: Connection,
    /// The snapshot.
    pub exported: Exported,
}

impl Exporting {
    /// Connects, takes a snapshot, and locks the selected tables against being rewritten: TRUNCATE
    /// and VACUUM FULL have to wait for its end.
    pub async fn begin(
        string: &ConnectionString,
        select: &Select,
        cancel: &CancellationToken,
    ) -> Result<Self, source::Error> {
        let session = Connection::open(string, &Retrying::default(), cancel).await?;
        session.pin_for_reading().await?;
        let before = counters(&session).await?;
        session.begin_reading().await?;
        let row = session
            .query_one(
                "SELECT name, concat_ws(' ', name, clock_timestamp()),
                        -- A standby's text does not list what is under way: never equal.
                        pg_current_snapshot()::text || CASE WHEN pg_is_in_recovery()
                          THEN ' ' || clock_timestamp() ELSE '' END
                 FROM pg_export_snapshot() name",
                &[],
            )
            .await
            .map_err(Error::while_doing("exporting a snapshot of the source"))?;
        let exported = Exported {
            name: row.get(0),
            taken: Timestamp::now(),
            identity: row.get(1),
            visible: row.get(2),
            before,
        };
        let locking = async {
            let selected = Selected::resolve(select, &session).await?;
            let tables = selected.apply(&catalogue::tables(&session).await?);
            lock(&session, &tables).await.map_err(source::Error::from)
        };
        session.until_cancelled(cancel, locking).await??;
        Ok(Self { session, exported })
    }
}

impl Exported {
    /// Opens a session in a read-only transaction that sees what the snapshot sees, with these
    /// settings of that transaction's. The server gives a snapshot's name again after a restart, so
    /// what the session sees is looked at.
    ///
    /// # Errors
    /// The server's; [`source::Error::SnapshotLost`] when the snapshot is no longer there.
    pub async fn join(
        &self,
        string: &ConnectionString,
        settings: &str,
        cancel: &CancellationToken,
    ) -> Result<Connection, source::Error> {
        let session = Connection::open(string, &Retrying::default(), cancel).await?;
        session.pin_for_reading().await?;
        session.begin_reading().await?;
        let snapshot = quote::literal(&self.name);
        let join = format!("SET TRANSACTION SNAPSHOT {snapshot}; {settings}");
        let joining = session.batch("joining the source's snapshot", &join);
        // One round trip for both. Refused, the first one makes the second one's answer worthless.
        let (joined, seen) = tokio::join!(joining, self.is_seen_by(&session));
        match joined {
            Err(error) if is_gone(&error) => Err(source::Error::SnapshotLost(Some(error))),
            Err(error) => Err(error.into()),
            Ok(()) if seen? => Ok(session),
            Ok(()) => Err(source::Error::SnapshotLost(None)),
        }
    }

    /// Whether a session that joined sees exactly this snapshot, and not another of the same name.
    async fn is_seen_by(&self, session: &Connection) -> Result<bool, Error> {
        let sql = "SELECT pg_current_snapshot()::text";
        let rows = session.query_typed(sql, &[]).await;
        let rows = rows.map_err(Error::while_doing("recognising the source's snapshot"))?;
        let seen = rows.first().map(|row| row.get(0));
        Ok(self.visible.split(' ').next() == seen)
    }
}

/// Whether an error says that the snapshot to be joined is no longer there: no file of that name
/// (22023 until PostgreSQL 16, 42704 since), or a file whose session has ended (55000).
fn is_gone(error: &Error) -> bool {
    matches!(error.sqlstate(), Some("22023" | "42704" | "55000"))
}
