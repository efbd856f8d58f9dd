//! Killed where it matters what happens meanwhile. Killed anywhere: `tests/faults/killed.rs`.

use crate::differences::differing;
use crate::fixture::{Ended, Running, SEVERAL_CHUNKS, World, eventually};
use crate::live::write_to_source;
use std::collections::BTreeMap;

/// A migration that was stopped while rows travelled: some chunks are in, some are not. `stop`
/// ends the program while nothing flows to the target.
pub(crate) fn stopped_amid_the_rows(world: &World, stop: impl FnOnce(Running) -> Ended) -> Ended {
    stopped_amid(world, &world.small_chunks(), stop)
}

/// As [`stopped_amid_the_rows`], under this configuration.
pub(crate) fn stopped_amid(
    world: &World,
    config: &str,
    stop: impl FnOnce(Running) -> Ended,
) -> Ended {
    world.until_schema(config);
    let holder = rows_kept_out(world);
    let running = world.start(&["run", "--config", config]);
    eventually("a loaded chunk", || (world.chunks().0 > 0).then_some(()));
    world.faults().stall(true);
    let ended = stop(running);
    world.faults().stall(false);
    drop(holder);
    let (loaded, all) = world.chunks();
    assert!(0 < loaded && loaded < all, "{loaded} of {all} chunks");
    ended
}

/// As long as this is held, a small table takes no rows, nor do those that share its transaction;
/// the others do.
pub(crate) fn rows_kept_out(world: &World) -> impl Sized {
    let holder = world.target().open();
    holder.run("BEGIN; LOCK TABLE shop.edge_cases IN SHARE MODE");
    holder
}

/// The rest of the run.
fn go_on(world: &World) -> Ended {
    let config = world.small_chunks();
    world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off")
        .expect_equal()
}

/// When each chunk that is in was loaded.
pub(crate) fn loaded_at(world: &World) -> BTreeMap<(String, String), String> {
    let sql =
        "SELECT table_name, chunk, loaded_at FROM neonlift.chunks WHERE loaded_at IS NOT NULL";
    let rows = world.target().rows(sql).into_iter();
    let text = |value: Option<String>| value.expect("not null");
    rows.map(|row| {
        let [table, chunk, at] = <[_; 3]>::try_from(row).expect("three columns").map(text);
        ((table, chunk), at)
    })
    .collect()
}

fn no_row_twice(world: &World) {
    let sql = "SELECT count(*), count(DISTINCT id) FROM vector_documents";
    assert_eq!(world.target().rows(sql), world.source().rows(sql));
}

#[test]
fn amid_the_rows_and_then_the_source_was_written_to() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid(&world, &world.small_chunks_unheld(), Running::kill);
    let loaded = loaded_at(&world);
    let first = world.source().open();
    first.run("UPDATE vector_documents SET content = content || '!' WHERE ctid = '(0,1)'");
    drop(first);
    // The counters that tell of a write come with the end of the session that wrote.
    eventually("the write in the counters", || {
        let sql = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'vector_documents'";
        (world.source().value(sql) == "1").then_some(())
    });

    let ended = go_on(&world);
    for note in [
        "in which the copy began, is lost",
        "loading vector_documents again, whole",
    ] {
        assert!(ended.notes().contains(note), "{ended}");
    }
    let now = loaded_at(&world);
    let documents = now
        .iter()
        .filter(|((table, _), _)| table == "vector_documents");
    for (chunk, at) in documents {
        assert_ne!(
            loaded.get(chunk),
            Some(at),
            "{chunk:?} was not loaded again"
        );
    }
    no_row_twice(&world);
}

#[test]
fn a_finished_transfer_copies_nothing_again_and_says_what_has_changed() {
    let world = World::new(300);
    world
        .json(&["run", "--until", "transfer"])
        .expect(0, "done");
    let before = world
        .target()
        .rows("SELECT * FROM vector_documents ORDER BY id");
    world
        .source()
        .run("DELETE FROM shop.edge_cases WHERE what = 'exact'");
    eventually("the write in the counters", || {
        let sql = "SELECT n_tup_del FROM pg_stat_user_tables WHERE relname = 'edge_cases'";
        (world.source().value(sql) == "1").then_some(())
    });
    let again = world.json(&["transfer"]).expect(0, "done");
    let notes = again.notes();
    assert!(
        notes.contains("since the copy began: shop.edge_cases."),
        "{again}"
    );
    assert_eq!(notes.matches("shop.edge_cases").count(), 1, "{again}");
    assert!(notes.contains("Nothing is copied again"), "{again}");
    let compared = world.json(&["compare"]).expect(1, "failed");
    assert_eq!(differing(&compared), ["shop.edge_cases"], "{compared}");
    assert!(
        before
            == world
                .target()
                .rows("SELECT * FROM vector_documents ORDER BY id")
    );
    assert_eq!(
        world.target().value("SELECT count(*) FROM shop.edge_cases"),
        "6"
    );
}

/// Indexes of a large table stand before all rows are in. When its rows are loaded again, they are
/// taken away and built again: none gets lost, and none is only counted as built.
#[test]
fn what_was_built_on_rows_that_changed_is_built_again() {
    let world = World::new(10);
    world.source().run(
        "CREATE TABLE big (id int PRIMARY KEY, note text, UNIQUE (note, id) DEFERRABLE);
         INSERT INTO big SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 40000) n;
         CREATE INDEX big_note ON big (note); ALTER TABLE big CLUSTER ON big_note;
         CREATE FUNCTION as_it_is() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         -- Named as the key is.
         CREATE TRIGGER big_pkey BEFORE UPDATE ON big FOR EACH ROW EXECUTE FUNCTION as_it_is()",
    );
    let config = world.small_chunks_unheld();
    world.until_schema(&config);
    let kept_out = rows_kept_out(&world);
    let running = world.start(&["run", "--config", &config]);
    let built = "SELECT count(*) FROM neonlift.built WHERE definition = 'ANALYZE public big '";
    eventually("indexes and statistics of big", || {
        (world.target().value(built) == "1").then_some(())
    });
    running.kill();
    drop(kept_out);
    write_to_source(&world, "UPDATE big SET note = 'other' WHERE id = 7");

    let ended = world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert!(ended.notes().contains("loading big again"), "{ended}");
    assert_eq!(world.target().value(built), "1");
    for definitions in [
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'big' ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'big'::regclass ORDER BY 1",
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'big'::regclass AND indisclustered",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'big'::regclass AND NOT tgisinternal",
    ] {
        assert_eq!(
            world.target().rows(definitions),
            world.source().rows(definitions),
            "{ended}"
        );
    }
}

/// A run killed while it builds on `table`, where a lock holds it up. The server does not notice:
/// it goes on building for nobody, and the next run meets it there.
fn killed_while_building_on(table: &str) {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.config("[transfer]\njobs = 1\n");
    world.until_schema(&config);
    // Lets rows in and keeps indexes out.
    let holder = world.target().open();
    holder.run(&format!(
        "BEGIN; LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE"
    ));
    // Small tables go in parcels: more than one of them may wait for what the killed run holds.
    let waiting = |sessions: u32| {
        let sql = format!(
            "SELECT count(*) >= {sessions} FROM pg_stat_activity
             WHERE wait_event_type = 'Lock' AND datname = current_database()"
        );
        eventually("a session that waits", || {
            (world.target().value(&sql) == "t").then_some(())
        });
    };
    let running = world.start(&["run", "--config", &config]);
    waiting(1);
    running.kill();
    let marks = "SELECT definition, built_at FROM neonlift.built ORDER BY 1";
    let before = world.target().rows(marks);

    let running = world.start(&["run", "--config", &config]);
    waiting(2);
    holder.run("COMMIT");
    running.end().expect(0, "awaiting_sign_off").expect_equal();
    let after = world.target().rows(marks);
    assert!(
        before.iter().all(|mark| after.contains(mark)),
        "built again"
    );
    let indexes = format!(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = '{table}'::regclass ORDER BY 1"
    );
    assert_eq!(world.target().rows(&indexes), world.source().rows(&indexes));
}

#[test]
fn while_the_first_index_is_built() {
    killed_while_building_on("public.vector_documents");
}

#[test]
fn while_a_key_is_built_after_others() {
    killed_while_building_on("shop.orders");
}

#[test]
fn a_demo_with_its_servers() {
    let world = World::sharing();
    let demo = || {
        let mut command = world.neonlift(&["demo", "--headless", "--documents", "2000", "--json"]);
        Running::start(&mut command)
    };
    let mut running = demo();
    running.wait_for("a transfer under way", |event| {
        event["event"] == "progress"
            && event["step"] == "transfer"
            && event["elapsed"].as_f64() > Some(0.3)
    });
    running.kill();
    let ended = demo().end().expect(0, "done").expect_equal();
    assert!(
        ended.notes().contains("a killed neonlift left behind"),
        "{ended}"
    );
    let again = ended.of_kind("step_started");
    assert_eq!(
        again[0]["step"], "transfer",
        "what was done is not done again: {ended}"
    );
}
