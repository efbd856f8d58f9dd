//! A transfer is steered while it runs: paused, with more workers, with fewer.

use crate::fixture::{SEVERAL_CHUNKS, World, eventually};
use neonlift::config::Config;
use neonlift::postgres::ConnectionString;
use neonlift::progress::Pool;
use neonlift::runner::Runner;
use neonlift::session::store::Store;
use neonlift::session::{State, Step};
use neonlift::steps::Context;
use neonlift::wizard::{Effect, Event, News, Side, Steering};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The transfer of a world, driven as a front end does it.
struct Steered<'w> {
    world: &'w World,
    runner: Runner,
}

impl<'w> Steered<'w> {
    /// Ready for the transfer.
    fn new(world: &'w World, config: &str) -> Self {
        let text = std::fs::read_to_string(config).expect("a configuration");
        let config = Config::parse(&text, Path::new(config)).expect("a configuration");
        let (store, session) = Store::open(&world.session()).expect("the session");
        let context = Context::new(config, vec![world.postgres_programs()]);
        let mut runner = Runner::new(session.expect("a session"), store, context);
        for (side, url) in [
            (Side::Source, world.source_url()),
            (Side::Target, world.target_url()),
        ] {
            runner.describe_text(side, &url).expect("a session");
        }
        let mut steered = Self { world, runner };
        steered.send(Event::Opened);
        steered
    }

    fn send(&mut self, event: Event) -> Vec<Effect> {
        let _inside = self.world.runtime().enter();
        self.runner.dispatch(event).expect("a session")
    }

    fn steer(&mut self, steering: Steering) {
        assert_eq!(self.send(Event::Steer(steering)), [], "{steering:?}");
    }

    fn pool(&self) -> Pool {
        self.runner.progress().sample().pool
    }

    fn ended(&mut self) -> State {
        let event = self.world.runtime().block_on(self.runner.finished());
        self.send(event);
        self.runner.wizard().session().state(Step::Transfer)
    }
}

/// Sessions on the target that wait for a table's lock.
fn waiting(world: &World, count: usize) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    eventually(&format!("{count} chunks that wait"), || {
        (world.target().value(sql) == count.to_string()).then_some(())
    });
}

/// Sessions on the source that carry rows.
fn carriers(world: &World, count: usize) {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE query LIKE 'COPY%' AND pid <> pg_backend_pid()";
    eventually(&format!("{count} carriers"), || {
        (world.source().value(sql) == count.to_string()).then_some(())
    });
}

#[test]
fn a_pause_holds_the_ledger_still_and_workers_come_and_go() {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.config("[transfer]\nchunk_mb = 1\njobs = 2\n");
    world.until_schema(&config);
    let hold = || {
        let holder = world.target().open();
        holder.run("BEGIN; LOCK TABLE vector_documents IN EXCLUSIVE MODE");
        holder
    };
    let mut transfer = Steered::new(&world, &config);
    let holder = hold();
    transfer.send(Event::Run(Step::Transfer));
    waiting(&world, 2);

    transfer.steer(Steering::MoreWorkers);
    transfer.steer(Steering::MoreWorkers);
    waiting(&world, 4);
    carriers(&world, 4);
    let (loaded, all) = world.chunks();
    assert_eq!(loaded, 0);
    assert!(all > 6, "{all}");

    // Open chunks are finished, nothing new begins; three of the workers are not wanted any more.
    transfer.steer(Steering::Pause);
    for _ in 0..3 {
        transfer.steer(Steering::FewerWorkers);
    }
    assert!(!transfer.pool().is_still(), "{:?}", transfer.pool());
    drop(holder);
    eventually("a transfer that stands still", || {
        transfer.pool().is_still().then_some(())
    });
    assert_eq!(world.chunks(), (4, all), "the chunks that were open");
    carriers(&world, 1);

    // Paused it can be told to go on, with one worker.
    let holder = hold();
    transfer.steer(Steering::GoOn);
    waiting(&world, 1);
    let refused = transfer.send(Event::Steer(Steering::FewerWorkers));
    let [Effect::Tell(News::Refused(why))] = &refused[..] else {
        panic!("{refused:?}")
    };
    assert!(why.contains("the least"), "{why}");
    let pool = transfer.pool();
    assert_eq!((pool.wanted, pool.carrying), (1, 1));
    transfer.steer(Steering::Pause);
    drop(holder);
    eventually("a transfer that stands still", || {
        transfer.pool().is_still().then_some(())
    });
    assert_eq!(world.chunks(), (5, all));
    transfer.steer(Steering::GoOn);
    assert_eq!(transfer.ended(), State::Done);
    drop(transfer);
    world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}

#[test]
fn a_paused_transfer_is_stopped_and_goes_on_unpaused() {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.config("[transfer]\nchunk_mb = 1\njobs = 2\n");
    world.until_schema(&config);
    let mut transfer = Steered::new(&world, &config);
    transfer.send(Event::Run(Step::Transfer));
    transfer.steer(Steering::Pause);
    eventually("the plan", || (world.chunks().1 > 0).then_some(()));
    eventually("a transfer that stands still", || {
        transfer.pool().is_still().then_some(())
    });
    assert_eq!(world.chunks().0, 0, "paused before the first chunk");
    transfer.send(Event::Stop);
    assert_eq!(transfer.ended(), State::Interrupted);
    transfer.send(Event::Run(Step::Transfer));
    assert_eq!(transfer.ended(), State::Done);
    drop(transfer);
    world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}

/// Rows are in, one large table has its indexes, another one's are kept out: what stands counts when
/// the transfer goes on.
#[test]
fn a_transfer_that_goes_on_amid_its_builds_begins_with_what_stands() {
    let world = World::new(SEVERAL_CHUNKS);
    world.source().run(
        "CREATE TABLE big (id int PRIMARY KEY, note text);
         INSERT INTO big SELECT n, repeat(md5(n::text), 9) FROM generate_series(1, 40000) n;
         CREATE INDEX big_note ON big (note)",
    );
    let config = world.config("[transfer]\nchunk_mb = 1\njobs = 2\n");
    world.until_schema(&config);
    let holder = world.target().open();
    holder.run("BEGIN; LOCK TABLE vector_documents IN SHARE UPDATE EXCLUSIVE MODE");
    let mut transfer = Steered::new(&world, &config);
    transfer.send(Event::Run(Step::Transfer));
    let marks = "SELECT count(*) = 2 FROM neonlift.built
                 WHERE definition IN ('ANALYZE public big ', 'all rows')";
    eventually("all rows, and what stands on big", || {
        let there = "SELECT to_regclass('neonlift.built') IS NOT NULL";
        let target = world.target();
        (target.value(there) == "t" && target.value(marks) == "t").then_some(())
    });
    let share = |transfer: &Steered<'_>| transfer.runner.progress().sample().share();
    let before = share(&transfer).expect("a share");
    assert!((0.5..1.0).contains(&before), "{before}");
    transfer.send(Event::Stop);
    assert_eq!(transfer.ended(), State::Interrupted);

    transfer.send(Event::Run(Step::Transfer));
    // Those of the stopped run are cancelled.
    waiting_for_builds(&world);
    eventually("a board that knows it", || {
        let now = share(&transfer).unwrap_or_default();
        (now >= before - 0.01 && now < 1.0).then_some(())
    });
    let reached = transfer.runner.progress().sample().kinds();
    let rows = reached.iter().find(|kind| kind.noun == "row");
    assert!(rows.is_some_and(|rows| rows.rows > 0 && rows.rows == rows.rows_total));
    let mut last = before - 0.01;
    drop(holder);
    eventually("its end", || {
        let now = share(&transfer).unwrap_or(1.0);
        assert!(now >= last, "{now} after {last}");
        last = now;
        let sql = "SELECT count(*) FROM neonlift.built WHERE definition = 'ANALYZE public vector_documents '";
        (world.target().value(sql) == "1").then_some(())
    });
    assert_eq!(transfer.ended(), State::Done);
}

fn waiting_for_builds(world: &World) {
    let sql = "SELECT count(*) > 0 FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND datname = current_database()";
    eventually("a build that waits", || {
        (world.target().value(sql) == "t").then_some(())
    });
}

/// A statement of somebody else that waits for a paused transfer is named. When the transfer goes on
/// its readers come behind it, and do not wait for ever.
#[test]
fn whom_a_transfer_holds_up_is_said() {
    let world = World::new(SEVERAL_CHUNKS);
    let config = world.config("[transfer]\nchunk_mb = 1\njobs = 2\n");
    world.until_schema(&config);
    let mut transfer = Steered::new(&world, &config);
    transfer.send(Event::Run(Step::Transfer));
    transfer.steer(Steering::Pause);
    eventually("a transfer that stands still", || {
        (world.chunks().1 > 0 && transfer.pool().is_still()).then_some(())
    });
    assert_eq!(transfer.pool().waited_for, 0);
    let mut other = psql(&world, "ALTER TABLE shop.returns ADD COLUMN later int");
    eventually("somebody who waits", || {
        (transfer.pool().waited_for == 1).then_some(())
    });
    let told = notes(&transfer);
    for words in ["psql", "AccessExclusiveLock on shop.returns", "vacuum"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(told.matches("holds up").count(), 1, "said once: {told}");

    transfer.steer(Steering::GoOn);
    eventually("a reader that waits no longer", || {
        notes(&transfer)
            .contains("due to lock timeout")
            .then_some(())
    });
    world.source().run(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE shop.returns%'",
    );
    assert!(!other.wait().expect("its end").success());
    assert_eq!(transfer.ended(), State::Done);
    drop(transfer);
    world
        .json(&["run", "--config", &config])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
}

fn notes(transfer: &Steered<'_>) -> String {
    let (notes, _) = transfer.runner.progress().notes_after(0);
    let texts = notes.into_iter().map(|note| note.text);
    texts.collect::<Vec<_>>().join("\n")
}

/// Somebody else on the source.
fn psql(world: &World, sql: &str) -> Child {
    let place = ConnectionString::parse(&world.source_url()).expect("a place");
    Command::new(world.postgres_program("psql"))
        .args(["--quiet", "--no-psqlrc", "--command", sql])
        .env_clear()
        .envs(place.tool_environment())
        .env("PGAPPNAME", "psql")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("psql runs")
}
