//! The rows as a file: for people to read, for `psql` to run.

use super::order::Order;
use super::walk::Taker;
use super::{Error, statements};
use crate::compare::differences::Rows;
use crate::durable;
use crate::figures::{counted, hex};
use crate::postgres::catalogue::{Sequence, Table};
use crate::postgres::{Error as PostgresError, quote};
use crate::session::report::{DivergedTable, Divergence, LeftOut, RowsFile};
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio_postgres::CopyOutStream;
use tokio_postgres::types::Oid;

/// What stands before the rows: all or nothing, and values read as they were written.
const BEGIN: &str = "\\set ON_ERROR_STOP on\nBEGIN;\n\
    SET LOCAL client_encoding = 'UTF8';\nSET LOCAL standard_conforming_strings = on;\n\
    SET LOCAL DateStyle = 'ISO';\nSET LOCAL IntervalStyle = 'postgres';\n\
    SET LOCAL TimeZone = 'UTC';\nSET LOCAL row_security = off;\nSET CONSTRAINTS ALL DEFERRED;\n";

/// A file on its way, for its owner only: removed unless it is completed.
pub(super) struct Script {
    path: PathBuf,
    partial: NamedTempFile,
    to: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
    /// Rows added and changed.
    rows: [u64; 2],
    /// How many tables with changed rows have begun.
    tables: u32,
    /// Whether changed rows of the table at hand have come.
    has_changed: bool,
    /// Of each table the columns that no UPDATE sets.
    fixed: HashMap<Oid, Vec<String>>,
    left_out: Vec<LeftOut>,
}

impl Script {
    /// Begins the file; `told` are lines about it.
    pub(super) async fn create(
        path: &Path,
        told: &[String],
        (order, fixed): (&Order, HashMap<Oid, Vec<String>>),
    ) -> Result<Self, Error> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let partial = tempfile::Builder::new()
            .prefix("neon_rows-")
            .suffix(".sql.partial")
            .tempfile_in(folder)
            .map_err(Error::file("create a file in", folder))?;
        let file = partial.reopen().map_err(Error::file("open", path))?;
        let mut script = Self {
            path: path.to_owned(),
            partial,
            to: BufWriter::with_capacity(64 * 1024, File::from_std(file)),
            hash: Sha256::new(),
            bytes: 0,
            rows: [0; 2],
            tables: 0,
            has_changed: false,
            fixed,
            left_out: Vec::new(),
        };
        for line in told {
            script.comment(line).await?;
        }
        script.text(BEGIN).await?;
        script.text(&order.waiting()[0]).await?;
        Ok(script)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        let written = self.to.write_all(bytes).await;
        written.map_err(Error::file("write", &self.path))
    }

    async fn text(&mut self, text: &str) -> Result<(), Error> {
        self.write(text.as_bytes()).await
    }

    /// A line break in a name would end the comment.
    async fn comment(&mut self, text: &str) -> Result<(), Error> {
        let line = text.replace(['\n', '\r'], " ");
        self.text(&format!("-- {line}\n")).await
    }

    /// The table that holds changed rows until they are taken over.
    fn changed_table(&self) -> String {
        format!("pg_temp.neonlift_changed_{}", self.tables)
    }

    async fn copy(&mut self, into: &str, table: &Table) -> Result<(), Error> {
        let columns = names(table);
        let columns = quote::identifiers(columns);
        self.text(&format!("COPY {into} ({columns}) FROM stdin;\n"))
            .await
    }

    /// Sets the sequences, when nothing else is to come, and gives the file its name.
    pub(super) async fn complete(
        mut self,
        divergence: &Divergence,
        order: &Order,
        sequences: &[Sequence],
    ) -> Result<RowsFile, Error> {
        self.text("SET CONSTRAINTS ALL IMMEDIATE;\n").await?;
        self.text(&order.waiting()[1]).await?;
        for table in &divergence.tables {
            self.leave(table).await?;
        }
        if !sequences.is_empty() {
            self.comment("What counts goes on behind the numbers above.")
                .await?;
        }
        for sequence in sequences {
            self.text(&format!("{}\n", sequence.setting())).await?;
        }
        self.text("COMMIT;\n").await?;
        let flushed = async {
            self.to.flush().await?;
            self.to.get_ref().sync_all().await
        };
        flushed.await.map_err(Error::file("write", &self.path))?;
        let named = self.partial.persist_noclobber(&self.path);
        named.map_err(|error| Error::file("name", &self.path)(error.error))?;
        durable::sync_folder(&self.path).map_err(Error::file("write", &self.path))?;
        Ok(RowsFile {
            at: divergence.at,
            file: self.path.display().to_string(),
            bytes: self.bytes,
            sha256: hex(&self.hash.finalize()),
            added: self.rows[0],
            changed: self.rows[1],
            left_out: self.left_out,
        })
    }

    /// Says what of a table is not in the file.
    async fn leave(&mut self, table: &DivergedTable) -> Result<(), Error> {
        let (rows, _, deleted) = table.lost();
        let why = match &table.apart {
            Some(why) => format!("{why}; {} there", counted(rows, "row")),
            None if deleted > 0 => format!(
                "{} that only the old database has: deleted on the target, or written to the old database since",
                counted(deleted, "row")
            ),
            None => return Ok(()),
        };
        let what = table.name();
        self.comment(&format!("Not in here: {what}: {why}")).await?;
        self.left_out.push(LeftOut { what, why });
        Ok(())
    }
}

fn names(table: &Table) -> impl Iterator<Item = &str> {
    table.copied_columns().map(|column| column.name.as_str())
}

impl Taker for Script {
    fn wants(&self, _: bool) -> bool {
        true
    }

    async fn take(
        &mut self,
        rows: &Rows<'_>,
        changed: bool,
        values: CopyOutStream,
    ) -> Result<u64, Error> {
        let table = rows.left;
        let into = match changed {
            false => table.name.sql(),
            true => {
                if !std::mem::replace(&mut self.has_changed, true) {
                    self.tables += 1;
                    let (to, columns) = (self.changed_table(), quote::identifiers(names(table)));
                    let like = format!(
                        "CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {columns} FROM {} WITH NO DATA;\n",
                        to.trim_start_matches("pg_temp."),
                        table.only_sql()
                    );
                    self.text(&like).await?;
                }
                self.changed_table()
            }
        };
        let kind = match changed {
            false => "rows that only the target has",
            true => "rows that are changed on the target",
        };
        self.comment(&format!("{}: {kind}", table.name)).await?;
        self.copy(&into, table).await?;
        let mut count = 0;
        let mut values = pin!(values);
        let doing = || PostgresError::while_doing(format!("reading the rows of {}", table.name));
        while let Some(piece) = values
            .try_next()
            .await
            .map_err(doing())
            .map_err(Error::Target)?
        {
            // In COPY's text form a line break ends a row; one within a value is written as \n.
            count += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.write(&piece).await?;
        }
        self.text("\\.\n").await?;
        self.rows[usize::from(changed)] += count;
        Ok(count)
    }

    async fn end(&mut self, rows: &Rows<'_>, _: &DivergedTable) -> Result<(), Error> {
        if std::mem::take(&mut self.has_changed) {
            let from = self.changed_table();
            let fixed = self
                .fixed
                .get(&rows.left.oid)
                .map_or(&[][..], Vec::as_slice);
            let update =
                statements::update(rows.left, (&rows.key, &rows.source_equality), &from, fixed);
            if let Some(update) = update {
                self.text(&format!("{update};\n")).await?;
            }
        }
        Ok(())
    }
}
