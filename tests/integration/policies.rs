//! What the target holds already: kept, filled, or replaced with typed consent, and nothing else.

use crate::fixture::World;
use crate::selection::report;

/// A target in use: something of its own, and something where the source's goes.
pub(crate) const IN_USE: &str = "
    CREATE SCHEMA shop; CREATE SCHEMA own;
    CREATE TYPE own.kind AS ENUM ('a'); CREATE TABLE own.kept (id int PRIMARY KEY, kind own.kind);
    INSERT INTO own.kept VALUES (1, 'a'), (2, 'a');
    CREATE TABLE shop.orders (id int PRIMARY KEY, old text);
    INSERT INTO shop.orders SELECT n, 'old' FROM generate_series(1, 7) n;
    CREATE VIEW shop.old_orders AS SELECT * FROM shop.orders;
    CREATE FUNCTION shop.touch() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE shop.order_status AS (other int); CREATE SEQUENCE own.counter;
    CREATE TABLE shop.\"x$neonlift$; it's \\ $$\" ();";

/// Lets the migrating role own what a superuser made.
pub(crate) fn in_use(world: &World, sql: &str) {
    let owner = world.target_url();
    let (_, rest) = owner.split_once("//").expect("a URL");
    let role = rest.split(':').next().expect("a role").to_owned();
    world.target().run(&format!("SET ROLE \"{role}\"; {sql}"));
}

pub(crate) fn database(world: &World) -> String {
    world.target().value("SELECT current_database()")
}

#[test]
fn a_target_in_use_is_refused_and_the_ways_are_told() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    let before = world.definitions(&world.target_superuser_url());
    for arguments in [
        &["run"][..],
        &["run", "--yes"],
        &["run", "--onto", "overwrite", "--yes"],
    ] {
        let ended = world.json(arguments);
        assert_eq!(ended.code, Some(1), "{ended}");
        let told = ended.only("failure").to_string();
        assert!(told.contains("--overwrite-target"), "{ended}");
    }
    for name in ["wrong", "", "NEONDB"] {
        let ended = world.json(&["run", "--overwrite-target", name]);
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(
            ended.only("failure").to_string().contains("not the name"),
            "{ended}"
        );
    }
    assert_eq!(world.definitions(&world.target_superuser_url()), before);
    assert_eq!(
        world.target().value("SELECT count(*) FROM shop.orders"),
        "7"
    );
}

#[test]
fn consent_replaces_everything_and_is_noted() {
    let world = World::new(50);
    in_use(&world, IN_USE);
    world.source().run("SELECT lo_from_bytea(4711, 'new')");
    in_use(&world, "SELECT lo_from_bytea(4711, 'old')");
    let ended = world
        .json(&["run", "--overwrite-target", &database(&world)])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let object = "SELECT convert_from(lo_get(4711), 'UTF8')";
    assert_eq!(world.target().value(object), "new");
    let found = report(&world, "connections");
    assert_eq!(found["at_stake"][0]["rows"], 7, "{found}");
    let warned = found["checks"].to_string();
    let gone = report(&world, "schema")["overwritten"].to_string();
    for says in [
        "1 function (shop.touch())",
        "2 schemas (own, shop)",
        "2 types (own.kind, shop.order_status)",
        "1 view (shop.old_orders)",
        "1 sequence (own.counter)",
    ] {
        assert!(warned.contains(says), "{says}: {warned}");
        assert!(gone.contains(says), "{says}: {gone}");
    }
    let rows = "3 tables with 9 rows (shop.orders: 7, own.kept: 2) and 1 large object will be";
    assert!(warned.contains(rows), "{warned}");
    assert!(gone.contains("3 tables (own.kept, "), "{gone}");
    assert_eq!(
        world
            .target()
            .value("SELECT count(*) FROM pg_namespace WHERE nspname = 'own'"),
        "0"
    );
    let consent = world.json(&["status"]).only("status")["session"]["consent"].clone();
    assert_eq!(consent["database"], database(&world), "{ended}");
    assert!(
        consent["identity"]["oid"].is_number() && consent["at"].is_string(),
        "{consent}"
    );
    assert_eq!(consent["spent"], true, "{consent}");
    // What has arrived is not dropped by saying it again.
    world
        .json(&["run", "--overwrite-target", &database(&world)])
        .expect(0, "awaiting_sign_off");
    assert_eq!(
        world.target().value("SELECT count(*) FROM shop.orders"),
        "400"
    );
    // The consent is used up: without the ledger, nobody has consented to dropping what is there.
    world.target().run("DROP SCHEMA neonlift CASCADE");
    let refused = world.json(&["schema"]).expect(2, "failed");
    assert!(
        refused
            .only("failure")
            .to_string()
            .contains("--overwrite-target"),
        "{refused}"
    );
    assert_eq!(
        world.target().value("SELECT count(*) FROM shop.orders"),
        "400"
    );
    world
        .json(&["run", "--overwrite-target", &database(&world)])
        .expect(0, "awaiting_sign_off");
}

#[test]
fn only_what_is_selected_is_replaced() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    in_use(
        &world,
        "CREATE TABLE own.points (o int REFERENCES shop.orders);
         CREATE VIEW own.watch AS SELECT id FROM shop.orders;",
    );
    let name = database(&world);
    let arguments = [
        "run",
        "--include-schema",
        "shop",
        "--overwrite-target",
        &name,
    ];
    let refused = world.json(&arguments).expect(1, "failed");
    let why = refused.only("failure")["why"].to_string();
    assert!(
        why.contains("points_o_fkey on table own.points, view own.watch"),
        "{refused}"
    );
    assert_eq!(
        world.target().value("SELECT count(*) FROM shop.orders"),
        "7"
    );
    world
        .target()
        .run("DROP TABLE own.points; DROP VIEW own.watch");
    world.json(&arguments).expect(0, "awaiting_sign_off");
    let target = world.target();
    assert_eq!(target.value("SELECT count(*) FROM own.kept"), "2");
    assert_eq!(target.value("SELECT count(*) FROM shop.orders"), "400");
    assert_eq!(
        target.value("SELECT to_regclass('shop.old_orders') IS NULL"),
        "t"
    );
}

#[test]
fn what_is_there_stays_and_the_rest_comes_beside_it() {
    let world = World::new(20);
    in_use(&world, IN_USE);
    let refused = world
        .json(&["run", "--onto", "existing"])
        .expect(1, "failed");
    assert!(
        refused.only("failure")["why"]
            .to_string()
            .contains("shop.orders"),
        "{refused}"
    );
    let beside = ["run", "--onto", "existing", "--table", "vector_documents"];
    let ended = world.json(&beside).expect(0, "awaiting_sign_off");
    assert_eq!(ended.only("comparison")["equal"], true, "{ended}");
    let target = world.target();
    assert_eq!(target.value("SELECT count(*) FROM shop.orders"), "7");
    assert_eq!(target.value("SELECT count(*) FROM vector_documents"), "20");
}

/// Brings the source's definitions to the target by a migration of their own, and a few of the
/// target's own with them.
fn defined(world: &World) {
    let session = world
        .folder()
        .join("definitions.toml")
        .display()
        .to_string();
    let mut command = world.bare(&["transfer", "--schema-only", "--json", "--session", &session]);
    command
        .env("NEONLIFT_SOURCE_URL", world.source_url())
        .env("NEONLIFT_TARGET_URL", world.target_url());
    let ended = crate::fixture::Running::start(&mut command).end();
    assert_eq!(ended.code, Some(0), "{ended}");
    in_use(
        world,
        "CREATE TABLE own_log (o int REFERENCES shop.orders); CREATE VIEW own_view AS SELECT 1;
         CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE 'fired'; END $$;
         CREATE TRIGGER loud BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION loud();
         CREATE TRIGGER hush BEFORE INSERT ON shop.returns FOR EACH ROW EXECUTE FUNCTION loud();
         ALTER TABLE shop.returns DISABLE TRIGGER hush;",
    );
}

const KEYS_AND_TRIGGERS: &str = "
    SELECT pg_get_constraintdef(oid) AS what, conrelid::regclass::text AS at FROM pg_constraint
    WHERE contype = 'f' AND connamespace <> 'neonlift'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text, tgrelid::regclass::text FROM pg_trigger
    WHERE NOT tgisinternal ORDER BY 2, 1";

#[test]
fn rows_alone_go_into_the_tables_that_are_there() {
    let world = World::new(20);
    world
        .source()
        .run("CREATE TABLE \"x$neonlift$; it's \\ $$\" (a int)");
    defined(&world);
    let before = world.target().rows(KEYS_AND_TRIGGERS);
    assert!(before.len() > 10, "{before:?}");
    world.source().run("SELECT lo_from_bytea(4711, 'new')");
    in_use(&world, "SELECT lo_from_bytea(4712, 'own')");
    let ended = world
        .json(&["run", "--data-only"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert_eq!(world.target().rows(KEYS_AND_TRIGGERS), before, "{ended}");
    let objects = "SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_largeobject_metadata";
    assert_eq!(world.target().value(objects), "4711 4712");
    assert_eq!(
        world
            .target()
            .value("SELECT count(*) FROM shop.best_customers"),
        world
            .source()
            .value("SELECT count(*) FROM shop.best_customers")
    );
    let next = world
        .target()
        .value("SELECT nextval('shop.invoice_number')");
    assert_eq!(next, "20240304");
}

#[test]
fn rows_alone_need_empty_tables_that_fit() {
    let world = World::new(20);
    defined(&world);
    in_use(
        &world,
        "ALTER TABLE shop.edge_cases DROP COLUMN j; ALTER TABLE shop.returns ALTER reason TYPE varchar(9)",
    );
    let refused = world.json(&["run", "--data-only"]).expect(1, "failed");
    let why = refused.only("failure")["why"].to_string();
    assert!(
        why.contains("column j jsonb of shop.edge_cases"),
        "{refused}"
    );
    assert!(
        why.contains("column reason text of shop.returns"),
        "{refused}"
    );
    let part = [
        "run",
        "--data-only",
        "--table",
        "shop.products",
        "--table",
        "shop.customers",
    ];
    in_use(
        &world,
        "INSERT INTO shop.products (sku, name, price) VALUES ('x', 'x', 1)",
    );
    let keys = world.target().rows(KEYS_AND_TRIGGERS);
    let refused = world.json(&part).expect(1, "failed");
    let why = refused.only("failure")["why"].to_string();
    assert_eq!(why.matches("shop.products").count(), 1, "{refused}");
    assert_eq!(world.target().rows(KEYS_AND_TRIGGERS), keys, "rolled back");
    let name = database(&world);
    let with_consent = [&part[..], &["--overwrite-target", &name]].concat();
    let ended = world.json(&with_consent).expect(0, "awaiting_sign_off");
    assert_eq!(ended.only("comparison")["equal"], true, "{ended}");
    assert_eq!(world.target().rows(KEYS_AND_TRIGGERS), keys);
    assert_eq!(
        world.target().value("SELECT count(*) FROM shop.products"),
        "120"
    );
}

#[test]
fn consent_does_not_go_over_to_another_target() {
    let world = World::new(10);
    in_use(&world, IN_USE);
    let name = database(&world);
    world
        .json(&["check", "--overwrite-target", &name])
        .expect(0, "done");
    let role = world.target().value("SELECT rolname FROM pg_roles r JOIN pg_database d ON d.datdba = r.oid WHERE datname = current_database()");
    world
        .target()
        .run(&format!("CREATE DATABASE other OWNER \"{role}\""));
    world
        .target()
        .beside("other")
        .run("CREATE TABLE precious (a int); INSERT INTO precious VALUES (1)");
    let mut command = world.neonlift(&["run", "--json", "--from", "connections"]);
    let other = world.target_url().replace(&format!("/{name}?"), "/other?");
    command.env("NEONLIFT_TARGET_URL", other);
    let ended = crate::fixture::Running::start(&mut command)
        .end()
        .expect(1, "failed");
    assert!(
        ended
            .only("failure")
            .to_string()
            .contains("--overwrite-target"),
        "{ended}"
    );
    let consent = world.json(&["status"]).only("status")["session"]["consent"].clone();
    assert!(consent.is_null(), "{consent}");
    assert_eq!(
        world
            .target()
            .beside("other")
            .value("SELECT count(*) FROM precious"),
        "1"
    );
}
