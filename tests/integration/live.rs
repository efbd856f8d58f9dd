//! A target that lives already, and a source that is written to: nothing that this program did
//! not load is ever taken out, and what it proves stays true.

use crate::differences::differing;
use crate::fixture::{Ended, Running, SEVERAL_CHUNKS, World, eventually};
use crate::killed::{rows_kept_out, stopped_amid};

/// Writes to the source, and waits until its counters tell: they come with the end of a session.
pub(crate) fn write_to_source(world: &World, sql: &str) {
    let written = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables";
    let before = world.source().value(written);
    world.source().run(sql);
    eventually("the write in the counters", || {
        (world.source().value(written) != before).then_some(())
    });
}

/// What a refused run says: why, and what to do.
fn refusal(ended: &Ended) -> (String, String) {
    let failure = ended.only("failure");
    let why = failure["why"].as_str().unwrap_or_default().to_owned();
    (why, failure["advice"].to_string())
}

/// A row of the application in the target, and one that the source got after the copy.
fn a_finished_transfer_leaves_alone(world: &World, table: &str, row: &str, later: &str) {
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    world.target().run(&format!("INSERT INTO {table} {row}"));
    let rows = format!("SELECT md5(whole::text) FROM {table} whole ORDER BY 1");
    let before = world.target().rows(&rows);
    write_to_source(world, &format!("INSERT INTO {table} {later}"));
    let again = world.json(&["transfer"]).expect(0, "done");
    let notes = again.notes();
    assert!(notes.contains(table), "{again}");
    assert!(notes.contains("Nothing is copied again"), "{again}");
    assert_eq!(world.target().rows(&rows), before);
    assert_ne!(world.source().rows(&rows), before);
}

#[test]
fn a_finished_transfer_never_empties_the_target() {
    let world = World::new(10);
    let row = "(what) VALUES ('of the application')";
    let later = "(what) VALUES ('later')";
    a_finished_transfer_leaves_alone(&world, "shop.edge_cases", row, later);
}

#[test]
fn nor_when_there_was_nothing_to_build() {
    let world = World::new(10);
    world.source().run(
        "DROP SCHEMA shop CASCADE; DROP TABLE vector_documents CASCADE;
         CREATE SCHEMA bare; CREATE TABLE bare.rows AS SELECT n FROM generate_series(1, 1000) n",
    );
    a_finished_transfer_leaves_alone(&world, "bare.rows", "VALUES (-1)", "VALUES (-2)");
}

#[test]
fn a_half_loaded_table_with_a_row_of_somebody_else_is_not_emptied() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid(&world, &world.small_chunks_unheld(), Running::kill);
    world.target().run(
        "CREATE TEMP TABLE one AS SELECT * FROM vector_documents LIMIT 1;
         UPDATE one SET id = gen_random_uuid(), content = 'of the application';
         INSERT INTO vector_documents SELECT * FROM one",
    );
    let rows = "SELECT md5(whole::text) FROM vector_documents whole ORDER BY 1";
    let before = world.target().rows(rows);
    write_to_source(
        &world,
        "UPDATE vector_documents SET content = content || '!' WHERE ctid = '(0,1)'",
    );
    let ledger = "SELECT table_name, chunk, loaded_at FROM neonlift.chunks ORDER BY 1, 2";
    let loaded = world.target().rows(ledger);
    let config = world.small_chunks();
    let refused = world
        .json(&["run", "--config", &config])
        .expect(1, "failed");
    let (why, advice) = refusal(&refused);
    assert!(why.contains("vector_documents"), "{refused}");
    assert!(why.contains("nothing was removed"), "{refused}");
    assert!(advice.contains("save those rows"), "{refused}");
    assert_eq!(world.target().rows(rows), before);
    assert_eq!(world.target().rows(ledger), loaded, "the ledger, too");
}

#[test]
fn a_source_that_is_written_to_while_a_killed_run_was_building() {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.config("[transfer]\njobs = 1\n");
    world.until_schema(&config);
    // Lets rows in and keeps indexes out.
    let holder = world.target().open();
    holder.run("BEGIN; LOCK TABLE shop.orders IN SHARE UPDATE EXCLUSIVE MODE");
    let running = world.start(&["run", "--config", &config]);
    eventually("a build that waits", || {
        let sql = "SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND datname = current_database()";
        (world.target().value(sql) == "1").then_some(())
    });
    running.kill();
    let loaded_at = "SELECT table_name, chunk, loaded_at FROM neonlift.chunks ORDER BY 1, 2";
    let loaded = world.target().rows(loaded_at);
    write_to_source(
        &world,
        "INSERT INTO shop.edge_cases (what) VALUES ('later')",
    );
    holder.run("COMMIT");

    let ended = world
        .json(&["run", "--config", &config])
        .expect(1, "failed");
    assert_eq!(differing(&ended), ["shop.edge_cases"], "{ended}");
    assert!(
        ended
            .notes()
            .contains("since the copy began: shop.edge_cases."),
        "{ended}"
    );
    let steps = world.json(&["status"]).only("status")["session"]["steps"].clone();
    assert_eq!(steps["transfer"]["state"], "done", "{steps}");
    assert_eq!(steps["compare"]["state"], "failed", "{steps}");
    assert_eq!(world.target().rows(loaded_at), loaded, "loaded again");
    let indexes = "SELECT schemaname, indexname FROM pg_indexes
                   WHERE schemaname IN ('shop', 'public') ORDER BY 1, 2";
    assert_eq!(world.target().rows(indexes), world.source().rows(indexes));
}

/// What a crash of the target does to chunks that were committed without waiting for the disk:
/// rows and mark are gone, while the program goes on and knows nothing of it.
#[test]
fn chunks_that_a_crash_took_back_are_loaded_again() {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.small_chunks();
    world.until_schema(&config);
    let holder = rows_kept_out(&world);
    let running = world.start(&["run", "--config", &config]);
    eventually("loaded chunks", || (world.chunks().0 > 1).then_some(()));
    world.faults().stall(true);
    let (loaded, all) = world.chunks();
    assert!(loaded < all, "{loaded} of {all} chunks");
    // A chunk's rows and its mark were written by one transaction.
    let taken = world.target().rows(
        "WITH taken AS (SELECT c.xmin AS writer, * FROM neonlift.chunks c
                        WHERE table_name = 'vector_documents' AND loaded_at IS NOT NULL),
              rows AS (DELETE FROM vector_documents WHERE xmin IN (SELECT writer FROM taken) RETURNING 1),
              marks AS (UPDATE neonlift.chunks c SET (rows, bytes, loaded_at) = (NULL, NULL, NULL) FROM taken t
                        WHERE (c.table_name, c.chunk) = (t.table_name, t.chunk) RETURNING 1)
         SELECT (SELECT count(*) FROM rows), (SELECT count(*) FROM marks), (SELECT sum(rows) FROM taken)",
    );
    let number = |at: usize| taken[0][at].as_deref().and_then(|n| n.parse::<u64>().ok());
    assert!(number(1) > Some(0), "{taken:?}");
    assert_eq!(number(0), number(2), "{taken:?}");
    drop(holder);
    world.faults().stall(false);
    let ended = running.end().expect(0, "awaiting_sign_off").expect_equal();
    assert_eq!(world.chunks(), (all, all), "{ended}");
    let notes = ended.notes();
    assert!(notes.starts_with("The report is in"), "{ended}");
    assert_eq!(notes.lines().count(), 1, "{ended}");
    let count = "SELECT count(*), count(DISTINCT id) FROM vector_documents";
    assert_eq!(world.target().rows(count), world.source().rows(count));
}
