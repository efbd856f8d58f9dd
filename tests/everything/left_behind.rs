//! What the target cannot take is told before anything is moved, and again in the end.

use crate::contents::rows;
use crate::migration::{Migration, OWNER, servers};
use serde_json::Value;
use std::collections::BTreeSet;

/// Of each kind one, with an extension that nothing depends on.
const LEFT: &str = "
    CREATE ROLE \"left_Reader\"; CREATE ROLE left_app; CREATE TABLE public.shown (id int PRIMARY KEY, name text);
    GRANT SELECT, INSERT ON shown TO \"left_Reader\"; GRANT UPDATE (name) ON shown TO left_app; GRANT SELECT ON shown TO PUBLIC;
    GRANT CREATE ON SCHEMA public TO left_app; CREATE TABLE of_app (id int); ALTER TABLE of_app OWNER TO left_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO \"left_Reader\";
    CREATE FUNCTION kept_back() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION kept_back() FROM PUBLIC;
    CREATE FUNCTION sure() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1';
    CREATE FUNCTION inner_pid() RETURNS int LANGUAGE internal AS 'pg_backend_pid';
    CREATE AGGREGATE inner_state(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
    CREATE OPERATOR CLASS own_ops FOR TYPE int USING hash AS OPERATOR 1 =; CREATE TEXT SEARCH TEMPLATE own (LEXIZE = dsimple_lexize);
    CREATE EXTENSION pg_trgm;
    CREATE POLICY \"For readers\" ON shown TO left_app, \"left_Reader\", pg_monitor USING (true); COMMENT ON POLICY \"For readers\" ON shown IS 'a policy';
    CREATE POLICY for_monitors ON shown TO pg_monitor USING (true); CREATE POLICY for_all ON shown USING (true);
    CREATE PUBLICATION told FOR TABLE shown; CREATE SUBSCRIPTION heard CONNECTION 'dbname=nowhere password=canary' PUBLICATION told WITH (connect = false);
    CREATE FUNCTION on_event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watched ON ddl_command_end EXECUTE FUNCTION on_event(); COMMENT ON EVENT TRIGGER watched IS 'watched';
    SELECT lo_from_bytea(71000, 'x'); GRANT SELECT ON LARGE OBJECT 71000 TO \"left_Reader\";
    COMMENT ON DATABASE left_source IS 'a database'; ALTER DATABASE left_source SET work_mem = '5MB'; ALTER ROLE left_app IN DATABASE left_source SET search_path = 'canary';";

/// What is told of each, and what will happen to it.
const TOLD: [(&str, &str); 23] = [
    (
        "rights of the role left_Reader: SELECT on 1 default privilege, SELECT on 1 large object, INSERT on 1 table, SELECT on 1 table",
        "grant again",
    ),
    (
        "rights of the role left_app: UPDATE on 1 column, CREATE on 1 schema",
        "grant again",
    ),
    (
        "rights of everybody (PUBLIC): SELECT on 1 table",
        "grant again",
    ),
    (
        "rights withdrawn from everybody (PUBLIC): EXECUTE on 1 function",
        "grant again",
    ),
    (
        "ownership of 1 table by the role left_app",
        "belongs to the role",
    ),
    (
        "tablespace left_space of public.placed",
        "where the target puts everything",
    ),
    ("settings of the database: work_mem", "set them again"),
    (
        "settings of the role left_app in the database: search_path",
        "set them again",
    ),
    ("publication told", "make it again"),
    ("subscription heard", "after the cutover"),
    ("the comment on the database", "keeps its own"),
    ("extension pg_trgm", "does not offer it"),
    ("comment EXTENSION pg_trgm", "only its owner"),
    (
        "the mark LEAKPROOF of the function sure()",
        "is made without",
    ),
    ("function inner_pid()", "untrusted"),
    (
        "aggregate inner_state(double precision, anyelement)",
        "type internal",
    ),
    ("operator class own_ops", "only a superuser"),
    ("operator family own_ops", "only a superuser"),
    ("text search template own", "only a superuser"),
    ("event trigger watched", "left out when"),
    ("comment EVENT TRIGGER watched", "left out when"),
    (
        "policy For readers",
        "the target has no role left_Reader, left_app.",
    ),
    (
        "comment POLICY \"For readers\" ON shown",
        "the target has no role",
    ),
];

#[tokio::test]
async fn what_is_left_behind_is_told_before_and_after() {
    let (from, to) = (&servers().contrib, servers().not_older());
    let migration = Migration::new("left", from, to, OWNER).await;
    let source = migration.source().await;
    // A tablespace cannot be made together with anything else.
    for sql in [
        "SET allow_in_place_tablespaces = on",
        "CREATE TABLESPACE left_space LOCATION ''",
        "CREATE TABLE public.placed (id int) TABLESPACE left_space",
        LEFT,
    ] {
        source.batch(sql, sql).await.unwrap();
    }
    let ended = migration.neonlift(&["run"]);
    let ended = ended.expect(0, "awaiting_sign_off").expect_equal();
    let listed = migration.report("inventory")["left_behind"].clone();
    let of_step = |event: &Value| event["step"] == "inventory";
    let finished = ended.of_kind("step_finished");
    let finished = finished.into_iter().find(of_step).unwrap();
    assert_eq!(finished["left_behind"], listed, "told as JSON");
    assert!(!ended.stdout.contains("canary"), "no value is told");

    let pairs = |list: &Value, second: &str| -> BTreeSet<(String, String)> {
        let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
        let items = list.as_array().unwrap().iter();
        items
            .map(|item| (text(item, "what"), text(item, second)))
            .collect()
    };
    let before = pairs(&listed, "happens");
    for (what, happens) in TOLD {
        let found = before.iter().find(|found| found.0 == what);
        let found = found.unwrap_or_else(|| panic!("{what} is not in {before:#?}"));
        assert!(found.1.contains(happens), "{found:?}");
    }
    assert_eq!(before.len(), TOLD.len(), "{before:#?}");

    let mut after = pairs(&migration.report("schema")["left_out"], "why");
    after.extend(pairs(&migration.report("transfer")["left_out"], "why"));
    for (what, _) in &before {
        assert!(
            after.iter().any(|found| found.0 == *what),
            "{what} is not in {after:#?}"
        );
    }
    assert_eq!(after.len(), before.len(), "{after:#?}");
}

#[tokio::test]
async fn what_needs_a_missing_extension_is_told_and_nothing_made() {
    let (from, to) = (&servers().contrib, servers().not_older());
    let migration = Migration::new("needing", from, to, OWNER).await;
    let source = migration.source().await;
    let needing = "CREATE EXTENSION hstore; CREATE TABLE plain (id int); CREATE TABLE pairs (id int, h hstore, many hstore[]);
        CREATE FUNCTION of_pairs(hstore) RETURNS text LANGUAGE sql AS 'SELECT ''x''';";
    source.batch("making", needing).await.unwrap();
    let ended = migration.neonlift(&["run"]).expect(1, "failed");
    let listed = migration.report("inventory")["left_behind"].to_string();
    for what in [
        "column h of table public.pairs",
        "column many of table public.pairs",
        "function public.of_pairs(public.hstore)",
    ] {
        assert!(listed.contains(what), "{what} is not in {listed}");
    }
    let failure = ended.only("failure");
    assert_eq!(failure["step"], "schema", "{ended}");
    let why = failure["why"].as_str().unwrap();
    assert!(
        why.contains("extension hstore (column h of table public.pairs"),
        "{why}"
    );
    let made = rows(
        &migration.target().await,
        "SELECT count(*) FROM pg_namespace WHERE nspname = 'neonlift'",
    )
    .await;
    assert_eq!(made, [["0"]]);
}

/// One that may move it (a superuser), and one that is told how to go on.
#[tokio::test]
async fn an_extension_that_is_elsewhere_on_the_target() {
    let sixteen = &servers().sixteen;
    for (name, options) in [("elsewhere", OWNER), ("elsewhere_free", "SUPERUSER")] {
        let migration = Migration::new(name, sixteen, sixteen, options).await;
        let source = "CREATE SCHEMA own; CREATE EXTENSION vector SCHEMA own; CREATE TABLE v (id int, v own.vector(2));
            INSERT INTO v VALUES (1, '[1,2]')";
        let making = migration.source().await;
        making.batch("making", source).await.unwrap();
        let target = migration.target().await;
        let owner = migration.owner();
        let there =
            format!("SET ROLE {owner}; CREATE SCHEMA other; CREATE EXTENSION vector SCHEMA other");
        target.batch("making", &there).await.unwrap();
        if options == OWNER {
            let ended = migration.neonlift(&["run"]).expect(1, "failed");
            let failure = ended.only("failure");
            let what = failure["what"].as_str().unwrap();
            assert_eq!(what, "An extension is in another schema on the target");
            assert!(
                failure["advice"].to_string().contains("DROP EXTENSION"),
                "{ended}"
            );
            target
                .batch("as advised", "DROP EXTENSION vector")
                .await
                .unwrap();
        }
        let ended = migration.neonlift(&["run"]);
        ended.expect(0, "awaiting_sign_off").expect_equal();
        let place = "SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'vector'";
        assert_eq!(rows(&target, place).await, [["own"]]);
    }
}

/// A reader whom policies hide rows from would copy fewer, without an error.
#[tokio::test]
async fn rows_that_policies_hide_are_told_before_anything_else() {
    let sixteen = &servers().sixteen;
    let migration = Migration::new("hidden", sixteen, sixteen, OWNER).await;
    sixteen.create_role("hidden_reader", "").await;
    let making =
        "CREATE TABLE open (id int); CREATE TABLE private (id int); INSERT INTO private VALUES (1);
        ALTER TABLE private ENABLE ROW LEVEL SECURITY; GRANT pg_read_all_data TO hidden_reader";
    let source = migration.source().await;
    source.batch("making", making).await.unwrap();
    let ended = migration.neonlift_as("hidden_reader", &["run"]);
    let ended = ended.expect(1, "failed");
    let failure = ended.only("failure");
    assert_eq!(failure["step"], "connections", "{ended}");
    let why = failure["why"].as_str().unwrap();
    assert!(why.ends_with("row security hides rows of private"), "{why}");
}

/// Its rows, and those of what reads it; the others are filled, and nothing fails.
#[tokio::test]
async fn a_materialized_view_that_cannot_be_filled_on_the_target_stays_empty() {
    let sixteen = &servers().sixteen;
    let migration = Migration::new("unfilled", sixteen, sixteen, OWNER).await;
    let making = "CREATE TABLE counted (n int); INSERT INTO counted VALUES (1), (2);
        CREATE FUNCTION only_here() RETURNS bool LANGUAGE plpgsql AS
          'BEGIN IF current_database() <> ''unfilled_source'' THEN RAISE ''not here''; END IF; RETURN true; END';
        CREATE MATERIALIZED VIEW a_bound AS SELECT n FROM counted WHERE public.only_here();
        CREATE MATERIALIZED VIEW b_free AS SELECT n FROM counted; CREATE UNIQUE INDEX b_free_n ON b_free (n);
        CREATE MATERIALIZED VIEW c_on_bound AS SELECT n FROM a_bound";
    let source = migration.source().await;
    source.batch("making", making).await.unwrap();
    let ended = migration.neonlift(&["run"]);
    ended.expect(0, "awaiting_sign_off").expect_equal();
    let target = migration.target().await;
    let filled = "SELECT matviewname, ispopulated FROM pg_matviews ORDER BY 1";
    let expected = [["a_bound", "f"], ["b_free", "t"], ["c_on_bound", "f"]];
    assert_eq!(rows(&target, filled).await, expected);
    // As often as the transfer is run.
    for _ in 0..2 {
        let left_out = migration.report("transfer")["left_out"].clone();
        let told = |key: &str| -> Vec<String> {
            let left_out = left_out.as_array().unwrap().iter();
            left_out
                .map(|left| left[key].as_str().unwrap().to_owned())
                .collect()
        };
        let rows_of = |view| format!("rows of the materialized view {view}");
        assert_eq!(told("what"), ["a_bound", "c_on_bound"].map(rows_of));
        let why = &told("why")[0];
        assert!(why.contains("a function raised"), "its own reason: {why}");
        let again = migration.neonlift(&["transfer"]).expect(0, "done");
        let note = "rows of the materialized view a_bound are left out";
        assert!(again.notes().contains(note), "{again}");
    }
}

/// What only a superuser may make, with what stands on it; and a table that needs none of it.
const ON_LEFT: &str = "
    CREATE FOREIGN DATA WRAPPER fdw; CREATE SERVER srv FOREIGN DATA WRAPPER fdw; CREATE USER MAPPING FOR PUBLIC SERVER srv;
    CREATE FOREIGN TABLE ft (a int) SERVER srv; CREATE VIEW over_ft AS SELECT a FROM ft; COMMENT ON VIEW over_ft IS 'a view';
    CREATE FUNCTION of_ft(ft) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION inner_pid() RETURNS int LANGUAGE internal AS 'pg_backend_pid';
    CREATE TABLE plain (id int PRIMARY KEY, t text); INSERT INTO plain VALUES (1);
    CREATE VIEW pids AS SELECT inner_pid() AS pid; CREATE TABLE fine (id int); CREATE VIEW over_fine AS SELECT id FROM fine;
    CREATE OPERATOR CLASS own_ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
    CREATE INDEX by_own ON plain (id own_ops); CREATE CAST (bigint AS date) WITH INOUT; CREATE TYPE mood AS ENUM ('a'); CREATE CAST (text AS mood) WITH INOUT;
    COMMENT ON SCHEMA public IS 'commented';";

#[tokio::test]
async fn what_stands_on_something_left_behind_stays_with_it() {
    let sixteen = &servers().sixteen;
    let migration = Migration::new("on_left", sixteen, sixteen, OWNER).await;
    let source = migration.source().await;
    source.batch("making", ON_LEFT).await.unwrap();
    let ended = migration.neonlift(&["run"]);
    ended.expect(0, "awaiting_sign_off").expect_equal();
    let inventory = migration.report("inventory")["left_behind"].to_string();
    let result = format!(
        "{}{}",
        migration.report("schema")["left_out"],
        migration.report("transfer")["left_out"]
    );
    for what in [
        "foreign data wrapper fdw",
        "server srv",
        "foreign table ft",
        "view over_ft",
        "function of_ft(public.ft)",
        "view pids",
        "index by_own",
        "cast CAST (bigint AS date)",
    ] {
        for told in [&inventory, &result] {
            assert!(told.contains(&format!("\"{what}\"")), "{what}: {told}");
        }
    }
    assert!(
        inventory.contains("it needs foreign data wrapper fdw, which is left out"),
        "{inventory}"
    );
    let made = rows(
        &migration.target().await,
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'f') ORDER BY 1",
    )
    .await;
    assert_eq!(made, [["fine"], ["over_fine"], ["plain"]]);
    let casts = "SELECT casttarget::regtype FROM pg_cast WHERE oid >= 16384";
    assert_eq!(rows(&migration.target().await, casts).await, [["mood"]]);
}

/// The right that the target's role lacks is granted on the target.
#[tokio::test]
async fn a_right_that_the_target_lacks_is_told_as_the_targets() {
    let contrib = &servers().contrib;
    let migration = Migration::new("rights", contrib, contrib, OWNER).await;
    let server = "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; CREATE TABLE t (id int)";
    let source = migration.source().await;
    source.batch("making", server).await.unwrap();
    let target = migration.target().await;
    let there = "CREATE EXTENSION postgres_fdw";
    target.batch("making", there).await.unwrap();
    let ended = migration.neonlift(&["run"]).expect(1, "failed");
    let failure = ended.only("failure");
    assert_eq!(failure["what"], "Cannot create server far on the target");
    let advice = failure["advice"].to_string();
    assert!(advice.contains("On the target, let"), "{advice}");
    assert!(!advice.contains("On the source"), "{advice}");
    let grant = format!(
        "GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO {}",
        migration.owner()
    );
    target.batch("as advised", &grant).await.unwrap();
    let ended = migration.neonlift(&["run"]);
    ended.expect(0, "awaiting_sign_off").expect_equal();
}
