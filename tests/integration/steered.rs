//! A transfer is steered while it runs: paused, with more workers, with fewer.

use crate::fixture::{SEVERAL_CHUNKS, World, eventually};
use neonlift::config::Config;
use neonlift::progress::Pool;
use neonlift::runner::Runner;
use neonlift::session::store::Store;
use neonlift::session::{State, Step};
use neonlift::steps::Context;
use neonlift::wizard::{Effect, Event, News, Side, Steering};
use std::path::Path;

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
