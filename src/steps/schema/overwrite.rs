//! What stands in the way on the target, and its removal, inside the schema step's one transaction
//! and only with a person's consent.

use super::deferral::raised;
use crate::postgres::catalogue::{self, DEPENDENT, Relation, RelationKind, TableName};
use crate::postgres::{Connection, Error as PostgresError, large_object, quote};
use crate::session::report::{Lost, Stake};
use crate::source::Selected;
use crate::steps::Error;
use crate::target::{Error as TargetError, Ledger, OTHERS_OBJECTS, Statement};

/// The SQLSTATE, in a class that nobody else has, by which [`explained`] knows what would go along
/// although nobody selected it. The message is what that is.
const STANDS_ON: &str = "NLSO1";

/// The SQLSTATE of the refusal to drop what came after the list. The message is what that is.
pub(super) const CAME_LATER: &str = "NLCL1";

/// Objects other than tables and the like that have a name in a schema: catalogue, its columns of
/// name and schema, which rows.
const NAMED: [[&str; 4]; 11] = [
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
const SCHEMALESS: [[&str; 2]; 7] = [
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

/// The tables, views and sequences of the target that stand where the selection's go. A sequence
/// that a column owns goes with its table.
async fn in_the_way(
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

/// What is to be dropped.
struct Doomed {
    /// SQL of its rows: catalogue and OID.
    objects: String,
    /// Its schemas, as literals; each goes when nothing is left in it.
    schemas: Vec<String>,
    /// Whether it is a part of the database: then nothing else may go along.
    is_part: bool,
}

impl Doomed {
    /// What stands where the selection's go.
    async fn find(target: &Connection, selected: &Selected) -> Result<Self, PostgresError> {
        let relations = in_the_way(target, selected).await?;
        let names: Vec<String> = relations
            .iter()
            .map(|relation| quote::literal(&relation.name.sql()))
            .collect();
        let mut objects = match selected.patterns().take_schemaless() {
            true => SCHEMALESS.iter().map(schemaless).collect(),
            false => Vec::new(),
        };
        objects.push(format!(
            "SELECT 'pg_class'::regclass::oid, to_regclass(name)::oid FROM unnest(ARRAY[{}]::text[]) name",
            names.join(", ")
        ));
        let schemas: Vec<String> = catalogue::schemas(target)
            .await?
            .into_iter()
            .filter(|schema| selected.patterns().take_schema(schema))
            .map(|schema| quote::literal(&schema))
            .collect();
        objects.extend(NAMED.iter().map(|which| named(which, &schemas)));
        Ok(Self {
            objects: objects.join("\nUNION ALL "),
            schemas,
            is_part: !selected.select().takes_all_tables(),
        })
    }

    /// Everything, by kind and name. What goes with another object is not told.
    async fn names(&self, target: &Connection) -> Result<Vec<(String, String)>, PostgresError> {
        let rows = target.query(&self.names_sql(), &[]).await;
        let rows = rows.map_err(PostgresError::while_doing("asking what would be lost"))?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    fn names_sql(&self) -> String {
        let Self { objects, .. } = self;
        // What hangs on it goes with it (CASCADE), so the schemas are empty then.
        format!(
            "WITH RECURSIVE listed(classid, objid) AS (
               SELECT * FROM ({objects}) found(classid, objid) WHERE objid IS NOT NULL),
             gone(classid, objid) AS (
               TABLE listed
               UNION SELECT d.classid, d.objid FROM pg_depend d
                 JOIN gone ON d.refclassid = gone.classid AND d.refobjid = gone.objid
                 WHERE d.deptype <> 'e')
             SELECT CASE WHEN c.relkind = 'p' THEN 'partitioned table'
                         ELSE replace(o.type, 'foreign-data', 'foreign data') END, o.identity
             FROM listed
               LEFT JOIN pg_class c ON (classid, objid) = ('pg_class'::regclass, c.oid)
               CROSS JOIN LATERAL pg_identify_object(classid, objid, 0) o
             -- Dropped meanwhile, it has none.
             WHERE o.identity IS NOT NULL
             UNION ALL
             SELECT 'schema', quote_ident(n.nspname) FROM pg_namespace n
             WHERE {} AND NOT EXISTS (
               SELECT FROM pg_depend d WHERE d.refobjid = n.oid
                 AND d.refclassid = 'pg_namespace'::regclass
                 AND NOT EXISTS (SELECT FROM gone
                                 WHERE (gone.classid, gone.objid) = (d.classid, d.objid)))
             ORDER BY 1, 2",
            droppable(&self.schemas)
        )
    }

    /// SQL that refuses to go on when there is more by now than these.
    fn refuse_later(&self, listed: &[(String, String)]) -> String {
        let listed = listed.iter().map(|named| quote::literal(&told(named)));
        let listed: Vec<String> = listed.collect();
        quote::block(&format!(
            "DECLARE later text;
             BEGIN
               SELECT string_agg(told, ', ') INTO later
                 FROM (SELECT kind || ' ' || name FROM ({}) found(kind, name)) found(told)
                 WHERE told <> ALL (ARRAY[{}]::text[]);
               IF later IS NOT NULL THEN
                 RAISE EXCEPTION USING ERRCODE = '{CAME_LATER}', MESSAGE = later;
               END IF;
             END",
            self.names_sql(),
            listed.join(", ")
        ))
    }

    /// SQL that drops it, when it is what is `listed`. Where only a part of the database is selected,
    /// nothing else may go along.
    fn dropping(&self, listed: &[(String, String)]) -> Vec<Statement> {
        let statement = |what: &str, sql: String| Statement {
            what: what.to_owned(),
            sql,
        };
        let first = match self.is_part {
            true => statement(
                "the check that nothing else goes along",
                refuse_others(&self.objects),
            ),
            false => statement(
                "the removal of an older ledger",
                "DROP SCHEMA IF EXISTS neonlift CASCADE".to_owned(),
            ),
        };
        vec![
            statement(
                "the check that nothing came after the list",
                self.refuse_later(listed),
            ),
            first,
            statement(
                "the removal of what is overwritten",
                drop_all(&self.objects),
            ),
            statement("the removal of empty schemas", drop_schemas(&self.schemas)),
        ]
    }
}

/// What is dropped, or emptied where rows alone are moved.
pub(in crate::steps) struct Loss {
    /// Statements that drop it.
    pub(super) dropping: Vec<Statement>,
    /// By kind and name.
    names: Vec<(String, String)>,
    /// Other migrations onto the target, done or not: what is there is theirs.
    migrations: Vec<String>,
    /// How many large objects go.
    pub(super) objects: u64,
}

impl Loss {
    /// What it would be now, when the run `own` begins.
    pub(in crate::steps) async fn find(
        target: &Connection,
        selected: &Selected,
        own: &str,
    ) -> Result<Self, PostgresError> {
        let (dropping, names) = if selected.select().takes_definitions() {
            let doomed = Doomed::find(target, selected).await?;
            let names = doomed.names(target).await?;
            (doomed.dropping(&names), names)
        } else {
            (Vec::new(), names_of_emptied(target, selected).await?)
        };
        let mut migrations = Ledger::runs(target).await?;
        migrations.retain(|run| run != own);
        Ok(Self {
            dropping,
            names,
            migrations,
            objects: objects(target, selected).await?,
        })
    }

    /// Each kind with its number and first names, large objects apart.
    pub(in crate::steps) fn lost(&self) -> Vec<Lost> {
        Lost::of(self.names.iter().cloned())
    }

    /// What a consent is held against.
    pub(in crate::steps) fn stake(&self) -> Stake {
        let migrations = self.migrations.iter();
        let migrations = migrations.map(|run| format!("migration {run}"));
        Stake {
            objects: self.names.iter().map(told).chain(migrations).collect(),
            large_objects: self.objects,
        }
    }
}

fn told((kind, name): &(String, String)) -> String {
    format!("{kind} {name}")
}

/// How many large objects go, when the source's come.
async fn objects(target: &Connection, selected: &Selected) -> Result<u64, PostgresError> {
    match selected.select().takes_large_objects() {
        true => large_object::count(target).await,
        false => Ok(0),
    }
}

/// The tables that rows are to go into, and that are emptied for them.
async fn emptied(target: &Connection, selected: &Selected) -> Result<Vec<Relation>, PostgresError> {
    let there = in_the_way(target, selected).await?.into_iter();
    let tables =
        there.filter(|relation| relation.kind.holds_rows() && selected.has(&relation.name));
    Ok(tables.collect())
}

/// By kind and name. Consent to lose the rows is none to lose the table.
async fn names_of_emptied(
    target: &Connection,
    selected: &Selected,
) -> Result<Vec<(String, String)>, PostgresError> {
    let tables = emptied(target, selected).await?;
    let names: Vec<String> = tables.iter().map(|table| table.name.sql()).collect();
    // Names as the server quotes them, like those of what is dropped.
    let sql = "SELECT o.identity FROM unnest($1::text[]) name
                 CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, to_regclass(name), 0) o
               WHERE o.identity IS NOT NULL ORDER BY 1";
    let rows = target.query(sql, &[&names]).await;
    let rows = rows.map_err(PostgresError::while_doing("asking what would be emptied"))?;
    let named = |row: &tokio_postgres::Row| ("rows of table".to_owned(), row.get(0));
    Ok(rows.iter().map(named).collect())
}

/// SQL that empties them.
pub(super) async fn emptying(
    target: &Connection,
    selected: &Selected,
) -> Result<Option<Statement>, PostgresError> {
    let tables = emptied(target, selected).await?;
    let only = |table: &Relation| catalogue::only(&table.name, table.kind == RelationKind::Routed);
    let names: Vec<String> = tables.iter().map(only).collect();
    Ok((!names.is_empty()).then(|| Statement {
        what: "the emptying of the tables that are overwritten".to_owned(),
        sql: format!("TRUNCATE {}", names.join(", ")),
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

/// OIDs from 16384 on are of what people made ("FirstNormalObjectId" of PostgreSQL's sources).
fn schemaless([catalogue, which]: &[&str; 2]) -> String {
    format!(
        "SELECT '{catalogue}'::regclass::oid, o.oid FROM {catalogue} o
         WHERE o.oid >= 16384 AND ({which})
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
fn drop_all(objects: &str) -> String {
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
fn droppable(schemas: &[String]) -> String {
    format!(
        "n.nspname = ANY (ARRAY[{}]::text[]) AND n.nspname <> 'public'
         AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = n.oid
                         AND e.classid = 'pg_namespace'::regclass AND e.deptype = 'e')",
        schemas.join(", ")
    )
}

fn drop_schemas(schemas: &[String]) -> String {
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

/// Tells the refusals to drop what others stand on, or own, from any other.
pub(super) fn explained(refusal: TargetError) -> Error {
    if let Some(others) = raised(&refusal, STANDS_ON) {
        return Error::StandsOnDropped(others);
    }
    match raised(&refusal, OTHERS_OBJECTS) {
        Some(number) => Error::ObjectsOfOthers(number.parse().unwrap_or(1)),
        None => refusal.into(),
    }
}
