//! The rows taken over into the old database: put beside its tables first, then into them, all in one
//! transaction.

use super::order::Order;
use super::statements::{fixed_columns, further_sequences, insert, update};
use super::walk::Taker;
use super::{Changed, Consent, Error, Since};
use crate::compare::Running;
use crate::compare::differences::Rows;
use crate::compare::equality::Equality;
use crate::postgres::catalogue::Table;
use crate::postgres::{Connection, Error as PostgresError, Retrying, quote};
use crate::session::report::{Applied, AppliedTable, DivergedTable, LeftOut};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, TryStreamExt};
use jiff::Timestamp;
use std::pin::pin;
use std::time::Duration;
use tokio_postgres::{CopyInSink, CopyOutStream};
use tokio_util::sync::CancellationToken;

/// What makes the session one that writes: the database's own search path is back for its functions,
/// and nobody waits long for a lock.
const WRITING: &str = "RESET search_path; SET lock_timeout = '60s'; \
    BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SET CONSTRAINTS ALL DEFERRED";

/// How the SQLSTATEs begin with which a server ends a session (`operator_intervention`).
const LEAVES: &str = "57";

/// Rows travel in pieces of this size.
const PIECE: usize = 64 * 1024;

/// So long the old server is asked what became of a transaction whose end was not answered, with these
/// pauses while it has not noticed yet that it was left.
const ASKING_LIMIT: Duration = Duration::from_secs(20);
const ASKING_PAUSE: Duration = Duration::from_millis(200);

/// `insufficient_privilege`.
const NOT_ALLOWED: &str = "42501";

/// Rows that lie beside their table.
struct Lying {
    table: Table,
    key: Vec<String>,
    equality: Equality,
    number: usize,
    /// Added and changed ones.
    rows: [u64; 2],
    found: DivergedTable,
}

impl Lying {
    fn has_rows(&self) -> bool {
        self.rows != [0, 0]
    }

    /// Takes its rows over: how many were inserted, and updated. What conflicts with a row that is
    /// changed besides is tried once more when that is done.
    async fn go_in(
        &self,
        session: &Connection,
        fixed: &[String],
    ) -> Result<(u64, u64), PostgresError> {
        let [added, changed] = [false, true].map(|kind| beside(self.number, kind));
        let [added, changed] = [added, changed].map(|name| format!("pg_temp.{name}"));
        let insert = insert(&self.table, &added);
        let mut inserted = 0;
        if self.rows[0] > 0 {
            inserted += written(session, &insert, &self.table).await?;
        }
        let update = update(&self.table, (&self.key, &self.equality), &changed, fixed);
        let Some(update) = update.filter(|_| self.rows[1] > 0) else {
            return Ok((inserted, 0));
        };
        let updated = written(session, &update, &self.table).await?;
        if inserted < self.rows[0] {
            inserted += written(session, &insert, &self.table).await?;
        }
        Ok((inserted, updated))
    }
}

/// Puts rows beside their tables, in a session of the old database.
struct Stage<'a> {
    session: &'a Connection,
    changed: Changed,
    lying: Vec<Lying>,
    /// Of the table at hand.
    rows: [u64; 2],
}

fn beside(number: usize, changed: bool) -> String {
    let kind = if changed { "changed" } else { "added" };
    format!("neonlift_{kind}_{number}")
}

impl Taker for Stage<'_> {
    fn wants(&self, changed: bool) -> bool {
        !changed || self.changed == Changed::Overwrite
    }

    async fn take(
        &mut self,
        rows: &Rows<'_>,
        changed: bool,
        values: CopyOutStream,
    ) -> Result<u64, Error> {
        let (table, kind) = (rows.left, usize::from(changed));
        let name = beside(self.lying.len(), changed);
        let columns = table.copied_columns().map(|column| column.name.as_str());
        let columns = quote::identifiers(columns);
        let doing = format!("keeping rows of {}", table.name);
        if self.rows[kind] == 0 {
            let make = format!(
                "CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {columns} FROM {} WITH NO DATA",
                table.only_sql()
            );
            let made = self.session.batch(&doing, &make).await;
            made.map_err(Error::Source)?;
        }
        let copy = format!("COPY pg_temp.{name} ({columns}) FROM STDIN");
        let sink = self.session.copy_in(&copy).await;
        let failed = |error| Error::Source(self.session.failed(&doing, error));
        let taken = poured(values, sink.map_err(failed)?, &doing).await?;
        self.rows[kind] += taken;
        Ok(taken)
    }

    async fn end(&mut self, rows: &Rows<'_>, found: &DivergedTable) -> Result<(), Error> {
        self.lying.push(Lying {
            table: rows.left.clone(),
            key: rows.key.clone(),
            equality: rows.source_equality.clone(),
            number: self.lying.len(),
            rows: std::mem::take(&mut self.rows),
            found: found.clone(),
        });
        Ok(())
    }
}

/// Sends rows on; how many they were.
async fn poured(values: CopyOutStream, sink: CopyInSink<Bytes>, doing: &str) -> Result<u64, Error> {
    let there = || PostgresError::while_doing(doing);
    let here = || PostgresError::while_doing(doing);
    let (mut values, mut sink) = (pin!(values), pin!(sink));
    let mut piece = BytesMut::with_capacity(PIECE);
    while let Some(row) = values
        .try_next()
        .await
        .map_err(there())
        .map_err(Error::Target)?
    {
        piece.extend_from_slice(&row);
        if piece.len() >= PIECE {
            let full = piece.split().freeze();
            let sent = sink.feed(full).await;
            sent.map_err(here()).map_err(Error::Source)?;
        }
    }
    let ended = async {
        if !piece.is_empty() {
            sink.feed(piece.freeze()).await?;
        }
        sink.finish().await
    };
    ended.await.map_err(here()).map_err(Error::Source)
}

impl Since<'_> {
    pub(super) async fn applied(
        &self,
        consent: &Consent,
        changed: Changed,
        running: &Running,
    ) -> Result<Applied, Error> {
        let session = self.writing(consent).await?;
        running.add(&session);
        let done = async {
            let snapshot = session.query_one("SELECT pg_export_snapshot()", &[]).await;
            let doing = "sharing a snapshot";
            let snapshot = snapshot.map_err(|error| Error::Source(session.failed(doing, error)))?;
            let snapshot: String = snapshot.get(0);
            let mut stage = Stage {
                session: &session,
                changed,
                lying: Vec::new(),
                rows: [0; 2],
            };
            let order = Order::read(&session).await.map_err(Error::Source)?;
            let from = (Some(snapshot.as_str()), running);
            let divergence = self.walk(from, &order, &mut stage).await?;
            self.progress.activity("Taking the rows over");
            let lying = stage.lying;
            let tables = taken_over(&session, &lying, changed, &order).await?;
            let sequences = self.raised(&session).await?;
            self.kept(&session).await?;
            Ok(Applied {
                at: Timestamp::now(),
                endpoint: self.source.endpoint(),
                tables,
                sequences,
                left_out: divergence.tables.iter().filter_map(left_out).collect(),
            })
        };
        let done = done.await;
        // Its end takes back what was not kept.
        session.close().await;
        done
    }

    /// Ends the transaction. Where the answer is lost with the session, the server is asked over another
    /// one what became of it.
    async fn kept(&self, session: &Connection) -> Result<(), Error> {
        let doing = "keeping what was taken over";
        let id = session.query_one("SELECT txid_current()", &[]).await;
        let id = id.map_err(|error| Error::NotTakenOver(session.failed(doing, error)))?;
        let Err(error) = session.batch(doing, "COMMIT").await else {
            return Ok(());
        };
        if error
            .sqlstate()
            .is_some_and(|state| !state.starts_with(LEAVES))
        {
            return Err(Error::NotTakenOver(error));
        }
        let asked = self.is_committed(id.get(0));
        match tokio::time::timeout(ASKING_LIMIT, asked).await {
            Ok(Ok(Some(true))) => Ok(()),
            Ok(Ok(Some(false))) => Err(Error::NotTakenOver(error)),
            untold => {
                tracing::warn!(?untold, "what became of the transaction is not known");
                Err(Error::PerhapsTakenOver(error))
            }
        }
    }

    /// Whether a transaction that has ended, or is about to, was committed; `None` if the server does not
    /// know it any more.
    async fn is_committed(&self, id: i64) -> Result<Option<bool>, PostgresError> {
        // Also when the work is stopped.
        let own = CancellationToken::new();
        let session = Connection::open(self.source, &Retrying::default(), &own).await?;
        let doing = "asking what became of a transaction";
        loop {
            let row = session.query_one("SELECT txid_status($1)", &[&id]).await;
            let row = row.map_err(|error| session.failed(doing, error))?;
            match row.get(0) {
                Some("in progress") => tokio::time::sleep(ASKING_PAUSE).await,
                status => return Ok(status.map(|status| status == "committed")),
            }
        }
    }

    /// A session of the old database in a transaction that may write: the only one there is.
    async fn writing(&self, consent: &Consent) -> Result<Connection, Error> {
        let opened = async {
            let session = Connection::open(self.source, &Retrying::default(), self.cancel).await?;
            session.pin_for_reading().await?;
            let row = session
                .query_one("SELECT current_database()::text", &[])
                .await;
            let row = row.map_err(PostgresError::while_doing("asking for the database"))?;
            let found: String = row.get(0);
            Ok((session, found))
        };
        let (session, found) = opened.await.map_err(Error::Source)?;
        if found != consent.database() {
            return Err(Error::OtherDatabase {
                consented: consent.database().to_owned(),
                found,
            });
        }
        let begun = session.batch("beginning to write", WRITING).await;
        begun.map_err(Error::Source)?;
        Ok(session)
    }

    /// Raises the sequences that the target has used further. Nothing takes that back, and it does no
    /// harm: numbers are skipped.
    async fn raised(&self, session: &Connection) -> Result<u64, Error> {
        let target = self.session(self.target).await.map_err(Error::Target)?;
        let further = further_sequences(session, &target).await?;
        let sql: String = further.iter().map(|sequence| sequence.setting()).collect();
        let raised = session.batch("raising the sequences", &sql).await;
        raised.map_err(Error::Source)?;
        Ok(further.len() as u64)
    }
}

/// Takes rows over into all tables, in the order in which they came.
async fn taken_over(
    session: &Connection,
    lying: &[Lying],
    changed: Changed,
    order: &Order,
) -> Result<Vec<AppliedTable>, Error> {
    let failed = Error::NotTakenOver;
    let fixed = fixed_columns(session).await.map_err(failed)?;
    let [wait, check] = order.waiting();
    let doing = "letting foreign keys wait";
    let mut on = match allowed(session, doing, wait).await.map_err(failed)? {
        true => check.clone(),
        false => String::new(),
    };
    let mut tables = Vec::new();
    for lies in lying {
        let triggers = match lies.has_rows() {
            true => silence(session, &lies.table).await.map_err(failed)?,
            false => Triggers::default(),
        };
        let fixed = fixed.get(&lies.table.oid).map_or(&[][..], Vec::as_slice);
        let counts = lies.go_in(session, fixed).await.map_err(failed)?;
        tables.push(told(lies, changed, counts, &triggers));
        on += &triggers.on;
    }
    let check = "SET CONSTRAINTS ALL IMMEDIATE";
    session
        .batch("checking the constraints", check)
        .await
        .map_err(failed)?;
    let doing = "switching triggers on";
    session.batch(doing, &on).await.map_err(failed)?;
    tables.sort_by(|a, b| (&a.schema, &a.table).cmp(&(&b.schema, &b.table)));
    Ok(tables)
}

async fn written(session: &Connection, sql: &str, table: &Table) -> Result<u64, PostgresError> {
    let done = session.execute(sql, &[]).await;
    let doing = format!("taking rows of {} over", table.name);
    done.map_err(|error| session.failed(&doing, error))
}

fn told(
    lies: &Lying,
    changed: Changed,
    (inserted, updated): (u64, u64),
    triggers: &Triggers,
) -> AppliedTable {
    let differing = lies.found.rows.as_ref();
    let other = differing.map_or(0, |rows| rows.changed);
    let apart = match changed {
        Changed::Keep => other,
        Changed::Overwrite => other.saturating_sub(updated),
    };
    AppliedTable {
        schema: lies.table.name.schema.clone(),
        table: lies.table.name.name.clone(),
        inserted,
        updated,
        conflicts: lies.rows[0].saturating_sub(inserted) + apart,
        kept: differing.map_or(0, |rows| rows.missing),
        triggers_fired: triggers.fire.clone(),
    }
}

/// A table's triggers of the person's.
#[derive(Default)]
struct Triggers {
    /// SQL that switches those on again that were switched off.
    on: String,
    /// Those that could not be switched off.
    fire: Vec<String>,
}

/// Switches a table's triggers off for this transaction: rows are taken over as they are on the target,
/// where triggers have worked on them already. That takes the table's owner, not a superuser, and
/// leaves foreign keys checked, which `session_replication_role` would not.
async fn silence(session: &Connection, table: &Table) -> Result<Triggers, PostgresError> {
    let sql = "SELECT tgname::text, tgenabled = 'A' FROM pg_trigger
               WHERE tgrelid = $1 AND NOT tgisinternal AND tgenabled IN ('O', 'A') ORDER BY tgname";
    let doing = format!("switching triggers of {} off", table.name);
    let rows = session.query(sql, &[&table.oid]).await;
    let rows = rows.map_err(|error| session.failed(&doing, error))?;
    if rows.is_empty() {
        return Ok(Triggers::default());
    }
    let (mut off, mut on, mut names) = (String::new(), String::new(), Vec::new());
    for row in &rows {
        let (name, always): (String, bool) = (row.get(0), row.get(1));
        let (alter, trigger) = (
            format!("ALTER TABLE {}", table.name.sql()),
            quote::identifier(&name),
        );
        let enable = if always { "ENABLE ALWAYS" } else { "ENABLE" };
        off += &format!("{alter} DISABLE TRIGGER {trigger};");
        on += &format!("{alter} {enable} TRIGGER {trigger};");
        names.push(name);
    }
    Ok(match allowed(session, &doing, &off).await? {
        true => Triggers {
            on,
            fire: Vec::new(),
        },
        false => Triggers {
            on: String::new(),
            fire: names,
        },
    })
}

/// Runs what only a table's owner may; says whether it was allowed.
async fn allowed(session: &Connection, doing: &str, sql: &str) -> Result<bool, PostgresError> {
    if sql.is_empty() {
        return Ok(true);
    }
    session.batch(doing, "SAVEPOINT allowed").await?;
    match session.batch(doing, sql).await {
        Ok(()) => {
            session.batch(doing, "RELEASE SAVEPOINT allowed").await?;
            Ok(true)
        }
        Err(error) if error.sqlstate() == Some(NOT_ALLOWED) => {
            session
                .batch(doing, "ROLLBACK TO SAVEPOINT allowed")
                .await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// What of a table cannot be taken over row by row.
fn left_out(table: &DivergedTable) -> Option<LeftOut> {
    let why = table.apart.clone()?;
    let what = table.name();
    Some(LeftOut { what, why })
}
