//! What is there before the rows, and too early: foreign keys, which the rows would violate while
//! they come table by table, and triggers, which would change them. SQL files made them, or the
//! target had them. Noted in the ledger and taken away, in the same transaction; the transfer makes them
//! again after the rows. Materialized views are emptied, so that they are filled after the rows too.

use crate::postgres::catalogue::{ROUTED, TableName, USERS_OWN};
use crate::postgres::{Error as PostgresError, quote};
use crate::target::{Error as TargetError, Statement};

/// The SQLSTATE, in a class that nobody else has, by which [`explained`] knows rows that were there
/// before. The message is the tables' names.
const SEED_ROWS: &str = "NLSR1";

/// The tables and views that it is about.
#[derive(Debug)]
pub(super) enum Scope {
    /// All but these: the target had them before the files were run.
    AllBut(Vec<TableName>),
    /// These alone, what they are partitions of, and the partitions of those that are moved whole.
    Only(Vec<TableName>),
}

impl Scope {
    /// The condition on a column with the OID of a table or view.
    fn covers(&self, column: &str) -> String {
        let (names, word) = match self {
            Self::AllBut(names) => (names, "NOT IN"),
            Self::Only(names) => (names, "IN"),
        };
        let names: Vec<String> = names
            .iter()
            .map(|name| quote::literal(&name.sql()))
            .collect();
        let names = format!("unnest(ARRAY[{}]::text[]) name", names.join(", "));
        let whole = match self {
            Self::AllBut(_) => String::new(),
            Self::Only(_) => format!(
                "UNION (WITH RECURSIVE {ROUTED} SELECT member FROM routed JOIN {names} ON root = to_regclass(name))"
            ),
        };
        format!(
            "{column} {word} (SELECT to_regclass(name)::oid FROM {names} WHERE to_regclass(name) IS NOT NULL
               UNION SELECT relid::oid FROM {names}, pg_partition_ancestors(to_regclass(name)) {whole})"
        )
    }
}

/// What stands in the same transaction behind what made them. `emptying` makes the tables empty
/// that still have to be.
pub(super) fn statements(run: &str, scope: &Scope, emptying: Option<Statement>) -> Vec<Statement> {
    let run = quote::literal(run);
    let statement = |what: &str, sql: String| Statement {
        what: what.to_owned(),
        sql,
    };
    let mut statements = vec![
        statement("the settings for definitions", SETTINGS.to_owned()),
        statement("the notes of foreign keys and triggers", note(&run, scope)),
        statement(
            "the putting off of foreign keys and triggers",
            put_off(&run, scope),
        ),
    ];
    statements.extend(emptying);
    let what = "the check that the tables are empty";
    statements.push(statement(what, refuse_rows(scope)));
    statements
}

/// The files may have left any search path; definitions are read, and made again, under none.
/// Checks that are pending would forbid changes of their tables.
const SETTINGS: &str = "SET LOCAL search_path = ''; SET CONSTRAINTS ALL IMMEDIATE";

fn refuse_rows(scope: &Scope) -> String {
    let covered = scope.covers("c.oid");
    quote::block(&format!(
        "DECLARE found regclass; has_rows boolean; seeded text[] := '{{}}';
         BEGIN
           FOR found IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE c.relkind = 'r' AND {USERS_OWN} AND {covered}
                        ORDER BY n.nspname, c.relname LOOP
             EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', found) INTO has_rows;
             IF has_rows THEN seeded := seeded || found::text; END IF;
           END LOOP;
           IF seeded <> '{{}}' THEN
             RAISE EXCEPTION USING ERRCODE = '{SEED_ROWS}',
                                   MESSAGE = array_to_string(seeded, ', ');
           END IF;
         END"
    ))
}

/// What a partition has from its parent is the parent's (`conparentid`, `tgparentid`).
fn note(run: &str, scope: &Scope) -> String {
    let (on, to, trigger) = (
        scope.covers("k.conrelid"),
        scope.covers("k.confrelid"),
        scope.covers("t.tgrelid"),
    );
    format!(
        "WITH keys AS (
           SELECT k.oid, n.nspname, c.relname, k.conname AS name,
                  pg_get_constraintdef(k.oid) AS body, obj_description(k.oid, 'pg_constraint') AS told
           FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE k.contype = 'f' AND k.conparentid = 0 AND {USERS_OWN} AND ({on} OR {to})),
         triggers AS (
           SELECT t.oid, n.nspname, c.relname, t.tgname AS name, pg_get_triggerdef(t.oid) AS body,
                  CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                   WHEN 'A' THEN 'ENABLE ALWAYS' END AS state,
                  obj_description(t.oid, 'pg_trigger') AS told
           FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relkind IN ('r', 'p') AND {USERS_OWN}
             AND {trigger}),
         definitions (part, kind, nspname, relname, name, sql) AS (
           SELECT 1, 'FK CONSTRAINT', nspname, relname, name::text,
                  format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s;', nspname, relname, name, body)
           FROM keys
           UNION ALL
           SELECT 2, 'TRIGGER', nspname, relname, name::text,
                  body || ';' || COALESCE(format(E'\\nALTER TABLE %I.%I ', nspname, relname) || state
                                          || format(' TRIGGER %I;', name), '')
           FROM triggers
           UNION ALL
           SELECT 3, 'COMMENT', nspname, relname, format('%s %I', kind, name),
                  format('COMMENT ON %s %I ON %I.%I IS %L;', kind, name, nspname, relname, told)
           FROM (SELECT 'CONSTRAINT' AS kind, nspname, relname, name, told FROM keys
                 UNION ALL SELECT 'TRIGGER', nspname, relname, name, told FROM triggers) commented
           WHERE told IS NOT NULL)
         INSERT INTO neonlift.deferred
           (run, position, kind, schema_name, table_name, name, definition)
         SELECT {run}, row_number() OVER (ORDER BY part, nspname, relname, name), kind, nspname,
                relname, name, sql
         FROM definitions"
    )
}

fn put_off(run: &str, scope: &Scope) -> String {
    let covered = scope.covers("c.oid");
    quote::block(&format!(
        "DECLARE change text;
         BEGIN
           FOR change IN
             SELECT CASE kind
                    WHEN 'TRIGGER' THEN format('DROP TRIGGER %I ON %I.%I', name, schema_name, table_name)
                    ELSE format('ALTER TABLE %I.%I DROP CONSTRAINT %I', schema_name, table_name, name)
                    END
             FROM neonlift.deferred WHERE run = {run} AND kind IN ('FK CONSTRAINT', 'TRIGGER')
             UNION ALL
             SELECT format('REFRESH MATERIALIZED VIEW %I.%I WITH NO DATA', n.nspname, c.relname)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'm' AND c.relispopulated AND {USERS_OWN} AND {covered} LOOP
             EXECUTE change;
           END LOOP;
         END"
    ))
}

/// The tables with rows in them, if that is what was refused.
pub(super) fn seeded(refusal: &TargetError) -> Option<String> {
    raised(refusal, SEED_ROWS)
}

/// The message of an exception of ours, if that is what was refused.
pub(super) fn raised(refusal: &TargetError, sqlstate: &str) -> Option<String> {
    let (TargetError::Definition { source, .. } | TargetError::Postgres(source)) = refusal else {
        return None;
    };
    match source {
        PostgresError::Query { source, .. } if source.sqlstate() == Some(sqlstate) => {
            Some(source.message())
        }
        _ => None,
    }
}
