//! What stands in the way on the target, and its removal, inside the schema step's one transaction
//! and only with a person's consent.

mod removal;

use super::deferral::raised;
use crate::postgres::catalogue::{self, Relation, RelationKind, TableName};
use crate::postgres::{Connection, Error as PostgresError, large_object, quote};
use crate::session::report::{Lost, Stake};
use crate::source::Selected;
use crate::steps::Error;
use crate::target::{Error as TargetError, Ledger, OTHERS_OBJECTS, Statement};
use removal::{
    NAMED, SCHEMALESS, STANDS_ON, drop_all, drop_schemas, droppable, named, refuse_others,
    schemaless,
};

/// The SQLSTATE of the refusal to drop what came after the list. The message is what that is.
pub(super) const CAME_LATER: &str = "NLCL1";

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
            false => statement("the removal of an older ledger", Ledger::removal()),
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
