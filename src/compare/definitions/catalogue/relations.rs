//! Tables, their columns, views and sequences.

/// Columns' order, dropped columns, tablespaces and TOAST tables are nobody's business. A storage
/// or a collation is named where it is not the type's own. Whether a column may be null stands in
/// `attnotnull` in every version, whatever PostgreSQL 18 calls the constraint.
pub(super) const SQL: &str = "
    SELECT CASE relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END::text, nspname::text, NULL::text, relname::text, false, NULL::text,
      ARRAY['form', CASE relkind WHEN 'p' THEN 'partitioned' ELSE 'plain' END,
        'partition key', pg_get_partkeydef(c.oid),
        'bounds', pg_get_expr(relpartbound, c.oid),
        'parents', (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid),
        'row type', CASE WHEN reloftype <> 0 THEN format_type(reloftype, NULL) END,
        'persistence', CASE relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END,
        'access method', (SELECT amname::text FROM pg_am WHERE pg_am.oid = relam AND relkind = 'r'),
        'settings', (SELECT string_agg(setting, ', ' ORDER BY setting COLLATE \"C\") FROM (
           SELECT unnest(reloptions) UNION ALL
           SELECT 'toast.' || unnest(t.reloptions) FROM pg_class t WHERE t.oid = c.reltoastrelid) all_of_them (setting)),
        'row security', CASE WHEN relrowsecurity THEN 'enabled' ELSE 'disabled' END,
        'row security of the owner', CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'not forced' END,
        'replica identity', CASE relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing' WHEN 'd' THEN 'default'
           ELSE 'index ' || (SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND indisreplident) END,
        'clustering', (SELECT x.relname::text FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND indisclustered),
        'server', (SELECT srvname::text FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = ftserver WHERE ftrelid = c.oid),
        'comment', obj_description(c.oid, 'pg_class')]::text[]
    FROM relations c WHERE relkind IN ('r', 'p', 'f')
    UNION ALL
    SELECT CASE relkind WHEN 'c' THEN 'attribute' ELSE 'column' END, nspname, relname, attname, relispartition OR attinhcount > 0,
      CASE WHEN relkind IN ('r', 'p', 'f') AND attidentity = '' THEN
        format('ALTER TABLE %s ADD COLUMN %I %s%s%s%s;', called, attname, format_type(atttypid, atttypmod),
          CASE WHEN attcollation <> typcollation THEN ' COLLATE ' || attcollation::regcollation END,
          CASE attgenerated WHEN 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(adbin, adrelid))
            WHEN 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(adbin, adrelid))
            ELSE ' DEFAULT ' || pg_get_expr(adbin, adrelid) END,
          CASE WHEN attnotnull THEN ' NOT NULL' END) END,
      ARRAY['type', format_type(atttypid, atttypmod),
        'nullability', CASE WHEN attnotnull THEN 'NOT NULL' ELSE 'nullable' END,
        'default', CASE WHEN attgenerated = '' THEN pg_get_expr(adbin, adrelid) END,
        'generation', CASE attgenerated WHEN 's' THEN 'stored: ' WHEN 'v' THEN 'virtual: ' END || pg_get_expr(adbin, adrelid),
        'identity', CASE attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
        'collation', CASE WHEN attcollation <> typcollation THEN attcollation::regcollation::text END,
        'storage', CASE WHEN attstorage <> typstorage AND relkind IN ('r', 'p', 'm', 'f') THEN
           CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'm' THEN 'MAIN' WHEN 'e' THEN 'EXTERNAL' ELSE 'EXTENDED' END END,
        'compression', CASE attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
        'statistics target', NULLIF(attstattarget, -1)::text,
        'settings', (SELECT string_agg(setting, ', ' ORDER BY setting COLLATE \"C\") FROM unnest(attoptions) setting),
        'comment', col_description(c.oid, attnum)]::text[]
    FROM relations c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
    WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
    UNION ALL
    SELECT CASE relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, nspname, NULL, relname, false,
      CASE relkind WHEN 'm' THEN 'CREATE MATERIALIZED VIEW ' ELSE 'CREATE OR REPLACE VIEW ' END || called
        || COALESCE(' WITH (' || array_to_string(reloptions, ', ') || ')', '') || E' AS\\n' || pg_get_viewdef(c.oid),
      ARRAY['definition', pg_get_viewdef(c.oid),
        'settings', (SELECT string_agg(setting, ', ' ORDER BY setting COLLATE \"C\") FROM unnest(reloptions) setting),
        'rows', CASE WHEN relkind = 'm' THEN CASE WHEN relispopulated THEN 'filled' ELSE 'not filled' END END,
        'clustering', (SELECT x.relname::text FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND indisclustered),
        'comment', obj_description(c.oid, 'pg_class')]::text[]
    FROM relations c WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT 'sequence', nspname, NULL, relname, false,
      format('CREATE SEQUENCE %s AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s;', called,
        format_type(seqtypid, NULL), seqincrement, seqmin, seqmax, seqstart, seqcache, CASE WHEN seqcycle THEN ' CYCLE' END),
      ARRAY['type', format_type(seqtypid, NULL), 'increment', seqincrement::text, 'minimum', seqmin::text, 'maximum', seqmax::text,
        'start', seqstart::text, 'cache', seqcache::text, 'cycling', CASE WHEN seqcycle THEN 'on' ELSE 'off' END,
        'persistence', CASE relpersistence WHEN 'u' THEN 'unlogged' ELSE 'logged' END,
        'owner', (SELECT concat_ws('.', n.nspname, o.relname, attname) FROM pg_depend d JOIN pg_class o ON o.oid = refobjid
            JOIN pg_namespace n ON n.oid = o.relnamespace JOIN pg_attribute ON (attrelid, attnum) = (refobjid, refobjsubid)
            WHERE d.classid = 'pg_class'::regclass AND objid = c.oid AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')),
        'comment', obj_description(c.oid, 'pg_class')]::text[]
    FROM relations c JOIN pg_sequence ON seqrelid = c.oid WHERE relkind = 'S'";
