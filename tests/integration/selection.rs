//! A part of the source: what was chosen arrives whole, with what it needs; the rest stays behind
//! and is told.

use crate::fixture::{Ended, World};
use serde_json::Value;

/// What a report of the session says.
pub(crate) fn report(world: &World, step: &str) -> Value {
    let status = world.json(&["status"]).only("status");
    status["session"]["steps"][step]["report"].clone()
}

/// What a report left out.
fn left_out(world: &World, step: &str) -> Vec<String> {
    let report = report(world, step);
    let left_out = report["left_out"].as_array().cloned().unwrap_or_default();
    let what = |left: &Value| left["what"].as_str().unwrap_or_default().to_owned();
    left_out.iter().map(what).collect()
}

/// The tables that were compared, with the rows of both sides.
fn compared(ended: &Ended) -> Vec<(String, u64, u64)> {
    let comparison = ended.only("comparison");
    let tables = comparison["tables"].as_array().expect("tables");
    let compared = tables.iter().filter(|table| table["left_out"] == false);
    let told = |table: &Value| {
        let rows = |side: &str| table[side].as_u64().unwrap_or(u64::MAX);
        let name = table["table"].as_str().unwrap_or_default().to_owned();
        (name, rows("source_rows"), rows("target_rows"))
    };
    compared.map(told).collect()
}

fn tables_of(world: &World) -> Vec<String> {
    let holds = world.target_holds().into_iter();
    holds
        .filter(|name| !name.starts_with("neonlift."))
        .collect()
}

#[test]
fn one_table_arrives_with_its_extension_and_nothing_else() {
    let world = World::new(300);
    let ended = world
        .json(&["run", "--table", "public.vector_documents"])
        .expect(0, "awaiting_sign_off");
    assert_eq!(
        compared(&ended),
        [("vector_documents".to_owned(), 300, 300)]
    );
    assert_eq!(ended.only("comparison")["equal"], true, "{ended}");
    let target = world.target();
    let extensions = "SELECT count(*) FROM pg_extension WHERE extname = 'vector'";
    assert_eq!(target.value(extensions), "1");
    assert_eq!(
        target.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'"),
        "0"
    );
    let indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'vector_documents'";
    assert_eq!(target.value(indexes), world.source().value(indexes));
    let tables = tables_of(&world);
    assert!(
        tables
            .iter()
            .all(|name| name.starts_with("public.vector_documents")),
        "{tables:?}"
    );
    let left_out = left_out(&world, "inventory");
    assert_eq!(left_out.len(), 11, "{left_out:?}");
    let open = ended.only("awaiting_sign_off")["open"].to_string();
    assert!(open.contains("left-out-accepted"), "{ended}");
    // Without the option the session goes on with its own selection.
    let again = world.json(&["compare"]).expect(0, "done");
    assert_eq!(compared(&again).len(), 1, "{again}");
}

/// A schema with everything that a selection can tear apart.
const TORN: &str = "
    CREATE SCHEMA other; CREATE SCHEMA torn;
    CREATE TYPE other.mood AS ENUM ('low', 'high');
    CREATE DOMAIN other.code AS text CHECK (value <> '');
    CREATE FUNCTION other.stamp() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.stamped := true; RETURN NEW; END $$;
    CREATE TABLE other.left_behind (id int PRIMARY KEY);
    INSERT INTO other.left_behind VALUES (1);
    CREATE SEQUENCE other.shared;
    CREATE TABLE torn.taken (
      id serial PRIMARY KEY, mood other.mood, code other.code, stamped bool,
      number int DEFAULT nextval('other.shared'), far int REFERENCES other.left_behind,
      own bigint GENERATED ALWAYS AS IDENTITY);
    CREATE TRIGGER stamp BEFORE UPDATE ON torn.taken FOR EACH ROW EXECUTE FUNCTION other.stamp();
    COMMENT ON TRIGGER stamp ON torn.taken IS 'stamps';
    COMMENT ON COLUMN torn.taken.mood IS 'how it is';
    INSERT INTO torn.taken (mood, code, far) SELECT 'low', 'x', 1 FROM generate_series(1, 9);
    CREATE VIEW torn.fine AS SELECT id FROM torn.taken;
    CREATE VIEW torn.broken AS SELECT * FROM other.left_behind;
    CREATE VIEW torn.above AS SELECT * FROM torn.broken;
    CREATE VIEW torn.by_key AS SELECT t.id, t.mood FROM torn.taken t GROUP BY t.id;
    CREATE FUNCTION torn.counts() RETURNS bigint LANGUAGE sql
      BEGIN ATOMIC SELECT count(*) FROM other.left_behind; END;
    CREATE TABLE torn.days (day date, n int, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
    CREATE TABLE torn.days_1 PARTITION OF torn.days FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
    CREATE TABLE torn.days_2 PARTITION OF torn.days FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
    INSERT INTO torn.days SELECT date '2025-01-01' + n, n FROM generate_series(0, 57) n;
    CREATE TABLE torn.scratch (a int); INSERT INTO torn.scratch VALUES (1);
    SELECT lo_from_bytea(4711, 'of nobody knows which table');";

#[test]
fn a_schema_brings_what_it_needs_and_tells_what_cannot_come() {
    let world = World::new(10);
    world.source().run(TORN);
    let ended = world
        .json(&["run", "--include-schema", "tor?", "--exclude-table", "scr*"])
        .expect(0, "awaiting_sign_off");
    assert_eq!(ended.only("comparison")["equal"], true, "{ended}");
    let tables = compared(&ended);
    assert_eq!(tables.len(), 3, "{tables:?}");
    let mut schema = left_out(&world, "schema");
    schema.sort_unstable();
    let unwanted = schema.extract_if(.., |what| {
        what.starts_with(|letter: char| letter.is_numeric())
    });
    let unwanted: Vec<String> = unwanted.collect();
    assert_eq!(schema, ["function counts()", "view above", "view broken"]);
    let told = [
        "1 domain (shop.email)",
        "1 extension (vector)",
        "1 schema (shop)",
        "1 sequence (shop.invoice_number)",
    ];
    for what in told {
        assert!(unwanted.contains(&what.to_owned()), "{what}: {unwanted:?}");
    }
    let inventory = report(&world, "inventory")["left_behind"].to_string();
    for what in &unwanted {
        assert!(inventory.contains(what), "{what}: {inventory}");
    }
    let transfer = left_out(&world, "transfer");
    assert!(
        transfer.contains(&"fk constraint taken_far_fkey".to_owned()),
        "{transfer:?}"
    );
    assert!(
        transfer.contains(&"table torn.scratch".to_owned()),
        "{transfer:?}"
    );
    assert!(
        transfer.contains(&"1 large object".to_owned()),
        "{transfer:?}"
    );
    let objects = "SELECT count(*) FROM pg_largeobject_metadata";
    assert_eq!(world.target().value(objects), "0");
    let warnings = report(&world, "inventory")["warnings"].to_string();
    assert!(warnings.contains("taken_far_fkey"), "{warnings}");
    arrived_whole(&world);
}

fn arrived_whole(world: &World) {
    let target = world.target();
    let holds = tables_of(world);
    for name in [
        "torn.by_key",
        "torn.fine",
        "torn.taken_id_seq",
        "other.shared",
        "torn.days_2",
    ] {
        assert!(holds.contains(&name.to_owned()), "{name}: {holds:?}");
    }
    assert!(
        !holds.contains(&"other.left_behind".to_owned()),
        "{holds:?}"
    );
    let row = target
        .rows("INSERT INTO torn.taken (mood, code) VALUES ('high', 'y') RETURNING id, number, own");
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        row,
        [[text("10"), text("10"), text("10")]],
        "sequences go on"
    );
    let stamped = "UPDATE torn.taken SET code = 'z' WHERE id = 1 RETURNING stamped";
    assert_eq!(target.value(stamped), "t");
    let told = "SELECT obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE tgname = 'stamp'";
    assert_eq!(target.value(told), "stamps");
}

#[test]
fn a_partition_alone_is_a_table() {
    let world = World::new(10);
    world.source().run(TORN);
    let ended = world
        .json(&["run", "--table", "torn.days_1"])
        .expect(0, "awaiting_sign_off");
    assert_eq!(compared(&ended), [("days_1".to_owned(), 31, 31)], "{ended}");
    let keys = "SELECT count(*) FROM pg_constraint WHERE conrelid = 'torn.days_1'::regclass";
    assert_eq!(world.target().value(keys), "1");
}

#[test]
fn rows_are_chosen_in_every_chunk_and_compared_as_chosen() {
    let world = World::new(2_000);
    world.source().run(TORN);
    let config = world.config(
        "[transfer]\nchunk_mb = 1\n[select]\ntables = ['public.vector_documents', 'torn.days']\n\
         [[select.rows]]\ntable = 'vector_documents'\nwhere = \"collection_name = 'companies' OR false -- so\"\n\
         [[select.rows]]\ntable = 'torn.days'\nwhere = \"day < '2025-01-11' OR n = 40\"\n",
    );
    let ended = world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off");
    let chosen = world
        .source()
        .value("SELECT count(*) FROM vector_documents WHERE collection_name = 'companies'");
    let chosen: u64 = chosen.parse().expect("a number");
    assert!(chosen > 100, "{chosen}");
    let mut tables = compared(&ended);
    tables.sort_unstable();
    let expected = [("days_1", 10), ("days_2", 1), ("vector_documents", chosen)];
    assert_eq!(
        tables,
        expected.map(|(name, rows)| (name.to_owned(), rows, rows))
    );
    assert_eq!(ended.only("comparison")["equal"], true, "{ended}");
    let chunks = world
        .target()
        .value("SELECT count(*) FROM neonlift.chunks WHERE table_name = 'vector_documents'");
    assert!(chunks.parse::<u64>().expect("a number") > 1, "{chunks}");

    let other = world
        .json(&[
            "compare",
            "--config",
            &config,
            "--where",
            "public.vector_documents=true",
        ])
        .expect(2, "failed");
    assert!(other.stdout.contains("another selection"), "{other}");
    world
        .target()
        .run("UPDATE torn.days SET n = 41 WHERE n = 40");
    let differs = world.json(&["compare"]).expect(1, "failed");
    assert!(
        differs.only("failure")["why"]
            .to_string()
            .contains("torn.days_2"),
        "{differs}"
    );
}

#[test]
fn definitions_alone_are_not_called_equal() {
    let world = World::new(10);
    let ended = world
        .json(&["run", "--schema-only"])
        .expect(0, "awaiting_sign_off");
    assert_eq!(ended.only("comparison")["equal"], Value::Null, "{ended}");
    let open = ended.only("awaiting_sign_off")["open"].to_string();
    assert!(open.contains("data-verified"), "{ended}");
    let target = world.target();
    assert_eq!(target.value("SELECT count(*) FROM shop.orders"), "0");
    assert_eq!(
        target.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'customers_touch'"),
        "1"
    );
    assert_eq!(
        target.value("SELECT nextval('shop.invoice_number')"),
        "20240001"
    );
}

#[test]
fn what_is_not_clear_is_refused_before_anything_is_written() {
    let world = World::new(10);
    world.source().run(TORN);
    world
        .source()
        .run("CREATE TABLE torn.child () INHERITS (torn.scratch)");
    let cases: [(&[&str], &str); 7] = [
        (
            &["--table", "public.vector_document"],
            "public.vector_documents",
        ),
        (&["--include-schema", "shopp"], "shop"),
        (&["--exclude-table", "Orders"], "orders"),
        (&["--table", "torn.child"], "inherits"),
        (
            &["--where", "shop.orders=no_such_column > 1"],
            "refuses the condition",
        ),
        (
            &["--where", "shop.orders=id > 1; DROP TABLE shop.orders"],
            "semicolon",
        ),
        (&["--where", "shop.orders=placed_at > now()"], "tomorrow"),
    ];
    for (arguments, says) in cases {
        let arguments: Vec<&str> = ["run"].iter().chain(arguments).copied().collect();
        let ended = world.json(&arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended}");
        assert!(
            ended.only("failure").to_string().contains(says),
            "{says}: {ended}"
        );
        assert_eq!(world.target_holds(), Vec::<String>::new());
    }
    assert_eq!(
        world.source().value("SELECT count(*) FROM shop.orders"),
        "400"
    );
}

/// Whatever stays is named in a list, many of a kind in a line, before and after.
#[test]
fn what_two_tables_do_not_need_stays_and_is_told() {
    let world = World::new(10);
    world.source().run(
        "CREATE TABLE logs_1 (id int PRIMARY KEY, at text); CREATE TABLE child (id int REFERENCES logs_1);
         INSERT INTO logs_1 VALUES (1, 'x'); INSERT INTO child VALUES (1);
         CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := 'y'; RETURN NEW; END $$;
         CREATE TRIGGER stamp BEFORE UPDATE ON logs_1 FOR EACH ROW EXECUTE FUNCTION stamp();
         CREATE VIEW vt AS SELECT 1 AS a; CREATE SEQUENCE alone; CREATE FUNCTION unused() RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE FOREIGN DATA WRAPPER fdw; CREATE SERVER srv FOREIGN DATA WRAPPER fdw; CREATE FOREIGN TABLE ft (a int) SERVER srv;
         CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
         CREATE EVENT TRIGGER tells ON ddl_command_end EXECUTE FUNCTION tell();
         CREATE AGGREGATE last(text) (SFUNC = textcat, STYPE = text);",
    );
    let ended = world
        .json(&["run", "--table", "logs_*", "--table", "child"])
        .expect(0, "awaiting_sign_off");
    assert_eq!(compared(&ended).len(), 2, "{ended}");
    let inventory = report(&world, "inventory")["left_behind"].to_string();
    let mut result = left_out(&world, "schema");
    result.extend(left_out(&world, "transfer"));
    for what in [
        "1 foreign table (ft)",
        "1 server (srv)",
        "1 foreign data wrapper (fdw)",
        "1 event trigger (tells)",
        "1 extension (vector)",
        "4 functions (shop.gross(",
        "shop.touch(), tell(), unused())",
        "2 views (shop.order_totals, vt)",
        "2 sequences (alone, shop.invoice_number)",
        "1 aggregate (last(text))",
    ] {
        assert!(inventory.contains(what), "{what}: {inventory}");
        assert!(
            result.iter().any(|told| told.contains(what)),
            "{what}: {result:?}"
        );
    }
    let vector = "SELECT count(*) FROM pg_extension WHERE extname = 'vector'";
    assert_eq!(world.target().value(vector), "0");
}

/// Nobody tells what a function's text uses, but the words in it.
#[test]
fn an_extension_that_a_function_mentions_comes_along() {
    let world = World::new(10);
    world.source().run(
        "CREATE SCHEMA texts; CREATE FUNCTION texts.far(a text, b text) RETURNS float8 LANGUAGE sql AS
           $$ SELECT public.cosine_distance(a::public.vector, b::public.vector) $$;
         CREATE TABLE texts.t (id int); INSERT INTO texts.t VALUES (1)",
    );
    world
        .json(&["run", "--include-schema", "texts"])
        .expect(0, "awaiting_sign_off");
    let far = "SELECT texts.far('[1,0]', '[0,1]')";
    assert_eq!(world.target().value(far), "1");
}

#[test]
fn a_star_takes_back_what_was_left_out_by_mistake() {
    let world = World::new(10);
    world.source().run(
        "CREATE AGGREGATE last(text) (SFUNC = textcat, STYPE = text); SELECT lo_from_bytea(4711, 'x');
         CREATE TEXT SEARCH CONFIGURATION own (COPY = simple);",
    );
    let wrong = ["run", "--until", "inventory", "--exclude-table", "orders"];
    world.json(&wrong).expect(0, "done");
    assert!(report(&world, "inventory")["selection"].is_string());
    world
        .json(&["run", "--table", "*"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    assert!(report(&world, "inventory")["selection"].is_null());
    let arrived = "SELECT (SELECT count(*) FROM pg_aggregate WHERE aggfnoid >= 16384 AND aggfnoid::text = 'last'),
        (SELECT count(*) FROM pg_ts_config WHERE cfgname = 'own'), (SELECT count(*) FROM pg_largeobject_metadata),
        (SELECT count(*) FROM shop.orders)";
    let one = || Some("1".to_owned());
    let orders = Some("400".to_owned());
    assert_eq!(
        world.target().rows(arrived),
        [[one(), one(), one(), orders]]
    );
}
