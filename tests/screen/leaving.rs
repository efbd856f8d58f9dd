//! Stopped, left, ended by a signal, suspended: the terminal is as it was, the session goes on.

use crate::fixture::{World, eventually};
use crate::terminal::{CTRL_C, CTRL_Z, ENTER, Terminal};
use neonlift::session::{State, Step, store};
use rustix::process::Signal;
use std::process::Command;

/// A worker a table: small tables would share transactions, and wait with the one that is held.
const WORKERS: &str = "[transfer]\njobs = 12\n";

/// A migration up to the transfer.
pub(crate) struct Migration(World);

impl Migration {
    /// Everything before the transfer is done.
    pub(crate) fn new() -> Self {
        let world = World::new(300);
        world.json(&["run", "--until", "schema"]).expect(0, "done");
        Self(world)
    }

    /// Holds one table of the target: as long as this lives, no transfer comes to its end.
    pub(crate) fn hold(&self) -> impl Sized {
        let holder = self.0.target().open();
        // Reading is allowed: the transfer looks before it writes.
        holder.run("BEGIN; LOCK TABLE shop.visits_other IN EXCLUSIVE MODE");
        holder
    }

    /// The wizard, before the transfer.
    fn wizard(&self) -> Terminal {
        let terminal = Terminal::start(
            &self.0.neonlift(&["--config", &self.0.config(WORKERS)]),
            80,
            24,
        );
        terminal.wait_for("the step transfer", |screen| {
            let text = screen.contents();
            text.contains("Enter run transfer") || text.contains("Enter go on with transfer")
        });
        terminal
    }

    /// The wizard amid the transfer, all but one table done, and what stands on the small ones.
    pub(crate) fn transferring(&self) -> Terminal {
        let mut terminal = self.wizard();
        terminal.press(ENTER);
        amid_the_rows(&terminal);
        terminal
    }

    /// The wizard in plain lines, before the transfer.
    pub(crate) fn plain(&self) -> Command {
        self.0
            .neonlift(&["--plain", "--config", &self.0.config(WORKERS)])
    }

    pub(crate) fn state(&self) -> State {
        let (_, session) = store::list(self.0.folder()).remove(0);
        session.state(Step::Transfer)
    }

    /// With nothing in the way, the transfer goes on to its end.
    fn expect_goes_on(&self) {
        assert_eq!(self.state(), State::Interrupted);
        let mut terminal = self.wizard();
        terminal.at("Enter go on with transfer", ENTER);
        terminal.wait_for_text("✓ transfer: done");
        terminal.press("q");
        assert_eq!(terminal.end(), 130, "there is more to do");
    }
}

fn amid_the_rows(terminal: &Terminal) {
    terminal.wait_for_text("11 of 17 tables and builds done");
    // Never all before it is done, however many of the small tables' indexes stand by now.
    terminal.wait_for("a share that is not all", |screen| {
        let text = screen.contents();
        text.contains(" ▸ transfer ") && text.contains(" %: ") && !text.contains("100.0 %")
    });
}

#[test]
fn a_running_step_is_stopped_by_ctrl_c_and_left_after_a_question() {
    let migration = Migration::new();
    let holder = migration.hold();
    let mut terminal = migration.transferring();

    terminal.press("q");
    terminal.wait_for_text("transfer is running. What shall become of it?");
    terminal.press(ENTER);
    terminal.wait_for("no question", |screen| {
        !screen.contents().contains("What shall become")
    });
    amid_the_rows(&terminal);

    terminal.press(CTRL_C);
    terminal.wait_for_text("transfer: stopped half-way");
    assert_eq!(migration.state(), State::Interrupted);
    terminal.at("Enter go on with transfer", ENTER);
    amid_the_rows(&terminal);

    terminal.press("q");
    terminal.at("What shall become of it?", "s");
    assert_eq!(terminal.end(), 130);
    drop(holder);
    migration.expect_goes_on();
}

#[test]
fn a_transfer_is_paused_goes_on_and_is_left_paused() {
    let migration = Migration::new();
    let holder = migration.hold();
    let mut terminal = migration.transferring();

    terminal.press("-");
    terminal.wait_for_text("of 11 row workers");
    terminal.press("+");
    terminal.wait_for_text("of 12 row workers");
    terminal.press("q");
    terminal.at("p  pause", "p");
    terminal.wait_for_text("Pausing: what is under way is being finished.");
    drop(holder);
    terminal.wait_for_text("Paused: nothing moves until p is pressed again.");
    terminal.wait_for_text("‖ paused");
    assert_eq!(migration.0.chunks(), (12, 12), "what was under way is in");
    assert!(terminal.title().contains("paused"), "{}", terminal.title());

    terminal.press("q");
    terminal.at("transfer is paused. What shall become of it?", ENTER);
    terminal.wait_for("no question", |screen| {
        !screen.contents().contains("What shall become of it?")
    });
    terminal.press("q");
    terminal.at("transfer is paused. What shall become of it?", "s");
    assert_eq!(terminal.end(), 130);

    assert_eq!(migration.state(), State::Interrupted);
    let mut terminal = migration.wizard();
    terminal.wait_for_text("were in.");
    terminal.at("Enter go on with transfer", ENTER);
    terminal.wait_for_text("✓ transfer: done");
    terminal.press(CTRL_C);
    terminal.at("Leave? Pressing Ctrl-C again leaves too.", CTRL_C);
    assert_eq!(terminal.end(), 130);
}

#[test]
fn a_paused_transfer_goes_on_when_it_is_told() {
    let migration = Migration::new();
    let mut terminal = migration.wizard();
    let holder = migration.hold();
    terminal.press(ENTER);
    amid_the_rows(&terminal);
    terminal.press("p");
    terminal.wait_for_text("Pausing: what is under way is being finished.");
    drop(holder);
    terminal.wait_for_text("Paused: nothing moves until p is pressed again.");
    terminal.press("p");
    terminal.wait_for_text("✓ transfer: done");
    terminal.press("q");
    assert_eq!(terminal.end(), 130);
    assert_eq!(migration.state(), State::Done);
}

#[test]
fn ctrl_c_twice_leaves_on_a_road_that_stands_still_too() {
    let migration = Migration::new();
    let holder = migration.hold();
    for stalled in [false, true] {
        let mut terminal = migration.transferring();
        migration.0.faults().stall(stalled);
        terminal.press(CTRL_C);
        terminal.press(CTRL_C);
        assert_eq!(terminal.end(), 130);
        assert_eq!(migration.state(), State::Interrupted);
        migration.0.faults().stall(false);
    }
    drop(holder);
    migration.expect_goes_on();
}

#[test]
fn a_signal_amid_a_step_leaves_a_clean_terminal() {
    let migration = Migration::new();
    let holder = migration.hold();
    for signal in [Signal::TERM, Signal::HUP] {
        let terminal = migration.transferring();
        terminal.signal(signal);
        assert_eq!(terminal.end(), 130, "{signal:?}");
        assert_eq!(migration.state(), State::Interrupted, "{signal:?}");
    }
    migration.transferring().close();
    eventually("the end after the window was closed", || {
        (migration.state() == State::Interrupted).then_some(())
    });
    drop(holder);
    migration.expect_goes_on();
}

#[test]
fn suspended_and_called_back_the_screen_is_there_again() {
    let migration = Migration::new();
    let holder = migration.hold();
    let mut terminal = migration.transferring();
    let title = terminal.title();
    assert!(title.starts_with("neonlift: transfer "), "{title}");

    terminal.press(CTRL_Z);
    terminal.wait_for_shell();
    terminal.press("fg\n");
    amid_the_rows(&terminal);
    terminal.signal(Signal::TSTP);
    terminal.wait_for_shell();
    terminal.press("fg\n");
    amid_the_rows(&terminal);
    // Stopped from outside it cannot tidy up; back again it has its screen all the same.
    terminal.signal(Signal::STOP);
    terminal.wait_for_prompt();
    terminal.press("fg\n");
    terminal.wait_for("a whole screen", |screen| {
        let text = screen.contents();
        text.contains("11 of 17 tables and builds done") && !text.contains("the shell:")
    });
    let title = terminal.title();
    assert!(title.starts_with("neonlift: transfer "), "{title}");

    drop(holder);
    terminal.wait_for_text("✓ transfer: done");
    terminal.press("q");
    assert_eq!(terminal.end(), 130);
    assert_eq!(migration.state(), State::Done);
}
