//! Large objects that are stopped half-way, cannot be read, or whose numbers are taken.

use crate::contents::rows;
use crate::fixture::Ended;
use crate::migration::{Migration, OWNER, servers};

const OBJECTS: &str = "CREATE TABLE pictures (picture oid);
    INSERT INTO pictures SELECT lo_from_bytea(n::oid, convert_to(repeat(n::text, n - 80000), 'UTF8')) FROM generate_series(80001, 80100) n";

const HELD: &str = "SELECT string_agg(oid || ' ' || md5(lo_get(oid)), ' ' ORDER BY oid) FROM pg_largeobject_metadata";

async fn with_objects(name: &str) -> Migration {
    let sixteen = &servers().sixteen;
    let migration = Migration::new(name, sixteen, sixteen, OWNER).await;
    let source = migration.source().await;
    source.batch("making", OBJECTS).await.unwrap();
    migration
}

fn why(ended: &Ended) -> String {
    ended.only("failure").to_string()
}

/// As a kill leaves it: some are in, of which some show another moment of the source.
#[tokio::test]
async fn a_stopped_transfer_goes_on_and_each_arrives_once() {
    let migration = with_objects("stopped").await;
    migration
        .neonlift(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let (source, target) = (migration.source().await, migration.target().await);
    let expected = rows(&source, HELD).await;
    assert_eq!(rows(&target, HELD).await, expected);
    let stop = format!(
        "SET ROLE {}; DELETE FROM neonlift.built WHERE definition = 'all large objects';
         SELECT lo_unlink(oid) FROM neonlift.large_objects WHERE oid > 80050; DELETE FROM neonlift.large_objects WHERE oid > 80050;
         SELECT lo_put(oid, 0, 'another moment') FROM neonlift.large_objects WHERE oid < 80010;
         UPDATE neonlift.large_objects SET visible = 'another moment' WHERE oid < 80010",
        migration.owner()
    );
    target.batch("stopping", &stop).await.unwrap();
    assert_ne!(rows(&target, HELD).await, expected);
    let ended = migration.neonlift(&["transfer"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(rows(&target, HELD).await, expected);
    let count = "SELECT count(*), sum(bytes) FROM neonlift.large_objects";
    let sizes = "SELECT count(*), sum(length(lo_get(oid))) FROM pg_largeobject_metadata";
    assert_eq!(rows(&target, count).await, rows(&source, sizes).await);
    // Changed afterwards: the comparison tells.
    target
        .batch("changing", "SELECT lo_put(80100, 3, 'x')")
        .await
        .unwrap();
    let ended = migration.neonlift(&["compare"]).expect(1, "failed");
    let tables = ended.only("comparison")["tables"].clone();
    let differing = tables
        .as_array()
        .unwrap()
        .iter()
        .filter(|table| table["equal"] == false);
    let differing: Vec<_> = differing.map(|table| table["table"].clone()).collect();
    assert_eq!(differing, ["pg_largeobject"], "{ended}");
}

#[tokio::test]
async fn objects_that_may_not_be_read_are_told_before() {
    let migration = with_objects("unreadable").await;
    let sixteen = &servers().sixteen;
    sixteen.create_role("unreadable_reader", "").await;
    let source = migration.source().await;
    let may_read = "GRANT pg_read_all_data TO unreadable_reader";
    source.batch("granting", may_read).await.unwrap();
    let ended = migration
        .neonlift_as("unreadable_reader", &["run"])
        .expect(1, "failed");
    assert_eq!(ended.only("failure")["step"], "connections", "{ended}");
    assert!(
        why(&ended).contains("may not read 100 large objects"),
        "{ended}"
    );
    let grant = "DO $$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP
        EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO unreadable_reader', o); END LOOP; END $$";
    migration
        .source()
        .await
        .batch("granting", grant)
        .await
        .unwrap();
    let ended = migration.neonlift_as("unreadable_reader", &["run"]);
    ended.expect(0, "awaiting_sign_off").expect_equal();
}

#[tokio::test]
async fn numbers_that_are_taken_are_told_and_nothing_is_changed() {
    let migration = with_objects("taken").await;
    let target = migration.target().await;
    target
        .batch("taking", "SELECT lo_from_bytea(80050, 'of somebody else')")
        .await
        .unwrap();
    let ended = migration.neonlift(&["run"]).expect(1, "failed");
    assert!(
        why(&ended).contains("Large objects are in the way"),
        "{ended}"
    );
    let there = rows(&target, "SELECT encode(lo_get(80050), 'escape')").await;
    assert_eq!(there, [["of somebody else"]]);
    target
        .batch("freeing", "SELECT lo_unlink(80050)")
        .await
        .unwrap();
    migration
        .neonlift(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}
