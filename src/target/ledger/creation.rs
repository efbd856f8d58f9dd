//! The ledger's tables, and what a run was asked to move.

use super::{Ledger, overwritten};
use crate::postgres::{Error, quote};
use crate::target::large_objects;
use tokio_postgres::Row;

/// SQLSTATE `undefined_table`.
const UNDEFINED_TABLE: &str = "42P01";

/// The comment on the ledger's schema, by which it is known.
pub(super) const MARK: &str = "Ledger of a migration by neonlift; dropped when it is cleaned up";

/// Creates the ledger; part of the schema step's one transaction.
const CREATE: &str = "
CREATE SCHEMA IF NOT EXISTS neonlift;
CREATE TABLE IF NOT EXISTS neonlift.runs (
  run text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS neonlift.snapshots (
  run text REFERENCES neonlift.runs, snapshot int, identity text NOT NULL, visible text NOT NULL,
  taken_at timestamptz NOT NULL, PRIMARY KEY (run, snapshot));
CREATE TABLE IF NOT EXISTS neonlift.tables (
  run text REFERENCES neonlift.runs, schema_name text, table_name text,
  snapshot int NOT NULL, fingerprint text NOT NULL,
  PRIMARY KEY (run, schema_name, table_name));
CREATE TABLE IF NOT EXISTS neonlift.chunks (
  run text, schema_name text, table_name text, chunk int,
  from_block bigint, until_block bigint, rows bigint, bytes bigint, loaded_at timestamptz,
  PRIMARY KEY (run, schema_name, table_name, chunk),
  FOREIGN KEY (run, schema_name, table_name) REFERENCES neonlift.tables ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS neonlift.built (
  run text REFERENCES neonlift.runs, definition text, built_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, definition));
CREATE TABLE IF NOT EXISTS neonlift.deferred (
  run text REFERENCES neonlift.runs, position int, kind text NOT NULL, schema_name text NOT NULL,
  table_name text NOT NULL, name text NOT NULL, definition text NOT NULL,
  PRIMARY KEY (run, position));
CREATE TABLE IF NOT EXISTS neonlift.selections (
  run text PRIMARY KEY REFERENCES neonlift.runs, selection text NOT NULL);
";

impl Ledger<'_> {
    /// SQL that creates the ledger and notes the run with what it was asked to move.
    pub fn creation(run: &str, selection: &str) -> String {
        let (run, selection) = (quote::literal(run), quote::literal(selection));
        let mark = quote::literal(MARK);
        let more = [large_objects::CREATE, overwritten::CREATE].concat();
        format!(
            "{CREATE}COMMENT ON SCHEMA neonlift IS {mark};{more}INSERT INTO neonlift.runs (run) VALUES ({run}) ON CONFLICT DO NOTHING;
             INSERT INTO neonlift.selections VALUES ({run}, {selection}) ON CONFLICT DO NOTHING;"
        )
    }

    /// Whether the target's ledger knows this run.
    pub async fn knows_run(&self) -> Result<bool, Error> {
        self.unless_undefined("SELECT FROM neonlift.runs WHERE run = $1")
            .await
            .map(|rows| !rows.is_empty())
    }

    /// What the run was asked to move when it was begun; `None` when the ledger does not say.
    pub async fn selection(&self) -> Result<Option<String>, Error> {
        let sql = "SELECT selection FROM neonlift.selections WHERE run = $1";
        let rows = self.unless_undefined(sql).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// As [`Self::rows`], and none where there is no ledger: told by the refusal, not asked for in a
    /// round trip of its own.
    async fn unless_undefined(&self, sql: &str) -> Result<Vec<Row>, Error> {
        match self.rows(sql).await {
            Err(error) if error.sqlstate() == Some(UNDEFINED_TABLE) => Ok(Vec::new()),
            rows => rows,
        }
    }
}
