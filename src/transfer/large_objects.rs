//! Moves large objects under their own numbers: some at a time, each whole and with its mark in the
//! ledger in one transaction, so that each is there once or not at all.

use super::moved::is_same_moment;
use super::retry::Attempts;
use super::{Error, Throttle};
use crate::postgres::large_object::{self, Piece};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, quote};
use crate::progress::{Lap, Meter, Progress};
use crate::session::report::LoadedObjects;
use crate::source::postgres::PostgresSource;
use crate::target::{self, LargeObjects, Ledger};
use tokio_postgres::types::Oid;
use tokio_util::sync::CancellationToken;

/// Bytes of an object that are held at a time.
const PIECE: i32 = 256 << 10;

/// Objects that travel together. With [`PIECE`] it bounds the memory that they take: 8 MB.
const BATCH: i64 = 32;

/// Between what a snapshot sees and which it is.
const OF: &str = " of ";

/// What to move, and how.
#[derive(Debug)]
pub struct MovingObjects<'a> {
    /// The source at its moment.
    pub source: &'a PostgresSource,
    /// Where to.
    pub target: &'a ConnectionString,
    /// The run in the ledger.
    pub run: &'a str,
    /// The board.
    pub progress: &'a Progress,
    /// Says when to pause.
    pub throttle: &'a Throttle,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

impl MovingObjects<'_> {
    /// Moves all that are not there yet. Objects that show the source at another moment than this
    /// snapshot, because a transfer was stopped and the source written to since, are taken out
    /// and moved again. Once all are in, and all rows, none is ever moved or taken out again.
    ///
    /// # Errors
    /// A role that may not read one of them, a number that is taken on the target, and what
    /// connections fail of.
    pub async fn all(&self) -> Result<LoadedObjects, Error> {
        let mut attempts = Attempts::new("large objects", self.progress, self.cancel);
        loop {
            match self.attempt().await {
                Ok(loaded) => return Ok(loaded),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn attempt(&self) -> Result<LoadedObjects, Error> {
        let total = large_object::count(self.source.session()).await?;
        let connection = target::open(self.target, self.cancel).await?;
        let ledger = LargeObjects::new(&connection, self.run);
        // As long as rows may be loaded again from another moment, objects may have to be, too.
        let rows = Ledger::new(&connection, self.run);
        let (objects_in, rows_in) =
            tokio::try_join!(ledger.are_complete(), rows.rows_are_complete())?;
        if !(objects_in && rows_in) {
            let moving = self.move_missing(&connection, &ledger, total);
            connection.until_cancelled(self.cancel, moving).await??;
            ledger.complete().await?;
        }
        Ok(ledger.loaded().await?)
    }

    /// The snapshot as the ledger notes it: what it sees, and which it is.
    fn moment(&self) -> String {
        format!("{}{OF}{}", self.source.visible(), self.source.identity())
    }

    /// Whether objects noted with this moment are what this snapshot sees.
    fn is_this_moment(&self, noted: &str) -> bool {
        let visible = noted.split(OF).next().unwrap_or_default();
        noted == self.moment() || is_same_moment(visible, self.source.visible())
    }

    async fn move_missing(
        &self,
        connection: &Connection,
        ledger: &LargeObjects<'_>,
        total: u64,
    ) -> Result<(), Error> {
        ledger.begin().await?;
        // What the schema step was to overwrite: its numbers are wanted.
        ledger.clear_the_way().await?;
        for visible in ledger.moments().await? {
            if !self.is_this_moment(&visible) {
                ledger.take_out(&visible).await?;
            }
        }
        let mut last = ledger.last().await?;
        if total == 0 {
            return Ok(());
        }
        let meter = self.progress.objects("large objects", total);
        meter.begin();
        meter.set(ledger.loaded().await?.objects, total);
        loop {
            self.throttle.go().await;
            let batch = large_object::after(self.source.session(), last, BATCH).await?;
            let Some(end) = batch.last() else { break };
            last = Some(*end);
            let _carries = self.throttle.carries();
            let moved = self.move_batch(connection, ledger, &batch, &meter).await;
            if moved.is_err() && !connection.is_closed() {
                connection
                    .batch("undoing large objects", "ROLLBACK")
                    .await?;
            }
            moved?;
        }
        meter.finish();
        Ok(())
    }

    /// In one transaction: the marks, whose table a second attempt waits for; the objects with
    /// their first pieces; what more there is of each.
    async fn move_batch(
        &self,
        connection: &Connection,
        ledger: &LargeObjects<'_>,
        batch: &[Oid],
        meter: &Meter,
    ) -> Result<(), Error> {
        let mut lap = Lap::new(meter);
        let first = large_object::read(self.source.session(), batch, 0, PIECE).await?;
        connection.batch("beginning large objects", "BEGIN").await?;
        let sizes = first
            .iter()
            .map(|piece| (piece.oid, piece.bytes.len() as i64));
        let sizes: Vec<_> = sizes.collect();
        ledger.mark(&sizes, &self.moment()).await?;
        create(connection, &first).await?;
        for piece in first {
            let mut bytes = piece.bytes.len() as i64;
            if bytes == i64::from(PIECE) {
                bytes = self.rest(connection, piece.oid).await?;
                ledger.note_size(piece.oid, bytes).await?;
            }
            lap.add(1, bytes.unsigned_abs());
        }
        connection
            .batch("committing large objects", "COMMIT")
            .await?;
        lap.keep();
        Ok(())
    }

    /// What follows an object's first piece; the size of the whole object.
    async fn rest(&self, connection: &Connection, oid: Oid) -> Result<i64, Error> {
        let mut from = i64::from(PIECE);
        loop {
            let pieces = large_object::read(self.source.session(), &[oid], from, PIECE).await?;
            let Some(piece) = pieces
                .into_iter()
                .next()
                .filter(|piece| !piece.bytes.is_empty())
            else {
                return Ok(from);
            };
            connection
                .execute("SELECT lo_put($1, $2, $3)", &[&oid, &from, &piece.bytes])
                .await
                .map_err(PostgresError::while_doing(format!(
                    "writing the large object {oid}"
                )))?;
            from += piece.bytes.len() as i64;
        }
    }
}

/// Creates objects with their first pieces and their comments.
async fn create(connection: &Connection, pieces: &[Piece]) -> Result<(), Error> {
    let numbers: Vec<Oid> = pieces.iter().map(|piece| piece.oid).collect();
    let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.bytes.as_slice()).collect();
    let created = connection
        .execute(
            "SELECT lo_from_bytea(oid, bytes) FROM unnest($1::oid[], $2::bytea[]) made(oid, bytes)",
            &[&numbers, &bytes],
        )
        .await
        .map_err(PostgresError::while_doing("creating large objects"));
    match created {
        Err(error) if error.sqlstate() == Some("23505") => return Err(Error::ObjectsThere(error)),
        done => done?,
    };
    let comment = |piece: &Piece| {
        let comment = quote::literal(piece.comment.as_ref()?);
        Some(format!(
            "COMMENT ON LARGE OBJECT {} IS {comment};",
            piece.oid
        ))
    };
    let comments: String = pieces.iter().filter_map(comment).collect();
    if !comments.is_empty() {
        connection
            .batch("commenting on large objects", &comments)
            .await?;
    }
    Ok(())
}
