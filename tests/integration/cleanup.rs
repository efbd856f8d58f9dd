//! The step `cleanup`: the backup archived and proved, the ledger dropped with consent, the old
//! database as it was.

use crate::fixture::{Ended, World, eventually};
use crate::signed::sign_all;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A migration that is done and signed.
fn signed(documents: u64) -> World {
    let world = World::new(documents);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    assert_eq!(sign_all(&world), "done");
    world
}

/// The end of the step.
fn finished(ended: &Ended) -> Value {
    let mut found = ended.of_kind("step_finished");
    found.retain(|event| event["step"] == "cleanup");
    found.pop().expect("the end of the step")
}

/// What was found of one thing.
fn found(ended: &Ended, name: &str) -> String {
    let checks = finished(ended)["checks"].as_array().cloned();
    let mut checks = checks.expect("checks").into_iter();
    let check = checks.find(|check| check["name"] == name);
    check.expect("the check")["found"]
        .as_str()
        .expect("a text")
        .to_owned()
}

/// The files of the backup folder that end like this.
fn files(world: &World, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(world.work().join("backups")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect()
}

fn only(world: &World, ending: &str) -> PathBuf {
    let found = files(world, ending);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn has_ledger(world: &World) -> bool {
    world
        .target()
        .value("SELECT to_regnamespace('neonlift') IS NOT NULL")
        == "t"
}

/// An archive's content, as zstd gives it.
fn unpacked(archive: &Path) -> Vec<u8> {
    zstd::decode_all(fs::File::open(archive).expect("an archive")).expect("whole")
}

#[test]
fn a_migration_is_cleaned_up_and_the_old_database_is_as_it_was() {
    let world = signed(300);
    let before = world.dump_of_source();
    let dump = only(&world, ".dump");
    let dumped = fs::read(&dump).expect("a dump");

    let shown = world.json(&["cleanup"]).expect(0, "done");
    let plan = shown.only("cleanup_plan");
    assert!(
        plan["drops"][0]
            .as_str()
            .expect("a text")
            .contains("neondb"),
        "{shown}"
    );
    assert!(files(&world, ".zst").is_empty() && has_ledger(&world));
    world
        .json(&["cleanup", "--confirm", "postgres"])
        .expect(2, "failed");
    assert!(files(&world, ".zst").is_empty() && has_ledger(&world));

    // What is safe, and no more.
    let safe = world.json(&["cleanup", "--yes"]).expect(0, "done");
    assert!(
        found(&safe, "Ledger on the target").contains("nobody has consented"),
        "{safe}"
    );
    assert!(has_ledger(&world) && dump.exists());
    let archive = only(&world, ".dump.zst");
    let mode = fs::metadata(&archive)
        .expect("an archive")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(unpacked(&archive) == dumped);
    assert!(unpacked(&only(&world, ".list.zst")) == fs::read(only(&world, ".list")).expect("it"));

    // An inventory that was made since is no reason to fail.
    fs::write(only(&world, ".list"), "others").expect("written");
    let all = world.json(&["cleanup", "--confirm", "neondb", "--remove-dump"]);
    let all = all.expect(0, "done");
    assert!(
        found(&all, "Ledger on the target").contains("dropped on"),
        "{all}"
    );
    assert!(!has_ledger(&world) && !dump.exists());
    assert_eq!(finished(&all)["archives"][0]["removed"], true, "{all}");
    assert!(found(&all, "Beside the dump").contains("earlier"), "{all}");
    let remains = finished(&all)["remains"].to_string();
    assert!(remains.contains("chat_pgvector"), "{remains}");

    assert!(
        restored(&world, &unpacked(&archive)) == before,
        "the archive gives the database back"
    );
    assert!(world.dump_of_source() == before, "the source has changed");
    // The archive is as good a backup as the dump was.
    world.json(&["cutover"]).expect(0, "done");
    world.json(&["compare"]).expect(0, "done").expect_equal();
    let secrets = [password(&world.source_url()), password(&world.target_url())];
    let session = fs::read_to_string(world.session()).expect("the session");
    for said in [&shown.stdout, &safe.stdout, &all.stdout, &session] {
        assert!(
            secrets.iter().all(|secret| !said.contains(secret)),
            "{said}"
        );
    }
}

fn password(url: &str) -> String {
    let (before, _) = url.split_once('@').expect("a user");
    before.rsplit_once(':').expect("a password").1.to_owned()
}

/// The plain dump of what a backup gives in a database of its own.
fn restored(world: &World, backup: &[u8]) -> Vec<u8> {
    world
        .source()
        .run("CREATE DATABASE restored TEMPLATE template0");
    let file = world.folder().join("restored.dump");
    fs::write(&file, backup).expect("written");
    let url = world.source_url().replace("chat_pgvector", "restored");
    let place = neonlift::postgres::ConnectionString::parse(&url).expect("a connection string");
    let done = Command::new(world.postgres_program("pg_restore"))
        .args(["--exit-on-error", "--dbname=restored"])
        .arg(&file)
        .envs(place.tool_environment())
        .output()
        .expect("pg_restore runs");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    fs::remove_file(&file).expect("removed");
    world.dump_of(&url)
}

#[test]
fn without_its_ledger_a_migration_is_not_begun_anew() {
    let world = signed(10);
    world
        .json(&["cleanup", "--confirm", "neondb"])
        .expect(0, "done");
    let rows = world
        .target()
        .value("SELECT count(*) FROM vector_documents");
    for command in [
        &["transfer"][..],
        &["schema"],
        &["run", "--from", "transfer"],
    ] {
        let refused = world.json(command).expect(2, "failed");
        assert!(
            refused.only("failure")["why"]
                .to_string()
                .contains("new session"),
            "{refused}"
        );
    }
    // The safe part again says that the ledger is gone, and forgets nothing.
    let again = world.json(&["cleanup", "--yes"]).expect(0, "done");
    assert_eq!(finished(&again)["has_ledger"], false, "{again}");
    world.json(&["transfer"]).expect(2, "failed");
    assert_eq!(
        world
            .target()
            .value("SELECT count(*) FROM vector_documents"),
        rows
    );
    world.json(&["run"]).expect(0, "done");
}

/// As after a kill right behind the drop: the session does not know that the ledger is gone.
#[test]
fn a_transfer_without_a_ledger_says_so() {
    let world = World::new(10);
    world
        .json(&["run", "--until", "transfer"])
        .expect(0, "done");
    world.target().run("DROP SCHEMA neonlift CASCADE");
    let rows = world
        .target()
        .value("SELECT count(*) FROM vector_documents");
    let refused = world.json(&["transfer"]).expect(2, "failed");
    let failure = refused.only("failure");
    assert!(
        failure["what"]
            .to_string()
            .contains("ledger of this migration is gone"),
        "{refused}"
    );
    assert_eq!(
        world
            .target()
            .value("SELECT count(*) FROM vector_documents"),
        rows
    );
    let early = world.json(&["cleanup", "--yes"]).expect(2, "failed");
    assert!(
        early.only("failure")["why"].to_string().contains("needs"),
        "{early}"
    );
    assert!(files(&world, ".zst").is_empty());
}

#[test]
fn what_is_not_this_migrations_is_never_dropped() {
    let world = signed(10);
    let target = world.target().open();
    let cleaned = || {
        let cleaned = world
            .json(&["cleanup", "--confirm", "neondb"])
            .expect(0, "done");
        found(&cleaned, "Ledger on the target")
    };
    let runs = || {
        world
            .target()
            .rows("SELECT run FROM neonlift.runs ORDER BY 1")
    };
    let own = runs().remove(0).remove(0).expect("a run");
    target.run(
        "INSERT INTO neonlift.runs (run) VALUES ('another');
         INSERT INTO neonlift.built (run, definition) VALUES ('another', 'all rows')",
    );
    assert!(cleaned().contains("the rest belongs to 1 other migration"));
    assert_eq!(runs(), [[Some("another".to_owned())]]);
    assert_eq!(
        world.target().value("SELECT count(*) FROM neonlift.chunks"),
        "0"
    );
    assert!(cleaned().contains("none of this migration"));

    target.run(&format!(
        "UPDATE neonlift.runs SET run = '{own}' WHERE FALSE; DELETE FROM neonlift.built;
         DELETE FROM neonlift.runs; INSERT INTO neonlift.runs (run) VALUES ('{own}');
         CREATE VIEW public.looks_at AS SELECT run FROM neonlift.runs"
    ));
    // Somebody's view would go with it.
    let refused = world
        .json(&["cleanup", "--confirm", "neondb"])
        .expect(1, "failed");
    assert_eq!(runs(), [[Some(own)]], "{refused}");
    target.run("DROP VIEW public.looks_at; CREATE TABLE neonlift.mine AS SELECT 1 AS one");
    assert!(cleaned().contains("the schema neonlift stays"));
    assert_eq!(world.target().value("SELECT one FROM neonlift.mine"), "1");
    target.run("COMMENT ON SCHEMA neonlift IS 'ours'");
    assert!(cleaned().contains("somebody else's"));
    target.run("DROP SCHEMA neonlift CASCADE");
    assert!(cleaned().contains("has none any more"));
}

#[test]
fn a_tampered_dump_is_told_and_nothing_goes() {
    let world = signed(10);
    let dump = only(&world, ".dump");
    let whole = fs::read(&dump).expect("a dump");
    let mut tampered = whole.clone();
    tampered[whole.len() / 2] ^= 1;
    fs::write(&dump, &tampered).expect("written");
    let refused = world.json(&["cleanup", "--confirm", "neondb", "--remove-dump"]);
    let refused = refused.expect(1, "failed");
    assert!(
        refused.only("failure")["what"]
            .to_string()
            .contains("not what was written"),
        "{refused}"
    );
    assert!(fs::read(&dump).expect("a dump") == tampered && has_ledger(&world));
    assert!(files(&world, ".zst").is_empty() && files(&world, ".partial").is_empty());
    // The migration itself stays done.
    world.json(&["run"]).expect(0, "done");
    fs::write(&dump, &whole).expect("written");
    let done = world.json(&["cleanup", "--confirm", "neondb", "--remove-dump"]);
    done.expect(0, "done");
    assert!(!has_ledger(&world) && !dump.exists());
    assert!(unpacked(&only(&world, ".dump.zst")) == whole);
}

/// A dump that takes a while to compress, in place of the session's own.
fn large_dump(world: &World) -> (PathBuf, Vec<u8>) {
    let dump = only(world, ".dump");
    let session = fs::read_to_string(world.session()).expect("the session");
    let known = session.split("sha256 = \"").nth(1).expect("a sum");
    let (known, _) = known.split_once('"').expect("a sum");
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(96 << 20);
    while bytes.len() < 96 << 20 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        bytes.extend_from_slice(&(state >> 16).to_le_bytes());
    }
    fs::write(&dump, &bytes).expect("written");
    let sum = Command::new("sha256sum")
        .arg(&dump)
        .output()
        .expect("it runs");
    let sum = String::from_utf8(sum.stdout).expect("text");
    let sum = sum.split_whitespace().next().expect("a sum");
    fs::write(world.session(), session.replace(known, sum)).expect("written");
    (dump, bytes)
}

#[test]
fn killed_while_it_archives_the_next_start_finishes() {
    let world = signed(10);
    let (dump, whole) = large_dump(&world);
    let cleanup = ["cleanup", "--confirm", "neondb", "--remove-dump"];
    let running = world.start(&cleanup);
    eventually("an archive on its way", || {
        let partial = files(&world, ".dump.zst.partial");
        let begun = partial
            .iter()
            .any(|file| fs::metadata(file).is_ok_and(|file| file.len() > 0));
        begun.then_some(())
    });
    running.kill();
    assert!(
        fs::read(&dump).expect("the dump") == whole,
        "the original is whole"
    );
    assert!(files(&world, ".dump.zst").is_empty() && has_ledger(&world));
    let status = world.json(&["status"]).only("status");
    assert_eq!(
        status["session"]["steps"]["cleanup"]["state"],
        "interrupted"
    );
    world.json(&cleanup).expect(0, "done");
    assert!(unpacked(&only(&world, ".dump.zst")) == whole);
    assert!(!dump.exists() && files(&world, ".partial").is_empty());
}

/// Waiting for the ledger's lock, and with the ledger gone and nothing of it saved: the next start comes to
/// the same end.
#[test]
fn killed_while_it_drops_the_ledger_the_next_start_finishes() {
    for is_waiting in [true, false] {
        let world = signed(10);
        let target = world.target();
        let rows = target.value("SELECT count(*) FROM vector_documents");
        let before = fs::read(only(&world, ".dump")).expect("the dump");
        let cleanup = ["cleanup", "--confirm", "neondb"];
        let holder = target.open();
        if is_waiting {
            holder.run("BEGIN; LOCK TABLE neonlift.runs IN ROW EXCLUSIVE MODE");
        }
        let running = world.start(&cleanup);
        let waits = "SELECT count(*) FROM pg_stat_activity
                     WHERE wait_event_type = 'Lock' AND query LIKE '%neonlift.runs%'
                     AND pid <> pg_backend_pid()";
        let dropping = || match is_waiting {
            true => target.value(waits) != "0",
            false => !has_ledger(&world),
        };
        eventually("the ledger's end", || dropping().then_some(()));
        running.signal(rustix::process::Signal::KILL);
        running.end();
        if is_waiting {
            assert!(has_ledger(&world), "it is dropped whole or not at all");
            holder.run("ROLLBACK");
            // The server goes on with what it was told.
            eventually("the end of its session", || {
                (target.value(waits) == "0").then_some(())
            });
        }
        let done = world.json(&cleanup).expect(0, "done");
        assert!(!has_ledger(&world), "{done}");
        let ledger = found(&done, "Ledger on the target");
        assert!(
            ledger.contains("dropped") || ledger.contains("has none any more"),
            "{ledger}"
        );
        assert!(unpacked(&only(&world, ".dump.zst")) == before);
        assert_eq!(target.value("SELECT count(*) FROM vector_documents"), rows);
        let status = world.json(&["status"]).only("status");
        assert_eq!(status["session"]["steps"]["cleanup"]["state"], "done");
    }
}

#[test]
fn documents_that_name_the_old_database_are_listed_and_the_day_is_remembered() {
    let world = signed(10);
    let folder = world.folder().join("shop");
    fs::create_dir(&folder).expect("a folder");
    fs::write(
        folder.join("README.md"),
        "createdb chat_pgvector # canary-of-a-document",
    )
    .expect("it");
    fs::write(folder.join("LICENSE"), "nothing of it").expect("it");
    let config = world.config(&format!(
        "[application]\nfolder = '{}'\n[cleanup]\nkeep_days = 2\n",
        folder.display()
    ));
    // What a holder that was killed has left.
    let note = world.session().with_extension("snapshot.toml");
    fs::write(&note, "of a snapshot").expect("written");
    let done = world
        .json(&["cleanup", "--yes", "--config", &config])
        .expect(0, "done");
    assert_eq!(
        finished(&done)["documents"],
        serde_json::json!(["README.md"]),
        "{done}"
    );
    assert!(!done.stdout.contains("canary"), "{done}");
    assert!(
        found(&done, "Snapshot of the source").contains("let go"),
        "{done}"
    );
    assert!(!note.exists());
    let day = finished(&done)["keep_until"]
        .as_str()
        .expect("a day")
        .to_owned();
    let backup = || world.json(&["status"]).only("status")["backup"].clone();
    assert_eq!(backup(), format!("keep the backup until {day}"));

    let session = fs::read_to_string(world.session()).expect("the session");
    let past = session.replace(&day, "2026-01-02");
    assert_ne!(past, session);
    fs::write(world.session(), past).expect("written");
    assert_eq!(backup(), "the backup may go since 2026-01-02");
    for backup in [only(&world, ".dump"), only(&world, ".dump.zst")] {
        fs::remove_file(backup).expect("removed");
    }
    assert_eq!(backup(), Value::Null);
}
