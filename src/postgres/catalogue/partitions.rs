//! Partitioned tables whose rows belong to other partitions on another server.
//!
//! An enum's values hash by their OIDs (`hashenum`), which differ between servers. So a table that is
//! partitioned by the hash of an enum moves as one, through the table itself, and the target routes
//! each row. (pg_dump loads such tables through their root since version 16 for the same reason.)

/// Tables of a `WITH RECURSIVE`: `routed` has each such table (`root`) with itself and all
/// partitions below it (`member`). One that is below another is the other's.
pub(crate) const ROUTED: &str = "
    key_types (root, oid) AS (
      SELECT p.partrelid, a.atttypid FROM pg_partitioned_table p
      JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
      WHERE p.partstrat = 'h'
      -- Of an expression only the kind of type that its operator class is for.
      UNION SELECT p.partrelid, o.opcintype FROM pg_partitioned_table p
      JOIN pg_opclass o ON o.oid = ANY (p.partclass::oid[]) WHERE p.partstrat = 'h'
      -- What a domain, an array, a range or a composite is made of.
      UNION SELECT key_types.root, inner_type.oid FROM key_types JOIN pg_type t ON t.oid = key_types.oid
      CROSS JOIN LATERAL (
        SELECT t.typbasetype UNION ALL SELECT t.typelem
        UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)
        UNION ALL SELECT f.atttypid FROM pg_attribute f WHERE f.attrelid = t.typrelid AND f.attnum > 0
      ) inner_type (oid) WHERE inner_type.oid <> 0),
    hashed (oid) AS (
      SELECT DISTINCT root FROM key_types JOIN pg_type t ON t.oid = key_types.oid WHERE t.typtype = 'e' OR t.oid = 'anyenum'::regtype),
    routed (root, member) AS (
      SELECT h.oid, part.relid::oid FROM hashed h CROSS JOIN LATERAL pg_partition_tree(h.oid) part
      WHERE NOT EXISTS (SELECT FROM pg_partition_ancestors(h.oid) above
                        WHERE above.relid <> h.oid AND above.relid IN (SELECT oid FROM hashed)))";
