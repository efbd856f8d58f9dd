//! A snapshot of the source, known by more than its name.

use crate::fixture::sql::Session;
use crate::fixture::{Side, World, eventually};
use neonlift::config::Select;
use neonlift::postgres::ConnectionString;
use neonlift::source::postgres::PostgresSource;
use neonlift::source::{Error, Source};
use tokio_util::sync::CancellationToken;

/// A name's two numbers that are not always the same: the server's slot for a session, and how many
/// transactions have been in it since the server started.
fn numbers(name: &str) -> (u32, u32) {
    let mut parts = name.split('-').map(|part| u32::from_str_radix(part, 16));
    let mut number = || parts.next().expect("a part").expect("a number");
    (number(), number())
}

/// A session that holds a snapshot of this name, if the slot is free.
fn of_the_same_name<'w>(world: &'w World, name: &str) -> Option<Session<'w>> {
    let (slot, number) = numbers(name);
    let mut in_lower_slots = Vec::new();
    loop {
        let session = world.source().open();
        loop {
            session.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
            let exported = session.rows("SELECT pg_export_snapshot()").remove(0);
            let exported = exported[0].clone().expect("a name");
            let found = numbers(&exported);
            if found == (slot, number) {
                return Some(session);
            }
            if found.0 > slot {
                return None;
            }
            if found.0 < slot {
                break;
            }
            assert!(found.1 < number, "{exported} is beyond {name}");
            session.run("ROLLBACK");
        }
        in_lower_slots.push(session);
    }
}

/// A server that has started again counts from the beginning, and gives the same names.
#[test]
fn a_reader_does_not_join_another_snapshot_of_the_same_name() {
    let world = World::new(10);
    let place = ConnectionString::parse(&world.source_url()).expect("a connection string");
    let (select, stop) = (Select::default(), CancellationToken::new());
    let runtime = world.runtime();
    // In a slot that the server does not need itself, and that has seen more than one session does.
    let in_lower_slots: Vec<_> = (0..5).map(|_| world.source().open()).collect();
    let before = world.source().open();
    (0..300).for_each(|_| before.run("SELECT 1"));
    drop(before);
    let source = eventually("a snapshot with a high number", || {
        let opening = PostgresSource::open(&place, &select, &stop);
        let source = runtime.block_on(opening).expect("a snapshot");
        (numbers(source.snapshot()).1 > 200).then_some(source)
    });
    runtime.block_on(source.reader()).expect("a reader");
    drop(in_lower_slots);

    world.restart(Side::Source);
    world.source().run("CREATE TABLE since AS SELECT 1");
    let held = eventually("a snapshot of the same name", || {
        of_the_same_name(&world, source.snapshot())
    });
    let joined = runtime.block_on(source.reader());
    assert!(
        matches!(joined, Err(Error::SnapshotLost(None))),
        "{joined:?}"
    );
    drop(held);
    let joined = runtime.block_on(source.reader());
    assert!(
        matches!(joined, Err(Error::SnapshotLost(Some(_)))),
        "{joined:?}"
    );
}
