//! The target dumped over the bridge and restored beside the old database; and all of it rehearsed.

use super::*;

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
    let pair = Pair::of(&world);
    let asleep = std::thread::scope(|scope| {
        world.faults().delay(Duration::from_millis(30));
        let dumping = scope.spawn(|| pair.dump());
        eventually("pg_dump at work", || {
            let activity = pair.progress.sample().activity;
            activity.contains("writes the rows of").then_some(())
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

#[test]
fn what_a_killed_recovery_left_the_next_one_takes_away() {
    let world = World::new(2_000);
    world.json(&["run"]).expect(0, "awaiting_sign_off");
    // Somebody's own, of a similar name: not half made by us.
    world
        .source()
        .run("CREATE DATABASE chat_pgvector_recovered_mine_unfinished");
    let before = databases(&world);
    let left = || {
        let entries = std::fs::read_dir(world.work().join("backups")).expect("backups");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names = names.map(|name| name.to_string_lossy().into_owned());
        names.any(|name| name.starts_with("rehearsal-"))
    };
    for way in ["--rehearse", "--recover-dump"] {
        let running = world.start(&["rollback", way]);
        eventually("a database half made", || {
            (databases(&world).len() > before.len()).then_some(())
        });
        running.signal(rustix::process::Signal::KILL);
        running.end();
        assert!(databases(&world).len() > before.len(), "{way}");
        assert_eq!(left(), way == "--rehearse");
        world.json(&["rollback", "--rehearse"]).expect(0, "done");
        assert_eq!(databases(&world), before);
        assert!(!left());
    }
}
