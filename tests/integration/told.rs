//! What the program says is so: commands that it suggests, counts, lists, where a session stands.

use crate::fixture::{Ended, Running, World, eventually};
use crate::selection::report;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The program without `--json`, in its own folder, with both connection strings.
fn plain(world: &World, arguments: &[&str]) -> Ended {
    let mut command = world.bare(arguments);
    command
        .env("NEONLIFT_SOURCE_URL", world.source_url())
        .env("NEONLIFT_TARGET_URL", world.target_url());
    Running::start(&mut command).end()
}

/// The command that a line suggests, from its name on.
fn suggested<'a>(ended: &'a Ended, beginning: &str) -> &'a str {
    let line = ended.stdout.lines().find_map(|line| {
        let at = line.find(beginning)?;
        Some(line[at..].split(['`', ')']).next().unwrap_or_default())
    });
    line.unwrap_or_else(|| panic!("no {beginning}: {ended}"))
}

/// Types a suggested command, as it was suggested, in a shell.
fn typed(world: &World, command: &str) -> Ended {
    let program = env!("CARGO_BIN_EXE_neonlift");
    let folder = Path::new(program).parent().expect("a folder");
    let environment = world.bare(&[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(world.work())
        .env_clear();
    for (name, value) in environment.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let path = std::env::var("PATH").unwrap_or_default();
    shell.env("PATH", format!("{}:{path}", folder.display()));
    shell.env("NEONLIFT_SOURCE_URL", world.source_url());
    shell.env("NEONLIFT_TARGET_URL", world.target_url());
    Running::start(&mut shell).end()
}

#[test]
fn a_suggested_command_hits_the_session_it_was_suggested_for() {
    let world = World::new(10);
    let named = ["--session", "it's my move.toml"];
    let first = plain(&world, &[&["run"][..], &named].concat());
    assert_eq!(first.code, Some(0), "{first}");
    // A later one, which a command without a name would find.
    let check = plain(&world, &["run", "--until", "prerequisites"]);
    assert_eq!(check.code, Some(0), "{check}");

    let signed = typed(&world, suggested(&first, "neonlift sign rollback-plan"));
    assert_eq!(signed.code, Some(0), "{signed}");
    assert!(
        signed
            .stdout
            .contains("signed: rollback-plan, by Your Name"),
        "{signed}"
    );
    let file = world.work().join("it's my move.toml");
    let text = fs::read_to_string(file).expect("the session");
    assert!(text.contains("by = \"Your Name\""), "{text}");

    // Advice, too.
    world.target().run("DELETE FROM shop.edge_cases");
    let differs = plain(&world, &[&["compare"][..], &named].concat());
    assert_eq!(differs.code, Some(1), "{differs}");
    let again = typed(&world, suggested(&differs, "neonlift compare"));
    assert_eq!(again.code, Some(1), "{again}");
    assert!(
        again.stdout.contains("Session: it's my move.toml"),
        "{again}"
    );
    let json = plain(&world, &[&["compare", "--json"][..], &named].concat());
    let advice = json.only("failure")["advice"].to_string();
    assert!(
        advice.contains(r"neonlift compare --session 'it'\\''s my move.toml'"),
        "{json}"
    );

    let partly = plain(&world, &[&["check"][..], &named].concat());
    let went_on = typed(&world, suggested(&partly, "neonlift run"));
    assert!(
        went_on.stdout.contains("Session: it's my move.toml"),
        "{went_on}"
    );
}

#[test]
fn a_configuration_and_a_practice_are_led_to_as_well() {
    let world = World::sharing();
    let config = world.config("[transfer]\njobs = 2\n");
    let ended = plain(
        &world,
        &["run", "--until", "prerequisites", "--config", &config],
    );
    let command = suggested(&ended, "neonlift run");
    assert_eq!(
        command,
        format!("neonlift run --config {config}"),
        "{ended}"
    );
    let source = world.source_url();
    let ended = plain(
        &world,
        &["run", "--until", "connections", "--source", &source],
    );
    let command = suggested(&ended, "neonlift run");
    let known = format!("neonlift run --config {config} --session /");
    assert!(command.starts_with(&known), "{ended}");
    let demo = ["demo", "--session", "p.toml", "--config", &config];
    let ended = Running::start(&mut world.bare(&demo)).end();
    let expected = format!("neonlift demo --headless --config {config} --session p.toml");
    assert_eq!(suggested(&ended, "neonlift demo"), expected, "{ended}");
}

#[test]
fn what_the_target_refuses_at_the_end_is_not_counted_as_built_and_has_to_be_accepted() {
    let world = World::new(10);
    world.source().run(
        "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
         CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch();
         CREATE ROLE only_here; CREATE POLICY own ON shop.orders TO only_here USING (true);
         CREATE TABLE shop.orphans (o int REFERENCES shop.orders);
         ALTER TABLE shop.orphans DISABLE TRIGGER ALL; INSERT INTO shop.orphans VALUES (-1);
         ALTER TABLE shop.orphans ENABLE TRIGGER ALL;",
    );
    let ended = world.json(&["run"]);
    world
        .source()
        .run("DROP POLICY own ON shop.orders; DROP ROLE only_here");
    let ended = ended.expect(0, "awaiting_sign_off").expect_equal();
    let finished = |step: &str| -> Value {
        let all = ended.of_kind("step_finished");
        all.into_iter()
            .find(|event| event["step"] == step)
            .expect("the step")
    };
    let (schema, transfer) = (finished("schema"), finished("transfer"));
    for (what, event) in [
        ("table", &schema["created"]),
        ("function", &schema["created"]),
    ] {
        assert!(count(event, what) > 0, "{what}: {schema}");
    }
    assert!(
        schema["left_out"].to_string().contains("EXTENSION vector"),
        "{schema}"
    );
    assert_eq!(schema["overwritten"], serde_json::json!([]), "{schema}");

    let built = &transfer["built"];
    for (kind, there) in [
        (
            "trigger",
            "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0",
        ),
        ("policy", "SELECT count(*) FROM pg_policy"),
        (
            "event trigger",
            "SELECT count(*) FROM pg_event_trigger WHERE evtname = 'watching'",
        ),
        (
            "fk constraint",
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
             AND connamespace <> 'neonlift'::regnamespace",
        ),
    ] {
        assert_eq!(
            count(built, kind).to_string(),
            world.target().value(there),
            "{kind}: {built}"
        );
    }
    let left_out = transfer["left_out"].to_string();
    for what in [
        "event trigger watching",
        "policy own",
        "check of fk constraint",
    ] {
        assert!(left_out.contains(what), "{what}: {transfer}");
    }
    assert_eq!(transfer["tables"], 13, "{transfer}");
    assert!(transfer["rows"].as_u64() > Some(1_000), "{transfer}");
    assert!(transfer["bytes"].as_u64() > Some(10_000), "{transfer}");

    let status = world.json(&["status"]).only("status");
    let items = status["session"]["checklist"]
        .as_array()
        .expect("items")
        .clone();
    let item = items.iter().find(|item| item["key"] == "left-out-accepted");
    let evidence = item.expect("an item")["evidence"].to_string();
    assert!(evidence.contains("3 left out or refused"), "{evidence}");
    assert!(evidence.contains("event trigger watching"), "{evidence}");
    // Made again from what stands, and counted the same.
    world.json(&["transfer"]).expect(0, "done");
    assert_eq!(&report(&world, "transfer")["built"], built);
}

/// How many of a kind a list counts.
fn count(kinds: &Value, kind: &str) -> u64 {
    let kinds = kinds.as_array().expect("kinds");
    let found = kinds.iter().find(|found| found["kind"] == kind);
    found.map_or(0, |found| found["count"].as_u64().expect("a number"))
}

#[test]
fn a_cutover_of_what_differs_is_refused_with_its_checklist() {
    let world = World::new(10);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    world.target().run("DELETE FROM shop.edge_cases");
    world.json(&["compare"]).expect(1, "failed");
    let refused = world.json(&["cutover"]).expect(1, "failed");
    let items = refused.only("checklist")["items"].clone();
    let items = items.as_array().expect("items");
    let item = items.iter().find(|item| item["item"] == "data-verified");
    let item = item.expect("an item");
    assert_eq!(item["open"], true, "{refused}");
    assert!(
        item["evidence"].to_string().contains("differences"),
        "{refused}"
    );
    let mut command = world.neonlift(&["cutover"]);
    let told = Running::start(&mut command).end();
    assert!(
        told.stdout
            .contains("○ All data migrated and verified: open: the comparison found"),
        "{told}"
    );
    assert!(told.stdout.contains("✗ cutover: refused"), "{told}");
}

#[test]
fn status_tells_a_killed_run_from_one_that_works() {
    let world = World::new(10);
    world
        .json(&["run", "--until", "inventory"])
        .expect(0, "done");
    let holder = world.source().open();
    holder.run("BEGIN; LOCK TABLE shop.visits IN ACCESS EXCLUSIVE MODE");
    let running = world.start(&["run"]);
    let state =
        || world.json(&["status"]).only("status")["session"]["steps"]["backup"]["state"].clone();
    eventually("the backup", || (state() == "running").then_some(()));
    assert_eq!(world.json(&["status"]).only("status")["in_use"], true);
    running.kill();
    let killed = world.json(&["status"]).only("status");
    assert_eq!(killed["in_use"], false, "{killed}");
    assert_eq!(state(), "interrupted");
    holder.run("ROLLBACK");
    let told = Running::start(&mut world.neonlift(&["status"])).end();
    let file = world.session().display().to_string();
    let line = format!("backup: interrupted (go on with neonlift run --session {file})");
    assert!(told.stdout.contains(&line), "{told}");
    assert!(!told.stdout.contains("backup-made"), "{told}");
    assert!(
        told.stdout
            .contains("○ Backup of the source made and checked: open: the step backup"),
        "{told}"
    );
    let went_on = typed(&world, suggested(&told, "neonlift run"));
    assert_eq!(went_on.code, Some(0), "{went_on}");
    let told = Running::start(&mut world.neonlift(&["status"])).end();
    assert!(
        !told.stdout.contains("○ Backup"),
        "what is made is not open: {told}"
    );
}

#[test]
fn a_refused_command_leaves_no_session_behind() {
    let world = World::sharing();
    let config = world.config("[transfer]\njob = 4\n");
    for arguments in [
        &["run", "--table", "a.b.c.d"][..],
        &["run", "--where", "orders"],
        &["run", "--overwrite-target", "wrong"],
        &["run", "--data-only", "--onto", "empty"],
        &["run", "--config", &config],
        &["run", "--source", "localhost"],
        &["status"],
        &["sign", "performance", "--by", "Ada"],
    ] {
        let ended = world.json(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended}");
        for left in [world.session(), world.session().with_extension("lock")] {
            assert!(!left.exists(), "{arguments:?} leaves {}", left.display());
        }
    }
}

#[test]
fn a_session_that_is_not_found_is_told_by_its_case() {
    let world = World::sharing();
    let why = |arguments: &[&str]| {
        let mut command = world.bare(arguments);
        let ended = Running::start(command.arg("--json")).end();
        assert_eq!(ended.code, Some(2), "{ended}");
        ended.only("failure")
    };
    let none = why(&["status"]).to_string();
    assert!(none.contains("there is no session yet"), "{none}");
    let missing = why(&["status", "--session", "nowhere.toml"]).to_string();
    assert!(
        missing.contains("there is no session nowhere.toml"),
        "{missing}"
    );

    let begun = plain(&world, &["run", "--until", "prerequisites"]);
    assert_eq!(begun.code, Some(0), "{begun}");
    let elsewhere = "postgresql://somebody@elsewhere/other";
    let other = why(&["status", "--source", elsewhere]).to_string();
    assert!(other.contains("none of the sessions is about"), "{other}");
    assert!(other.contains("--session /"), "{other}");
    let listed = Running::start(&mut world.bare(&["sessions"])).end();
    assert!(
        listed.stdout.contains("elsewhere is not listed"),
        "{listed}"
    );
}

#[test]
fn each_session_has_its_own_state_before_the_migration() {
    let world = World::sharing();
    for session in ["one.toml", "two.toml"] {
        let ended = plain(&world, &["inventory", "--session", session]);
        assert_eq!(ended.code, Some(0), "{ended}");
    }
    let files = fs::read_dir(world.work().join("backups")).expect("backups");
    let names = files
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned());
    let stats = names.filter(|name| name.starts_with("pre_migration_stats_"));
    assert_eq!(stats.count(), 2);
}

#[test]
fn rows_without_tables_are_told_how_to_get_some() {
    let world = World::sharing();
    let refused = world.json(&["run", "--data-only"]).expect(1, "failed");
    let failure = refused.only("failure");
    let advice = failure["advice"].to_string();
    assert!(advice.contains("--schema-only --session"), "{refused}");
    assert!(!advice.contains("SQL files"), "{refused}");
    let why = failure["why"].as_str().expect("a cause");
    assert_eq!(why.matches("shop.orders").count(), 1, "{why}");
}

#[test]
fn a_wrong_item_is_no_mended_cause_and_a_signature_is_not_replaced_silently() {
    let world = World::new(10);
    let config = world.config("[transfer]\njobs = 2\n");
    let run = plain(&world, &["run", "--session", "s.toml", "--config", &config]);
    assert_eq!(run.code, Some(0), "{run}");
    let bare = |arguments: &[&str]| {
        let arguments = [arguments, &["--session", "s.toml"]].concat();
        Running::start(&mut world.bare(&arguments)).end()
    };
    let wrong = bare(&["sign", "foo", "--by", "Ada"]);
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.stdout.contains("Not done"), "{wrong}");
    assert!(!wrong.stdout.contains("the same command"), "{wrong}");
    bare(&["sign", "rollback-plan", "--by", "Ada"]);
    let second = bare(&["sign", "rollback-plan", "--by", "Grace"]);
    let told = "signed: rollback-plan, by Grace, in place of Ada, who signed at 20";
    assert!(second.stdout.contains(told), "{second}");
    // What is advised later reads the same configuration, from any folder.
    let status = bare(&["status"]).stdout;
    let sign = format!("--by \"Your Name\" --config {config} --session s.toml");
    assert!(status.contains(&sign), "{status}");
}
