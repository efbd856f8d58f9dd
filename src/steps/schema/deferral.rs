//! What SQL files made too early: foreign keys, which the rows would violate while they come table
//! by table, and triggers, which would change them. Noted in the ledger and taken away, in the
//! same transaction; the transfer makes them again after the rows. Materialized views are emptied,
//! so that they are filled after the rows too.

use crate::postgres::catalogue::USERS_OWN;
use crate::postgres::{Error as PostgresError, quote};
use crate::steps::Error;
use crate::target::{Error as TargetError, Statement};

/// The SQLSTATE, in a class that nobody else has, by which [`explained`] knows rows of the files'
/// own. The message is the tables' names.
const SEED_ROWS: &str = "NLSR1";

/// What follows the files' own statements in their transaction.
pub(super) fn statements(run: &str) -> [Statement; 3] {
    let run = quote::literal(run);
    let statement = |what: &str, sql: String| Statement {
        what: what.to_owned(),
        sql,
    };
    [
        statement("the check that the tables are empty", refuse_rows()),
        statement("the notes of foreign keys and triggers", note(&run)),
        statement(
            "the putting off of foreign keys and triggers",
            put_off(&run),
        ),
    ]
}

/// The files may have left any search path; definitions are read, and made again, under none.
/// Checks that are pending would forbid changes of their tables.
fn refuse_rows() -> String {
    format!(
        "SET LOCAL search_path = '';
         SET CONSTRAINTS ALL IMMEDIATE;
         DO $neonlift$
         DECLARE found regclass; has_rows boolean; seeded text[] := '{{}}';
         BEGIN
           FOR found IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE c.relkind = 'r' AND {USERS_OWN} ORDER BY n.nspname, c.relname LOOP
             EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', found) INTO has_rows;
             IF has_rows THEN seeded := seeded || found::text; END IF;
           END LOOP;
           IF seeded <> '{{}}' THEN
             RAISE EXCEPTION USING ERRCODE = '{SEED_ROWS}',
                                   MESSAGE = array_to_string(seeded, ', ');
           END IF;
         END $neonlift$"
    )
}

/// What a partition has from its parent is the parent's (`conparentid`, `tgparentid`).
fn note(run: &str) -> String {
    format!(
        "WITH keys AS (
           SELECT k.oid, n.nspname, c.relname, k.conname AS name,
                  pg_get_constraintdef(k.oid) AS body, obj_description(k.oid, 'pg_constraint') AS told
           FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE k.contype = 'f' AND k.conparentid = 0 AND {USERS_OWN}),
         triggers AS (
           SELECT t.oid, n.nspname, c.relname, t.tgname AS name, pg_get_triggerdef(t.oid) AS body,
                  CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                   WHEN 'A' THEN 'ENABLE ALWAYS' END AS state,
                  obj_description(t.oid, 'pg_trigger') AS told
           FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relkind IN ('r', 'p') AND {USERS_OWN}),
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

fn put_off(run: &str) -> String {
    format!(
        "DO $neonlift$
         DECLARE change text;
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
             WHERE c.relkind = 'm' AND c.relispopulated AND {USERS_OWN} LOOP
             EXECUTE change;
           END LOOP;
         END $neonlift$"
    )
}

/// Tells the refusal of the files' own rows from any other.
pub(super) fn explained(refusal: TargetError) -> Error {
    let tables = match &refusal {
        TargetError::Definition { source, .. } | TargetError::Postgres(source) => seeded(source),
        _ => None,
    };
    match tables {
        Some(tables) => Error::SeedRows {
            tables,
            source: refusal,
        },
        None => refusal.into(),
    }
}

fn seeded(error: &PostgresError) -> Option<String> {
    match error {
        PostgresError::Query { source, .. } if source.sqlstate() == Some(SEED_ROWS) => {
            Some(source.message())
        }
        _ => None,
    }
}
