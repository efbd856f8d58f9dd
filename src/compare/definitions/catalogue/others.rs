//! What stands in no schema, and what few databases have.

/// Options of foreign servers may be addresses, and of wrappers anything: they are compared by
/// their hash and never shown. Users' mappings may hold passwords, and publications and
/// subscriptions belong to the old server: none of them is read. An extension brings its comment
/// itself.
pub(super) const SQL: &str = "
    SELECT 'schema'::text, NULL::text, NULL::text, nspname::text, false, format('CREATE SCHEMA %I;', nspname),
      ARRAY['comment', obj_description(oid, 'pg_namespace')]::text[]
    FROM spaces
    UNION ALL
    SELECT 'extension', NULL, NULL, extname, false, format('CREATE EXTENSION %I SCHEMA %s;', extname, extnamespace::regnamespace),
      ARRAY['version', extversion, 'schema', extnamespace::regnamespace::text]::text[]
    FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 'event trigger', NULL, NULL, evtname, false, NULL,
      ARRAY['event', evtevent::text, 'tags', array_to_string(evttags, ', '), 'function', evtfoid::regprocedure::text,
        'state', CASE evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' WHEN 'A' THEN 'always enabled' ELSE 'enabled' END,
        'comment', obj_description(e.oid, 'pg_event_trigger')]::text[]
    FROM pg_event_trigger e WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_event_trigger'::regclass, e.oid))
    UNION ALL
    SELECT 'procedural language', NULL, NULL, lanname, false, NULL, ARRAY['comment', obj_description(l.oid, 'pg_language')]::text[]
    FROM pg_language l WHERE lanispl AND NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_language'::regclass, l.oid))
    UNION ALL
    SELECT 'access method', NULL, NULL, amname, false, NULL, ARRAY['handler', amhandler::text]::text[]
    FROM pg_am a WHERE a.oid >= 16384 AND NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_am'::regclass, a.oid))
    UNION ALL
    SELECT 'foreign data wrapper', NULL, NULL, fdwname, false, NULL,
      ARRAY['options', md5(array_to_string(fdwoptions, ', ')), 'comment', obj_description(f.oid, 'pg_foreign_data_wrapper')]::text[]
    FROM pg_foreign_data_wrapper f WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_foreign_data_wrapper'::regclass, f.oid))
    UNION ALL
    SELECT 'server', NULL, NULL, srvname, false, NULL,
      ARRAY['wrapper', fdwname::text, 'options', md5(array_to_string(srvoptions, ', ')), 'comment', obj_description(s.oid, 'pg_foreign_server')]::text[]
    FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = srvfdw
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_foreign_server'::regclass, s.oid))
    UNION ALL
    SELECT 'operator class', n.nspname, NULL, format('%s USING %s', opcname, amname), false, NULL,
      ARRAY['type', format_type(opcintype, NULL), 'default', CASE WHEN opcdefault THEN 'yes' ELSE 'no' END,
        'comment', obj_description(o.oid, 'pg_opclass')]::text[]
    FROM pg_opclass o JOIN spaces n ON n.oid = opcnamespace JOIN pg_am a ON a.oid = opcmethod
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_opclass'::regclass, o.oid))
    UNION ALL
    SELECT 'operator family', n.nspname, NULL, format('%s USING %s', opfname, amname), false, NULL,
      ARRAY['comment', obj_description(o.oid, 'pg_opfamily')]::text[]
    FROM pg_opfamily o JOIN spaces n ON n.oid = opfnamespace JOIN pg_am a ON a.oid = opfmethod
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_opfamily'::regclass, o.oid))
    UNION ALL
    SELECT 'conversion', n.nspname, NULL, conname, false, NULL,
      ARRAY['definition', format('%s to %s by %s', pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc)]::text[]
    FROM pg_conversion k JOIN spaces n ON n.oid = connamespace
    WHERE NOT EXISTS (SELECT FROM members WHERE (classid, objid) = ('pg_conversion'::regclass, k.oid))";
