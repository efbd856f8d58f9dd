//! A small process holds the source's snapshot: what was killed goes on in the very same one.

use crate::differences::differing;
use crate::fixture::{Ended, Running, SEVERAL_CHUNKS, World, eventually};
use crate::killed::{loaded_at, stopped_amid_the_rows};
use crate::live::write_to_source;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

const DOCUMENTS: &str = "SELECT md5(whole::text) FROM vector_documents whole ORDER BY 1";
const ORDERS: &str = "SELECT md5(whole::text) FROM shop.orders whole ORDER BY 1";
const WRITES: &str = "
    UPDATE vector_documents SET content = content || '!' WHERE ctid = '(0,1)';
    INSERT INTO vector_documents SELECT (jsonb_populate_record(whole, jsonb_build_object('id', gen_random_uuid()))).*
      FROM vector_documents whole LIMIT 50;
    DELETE FROM vector_documents WHERE id IN (SELECT id FROM vector_documents ORDER BY ctid DESC LIMIT 20)";

/// What `status` says of a held snapshot; null when none is held.
fn held(world: &World) -> Value {
    world.json(&["status"]).only("status")["snapshot_held"].clone()
}

fn note(world: &World) -> PathBuf {
    world.session().with_extension("snapshot.toml")
}

/// The process that holds the snapshot.
fn holder(world: &World) -> Pid {
    let process = held(world)["process"].as_i64().expect("a holder");
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    process.expect("a process id")
}

fn nobody_holds(world: &World) {
    eventually("the holder's end", || {
        (world.holders().is_empty() && !note(world).exists()).then_some(())
    });
    assert_eq!(held(world), Value::Null);
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL
                    AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    eventually("the end of the sessions that read", || {
        (world.source().value(sessions) == "0").then_some(())
    });
}

fn snapshots(world: &World) -> String {
    world
        .target()
        .value("SELECT count(*) FROM neonlift.snapshots")
}

/// The rest of the transfer.
fn transferred(world: &World) -> Ended {
    let config = world.small_chunks();
    world
        .json(&["run", "--until", "transfer", "--config", &config])
        .expect(0, "done")
}

fn on_in_the_same_snapshot(stop: impl FnOnce(Running) -> Ended) {
    let world = World::new(SEVERAL_CHUNKS);
    let documents = world.source().rows(DOCUMENTS);
    stopped_amid_the_rows(&world, stop);
    let loaded = loaded_at(&world);
    assert_eq!(world.holders().len(), 1);
    write_to_source(&world, WRITES);

    let ended = transferred(&world);
    assert!(
        ended
            .notes()
            .contains("snapshot of the source that is held since"),
        "{ended}"
    );
    let now = loaded_at(&world);
    assert!(
        loaded.iter().all(|(chunk, at)| now.get(chunk) == Some(at)),
        "loaded again: {ended}"
    );
    assert!(now.len() > loaded.len());
    assert_eq!(snapshots(&world), "1");
    assert!(
        world.target().rows(DOCUMENTS) == documents,
        "other rows than the snapshot's"
    );
    assert!(world.source().rows(DOCUMENTS) != documents);
    nobody_holds(&world);
    let note = "written to since the copy began: public.vector_documents.";
    assert!(ended.notes().contains(note), "{ended}");
}

#[test]
fn killed_and_the_source_written_to() {
    on_in_the_same_snapshot(Running::kill);
}

#[test]
fn stopped_by_ctrl_c_and_the_source_written_to() {
    on_in_the_same_snapshot(|running| {
        running.signal(Signal::INT);
        let ended = running.end().expect(130, "interrupted");
        assert!(ended.notes().contains("stays held until"), "{ended}");
        ended
    });
}

#[test]
fn a_holder_that_is_killed_too_costs_the_snapshot_and_that_is_said() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid_the_rows(&world, Running::kill);
    kill_process(holder(&world), Signal::KILL).expect("killed");
    eventually("its end", || world.holders().is_empty().then_some(()));
    // Its note lies there still, and deceives nobody.
    assert!(note(&world).exists());
    // A process is out of sight before the system has let its locks go.
    eventually("the end of its lock", || {
        held(&world).is_null().then_some(())
    });
    write_to_source(&world, WRITES);

    let ended = transferred(&world);
    for said in [
        "in which the copy began, is lost",
        "loading vector_documents again, whole",
    ] {
        assert!(ended.notes().contains(said), "{said}: {ended}");
    }
    assert_eq!(snapshots(&world), "2");
    assert!(world.target().rows(DOCUMENTS) == world.source().rows(DOCUMENTS));
    nobody_holds(&world);
}

#[test]
fn its_time_is_limited_and_status_tells_it() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid_the_rows(&world, Running::kill);
    let told = Running::start(&mut world.neonlift(&["status"])).end();
    let process = holder(&world).as_raw_nonzero();
    for said in [
        "Snapshot of the source held since 20",
        &format!("(process {process})"),
        "VACUUM on the source cannot clean up",
    ] {
        assert!(told.stdout.contains(said), "{said}: {told}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(note(&world)).expect("a note").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    // As if it had been used for the last time 12 hours ago.
    let note = File::options().write(true).open(note(&world));
    let long_ago = SystemTime::now() - Duration::from_secs(12 * 3600);
    let set = note.expect("a note").set_modified(long_ago);
    set.expect("set back");
    nobody_holds(&world);
    transferred(&world);
}

#[test]
fn removing_its_note_or_a_signal_ends_it() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid_the_rows(&world, Running::kill);
    let first = holder(&world);
    // What a terminal sends when it goes away.
    for signal in [Signal::HUP, Signal::INT] {
        kill_process(first, signal).expect("sent");
    }
    // A note that cannot be read hides no holder.
    fs::write(note(&world), "newer = true").expect("written");
    let file = note(&world).display().to_string();
    assert_eq!(held(&world)["unreadable_note"], file);
    let told = Running::start(&mut world.neonlift(&["status"])).end();
    assert!(told.stdout.contains("is held, but its note"), "{told}");
    fs::remove_file(note(&world)).expect("removed");
    nobody_holds(&world);

    // Held again, by another.
    world.faults().delay(Duration::from_millis(80));
    let config = world.small_chunks();
    let running = world.start(&["run", "--config", &config]);
    eventually("a new holder", || note(&world).exists().then_some(()));
    running.kill();
    world.faults().delay(Duration::ZERO);
    kill_process(holder(&world), Signal::TERM).expect("sent");
    nobody_holds(&world);
}

/// Behind somebody who waits for a table, everybody waits: a transfer that may never go on is not
/// worth that.
#[test]
fn it_gives_way_to_an_application_that_waits_for_it() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid_the_rows(&world, Running::kill);
    let note_file = File::options().write(true).open(note(&world));
    // As if nobody had used it for a while.
    let a_while_ago = SystemTime::now() - Duration::from_secs(300);
    let set = note_file.expect("a note").set_modified(a_while_ago);
    set.expect("set back");
    world
        .source()
        .run("ALTER TABLE shop.returns ADD COLUMN later int");
    nobody_holds(&world);
}

/// The schema is made anew, so the rows will be moved anew: nothing needs the snapshot.
#[test]
fn a_transfer_that_is_dropped_drops_its_snapshot() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid_the_rows(&world, Running::kill);
    assert_eq!(world.holders().len(), 1);
    world.json(&["schema"]);
    nobody_holds(&world);
}

/// A crash: the server ends all sessions, and forgets its snapshots and counters.
fn crash(world: &World) {
    let witness = world.source().open();
    let sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'neonlift' LIMIT 1";
    let victim = world.source().value(sql).parse().ok();
    let victim = victim.and_then(Pid::from_raw).expect("a session");
    kill_process(victim, Signal::KILL).expect("killed");
    eventually("the crash", || witness.is_over().then_some(()));
    eventually("the source after its crash", || {
        world.source().answers().then_some(())
    });
}

#[test]
fn a_source_that_crashes_ends_it_and_the_next_run_takes_a_new_snapshot() {
    let world = World::new(SEVERAL_CHUNKS);
    stopped_amid_the_rows(&world, Running::kill);
    crash(&world);
    nobody_holds(&world);
    let ended = transferred(&world);
    assert!(
        ended.notes().contains("in which the copy began, is lost"),
        "{ended}"
    );
    assert!(world.target().rows(DOCUMENTS) == world.source().rows(DOCUMENTS));
}

/// The run itself goes on: with the snapshot that is still held, or with a new one.
fn lost_amid_the_rows(lose: impl FnOnce(&World)) -> (World, Ended) {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.small_chunks();
    world.until_schema(&config);
    world.faults().delay(Duration::from_millis(80));
    let running = world.start(&["run", "--config", &config]);
    eventually("a loaded chunk", || (world.chunks().0 > 0).then_some(()));
    world.faults().stall(true);
    let (loaded, all) = world.chunks();
    assert!(loaded < all, "{loaded} of {all} chunks");
    lose(&world);
    world.faults().delay(Duration::ZERO);
    world.faults().stall(false);
    let ended = running.end().expect(0, "awaiting_sign_off").expect_equal();
    (world, ended)
}

#[test]
fn a_source_that_crashes_under_a_running_transfer() {
    let (world, ended) = lost_amid_the_rows(crash);
    assert!(
        ended.notes().contains("The source was lost: going on"),
        "{ended}"
    );
    assert_eq!(snapshots(&world), "2");
    nobody_holds(&world);
}

#[test]
fn a_running_transfer_whose_sessions_on_the_source_are_ended_keeps_its_snapshot() {
    let (world, ended) = lost_amid_the_rows(|world| {
        // All but the holder's, which is the first that came.
        world.source().rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'neonlift' AND backend_start >
               (SELECT min(backend_start) FROM pg_stat_activity WHERE application_name = 'neonlift')",
        );
    });
    assert_eq!(snapshots(&world), "1", "{ended}");
    nobody_holds(&world);
}

#[test]
fn where_no_note_can_be_written_the_program_holds_the_snapshot_itself() {
    let world = World::new(10);
    fs::create_dir(note(&world)).expect("a folder in its way");
    let ended = world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let said = "neonlift itself holds the source's snapshot this time";
    assert!(ended.notes().contains(said), "{ended}");
    assert!(note(&world).is_dir() && world.holders().is_empty());
}

#[test]
fn what_was_written_since_the_copy_is_named_by_the_comparison() {
    let world = World::new(10);
    world
        .json(&["run", "--until", "transfer"])
        .expect(0, "done");
    let orders = world.target().rows(ORDERS);
    let later = "UPDATE shop.orders SET remark = 'later' WHERE id = 1001";
    write_to_source(&world, later);
    let ended = world.json(&["run"]).expect(1, "failed");
    assert_eq!(differing(&ended), ["shop.orders"], "{ended}");
    let changed = ended.only("comparison")["changed_since"].clone();
    assert_eq!(changed, serde_json::json!(["shop.orders"]), "{ended}");
    assert!(world.target().rows(ORDERS) == orders);
}

/// The application still runs, and by chance both sides are equal: a person has to see to it.
#[test]
fn writes_that_left_no_trace_have_to_be_signed_for() {
    let world = World::new(10);
    world
        .json(&["run", "--until", "transfer"])
        .expect(0, "done");
    let churn = "UPDATE shop.orders SET remark = remark WHERE id = 1001";
    write_to_source(&world, churn);
    let ended = world.json(&["run"]).expect(0, "awaiting_sign_off");
    let ended = ended.expect_equal();
    let open = ended.only("awaiting_sign_off")["open"].to_string();
    assert!(open.contains("source-quiet"), "{ended}");
    let status = world.json(&["status"]).only("status");
    let items = status["session"]["checklist"].as_array().expect("items");
    let item = items.iter().find(|item| item["key"] == "source-quiet");
    let evidence = item.expect("the item")["evidence"].to_string();
    assert!(evidence.contains("shop.orders, although"), "{evidence}");
}

/// A row is mended on the source, and the snapshot still has it as it was: the advice ends it.
#[test]
fn a_row_mended_on_the_source_arrives_after_the_advice() {
    let world = World::new(10);
    world.source().run(
        "CREATE FUNCTION fine(a int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
         CREATE TABLE checked (a int CHECK (fine(a))); INSERT INTO checked VALUES (-1);
         CREATE OR REPLACE FUNCTION fine(a int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT a > 0'",
    );
    let failed = world.json(&["run"]).expect(1, "failed");
    let failure = failed.only("failure");
    assert_eq!(failure["step"], "transfer", "{failed}");
    let advice = failure["advice"].to_string();
    for says in [
        "as it was when its snapshot was taken",
        "$ neonlift status --session",
    ] {
        assert!(advice.contains(says), "{says}: {advice}");
    }
    world.source().run("UPDATE checked SET a = 1");
    world.json(&["run"]).expect(1, "failed");
    let told = Running::start(&mut world.neonlift(&["status"]))
        .end()
        .stdout;
    let file = told
        .split("remove ")
        .nth(1)
        .and_then(|rest| rest.split(": ").next());
    fs::remove_file(file.expect("a file to remove")).expect("removed, as advised");
    eventually("the holder's end", || {
        world.holders().is_empty().then_some(())
    });
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}
