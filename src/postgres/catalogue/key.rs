//! Primary keys, unique constraints, and what tells rows apart.

use super::{TableName, USERS_OWN};
use crate::postgres::{Connection, Error, quote};
use tokio_postgres::Row;
use tokio_postgres::types::Oid;

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

/// The columns that tell a table's rows apart: those of its primary key, else those of a unique
/// index without a null. Empty where it has neither.
///
/// # Errors
/// The server's.
pub async fn row_key(connection: &Connection, table: Oid) -> Result<Vec<String>, Error> {
    let sql = "SELECT ARRAY(SELECT a.attname::text FROM unnest(k.attnums) WITH ORDINALITY u(attnum, place)
                            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
                            ORDER BY u.place)
               FROM pg_index i
               -- An int2vector begins at 0; what is only included stands behind the keys.
               CROSS JOIN LATERAL (SELECT (i.indkey::int2[])[0 : i.indnkeyatts - 1]) k(attnums)
               WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid
                 AND i.indpred IS NULL AND i.indexprs IS NULL
                 AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid
                                 AND a.attnum = ANY (k.attnums) AND NOT a.attnotnull)
               ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1";
    let row = connection.query_opt(sql, &[&table]).await;
    let row = row.map_err(Error::while_doing("reading a table's key"))?;
    Ok(row.map_or_else(Vec::new, |row| row.get(0)))
}
