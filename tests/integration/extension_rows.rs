//! Rows in an extension's own tables are nobody's to move; the inventory says so.

use crate::fixture::World;

/// Tables as an extension's script names them with `pg_extension_config_dump`, which nothing but
/// such a script may call.
const CONFIGURED: &str = "
    CREATE TABLE ours (name text, shipped bool);
    CREATE TABLE \"As shipped\" (name text, shipped bool);
    INSERT INTO ours VALUES ('a', true), ('b', false), ('c', false);
    INSERT INTO \"As shipped\" VALUES ('a', true);
    ALTER EXTENSION vector ADD TABLE ours;
    ALTER EXTENSION vector ADD TABLE \"As shipped\";
    SET allow_system_table_mods = on;
    UPDATE pg_extension SET extconfig = ARRAY['ours'::regclass::oid, '\"As shipped\"'::regclass::oid],
                            extcondition = ARRAY['WHERE NOT shipped', 'WHERE NOT shipped']
    WHERE extname = 'vector';";

#[test]
fn rows_in_an_extensions_tables_are_told_beforehand() {
    let world = World::new(10);
    world.source().run(CONFIGURED);
    let ended = world.json(&["inventory"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let status = world.json(&["status"]).only("status");
    let inventory = &status["session"]["steps"]["inventory"]["report"];
    let left_behind = inventory["left_behind"].as_array().expect("a list");
    let told: Vec<&str> = left_behind
        .iter()
        .filter_map(|left| left["what"].as_str())
        .filter(|what| what.contains("rows of your own"))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("2 rows of your own in ours, which belongs to the extension vector"),
        "{told:?}"
    );
}
