//! Rows that only the target has: counted, written into a file, taken over.

use super::*;

#[test]
fn what_would_be_lost_is_counted_exactly() {
    let world = World::new(10);
    let object = "SELECT lo_from_bytea(7001, 'a large object')";
    let pair = Pair::migrated(&world, &format!("{TABLES}; {object}"));
    assert!(pair.count().is_none());
    let owner = pair.target.user();
    world.target().run(WRITTEN);
    world.target().run(&format!(
        "SELECT lo_from_bytea(7002, 'written meanwhile'); ALTER LARGE OBJECT 7002 OWNER TO {owner}"
    ));
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
    let objects = of(&found, "pg_largeobject");
    assert_eq!(
        (objects.source_rows, objects.target_rows),
        (Some(1), Some(2))
    );
    assert_eq!(found.tables.len(), 11, "{:?}", found.in_words());
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

#[test]
fn the_file_of_rows_is_read_by_psql_and_brings_them_back() {
    let world = World::new(10);
    let pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN);
    let (found, file) = pair.export();
    assert_eq!((file.added, file.changed), (58, 7));
    assert_eq!(found.lost(), (58, 7, 6));
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
    for table in [
        "teams",
        "authors",
        r#""odd ""books""""#,
        "parts_a",
        "parts_b",
    ] {
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
    assert_eq!(applied.counts(), (58, 0, 8), "{applied:?}");
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
    assert_eq!(
        (&authors.key[..], &authors.conflicting[..]),
        (&["id".to_owned()][..], &[vec!["900".to_owned()]][..])
    );
    assert_eq!(lines.conflicting.len(), 5, "{lines:?}");
    let told: Vec<String> = applied.conflicts_in_words().collect();
    assert!(
        told.contains(&"1 conflict in app.authors: id 900".to_owned()),
        "{told:?}"
    );
    assert!(!format!("{told:?}").contains("both"), "no value: {told:?}");
    let (source, target) = (world.source(), world.target());
    let books = r#""odd ""books""""#;
    assert_eq!(rows(&source, books), rows(&target, books));
    let touched = "SELECT string_agg(concat_ws(' ', id, x, by), ', ' ORDER BY id) FROM app.touched WHERE id IN (1, 6)";
    assert_eq!(source.value(touched), "1 1 trigger, 6 6 the target");
    let enabled = "SELECT tgenabled FROM pg_trigger WHERE tgname = 'touching'";
    assert_eq!(source.value(enabled), "O", "it works again");
    assert_eq!(
        rows(&source, "teams"),
        rows(&target, "teams"),
        "a ring of tables"
    );
    let waits = "SELECT condeferrable FROM pg_constraint WHERE conname = 'led'";
    assert_eq!(source.value(waits), "f");

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
    assert_eq!(pair.apply(Changed::Overwrite).counts(), (58, 7, 0));
}

/// What the killed process is told: the two databases.
const KILLED: &str = "NEONLIFT_TEST_SOURCE_AND_TARGET";

/// In a process of its own, which this test starts as itself: takes rows over until it is killed.
fn apply_until_killed(urls: &str) {
    let (source, target) = urls.split_once(' ').expect("two databases");
    let (source, target) = (place(source), place(target));
    let consent = Consent::given(source.database(), &source).expect("the name");
    let (select, counters) = (Select::default(), HashMap::new());
    let since = Since {
        source: &source,
        target: &target,
        select: &select,
        beside_others: false,
        counters: &counters,
        jobs: 2,
        progress: &Progress::default(),
        cancel: &CancellationToken::new(),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    told(runtime.block_on(since.apply(consent, Changed::Overwrite)));
}

#[test]
fn killed_amid_taking_rows_over_it_leaves_the_old_database_as_it_was() {
    if let Ok(urls) = std::env::var(KILLED) {
        return apply_until_killed(&urls);
    }
    let world = World::new(10);
    let pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN);
    let source = world.source();
    let before = all_rows(&source);
    let holder = source.open();
    holder.run("BEGIN; LOCK TABLE app.touched IN SHARE MODE");
    let name = "recovery::rows::killed_amid_taking_rows_over_it_leaves_the_old_database_as_it_was";
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name])
        .env(
            KILLED,
            format!("{} {}", world.source_url(), world.target_url()),
        )
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    wait_for_lock(&world);
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
    holder.run("ROLLBACK");
    eventually("the end of its session", || {
        let theirs = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'neonlift'";
        (source.value(theirs) == "0").then_some(())
    });
    assert_eq!(all_rows(&source), before);
    let triggers = "SELECT count(*) FROM pg_trigger WHERE tgname = 'touching' AND tgenabled = 'O'";
    assert_eq!(source.value(triggers), "1");
    assert_eq!(pair.apply(Changed::Overwrite).counts(), (58, 7, 0));
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
    // Nor may it let the foreign keys of a ring wait.
    let refused = pair.try_to_apply(Changed::Keep).expect_err("a ring");
    assert!(
        format!("{:?}", refused.failure()).contains("23503"),
        "{refused:?}"
    );
    world.target().run("UPDATE app.teams SET lead = NULL");
    let applied = pair.apply(Changed::Keep);
    assert_eq!(taken(&applied, "touched").triggers_fired, ["touching"]);
    let by = "SELECT by FROM app.touched WHERE id = 6";
    assert_eq!(world.source().value(by), "trigger");
    assert_eq!(applied.counts().0, 58);

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
    assert!(matches!(
        Consent::given("another", &pair.source),
        Err(Error::OtherDatabase { .. })
    ));
    let consent = Consent::given(pair.source.database(), &pair.source).expect("the name");
    pair.source = pair.source.clone().with_database("postgres");
    let refused = pair.since(async |since| since.apply(consent, Changed::Keep).await);
    let refused = refused.expect_err("another database");
    assert!(
        matches!(refused, Error::OtherDatabase { .. }),
        "{refused:?}"
    );
}
