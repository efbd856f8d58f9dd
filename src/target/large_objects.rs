//! The ledger's part about large objects.

use super::Ledger;
use crate::postgres::{Connection, Error, quote};
use crate::session::report::LoadedObjects;
use tokio_postgres::types::Oid;

/// The mark that every large object is in.
const COMPLETE: &str = "all large objects";

/// Objects taken out by one transaction: each takes a lock until its end.
const TAKEN_OUT_TOGETHER: i64 = 500;

/// The SQLSTATE (our own) of the refusal to remove large objects that belong to another role.
pub const OTHERS_OBJECTS: &str = "NLO01";

/// Creates it; part of the ledger's creation. `visible` is the moment of the source that the
/// object's bytes show. `objects_in_the_way` are those of the target that have to go first.
pub(super) const CREATE: &str = "
CREATE TABLE IF NOT EXISTS neonlift.large_objects (
  run text REFERENCES neonlift.runs, oid oid, bytes bigint, visible text NOT NULL,
  PRIMARY KEY (run, oid));
CREATE TABLE IF NOT EXISTS neonlift.objects_in_the_way (
  run text REFERENCES neonlift.runs, oid oid, PRIMARY KEY (run, oid));
";

/// One run's large objects in the ledger.
#[derive(Debug)]
pub struct LargeObjects<'a> {
    connection: &'a Connection,
    run: &'a str,
}

impl<'a> LargeObjects<'a> {
    /// Those of a run, over a connection to the target.
    pub fn new(connection: &'a Connection, run: &'a str) -> Self {
        Self { connection, run }
    }

    /// Whether all are in, and none was begun to be moved since.
    pub async fn are_complete(&self) -> Result<bool, Error> {
        Ledger::new(self.connection, self.run)
            .has_mark(COMPLETE)
            .await
    }

    /// Marks that all are in. The lock is the one that [`LargeObjects::begin`] waits for.
    pub async fn complete(&self) -> Result<(), Error> {
        let (run, mark) = (quote::literal(self.run), quote::literal(COMPLETE));
        let sql = format!(
            "BEGIN; LOCK TABLE neonlift.large_objects IN ROW EXCLUSIVE MODE;
             INSERT INTO neonlift.built (run, definition) VALUES ({run}, {mark}) ON CONFLICT DO NOTHING;
             COMMIT"
        );
        self.connection
            .batch("marking that all large objects are in", &sql)
            .await
    }

    /// Waits for the end of an attempt whose connection was lost, and takes back the mark that all
    /// are in: from now on some may be taken out, and others are missing.
    pub async fn begin(&self) -> Result<(), Error> {
        let (run, mark) = (quote::literal(self.run), quote::literal(COMPLETE));
        let sql = format!(
            "BEGIN; LOCK TABLE neonlift.large_objects IN SHARE MODE;
             DELETE FROM neonlift.built WHERE (run, definition) = ({run}, {mark}); COMMIT"
        );
        self.connection
            .batch("waiting for what a lost connection still writes", &sql)
            .await
    }

    /// The moments of the source that the objects show: one, unless a transfer was stopped.
    pub async fn moments(&self) -> Result<Vec<String>, Error> {
        let sql = "SELECT DISTINCT visible FROM neonlift.large_objects WHERE run = $1";
        let rows = self.connection.query(sql, &[&self.run]).await;
        let rows = rows.map_err(Error::while_doing("reading the ledger"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The highest number that is in. They come in order.
    pub async fn last(&self) -> Result<Option<Oid>, Error> {
        let sql = "SELECT max(oid) FROM neonlift.large_objects WHERE run = $1";
        let row = self.connection.query_one(sql, &[&self.run]).await;
        Ok(row
            .map_err(Error::while_doing("reading the ledger"))?
            .get(0))
    }

    /// How many are in, and their bytes.
    pub async fn loaded(&self) -> Result<LoadedObjects, Error> {
        let sql = "SELECT count(*), COALESCE(sum(bytes), 0)::bigint FROM neonlift.large_objects
                   WHERE run = $1";
        let row = self.connection.query_one(sql, &[&self.run]).await;
        let row = row.map_err(Error::while_doing("reading the ledger"))?;
        let number = |at| u64::try_from(row.get::<_, i64>(at)).unwrap_or(0);
        Ok(LoadedObjects {
            objects: number(0),
            bytes: number(1),
        })
    }

    /// Marks objects as in; stands first in the transaction that makes them.
    pub async fn mark(&self, pieces: &[(Oid, i64)], visible: &str) -> Result<(), Error> {
        let (objects, bytes): (Vec<Oid>, Vec<i64>) = pieces.iter().copied().unzip();
        let sql = "INSERT INTO neonlift.large_objects (run, oid, bytes, visible)
                   SELECT $1, oid, bytes, $4 FROM unnest($2::oid[], $3::bigint[]) made(oid, bytes)";
        let marked = self
            .connection
            .execute(sql, &[&self.run, &objects, &bytes, &visible])
            .await;
        marked.map_err(Error::while_doing("marking large objects in the ledger"))?;
        Ok(())
    }

    /// Notes the size of an object that is larger than what was marked.
    pub async fn note_size(&self, oid: Oid, bytes: i64) -> Result<(), Error> {
        let sql = "UPDATE neonlift.large_objects SET bytes = $3 WHERE (run, oid) = ($1, $2)";
        let noted = self
            .connection
            .execute(sql, &[&self.run, &oid, &bytes])
            .await;
        noted.map_err(Error::while_doing(
            "noting a large object's size in the ledger",
        ))?;
        Ok(())
    }

    /// Takes out of the target the objects that show this moment of the source.
    pub async fn take_out(&self, visible: &str) -> Result<(), Error> {
        let which = format!("visible = {}", quote::literal(visible));
        self.remove("large_objects", &which).await
    }

    /// SQL that notes all large objects of the target as in the way, for
    /// [`LargeObjects::clear_the_way`]. Refused with [`OTHERS_OBJECTS`] when some are somebody
    /// else's; the message is how many.
    pub fn noting_in_the_way(run: &str) -> String {
        let check = quote::block(&format!(
            "DECLARE others bigint;
             BEGIN
               SELECT count(*) INTO others FROM pg_largeobject_metadata
                 WHERE NOT pg_has_role(lomowner, 'USAGE') AND NOT current_setting('lo_compat_privileges')::bool;
               IF others > 0 THEN
                 RAISE EXCEPTION USING ERRCODE = '{OTHERS_OBJECTS}', MESSAGE = others::text;
               END IF;
             END"
        ));
        format!(
            "{check}; INSERT INTO neonlift.objects_in_the_way (run, oid)
             SELECT {}, oid FROM pg_largeobject_metadata",
            quote::literal(run)
        )
    }

    /// Removes what was noted as in the way and is still there. Some at a time: a server has no
    /// room for as many locks as there may be objects.
    pub async fn clear_the_way(&self) -> Result<(), Error> {
        self.remove("objects_in_the_way", "true").await
    }

    /// Removes objects with their rows in a table of the ledger.
    async fn remove(&self, table: &str, which: &str) -> Result<(), Error> {
        let sql = format!(
            "WITH mine AS (DELETE FROM neonlift.{table} WHERE (run, oid) IN
               (SELECT run, oid FROM neonlift.{table}
                WHERE run = {run} AND {which} LIMIT {TAKEN_OUT_TOGETHER}) RETURNING oid)
             SELECT count(*), count(lo_unlink(oid)) FILTER
               (WHERE EXISTS (SELECT FROM pg_largeobject_metadata o WHERE o.oid = mine.oid))
             FROM mine",
            run = quote::literal(self.run),
        );
        loop {
            let row = self.connection.query_one(&sql, &[]).await;
            let row = row.map_err(Error::while_doing("taking out large objects"))?;
            if row.get::<_, i64>(0) == 0 {
                return Ok(());
            }
        }
    }
}
