//! What of the target is dropped, and how, in SQL.

use crate::postgres::catalogue::DEPENDENT;
use crate::postgres::quote;

/// The SQLSTATE, in a class that nobody else has, by which [`explained`](super::explained) knows what would go along
/// although nobody selected it. The message is what that is.
pub(super) const STANDS_ON: &str = "NLSO1";

/// Objects other than tables and the like that have a name in a schema: catalogue, its columns of
/// name and schema, which rows.
pub(super) const NAMED: [[&str; 4]; 11] = [
    ["pg_proc", "proname", "pronamespace", "true"],
    [
        "pg_type",
        "typname",
        "typnamespace",
        // Base types are a superuser's; a table's row type goes with it.
        "o.typtype IN ('e', 'd', 'r') OR o.typtype = 'c' AND EXISTS
           (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c')",
    ],
    ["pg_operator", "oprname", "oprnamespace", "true"],
    ["pg_opclass", "opcname", "opcnamespace", "true"],
    ["pg_opfamily", "opfname", "opfnamespace", "true"],
    ["pg_collation", "collname", "collnamespace", "true"],
    ["pg_conversion", "conname", "connamespace", "true"],
    ["pg_ts_config", "cfgname", "cfgnamespace", "true"],
    ["pg_ts_dict", "dictname", "dictnamespace", "true"],
    ["pg_ts_parser", "prsname", "prsnamespace", SUPERUSER],
    ["pg_ts_template", "tmplname", "tmplnamespace", SUPERUSER],
];

/// Objects of the database that stand in no schema: catalogue, which rows of those that we may drop.
/// Transforms go with their functions. A subscription cannot be dropped inside of a transaction, and
/// one of the source's never comes in its way.
pub(super) const SCHEMALESS: [[&str; 2]; 7] = [
    // First, because it may refuse that the others are dropped.
    ["pg_event_trigger", "pg_has_role(o.evtowner, 'USAGE')"],
    ["pg_publication", "pg_has_role(o.pubowner, 'USAGE')"],
    ["pg_foreign_server", "pg_has_role(o.srvowner, 'USAGE')"],
    [
        "pg_foreign_data_wrapper",
        "pg_has_role(o.fdwowner, 'USAGE')",
    ],
    [
        "pg_cast",
        "EXISTS (SELECT FROM pg_type t WHERE t.oid IN (o.castsource, o.casttarget)
           AND pg_has_role(t.typowner, 'USAGE'))",
    ],
    ["pg_language", "pg_has_role(o.lanowner, 'USAGE')"],
    ["pg_am", SUPERUSER],
];

const SUPERUSER: &str = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)";

/// What an extension owns, or another object brought about, is not dropped by itself.
pub(super) fn named([catalogue, name, namespace, which]: &[&str; 4], schemas: &[String]) -> String {
    let schemas = schemas.join(", ");
    format!(
        "SELECT '{catalogue}'::regclass::oid, o.oid FROM {catalogue} o
         JOIN pg_namespace n ON n.oid = o.{namespace}
         WHERE n.nspname = ANY (ARRAY[{schemas}]::text[]) AND o.{name} IS NOT NULL AND ({which})
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalogue}'::regclass
                           AND d.objid = o.oid AND d.deptype IN ('e', 'i'))"
    )
}

/// OIDs from 16384 on are of what people made ("FirstNormalObjectId" of PostgreSQL's sources).
pub(super) fn schemaless([catalogue, which]: &[&str; 2]) -> String {
    format!(
        "SELECT '{catalogue}'::regclass::oid, o.oid FROM {catalogue} o
         WHERE o.oid >= 16384 AND ({which})
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalogue}'::regclass
                           AND d.objid = o.oid AND d.deptype IN ('e', 'i'))"
    )
}

/// What PostgreSQL drops silently with an object hangs on it by an automatic or internal
/// dependency; a normal one is somebody else's ("51.18. pg_depend" of its manual).
pub(super) fn refuse_others(objects: &str) -> String {
    quote::block(&format!(
        "DECLARE others text;
         BEGIN
           WITH RECURSIVE gone(classid, objid) AS (
             SELECT * FROM ({objects}) listed(classid, objid)
             UNION SELECT d.classid, d.objid FROM pg_depend d
               JOIN gone ON d.refclassid = gone.classid AND d.refobjid = gone.objid
               WHERE d.deptype IN ('a', 'i', 'P', 'S'))
           SELECT string_agg(DISTINCT {DEPENDENT}, ', ')
             INTO others
             FROM pg_depend d JOIN gone ON d.refclassid = gone.classid AND d.refobjid = gone.objid
             WHERE d.deptype = 'n'
               -- Nothing without its server.
               AND d.classid <> 'pg_user_mapping'::regclass
               AND (d.classid, d.objid) NOT IN
               (SELECT classid, objid FROM gone WHERE objid IS NOT NULL);
           IF others IS NOT NULL THEN
             RAISE EXCEPTION USING ERRCODE = '{STANDS_ON}', MESSAGE = others;
           END IF;
         END"
    ))
}

/// One may have gone with another.
pub(super) fn drop_all(objects: &str) -> String {
    quote::block(&format!(
        "DECLARE found record;
         BEGIN
           FOR found IN SELECT * FROM ({objects}) listed(classid, objid)
                        WHERE objid IS NOT NULL LOOP
             DECLARE object record;
             BEGIN
               SELECT replace(type, 'foreign-data', 'foreign data') AS type, identity INTO object
                 FROM pg_identify_object(found.classid, found.objid, 0);
               IF object.identity IS NOT NULL THEN
                 EXECUTE format('DROP %s IF EXISTS %s CASCADE', object.type, object.identity);
               END IF;
             END;
           END LOOP;
         END"
    ))
}

/// The condition on a `pg_namespace n` that may be dropped once it is empty.
pub(super) fn droppable(schemas: &[String]) -> String {
    format!(
        "n.nspname = ANY (ARRAY[{}]::text[]) AND n.nspname <> 'public'
         AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = n.oid
                         AND e.classid = 'pg_namespace'::regclass AND e.deptype = 'e')",
        schemas.join(", ")
    )
}

pub(super) fn drop_schemas(schemas: &[String]) -> String {
    quote::block(&format!(
        "DECLARE found text;
         BEGIN
           FOR found IN SELECT nspname FROM pg_namespace n
                        WHERE {}
                          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refobjid = n.oid
                                          AND d.refclassid = 'pg_namespace'::regclass) LOOP
             EXECUTE format('DROP SCHEMA %I', found);
           END LOOP;
         END",
        droppable(schemas)
    ))
}
