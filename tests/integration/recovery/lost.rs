//! What is not answered, and what does not go: neither is told as if it were otherwise.

use super::*;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

/// How the statement looks on its way that ends a transaction for good.
const COMMIT: &[u8] = b"COMMIT\0";

/// A road to the old database on which the answer to one COMMIT is lost.
struct Road {
    port: u16,
    /// Whether that has happened.
    lost: Arc<AtomicBool>,
    /// Whether nobody gets through afterwards.
    closes: Arc<AtomicBool>,
    /// Whether its connection stays open all the same.
    holds: Arc<AtomicBool>,
}

impl Road {
    /// Its threads end with their connections, and with the test.
    fn to(source: &ConnectionString) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let to = (source.host().to_owned(), source.port());
        let (lost, closes, holds) = (Arc::default(), Arc::default(), Arc::default());
        let road = Self {
            port,
            lost: Arc::clone(&lost),
            closes: Arc::clone(&closes),
            holds: Arc::clone(&holds),
        };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if lost.load(Ordering::SeqCst) && closes.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(&to).expect("the server");
                carry(client, server, (&lost, &holds));
            }
        });
        road
    }

    fn place(&self, source: &ConnectionString) -> ConnectionString {
        let (user, database) = (source.user(), source.database());
        let place = source.with_parts(user, database, "127.0.0.1", &self.port.to_string());
        place.expect("a place")
    }
}

fn carry(
    client: TcpStream,
    server: TcpStream,
    (lost, holds): (&Arc<AtomicBool>, &Arc<AtomicBool>),
) {
    let cut = Arc::new(AtomicBool::new(false));
    let twice = |stream: &TcpStream| stream.try_clone().expect("a stream");
    let (mut from, mut to) = (twice(&client), twice(&server));
    let (losing, lost, holds) = (Arc::clone(&cut), Arc::clone(lost), Arc::clone(holds));
    std::thread::spawn(move || {
        let mut bytes = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let piece = &bytes[..length];
            let commits = piece.windows(COMMIT.len()).any(|part| part == COMMIT);
            if commits && !lost.swap(true, Ordering::SeqCst) {
                losing.store(true, Ordering::SeqCst);
            }
            if to.write_all(piece).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).ok();
    });
    let (mut from, mut to) = (server, client);
    std::thread::spawn(move || {
        let mut bytes = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let is_cut = cut.load(Ordering::SeqCst);
            if is_cut && holds.load(Ordering::SeqCst) {
                continue;
            }
            if is_cut || to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).ok();
        from.shutdown(Shutdown::Both).ok();
    });
}

/// Rows with a key and without one, written meanwhile.
const WRITTEN_SINCE: &str = "INSERT INTO app.log SELECT 1, 'same' FROM generate_series(1, 4);
    INSERT INTO app.touched VALUES (6, 6, 'the target')";

#[test]
fn a_lost_answer_to_the_commit_is_asked_for() {
    let world = World::new(10);
    let mut pair = Pair::migrated(&world, TABLES);
    let source = pair.source.clone();
    for nobody_answers in [false, true] {
        world.target().run("DELETE FROM app.touched WHERE id = 6");
        world.source().run("DELETE FROM app.touched WHERE id = 6");
        world.target().run(WRITTEN_SINCE);
        let road = Road::to(&source);
        road.closes.store(nobody_answers, Ordering::SeqCst);
        pair.source = road.place(&source);
        let applied = pair.try_to_apply(Changed::Keep);
        assert!(road.lost.load(Ordering::SeqCst), "no answer was lost");
        match (applied, nobody_answers) {
            (Ok(applied), false) => assert_eq!(applied.counts(), (5, 0, 0)),
            (Err(error @ Error::PerhapsTakenOver(_)), true) => {
                let failure = error.failure();
                assert!(failure.what.contains("not known"), "{failure:?}");
                assert!(
                    failure
                        .advice
                        .iter()
                        .any(|step| step.contains("not taken over twice"))
                );
            }
            (applied, _) => panic!("{applied:?}"),
        }
        pair.source = source.clone();
        assert_eq!(pair.apply(Changed::Keep).counts(), (0, 0, 0));
        for table in ["log", "touched"] {
            assert_eq!(rows(&world.source(), table), rows(&world.target(), table));
        }
    }
}

/// Stopped while the COMMIT is under way, it says what became of it, and not that it was stopped.
#[test]
fn a_commit_that_is_not_waited_for_is_asked_for() {
    let world = World::new(10);
    let mut pair = Pair::migrated(&world, TABLES);
    world.target().run(WRITTEN_SINCE);
    let road = Road::to(&pair.source);
    road.holds.store(true, Ordering::SeqCst);
    pair.source = road.place(&pair.source);
    let applied = std::thread::scope(|scope| {
        let applying = scope.spawn(|| pair.try_to_apply(Changed::Keep));
        eventually("the COMMIT", || {
            road.lost.load(Ordering::SeqCst).then_some(())
        });
        pair.cancel.cancel();
        applying.join().expect("it ends")
    });
    assert_eq!(applied.expect("it was kept").counts(), (5, 0, 0));
    for table in ["log", "touched"] {
        assert_eq!(rows(&world.source(), table), rows(&world.target(), table));
    }
}

#[test]
fn a_rehearsals_database_that_stays_is_told() {
    let world = World::new(2_000);
    let pair = Pair::migrated(&world, "CREATE SCHEMA app");
    let backups = world.folder().join("backups");
    let rehearsing = Rehearsing {
        source: &pair.source,
        target: &pair.target,
        application: None,
        folder: &backups,
        largest: 1 << 30,
        dumping: pair.dumping(),
    };
    let made = || {
        let sql = "SELECT datname FROM pg_database WHERE datname LIKE '%\\_unfinished'";
        world
            .source()
            .rows(sql)
            .into_iter()
            .flatten()
            .flatten()
            .next()
    };
    let (rehearsal, name) = std::thread::scope(|scope| {
        let rehearsing = scope.spawn(|| told(world.runtime().block_on(rehearsing.run())));
        let name = eventually("a database half made", made);
        // No template is dropped.
        world
            .source()
            .run(&format!("ALTER DATABASE {name} IS_TEMPLATE true"));
        (rehearsing.join().expect("it ends"), name)
    });
    let check = &rehearsal.checks[2];
    assert!(
        rehearsal.passed() && !rehearsal.is_whole(),
        "{rehearsal:#?}"
    );
    assert!(check.found.contains(&name), "{check:?}");
    assert!(
        check.advice.contains(&format!("$ dropdb {name}")),
        "{check:?}"
    );
    world
        .source()
        .run(&format!("ALTER DATABASE {name} IS_TEMPLATE false"));
    let next = told(world.runtime().block_on(rehearsing.run()));
    assert!(next.checks[2].found.contains("dropped again"), "{next:#?}");
    assert_eq!(made(), None);
}

#[test]
fn rows_with_a_key_of_an_extensions_type_are_taken_over() {
    let world = World::new(10);
    let pair = Pair::migrated(
        &world,
        "CREATE SCHEMA app;
         CREATE TABLE app.points (at public.vector(2), n int, x int, PRIMARY KEY (at, n));
         INSERT INTO app.points SELECT ARRAY[n, 1]::public.vector, n, n FROM generate_series(1, 50) n",
    );
    let write = "INSERT INTO app.points VALUES ('[0.5,-1]', 1, 1);
                 UPDATE app.points SET x = -1 WHERE n = 7";
    world.target().run(write);
    let (_, file) = pair.export();
    assert_eq!((file.added, file.changed), (1, 1));
    assert_eq!(pair.apply(Changed::Overwrite).counts(), (1, 1, 0));
    assert_eq!(
        rows(&world.source(), "points"),
        rows(&world.target(), "points")
    );
}
