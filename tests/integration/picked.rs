//! Tables that a person takes and leaves out after the inventory.

use crate::fixture::{Running, World};
use crate::selection::report;
use neonlift::config::{Config, Select};
use neonlift::runner::Runner;
use neonlift::session::{State, Step, store};
use neonlift::steps::Context;
use neonlift::wizard::{Effect, Event};
use std::collections::BTreeSet;

/// What only quotes keep apart, and what goes with its parent.
const AWKWARD: &str = r#"
    CREATE SCHEMA "odd.one";
    CREATE TABLE "odd.one"."a.b*" (id int PRIMARY KEY); INSERT INTO "odd.one"."a.b*" VALUES (1);
    CREATE TABLE "odd.one"."a.bc" (id int PRIMARY KEY); INSERT INTO "odd.one"."a.bc" VALUES (2);
    CREATE TABLE "odd.one"."Say ""it""" (id int); INSERT INTO "odd.one"."Say ""it""" VALUES (3);
    CREATE TABLE "odd.one".mother (id int); CREATE TABLE "odd.one".child () INHERITS ("odd.one".mother);
    CREATE TABLE "odd.one".days (day date) PARTITION BY RANGE (day);
    CREATE TABLE public.days_1 PARTITION OF "odd.one".days FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    INSERT INTO "odd.one".days VALUES ('2025-05-05');
    CREATE VIEW "odd.one".above AS SELECT * FROM "odd.one"."a.b*";
    CREATE TABLE "odd.one".refers (id int REFERENCES "odd.one"."a.b*");
    ALTER TABLE "odd.one"."a.bc" ENABLE ROW LEVEL SECURITY;
    CREATE UNLOGGED TABLE "odd.one".scratch (id int PRIMARY KEY);
    ALTER TABLE "odd.one".refers ADD CONSTRAINT late FOREIGN KEY (id) REFERENCES "odd.one"."a.bc" NOT VALID;"#;

/// What the tree sends for each of these tables, one after the other; the session is saved.
fn leave_out(world: &World, tables: &[(&str, &str)]) {
    let file = world.session();
    let (store, session) = store::Store::open(&file).expect("the session is free");
    let mut runner = Runner::new(
        session.expect("a session"),
        store,
        Context::new(Config::default(), Vec::new()),
    );
    runner.dispatch(Event::Opened).expect("it opens");
    for (schema, table) in tables {
        let mut select: Select = runner.wizard().session().select.clone();
        let exact = neonlift::config::exactly_table(schema, table);
        select.exclude_tables.push(exact);
        let effects = runner.dispatch(Event::Picked(Box::new(select)));
        let effects = effects.expect("it is saved");
        let refused = effects
            .iter()
            .any(|effect| matches!(effect, Effect::Tell(_)));
        assert!(!refused, "{effects:?}");
    }
    let session = runner.wizard().session();
    for step in [Step::Connections, Step::Inventory] {
        assert_eq!(session.state(step), State::Done, "{step} is kept");
    }
}

/// The tables of a database that hold rows of their own.
fn tables(database: &crate::fixture::Database<'_>) -> BTreeSet<String> {
    let sql = "SELECT n.nspname || '/' || c.relname FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname <> 'neonlift'
                 AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg%'
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";
    database
        .rows(sql)
        .into_iter()
        .map(|row| row[0].clone().unwrap_or_default())
        .collect()
}

#[test]
fn what_is_left_out_in_the_tree_stays_and_exactly_the_rest_arrives() {
    let world = World::new(50);
    world.source().run(AWKWARD);
    world
        .json(&["run", "--until", "inventory"])
        .expect(0, "done");
    let before = report(&world, "inventory");
    let warnings = before["warnings"].to_string();
    for told in [
        "late of odd.one.refers is NOT VALID",
        "scratch: UNLOGGED",
        "no key",
        "row security",
    ] {
        assert!(warnings.contains(told), "{told}: {warnings}");
    }
    assert!(before["target"]["bytes_per_second"].as_f64().unwrap() > 0.0);
    let left = [
        ("odd.one", "a.b*"),
        ("odd.one", "Say \"it\""),
        ("odd.one", "mother"),
        ("odd.one", "days"),
        ("shop", "edge_cases"),
    ];
    leave_out(&world, &left);
    let found = report(&world, "inventory");
    let warnings = found["warnings"].to_string();
    assert!(
        warnings.contains("refers_id_fkey") && warnings.contains("odd.one.above"),
        "{warnings}"
    );

    let ended = world.json(&["run"]).expect(0, "awaiting_sign_off");
    assert_eq!(ended.only("comparison")["equal"], true, "{ended}");
    let gone = [
        "odd.one/a.b*",
        "odd.one/Say \"it\"",
        "odd.one/mother",
        "odd.one/child",
        "odd.one/days",
        "public/days_1",
        "shop/edge_cases",
        "odd.one/above",
    ];
    let mut rest = tables(&world.source());
    for table in gone {
        assert!(rest.remove(table), "{table} is on the source");
    }
    let arrived = tables(&world.target());
    assert_eq!(arrived, rest);
    let keys = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND connamespace = '\"odd.one\"'::regnamespace";
    assert_eq!(world.target().value(keys), "late");
}

/// What was picked in the tree holds for the session, whatever the configuration says, and is
/// told by the inventory: those left out with estimates.
#[test]
fn what_was_picked_holds_against_the_configuration() {
    let world = World::sharing();
    world.json(&["inventory"]).expect(0, "done");
    leave_out(&world, &[("shop", "orders")]);
    let config = world.config("[select]\ntables = ['vector_documents']\n");
    let ended = world
        .json(&["inventory", "--config", &config])
        .expect(0, "done");
    let steps = ended.of_kind("step_finished");
    let tables = steps[0]["tables"].as_array().expect("tables").clone();
    let left_out: Vec<&serde_json::Value> = tables
        .iter()
        .filter(|table| table["left_out"] == true)
        .collect();
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert_eq!(left_out[0]["table"], "orders");
    assert_eq!(left_out[0]["rows_estimated"], true);
    assert!(steps[0]["estimate"]["seconds"][1].as_f64().unwrap() > 0.0);

    let told = Running::start(&mut world.neonlift(&["inventory"])).end();
    let line = told
        .stdout
        .lines()
        .find(|line| line.trim_start().starts_with("shop.orders "));
    assert!(line.unwrap_or_default().contains("! left out"), "{told}");
    assert!(told.stdout.contains("estimate: takes"), "{told}");
}

/// An option of the command line stands in for its own list alone.
#[test]
fn what_was_picked_stays_when_an_option_says_something_else() {
    let world = World::sharing();
    world.json(&["inventory"]).expect(0, "done");
    leave_out(&world, &[("shop", "orders")]);
    let ended = world
        .json(&["inventory", "--where", "vector_documents=true"])
        .expect(0, "done");
    let steps = ended.of_kind("step_finished");
    let inventory = steps.iter().find(|step| step["step"] == "inventory");
    let tables = inventory.expect("it ran")["tables"].as_array();
    let left_out: Vec<&serde_json::Value> = tables
        .expect("tables")
        .iter()
        .filter(|table| table["left_out"] == true)
        .map(|table| &table["table"])
        .collect();
    assert_eq!(left_out, ["orders"], "{ended}");
}
