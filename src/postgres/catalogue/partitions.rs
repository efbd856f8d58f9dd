//! Partitioned tables.

use super::TableName;
use crate::postgres::{Connection, Error};

/// The tables that are partitioned by the hash of an enum. An enum's values hash by their OIDs
/// (`hashenum`), which differ between servers, so the same row belongs to another partition
/// elsewhere. (pg_dump loads such tables through their root since version 16 for this reason.)
///
/// # Errors
/// The server's.
pub async fn hashed_by_enum(connection: &Connection) -> Result<Vec<TableName>, Error> {
    let rows = connection
        .query(
            "WITH RECURSIVE parts (root, oid) AS (
               SELECT p.partrelid, a.atttypid FROM pg_partitioned_table p
               JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
               WHERE p.partstrat = 'h'
               -- What a domain, an array, a range or a composite is made of.
               UNION SELECT parts.root, inner_type.oid FROM parts JOIN pg_type t ON t.oid = parts.oid
               CROSS JOIN LATERAL (
                 SELECT t.typbasetype UNION ALL SELECT t.typelem
                 UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)
                 UNION ALL SELECT f.atttypid FROM pg_attribute f WHERE f.attrelid = t.typrelid AND f.attnum > 0
               ) inner_type (oid) WHERE inner_type.oid <> 0)
             SELECT DISTINCT n.nspname, c.relname FROM parts JOIN pg_type t ON t.oid = parts.oid
             JOIN pg_class c ON c.oid = parts.root JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE t.typtype = 'e' ORDER BY 1, 2",
            &[],
        )
        .await
        .map_err(Error::while_doing("looking at the partitioned tables"))?;
    Ok(rows.iter().map(|row| TableName::of(row, 0)).collect())
}
