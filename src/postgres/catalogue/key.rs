//! Primary keys and unique constraints.

use super::{TableName, USERS_OWN};
use crate::postgres::{Connection, Error, quote};
use tokio_postgres::Row;

/// A primary key or unique constraint of a table that holds rows, with its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its table.
    pub table: TableName,
    /// Its name, and that of its index.
    pub name: String,
    /// A primary key.
    pub primary: bool,
    /// May be checked at the end of a transaction.
    pub deferrable: bool,
    /// Is checked at the end of a transaction.
    pub deferred: bool,
    /// The statement that makes its index alone.
    pub index: String,
}

impl Key {
    /// What follows `ADD CONSTRAINT name` when the index is there already.
    pub fn clause(&self) -> String {
        let kind = if self.primary {
            "PRIMARY KEY"
        } else {
            "UNIQUE"
        };
        let deferral = match (self.deferrable, self.deferred) {
            (false, _) => "",
            (true, false) => " DEFERRABLE",
            (true, true) => " DEFERRABLE INITIALLY DEFERRED",
        };
        let name = quote::identifier(&self.name);
        format!("{kind} USING INDEX {name}{deferral}")
    }
}

/// All keys that can be made of an index: those over b-trees (PostgreSQL 18's WITHOUT OVERLAPS has
/// another), and not those of partitioned tables, which take no `USING INDEX`.
pub async fn keys(connection: &Connection) -> Result<Vec<Key>, Error> {
    let sql = format!(
        "SELECT n.nspname, c.relname, k.conname, k.contype = 'p', k.condeferrable, k.condeferred,
                pg_get_indexdef(k.conindid)
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_class i ON i.oid = k.conindid JOIN pg_am a ON a.oid = i.relam
         WHERE k.contype IN ('p', 'u') AND c.relkind = 'r' AND a.amname = 'btree' AND {USERS_OWN}"
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("reading the keys"))?;
    Ok(rows.iter().map(key).collect())
}

fn key(row: &Row) -> Key {
    Key {
        table: TableName::of(row, 0),
        name: row.get(2),
        primary: row.get(3),
        deferrable: row.get(4),
        deferred: row.get(5),
        index: row.get(6),
    }
}
