//! Columns with vectors: what a comparison tells of them, of the searches over them, and when that
//! speaks against the two sides being equal.

use crate::fixture::{Ended, World};
use serde_json::Value;

/// Columns of all kinds. Values are small whole numbers, so that many distances are equal.
const TABLES: &str = "
CREATE TABLE ties (id int PRIMARY KEY, v vector(3));
INSERT INTO ties SELECT n, format('[%s,%s,1]', n % 3, n % 2)::vector FROM generate_series(1, 90) n;
CREATE INDEX ties_v ON ties USING hnsw (v vector_l2_ops);
CREATE TABLE keyless (word text, v vector(3));
INSERT INTO keyless SELECT 'w' || n % 20, format('[%s,%s,1]', n, n * n % 17)::vector
  FROM generate_series(1, 60) n;
CREATE TABLE kinds (id int PRIMARY KEY, h halfvec(4), s sparsevec(50), b bit(8), plain bit(8));
INSERT INTO kinds SELECT n, format('[%s,%s,2,1]', n, n % 7)::halfvec,
  format('{%s:%s,3:1}/50', 4 + n % 40, n)::sparsevec, n::bit(8), n::bit(8)
  FROM generate_series(1, 50) n;
CREATE INDEX kinds_h ON kinds USING hnsw (h halfvec_ip_ops);
CREATE INDEX kinds_b ON kinds USING hnsw (b bit_hamming_ops);
CREATE TABLE gaps (id int PRIMARY KEY, v vector(2), w vector, never vector(2));
INSERT INTO gaps SELECT n, CASE WHEN n % 4 = 0 THEN NULL WHEN n % 4 = 1 THEN '[0,0]'
    ELSE format('[%s,1]', n)::vector END,
  CASE WHEN n % 2 = 0 THEN '[1,2]' ELSE format('[%s,2,3]', n) END::vector
  FROM generate_series(1, 40) n;
";

/// What a comparison told of a column.
fn column(ended: &Ended, table: &str, column: &str) -> Value {
    let comparison = ended.only("comparison");
    let columns = comparison["vectors"].as_array().expect("vectors").clone();
    let is_meant = |found: &&Value| found["table"] == table && found["column"] == column;
    let found = columns.iter().find(is_meant).cloned();
    found.unwrap_or_else(|| panic!("nothing told of {table}.{column}\n{ended}"))
}

/// Asserts that searches of a column found the same, this many times as often.
fn found_the_same(found: &Value, metric: &str) {
    let overlap = &found["search"]["overlap"];
    assert_eq!(found["metric"], metric, "{found:#}");
    assert_eq!(found["unmeasured"], Value::Null, "{found:#}");
    assert!(overlap["of"].as_u64() > Some(0), "{found:#}");
    assert_eq!(overlap["found"], overlap["of"], "{found:#}");
    assert_eq!(found["equal"], true, "{found:#}");
}

#[test]
fn searches_find_the_same_on_both_sides_and_tell_what_does_not() {
    let world = World::new(300);
    world.source().run(TABLES);
    let moved = world.json(&["run"]).expect(0, "awaiting_sign_off");
    all_kinds_are_searched(&moved.expect_equal());
    a_changed_vector_is_found(&world);
    a_lost_index_is_told(&world);
    a_refused_search_is_not_silent(&world);
}

fn all_kinds_are_searched(moved: &Ended) {
    let documents = column(moved, "vector_documents", "embedding");
    found_the_same(&documents, "cosine");
    for side in ["source", "target"] {
        assert_eq!(documents[side]["index"]["method"], "hnsw", "{documents:#}");
        let searched = &documents["search"][side];
        assert!(
            searched["recall"]["ratio"].as_f64() > Some(0.5),
            "{documents:#}"
        );
        assert!(searched["p50_us"].as_u64() > Some(0), "{documents:#}");
        assert!(searched["p95_us"].as_u64() >= searched["p50_us"].as_u64());
        assert!(
            searched["round_trip_us"].as_u64() > Some(0),
            "{documents:#}"
        );
    }
    found_the_same(&column(moved, "ties", "v"), "L2");
    found_the_same(&column(moved, "keyless", "v"), "cosine");
    found_the_same(&column(moved, "kinds", "h"), "inner product");
    found_the_same(&column(moved, "kinds", "s"), "cosine");
    found_the_same(&column(moved, "kinds", "b"), "Hamming");
    let gaps = column(moved, "gaps", "v");
    found_the_same(&gaps, "cosine");
    for side in ["source", "target"] {
        let figures = &gaps[side];
        let of = |name: &str| figures[name].as_u64();
        assert_eq!(
            (of("rows"), of("embedded"), of("zero")),
            (Some(40), Some(30), Some(10))
        );
        assert_eq!(
            column(moved, "gaps", "w")[side]["dimensions"],
            serde_json::json!([2, 3])
        );
    }
    found_the_same(&column(moved, "gaps", "w"), "cosine");
    let never = column(moved, "gaps", "never");
    assert_eq!(never["unmeasured"], "no vector to search for", "{never:#}");
    // Bits without an index are bits.
    let comparison = moved.only("comparison");
    let told = comparison["vectors"].as_array().expect("vectors");
    assert!(
        told.iter().all(|found| found["column"] != "plain"),
        "{moved}"
    );
    let secret = "[1,1,2,1]";
    assert!(!moved.to_string().contains(secret), "a vector was told");
}

fn a_changed_vector_is_found(world: &World) {
    // Far away from where it was, in a table of which every row is near to a search. Equal
    // distances are another matter: of those another order of the rows takes others.
    let change = "UPDATE gaps SET v = '[-5,1]' WHERE id = 2;
                  UPDATE keyless SET v = '[-90,3,1]' WHERE word = 'w3';
                  UPDATE ties SET v = v WHERE id < 60";
    world.target().run(change);
    let ended = world.json(&["compare"]).expect(1, "failed");
    for table in ["gaps", "keyless"] {
        let found = column(&ended, table, "v");
        let overlap = &found["search"]["overlap"];
        assert!(
            overlap["found"].as_u64() < overlap["of"].as_u64(),
            "{found:#}"
        );
        assert_eq!(found["equal"], false, "{found:#}");
        let why = ended.only("failure")["why"].to_string();
        assert!(why.contains(&format!("public.{table}.v")), "{why}");
    }
    found_the_same(&column(&ended, "ties", "v"), "L2");
    let undo = "UPDATE gaps SET v = '[2,1]' WHERE id = 2; TRUNCATE keyless";
    world.target().run(undo);
    let rows =
        "INSERT INTO keyless SELECT 'w' || n % 20, format('[%s,%s,1]', n, n * n % 17)::vector
                FROM generate_series(1, 60) n";
    world.target().run(rows);
    world.json(&["compare"]).expect(0, "done").expect_equal();
}

fn a_lost_index_is_told(world: &World) {
    world.target().run("DROP INDEX ties_v");
    let ended = world.json(&["compare"]).expect(1, "failed");
    let found = column(&ended, "ties", "v");
    found_the_same(&found, "L2");
    assert_eq!(found["source"]["index"]["name"], "ties_v", "{found:#}");
    assert_eq!(found["target"]["index"], Value::Null, "{found:#}");
    assert_eq!(
        found["search"]["target"]["recall"],
        Value::Null,
        "{found:#}"
    );
    let plain = world
        .neonlift(&["compare", "--plain"])
        .output()
        .expect("it runs");
    let plain = String::from_utf8_lossy(&plain.stdout).into_owned();
    assert!(plain.contains("build it on the target"), "{plain}");
    world
        .target()
        .run("CREATE INDEX ties_v ON ties USING hnsw (v vector_l2_ops)");
}

/// What the target's server refuses is told with its reason, and does not make equal rows unequal.
fn a_refused_search_is_not_silent(world: &World) {
    let refuse = "REVOKE EXECUTE ON FUNCTION public.cosine_distance(vector, vector) FROM PUBLIC";
    world.target().run(refuse);
    let ended = world.json(&["compare"]).expect(0, "done").expect_equal();
    let found = column(&ended, "keyless", "v");
    assert_eq!(found["search"], Value::Null, "{found:#}");
    let why = found["unmeasured"].as_str().expect("a reason");
    assert!(
        why.contains("on the target") && why.contains("permission denied"),
        "{why}"
    );
    found_the_same(&column(&ended, "kinds", "h"), "inner product");
}
