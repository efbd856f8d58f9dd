//! Tables that are partitioned by the hash of an enum: the same row belongs to another partition on
//! another server.

use crate::contents::rows;
use crate::migration::{Migration, OWNER, servers};

/// So many values that some belong elsewhere, whatever their OIDs are; by themselves, in an array of
/// a domain, in an expression; below a partition by range, with partitions of its own whose columns
/// stand in another order.
const TABLES: &str = "
    DO $$ BEGIN EXECUTE 'CREATE TYPE mood AS ENUM (' || (SELECT string_agg(format('%L', 'mood ' || n), ', ') FROM generate_series(1, 40) n) || ')'; END $$;
    CREATE FUNCTION nth(n int) RETURNS mood LANGUAGE sql AS $$ SELECT ('mood ' || 1 + n % 40)::public.mood $$;
    CREATE DOMAIN moods AS mood[];
    CREATE TABLE by_mood (id int, m mood, twice int GENERATED ALWAYS AS (id * 2) STORED, note text, PRIMARY KEY (id, m)) PARTITION BY HASH (m);
    CREATE TABLE by_mood_0 PARTITION OF by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 0);
    CREATE TABLE by_mood_1 (note text, gone int, m mood NOT NULL, id int NOT NULL, twice int GENERATED ALWAYS AS (id * 2) STORED);
    ALTER TABLE by_mood_1 DROP gone; ALTER TABLE by_mood ATTACH PARTITION by_mood_1 FOR VALUES WITH (MODULUS 3, REMAINDER 1);
    CREATE TABLE by_mood_2 PARTITION OF by_mood FOR VALUES WITH (MODULUS 3, REMAINDER 2) PARTITION BY HASH (id);
    CREATE TABLE by_mood_20 PARTITION OF by_mood_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE by_mood_21 PARTITION OF by_mood_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE INDEX by_mood_note ON by_mood (note); CREATE UNIQUE INDEX by_mood_own ON by_mood_0 (id, note);
    CREATE STATISTICS of_by_mood ON id, note FROM by_mood;
    INSERT INTO by_mood (id, m, note) SELECT n, nth(n), 'n' || n FROM generate_series(1, 2000) n;
    CREATE TABLE dated (at date, m moods) PARTITION BY RANGE (at);
    CREATE TABLE dated_old PARTITION OF dated FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
    CREATE TABLE dated_new PARTITION OF dated FOR VALUES FROM ('2024-01-01') TO (MAXVALUE) PARTITION BY HASH (at, m);
    CREATE TABLE dated_new_0 PARTITION OF dated_new FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE dated_new_1 PARTITION OF dated_new FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO dated SELECT date '2023-06-01' + n, ARRAY[nth(n)] FROM generate_series(1, 500) n;
    CREATE TABLE by_expression (m mood) PARTITION BY HASH ((COALESCE(m, 'mood 1')));
    CREATE UNLOGGED TABLE by_expression_0 PARTITION OF by_expression FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE UNLOGGED TABLE by_expression_1 PARTITION OF by_expression FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO by_expression SELECT nth(n) FROM generate_series(1, 80) n;
    CREATE TABLE by_number (m mood, n int) PARTITION BY HASH (n);
    CREATE TABLE by_number_0 PARTITION OF by_number FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    INSERT INTO by_number SELECT nth(n), n FROM generate_series(1, 50) n;";

/// The rows of each whole table, and what stands on it.
const HELD: &str = "
    SELECT 'by_mood', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM by_mood t
    UNION ALL SELECT 'dated_old', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM dated_old t
    UNION ALL SELECT 'dated_new', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM dated_new t
    UNION ALL SELECT 'by_expression', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM by_expression t
    UNION ALL SELECT 'by_number_0', count(*), md5(string_agg(t::text, ' ' ORDER BY t::text COLLATE \"C\")) FROM by_number_0 t
    UNION ALL SELECT pg_get_indexdef(indexrelid), indisvalid::int, '' FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
              WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT stxname, 0, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
    ORDER BY 1";

/// The rows in each of their partitions.
const PLACED: &str =
    "SELECT tableoid::regclass, count(*) FROM by_mood GROUP BY tableoid ORDER BY 1";

async fn with_tables(name: &str) -> Migration {
    let sixteen = &servers().sixteen;
    let migration = Migration::new(name, sixteen, sixteen, OWNER).await;
    let source = migration.source().await;
    source.batch("making", TABLES).await.unwrap();
    migration
}

#[tokio::test]
async fn their_rows_arrive_wherever_the_target_wants_them() {
    let migration = with_tables("routed").await;
    let source = migration.source().await;
    let ended = migration.neonlift(&["run"]);
    let ended = ended.expect(0, "awaiting_sign_off").expect_equal();
    let target = migration.target().await;
    assert_eq!(rows(&target, HELD).await, rows(&source, HELD).await);
    let (here, there) = (rows(&source, PLACED).await, rows(&target, PLACED).await);
    assert_ne!(here, there, "the servers agree: nothing was tried");
    let comparison = ended.only("comparison");
    let tables = comparison["tables"].as_array().unwrap().iter();
    let mut names: Vec<&str> = tables
        .map(|table| table["table"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    let whole = [
        "by_expression",
        "by_mood",
        "by_number_0",
        "dated_new",
        "dated_old",
    ];
    assert_eq!(names, whole, "{ended}");
    // One row less in one partition is one in the whole.
    target
        .batch("changing", "DELETE FROM by_mood WHERE id = 7")
        .await
        .unwrap();
    let ended = migration.neonlift(&["compare"]).expect(1, "failed");
    let tables = ended.only("comparison")["tables"].clone();
    let found = tables.as_array().unwrap().iter();
    let found = found.filter(|table| table["equal"] == false);
    let found: Vec<_> = found.map(|table| &table["source_rows"]).collect();
    assert_eq!(found, [2000], "{ended}");
}

/// Rows that a condition chooses, too; with a part of the partitions nobody could say which rows
/// are meant.
#[tokio::test]
async fn they_are_selected_whole_or_not_at_all() {
    let migration = with_tables("routed_part").await;
    let parts = [
        ["--table", "by_mood_0"],
        ["--exclude-table", "by_mood_21"],
        ["--table", "dated_new_1"],
    ];
    for part in parts {
        let ended = migration.neonlift(&[&["inventory"][..], &part].concat());
        let why = ended.only("failure")["why"].to_string();
        assert!(why.contains("the hash of an enum"), "{ended}");
    }
    let some = ["--table", "by_mood", "--where", "by_mood=id > 1500"];
    let ended = migration.neonlift(&[&["run"][..], &some].concat());
    let ended = ended.expect(0, "awaiting_sign_off");
    assert_eq!(ended.only("comparison")["equal"], true, "{ended}");
    let target = migration.target().await;
    let count = "SELECT count(*), min(id) FROM by_mood";
    assert_eq!(rows(&target, count).await, [["500", "1501"]]);
}
