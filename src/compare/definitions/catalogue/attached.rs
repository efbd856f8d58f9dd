//! What belongs to a table: constraints, indexes, triggers, rules, policies, statistics.

/// The index of a key is told with the key. Foreign keys that a partition has from its parent are
/// the parent's; so are not-null constraints the column's (`contype` `n`, from PostgreSQL 18 on).
/// That a constraint is not checked stands apart from its definition. The index of a partitioned
/// table is made with those of its partitions. The settings of an index, which stand in its definition
/// as they were once given, are put in the order of their names.
pub(super) const SQL: &str = "
    , constraints AS (
      SELECT k.*, CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' WHEN 'x' THEN 'exclusion constraint'
                               WHEN 'f' THEN 'foreign key' ELSE 'check constraint' END AS kind, pg_get_constraintdef(k.oid) AS body
      FROM pg_constraint k WHERE contype IN ('p', 'u', 'x', 'c') OR contype = 'f' AND conparentid = 0)
    SELECT kind::text, c.nspname::text, c.relname::text, conname::text, conparentid <> 0 OR NOT conislocal,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s;', called, conname, body),
      ARRAY['definition', regexp_replace(body, ' NOT VALID$', ''),
        'validity', CASE WHEN NOT convalidated THEN 'not checked on rows that were there'
                         WHEN NOT (COALESCE(indisvalid, true) AND COALESCE(indisready, true)) THEN 'its index is not valid' ELSE 'valid' END,
        'settings', (SELECT string_agg(setting, ', ' ORDER BY setting COLLATE \"C\") FROM unnest(x.reloptions) setting),
        'comment', obj_description(k.oid, 'pg_constraint'), 'comment on the index', obj_description(x.oid, 'pg_class')]::text[]
    FROM constraints k JOIN relations c ON c.oid = conrelid
    LEFT JOIN pg_index i ON indexrelid = conindid AND contype IN ('p', 'u', 'x') LEFT JOIN pg_class x ON x.oid = indexrelid
    UNION ALL
    SELECT kind, n.nspname, typname, conname, false, format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s;', n.nspname, typname, conname, body),
      ARRAY['definition', regexp_replace(body, ' NOT VALID$', ''),
        'validity', CASE WHEN convalidated THEN 'valid' ELSE 'not checked on rows that were there' END,
        'of', 'domain', 'comment', obj_description(k.oid, 'pg_constraint')]::text[]
    FROM constraints k JOIN pg_type t ON t.oid = contypid JOIN spaces n ON n.oid = typnamespace
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_type'::regclass, t.oid))
    UNION ALL
    SELECT 'index', x.nspname, t.relname, x.relname, x.relispartition,
      replace(pg_get_indexdef(x.oid), format('INDEX %I ON ONLY ', x.relname), format('INDEX %I ON ', x.relname)) || ';',
      ARRAY['definition', replace(pg_get_indexdef(x.oid), given, ordered),
        'validity', CASE WHEN indisvalid AND indisready THEN 'valid' ELSE 'not valid' END,
        'statistics target', (SELECT string_agg(format('%s of column %s', attstattarget, attnum), ', ' ORDER BY attnum)
           FROM pg_attribute WHERE attrelid = x.oid AND attstattarget >= 0),
        'comment', obj_description(x.oid, 'pg_class')]::text[]
    FROM pg_index i JOIN relations x ON x.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
    CROSS JOIN LATERAL (
      SELECT format(' WITH (%s)', string_agg(written, ', ' ORDER BY at)) AS given,
        format(' WITH (%s)', string_agg(written, ', ' ORDER BY written COLLATE \"C\")) AS ordered
      FROM unnest(x.reloptions) WITH ORDINALITY AS options (option, at)
      CROSS JOIN substring(option FROM '=(.*)$') AS value
      CROSS JOIN format('%I=%s', split_part(option, '=', 1), CASE value WHEN quote_ident(value) THEN value ELSE quote_literal(value) END) AS written
    ) settings
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = x.oid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 'trigger', nspname, relname, tgname, tgparentid <> 0, pg_get_triggerdef(t.oid) || ';',
      ARRAY['definition', pg_get_triggerdef(t.oid),
        'state', CASE tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' WHEN 'A' THEN 'always enabled' ELSE 'enabled' END,
        'comment', obj_description(t.oid, 'pg_trigger')]::text[]
    FROM pg_trigger t JOIN relations c ON c.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL
    SELECT 'rule', nspname, relname, rulename, false, pg_get_ruledef(r.oid),
      ARRAY['definition', pg_get_ruledef(r.oid),
        'state', CASE ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' WHEN 'A' THEN 'always enabled' ELSE 'enabled' END,
        'comment', obj_description(r.oid, 'pg_rewrite')]::text[]
    FROM pg_rewrite r JOIN relations c ON c.oid = ev_class WHERE rulename <> '_RETURN'
    UNION ALL
    SELECT 'policy', nspname, relname, polname, false,
      format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s;', polname, called, mode, command, roles,
             ' USING (' || condition || ')', ' WITH CHECK (' || checked || ')'),
      ARRAY['mode', mode, 'command', command, 'roles', roles, 'condition', condition, 'check', checked,
        'comment', obj_description(p.oid, 'pg_policy')]::text[]
    FROM pg_policy p JOIN relations c ON c.oid = polrelid CROSS JOIN LATERAL (
      SELECT CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END AS mode,
        CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
        (SELECT string_agg(role, ', ' ORDER BY role COLLATE \"C\") FROM (
           SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END FROM unnest(polroles) r) named (role)) AS roles,
        pg_get_expr(polqual, polrelid) AS condition, pg_get_expr(polwithcheck, polrelid) AS checked) told
    UNION ALL
    SELECT 'statistics', n.nspname, c.relname, stxname, false, pg_get_statisticsobjdef(s.oid) || ';',
      ARRAY['definition', pg_get_statisticsobjdef(s.oid), 'statistics target', NULLIF(stxstattarget, -1)::text,
        'comment', obj_description(s.oid, 'pg_statistic_ext')]::text[]
    FROM pg_statistic_ext s JOIN spaces n ON n.oid = stxnamespace JOIN relations c ON c.oid = stxrelid";
