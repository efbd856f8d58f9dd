//! The wizard in plain lines: typed answers alone, nothing drawn, no password ever shown.

use crate::fixture::World;
use crate::start::password;
use crate::terminal::{CTRL_C, CTRL_Z, ENTER, Terminal};
use neonlift::session::{State, store};
use rustix::process::Signal;
use std::process::Command;

/// Letters that nothing else has: one of them anywhere gives the password away.
const CANARY: &str = "ЖЩЪЫЭЮЯ";
const WRONG: &str = "ЖЩЪ";

/// A window in which nothing of a whole migration scrolls away.
fn start(command: &Command) -> Terminal {
    Terminal::start(command, 250, 400)
}

/// Answers the question that was asked for the `times`th time.
fn answer(terminal: &mut Terminal, question: &str, times: usize, typed: &str) {
    terminal.wait_for(question, |screen| {
        screen.contents().matches(question).count() >= times
    });
    terminal.press(&format!("{typed}{ENTER}"));
}

/// Waits until a step is looked at, and takes what comes next.
fn proceed(terminal: &mut Terminal, step: &str) {
    wait_for_choices(terminal, &format!(", {step}: waiting."));
    terminal.press(ENTER);
}

/// Waits until it is asked what to do behind this heading.
fn wait_for_choices(terminal: &Terminal, heading: &str) {
    terminal.wait_for(&format!("{heading} and its choices"), |screen| {
        let text = screen.contents();
        let after = text.rsplit_once(heading);
        after.is_some_and(|(_, after)| after.contains("Number (Enter alone: "))
    });
}

/// Takes the choice with these words, as soon as it is asked for with it among the choices.
fn choose(terminal: &mut Terminal, words: &str) {
    let number = terminal.seen(words, |screen| {
        let text = screen.contents();
        let (_, asked) = text.rsplit_once("What now?")?;
        // Nothing was answered yet.
        let is_asked = asked.trim_end().ends_with("):");
        let mut choices = asked.lines().filter(|_| is_asked);
        let line = choices.find(|line| line.contains(&format!(". {words}")))?;
        Some(line.trim().split('.').next()?.to_owned())
    });
    terminal.press(&format!("{number}{ENTER}"));
}

/// Waits until a done step is looked at, which the person leaves by themselves.
fn leave(terminal: &mut Terminal, step: &str) {
    wait_for_choices(terminal, &format!(", {step}: done."));
    terminal.press(ENTER);
}

/// A role of the source with the canary between blanks for a password, and a string for it that has none.
fn source_of_canary(world: &World) -> String {
    let create = format!("CREATE ROLE canary SUPERUSER LOGIN PASSWORD ' {CANARY} '");
    world.source().run(&create);
    let url = world.source_url();
    let (_, place) = url.split_once('@').expect("a user");
    format!("postgresql://canary@{place}")
}

fn expect_unseen(terminal: &Terminal, target: &str) {
    let written = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    assert!(
        !written.contains(|letter| CANARY.contains(letter)),
        "a letter of the canary"
    );
    assert!(!written.contains(password(target)), "the target's password");
    let drawn = ["\x1b[?1049h", "\x1b[2J", "\x1b[H"];
    assert!(drawn.iter().all(|code| !written.contains(code)), "drawn");
}

#[test]
fn a_new_user_goes_from_the_start_over_a_wrong_password_to_the_signed_checklist() {
    let world = World::new(10);
    let (source, target) = (source_of_canary(&world), world.target_url());
    let mut terminal = start(&world.bare(&["--plain"]));
    terminal.wait_for_text("What do you want to begin with?");
    terminal.wait_for_text("1. New migration");
    answer(&mut terminal, "Number (Enter alone: 1):", 1, "1");
    proceed(&mut terminal, "prerequisites");
    proceed(&mut terminal, "connections");

    // What cannot be read is explained, and asked for again.
    let string = "Connection string of the source (not shown):";
    answer(&mut terminal, string, 1, "postgresql://me@host:port/db");
    terminal.wait_for_text("✗ ");
    answer(&mut terminal, string, 2, &source);
    terminal.wait_for_text("database: chat_pgvector");
    answer(&mut terminal, "Password of canary at the source", 1, WRONG);
    let string = "Connection string of the target (not shown):";
    answer(&mut terminal, string, 1, &target);
    terminal.wait_for_text("password: ••••••");

    terminal.wait_for_text("✗ connections: failed");
    terminal.wait_for_text("2. change the source");
    terminal.press(&format!("2{ENTER}"));
    let string = "Connection string of the source (not shown):";
    answer(&mut terminal, string, 3, &source);
    let typed = format!(" {CANARY} ");
    answer(&mut terminal, "Password of canary at the source", 2, &typed);
    terminal.wait_for_text("✓ connections: done");

    for step in &[
        "inventory",
        "backup",
        "schema",
        "transfer",
        "compare",
        "application",
        "cutover",
    ] {
        proceed(&mut terminal, step);
        if ["inventory", "compare", "application"].contains(step) {
            leave(&mut terminal, step);
        }
    }
    // Those that only people know, and what the canary's rights leave out.
    let all = terminal.seen("how many are open", |screen| {
        let text = screen.contents();
        let (_, after) = text.rsplit_once("cutover: to be signed; ")?;
        after.split(' ').next()?.parse::<usize>().ok()
    });
    assert!(all >= 5, "{all} are open");
    for (at, open) in (1..=all).rev().enumerate() {
        let items = if open == 1 { "item" } else { "items" };
        let heading = format!("cutover: to be signed; {open} {items} still open.");
        terminal.wait_for("the next item", |screen| {
            let text = screen.contents();
            let after = text.split_once(&heading);
            after.is_some_and(|(_, after)| after.contains("Number (Enter alone: "))
        });
        // The numbers stay: what is signed may be signed anew.
        terminal.press(&format!("{}{ENTER}", at + 1));
        let name = if at == 0 { "Ada Lovelace" } else { "" };
        answer(&mut terminal, "Your name, for the signature", at + 1, name);
    }
    terminal.wait_for_text("leave: everything is done and signed");
    terminal.press(ENTER);
    assert_eq!(terminal.wait_for_shell(), 0);
    expect_unseen(&terminal, &target);
    let sessions = world.folder().join("home/state/neonlift/sessions");
    let (_, session) = store::list(&sessions).remove(0);
    assert_eq!(session.first_open(), None);
    assert_eq!(session.last_signer(), Some("Ada Lovelace"));
}

#[test]
fn the_same_is_offered_where_the_surroundings_ask_for_it() {
    let world = World::sharing();
    for (name, value) in [("ACCESSIBLE", "1"), ("TERM", "dumb")] {
        let mut command = world.bare(&[]);
        command.env(name, value);
        let mut terminal = start(&command);
        terminal.wait_for_text("3. Leave");
        terminal.press(&format!("nine{ENTER}"));
        terminal.wait_for_text("✗ Type a number from 1 to 3.");
        terminal.press(&format!("3{ENTER}"));
        assert_eq!(terminal.end(), 0, "{name}={value}");
    }
    let mut command = world.bare(&[]);
    command.env("ACCESSIBLE", "0");
    let mut terminal = Terminal::start(&command, 80, 24);
    terminal.at("Enter begin", "q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_echo_is_on_again_whatever_happens_while_a_secret_is_typed() {
    let world = World::sharing();
    let at_the_secret = |session: &str| {
        // A session that is named needs no menu.
        let mut terminal = start(&world.bare(&["--plain", "--session", session]));
        proceed(&mut terminal, "prerequisites");
        proceed(&mut terminal, "connections");
        terminal.wait_for_text("Connection string of the source (not shown):");
        terminal.press("postgresql://me:ЖЩЪ@host");
        terminal
    };
    let mut terminal = at_the_secret("suspended");
    terminal.press(CTRL_Z);
    terminal.wait_for_shell();
    terminal.press("fg\n");
    terminal.wait_for("the question again", |screen| {
        let question = "Connection string of the source (not shown):";
        screen.contents().matches(question).count() == 2
    });
    terminal.press(CTRL_C);
    assert_eq!(terminal.end(), 130);

    for signal in [Signal::TERM, Signal::HUP] {
        let mut terminal = at_the_secret(&format!("{signal:?}"));
        terminal.signal(signal);
        assert_eq!(terminal.wait_for_shell(), 130, "{signal:?}");
        let written = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        assert!(!written.contains(WRONG), "{signal:?}: a secret was shown");
    }
    let mut terminal = at_the_secret("ended");
    answer(&mut terminal, "(not shown):", 1, "");
    // The end of the input, where a line could begin.
    terminal.wait_for_text("✗ ");
    terminal.wait_for("the question again", |screen| {
        screen.contents().matches("(not shown):").count() == 2
    });
    terminal.press("\x04");
    assert_eq!(terminal.end(), 130);
}

#[test]
fn what_the_target_holds_goes_only_when_its_name_is_typed() {
    let world = World::new(10);
    world.target().run("CREATE TABLE precious AS SELECT 1 AS n");
    let mut terminal = start(&world.neonlift(&["--plain"]));
    proceed(&mut terminal, "prerequisites");
    proceed(&mut terminal, "connections");
    terminal.wait_for_text("✗ connections: failed");
    terminal.wait_for_text("4. consent to replace what the target holds");
    let name = "To consent, type the database's name, neondb";
    answer(&mut terminal, "Number (Enter alone: 1):", 3, "4");
    terminal.wait_for_text("public.precious: 1 row");
    answer(&mut terminal, name, 1, "neon");
    terminal.wait_for_text("is not the name of the target's database");
    answer(&mut terminal, "Number (Enter alone: 1):", 4, "4");
    answer(&mut terminal, name, 2, "neondb");
    terminal.wait_for_text("✓ connections: done");
    // A done step is read again, and what happened; then it is left.
    proceed(&mut terminal, "inventory");
    leave(&mut terminal, "inventory");
    wait_for_choices(&terminal, ", backup: waiting.");
    choose(&mut terminal, "look at another step");
    terminal.wait_for_text("3. inventory: done");
    answer(&mut terminal, "Number (Enter alone: 4):", 1, "3");
    wait_for_choices(&terminal, ", inventory: done.");
    choose(&mut terminal, "read what inventory found or did");
    terminal.wait_for("the inventory twice", |screen| {
        screen.contents().matches("shop.order_items").count() == 2
    });
    choose(&mut terminal, "how this works, and where the log is");
    terminal.wait_for_text("The log holds neither passwords nor values of rows: /");
    choose(&mut terminal, "read the messages");
    // The newest first, each with its time, also of what was mended since.
    terminal.wait_for_text(" · inventory is done");
    terminal.wait_for_text(" ! connections failed: ");
    terminal.wait_for_text("the newest first, with 1 warning.");
    terminal.wait_for_text("More is in the log: /");
    choose(&mut terminal, "leave; it goes on from here next time");
    assert_eq!(terminal.end(), 130);
    assert_eq!(world.target().value("SELECT n FROM precious"), "1");
}

#[test]
fn a_running_step_is_stopped_by_ctrl_c_and_left_after_a_question() {
    let migration = crate::leaving::Migration::new();
    let holder = migration.hold();
    let mut terminal = start(&migration.plain());
    terminal.wait_for_text(", transfer: waiting.");
    answer(&mut terminal, "Number (Enter alone: 1):", 1, "");
    terminal.wait_for_text("▸ transfer:");
    terminal.press(CTRL_C);
    terminal.wait_for_text("‖ transfer: stopped");
    assert_eq!(migration.state(), State::Interrupted);

    terminal.wait_for_text("1. go on with transfer");
    answer(&mut terminal, "Number (Enter alone: 1):", 2, "1");
    terminal.wait_for("it runs again", |screen| {
        screen.contents().matches("▸ transfer:").count() == 2
    });
    terminal.press(ENTER);
    terminal.wait_for_text("transfer is running. What shall become of it?");
    terminal.wait_for_text("2. pause");
    terminal.press(&format!("2{ENTER}"));
    terminal.wait_for_text("▸ pause.");
    terminal.press(ENTER);
    terminal.wait_for_text("transfer is paused. What shall become of it?");
    terminal.wait_for_text("2. go on");
    terminal.press(&format!("2{ENTER}"));
    terminal.wait_for_text("▸ go on.");
    // Before rows move there are no workers.
    terminal.wait_for_text("Copying rows · ");
    terminal.press(&format!("-{ENTER}"));
    terminal.wait_for_text("Workers wanted from now on: 11");
    terminal.press(ENTER);
    terminal.wait_for_text("5. stop and leave");
    terminal.wait_for("the first question again", |screen| {
        let text = "transfer is running. What shall become of it?";
        screen.contents().matches(text).count() == 2
    });
    terminal.press(&format!("3{ENTER}"));
    terminal.wait_for_text("Workers wanted from now on: 12");
    // What is refused is told, and the transfer goes on.
    terminal.press(&format!("+{ENTER}"));
    terminal.press(ENTER);
    terminal.wait_for("the first question once more", |screen| {
        let text = "transfer is running. What shall become of it?";
        screen.contents().matches(text).count() == 3
    });
    terminal.press(&format!("5{ENTER}"));
    assert_eq!(terminal.end(), 130);
    assert_eq!(migration.state(), State::Interrupted);
    drop(holder);
}

#[test]
fn without_anybody_to_ask_nothing_is_left_behind_that_failed() {
    let world = World::sharing();
    let ended = crate::fixture::Running::start(&mut world.bare(&["--plain"])).end();
    assert_eq!(ended.code, Some(2), "{ended}");
    assert!(
        ended.stdout.contains("No connection string was given"),
        "{ended}"
    );
    let sessions = world.folder().join("home/state/neonlift/sessions");
    assert!(store::list(&sessions).is_empty());
}

#[test]
fn what_is_moved_is_chosen_and_what_runs_and_differs_is_read() {
    let world = World::new(10);
    let mut terminal = start(&world.neonlift(&["--plain"]));
    for step in ["prerequisites", "connections", "inventory"] {
        proceed(&mut terminal, step);
    }
    wait_for_choices(&terminal, ", inventory: done.");
    choose(&mut terminal, "choose what is moved");
    let asked = "Number or word (Enter alone: back):";
    answer(&mut terminal, asked, 1, "find ORDER_items");
    terminal.wait_for_text("  2. shop.order_items: is moved");
    answer(&mut terminal, asked, 2, "2 9");
    terminal.wait_for_text("✗ Type numbers from 1 to 2");
    answer(&mut terminal, asked, 3, "2");
    terminal.wait_for_text("  2. shop.order_items: left out");
    terminal.wait_for_text("Chosen: ");
    answer(&mut terminal, asked, 4, "all");
    terminal.wait_for("all again", |screen| {
        screen.contents().matches("Chosen: ").count() == 2
    });
    answer(&mut terminal, asked, 5, "2");
    answer(&mut terminal, asked, 6, "");
    choose(&mut terminal, "go to backup");
    proceed(&mut terminal, "backup");
    wait_for_choices(&terminal, ", schema: waiting.");
    choose(&mut terminal, "read what would run on the target");
    terminal.wait_for_text("would run on");
    answer(&mut terminal, "any number to stop: ", 1, "");
    answer(&mut terminal, "any number to stop: ", 2, "1");
    choose(&mut terminal, "run schema");
    proceed(&mut terminal, "transfer");
    wait_for_choices(&terminal, ", compare: waiting.");
    let target = world.target();
    let there = |name: &str| target.value(&format!("SELECT to_regclass('{name}') IS NOT NULL"));
    assert_eq!(
        (&*there("shop.order_items"), &*there("shop.orders")),
        ("f", "t")
    );

    let change = "UPDATE shop.customers SET name = 'Ж' || name WHERE id = (SELECT min(id) FROM shop.customers)";
    world.target().run(change);
    choose(&mut terminal, "run compare");
    terminal.wait_for_text(", compare: failed.");
    choose(&mut terminal, "open a table");
    terminal.wait_for_text("  1. shop.customers: ✗ differs");
    answer(&mut terminal, asked, 7, "1");
    terminal.wait_for_text(": differs: name");
    terminal.wait_for_text("  name: source '");
    terminal.wait_for_text("target 'Ж");
    answer(&mut terminal, "any number to stop: ", 3, "1");
    answer(&mut terminal, asked, 8, "back");
    choose(&mut terminal, "leave; it goes on from here next time");
    assert_ne!(terminal.end(), 0);
}

#[test]
fn a_pooled_host_is_changed_for_the_direct_one_by_its_number() {
    let world = World::new(10);
    let pooled = world
        .target_url()
        .replace("-00000001.", "-00000001-pooler.");
    let mut command = world.neonlift(&["--plain"]);
    command.env("NEONLIFT_TARGET_URL", &pooled);
    let mut terminal = start(&command);
    proceed(&mut terminal, "prerequisites");
    wait_for_choices(&terminal, ", connections: waiting.");
    terminal.wait_for_text("; the password is from the environment's NEONLIFT_TARGET_URL");
    terminal.press(ENTER);
    wait_for_choices(&terminal, ", connections: failed.");
    choose(
        &mut terminal,
        "use the direct host ep-practice-neon-00000001.",
    );
    wait_for_choices(&terminal, ", inventory: waiting.");
    choose(&mut terminal, "leave; it goes on from here next time");
    assert_eq!(terminal.end(), 130);
}
