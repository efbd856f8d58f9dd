//! A ledger that is needed no more: this run's part of it goes, and with the last run all of it.

use super::{Ledger, Place};
use crate::postgres::{Error, quote};

/// The ledger's tables, in an order in which rows can go: those that others refer to are last.
const TABLES: [&str; 10] = [
    "chunks",
    "tables",
    "snapshots",
    "built",
    "deferred",
    "selections",
    "overwritten",
    "large_objects",
    "objects_in_the_way",
    "runs",
];

/// What became of a run's ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// The target has none.
    Nothing,
    /// The schema of its name is somebody else's: it was not touched.
    Foreign,
    /// There is a ledger, of these runs, and this run has no part in it: it was not touched.
    OfOthers(Vec<String>),
    /// It is gone, with its schema.
    All,
    /// Its tables are gone; its schema stays, since somebody has put something else there.
    Tables,
    /// This run's part is gone; the rest is of these runs.
    Part(Vec<String>),
}

impl Ledger<'_> {
    /// Drops this run's part of the ledger; all of it when no other run has a part. Nothing that is
    /// not the ledger's own is ever dropped. Waits a moment for who works on it.
    ///
    /// # Errors
    /// The server's; then all is as it was. A ledger that is locked, or that others' objects refer
    /// to, is not dropped.
    pub async fn drop_own(&self) -> Result<Dropped, Error> {
        match Place::of(self.connection).await? {
            Place::Free => return Ok(Dropped::Nothing),
            Place::Foreign => return Ok(Dropped::Foreign),
            Place::Ledger => {}
        }
        let (own, others): (Vec<_>, Vec<_>) = Self::runs(self.connection)
            .await?
            .into_iter()
            .partition(|run| run == self.run);
        if own.is_empty() {
            return Ok(Dropped::OfOthers(others));
        }
        let sql = match others.is_empty() {
            true => self.dropping_all(),
            false => self.dropping_part(),
        };
        let dropped = self.connection.batch("dropping the ledger", &sql).await;
        if dropped.is_err() && !self.connection.is_closed() {
            self.connection
                .batch("keeping the ledger", "ROLLBACK")
                .await?;
        }
        dropped?;
        match others.is_empty() {
            true => self.what_is_left().await,
            false => Ok(Dropped::Part(others)),
        }
    }

    /// SQL that drops all tables of a ledger, of whichever runs, and nothing else: what others have
    /// put into its schema stays. Where something stands on one of them, it is refused.
    pub fn removal() -> String {
        let tables = TABLES.map(|table| format!("neonlift.{table}")).join(", ");
        format!("DROP TABLE IF EXISTS {tables}")
    }

    /// SQL that drops the tables, and the schema when nothing else is in it. A run that has joined
    /// meanwhile is met by the lock, and keeps it.
    fn dropping_all(&self) -> String {
        let (run, removal) = (quote::literal(self.run), Self::removal());
        format!(
            "BEGIN; SET LOCAL lock_timeout = '10s'; LOCK TABLE neonlift.runs IN ACCESS EXCLUSIVE MODE;
             DO $neonlift$ BEGIN
               IF EXISTS (SELECT FROM neonlift.runs WHERE run <> {run}) THEN
                 RAISE object_in_use USING MESSAGE = 'another migration has begun to use the ledger';
               END IF;
             END $neonlift$;
             {removal};
             DO $neonlift$ BEGIN
               DROP SCHEMA neonlift;
             EXCEPTION WHEN dependent_objects_still_exist THEN NULL;
             END $neonlift$;
             COMMIT"
        )
    }

    /// SQL that takes this run's rows out. An older ledger lacks some of the tables.
    fn dropping_part(&self) -> String {
        let run = quote::literal(self.run);
        let tables = TABLES.map(quote::literal).join(", ");
        format!(
            "BEGIN; SET LOCAL lock_timeout = '10s';
             DO $neonlift$ DECLARE name text; BEGIN
               FOREACH name IN ARRAY ARRAY[{tables}] LOOP
                 IF to_regclass('neonlift.' || name) IS NOT NULL THEN
                   EXECUTE format('DELETE FROM neonlift.%I WHERE run = $1', name) USING {run};
                 END IF;
               END LOOP;
             END $neonlift$;
             COMMIT"
        )
    }

    async fn what_is_left(&self) -> Result<Dropped, Error> {
        let sql = "SELECT to_regnamespace('neonlift') IS NULL";
        let row = self
            .connection
            .query_one(sql, &[])
            .await
            .map_err(Error::while_doing("looking whether the ledger is gone"))?;
        Ok(match row.get(0) {
            true => Dropped::All,
            false => Dropped::Tables,
        })
    }
}
