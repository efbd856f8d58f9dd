//! What stands in no schema of the target's, and in the way of the source's.

use crate::contents::rows;
use crate::migration::{Migration, servers};

const SOURCE: &str = "
    CREATE EXTENSION postgres_fdw; CREATE SERVER s2 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'new');
    CREATE TABLE kept (id int); INSERT INTO kept VALUES (1); CREATE CAST (bigint AS text) WITH INOUT;
    CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER tells ON ddl_command_end EXECUTE FUNCTION tell();";

/// Of each kind one, and an event trigger that refuses to let any of it go.
const TARGET: &str = "
    CREATE EXTENSION postgres_fdw; CREATE SERVER s2 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'old');
    CREATE USER MAPPING FOR PUBLIC SERVER s2; CREATE FOREIGN TABLE far (a int) SERVER s2;
    CREATE FOREIGN DATA WRAPPER own_wrapper; CREATE SERVER of_own FOREIGN DATA WRAPPER own_wrapper;
    CREATE TABLE mine (id int); INSERT INTO mine VALUES (1);
    CREATE PUBLICATION mine_out FOR TABLE mine; CREATE CAST (bigint AS text) WITH INOUT;
    CREATE ACCESS METHOD own_heap TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TRUSTED LANGUAGE own_language HANDLER plpgsql_call_handler;
    CREATE TEXT SEARCH TEMPLATE own_template (LEXIZE = dsimple_lexize);
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nothing is dropped here'; END $$;
    CREATE EVENT TRIGGER tells ON sql_drop EXECUTE FUNCTION refuse();";

#[tokio::test]
async fn consent_takes_what_is_in_no_schema_too() {
    let contrib = &servers().contrib;
    let migration = Migration::new("schemaless", contrib, contrib, "SUPERUSER").await;
    let source = migration.source().await;
    source.batch("making", SOURCE).await.unwrap();
    let target = migration.target().await;
    target.batch("making", TARGET).await.unwrap();
    let ended = migration.neonlift(&["run", "--overwrite-target", "schemaless_target"]);
    ended.expect(0, "awaiting_sign_off").expect_equal();
    let listed = migration.report("connections")["also_lost"].to_string();
    let gone = migration.report("schema")["overwritten"].to_string();
    for (kind, name) in [
        ("event trigger", "tells"),
        ("publication", "mine_out"),
        ("server", "of_own"),
        ("foreign data wrapper", "own_wrapper"),
        ("cast", "(bigint AS pg_catalog.text)"),
        ("access method", "own_heap"),
        ("language", "own_language"),
        ("text search template", "public.own_template"),
    ] {
        assert!(listed.contains(&format!("\"{kind}\"")), "{kind}: {listed}");
        assert!(listed.contains(name), "{name}: {listed}");
        assert!(gone.contains(kind) && gone.contains(name), "{kind}: {gone}");
    }
    let left = "SELECT 'wrapper', fdwname::text FROM pg_foreign_data_wrapper
        UNION ALL SELECT 'server', srvname || srvoptions::text FROM pg_foreign_server
        UNION ALL SELECT 'publication', pubname FROM pg_publication
        UNION ALL SELECT 'access method', amname FROM pg_am WHERE oid >= 16384
        UNION ALL SELECT 'event trigger', evtname || evtevent FROM pg_event_trigger ORDER BY 1, 2";
    assert_eq!(
        rows(&target, left).await,
        [
            ["event trigger", "tellsddl_command_end"],
            ["server", "s2{host=new}"],
            ["wrapper", "postgres_fdw"]
        ]
    );
}
