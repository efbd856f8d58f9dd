//! Loads one chunk: its rows and its mark in the ledger in one transaction.

use super::{ChunkKey, Error, open};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, quote};
use crate::progress::{Lap, Meter};
use crate::source::{Format, Rows, Shipment};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, TryStreamExt};
use std::pin::pin;
use tokio_postgres::CopyInSink;
use tokio_util::sync::CancellationToken;

/// Rows are gathered into buffers of this size: one message a row would flush once a row.
const BUFFER: usize = 64 * 1024;

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    /// It is in now.
    Now {
        /// Rows that the target stored.
        rows: u64,
        /// Bytes of COPY data.
        bytes: u64,
    },
    /// It was in already: an earlier commit whose answer got lost.
    Before,
}

/// One connection that loads chunks.
#[derive(Debug)]
pub struct Loader {
    connection: Connection,
    run: String,
}

impl Loader {
    /// Opens a connection for loading.
    pub async fn open(
        string: &ConnectionString,
        run: &str,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let connection = open(string, cancel).await?;
        // Safe: rows and their mark in the ledger are lost together, or not at all, and the mark
        // that all rows are in is committed synchronously, which makes what was before it durable.
        connection
            .batch("setting up the loading", "SET synchronous_commit = off")
            .await?;
        Ok(Self {
            connection,
            run: run.to_owned(),
        })
    }

    /// Loads a chunk. On an error nothing of it stays; this loader must not be used again then.
    /// The meter is bumped as rows pass; what a failed attempt counted is taken back.
    pub async fn load(
        &mut self,
        key: &ChunkKey,
        shipment: &Shipment,
        rows: Rows,
        meter: &Meter,
    ) -> Result<Loaded, Error> {
        if !self.claim(key).await? {
            return Ok(Loaded::Before);
        }
        let columns = quote::identifiers(shipment.columns.iter().map(String::as_str));
        let columns = if columns.is_empty() {
            columns
        } else {
            format!("({columns})")
        };
        let copy = format!(
            "COPY {} {columns} FROM STDIN {}",
            key.table.sql(),
            shipment.format.sql()
        );
        let failed = PostgresError::while_doing(format!("writing {}", key.table));
        let sink = self.connection.copy_in(&copy).await.map_err(failed)?;
        let mut lap = Lap::new(meter);
        let (sent, bytes, stored) = self.pump(rows, sink, shipment, &mut lap).await?;
        if sent != stored {
            return Err(Error::RowsLost {
                table: key.table.clone(),
                sent,
                stored,
            });
        }
        self.commit(key, stored, bytes).await?;
        lap.keep();
        Ok(Loaded::Now {
            rows: stored,
            bytes,
        })
    }

    /// Begins the chunk's transaction and locks its row of the ledger. If an earlier attempt's
    /// transaction is still dying on the server, this waits for its end.
    async fn claim(&self, key: &ChunkKey) -> Result<bool, Error> {
        self.connection.batch("beginning a chunk", "BEGIN").await?;
        let row = self
            .connection
            .query_one(
                "SELECT loaded_at IS NULL FROM neonlift.chunks
                 WHERE (run, schema_name, table_name, chunk) = ($1, $2, $3, $4) FOR UPDATE",
                &[&self.run, &key.table.schema, &key.table.name, &key.number],
            )
            .await
            .map_err(PostgresError::while_doing("claiming a chunk in the ledger"))?;
        let open: bool = row.get(0);
        if !open {
            self.connection.batch("leaving a chunk", "COMMIT").await?;
        }
        Ok(open)
    }

    async fn commit(&self, key: &ChunkKey, rows: u64, bytes: u64) -> Result<(), Error> {
        let (schema, name) = (
            quote::literal(&key.table.schema),
            quote::literal(&key.table.name),
        );
        let (run, number) = (quote::literal(&self.run), key.number);
        let sql = format!(
            "UPDATE neonlift.chunks SET rows = {rows}, bytes = {bytes}, loaded_at = now()
             WHERE (run, schema_name, table_name, chunk) = ({run}, {schema}, {name}, {number});
             COMMIT"
        );
        Ok(self.connection.batch("committing a chunk", &sql).await?)
    }

    /// Carries the bytes over; returns rows sent, bytes sent and rows stored.
    async fn pump(
        &self,
        mut rows: Rows,
        sink: CopyInSink<Bytes>,
        shipment: &Shipment,
        lap: &mut Lap<'_>,
    ) -> Result<(u64, u64, u64), Error> {
        let mut sink = pin!(sink);
        // A send fails with "closed"; why, only the connection knows.
        let doing = format!("writing {}", shipment.table);
        let failed = |error| self.connection.failed(&doing, error);
        let mut buffer = BytesMut::with_capacity(2 * BUFFER);
        let (mut pieces, mut bytes) = (0_u64, 0_u64);
        let mut metered = 0;
        while let Some(piece) = rows.try_next().await? {
            buffer.extend_from_slice(&piece);
            bytes += piece.len() as u64;
            pieces += 1;
            if buffer.len() >= BUFFER {
                lap.add(pieces - metered, buffer.len() as u64);
                metered = pieces;
                sink.feed(buffer.split().freeze()).await.map_err(failed)?;
            }
        }
        // PostgreSQL sends a row a message; in binary form the trailer is one more.
        let sent = match shipment.format {
            Format::Binary => pieces.saturating_sub(1),
            Format::Text => pieces,
        };
        lap.add(sent.saturating_sub(metered), buffer.len() as u64);
        if !buffer.is_empty() {
            sink.feed(buffer.freeze()).await.map_err(failed)?;
        }
        let stored = sink.finish().await.map_err(failed)?;
        Ok((sent, bytes, stored))
    }
}
