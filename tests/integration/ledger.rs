//! What the ledger says, and what is so: rows that a crash takes from under their marks, tables that
//! are gone, a key's name that others have, too.

use crate::fixture::{Side, World, eventually};
use crate::resumed::killed_when;

/// Emptied between its chunks: those before the crash are loaded again, though the table is not empty
/// when all of it has been loaded.
#[test]
fn an_unlogged_table_that_a_crash_amid_its_chunks_has_emptied() {
    let world = World::new(10);
    world.source().run(
        "CREATE UNLOGGED TABLE scratch AS SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 20000) n",
    );
    let config = world.small_chunks();
    world.until_schema(&config);
    let no_rows = world.target().open();
    no_rows.run("BEGIN; LOCK TABLE scratch IN SHARE MODE");
    let running = world.start(&["run", "--config", &config]);
    let chunks = |which: &str| {
        let sql = format!(
            "SELECT count(*) FROM neonlift.chunks WHERE table_name = 'scratch' AND {which}"
        );
        world.target().value(&sql).parse::<u32>().expect("a number")
    };
    let all = eventually("the plan", || Some(chunks("true")).filter(|all| *all > 0));
    assert!(all > 4, "{all} chunks");
    let no_third = world.target().open();
    no_third.run(
        "BEGIN; SELECT FROM neonlift.chunks WHERE table_name = 'scratch' AND chunk = 3 FOR UPDATE",
    );
    drop(no_rows);
    eventually("three chunks", || {
        (chunks("loaded_at IS NOT NULL") == 3).then_some(())
    });
    // What was committed without waiting for the disk is on the disk now.
    world.target().run("CHECKPOINT");
    world.restart(Side::Target);
    let ended = running.end().expect(0, "awaiting_sign_off").expect_equal();
    let count = "SELECT count(*), count(DISTINCT n) FROM scratch";
    assert_eq!(
        world.target().rows(count),
        world.source().rows(count),
        "{ended}"
    );
}

/// Of two tables that the source has no more one was in and one was not: neither is waited for.
#[test]
fn tables_that_the_source_has_dropped_since() {
    let world = World::new(10);
    world.source().run(
        "CREATE TABLE passing AS SELECT n, repeat(md5(n::text), 9) AS note FROM generate_series(1, 20000) n;
         CREATE INDEX ON passing (note)",
    );
    let config = world.small_chunks_unheld();
    let built =
        "SELECT EXISTS (SELECT FROM neonlift.built WHERE definition = 'ANALYZE public passing ')";
    killed_when(&world, &config, built);
    world.source().run("DROP TABLE passing, shop.edge_cases");
    let ended = world
        .json(&["transfer", "--config", &config])
        .expect(0, "done");
    let told = "No longer on both sides, and not moved any more: passing, shop.edge_cases.";
    assert!(ended.notes().contains(told), "{ended}");
    let target = world.target();
    let left = "SELECT (SELECT count(*) FROM passing) + (SELECT count(*) FROM shop.edge_cases)";
    assert_eq!(target.value(left), "0");
    assert_eq!(
        target.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'passing'"),
        "0"
    );
    let known =
        "SELECT count(*) FROM neonlift.tables WHERE table_name IN ('passing', 'edge_cases')";
    assert_eq!(target.value(known), "0");
    target.run("DROP TABLE passing, shop.edge_cases");
    world
        .json(&["compare", "--config", &config])
        .expect(0, "done")
        .expect_equal();
}

/// The ledger has a key of this name, too, and the table is a large one: breaking the user's does not mean that it is built.
#[test]
fn rows_that_break_an_index_with_the_name_of_a_key_of_the_ledger() {
    let world = World::new(10);
    let port = world.source().value("SHOW port");
    world.source().run(&format!(
        "CREATE FUNCTION here(n int) RETURNS int LANGUAGE sql IMMUTABLE AS
           $$ SELECT CASE current_setting('port') WHEN '{port}' THEN n ELSE 1 END $$;
         CREATE TABLE built AS SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 35000) n;
         CREATE UNIQUE INDEX built_pkey ON built (here(n))"
    ));
    let ended = world.json(&["run"]).expect(1, "failed");
    let why = ended.only("failure")["why"].to_string();
    assert!(why.contains("constraint built_pkey"), "{ended}");
}
