//! Types, collations, text search.

/// What changed its place between versions (a collation's locale) is read by name from the row as
/// JSON, which has no column that a server does not know.
pub(super) const SQL: &str = "
    , types AS (
      SELECT t.*, n.nspname, format('%I.%I', n.nspname, typname) AS called FROM pg_type t JOIN spaces n ON n.oid = typnamespace
      LEFT JOIN pg_class c ON c.oid = typrelid
      WHERE (typtype IN ('e', 'd', 'r') OR c.relkind = 'c' OR typtype IN ('b', 'p') AND typcategory <> 'A')
        AND NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_type'::regclass, t.oid)))
    SELECT CASE typtype WHEN 'd' THEN 'domain' WHEN 'p' THEN 'shell type' ELSE 'type' END::text, nspname::text, NULL::text, typname::text, false,
      CASE typtype WHEN 'e' THEN format('CREATE TYPE %s AS ENUM (%s);', called, labels)
        WHEN 'd' THEN format('CREATE DOMAIN %s AS %s%s%s%s;', called, format_type(typbasetype, typtypmod),
          CASE WHEN typcollation <> 0 AND typcollation <> (SELECT b.typcollation FROM pg_type b WHERE b.oid = t.typbasetype)
               THEN ' COLLATE ' || typcollation::regcollation END,
          ' DEFAULT ' || typdefault, CASE WHEN typnotnull THEN ' NOT NULL' END) END,
      ARRAY['form', CASE typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' WHEN 'c' THEN 'composite'
                                 WHEN 'p' THEN 'shell' ELSE 'base' END,
        'labels', labels, 'type', CASE WHEN typtype = 'd' THEN format_type(typbasetype, typtypmod) END, 'default', typdefault,
        'nullability', CASE WHEN typtype = 'd' THEN CASE WHEN typnotnull THEN 'NOT NULL' ELSE 'nullable' END END,
        'collation', CASE WHEN typtype = 'd' AND typcollation <> 0 THEN typcollation::regcollation::text END,
        'range', range, 'input', CASE WHEN typtype = 'b' THEN concat_ws(', ', typinput::text, typoutput::text, typlen::text, typalign::text) END,
        'comment', obj_description(t.oid, 'pg_type')]::text[]
    FROM types t
    LEFT JOIN LATERAL (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) AS labels FROM pg_enum WHERE enumtypid = t.oid) e ON true
    LEFT JOIN LATERAL (
      SELECT concat_ws(', ', format_type(rngsubtype, NULL), NULLIF(rngcollation, 0)::regcollation::text, opcname::text,
        NULLIF(rngcanonical::oid, 0)::regproc::text, NULLIF(rngsubdiff::oid, 0)::regproc::text, format_type(rngmultitypid, NULL)) AS range
      FROM pg_range JOIN pg_opclass o ON o.oid = rngsubopc WHERE rngtypid = t.oid) r ON true
    UNION ALL
    SELECT 'collation', n.nspname, NULL, collname, false, NULL,
      ARRAY['provider', CASE collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'b' THEN 'builtin' ELSE 'default' END,
        'locale', COALESCE(j ->> 'colllocale', j ->> 'colliculocale', collcollate), 'character type', collctype, 'rules', j ->> 'collicurules',
        'equality', CASE WHEN collisdeterministic THEN 'of bytes' ELSE 'as the locale says' END,
        'comment', obj_description(c.oid, 'pg_collation')]::text[]
    FROM pg_collation c JOIN spaces n ON n.oid = collnamespace CROSS JOIN LATERAL to_jsonb(c) j
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_collation'::regclass, c.oid))
    UNION ALL
    SELECT 'text search configuration', n.nspname, NULL, cfgname, false, NULL,
      ARRAY['parser', (SELECT prsname::text FROM pg_ts_parser p WHERE p.oid = cfgparser),
        'mapping', (SELECT string_agg(format('%s: %s', alias, m.mapdict::regdictionary), ', ' ORDER BY alias COLLATE \"C\", mapseqno)
           FROM pg_ts_config_map m JOIN LATERAL ts_token_type(cfgparser) ON tokid = maptokentype WHERE mapcfg = c.oid),
        'comment', obj_description(c.oid, 'pg_ts_config')]::text[]
    FROM pg_ts_config c JOIN spaces n ON n.oid = cfgnamespace
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_ts_config'::regclass, c.oid))
    UNION ALL
    SELECT 'text search dictionary', n.nspname, NULL, dictname, false, NULL,
      ARRAY['template', (SELECT tmplname::text FROM pg_ts_template t WHERE t.oid = dicttemplate), 'options', dictinitoption,
        'comment', obj_description(d.oid, 'pg_ts_dict')]::text[]
    FROM pg_ts_dict d JOIN spaces n ON n.oid = dictnamespace
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_ts_dict'::regclass, d.oid))
    UNION ALL
    SELECT 'text search template', n.nspname, NULL, tmplname, false, NULL, ARRAY['comment', obj_description(t.oid, 'pg_ts_template')]::text[]
    FROM pg_ts_template t JOIN spaces n ON n.oid = tmplnamespace
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_ts_template'::regclass, t.oid))
    UNION ALL
    SELECT 'text search parser', n.nspname, NULL, prsname, false, NULL, ARRAY['comment', obj_description(p.oid, 'pg_ts_parser')]::text[]
    FROM pg_ts_parser p JOIN spaces n ON n.oid = prsnamespace
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_ts_parser'::regclass, p.oid))";
