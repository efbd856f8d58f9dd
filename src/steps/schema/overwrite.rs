//! What stands in the way on the target, and its removal, inside the schema step's one transaction
//! and only with a person's consent.

use super::deferral::raised;
use crate::figures::counted;
use crate::postgres::catalogue::{self, DEPENDENT, Relation, RelationKind, TableName};
use crate::postgres::{Connection, Error as PostgresError, large_object, quote};
use crate::source::Selected;
use crate::steps::Error;
use crate::target::{Error as TargetError, Statement};

/// The SQLSTATE, in a class that nobody else has, by which [`explained`] knows what would go along
/// although nobody selected it. The message is what that is.
const STANDS_ON: &str = "NLSO1";

/// Objects other than tables and the like that have a name in a schema: catalogue, its columns of
/// name and schema, which rows.
const NAMED: [[&str; 4]; 9] = [
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
];

/// The tables, views and sequences of the target that stand where the selection's go. A sequence
/// that a column owns goes with its table.
pub(super) async fn in_the_way(
    target: &Connection,
    selected: &Selected,
) -> Result<Vec<Relation>, PostgresError> {
    let mut found = catalogue::all_relations(target).await?;
    found.retain(|relation| {
        let TableName { schema, name } = &relation.name;
        relation.owner.is_none()
            && (selected.has(&relation.name) || selected.patterns().take_table(schema, name))
    });
    Ok(found)
}

/// SQL that drops it. Where only a part of the database is selected, nothing else may go along.
pub(super) async fn dropping(
    target: &Connection,
    selected: &Selected,
) -> Result<Vec<Statement>, PostgresError> {
    let relations = in_the_way(target, selected).await?;
    let names: Vec<String> = relations
        .iter()
        .map(|relation| quote::literal(&relation.name.sql()))
        .collect();
    let mut objects = vec![format!(
        "SELECT 'pg_class'::regclass::oid, to_regclass(name)::oid FROM unnest(ARRAY[{}]::text[]) name",
        names.join(", ")
    )];
    let schemas: Vec<String> = catalogue::schemas(target)
        .await?
        .into_iter()
        .filter(|schema| selected.patterns().take_schema(schema))
        .map(|schema| quote::literal(&schema))
        .collect();
    objects.extend(NAMED.iter().map(|which| named(which, &schemas)));
    let objects = objects.join("\nUNION ALL ");
    let part = !selected.select().takes_all_tables();
    let statement = |what: &str, sql: String| Statement {
        what: what.to_owned(),
        sql,
    };
    let mut statements = Vec::new();
    if part {
        let what = "the check that nothing else goes along";
        statements.push(statement(what, refuse_others(&objects)));
    } else {
        let sql = "DROP SCHEMA IF EXISTS neonlift CASCADE".to_owned();
        statements.push(statement("the removal of an older ledger", sql));
    }
    statements.push(statement(
        "the removal of what is overwritten",
        drop_all(&objects),
    ));
    statements.push(statement(
        "the removal of empty schemas",
        drop_schemas(&schemas),
    ));
    Ok(statements)
}

/// SQL that removes the large objects, when the source's come; in words too.
pub(super) async fn objects(
    target: &Connection,
    selected: &Selected,
) -> Result<Option<(Statement, String)>, PostgresError> {
    if !selected.select().takes_large_objects() {
        return Ok(None);
    }
    let objects = large_object::count(target).await?;
    Ok((objects > 0).then(|| {
        let removal = Statement {
            what: "the removal of the large objects that are overwritten".to_owned(),
            sql: "SELECT count(lo_unlink(oid)) FROM pg_largeobject_metadata".to_owned(),
        };
        (removal, counted(objects, "large object"))
    }))
}

/// SQL that empties the tables that rows are to go into.
pub(super) async fn emptying(
    target: &Connection,
    selected: &Selected,
) -> Result<Option<Statement>, PostgresError> {
    let there = in_the_way(target, selected).await?;
    let tables = there
        .iter()
        .filter(|relation| relation.kind == RelationKind::Table && selected.has(&relation.name));
    let names: Vec<String> = tables.map(|table| table.name.sql()).collect();
    Ok((!names.is_empty()).then(|| Statement {
        what: "the emptying of the tables that are overwritten".to_owned(),
        sql: format!("TRUNCATE ONLY {}", names.join(", ONLY ")),
    }))
}

/// What an extension owns, or another object brought about, is not dropped by itself.
fn named([catalogue, name, namespace, which]: &[&str; 4], schemas: &[String]) -> String {
    let schemas = schemas.join(", ");
    format!(
        "SELECT '{catalogue}'::regclass::oid, o.oid FROM {catalogue} o
         JOIN pg_namespace n ON n.oid = o.{namespace}
         WHERE n.nspname = ANY (ARRAY[{schemas}]::text[]) AND o.{name} IS NOT NULL AND ({which})
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalogue}'::regclass
                           AND d.objid = o.oid AND d.deptype IN ('e', 'i'))"
    )
}

/// What PostgreSQL drops silently with an object hangs on it by an automatic or internal
/// dependency; a normal one is somebody else's ("51.18. pg_depend" of its manual).
fn refuse_others(objects: &str) -> String {
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
             WHERE d.deptype = 'n' AND (d.classid, d.objid) NOT IN
               (SELECT classid, objid FROM gone WHERE objid IS NOT NULL);
           IF others IS NOT NULL THEN
             RAISE EXCEPTION USING ERRCODE = '{STANDS_ON}', MESSAGE = others;
           END IF;
         END"
    ))
}

/// One may have gone with another.
fn drop_all(objects: &str) -> String {
    quote::block(&format!(
        "DECLARE found record;
         BEGIN
           FOR found IN SELECT * FROM ({objects}) listed(classid, objid)
                        WHERE objid IS NOT NULL LOOP
             DECLARE object record;
             BEGIN
               SELECT type, identity INTO object
                 FROM pg_identify_object(found.classid, found.objid, 0);
               IF object.identity IS NOT NULL THEN
                 EXECUTE format('DROP %s IF EXISTS %s CASCADE', object.type, object.identity);
               END IF;
             END;
           END LOOP;
         END"
    ))
}

fn drop_schemas(schemas: &[String]) -> String {
    quote::block(&format!(
        "DECLARE found text;
         BEGIN
           FOR found IN SELECT nspname FROM pg_namespace n
                        WHERE nspname = ANY (ARRAY[{}]::text[]) AND nspname <> 'public'
                          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = n.oid
                                          AND d.classid = 'pg_namespace'::regclass AND d.deptype = 'e')
                          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refobjid = n.oid
                                          AND d.refclassid = 'pg_namespace'::regclass) LOOP
             EXECUTE format('DROP SCHEMA %I', found);
           END LOOP;
         END",
        schemas.join(", ")
    ))
}

/// Tells the refusal to drop what others stand on from any other.
pub(super) fn explained(refusal: TargetError) -> Error {
    match raised(&refusal, STANDS_ON) {
        Some(others) => Error::StandsOnDropped(others),
        None => refusal.into(),
    }
}
