//! Loads chunks: their rows and their marks in the ledger in one transaction.

use super::{ChunkKey, Error, open};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, quote};
use crate::progress::{Lap, Meter};
use crate::source::{Format, Range, Reader, Rows, Shipment};
use bytes::{Bytes, BytesMut};
use futures_util::future::try_join_all;
use futures_util::{SinkExt, TryStreamExt};
use std::collections::HashMap;
use std::pin::Pin;
use tokio_postgres::{CopyInSink, Statement};
use tokio_util::sync::CancellationToken;

/// Rows are gathered into buffers of this size: one message a row would flush once a row.
const BUFFER: usize = 64 * 1024;

/// A chunk to load.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Which one.
    pub key: &'a ChunkKey,
    /// How its rows travel.
    pub shipment: &'a Shipment,
    /// Which rows of the table.
    pub range: Range,
    /// Bumped as rows pass; what a failed attempt counted is taken back.
    pub meter: &'a Meter,
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
        Ok(Self {
            connection,
            run: run.to_owned(),
        })
    }

    /// Loads chunks in one transaction, skipping those that are in already: an earlier commit
    /// whose answer got lost. On an error nothing of them stays; neither this loader nor the reader
    /// must be used again then.
    ///
    /// Each COPY begins while the one before ends, so that on a long road a small table costs one
    /// round trip.
    pub async fn load(&self, parts: &[Part<'_>], reader: &mut impl Reader) -> Result<(), Error> {
        let mut loaded = Vec::with_capacity(parts.len());
        let mut laps = Vec::with_capacity(parts.len());
        let mut last: Option<Copying<'_>> = None;
        for (part, copy) in self.begin(parts).await? {
            let (before, rows, mut copy) = tokio::try_join!(
                Copying::finish(last.take()),
                async { Ok(reader.read(part.shipment, part.range).await?) },
                self.copy_in(part, &copy),
            )?;
            loaded.extend(before);
            let mut lap = Lap::new(part.meter);
            copy.pump(rows, &mut lap).await?;
            laps.push(lap);
            last = Some(copy);
        }
        loaded.extend(Copying::finish(last).await?);
        self.commit(&loaded).await?;
        laps.into_iter().for_each(Lap::keep);
        Ok(())
    }

    /// Begins a transaction, locks the chunks' rows of the ledger and prepares the COPYs, all in
    /// one round trip. If an earlier attempt's transaction is still dying on the server, this waits
    /// for its end. Gives the chunks that are not in yet.
    async fn begin<'p>(&self, parts: &[Part<'p>]) -> Result<Vec<(Part<'p>, Statement)>, Error> {
        // Asynchronous commits are safe: rows and their mark in the ledger are lost together, or
        // not at all, and the mark that all rows are in is committed synchronously, which makes
        // what was before it durable.
        let begin = "BEGIN; SET LOCAL synchronous_commit = off";
        let prepare = parts.iter().map(|part| async {
            let prepared = self.connection.prepare(&copy_in(part.shipment)).await;
            prepared.map_err(|error| self.connection.failed(&writing(part.key), error))
        });
        let ((), claimed, copies) = tokio::try_join!(
            self.connection.batch("beginning a chunk", begin),
            self.claim(parts),
            try_join_all(prepare),
        )?;
        let mut open = Vec::with_capacity(parts.len());
        for (part, copy) in parts.iter().zip(copies) {
            match claimed.get(part.key) {
                Some(true) => open.push((*part, copy)),
                Some(false) => {}
                None => return Err(Error::NotPlanned(part.key.table.clone())),
            }
        }
        Ok(open)
    }

    /// Locks the chunks' rows of the ledger; for each, whether it is still to be loaded.
    async fn claim(&self, parts: &[Part<'_>]) -> Result<HashMap<ChunkKey, bool>, PostgresError> {
        let keys: Vec<String> = parts.iter().map(|part| self.key(part.key)).collect();
        let sql = format!(
            "SELECT schema_name, table_name, chunk, loaded_at IS NULL FROM neonlift.chunks
             WHERE (run, schema_name, table_name, chunk) IN ({})
             ORDER BY schema_name, table_name, chunk FOR UPDATE",
            keys.join(", ")
        );
        let rows = self.connection.query(&sql, &[]).await;
        let rows = rows.map_err(|error| {
            self.connection
                .failed("claiming chunks in the ledger", error)
        })?;
        let claimed = rows.iter().map(|row| {
            let key = ChunkKey::new(row.get(0), row.get(1), row.get(2));
            (key, row.get(3))
        });
        Ok(claimed.collect())
    }

    async fn copy_in<'a>(
        &'a self,
        part: Part<'a>,
        statement: &Statement,
    ) -> Result<Copying<'a>, Error> {
        let sink = self.connection.copy_in(statement).await;
        let sink = sink.map_err(|error| self.connection.failed(&writing(part.key), error))?;
        Ok(Copying {
            connection: &self.connection,
            key: part.key,
            format: part.shipment.format,
            sink: Box::pin(sink),
            pieces: 0,
            bytes: 0,
        })
    }

    async fn commit(&self, loaded: &[Loaded<'_>]) -> Result<(), PostgresError> {
        let mark = |loaded: &Loaded<'_>| {
            let Loaded { key, rows, bytes } = loaded;
            format!(
                "UPDATE neonlift.chunks SET rows = {rows}, bytes = {bytes}, loaded_at = now()
                 WHERE (run, schema_name, table_name, chunk) = {};",
                self.key(key)
            )
        };
        let sql = format!("{} COMMIT", loaded.iter().map(mark).collect::<String>());
        self.connection.batch("committing chunks", &sql).await
    }

    /// A chunk's key in the ledger as SQL.
    fn key(&self, key: &ChunkKey) -> String {
        let (run, schema) = (quote::literal(&self.run), quote::literal(&key.table.schema));
        let (table, number) = (quote::literal(&key.table.name), key.number);
        format!("({run}, {schema}, {table}, {number})")
    }
}

/// A chunk whose rows the server has taken.
struct Loaded<'a> {
    key: &'a ChunkKey,
    rows: u64,
    bytes: u64,
}

/// A COPY under way.
struct Copying<'a> {
    connection: &'a Connection,
    key: &'a ChunkKey,
    format: Format,
    sink: Pin<Box<CopyInSink<Bytes>>>,
    /// Messages of the source.
    pieces: u64,
    bytes: u64,
}

impl<'a> Copying<'a> {
    /// Carries the bytes over.
    async fn pump(&mut self, mut rows: Rows, lap: &mut Lap<'_>) -> Result<(), Error> {
        let mut buffer = BytesMut::with_capacity(2 * BUFFER);
        let mut metered = 0;
        while let Some(piece) = rows.try_next().await? {
            buffer.extend_from_slice(&piece);
            self.pieces += 1;
            if buffer.len() >= BUFFER {
                lap.add(self.pieces - metered, buffer.len() as u64);
                metered = self.pieces;
                self.send(&mut buffer).await?;
            }
        }
        lap.add(self.sent().saturating_sub(metered), buffer.len() as u64);
        if !buffer.is_empty() {
            self.send(&mut buffer).await?;
        }
        Ok(())
    }

    async fn send(&mut self, buffer: &mut BytesMut) -> Result<(), Error> {
        self.bytes += buffer.len() as u64;
        let fed = self.sink.feed(buffer.split().freeze()).await;
        // A send fails with "closed"; why, only the connection knows.
        Ok(fed.map_err(|error| self.connection.failed(&writing(self.key), error))?)
    }

    /// Rows so far. PostgreSQL sends a row a message; in binary form the trailer is one more.
    fn sent(&self) -> u64 {
        match self.format {
            Format::Binary => self.pieces.saturating_sub(1),
            Format::Text => self.pieces,
        }
    }

    /// Ends the COPY, if there is one.
    async fn finish(copy: Option<Self>) -> Result<Option<Loaded<'a>>, Error> {
        let Some(mut copy) = copy else {
            return Ok(None);
        };
        let stored = copy.sink.as_mut().finish().await;
        let stored = stored.map_err(|error| copy.connection.failed(&writing(copy.key), error))?;
        let (key, sent, bytes) = (copy.key, copy.sent(), copy.bytes);
        if sent != stored {
            let table = key.table.clone();
            return Err(Error::RowsLost {
                table,
                sent,
                stored,
            });
        }
        Ok(Some(Loaded {
            key,
            rows: stored,
            bytes,
        }))
    }
}

/// What is being done, for errors.
fn writing(key: &ChunkKey) -> String {
    format!("writing {}", key.table)
}

fn copy_in(shipment: &Shipment) -> String {
    let columns = quote::identifiers(shipment.columns.iter().map(String::as_str));
    let columns = if columns.is_empty() {
        columns
    } else {
        format!("({columns})")
    };
    let (table, format) = (shipment.table.sql(), shipment.format.sql());
    format!("COPY {table} {columns} FROM STDIN {format}")
}
