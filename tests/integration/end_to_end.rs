//! A whole migration, and whether what arrived is what was there.

use crate::fixture::{Running, SEVERAL_CHUNKS, STEPS, World};
use crate::processes;
use neonlift::practice::sample::embed;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn a_run_ends_in_equal_databases_that_are_used_alike() {
    let world = World::new(SEVERAL_CHUNKS);
    let before = world.dump_of_source();
    let first = world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert_eq!(
        first.only("comparison")["tables"].as_array().map(Vec::len),
        Some(12)
    );
    assert_eq!(
        first.only("comparison")["collections"]
            .as_array()
            .map(Vec::len),
        Some(5)
    );
    assert_eq!(happened(&first.events()), expected_events());
    assert!(world.dump_of_source() == before, "the source has changed");

    same_definitions(&world);
    same_sequences(&world);
    same_search(&world);
    let sql = "SELECT * FROM shop.best_customers ORDER BY id";
    assert_eq!(world.source().rows(sql), world.target().rows(sql));
    the_target_lives(&world);

    signatures_finish_it(&world);
    let second = world.json(&["run"]).expect(0, "done");
    assert_eq!(second.only("finished")["worked"], false, "{second}");
    assert_eq!(second.events().len(), 1, "{second}");
}

/// What happened, without what depends on speed.
fn happened(events: &[serde_json::Value]) -> Vec<String> {
    let told = events
        .iter()
        .filter(|event| event["event"] != "progress" && event["event"] != "note");
    told.map(|event| {
        let part = |key: &str| event[key].as_str().unwrap_or_default();
        format!("{} {}", part("event"), part("step"))
            .trim()
            .to_owned()
    })
    .collect()
}

fn expected_events() -> Vec<String> {
    let mut events = Vec::new();
    for step in STEPS {
        events.push(format!("step_started {step}"));
        if step == "compare" {
            events.push("comparison".to_owned());
        }
        events.push(format!("step_finished {step}"));
    }
    events.extend(["step_started cutover", "awaiting_sign_off", "finished"].map(str::to_owned));
    events
}

fn same_definitions(world: &World) {
    // The target's extensions are the platform's: only their owners may comment on them.
    let ours = |text: String| -> Vec<String> {
        let kept = text
            .lines()
            .filter(|line| !line.contains("EXTENSION vector") && !line.is_empty());
        kept.map(str::to_owned).collect()
    };
    let source = ours(world.definitions(&world.source_url()));
    let target = ours(world.definitions(&world.target_superuser_url()));
    assert!(source.len() > 300, "a dump of {} lines", source.len());
    let only = |here: &[String], there: &[String]| -> Vec<String> {
        here.iter()
            .filter(|line| !there.contains(line))
            .cloned()
            .collect()
    };
    let (lost, new) = (only(&source, &target), only(&target, &source));
    assert!(source == target, "lost: {lost:#?}\nnew: {new:#?}");
}

fn same_sequences(world: &World) {
    let sql = "SELECT schemaname, sequencename, start_value, increment_by, last_value
               FROM pg_sequences WHERE schemaname <> 'neonlift' ORDER BY 1, 2";
    let source = world.source().rows(sql);
    assert_eq!(source.len(), 4);
    assert_eq!(source, world.target().rows(sql));
    let next = world
        .target()
        .value("SELECT nextval('shop.invoice_number')");
    assert_eq!(next, "20240304", "301 was used, the step is 3");
}

/// The five nearest documents to a question, by exact search and by the index.
fn same_search(world: &World) {
    let numbers: Vec<String> = embed("software engineer")
        .iter()
        .map(f32::to_string)
        .collect();
    let vector = numbers.join(",");
    let sql =
        format!("SELECT id FROM vector_documents ORDER BY embedding <=> '[{vector}]', id LIMIT 5");
    let found = world.source().rows(&sql);
    assert_eq!(found.len(), 5);
    assert_eq!(found, world.target().rows(&sql));
    let indexed = format!(
        "SET enable_seqscan = off; EXPLAIN SELECT id FROM vector_documents
         ORDER BY embedding <=> '[{vector}]' LIMIT 5"
    );
    let plan = world.target().rows(&indexed);
    let plan: String = plan.into_iter().flatten().flatten().collect();
    assert!(plan.contains("vector_documents_embedding_idx"), "{plan}");
}

/// Identities go on, generated columns are generated, triggers fire, rules of the schema hold.
fn the_target_lives(world: &World) {
    let target = world.target().open();
    let fresh = target.rows(
        "INSERT INTO shop.customers (name, email, changed_at)
         VALUES ('New', 'new@example.org', '2000-01-01') RETURNING id",
    );
    assert_eq!(fresh[0][0].as_deref(), Some("301"));
    let touched = target.rows(
        "UPDATE shop.customers SET name = 'Newer' WHERE id = 301 RETURNING changed_at > '2024-01-01'",
    );
    assert_eq!(touched[0][0].as_deref(), Some("t"), "the trigger fires");
    let product = target.rows(
        "INSERT INTO shop.products (sku, name, price) VALUES ('SKU-NEW', 'New', 100)
         RETURNING id, price_gross",
    );
    assert_eq!(
        product[0],
        [Some("121".to_owned()), Some("119.00".to_owned())]
    );
    for refused in [
        "INSERT INTO shop.customers (id, name, email) VALUES (1000, 'x', 'x@x')",
        "INSERT INTO shop.customers (name, email) VALUES ('x', 'no address')",
        "INSERT INTO shop.customers (name, email) VALUES ('x', 'customer1@example.org')",
        "INSERT INTO shop.returns VALUES (-1, 'no such order')",
        "INSERT INTO shop.products (sku, name, price) VALUES ('x', 'x', -1)",
    ] {
        let block = format!(
            "DO $$ BEGIN {refused}; RAISE 'taken'; EXCEPTION WHEN integrity_constraint_violation
             OR generated_always THEN NULL; END $$"
        );
        target.run(&block);
    }
}

fn signatures_finish_it(world: &World) {
    let open = world.json(&["status"]).only("status");
    let items = open["session"]["checklist"]
        .as_array()
        .expect("a checklist")
        .clone();
    let persons = items.iter().filter(|item| item["kind"] == "person");
    let keys: Vec<String> = persons
        .map(|item| item["key"].as_str().expect("a key").to_owned())
        .collect();
    // A search that was slow on a machine under load is a person's to judge, too.
    let judged = [
        "application-tested",
        "rollback-plan",
        "rollback-rehearsed",
        "team-informed",
    ];
    let always: Vec<&String> = keys.iter().filter(|key| *key != "performance").collect();
    assert_eq!(always, judged.iter().collect::<Vec<_>>());
    let refused = world.json(&["sign", "data-verified", "--by", "Ada"]);
    assert_eq!(
        refused.code,
        Some(2),
        "only the machine can tell: {refused}"
    );
    for (at, key) in keys.iter().enumerate() {
        let outcome = if at + 1 == keys.len() {
            "done"
        } else {
            "awaiting_sign_off"
        };
        let signed = world
            .json(&["sign", key, "--by", "Ada Okafor"])
            .expect(0, outcome);
        assert_eq!(signed.only("signed")["by"], "Ada Okafor");
    }
    let status = world.json(&["status"]).only("status");
    assert_eq!(status["session"]["steps"]["cutover"]["state"], "done");
    let text = fs::read_to_string(world.session()).expect("the session");
    assert_eq!(text.matches("by = \"Ada Okafor\"").count(), keys.len());
}

#[test]
fn a_demo_without_a_screen_ends_signed_and_leaves_nothing_running() {
    let world = World::sharing();
    let session = world.folder().join("demo.toml");
    let session = session.to_str().expect("a path");
    let demo = || {
        let arguments = [
            "demo",
            "--headless",
            "--documents",
            "2000",
            "--session",
            session,
        ];
        Running::start(&mut world.bare(&arguments)).end()
    };
    let first = demo();
    assert_eq!(first.code, Some(0), "{first}");
    let table = first
        .stdout
        .lines()
        .find(|line| line.contains("public.vector_documents  "));
    assert!(table.is_some(), "{first}");
    let side_by_side = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words[..], ["public.vector_documents", "2,000", "2,000", here, there, "✓", "equal"] if here == there)
    };
    assert!(first.stdout.lines().any(side_by_side), "{first}");
    assert!(first.stdout.contains("source and target: equal"), "{first}");
    assert!(!first.stdout.contains("✗ differs"), "{first}");
    let id = fs::read_to_string(session).expect("the session");
    let id = id
        .lines()
        .find_map(|line| line.strip_prefix("id = "))
        .expect("an id")
        .trim_matches('"');
    assert_eq!(first.stderr, "");
    nothing_is_left(id);

    let second = demo();
    assert_eq!(second.code, Some(0), "{second}");
    assert!(second.stdout.contains("Nothing to do"), "{second}");
    nothing_is_left(id);
}

#[test]
fn a_demo_tells_its_end_once_and_last() {
    let world = World::sharing();
    let demo = |more: &[&str]| {
        let arguments = [&["demo", "--headless", "--json", "--documents", "50"], more].concat();
        Running::start(&mut world.neonlift(&arguments)).end()
    };
    let first = demo(&[]).expect(0, "done");
    assert!(first.notes().contains("are removed"), "{first}");
    let again = demo(&[]).expect(0, "done");
    assert_eq!(again.only("finished")["worked"], false, "{again}");
}

/// The demo's folder is named by its session's id; wherever it lay, it is gone, and so is every
/// process that worked in it.
fn nothing_is_left(id: &str) {
    let folder = neonlift::practice::usual_folder()
        .expect("a folder")
        .join(id);
    assert!(!folder.exists(), "{}", folder.display());
    let working: BTreeSet<_> = processes::arguments()
        .into_iter()
        .filter(|line| line.contains(id))
        .collect();
    assert!(working.is_empty(), "{working:#?}");
}
