//! What a person should know of a table before it is moved.

use super::FIRST_NORMAL_OID;
use crate::postgres::{Connection, Error};
use std::collections::HashMap;
use tokio_postgres::types::Oid;

/// What the catalogue says about a table besides its columns and sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traits {
    /// Rows as the planner guesses them: from the last ANALYZE and the size now; without either,
    /// from the size alone.
    pub about_rows: u64,
    /// No unique index over columns that cannot be null tells its rows apart.
    pub keyless: bool,
    /// Policies decide who sees which of its rows.
    pub row_security: bool,
}

/// Bytes of a row where nothing is known of it.
const GUESSED_ROW: u32 = 100;

/// The traits of all tables, by OID.
///
/// # Errors
/// The server's.
pub async fn traits(connection: &Connection) -> Result<HashMap<Oid, Traits>, Error> {
    let sql = format!(
        "SELECT c.oid,
                CASE WHEN c.reltuples >= 0 AND c.relpages > 0 AND c.relkind = 'r'
                     THEN c.reltuples / c.relpages * pg_relation_size(c.oid)
                          / current_setting('block_size')::int
                     WHEN c.reltuples >= 0 AND (c.relkind = 'p' OR pg_relation_size(c.oid) = 0)
                     THEN c.reltuples
                     ELSE pg_relation_size(c.oid) / {GUESSED_ROW} END::float8,
                NOT EXISTS (
                  SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique
                    AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
                    AND NOT EXISTS (
                      SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, at)
                      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                      WHERE k.at <= i.indnkeyatts AND NOT COALESCE(a.attnotnull, false))),
                c.relrowsecurity
         FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.oid >= {FIRST_NORMAL_OID}"
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("reading what the tables are like"))?;
    let told = |row: &tokio_postgres::Row| {
        let traits = Traits {
            // A guess: never negative, never near the type's end.
            about_rows: row.get::<_, f64>(1).max(0.0).round() as u64,
            keyless: row.get(2),
            row_security: row.get(3),
        };
        (row.get(0), traits)
    };
    Ok(rows.iter().map(told).collect())
}
