//! Whether two databases are equal, asked in plain SQL: neonlift's own comparison is not believed.

use crate::fixture::Database;
use std::collections::BTreeMap;

/// Tables with rows of their own, and materialized views.
const TABLES: &str = "
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'neonlift')
    ORDER BY 1";

const SEQUENCES: &str = "
    SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname <> 'neonlift'";

/// All that stands on the rows, by what it is and how it is: an index that is not valid or a key
/// that is not checked is another one than on the other side.
const STANDING: &str = "
    SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisreplident)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'neonlift')
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(k.oid), convalidated)
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'neonlift')
    UNION ALL
    SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgenabled, pg_get_triggerdef(oid))
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'policy', polrelid::regclass, polname) FROM pg_policy
    UNION ALL
    SELECT concat_ws(' ', 'view', schemaname, viewname, definition) FROM pg_views
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 1";

/// All that a database holds: tables with the number and the hash of their rows as text, each as
/// often as it is there; sequences with their values; what stands on the rows.
pub(crate) fn content(database: &Database<'_>) -> BTreeMap<String, String> {
    let session = database.open();
    // Rows as text differ with these, and a connection may come with others.
    session.run("SET extra_float_digits = 3; SET timezone = 'UTC'; SET search_path = pg_catalog");
    let names =
        |sql: &str| -> Vec<String> { session.rows(sql).into_iter().flatten().flatten().collect() };
    let mut content = BTreeMap::new();
    for table in names(TABLES) {
        let rows = session.rows(&format!(
            "SELECT count(*), md5(string_agg(row, E'\\n' ORDER BY row COLLATE \"C\"))
             FROM (SELECT t::text AS row FROM ONLY {table} t) rows"
        ));
        content.insert(table, format!("{rows:?}"));
    }
    for sequence in names(SEQUENCES) {
        let value = session.rows(&format!("SELECT last_value, is_called FROM {sequence}"));
        content.insert(sequence, format!("{value:?}"));
    }
    content.extend(
        names(STANDING)
            .into_iter()
            .map(|what| (what, "stands".to_owned())),
    );
    content
}

/// What is not the same in both, one a line.
pub(crate) fn differences(
    source: &BTreeMap<String, String>,
    target: &BTreeMap<String, String>,
) -> String {
    let names = source
        .keys()
        .chain(target.keys().filter(|name| !source.contains_key(*name)));
    let differing = names.filter(|name| source.get(*name) != target.get(*name));
    let line = |name: &String| format!("{name}: {:?} / {:?}\n", source.get(name), target.get(name));
    differing.map(line).collect()
}
