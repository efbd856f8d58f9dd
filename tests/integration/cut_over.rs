//! The application cut over to practice Neon, and taken back: the real program, a real application.

use crate::application::{Shop, password, python};
use crate::fixture::{Ended, Running, World, eventually};
use serde_json::Value;
use std::fs;

/// A migration of a shop, with everything done and signed.
struct Signed {
    world: World,
    shop: Shop,
    config: String,
}

impl Signed {
    fn new(documents: u64, cutover: &str) -> Self {
        let world = World::new(documents);
        let shop = Shop::new(&world);
        let (folder, python) = (shop.folder.display(), python().display());
        let config = world.config(&format!(
            "[application]\nfolder = '{folder}'\ntests = [\"'{python}' shop.py test\"]\n\
             [cutover]\n{cutover}\n"
        ));
        let signed = Self {
            world,
            shop,
            config,
        };
        signed.run(&["run"]).expect(0, "awaiting_sign_off");
        signed.sign();
        signed
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--config", &self.config]].concat()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.world.json(&self.arguments(arguments))
    }

    fn start(&self, arguments: &[&str]) -> Running {
        self.world.start(&self.arguments(arguments))
    }

    fn session(&self) -> Value {
        self.world.json(&["status"]).only("status")["session"].clone()
    }

    /// Signs what people have to.
    fn sign(&self) {
        let items = self.session()["checklist"].as_array().cloned();
        for item in items.expect("a checklist") {
            if item["kind"] == "person" && item["signature"].is_null() {
                let key = item["key"].as_str().expect("a key");
                self.run(&["sign", key, "--by", "Ada"]);
            }
        }
        assert_eq!(self.session()["steps"]["cutover"]["state"], "done");
    }
}

const ROWS: &str = "SELECT count(*) FROM vector_documents";

#[test]
fn a_shop_is_cut_over_and_taken_back() {
    let signed = Signed::new(50, "quiet_seconds = 1");
    let (world, shop) = (&signed.world, &signed.shop);
    let before = shop.env_now();
    let rows: u64 = world.source().value(ROWS).parse().expect("a number");

    let refused = signed.run(&["cutover", "--confirm", "chat_pgvector"]);
    refused.expect(2, "failed");
    assert_eq!(shop.env_now(), before, "a wrong name switches nothing");

    let over = signed.run(&["cutover", "--confirm", "neondb", "--by", "Grace"]);
    let over = over.expect(0, "done");
    let phases = over.of_kind("cutover_phase_passed");
    let names: Vec<&str> = phases
        .iter()
        .filter_map(|phase| phase["phase"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "checklist",
            "quiet",
            "sequences",
            "compare",
            "switch",
            "check"
        ],
        "{over}"
    );
    assert_eq!(over.only("cut_over")["cut_over"]["by"], "Grace", "{over}");
    assert_eq!(shop.says(), format!("neondb {rows}"));
    assert!(
        !over.stdout.contains(&password(&world.target_url())),
        "{over}"
    );

    let again = signed.run(&["cutover", "--confirm", "neondb"]);
    again.expect(2, "failed");
    signed.run(&["application", "--undo"]).expect(2, "failed");
    signed.run(&["transfer"]).expect(2, "failed");
    assert_eq!(shop.says(), format!("neondb {rows}"));

    shop.asked(&["add", "written on the target"]);
    assert_eq!(shop.says(), format!("neondb {}", rows + 1));
    signed
        .run(&["rollback", "--confirm", "neondb"])
        .expect(2, "failed");
    assert_eq!(shop.says(), format!("neondb {}", rows + 1));

    let looked = signed.run(&["rollback"]).expect(0, "done");
    let lost = looked.only("way_back")["lost"]["tables"].clone();
    assert_eq!(lost.as_array().map(Vec::len), Some(1), "{looked}");
    assert_eq!(lost[0]["table"], "vector_documents");
    assert_eq!(lost[0]["rows"]["extra"], 1);
    assert_eq!(shop.says(), format!("neondb {}", rows + 1), "it only looks");

    let old = "chat_pgvector";
    let back = signed.run(&[
        "rollback",
        "--recover-rows",
        "--apply-rows",
        old,
        "--confirm",
        old,
    ]);
    let back = back.expect(0, "done");
    assert_eq!(back.only("way_back")["open"], true, "{back}");
    let saved = back.of_kind("recovered");
    let file = saved[0]["recovered"]["file"].as_str().expect("a file");
    let text = fs::read_to_string(file).expect("the rows");
    assert!(text.contains("written on the target"), "{text}");
    assert_eq!(saved[1]["recovered"]["tables"][0]["inserted"], 1, "{back}");
    assert_eq!(back.only("rolled_back")["rolled_back"]["state"], "done");
    assert_eq!(shop.env_now(), before, "byte for byte");
    assert_eq!(
        shop.says(),
        format!("chat_pgvector {}", rows + 1),
        "no row is lost"
    );
    let session = signed.session();
    assert!(session["cutting"].is_null() && session["steps"]["compare"].is_null());
    assert_eq!(session["steps"]["transfer"]["state"], "done");
    let text = fs::read_to_string(world.session()).expect("the session");
    assert!(!text.contains(&password(&world.target_url())));
}

/// A look, a comparison of databases in use and writes to the old one leave the record as it is; what
/// is written to the old database is told where people look.
#[test]
fn what_was_cut_over_stays_so_and_late_writes_are_told() {
    let signed = Signed::new(20, "quiet_seconds = 1");
    let (world, shop) = (&signed.world, &signed.shop);
    let over = signed.run(&["cutover", "--confirm", "neondb"]);
    over.expect(0, "done");
    let compared = &signed.session()["steps"]["compare"];
    assert_ne!(
        compared["started"], compared["finished"],
        "its time is told"
    );
    let record = || {
        let session = signed.session();
        let step = session["steps"]["cutover"].clone();
        (
            session["cutting"].clone(),
            session["checklist"].clone(),
            step,
        )
    };
    let before = record();
    assert_ne!(before.0["counters"], Value::Null);
    let none = signed.run(&["watch", "--once"]).expect(0, "done");
    assert_eq!(late(&none)["verdict"], "good", "{none}");
    let looked = signed.run(&["rollback"]).only("way_back");
    assert_eq!(looked["written_late"], serde_json::json!([]));

    shop.asked(&["add", "written on the target"]);
    world
        .source()
        .run("UPDATE shop.products SET name = 'late' WHERE id = 1");
    let alarmed = eventually("late writes", || {
        let ended = signed.run(&["watch", "--once"]);
        (late(&ended)["verdict"] == "bad").then_some(ended)
    });
    let alarm = late(&alarmed.expect(1, "failed"));
    assert!(
        alarm["found"].to_string().contains("shop.products"),
        "{alarm}"
    );
    assert!(alarm["advice"].to_string().contains("compare"), "{alarm}");
    // Once it is told, only further writes are an alarm.
    let told = signed.run(&["watch", "--once"]).expect(0, "done");
    assert_eq!(late(&told)["verdict"], "warning", "{told}");

    signed.run(&["compare"]).expect(1, "failed");
    let looked = signed.run(&["cutover"]).expect(0, "done");
    looked.only("cut_over");
    assert_eq!(record(), before);
    let back = signed.run(&["rollback"]).expect(0, "done").only("way_back");
    assert_eq!(
        back["written_late"],
        serde_json::json!(["shop.products"]),
        "{back}"
    );
    let told = signed.run(&["watch", "--once"]).expect(0, "done");
    assert_eq!(
        late(&told)["verdict"],
        "warning",
        "a comparison forgets nothing"
    );
}

fn late(ended: &Ended) -> Value {
    let sample = ended.only("watch_sample");
    let mut checks = sample["checks"].as_array().expect("checks").iter();
    let late = checks.find(|check| check["name"] == "Late writes");
    late.unwrap_or_else(|| panic!("not asked: {ended}")).clone()
}

/// What was signed for one application is not signed for another, and neither is its rehearsal.
#[test]
fn a_signature_and_a_rehearsal_go_with_the_application_they_were_for() {
    let world = World::new(10);
    let shop = Shop::new(&world);
    let folder = shop.folder.display();
    let config = world.config(&format!("[application]\nfolder = '{folder}'\n"));
    let run = |arguments: &[&str]| world.json(&[arguments, &["--config", &config]].concat());
    run(&["run"]).expect(0, "awaiting_sign_off");
    run(&["rollback", "--rehearse"]).expect(0, "done");
    run(&["sign", "application-tested", "--by", "Ada"]);
    let open = |ended: &Ended| ended.only("awaiting_sign_off")["open"].to_string();
    run(&["application"]).expect(0, "done");
    let same = run(&["cutover"]);
    for key in ["application-tested", "rollback-rehearsed"] {
        assert!(!open(&same).contains(key), "{same}");
    }
    let other = world.folder().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::copy(shop.folder.join(".env"), other.join(".env")).expect("copied");
    let other = other.display().to_string();
    run(&["application", "--app", &other]).expect(0, "done");
    let opened = run(&["cutover", "--app", &other]);
    for key in ["application-tested", "rollback-rehearsed"] {
        assert!(open(&opened).contains(key), "{opened}");
    }
    let gone = opened.only("signatures_withdrawn")["items"].clone();
    assert_eq!(gone, serde_json::json!(["application-tested"]), "{opened}");
}

/// What was tried on copies, and went well, is the machine's to tick.
#[test]
fn a_rehearsal_of_the_way_back_ticks_its_item() {
    let world = World::new(20);
    let shop = Shop::new(&world);
    let before = shop.env_now();
    let folder = shop.folder.display();
    let config = world.config(&format!("[application]\nfolder = '{folder}'\n"));
    world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off");
    let rehearsed = world.json(&["rollback", "--rehearse", "--config", &config]);
    let rehearsed = rehearsed.expect(0, "done");
    assert_eq!(rehearsed.only("recovered")["recovered"]["as"], "rehearsed");
    assert_eq!(shop.env_now(), before);
    let open = world
        .json(&["cutover", "--config", &config])
        .only("awaiting_sign_off");
    assert!(
        !open["open"].to_string().contains("rollback-rehearsed"),
        "{rehearsed}"
    );
    let databases = world
        .source()
        .value("SELECT count(*) FROM pg_database WHERE datname LIKE '%rehears%'");
    assert_eq!(databases, "0", "nothing of it stays");
}

/// The backup is read again when the checklist is opened.
#[test]
fn a_backup_that_is_not_what_was_written_opens_its_item() {
    let world = World::new(10);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    let file = || {
        let status = world.json(&["status"]).only("status");
        let report = status["session"]["steps"]["backup"]["report"]["file"].clone();
        report.as_str().expect("a file").to_owned()
    };
    let item = || {
        world.json(&["cutover"]);
        let status = world.json(&["status"]).only("status");
        let items = status["session"]["checklist"].as_array().cloned();
        let mut items = items.expect("a checklist").into_iter();
        items
            .find(|item| item["key"] == "backup-made")
            .expect("the item")
    };
    assert!(item()["evidence"].to_string().contains("still true"));
    let mut bytes = fs::read(file()).expect("the dump");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(file(), &bytes).expect("written");
    let changed = item();
    assert_eq!(changed["ticked"], false, "{changed}");
    bytes[last] ^= 1;
    fs::write(file(), &bytes).expect("written");
    assert_eq!(item()["ticked"], true);
    fs::remove_file(file()).expect("removed");
    let gone = item();
    assert!(
        gone["evidence"].to_string().contains("cannot be read"),
        "{gone}"
    );
}

#[test]
fn a_writer_that_does_not_stop_is_named_and_nothing_is_switched() {
    let signed = Signed::new(50, "quiet_seconds = 2\nwait_seconds = 4");
    let (world, shop) = (&signed.world, &signed.shop);
    let before = shop.env_now();
    let writer = world.source().open();
    writer.run("SET application_name = 'nightly job'; BEGIN; UPDATE shop.products SET name = name WHERE id = 1");
    let refused = signed.run(&["cutover", "--confirm", "neondb"]);
    let refused = refused.expect(1, "failed");
    let why = refused.only("failure").to_string();
    assert!(
        why.contains("shop.products") && why.contains("nightly job"),
        "{refused}"
    );
    assert_eq!(refused.only("not_cut_over")["phase"], "quiet");
    assert_eq!(shop.env_now(), before);
    writer.run("ROLLBACK");
    drop(writer);
    // Rolled back, it has written nothing; the source may have counted it nevertheless.
    signed.run(&["compare"]).expect_equal();
    signed.run(&["cutover"]);
    signed.sign();
    signed
        .run(&["cutover", "--confirm", "neondb"])
        .expect(0, "done");
}

#[test]
fn a_source_that_was_written_to_is_compared_and_the_difference_stops_it() {
    let signed = Signed::new(50, "quiet_seconds = 1");
    let before = signed.shop.env_now();
    let writer = signed.world.source().open();
    writer.run("INSERT INTO vector_documents (user_id, collection_name, content) VALUES ('late', 'late', 'late')");
    let refused = signed.run(&["cutover", "--confirm", "neondb"]);
    let refused = refused.expect(1, "failed");
    let why = refused.only("failure").to_string();
    assert!(
        why.contains("vector_documents") || why.contains("checklist"),
        "{refused}"
    );
    assert_eq!(signed.shop.env_now(), before);
}

/// A second start finishes what a kill has left, whichever phase it struck.
#[test]
fn killed_in_each_phase_it_is_finished_by_the_next_start() {
    let signed = Signed::new(20, "quiet_seconds = 1");
    let (world, shop) = (&signed.world, &signed.shop);
    let (before, rows) = (shop.env_now(), world.source().value(ROWS));
    for phase in [
        "checklist",
        "quiet",
        "sequences",
        "compare",
        "switch",
        "check",
    ] {
        let mut running = signed.start(&["cutover", "--confirm", "neondb"]);
        running.wait_for(phase, |event| {
            event["event"] == "cutover_phase_started" && event["phase"] == phase
        });
        running.kill();
        let session = signed.session();
        assert_eq!(session["cutting"]["state"], "interrupted", "{phase}");
        let says = shop.says();
        let is_old = says == format!("chat_pgvector {rows}") && shop.env_now() == before;
        assert!(
            is_old || says == format!("neondb {rows}"),
            "{phase}: {says}"
        );
    }
    signed
        .run(&["cutover", "--confirm", "neondb"])
        .expect(0, "done");
    assert_eq!(shop.says(), format!("neondb {rows}"));
    assert_eq!(signed.session()["cutting"]["state"], "done");
}

#[test]
fn an_unfinished_cutting_over_is_undone() {
    let signed = Signed::new(20, "quiet_seconds = 1");
    let (world, shop) = (&signed.world, &signed.shop);
    let before = shop.env_now();
    let mut running = signed.start(&["cutover", "--confirm", "neondb"]);
    running.wait_for("the check", |event| {
        event["event"] == "cutover_phase_started" && event["phase"] == "check"
    });
    running.kill();
    assert_ne!(shop.env_now(), before, "it is switched");
    signed.run(&["cutover", "--undo"]).expect(0, "done");
    assert_eq!(shop.env_now(), before);
    assert!(signed.session()["cutting"].is_null());
    assert_eq!(
        shop.says(),
        format!("chat_pgvector {}", world.source().value(ROWS))
    );
}

/// What the application has written to the target since is counted, named and never lost silently.
#[test]
fn an_undo_that_would_lose_rows_says_so_and_changes_nothing() {
    let signed = Signed::new(20, "quiet_seconds = 1");
    let (world, shop) = (&signed.world, &signed.shop);
    let before = shop.env_now();
    let rows: u64 = world.source().value(ROWS).parse().expect("a number");
    let mut running = signed.start(&["cutover", "--confirm", "neondb"]);
    running.wait_for("the check", |event| {
        event["event"] == "cutover_phase_started" && event["phase"] == "check"
    });
    running.kill();
    shop.asked(&["add", "written on the target"]);
    let after = shop.env_now();
    for undo in [["cutover", "--undo"], ["application", "--undo"]] {
        let refused = signed.run(&undo).expect(2, "failed");
        let failure = refused.only("failure");
        let why = failure["why"].as_str().expect("a reason");
        assert!(why.contains("vector_documents: 1 row added"), "{refused}");
        let advice = failure["advice"].to_string();
        assert!(
            advice.contains("rollback --confirm chat_pgvector"),
            "{refused}"
        );
        assert_eq!(shop.env_now(), after, "nothing is put back");
    }
    assert_eq!(shop.says(), format!("neondb {}", rows + 1));

    // Nobody knows what is lost with a target that does not answer.
    let closed = "ALTER DATABASE neondb WITH ALLOW_CONNECTIONS false";
    world.target().beside("postgres").run(closed);
    let refused = signed.run(&["cutover", "--undo"]);
    refused.expect(3, "failed");
    assert_eq!(shop.env_now(), after);
    let open = closed.replace("false", "true");
    world.target().beside("postgres").run(&open);

    let old = "chat_pgvector";
    eventually("the way back", || {
        let back = signed.run(&["rollback", "--apply-rows", old, "--confirm", old]);
        (back.code == Some(0)).then_some(())
    });
    assert_eq!(shop.env_now(), before);
    assert_eq!(
        shop.says(),
        format!("chat_pgvector {}", rows + 1),
        "no row is lost"
    );
}

/// A file that the person has edited since is no dead end: the way out is named, and loses nothing.
#[test]
fn a_file_that_was_edited_since_is_put_aside() {
    let signed = Signed::new(20, "quiet_seconds = 1");
    let shop = &signed.shop;
    let before = shop.env_now();
    signed
        .run(&["cutover", "--confirm", "neondb"])
        .expect(0, "done");
    let edited = format!("{}\nPLAN=canary-of-an-edit\n", shop.env_now());
    fs::write(shop.folder.join(".env"), &edited).expect("edited");
    let back = ["rollback", "--confirm", "chat_pgvector"];
    let refused = signed.run(&back).expect(1, "failed");
    let advice = refused.only("failure")["advice"].to_string();
    assert!(advice.contains("--edited-files aside"), "{refused}");
    assert!(refused.stdout.contains("+ PLAN="), "{refused}");
    for secret in ["canary-of", &password(&signed.world.target_url())] {
        assert!(!refused.stdout.contains(secret), "{refused}");
    }
    assert_eq!(shop.env_now(), edited);
    let done = signed.run(&[&back[..], &["--edited-files", "aside"]].concat());
    let done = done.expect(0, "done").only("rolled_back").to_string();
    assert_eq!(shop.env_now(), before);
    let entries = fs::read_dir(&shop.folder).expect("its files");
    let mut paths = entries.map(|entry| entry.expect("an entry").path());
    let aside = paths.find(|path| path.to_string_lossy().contains(".env.edited-"));
    let aside = aside.expect("what was edited");
    assert!(done.contains(&*aside.to_string_lossy()), "{done}");
    assert_eq!(fs::read_to_string(aside).expect("it"), edited);
}

/// Without an application's folder a person sets the connection, while the source stands still.
#[test]
fn a_connection_that_is_set_by_hand_is_waited_for() {
    let mut signed = Signed::new(20, "quiet_seconds = 1");
    signed.config = signed.world.config("[cutover]\nquiet_seconds = 1\n");
    signed.run(&["application"]);
    signed.run(&["cutover"]);
    signed.sign();
    let waits = signed
        .run(&["cutover", "--confirm", "neondb"])
        .expect(0, "done");
    let set = waits.only("cutover_waits_for_connection").to_string();
    assert!(set.contains("-pooler."), "{waits}");
    assert_eq!(signed.session()["cutting"]["state"], "awaiting_sign_off");
    // It may be set by now: what was written since is not forgotten with the cutting over.
    let target = signed.world.target();
    target.run("UPDATE shop.products SET name = name || '!' WHERE id = 1");
    let undone = signed.run(&["cutover", "--undo"]).expect(2, "failed");
    let why = undone.only("failure")["why"].to_string();
    assert!(why.contains("shop.products: 1 row changed"), "{undone}");
    assert_eq!(signed.session()["cutting"]["state"], "awaiting_sign_off");
    target.run("UPDATE shop.products SET name = rtrim(name, '!') WHERE id = 1");
    let over = signed.run(&["cutover", "--confirm", "neondb", "--by-hand"]);
    over.expect(0, "done").only("cut_over");
    let dead = signed.run(&["rollback"]).expect(0, "done");
    assert_eq!(dead.only("way_back")["switched"], Value::Null);
}

/// The way back is refused, and nothing changed, where the old database does not answer.
#[test]
fn there_is_no_way_back_to_a_dead_database() {
    let signed = Signed::new(20, "quiet_seconds = 1");
    signed
        .run(&["cutover", "--confirm", "neondb"])
        .expect(0, "done");
    let after = signed.shop.env_now();
    let other = "ALTER DATABASE chat_pgvector WITH ALLOW_CONNECTIONS false";
    signed.world.source().beside("postgres").run(other);
    let refused = signed.run(&["rollback", "--confirm", "chat_pgvector"]);
    assert_ne!(refused.code, Some(0), "{refused}");
    assert_eq!(signed.shop.env_now(), after);
    let session = signed.session();
    assert!(session["cutting"]["ended"].is_string());
    assert!(session["rolled_back"].is_null(), "nothing was begun");
    let open = other.replace("false", "true");
    signed.world.source().beside("postgres").run(&open);
    eventually("the way back", || {
        let back = signed.run(&["rollback", "--confirm", "chat_pgvector"]);
        (back.code == Some(0)).then_some(())
    });
}

/// The last comparison's snapshot does not see what is written while it reads.
#[test]
fn a_row_written_amid_the_last_comparison_is_noticed() {
    let signed = Signed::new(50, "quiet_seconds = 1");
    let (world, shop) = (&signed.world, &signed.shop);
    let before = shop.env_now();
    let (source, blocked) = (world.source(), world.target().open());
    blocked.run("BEGIN; LOCK TABLE vector_documents IN ACCESS EXCLUSIVE MODE");
    let running = signed.start(&["cutover", "--confirm", "neondb"]);
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE application_name = 'neonlift' AND wait_event_type = 'Lock'";
    let reads = "SELECT count(*) FROM pg_stat_activity
                 WHERE application_name = 'neonlift' AND backend_xmin IS NOT NULL";
    eventually("both sides being read", || {
        let (waiting, reading) = (world.target().value(waits), source.value(reads));
        (waiting != "0" && reading != "0").then_some(())
    });
    source.run("UPDATE vector_documents SET content = 'late' WHERE ctid = '(0,1)'");
    blocked.run("ROLLBACK");
    let ended = running.end().expect(1, "failed");
    let failure = ended.of_kind("failure").pop().expect("a failure");
    assert!(
        failure["what"]
            .to_string()
            .contains("behind the last comparison"),
        "{ended}"
    );
    let passed = ended.of_kind("cutover_phase_passed");
    assert!(
        passed.iter().all(|phase| phase["phase"] != "compare"),
        "{ended}"
    );
    assert_eq!(shop.env_now(), before, "nothing is switched");
}
