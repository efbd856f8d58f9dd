//! What a killed run left is met by the next one under other circumstances: the source has moved on,
//! the target has crashed, a table has become a large one, or a small one.

use crate::fixture::{Running, Side, World, eventually};
use crate::killed::{loaded_at, rows_kept_out};
use crate::live::write_to_source;
use rstest::rstest;

/// Killed when `done`, a query on the target, gives true; some rows are still to come.
pub(crate) fn killed_when(world: &World, config: &str, done: &str) {
    world
        .json(&["run", "--until", "schema", "--config", config])
        .expect(0, "done");
    let kept_out = rows_kept_out(world);
    let running = world.start(&["run", "--config", config]);
    eventually(done, || (world.target().value(done) == "t").then_some(()));
    running.kill();
    drop(kept_out);
    let (loaded, all) = world.chunks();
    assert!(loaded < all, "{loaded} of {all} chunks");
}

const OBJECTS: &str = "SELECT lo_from_bytea(n::oid, convert_to(repeat('x', n - 90000), 'UTF8'))
    FROM generate_series(90001, 90100) n";
const OBJECTS_CHANGE: &str = "SELECT lo_put(90001, 0, 'changed'); SELECT lo_unlink(90002);
    SELECT lo_from_bytea(90200, 'new'); COMMENT ON LARGE OBJECT 90003 IS 'commented'";
const HELD: &str = "SELECT string_agg(concat_ws(' ', oid, md5(lo_get(oid)), obj_description(oid, 'pg_largeobject')), ', ' ORDER BY oid)
    FROM pg_largeobject_metadata";

/// The ledger says that all of them are in.
const OBJECTS_IN: &str =
    "SELECT EXISTS (SELECT FROM neonlift.built WHERE definition = 'all large objects')";

fn objects_follow_the_source(world: &World, config: &str) {
    let ended = world
        .json(&["run", "--config", config])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert_eq!(
        world.target().value(HELD),
        world.source().value(HELD),
        "{ended}"
    );
}

/// All large objects were in, but not all rows: they belong to the same moment.
#[test]
fn large_objects_that_changed_after_they_were_all_in() {
    let world = World::new(10);
    world.source().run(OBJECTS);
    let config = world.small_chunks_unheld();
    killed_when(&world, &config, OBJECTS_IN);
    world.source().run(OBJECTS_CHANGE);
    objects_follow_the_source(&world, &config);
}

/// All were in, and were taken out again: a kill before they are back, with all rows in by then.
#[test]
fn large_objects_that_were_taken_out_by_a_run_that_was_killed() {
    let world = World::new(10);
    world.source().run(OBJECTS);
    let config = world.small_chunks_unheld();
    killed_when(&world, &config, OBJECTS_IN);
    world.source().run(OBJECTS_CHANGE);
    // The new one's number, as long as nobody knows whether somebody else takes it.
    let holder = world.target().open();
    holder.run("BEGIN; SELECT lo_create(90200)");
    let running = world.start(&["run", "--config", &config]);
    let rows_in = "SELECT EXISTS (SELECT FROM neonlift.built WHERE definition = 'all rows')";
    eventually("all rows, and not all objects", || {
        (world.target().value(rows_in) == "t").then_some(())
    });
    running.kill();
    drop(holder);
    objects_follow_the_source(&world, &config);
}

/// Those before the one that is in the way were in.
#[test]
fn large_objects_that_changed_when_some_were_in() {
    let world = World::new(10);
    world.source().run(OBJECTS);
    let config = world.small_chunks_unheld();
    world.target().run("SELECT lo_from_bytea(90050, 'own')");
    world
        .json(&["run", "--config", &config])
        .expect(1, "failed");
    let some = "SELECT count(*) FROM neonlift.large_objects";
    assert_eq!(world.target().value(some), "32");
    world.source().run(OBJECTS_CHANGE);
    world.target().run("SELECT lo_unlink(90050)");
    objects_follow_the_source(&world, &config);
}

/// Its marks are logged, its rows are not.
#[test]
fn an_unlogged_table_that_a_crash_of_the_target_has_emptied() {
    let world = World::new(10);
    world.source().run(
        "CREATE UNLOGGED TABLE scratch AS SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 10000) n",
    );
    let all_in =
        "SELECT bool_and(loaded_at IS NOT NULL) FROM neonlift.chunks WHERE table_name = 'scratch'";
    killed_when(&world, &world.small_chunks(), all_in);
    // What was committed without waiting for the disk is on the disk now.
    world.target().run("CHECKPOINT");
    world.restart(Side::Target);
    let count = "SELECT count(*) FROM scratch";
    assert_eq!(world.target().value(count), "0");
    assert_eq!(world.target().value(all_in), "t");
    world
        .json(&["run", "--config", &world.small_chunks()])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert_eq!(world.target().value(count), "10000");
}

/// Keys, and indexes that do more than stand there; with this many rows of 330 bytes.
fn table_with_indexes(rows: u32) -> String {
    format!(
        "CREATE TABLE sized (id int PRIMARY KEY, note text, UNIQUE (note, id) DEFERRABLE)
           WITH (autovacuum_enabled = false);
         INSERT INTO sized SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, {rows}) n;
         CREATE INDEX sized_note ON sized (note); ALTER TABLE sized CLUSTER ON sized_note;
         CREATE INDEX sized_length ON sized (length(note));
         ALTER INDEX sized_length ALTER 1 SET STATISTICS 77;"
    )
}

/// What is below the limit of 8 MB, and above it.
const SMALL: u32 = 15_000;
const LARGE: u32 = 35_000;

/// What stands on a table, by what it is.
const STANDS: &str = "
    SELECT concat_ws(' ', pg_get_indexdef(indexrelid), indisclustered, indisvalid, a.attstattarget)
    FROM pg_index JOIN pg_attribute a ON a.attrelid = indexrelid AND a.attnum = 1
    WHERE indrelid = 'sized'::regclass
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'sized'::regclass
    ORDER BY 1";

/// What was built, with the index's own file: an index that is built again gets another.
const BUILT: &str = "
    SELECT definition, built_at, pg_relation_filenode(to_regclass(split_part(definition, ' ', 4)))
    FROM neonlift.built WHERE split_part(definition, ' ', 3) = 'sized' ORDER BY 1";

/// Which way a table goes over the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Large,
    Small,
}

/// Keys and indexes of small tables are built whole and together, those of large ones in two
/// steps: marks of either kind are understood by a run that takes the other way.
#[rstest]
#[case::larger(Becomes::Large)]
#[case::smaller(Becomes::Small)]
fn what_was_built_on_a_table_that_goes_over_the_limit_stays(#[case] becomes: Becomes) {
    let world = World::new(10);
    let before = match becomes {
        Becomes::Large => table_with_indexes(SMALL),
        Becomes::Small => {
            table_with_indexes(LARGE) + &format!("DELETE FROM sized WHERE id > {SMALL}")
        }
    };
    world.source().run(&before);
    let config = match becomes {
        Becomes::Large => world.small_chunks(),
        // What holds the snapshot would keep the table's size, too.
        Becomes::Small => world.small_chunks_unheld(),
    };
    let analyzed =
        "SELECT EXISTS (SELECT FROM neonlift.built WHERE definition = 'ANALYZE public sized ')";
    killed_when(&world, &config, analyzed);
    let stands = world.source().rows(STANDS);
    let (built, loaded) = (world.target().rows(BUILT), loaded_at(&world));
    let bytes = "SELECT pg_relation_size('sized') > 8 << 20";
    let was_large = world.source().value(bytes);
    match becomes {
        Becomes::Large => write_to_source(
            &world,
            "INSERT INTO sized SELECT n, repeat(md5(n::text), 9) FROM generate_series(20001, 40000) n",
        ),
        Becomes::Small => world.source().run("VACUUM sized"),
    }
    assert_ne!(world.source().value(bytes), was_large);

    let mut config = vec!["run", "--config", &config];
    if becomes == Becomes::Large {
        config.extend(["--until", "transfer"]);
    }
    let ended = world.json(&config);
    assert_eq!(ended.code, Some(0), "{ended}");
    assert_eq!(world.target().rows(STANDS), stands, "{ended}");
    let now = world.target().rows(BUILT);
    let kept = built.iter().all(|mark| now.contains(mark));
    assert!(kept, "built again: {built:?}, now {now:?}\n{ended}");
    // Of a large one's, the constraints and marks that stand on the indexes are still to be made.
    let made_later = if becomes == Becomes::Small { 4 } else { 0 };
    assert_eq!(now.len(), built.len() + made_later, "{built:?}, {now:?}");
    let now = loaded_at(&world);
    assert!(
        loaded.iter().all(|(chunk, at)| now.get(chunk) == Some(at)),
        "loaded again: {ended}"
    );
    let count = "SELECT count(*) FROM sized";
    assert_eq!(world.target().value(count), SMALL.to_string());
}

/// Loaded again, because it was written to, and now large: everything is built again, as a whole.
#[test]
fn what_was_built_on_a_table_that_has_changed_and_grown_is_built_again() {
    let world = World::new(10);
    world.source().run(&table_with_indexes(SMALL));
    let config = world.small_chunks_unheld();
    let analyzed =
        "SELECT EXISTS (SELECT FROM neonlift.built WHERE definition = 'ANALYZE public sized ')";
    killed_when(&world, &config, analyzed);
    write_to_source(
        &world,
        "INSERT INTO sized SELECT n, repeat(md5(n::text), 9) FROM generate_series(20001, 40000) n",
    );
    let ended = world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert_eq!(
        world.target().rows(STANDS),
        world.source().rows(STANDS),
        "{ended}"
    );
}

/// A table that is partitioned by the hash of an enum is loaded again as a whole: its rows are spread
/// over all of its partitions, otherwise than on the source.
#[test]
fn a_routed_table_that_has_changed() {
    let world = World::new(10);
    world.source().run(
        "CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
         CREATE TABLE by_mood (id int, m mood, note text, PRIMARY KEY (id, m)) PARTITION BY HASH (m);
         CREATE TABLE by_mood_0 PARTITION OF by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE by_mood_1 PARTITION OF by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         INSERT INTO by_mood SELECT n, (enum_range(NULL::mood))[1 + n % 8], repeat(md5(n::text), 9) FROM generate_series(1, 10000) n;
         CREATE INDEX by_mood_note ON by_mood (note)",
    );
    let config = world.small_chunks_unheld();
    let all_in =
        "SELECT bool_and(loaded_at IS NOT NULL) FROM neonlift.chunks WHERE table_name = 'by_mood'";
    killed_when(&world, &config, all_in);
    let change = "UPDATE by_mood SET note = 'changed' WHERE id = 3";
    write_to_source(&world, change);
    let ended = world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert!(ended.notes().contains("loading by_mood again"), "{ended}");
    for sql in [
        "SELECT count(*), count(DISTINCT id), min(note) FROM by_mood",
        "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'by_mood%' ORDER BY 1",
        "SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid::regclass::text LIKE 'by_mood%'",
    ] {
        assert_eq!(
            world.target().rows(sql),
            world.source().rows(sql),
            "{ended}"
        );
    }
}

/// A run whose plan waits for what this holds.
fn about_to_plan(world: &World) -> (impl FnOnce(), Running) {
    world.json(&["run", "--until", "schema"]).expect(0, "done");
    let holder = world.target().open();
    holder.run("BEGIN; LOCK TABLE neonlift.tables IN SHARE MODE");
    let running = world.start(&["run"]);
    plans(world, 1);
    (move || holder.run("COMMIT"), running)
}

/// Waits until so many sessions wait for the lock, each with a plan.
fn plans(world: &World, sessions: u32) {
    let waiting = format!(
        "SELECT count(*) = {sessions} FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE 'BEGIN%neonlift.tables%'"
    );
    eventually("a plan that waits", || {
        (world.target().value(&waiting) == "t").then_some(())
    });
}

/// Each table of the plan, with the transaction that has planned it.
const PLANNED: &str = "SELECT schema_name, table_name, xmin FROM neonlift.tables ORDER BY 1, 2";

fn planned_once(world: &World, running: Running) {
    let ended = running.end().expect(0, "awaiting_sign_off").expect_equal();
    let note = "the copy's plan: trying again";
    assert!(ended.notes().contains(note), "{ended}");
    let planners = "SELECT count(DISTINCT xmin::text) FROM neonlift.tables";
    assert_eq!(world.target().value(planners), "1", "{ended}");
}

#[test]
fn a_plan_whose_answer_is_lost_is_found_in_the_ledger() {
    let world = World::new(10);
    let (let_go, running) = about_to_plan(&world);
    world.faults().stall(true);
    let_go();
    let plan = eventually("the plan", || {
        let rows = world.target().rows(PLANNED);
        (!rows.is_empty()).then_some(rows)
    });
    world.faults().sleep(std::time::Duration::ZERO);
    world.faults().stall(false);
    planned_once(&world, running);
    assert_eq!(world.target().rows(PLANNED), plan);
}

/// The server does not notice: it goes on planning for nobody, and the next attempt meets it there.
#[test]
fn a_plan_that_is_still_made_for_a_connection_that_is_lost() {
    let world = World::new(10);
    let (let_go, running) = about_to_plan(&world);
    world.faults().sleep(std::time::Duration::ZERO);
    plans(&world, 2);
    let_go();
    planned_once(&world, running);
}
