//! The connection form: pasted and typed connections, a wrong password, the right one.

use crate::fixture::World;
use crate::terminal::{CTRL_R, CTRL_U, DOWN_ARROW, ENTER, ESCAPE, RIGHT_ARROW, TAB, Terminal};

/// Passwords of letters that nothing else on the screen has: one of them anywhere gives it away,
/// even when the letters came one by one.
const WRONG: &str = "ЖЩЪ";
const RIGHT: &str = "ЖЩЪЫЭЮЯ";

/// The target's string as it is copied: with its password, broken over two lines.
fn broken_over_lines(url: &str) -> String {
    let (before, after) = url.split_at(url.find('@').expect("a user"));
    format!("{before}\r\n{after}\n")
}

/// A role of the source with the right password, and a string for it that has none.
fn source_without_password(world: &World) -> String {
    let create = format!("CREATE ROLE canary SUPERUSER LOGIN PASSWORD '{RIGHT}'");
    world.source().run(&create);
    let url = world.source_url();
    let (_, place) = url.split_once('@').expect("a user");
    format!("postgresql://canary@{place}")
}

#[test]
fn pasted_and_typed_connections_are_mended_after_a_failure_and_show_no_password() {
    let world = World::new(10);
    let (source, target) = (source_without_password(&world), world.target_url());
    let mut wizard = world.bare(&["--session"]);
    wizard.arg(world.session());
    let mut terminal = Terminal::start(&wizard, 80, 24);
    terminal.keep_secret(RIGHT);
    terminal.at("Enter run prerequisites", RIGHT_ARROW);
    terminal.wait_for_text("Paste each connection string");

    // Pasted text goes into the field and no further, whatever is in it.
    terminal.paste(&format!(" {source}\r\n"));
    terminal.wait_for_text("database  chat_pgvector");
    terminal.press(TAB);
    type_secret(&mut terminal, WRONG);
    terminal.press(TAB);
    terminal.paste(&broken_over_lines(&target));
    terminal.wait_for_text("database  neondb");
    terminal.press(ENTER);

    terminal.wait_for_text("✗ connections: failed");
    terminal.wait_for_text("28P01");
    // The cursor is where the refused password was.
    terminal.at("e edit", "e");
    terminal.wait_for_text("Paste each connection string");
    terminal.wait_for_text("▌password  in memory");
    type_secret(&mut terminal, RIGHT);
    terminal.press(ENTER);
    terminal.at("Enter next: inventory", ENTER);
    terminal.at("Enter run inventory", ENTER);
    terminal.wait_for_text("✓ inventory: done");
    terminal.press("q");
    assert_eq!(terminal.wait_for_shell(), 130);
    expect_unseen(&terminal, &target);
}

#[test]
fn parts_are_filled_in_by_hand_and_one_side_that_fails_hides_nothing_of_the_other() {
    let world = World::new(10);
    let (source, target) = (source_without_password(&world), world.target_url());
    let (_, place) = source.split_once('@').expect("a user");
    let (host, port) = place.split_once(':').expect("a port");
    let (port, _) = port.split_once('/').expect("a database");
    let mut wizard = world.bare(&["--session"]);
    wizard.arg(world.session());
    let mut terminal = Terminal::start(&wizard, 80, 24);
    terminal.at("Enter run prerequisites", RIGHT_ARROW);
    terminal.wait_for_text("Paste each connection string");

    // A port where nothing listens.
    for part in [host, "1", "chat_pgvector", "canary"] {
        terminal.press(TAB);
        terminal.paste(part);
    }
    terminal.wait_for_text("postgresql://canary@");
    terminal.press(TAB);
    type_secret(&mut terminal, RIGHT);
    terminal.press(TAB);
    terminal.paste(&target);
    terminal.wait_for_text("database  neondb");
    terminal.press(ENTER);
    terminal.wait_for_text("✗ connections: failed");
    terminal.wait_for_text(&format!("$ pg_isready -h {host} -p 1"));
    terminal.at("↓", "G");
    terminal.wait_for_text("pgvector");

    terminal.press("e");
    terminal.wait_for_text("▌string    ");
    for _ in 0..2 {
        terminal.press(DOWN_ARROW);
    }
    terminal.press(CTRL_U);
    terminal.paste(port);
    terminal.wait_for_text(&format!("▌port {port}"));
    terminal.wait_for_text("none found");
    terminal.press(TAB);
    terminal.press(TAB);
    terminal.press(TAB);
    type_secret(&mut terminal, RIGHT);
    terminal.press(ENTER);
    terminal.at("Enter next: inventory", "q");
    assert_eq!(terminal.wait_for_shell(), 130);
    expect_unseen(&terminal, &target);
}

#[test]
fn a_password_is_seen_only_after_the_key_that_reveals_it() {
    let world = World::sharing();
    let mut wizard = world.bare(&["--session"]);
    wizard.arg(world.session());
    let mut terminal = Terminal::start(&wizard, 80, 24);
    terminal.at("Enter run prerequisites", RIGHT_ARROW);
    terminal.wait_for_text("Paste each connection string");
    terminal.paste("postgresql://canary@h/d");
    terminal.press(TAB);
    type_secret(&mut terminal, RIGHT);
    assert!(!String::from_utf8_lossy(&terminal.bytes()).contains('Ж'));
    terminal.press(CTRL_R);
    terminal.wait_for_text(&format!("password  {RIGHT}"));
    terminal.press(TAB);
    terminal.wait_for_text("password  •••••••");
    terminal.press(ESCAPE);
    terminal.at("e edit", "q");
    assert_eq!(terminal.wait_for_shell(), 130);
}

/// No password was ever written to the terminal, whole or in part.
fn expect_unseen(terminal: &Terminal, target: &str) {
    let written = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    assert!(
        !written.contains(|letter| RIGHT.contains(letter)),
        "a letter of a password"
    );
    let password = target.split([':', '@']).nth(2).expect("a password");
    assert!(password.len() >= 8, "that is none");
    let parts = password.as_bytes().windows(6);
    assert!(
        parts
            .map(String::from_utf8_lossy)
            .all(|part| !written.contains(&*part))
    );
}

/// Types a password into a field for one: it is masked from the first letter on.
fn type_secret(terminal: &mut Terminal, secret: &str) {
    for (at, letter) in secret.chars().enumerate() {
        terminal.press(&letter.to_string());
        let masked = "•".repeat(at + 1);
        terminal.wait_for_text(&format!("password  {masked}"));
    }
}
