//! The rows taken over into the old database: put beside its tables first, then into them, all in one
//! transaction.

use super::order::Order;
use super::statements::{fixed_columns, further_sequences, insert, kept_out, update};
use super::triggers::{Triggers, allowed, silence};
use super::walk::Taker;
use super::{Changed, Consent, Error, Since};
use crate::compare::Running;
use crate::compare::differences::Rows;
use crate::compare::equality::Equality;
use crate::postgres::catalogue::Table;
use crate::postgres::{Connection, Error as PostgresError, Retrying, quote};
use crate::session::report::{Applied, AppliedTable, DivergedTable, LeftOut, RowDifference};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, TryStreamExt};
use jiff::Timestamp;
use std::pin::pin;
use tokio_postgres::{CopyInSink, CopyOutStream};

/// What makes the session one that writes: the database's own search path is back for its functions,
/// and nobody waits long for a lock.
const WRITING: &str = "RESET search_path; SET lock_timeout = '60s'; \
    BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SET CONSTRAINTS ALL DEFERRED";

/// So many conflicts of a table are named.
const NAMED: usize = 10;

/// Rows travel in pieces of this size.
const PIECE: usize = 64 * 1024;

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

    /// The keys of some rows that did not go in; those that are kept as they are where the old database
    /// has them with other values, too.
    async fn conflicting(
        &self,
        session: &Connection,
        changed: Changed,
        inserted: u64,
    ) -> Result<Vec<Vec<String>>, PostgresError> {
        let examples = self.found.rows.iter().flat_map(|rows| &rows.examples);
        let other = examples.filter(|row| row.kind == RowDifference::Changed);
        let mut keys: Vec<Vec<String>> = match changed {
            Changed::Keep => other.filter_map(|row| row.key.clone()).collect(),
            Changed::Overwrite => Vec::new(),
        };
        keys.truncate(NAMED);
        let from = format!("pg_temp.{}", beside(self.number, false));
        let key = (&self.key[..], &self.equality);
        let sql = kept_out(&self.table, key, &from, NAMED);
        let Some(sql) = sql.filter(|_| inserted < self.rows[0]) else {
            return Ok(keys);
        };
        let rows = session.query(&sql, &[]).await;
        let doing = format!("naming the conflicts of {}", self.table.name);
        let rows = rows.map_err(|error| session.failed(&doing, error))?;
        keys.extend(rows.iter().map(|row| row.get(0)));
        keys.truncate(NAMED);
        Ok(keys)
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
        let session = self.watched(running, self.writing(consent)).await?;
        running.add(&session);
        let taking = self.taken(&session, changed, running);
        // Its end is not dropped: whether it was kept has to be known.
        let done = match self.watched(running, taking).await {
            Ok((applied, id)) => self.kept(&session, id).await.map(|()| applied),
            Err(error) => Err(error),
        };
        // Its end takes back what was not kept. A person who has stopped it does not wait for that.
        if !self.cancel.is_cancelled() {
            session.close().await;
        }
        done
    }

    /// Takes the rows over; what was, and the transaction that is still open.
    async fn taken(
        &self,
        session: &Connection,
        changed: Changed,
        running: &Running,
    ) -> Result<(Applied, i64), Error> {
        let snapshot = session.query_one("SELECT pg_export_snapshot()", &[]).await;
        let doing = "sharing a snapshot";
        let snapshot = snapshot.map_err(|error| Error::Source(session.failed(doing, error)))?;
        let snapshot: String = snapshot.get(0);
        let mut stage = Stage {
            session,
            changed,
            lying: Vec::new(),
            rows: [0; 2],
        };
        let order = Order::read(session).await.map_err(Error::Source)?;
        let from = (Some(snapshot.as_str()), running);
        let divergence = self.walk(from, &order, &mut stage).await?;
        self.progress.activity("Taking the rows over");
        let lying = stage.lying;
        let tables = taken_over(session, &lying, changed, &order).await?;
        let sequences = self.raised(session).await?;
        let id = session.query_one("SELECT txid_current()", &[]).await;
        let id = id.map_err(|error| {
            Error::NotTakenOver(session.failed("naming the transaction", error))
        })?;
        let applied = Applied {
            at: Timestamp::now(),
            endpoint: self.source.endpoint(),
            tables,
            sequences,
            left_out: divergence.tables.iter().filter_map(left_out).collect(),
        };
        Ok((applied, id.get(0)))
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
        let conflicting = lies.conflicting(session, changed, counts.0).await;
        let conflicting = conflicting.map_err(failed)?;
        tables.push(AppliedTable {
            conflicting,
            ..told(lies, changed, counts, &triggers)
        });
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
        key: lies.key.clone(),
        conflicting: Vec::new(),
    }
}

/// What of a table cannot be taken over row by row.
fn left_out(table: &DivergedTable) -> Option<LeftOut> {
    let why = table.apart.clone()?;
    let what = table.name();
    Some(LeftOut { what, why })
}
