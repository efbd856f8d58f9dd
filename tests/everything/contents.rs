//! The judge of contents: every relation's rows as text, in order, on both sides. Nothing of the
//! program's own comparison is used.

use neonlift::postgres::{Connection, quote};
use std::collections::BTreeMap;
use tokio_postgres::SimpleQueryMessage;

/// What relations hold: for each schema and relation how many rows, and the hash of their texts.
pub(crate) type Contents = BTreeMap<(String, String), String>;

/// Under these settings a row's text is the same on every server.
const PINNED: &str = "SET search_path = ''; SET extra_float_digits = 3; SET DateStyle = 'ISO';
    SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET bytea_output = 'hex'";

/// What differs, as a text for each relation, by schema.
pub(crate) fn differences(source: &Contents, target: &Contents) -> BTreeMap<String, Vec<String>> {
    assert!(source.len() > 5, "{} relations", source.len());
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let names = source.keys().chain(target.keys());
    for name in names.collect::<std::collections::BTreeSet<_>>() {
        let (here, there) = (source.get(name), target.get(name));
        if here != there {
            let text = format!("contents of {}: {here:?}, on the target {there:?}", name.1);
            found.entry(name.0.clone()).or_default().push(text);
        }
    }
    found
}

/// What a database holds.
pub(crate) async fn of(connection: &Connection) -> Contents {
    connection.batch("pinning", PINNED).await.unwrap();
    let relations = rows(
        connection,
        "SELECT n.nspname, c.relname, c.relkind, c.relispopulated FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'm', 'S', 'v') AND n.nspname <> 'information_schema' AND n.nspname <> 'neonlift'
           AND n.nspname NOT LIKE 'pg\\_%'",
    )
    .await;
    let mut contents = Contents::new();
    for relation in relations {
        let [schema, name, kind, filled] = relation.try_into().unwrap();
        let place = quote::qualified(&schema, &name);
        let sql = match (kind.as_str(), filled.as_str()) {
            ("m", "f") => "SELECT 'not filled'".to_owned(),
            // What pages hold ahead of use is nobody's.
            ("S", _) => format!("SELECT last_value || ' ' || is_called FROM {place}"),
            _ => format!(
                "SELECT count(*) || ' ' || COALESCE(md5(string_agg(h, '' ORDER BY h)), '')
                 FROM (SELECT md5(t::text) AS h FROM ONLY {place} t) hashed"
            ),
        };
        let held = rows(connection, &sql).await.remove(0).remove(0);
        contents.insert((schema, name), held);
    }
    let invalid =
        "SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready AND indislive)";
    let invalid = rows(connection, invalid).await.remove(0).remove(0);
    contents.insert(("-".to_owned(), "invalid indexes".to_owned()), invalid);
    contents.insert(
        ("large_objects".to_owned(), "large objects".to_owned()),
        large_objects(connection).await,
    );
    contents
}

async fn large_objects(connection: &Connection) -> String {
    let sql = "SELECT string_agg(concat_ws(' ', oid, md5(lo_get(oid)), obj_description(oid, 'pg_largeobject')), ', ' ORDER BY oid)
               FROM pg_largeobject_metadata";
    rows(connection, sql).await.remove(0).remove(0)
}

/// The rows of a query; a null is an empty text.
pub(crate) async fn rows(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    let messages = connection.simple_query(sql).await;
    let messages = messages.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let mut rows = Vec::new();
    for message in messages {
        if let SimpleQueryMessage::Row(row) = message {
            let texts = (0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned());
            rows.push(texts.collect());
        }
    }
    rows
}
