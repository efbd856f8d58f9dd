//! Going back after the application has written to the target: what would be lost is counted, and
//! saved as a dump in a new database, as a file, and in the old database.

use crate::fixture::{Database, Side, World, eventually};
use crate::processes;
use neonlift::config::Select;
use neonlift::failure::Explain;
use neonlift::postgres::ConnectionString;
use neonlift::postgres::tools::Search;
use neonlift::progress::Progress;
use neonlift::recovery::bridge::Bridge;
use neonlift::recovery::dump::Dumping;
use neonlift::recovery::rehearse::{Application, Rehearsing};
use neonlift::recovery::rows::{Changed, Consent, Since};
use neonlift::recovery::{Error, dump};
use neonlift::session::report::{
    Applied, AppliedTable, Backup, DivergedTable, Divergence, RowsFile,
};
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn place(url: &str) -> ConnectionString {
    ConnectionString::parse(url).expect("a connection string")
}

/// Both sides of a finished migration, and what the library works with.
struct Pair<'a> {
    world: &'a World,
    source: ConnectionString,
    target: ConnectionString,
    progress: Progress,
    cancel: CancellationToken,
    tools: Search,
}

impl<'a> Pair<'a> {
    /// Migrates these definitions with the practice data.
    fn migrated(world: &'a World, sql: &str) -> Self {
        world.source().run(sql);
        world
            .json(&["run"])
            .expect(0, "awaiting_sign_off")
            .expect_equal();
        Self::of(world)
    }

    fn of(world: &'a World) -> Self {
        Self {
            world,
            source: place(&world.source_url()),
            target: place(&world.target_url()),
            progress: Progress::default(),
            cancel: CancellationToken::new(),
            tools: Search::in_folders(Some(world.postgres_programs()), Vec::new()),
        }
    }

    fn since<T>(&self, work: impl AsyncFnOnce(Since<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let (select, counters) = (Select::default(), HashMap::new());
        let since = Since {
            source: &self.source,
            target: &self.target,
            select: &select,
            beside_others: false,
            counters: &counters,
            jobs: 3,
            progress: &self.progress,
            cancel: &self.cancel,
        };
        self.world.runtime().block_on(work(since))
    }

    fn count(&self) -> Divergence {
        told(self.since(async |since| since.count().await))
    }

    fn export(&self) -> (Divergence, RowsFile) {
        let folder = self.world.folder().join("backups");
        told(self.since(async |since| since.export(&folder).await))
    }

    fn try_to_apply(&self, changed: Changed) -> Result<Applied, Error> {
        let consent = Consent::given(self.source.database(), &self.source).expect("the name");
        self.since(async |since| since.apply(consent, changed).await)
    }

    fn apply(&self, changed: Changed) -> Applied {
        told(self.try_to_apply(changed))
    }

    fn dumping(&self) -> Dumping<'_> {
        Dumping {
            tools: &self.tools,
            progress: &self.progress,
            cancel: &self.cancel,
        }
    }

    fn dump(&self) -> Result<Backup, Error> {
        let folder = self.world.folder().join("backups");
        let dumping = self.dumping();
        let dumped = dumping.dump_target(&self.target, &folder);
        self.world.runtime().block_on(dumped)
    }
}

fn told<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{:?}\n{:?}", error.failure(), error))
}

fn of<'a>(divergence: &'a Divergence, table: &str) -> &'a DivergedTable {
    let mut tables = divergence.tables.iter();
    tables.find(|found| found.table == table).expect(table)
}

fn taken<'a>(applied: &'a Applied, table: &str) -> &'a AppliedTable {
    let mut tables = applied.tables.iter();
    tables.find(|found| found.table == table).expect(table)
}

/// Tables with all that makes rows hard to take over.
const TABLES: &str = r#"
    CREATE SCHEMA app; SET search_path = app, public;
    CREATE TABLE authors (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE,
                          mentor bigint REFERENCES authors, upper text GENERATED ALWAYS AS (upper(name)) STORED);
    CREATE TABLE "odd ""books""" (id serial PRIMARY KEY, author bigint NOT NULL REFERENCES authors, body text,
                          price numeric(9, 2), at timestamptz, span interval, data bytea, tags text[], doc jsonb,
                          embedding public.vector(3), ratio float8);
    CREATE TABLE lines (book int REFERENCES "odd ""books""", n int, text text, PRIMARY KEY (book, n));
    CREATE TABLE log (at int, text text);
    CREATE TABLE parts (id int, kind text, x int, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
    CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
    CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
    CREATE TABLE touched (id int PRIMARY KEY, x int, by text);
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.by := 'trigger'; RETURN NEW; END $$;
    CREATE TRIGGER touching BEFORE INSERT OR UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION touch();
    INSERT INTO authors (name, mentor) SELECT 'author ' || n, nullif(n - 1, 0) FROM generate_series(1, 20) n;
    INSERT INTO "odd ""books""" (author, body, price, tags, embedding)
      SELECT n, repeat('body ' || n, 100), n, ARRAY['a', NULL], ARRAY[n, 2, 3]::public.vector FROM generate_series(1, 20) n;
    INSERT INTO lines SELECT b, n, 'line' FROM generate_series(1, 20) b, generate_series(1, 5) n;
    INSERT INTO log SELECT n % 3, 'same' FROM generate_series(1, 30) n;
    INSERT INTO parts SELECT n, CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END, n FROM generate_series(1, 10) n;
    INSERT INTO touched SELECT n, n FROM generate_series(1, 5) n;
"#;

/// What the application writes after the cutover: rows added, changed, deleted.
const WRITTEN: &str = r#"
    SET search_path = app, public;
    INSERT INTO authors (name, mentor) SELECT 'new ' || n, 20 + n - 1 FROM generate_series(1, 30) n;
    INSERT INTO "odd ""books""" (author, body, price, at, span, data, tags, doc, embedding, ratio)
      SELECT 20 + n, E'tab\t line\n back\\slash \\. ' || repeat('ä😀', 100000), 0.10, '2026-11-22 23:59:59.123456+01',
             '1 mon -2 days 03:04:05', '\x00ff5c0a', ARRAY['x,y', '', NULL, '"'], '{"a": "b\nc"}', '[0.1, 1e-30, -3]', 0.1 + 0.2
      FROM generate_series(1, 3) n;
    INSERT INTO lines SELECT 20 + b, n, '\.' FROM generate_series(1, 3) b, generate_series(1, 5) n;
    UPDATE lines SET text = 'changed' WHERE book = 3;
    DELETE FROM lines WHERE book = 7;
    INSERT INTO log SELECT 1, 'same' FROM generate_series(1, 4); INSERT INTO log VALUES (NULL, NULL);
    DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log WHERE at = 2);
    INSERT INTO parts VALUES (100, 'a', 1), (101, 'b', 2); UPDATE parts SET x = -1 WHERE id = 4;
    ALTER TABLE touched DISABLE TRIGGER touching;
    INSERT INTO touched VALUES (6, 6, 'the target'); UPDATE touched SET x = 0, by = 'changed' WHERE id = 1;
    ALTER TABLE touched ENABLE TRIGGER touching;
"#;

const ALL_TABLES: [&str; 7] = [
    "authors",
    r#""odd ""books""""#,
    "lines",
    "log",
    "parts_a",
    "parts_b",
    "touched",
];

/// A table's rows as text, sorted.
fn rows(side: &Database<'_>, table: &str) -> String {
    let sql =
        format!("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM app.{table} t");
    side.value(&sql)
}

fn all_rows(side: &Database<'_>) -> Vec<String> {
    ALL_TABLES.iter().map(|table| rows(side, table)).collect()
}

#[test]
fn what_would_be_lost_is_counted_exactly() {
    let world = World::new(10);
    let pair = Pair::migrated(&world, TABLES);
    assert!(pair.count().is_none());
    world.target().run(WRITTEN);
    world.target().run(
        "CREATE TABLE app.newer (id int); INSERT INTO app.newer VALUES (1), (2);
        ALTER TABLE app.log ADD COLUMN more int",
    );
    let found = pair.count();
    assert_eq!(of(&found, "authors").lost(), (30, 0, 0));
    assert_eq!(of(&found, "odd \"books\"").lost(), (3, 0, 0));
    assert_eq!(of(&found, "lines").lost(), (15, 5, 5));
    assert_eq!(of(&found, "parts_a").lost(), (1, 1, 0));
    assert_eq!(of(&found, "parts_b").lost(), (1, 0, 0));
    assert_eq!(of(&found, "touched").lost(), (1, 1, 0));
    assert_eq!(of(&found, "newer").lost(), (2, 0, 0));
    // Its columns are other ones: nobody can say which of its rows are new.
    assert_eq!(of(&found, "log").lost().0, 34);
    assert!(of(&found, "log").apart.is_some());
    assert_eq!(found.tables.len(), 8, "{:?}", found.in_words());
    assert_eq!(found.tables[0].table, "log", "most to lose first");
}

fn run_script(world: &World, file: &str) -> Result<(), String> {
    let output = Command::new(world.postgres_program("psql"))
        .args(["-X", "-q", "-f", file])
        .env_clear()
        .envs(place(&world.source_url()).tool_environment())
        .output()
        .expect("psql runs");
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn sha256(file: &str) -> String {
    use sha2::Digest;
    let sum = sha2::Sha256::digest(std::fs::read(file).expect("the file"));
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_file_of_rows_is_read_by_psql_and_brings_them_back() {
    let world = World::new(10);
    let pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN);
    let (found, file) = pair.export();
    assert_eq!((file.added, file.changed), (56, 7));
    assert_eq!(found.lost(), (56, 7, 6));
    let left: Vec<&str> = file
        .left_out
        .iter()
        .map(|left| left.what.as_str())
        .collect();
    assert_eq!(
        left,
        ["app.lines", "app.log"],
        "what was deleted there stays here"
    );
    let mode = std::fs::metadata(&file.file)
        .expect("the file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(sha256(&file.file), file.sha256);
    let folder = Path::new(&file.file).parent().expect("a folder");
    assert_eq!(
        std::fs::read_dir(folder).expect("a folder").count(),
        1,
        "nothing else is left"
    );
    let text = std::fs::read_to_string(&file.file).expect("UTF-8");
    assert_eq!(text.len() as u64, file.bytes);
    let password = place(&world.target_url());
    let password = password.password().expect("one").expose().to_owned();
    assert!(!text.contains(&password), "the password is in the file");
    assert!(
        text.starts_with("-- What was written to "),
        "people read it"
    );

    run_script(&world, &file.file).expect("it runs");
    let (source, target) = (world.source(), world.target());
    for table in ["authors", r#""odd ""books""""#, "parts_a", "parts_b"] {
        assert_eq!(rows(&source, table), rows(&target, table), "{table}");
    }
    let left = pair.count();
    assert_eq!(of(&left, "lines").lost(), (0, 0, 5));
    assert_eq!(of(&left, "log").lost(), (0, 0, 1));
    // A trigger works on what is loaded by hand: that is between the person and the database.
    assert_eq!(of(&left, "touched").lost(), (0, 2, 0));
    assert_eq!(left.tables.len(), 3);
    source.run("INSERT INTO app.authors (name) VALUES ('the next one')");

    // A second time its keys are there: nothing is changed at all.
    let before = all_rows(&source);
    let refused = run_script(&world, &file.file).expect_err("rows are there already");
    assert!(refused.contains("duplicate key"), "{refused}");
    assert_eq!(all_rows(&source), before);
}

#[test]
fn rows_are_taken_over_and_what_conflicts_is_told() {
    let world = World::new(10);
    let pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN);
    // Written to the old database since: the same name under another number.
    world
        .target()
        .run("INSERT INTO app.authors (id, name) OVERRIDING SYSTEM VALUE VALUES (900, 'both')");
    world
        .source()
        .run("INSERT INTO app.authors (id, name) OVERRIDING SYSTEM VALUE VALUES (901, 'both')");
    let applied = pair.apply(Changed::Keep);
    assert_eq!(applied.counts(), (56, 0, 8), "{applied:?}");
    let authors = taken(&applied, "authors");
    assert_eq!(
        (authors.inserted, authors.conflicts, authors.kept),
        (30, 1, 1)
    );
    let lines = taken(&applied, "lines");
    assert_eq!(
        (lines.inserted, lines.updated, lines.conflicts, lines.kept),
        (15, 0, 5, 5)
    );
    assert!(
        applied
            .tables
            .iter()
            .all(|table| table.triggers_fired.is_empty())
    );
    let (source, target) = (world.source(), world.target());
    let books = r#""odd ""books""""#;
    assert_eq!(rows(&source, books), rows(&target, books));
    let touched = "SELECT string_agg(concat_ws(' ', id, x, by), ', ' ORDER BY id) FROM app.touched WHERE id IN (1, 6)";
    assert_eq!(source.value(touched), "1 1 trigger, 6 6 the target");
    let enabled = "SELECT tgenabled FROM pg_trigger WHERE tgname = 'touching'";
    assert_eq!(source.value(enabled), "O", "it works again");

    let applied = pair.apply(Changed::Overwrite);
    assert_eq!(applied.counts(), (0, 7, 1), "{applied:?}");
    assert_eq!(source.value(touched), "1 0 changed, 6 6 the target");
    let left = pair.count();
    assert_eq!(left.lost(), (1, 0, 7), "{}", left.in_words());
    // No number is given twice.
    source.run(r#"INSERT INTO app.authors (name) VALUES ('next'); INSERT INTO app."odd ""books""" (author) VALUES (1)"#);
}

#[test]
fn many_rows_are_taken_over_with_a_key_and_without() {
    let world = World::new(10);
    let pair = Pair::migrated(
        &world,
        "CREATE SCHEMA app;
         CREATE TABLE app.big (id bigint PRIMARY KEY, key text UNIQUE, text text, v public.vector(300));
         CREATE TABLE app.twins (a int, b text);
         INSERT INTO app.big SELECT n, 'k' || n, repeat('x', 400) FROM generate_series(1, 30000) n;
         INSERT INTO app.twins SELECT n / 3, repeat('y', 200) FROM generate_series(1, 30000) n",
    );
    world.target().run(
        "INSERT INTO app.big SELECT n, 'k' || n, 'new', (SELECT array_agg(random()) FROM generate_series(1, 300))::public.vector
           FROM generate_series(30001, 37000) n;
         UPDATE app.big SET text = 'changed' WHERE id % 5 = 0 AND id <= 30000;
         UPDATE app.big SET key = 'moved' WHERE id = 10; INSERT INTO app.big VALUES (40000, 'k10', 'its key again');
         INSERT INTO app.twins SELECT n / 3, repeat('y', 200) FROM generate_series(1, 9000) n;
         INSERT INTO app.twins SELECT 7, NULL FROM generate_series(1, 3000)",
    );
    let found = pair.count();
    assert_eq!(of(&found, "big").lost(), (7001, 6000, 0));
    assert_eq!(of(&found, "twins").lost(), (12_000, 0, 0));
    let applied = pair.apply(Changed::Overwrite);
    assert_eq!(applied.counts(), (19_001, 6000, 0));
    assert!(pair.count().is_none());
    for table in ["big", "twins"] {
        assert_eq!(
            rows(&world.source(), table),
            rows(&world.target(), table),
            "{table}"
        );
    }
}

/// All or nothing: whatever goes wrong, the old database is what it was.
#[test]
fn nothing_is_taken_over_when_something_fails() {
    let world = World::new(10);
    let pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN);
    let source = world.source();
    let before = all_rows(&source);

    // A table's own rule refuses the last row of many.
    source.run("ALTER TABLE app.touched ADD CONSTRAINT small CHECK (id < 6)");
    let refused = pair
        .try_to_apply(Changed::Keep)
        .expect_err("a row is refused");
    let words = format!("{:?}", refused.failure());
    assert!(
        words.contains("small") && words.contains("touched"),
        "{words}"
    );
    assert!(
        !words.contains("the target,") && !words.contains("body"),
        "a value is told: {words}"
    );
    assert_eq!(all_rows(&source), before);
    source.run("ALTER TABLE app.touched DROP CONSTRAINT small");

    // Somebody writes to the old database amid it: what was compared is no longer true.
    let other = source.open();
    other.run("BEGIN; UPDATE app.lines SET text = 'mine' WHERE book = 3 AND n = 1");
    let refused = std::thread::scope(|scope| {
        let applying = scope.spawn(|| pair.try_to_apply(Changed::Overwrite));
        wait_for_lock(&world);
        other.run("COMMIT");
        applying
            .join()
            .expect("it ends")
            .expect_err("the row has changed")
    });
    let words = format!("{:?}", refused.failure());
    assert!(words.contains("40001"), "{words}");
    source.run("UPDATE app.lines SET text = 'line' WHERE book = 3 AND n = 1");
    assert_eq!(all_rows(&source), before);

    // Stopped by the person, and crashed, while it waits for its last table.
    for crash in [false, true] {
        let pair = Pair::of(&world);
        let holder = source.open();
        holder.run("BEGIN; LOCK TABLE app.touched IN SHARE MODE");
        std::thread::scope(|scope| {
            let applying = scope.spawn(|| pair.try_to_apply(Changed::Overwrite));
            wait_for_lock(&world);
            match crash {
                true => world.restart(Side::Source),
                false => pair.cancel.cancel(),
            }
            let error = applying.join().expect("it ends").expect_err("not whole");
            assert_eq!(error.is_stopped(), !crash, "{error:?}");
        });
        drop(holder);
        eventually("the end of its session", || {
            let theirs =
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'neonlift'";
            (source.answers() && source.value(theirs) == "0").then_some(())
        });
        assert_eq!(all_rows(&source), before, "crash: {crash}");
        let triggers =
            "SELECT count(*) FROM pg_trigger WHERE tgname = 'touching' AND tgenabled = 'O'";
        assert_eq!(source.value(triggers), "1");
    }
    assert_eq!(pair.apply(Changed::Overwrite).counts(), (56, 7, 0));
}

/// Until a session of ours waits for a lock in the old database.
fn wait_for_lock(world: &World) {
    let waits = "SELECT count(*) FROM pg_stat_activity
                 WHERE application_name = 'neonlift' AND wait_event_type = 'Lock'";
    eventually("a lock that is waited for", || {
        (world.source().value(waits) == "1").then_some(())
    });
}

#[test]
fn a_role_that_owns_nothing_is_told_which_triggers_fired() {
    let world = World::new(10);
    let mut pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN);
    world.source().run(
        "CREATE ROLE clerk LOGIN PASSWORD 'clerk' IN ROLE pg_read_all_data, pg_write_all_data",
    );
    let source = pair.source.clone();
    let (host, port) = (source.host().to_owned(), source.port().to_string());
    let clerk = source.with_parts("clerk", pair.source.database(), &host, &port);
    let clerk = clerk
        .expect("a place")
        .with_password(neonlift::secret::Secret::new("clerk"));
    pair.source = clerk;
    let applied = pair.apply(Changed::Keep);
    assert_eq!(taken(&applied, "touched").triggers_fired, ["touching"]);
    let by = "SELECT by FROM app.touched WHERE id = 6";
    assert_eq!(world.source().value(by), "trigger");
    assert_eq!(applied.counts().0, 56);

    // Nor may it make a database: said before anything is restored.
    let folder = world.folder().join("nothing.dump");
    let restoring = pair.dumping();
    let restoring = restoring.restore_into_new(&pair.source, &folder, "songs_recovered");
    let refused = world.runtime().block_on(restoring).expect_err("no right");
    assert!(matches!(refused, Error::MayNotCreate { .. }), "{refused:?}");
    assert!(
        refused
            .failure()
            .advice
            .iter()
            .any(|step| step.contains("CREATEDB"))
    );
}

#[test]
fn a_consent_is_for_one_database() {
    let world = World::sharing();
    let mut pair = Pair::of(&world);
    assert!(Consent::given("another", &pair.source).is_none());
    let consent = Consent::given(pair.source.database(), &pair.source).expect("the name");
    pair.source = pair.source.clone().with_database("postgres");
    let refused = pair.since(async |since| since.apply(consent, Changed::Keep).await);
    let refused = refused.expect_err("another database");
    assert!(
        matches!(refused, Error::OtherDatabase { .. }),
        "{refused:?}"
    );
}

/// Names of the databases on the old server.
fn databases(world: &World) -> Vec<String> {
    let names = world
        .source()
        .rows("SELECT datname FROM pg_database ORDER BY 1");
    names.into_iter().flatten().flatten().collect()
}

#[test]
fn the_target_is_dumped_and_restored_into_a_new_database() {
    let world = World::new(300);
    let pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN);
    let before = databases(&world);
    let source_before = all_rows(&world.source());
    // Amid the dump, each process that belongs to it is looked at.
    world.faults().delay(Duration::from_millis(15));
    let over = AtomicBool::new(false);
    let password = pair.target.password().expect("one").expose().to_owned();
    let (backup, seen) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut seen = 0;
            while !over.load(Ordering::Relaxed) {
                seen += tools_without(&password);
            }
            seen
        });
        let backup = pair.dump();
        over.store(true, Ordering::Relaxed);
        (backup, watching.join().expect("no password is found"))
    });
    world.faults().delay(Duration::ZERO);
    let backup = told(backup);
    if Path::new("/proc/self/environ").exists() {
        assert!(seen > 0, "pg_dump was not seen at work");
    }
    assert_eq!(sha256(&backup.file), backup.sha256);
    let mode = std::fs::metadata(&backup.file)
        .expect("the dump")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let listed = std::fs::read_to_string(&backup.contents_file).expect("the listing");
    assert!(
        listed.contains("odd \"books\"") && !listed.contains("neonlift"),
        "{listed}"
    );

    let name = dump::new_name(pair.source.database(), jiff::Zoned::now().datetime());
    let restore = || {
        let dumping = pair.dumping();
        let restoring = dumping.restore_into_new(&pair.source, Path::new(&backup.file), &name);
        world.runtime().block_on(restoring)
    };
    let restored = told(restore());
    let new = world.source().beside(&restored.database);
    assert_eq!(all_rows(&new), all_rows(&world.target()));
    let tables = world.target().value(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'neonlift')",
    );
    assert_eq!(restored.tables.to_string(), tables);
    assert!(restored.rows > 300);
    assert_eq!(databases(&world).len(), before.len() + 1);
    assert_eq!(
        all_rows(&world.source()),
        source_before,
        "the old database is only read"
    );

    // Never over one that is there.
    let refused = restore().expect_err("it is there");
    assert!(matches!(refused, Error::Exists(_)), "{refused:?}");

    // What fails half-way leaves no half database.
    let whole = std::fs::read(&backup.file).expect("the dump");
    let torn = world.folder().join("torn.dump");
    std::fs::write(&torn, &whole[..whole.len() * 9 / 10]).expect("a torn dump");
    let dumping = pair.dumping();
    let restoring = dumping.restore_into_new(&pair.source, &torn, "torn");
    world.runtime().block_on(restoring).expect_err("it is torn");
    assert_eq!(databases(&world).len(), before.len() + 1);
}

/// How many tools go over a bridge just now; none of them knows the password.
fn tools_without(password: &str) -> usize {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    let read = |entry: &std::fs::DirEntry, name: &str| {
        let bytes = std::fs::read(entry.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut tools = 0;
    for entry in entries.flatten() {
        let (environment, arguments) = (read(&entry, "environ"), read(&entry, "cmdline"));
        if arguments.contains("--exclude-schema=neonlift") && environment.contains("/neonlift-") {
            tools += 1;
            assert!(!environment.contains("PGPASS"), "{arguments}");
        }
        // The test's own process holds it, and nobody else.
        if arguments.contains("pg_dump") {
            assert!(!environment.contains(password) && !arguments.contains(password));
        }
    }
    tools
}

#[test]
fn a_dump_wakes_the_target_and_one_that_is_cut_off_is_no_dump() {
    let world = World::new(2_000);
    let pair = Pair::migrated(&world, "CREATE SCHEMA app");
    world.faults().sleep(Duration::from_millis(500));
    world.faults().refuse(2);
    let whole = told(pair.dump());
    let folder = Path::new(&whole.file)
        .parent()
        .expect("a folder")
        .to_owned();
    let files = || std::fs::read_dir(&folder).expect("the folder").count();
    assert_eq!(files(), 2, "the dump and its listing");

    world.faults().cut_after(6_000);
    let error = pair.dump().expect_err("the road was cut");
    assert!(matches!(error, Error::Tool(_)), "{error:?}");
    let failure = format!("{:?}", error.failure());
    assert!(failure.contains("pg_dump"), "{failure}");
    assert_eq!(files(), 2, "no half dump");

    // The compute is suspended amid it.
    let asleep = std::thread::scope(|scope| {
        world.faults().delay(Duration::from_millis(30));
        let dumping = scope.spawn(|| pair.dump());
        eventually("pg_dump at work", || {
            let activity = pair.progress.sample().activity;
            activity.contains("writes").then_some(())
        });
        world.faults().sleep(Duration::from_millis(100));
        dumping.join().expect("it ends")
    });
    world.faults().delay(Duration::ZERO);
    asleep.expect_err("its session was ended");
    assert_eq!(files(), 2, "no half dump");
    assert_eq!(processes::of(&folder).len(), 0, "nothing goes on");
}

/// A bridge over Neon's own kind of road: psql of the servers' version, which has no TLS.
#[test]
fn psql_goes_over_the_relay() {
    let world = World::sharing();
    let pair = Pair::of(&world);
    let opened = world
        .runtime()
        .block_on(Bridge::open(&pair.target, &pair.cancel));
    let bridge = told(opened);
    let output = Command::new(world.postgres_program("psql"))
        .args(["-XAtc", "SELECT current_user, current_database()"])
        .env_clear()
        .envs(bridge.environment())
        .output()
        .expect("psql runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = format!("{}|{}", pair.target.user(), pair.target.database());
    assert_eq!(
        told.trim(),
        expected,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    world.runtime().block_on(bridge.close());
}

#[test]
fn a_rehearsal_tries_all_of_it_and_leaves_nothing() {
    let world = World::new(50);
    let pair = Pair::migrated(&world, TABLES);
    let application = world.folder().join("shop");
    std::fs::create_dir(&application).expect("a folder");
    let env = format!(
        "# the shop's\nDATABASE_URL=\"{}\"\nDEBUG=1\n",
        world.source_url()
    );
    std::fs::write(application.join(".env"), &env).expect("a file");
    let backups = world.folder().join("backups");
    let before = databases(&world);
    let rehearse = |largest| {
        let rehearsing = Rehearsing {
            source: &pair.source,
            target: &pair.target,
            application: Some(Application {
                folder: &application,
                files: &[],
            }),
            folder: &backups,
            largest,
            dumping: pair.dumping(),
        };
        told(world.runtime().block_on(rehearsing.run()))
    };
    let rehearsal = rehearse(1 << 30);
    assert!(rehearsal.is_whole(), "{rehearsal:#?}");
    assert_eq!(rehearsal.checks.len(), 3);
    assert_eq!(
        std::fs::read_to_string(application.join(".env")).expect("it"),
        env
    );
    assert_eq!(std::fs::read_dir(&application).expect("it").count(), 1);
    assert_eq!(std::fs::read_dir(&backups).expect("it").count(), 0);
    assert_eq!(databases(&world), before);

    let small = rehearse(1);
    assert!(small.passed() && !small.is_whole(), "{small:#?}");
    assert!(
        small.checks[2].found.contains("not rehearsed"),
        "{small:#?}"
    );

    // A server that does not answer is no way back.
    let lost = pair
        .source
        .clone()
        .with_parts("nobody", "nothing", "127.0.0.1", "1");
    let rehearsing = Rehearsing {
        source: &lost.expect("a place"),
        target: &pair.target,
        application: None,
        folder: &backups,
        largest: 1,
        dumping: pair.dumping(),
    };
    let rehearsal = told(world.runtime().block_on(rehearsing.run()));
    assert!(!rehearsal.passed(), "{rehearsal:#?}");
}
