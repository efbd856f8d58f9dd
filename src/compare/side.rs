//! One side of a comparison: a handful of sessions that all see it at the same moment.

use crate::postgres::{Canceller, Connection, ConnectionString, Error, Retrying, count, quote};
use crate::source::postgres::TID_RANGE_SCAN;
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt, TryStreamExt};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use tokio_util::sync::CancellationToken;

/// So long the servers are asked to cancel what is given up.
const CANCEL_LIMIT: Duration = Duration::from_secs(2);

/// A pooler lets those wait for whom it has no session left; the leader itself has one.
const JOIN_LIMIT: Duration = Duration::from_secs(10);

/// As many statements run at a time as there are sessions, so none shall take several processors;
/// compiling one takes longer than a chunk. A statement that fails takes back nothing but itself.
const SETTINGS: &str = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off; \
    SAVEPOINT unread";

/// All sessions of both sides: whatever they are doing when a comparison is given up is cancelled.
#[derive(Default)]
pub(crate) struct Running(Mutex<Vec<Canceller>>);

impl Running {
    pub(crate) fn add(&self, session: &Connection) {
        let mut cancellers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cancellers.push(session.canceller());
    }

    /// Best effort: the end of the sessions ends their statements too, only later.
    pub(crate) async fn cancel(&self) {
        let cancellers = self.0.lock();
        let cancellers = cancellers.unwrap_or_else(PoisonError::into_inner).clone();
        let asked = join_all(cancellers.iter().map(Canceller::cancel));
        let told = tokio::time::timeout(CANCEL_LIMIT, asked).await;
        tracing::debug!(?told, "the servers were told to cancel");
    }
}

/// The session that takes a side's snapshot.
pub(super) struct Leader {
    pub(super) session: Connection,
    /// For the others to join; `None` where the server gives none.
    snapshot: Option<String>,
}

impl Leader {
    /// Connects. What has to be asked before the snapshot can be asked now.
    pub(super) async fn connect(
        string: &ConnectionString,
        (running, cancel): (&Running, &CancellationToken),
    ) -> Result<Connection, Error> {
        let session = Connection::open(string, &Retrying::default(), cancel).await?;
        running.add(&session);
        Ok(session)
    }

    /// Sees what a snapshot sees that another session of this side has taken.
    pub(super) async fn join(session: Connection, snapshot: String) -> Result<Self, Error> {
        see(&session, &snapshot).await?;
        Ok(Self {
            session,
            snapshot: Some(snapshot),
        })
    }

    /// The name of its snapshot, for others to join.
    pub(super) fn snapshot(&self) -> Option<&str> {
        self.snapshot.as_deref()
    }

    /// Takes a snapshot.
    pub(super) async fn begin(session: Connection) -> Result<Self, Error> {
        session.begin_reading().await?;
        let exported = session.query_one("SELECT pg_export_snapshot()", &[]).await;
        let snapshot = match exported {
            Ok(row) => Some(row.get(0)),
            Err(error) if error.as_db_error().is_some() => {
                let error = session.failed("sharing a snapshot", error);
                tracing::info!(%error, "one session reads this side");
                session.batch("beginning anew", "ROLLBACK").await?;
                session.begin_reading().await?;
                None
            }
            Err(error) => return Err(session.failed("taking a snapshot", error)),
        };
        session.pin_for_reading_with(SETTINGS).await?;
        Ok(Self { session, snapshot })
    }
}

/// A session, and whether its transaction has to be mended before it is used again.
struct Session {
    connection: Connection,
    torn: AtomicBool,
}

/// The sessions of a side, each for one statement at a time.
pub(super) struct Side {
    sessions: Vec<Session>,
    idle: Mutex<Vec<usize>>,
    permits: Semaphore,
    /// Whether a table can be read in parts.
    pub(super) can_split: bool,
}

impl Side {
    /// The leader with as many others as are wanted and the server can spare: half of its free
    /// connections stay with everybody else.
    pub(super) async fn of(
        leader: Leader,
        string: &ConnectionString,
        wanted: usize,
        stop: (&Running, &CancellationToken),
    ) -> Result<Self, Error> {
        let Leader { session, snapshot } = leader;
        let version = session.server_version().await?;
        let mut connections = vec![session];
        if let Some(snapshot) = snapshot.filter(|_| wanted > 1) {
            let free = count::free_connections(&connections[0]).await? as usize;
            let others = (wanted - 1).min(free / 2);
            let opening = (0..others).map(|_| join(string, &snapshot, stop));
            let opening = opening.map(|opening| tokio::time::timeout(JOIN_LIMIT, opening));
            for opened in join_all(opening).await {
                match opened {
                    Ok(Ok(session)) => connections.push(session),
                    Ok(Err(Error::Cancelled)) => return Err(Error::Cancelled),
                    Ok(Err(error)) => tracing::info!(%error, "compared with fewer connections"),
                    Err(late) => tracing::info!(%late, "compared with fewer connections"),
                }
            }
        }
        let sessions = connections.into_iter().map(|connection| Session {
            connection,
            torn: AtomicBool::new(false),
        });
        let sessions: Vec<Session> = sessions.collect();
        Ok(Self {
            idle: Mutex::new((0..sessions.len()).collect()),
            permits: Semaphore::new(sessions.len()),
            sessions,
            can_split: version >= TID_RANGE_SCAN,
        })
    }

    /// So many statements it carries at a time.
    pub(super) fn width(&self) -> usize {
        self.sessions.len()
    }

    /// A session that nobody else uses meanwhile; those who wait get one in their order. Who needs
    /// one of both sides takes the source's first: otherwise two could wait for each other. Unless it is
    /// told that all went well ([`Lease::done`]), the next user goes back to before this one's statements.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, Error> {
        let Ok(permit) = self.permits.acquire().await else {
            unreachable!("the semaphore is never closed");
        };
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = idle().pop() else {
            unreachable!("there are as many permits as sessions");
        };
        let lease = Lease {
            side: self,
            at,
            _permit: permit,
        };
        if lease.session().torn.load(Relaxed) {
            let mend = "ROLLBACK TO SAVEPOINT unread";
            lease.batch("going on after an error", mend).await?;
        }
        // Until its user says that all went well: any statement may end otherwise.
        lease.session().torn.store(true, Relaxed);
        Ok(lease)
    }

    /// Runs a query and hands over its rows, one by one.
    pub(super) async fn each(
        &self,
        doing: &str,
        sql: &str,
        mut take: impl FnMut(&Row),
    ) -> Result<(), Error> {
        let lease = self.lease().await?;
        let mut rows = pin!(lease.stream(doing, sql).await?);
        while let Some(row) = rows.try_next().await? {
            take(&row);
        }
        lease.done();
        Ok(())
    }
}

/// Opens a session that sees what the snapshot sees.
async fn join(
    string: &ConnectionString,
    snapshot: &str,
    stop: (&Running, &CancellationToken),
) -> Result<Connection, Error> {
    let session = Leader::connect(string, stop).await?;
    see(&session, snapshot).await?;
    Ok(session)
}

/// Begins a transaction that sees what a snapshot sees.
async fn see(session: &Connection, snapshot: &str) -> Result<(), Error> {
    session.begin_reading().await?;
    let snapshot = quote::literal(snapshot);
    let join = format!("SET TRANSACTION SNAPSHOT {snapshot}");
    session.batch("joining a snapshot", &join).await?;
    session.pin_for_reading_with(SETTINGS).await
}

/// A session in use.
pub(super) struct Lease<'a> {
    side: &'a Side,
    at: usize,
    _permit: SemaphorePermit<'a>,
}

impl std::ops::Deref for Lease<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.session().connection
    }
}

impl Lease<'_> {
    fn session(&self) -> &Session {
        &self.side.sessions[self.at]
    }

    /// A query's rows as they come: no more of them are held here than travel together.
    pub(super) async fn stream<'b>(
        &'b self,
        doing: &'b str,
        sql: &str,
    ) -> Result<impl Stream<Item = Result<Row, Error>> + use<'b>, Error> {
        let none = std::iter::empty::<(&(dyn ToSql + Sync), Type)>();
        let rows = self.query_typed_raw(sql, none).await;
        let rows = rows.map_err(|error| self.failed(doing, error))?;
        Ok(rows.map(move |row| row.map_err(|error| self.failed(doing, error))))
    }

    /// Its statements went well, and all of their rows have come: the next user need not mend anything.
    pub(super) fn done(&self) {
        self.session().torn.store(false, Relaxed);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let idle = self.side.idle.lock();
        idle.unwrap_or_else(PoisonError::into_inner).push(self.at);
    }
}
