//! A schema from a folder of SQL files: what they create is moved, the rest is told.

use crate::fixture::World;
use std::fs;
use std::path::Path;

#[test]
fn what_the_files_create_is_moved_and_the_rest_is_told() {
    let world = World::new(300);
    let folder = world.folder().join("sql");
    fs::create_dir(&folder).expect("a folder");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for name in ["001_create_vector_tables.sql", "002_add_jsonb_indexes.sql"] {
        fs::copy(migrations.join(name), folder.join(name)).expect("a copy");
    }
    fs::write(folder.join("003.sql"), "CREATE TABLE notes (text text);").expect("a file");
    let config = world.config(&format!("[schema]\nfrom = \"{}\"\n", folder.display()));
    let ended = world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off");
    let status = world.json(&["status"]).only("status");
    let transfer = &status["session"]["steps"]["transfer"];
    assert_eq!(transfer["state"], "done", "{ended}");
    let left_out = transfer["report"]["left_out"]
        .as_array()
        .expect("what was left out")
        .clone();
    let what = |left: &serde_json::Value| left["what"].as_str().unwrap_or_default().to_owned();
    let left_out: Vec<String> = left_out.iter().map(what).collect();
    assert_eq!(
        left_out
            .iter()
            .filter(|what| what.starts_with("table shop."))
            .count(),
        11
    );

    let comparison = ended.only("comparison");
    let tables = comparison["tables"].as_array().expect("tables");
    let equal: Vec<&serde_json::Value> = tables
        .iter()
        .filter(|table| table["equal"] == true)
        .collect();
    assert_eq!(equal.len(), 1, "{ended}");
    assert_eq!(equal[0]["table"], "vector_documents");
    assert_eq!(equal[0]["target_rows"], 300);
    let left_out = tables.iter().filter(|table| table["left_out"] == true);
    assert_eq!(left_out.clone().count(), 12, "{ended}");
    let only_there = left_out.filter(|table| table["source_rows"].is_null());
    let only_there: Vec<_> = only_there.map(|table| &table["table"]).collect();
    assert_eq!(only_there, ["notes"]);
    let open = ended.only("awaiting_sign_off")["open"].to_string();
    assert!(open.contains("left-out-accepted"), "{ended}");
    assert!(!open.contains("data-verified"), "{ended}");
    let indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'vector_documents'";
    assert_eq!(world.target().value(indexes), "6");
    other_tables_on_one_side_still_differ(&world, &config);
}

fn other_tables_on_one_side_still_differ(world: &World, config: &str) {
    world
        .target()
        .run("INSERT INTO notes VALUES ('a row that no source has'); DROP TABLE vector_documents");
    let ended = world
        .json(&["compare", "--config", config])
        .expect(1, "failed");
    let comparison = ended.only("comparison");
    let tables = comparison["tables"].as_array().expect("tables");
    let differing = tables
        .iter()
        .filter(|table| table["equal"] == false && table["left_out"] == false);
    let differing: Vec<_> = differing.map(|table| &table["table"]).collect();
    assert_eq!(differing, ["notes", "vector_documents"]);
    let why = ended.of_kind("failure")[0]["why"].to_string();
    assert!(why.contains("2 of 2 tables differ"), "{ended}");
}

/// The music catalogue as on a source that has it, with more embeddings than songs, so that
/// these travel first.
const SONGS: &str = "
    INSERT INTO songs (song_id, title)
      SELECT md5(n::text)::uuid, 'Song ' || n FROM generate_series(1, 50) n;
    INSERT INTO embeddings (song_id, model, embedding)
      SELECT song_id, 'model ' || n, array_fill(n, ARRAY[512])::vector
      FROM songs, generate_series(1, 5) n;";

/// What a file may do besides: triggers that would change the rows, a view over rows to come,
/// transaction words where they do no harm.
const LATER: &str = "
    CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END; $$;
    CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON songs FOR EACH ROW EXECUTE FUNCTION shout();
    COMMENT ON TRIGGER shout ON songs IS 'it''s loud';
    CREATE TRIGGER \"Hush hush\" BEFORE INSERT ON songs FOR EACH ROW EXECUTE FUNCTION shout();
    ALTER TABLE songs DISABLE TRIGGER \"Hush hush\";
    CREATE MATERIALIZED VIEW song_count AS SELECT count(*) FROM songs;
    SET search_path = pg_catalog;";

/// A world whose source has songs; its configuration names a folder with the files given.
fn music(files: &[(&str, &str)]) -> (World, String) {
    let world = World::new(10);
    let folder = world.folder().join("sql");
    fs::create_dir(&folder).expect("a folder");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let songs = fs::read_to_string(migrations.join("002_postgres_schema.sql")).expect("a file");
    world.source().run(&format!("{songs}{SONGS}"));
    fs::write(folder.join("1.sql"), songs).expect("a file");
    for (name, sql) in files {
        fs::write(folder.join(name), sql).expect("a file");
    }
    let config = format!("[schema]\nfrom = \"{}\"\n", folder.display());
    let config = world.config(&config);
    (world, config)
}

#[test]
fn foreign_keys_and_triggers_of_the_files_wait_for_the_rows() {
    let (world, config) = music(&[("2.sql", LATER)]);
    let before = world.source().rows("TABLE songs");
    let ended = world.json(&["transfer", "--config", &config]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let target = world.target();
    assert_eq!(target.rows("TABLE songs"), before);
    assert_eq!(target.value("SELECT count(*) FROM embeddings"), "250");
    assert_eq!(target.value("SELECT * FROM song_count"), "50");

    let keys = "SELECT conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid)
                FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text !~ '[.]' ORDER BY 1";
    let expected = world.source().rows(keys);
    assert_eq!(expected.len(), 2);
    assert_eq!(target.rows(keys), expected);
    let triggers = "SELECT tgname, tgenabled, obj_description(oid, 'pg_trigger') FROM pg_trigger
                    WHERE tgrelid = 'songs'::regclass AND NOT tgisinternal ORDER BY 1";
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        target.rows(triggers),
        [
            [text("Hush hush"), text("D"), None],
            [text("shout"), text("O"), text("it's loud")]
        ]
    );
    let title = "INSERT INTO songs (title) VALUES ('new') RETURNING title";
    assert_eq!(target.value(title), "NEW");
}

#[test]
fn rows_in_the_files_are_refused_and_leave_nothing() {
    let seeds = "INSERT INTO genres VALUES ('Jazz'); INSERT INTO songs (title) VALUES ('x');";
    let (world, config) = music(&[("2.sql", seeds)]);
    let held = world.target_holds();
    let ended = world.json(&["schema", "--config", &config]);
    assert_eq!(ended.code, Some(1), "{ended}");
    let why = ended.of_kind("failure")[0]["why"].to_string();
    assert!(why.contains("public.genres, public.songs;"), "{ended}");
    assert_eq!(world.target_holds(), held);
}

#[test]
fn a_file_that_ends_the_transaction_is_refused_and_nothing_sent() {
    let (world, config) = music(&[("2.sql", "CREATE TABLE own (); COMMIT;")]);
    let held = world.target_holds();
    let ended = world.json(&["schema", "--config", &config]);
    assert_eq!(ended.code, Some(1), "{ended}");
    let why = ended.of_kind("failure")[0]["why"].to_string();
    assert!(why.contains("2.sql") && why.contains("COMMIT"), "{ended}");
    assert_eq!(world.target_holds(), held);
}
