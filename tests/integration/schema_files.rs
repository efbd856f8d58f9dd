//! A schema from a folder of SQL files: what they create is moved, the rest is told.

use crate::fixture::World;
use std::fs;
use std::path::Path;

#[test]
fn what_the_files_create_is_moved_and_the_rest_is_told() {
    let world = World::new(300);
    let folder = world.folder().join("sql");
    fs::create_dir(&folder).expect("a folder");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for name in ["001_create_vector_tables.sql", "002_add_jsonb_indexes.sql"] {
        fs::copy(migrations.join(name), folder.join(name)).expect("a copy");
    }
    let config = world.config(&format!("[schema]\nfrom = \"{}\"\n", folder.display()));
    let ended = world
        .json(&["run", "--config", &config])
        .expect(1, "failed");
    let status = world.json(&["status"]).only("status");
    let transfer = &status["session"]["steps"]["transfer"];
    assert_eq!(transfer["state"], "done", "{ended}");
    let left_out = transfer["report"]["left_out"]
        .as_array()
        .expect("what was left out")
        .clone();
    let what = |left: &serde_json::Value| left["what"].as_str().unwrap_or_default().to_owned();
    let left_out: Vec<String> = left_out.iter().map(what).collect();
    assert_eq!(
        left_out
            .iter()
            .filter(|what| what.starts_with("table shop."))
            .count(),
        11
    );

    let comparison = ended.only("comparison");
    let tables = comparison["tables"].as_array().expect("tables");
    let equal: Vec<&serde_json::Value> = tables
        .iter()
        .filter(|table| table["equal"] == true)
        .collect();
    assert_eq!(equal.len(), 1, "{ended}");
    assert_eq!(equal[0]["table"], "vector_documents");
    assert_eq!(equal[0]["target_rows"], 300);
    assert!(
        tables
            .iter()
            .all(|table| table["equal"] == true || table["target_rows"].is_null())
    );
    let indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'vector_documents'";
    assert_eq!(world.target().value(indexes), "6");
}
