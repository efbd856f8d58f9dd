//! What a catalogue says of every object, read in few queries. Names are qualified because the
//! session's search path is empty; no OID, no place on disk, no owner and no right is read.

mod attached;
mod others;
mod relations;
mod routines;
mod types;

use super::object::{Id, Object};
use crate::postgres::{Connection, Error};
use tokio_postgres::Row;

/// What all queries look into: schemas and relations that people made, and what extensions own.
///
/// Each query gives rows of one form: kind, schema, table, name, whether it is a part that comes
/// and goes with the same of a parent, the SQL that makes it if that can be said in one statement,
/// and its aspects, each followed by its value.
const SCOPE: &str = "
    WITH members AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
    spaces AS (
      SELECT oid, nspname FROM pg_namespace
      WHERE nspname <> 'information_schema' AND nspname <> 'neonlift' AND nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_namespace'::regclass, pg_namespace.oid))),
    relations AS (
      SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS called FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace
      WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_class'::regclass, c.oid)))";

/// Every object of a database that a comparison of definitions is about.
///
/// # Errors
/// The server's.
pub(super) async fn read(connection: &Connection) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for sql in [
        relations::SQL,
        attached::SQL,
        routines::SQL,
        types::SQL,
        others::SQL,
    ] {
        let rows = connection.query(&format!("{SCOPE} {sql}"), &[]).await;
        let rows = rows.map_err(Error::while_doing("reading the definitions"))?;
        objects.extend(rows.iter().map(object));
    }
    Ok(objects)
}

fn object(row: &Row) -> Object {
    let told: Vec<Option<String>> = row.get(6);
    let pairs = told.chunks_exact(2);
    let aspects = pairs.filter_map(|pair| Some((pair[0].clone()?, pair[1].clone()?)));
    Object {
        id: Id {
            kind: row.get(0),
            schema: row.get(1),
            table: row.get(2),
            name: row.get(3),
        },
        follows_parent: row.get(4),
        sql: row.get(5),
        aspects: aspects.collect(),
    }
}
