//! What is hashed: a table's hash is a sum, and yet values that change places do not leave it as it
//! is, whichever of the two hashes is used.

use crate::differences::differing;
use crate::fixture::World;

/// A hash that is linear in a row's values leaves the sum of two rows that exchange one as it is, up
/// to a multiple of 2^64: with so many tables some such sum is the same.
const TABLES: usize = 30;

/// Takes the faster hash away from everybody who is not a superuser.
const REVOKE: &str =
    "REVOKE EXECUTE ON FUNCTION pg_catalog.hash_array_extended(anyarray, bigint) FROM PUBLIC";

/// Makes tables that are the same on both sides.
fn with_tables() -> World {
    let world = World::new(10);
    let tables = (0..TABLES).map(|n| {
        format!(
            "CREATE TABLE swaps.t{n} (id int PRIMARY KEY, a text, b int, c text);
             INSERT INTO swaps.t{n} SELECT id, 'a' || id * {n}, id, 'c' FROM generate_series(1, 9) id;"
        )
    });
    let tables: String = tables.collect();
    let source = world.source();
    source.run(&format!("CREATE SCHEMA swaps; {tables}"));
    let ended = world.json(&["run"]);
    ended.expect(0, "awaiting_sign_off").expect_equal();
    world
}

/// Values of `b` change places: of two rows in one half of the tables, among three in the other.
fn swap(world: &World) {
    let swaps = (0..TABLES).map(|n| {
        let rows = 2 + n % 2;
        format!("UPDATE swaps.t{n} SET b = b % {rows} + 1 WHERE id <= {rows};")
    });
    world.target().run(&swaps.collect::<String>());
}

/// All tables are told, each with its rows; what they were hashed by.
fn expect_all_told(world: &World) -> String {
    let ended = world.json(&["compare"]).expect(1, "failed");
    let mut expected: Vec<String> = (0..TABLES).map(|n| format!("swaps.t{n}")).collect();
    let mut told = differing(&ended);
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
    let why = ended.only("failure")["why"].to_string();
    for n in 0..TABLES {
        let words = format!("swaps.t{n}: {} rows changed (b)", 2 + n % 2);
        assert!(why.contains(&words), "{words}: {why}");
    }
    ended.only("comparison")["method"].to_string()
}

#[test]
fn values_that_change_places_are_told() {
    let world = with_tables();
    swap(&world);
    let method = expect_all_told(&world);
    assert!(method.contains("binary"), "{method}");
}

/// The fallback compares, and finds the same.
#[test]
fn where_a_server_does_not_give_the_hash_texts_are_hashed() {
    let world = with_tables();
    world.target().run(REVOKE);
    world.json(&["compare"]).expect(0, "done").expect_equal();
    swap(&world);
    let method = expect_all_told(&world);
    assert!(method.contains("text"), "{method}");
}
