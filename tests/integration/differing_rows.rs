//! Where a table differs, a comparison counts the rows, names some of them by their keys, and tells
//! which columns are changed: whatever the key is, and without one.

use crate::fixture::{Database, Ended, World, eventually};
use crate::live::write_to_source;
use rustix::process::Signal;
use serde_json::{Value, json};

/// Tables with a key of each kind, the target's change, and what is found of it.
const KEYS: [[&str; 3]; 8] = [
    // Composite, one part of it a text; two columns of one row, one of another.
    [
        "composite (a int, b text, x int, y text, PRIMARY KEY (a, b))
         SELECT n / 10, 'key ' || n, n, 'y' FROM generate_series(1, 50) n",
        "UPDATE t SET x = -1, y = 'z' WHERE b = 'key 20'; UPDATE t SET x = -1 WHERE b = 'key 21';
         DELETE FROM t WHERE b = 'key 30'; INSERT INTO t VALUES (9, 'new', 1, '')",
        r#"{"missing":1,"extra":1,"changed":2,"key":["a","b"],
            "columns":[{"column":"x","rows":2},{"column":"y","rows":1}],
            "examples":[{"kind":"missing","key":["3","key 30"]},{"kind":"extra","key":["9","new"]},
              {"kind":"changed","key":["2","key 20"],"columns":["x","y"]},
              {"kind":"changed","key":["2","key 21"],"columns":["x"]}]}"#,
    ],
    // A text; in a collation that orders otherwise: `tests/mutations/contrib.rs`.
    [
        r#"texts (k text PRIMARY KEY, x int)
         SELECT k, 1 FROM unnest('{a,Z,ä,B,_,é,"",ß,"a b",10,9,😀,ﬀ}'::text[]) k"#,
        "UPDATE t SET x = 2 WHERE k = 'ä'; UPDATE t SET k = 'b' WHERE k = 'B'",
        r#"{"missing":1,"extra":1,"changed":1,"key":["k"],"columns":[{"column":"x","rows":1}],
            "examples":[{"kind":"missing","key":["B"]},{"kind":"extra","key":["b"]},
              {"kind":"changed","key":["ä"],"columns":["x"]}]}"#,
    ],
    [
        "uuids (id uuid PRIMARY KEY, x text)
         SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'x' FROM generate_series(1, 99) n",
        "UPDATE t SET x = 'x ' WHERE id::text LIKE '%07'",
        r#"{"missing":0,"extra":0,"changed":1,"key":["id"],"columns":[{"column":"x","rows":1}],
            "examples":[{"kind":"changed","key":["00000000-0000-0000-0000-000000000007"],"columns":["x"]}]}"#,
    ],
    // In the column's own type, so that an index helps; bigger than an int4 is.
    [
        "bigints (id bigint PRIMARY KEY, x int)
         SELECT n * 1000000007::bigint - 500, 0 FROM generate_series(-9, 9) n",
        "UPDATE t SET x = 1 WHERE id < -9000000000",
        r#"{"missing":0,"extra":0,"changed":1,"key":["id"],"columns":[{"column":"x","rows":1}],
            "examples":[{"kind":"changed","key":["-9000000563"],"columns":["x"]}]}"#,
    ],
    [
        "moments (at timestamptz PRIMARY KEY, x int)
         SELECT '2024-03-31 00:00+01'::timestamptz + n * interval '1 hour', n FROM generate_series(1, 9) n",
        "DELETE FROM t WHERE x = 3",
        r#"{"missing":1,"extra":0,"changed":0,"key":["at"],"columns":[],
            "examples":[{"kind":"missing","key":["2024-03-31 02:00:00+00"]}]}"#,
    ],
    [
        "domains (id keys.number PRIMARY KEY, x int) SELECT n, n FROM generate_series(1, 9) n",
        "UPDATE t SET x = 0 WHERE id = 4",
        r#"{"missing":0,"extra":0,"changed":1,"key":["id"],"columns":[{"column":"x","rows":1}],
            "examples":[{"kind":"changed","key":["4"],"columns":["x"]}]}"#,
    ],
    // What is computed of a changed column is changed too.
    [
        "computed (id int NOT NULL UNIQUE, net int, gross int GENERATED ALWAYS AS (net * 2) STORED)
         SELECT n, n FROM generate_series(1, 9) n",
        "UPDATE t SET net = 0 WHERE id = 4",
        r#"{"missing":0,"extra":0,"changed":1,"key":["id"],
            "columns":[{"column":"net","rows":1},{"column":"gross","rows":1}],
            "examples":[{"kind":"changed","key":["4"],"columns":["net","gross"]}]}"#,
    ],
    // Without a key: rows that are equal count as often as they are there.
    [
        "keyless (a int, b text) SELECT n % 3, NULL FROM generate_series(1, 90) n",
        "DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 1 LIMIT 4);
         INSERT INTO t VALUES (2, NULL), (2, NULL), (7, '')",
        r#"{"missing":4,"extra":3,"changed":0,"key":[],"columns":[],"examples":[]}"#,
    ],
];

/// The name in front of a table's columns.
fn name(definition: &str) -> &str {
    definition.split_once(' ').expect("a name").0
}

fn create(definition: &str) -> String {
    let at = definition.find("SELECT").expect("rows");
    let (table, rows) = definition.split_at(at);
    let columns = match name(definition) {
        "computed" => "(id, net)",
        _ => "",
    };
    format!(
        "CREATE TABLE {table}; INSERT INTO {} {columns} {rows};",
        name(definition)
    )
}

/// Two tables of this schema with the same rows on both sides.
fn both_have(world: &World, sql: &str) {
    world.source().run(sql);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}

/// What was found of a table.
fn found(ended: &Ended, table: &str) -> Value {
    let comparison = ended.only("comparison");
    let tables = comparison["tables"].as_array().expect("tables");
    let found = tables.iter().find(|found| found["table"] == table);
    found
        .unwrap_or_else(|| panic!("{table} is not compared: {ended}"))
        .clone()
}

#[test]
fn rows_are_found_by_every_kind_of_key() {
    let world = World::new(10);
    let tables: Vec<String> = KEYS
        .iter()
        .map(|[definition, ..]| create(definition))
        .collect();
    both_have(
        &world,
        &format!(
            r#"CREATE SCHEMA keys; SET search_path = keys; CREATE DOMAIN number AS bigint;
               {}"#,
            tables.concat()
        ),
    );
    for [definition, change, _] in KEYS {
        let table = format!("UPDATE keys.{}", name(definition));
        let change = change
            .replace("UPDATE t", &table)
            .replace(" t ", &format!(" keys.{} ", name(definition)));
        world.target().run(&change);
    }
    let ended = world.json(&["compare"]).expect(1, "failed");
    for [definition, _, expected] in KEYS {
        let expected: Value = serde_json::from_str(expected).expect("JSON");
        assert_eq!(
            found(&ended, name(definition))["rows"],
            expected,
            "{definition}"
        );
    }
    let why = ended.only("failure")["why"].to_string();
    let words =
        "keys.composite: 1 row missing on the target, 1 only on the target, 2 changed (x, y)";
    assert!(why.contains(words), "{why}");
    let plain = world
        .neonlift(&["compare", "--plain"])
        .output()
        .expect("it runs");
    let plain = String::from_utf8(plain.stdout).expect("UTF-8");
    assert!(plain.contains(words), "{plain}");
}

/// Large enough for buckets and for several chunks; the target's rows lie elsewhere.
const LARGE: &str = "CREATE TABLE large.ids (id bigint PRIMARY KEY, x int, filler text);
    CREATE TABLE large.texts (id text PRIMARY KEY, x int, filler text);
    CREATE TABLE large.keyless (x int, filler text);
    INSERT INTO large.ids SELECT n * 3 - 100000, n, repeat('x', 800) FROM generate_series(1, 60000) n;
    INSERT INTO large.texts SELECT md5(n::text), n, repeat('x', 800) FROM generate_series(1, 60000) n;
    INSERT INTO large.keyless SELECT n / 2, repeat('x', 800) FROM generate_series(1, 60000) n;";

#[test]
fn rows_are_found_among_many() {
    let world = World::new(10);
    both_have(&world, &format!("CREATE SCHEMA large; {LARGE}"));
    world.target().run(
        "DELETE FROM large.ids WHERE id = -99997; UPDATE large.ids SET x = 0 WHERE id IN (-1, 50, 79997);
         INSERT INTO large.ids VALUES (9000000000000000000, 1, ''), (-9000000000000000000, 1, '');
         DELETE FROM large.texts WHERE id = md5('5'); UPDATE large.texts SET x = 0 WHERE id = md5('59999');
         DELETE FROM large.keyless WHERE ctid = (SELECT max(ctid) FROM large.keyless);
         UPDATE large.keyless SET x = -1 WHERE x = 500",
    );
    world.target().run("VACUUM FULL large.ids");
    let ended = world.json(&["compare"]).expect(1, "failed");
    let counts = |table| {
        let rows = found(&ended, table)["rows"].clone();
        [&rows["missing"], &rows["extra"], &rows["changed"]]
            .map(|count| count.as_u64().expect("a count"))
    };
    // -1 and 50 are among the keys, 79,997 is.
    let keys = world
        .source()
        .value("SELECT count(*) FROM large.ids WHERE id IN (-1, 50, 79997)");
    assert_eq!(counts("ids"), [1, 2, keys.parse().expect("a number")]);
    assert_eq!(counts("texts"), [1, 0, 1]);
    assert_eq!(counts("keyless"), [3, 2, 0]);
    let examples = found(&ended, "texts")["rows"]["examples"].to_string();
    let key = world.source().value("SELECT md5('59999')");
    assert!(examples.contains(&key), "{examples}");
}

/// All rows of a table differ: they are counted, and no more of them are held than are named.
#[test]
fn thousands_of_rows_are_counted_and_a_few_named() {
    let world = World::new(10);
    both_have(&world, &format!("CREATE SCHEMA large; {LARGE}"));
    world.target().run(
        "UPDATE large.ids SET x = x + 1, filler = filler || '!'; DELETE FROM large.texts WHERE x % 2 = 0",
    );
    let ended = world.json(&["compare"]).expect(1, "failed");
    let rows = found(&ended, "ids")["rows"].clone();
    assert_eq!(rows["changed"], 60_000, "{rows}");
    let columns = json!([{"column": "x", "rows": 60_000}, {"column": "filler", "rows": 60_000}]);
    assert_eq!(rows["columns"], columns);
    assert_eq!(rows["examples"].as_array().map(Vec::len), Some(20));
    let rows = found(&ended, "texts")["rows"].clone();
    assert_eq!(
        (&rows["missing"], &rows["changed"]),
        (&json!(30_000), &json!(0))
    );
    let session = std::fs::read_to_string(world.session()).expect("the session");
    assert!(!session.contains("xxxxxxxx"), "a value is in the session");
}

/// Stopped while several chunks are hashed on both sides, it leaves no statement behind on either.
#[test]
fn every_statement_is_cancelled_on_both_servers() {
    let world = World::new(10);
    both_have(
        &world,
        "CREATE SCHEMA large; CREATE TYPE large.pair AS (a int, b int);
         CREATE TABLE large.pairs (id int PRIMARY KEY, pair large.pair, filler text);
         INSERT INTO large.pairs SELECT n, (n, n)::large.pair, repeat('x', 800) FROM generate_series(1, 80000) n",
    );
    // A composite is hashed as its text: now that takes its time.
    let slow = "CREATE FUNCTION large.slow(large.pair) RETURNS text LANGUAGE sql
                  AS 'SELECT pg_sleep(600)::text';
                CREATE CAST (large.pair AS text) WITH FUNCTION large.slow(large.pair)";
    let sides = [world.source(), world.target()];
    sides.iter().for_each(|side| side.run(slow));
    let running = world.start(&["compare"]);
    let hashing = "SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event = 'PgSleep' AND query LIKE '%int8send%'";
    let hashed = || sides.each_ref().map(|side| side.value(hashing));
    eventually("chunks that are hashed on both servers", || {
        hashed().iter().all(|count| count == "3").then_some(())
    });
    running.signal(Signal::INT);
    let stopped = running.end().expect(130, "interrupted");
    assert!(stopped.of_kind("comparison").is_empty(), "{stopped}");
    eventually("the end of the statements on both servers", || {
        hashed().iter().all(|count| count == "0").then_some(())
    });
}

/// A table of a composite: it is hashed as its text, so what makes its text decides how that goes.
const PAIRS: &str = "CREATE SCHEMA odd; CREATE TYPE odd.pair AS (a int, b int);
    CREATE TABLE odd.pairs (id int PRIMARY KEY, pair odd.pair);
    INSERT INTO odd.pairs SELECT n, (n, n)::odd.pair FROM generate_series(1, 9) n;";

/// From now on this SQL makes a pair's text, on both sides.
fn texts_are_made_by(world: &World, sql: &str) {
    let made = format!(
        "CREATE FUNCTION odd.text_of(odd.pair) RETURNS text LANGUAGE sql AS $${sql}$$;
         CREATE CAST (odd.pair AS text) WITH FUNCTION odd.text_of(odd.pair)"
    );
    world.source().run(&made);
    world.target().run(&made);
}

/// What sessions that begin from now on find in `odd.divisor`.
fn divisor(side: &Database<'_>, number: u8) {
    side.run(&format!(
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET odd.divisor = {number}', current_database()); END$$"
    ));
}

/// Neither equal nor different, and no reason to give up the other tables; a true difference is one
/// all the same.
#[test]
fn a_table_that_cannot_be_hashed_is_not_proved() {
    let world = World::new(10);
    both_have(&world, PAIRS);
    divisor(&world.source(), 1);
    divisor(&world.target(), 0);
    let divided = "SELECT (1 / current_setting('odd.divisor')::int)::text || $1.a || $1.b";
    texts_are_made_by(&world, divided);
    let ended = world.json(&["compare"]).expect(3, "failed");
    let pairs = found(&ended, "pairs");
    let why = pairs["unproved"].as_str().unwrap_or_default();
    assert!(
        why.contains("target") && why.contains("division by zero"),
        "{pairs}"
    );
    assert_eq!(
        (&pairs["equal"], &ended.only("comparison")["equal"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(found(&ended, "orders")["equal"], true);
    let failure = ended.only("failure");
    assert!(
        failure["why"].to_string().contains("odd.pairs: not proved"),
        "{failure}"
    );
    world
        .target()
        .run("UPDATE shop.orders SET remark = 'other' WHERE id = 1005");
    let ended = world.json(&["compare"]).expect(1, "failed");
    assert_eq!(found(&ended, "orders")["rows"]["changed"], 1);
    let why = ended.only("failure")["why"].to_string();
    assert!(why.contains("shop.orders: 1 row changed (remark)"), "{why}");
    assert!(why.contains("odd.pairs: not proved"), "{why}");
}

#[test]
fn a_table_that_cannot_be_counted_leaves_the_others_their_proof() {
    let world = World::new(10);
    both_have(&world, PAIRS);
    divisor(&world.source(), 0);
    divisor(&world.target(), 1);
    world
        .target()
        .run("ALTER TABLE odd.pairs ADD COLUMN more int");
    // In a session of its own: the selection of one that was begun does not change.
    let world = world.beside();
    let config = world.config(
        "[compare]\njobs = 1\n[[select.rows]]\ntable = 'odd.pairs'\n\
         where = \"id / current_setting('odd.divisor')::int > 0\"\n",
    );
    let ended = world.json(&["compare", "--config", &config]);
    let why = found(&ended, "pairs")["unproved"].to_string();
    assert!(why.contains("division by zero"), "{ended}");
    for table in ["orders", "products"] {
        assert_eq!(found(&ended, table)["equal"], true, "{table}: {ended}");
    }
}

/// Compares, and writes on the source while it is read.
fn compare_meanwhile(world: &World, write: &str) -> Ended {
    let source = world.source();
    let holder = source.open();
    holder.run("SELECT pg_advisory_lock(7)");
    let running = world.start(&["compare"]);
    eventually("a comparison that reads", || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        (source.value(waiting) == "1").then_some(())
    });
    write_to_source(world, write);
    holder.run("SELECT pg_advisory_unlock(7)");
    running.end()
}

#[test]
fn rows_written_meanwhile_prove_nothing() {
    let world = World::new(10);
    both_have(&world, PAIRS);
    world
        .target()
        .run("UPDATE odd.pairs SET pair = (0, 0) WHERE id = 3");
    let waits = "SELECT pg_advisory_xact_lock_shared(7)::text || $1.a || $1.b";
    texts_are_made_by(&world, waits);
    // Counters that move while the rows stay as they are make no difference doubtful: they may be of
    // what was written before.
    let ended = compare_meanwhile(&world, "UPDATE odd.pairs SET pair = pair").expect(1, "failed");
    assert_eq!(found(&ended, "pairs")["rows"]["changed"], 1, "{ended}");
    let insert = "INSERT INTO odd.pairs VALUES (10, (1, 1))";
    let ended = compare_meanwhile(&world, insert).expect(3, "failed");
    let why = found(&ended, "pairs")["unproved"].to_string();
    assert!(why.contains("rows were written"), "{ended}");
    // Now that nothing writes, the difference is one.
    let ended = world.json(&["compare"]).expect(1, "failed");
    let rows = found(&ended, "pairs")["rows"].clone();
    assert_eq!(
        (&rows["missing"], &rows["changed"]),
        (&json!(1), &json!(1)),
        "{rows}"
    );
}
