//! The connection form: pasted and typed connections, a wrong password, the right one.

use crate::fixture::World;
use crate::terminal::{CTRL_U, ENTER, TAB, Terminal};

/// Passwords of letters that nothing else on the screen has: one of them anywhere gives it away,
/// even when the letters came one by one.
const WRONG: &str = "ЖЩЪ";
const RIGHT: &str = "ЖЩЪЫЭЮЯ";

/// The target's string as it is copied: with its password, broken over two lines.
fn broken_over_lines(url: &str) -> String {
    let (before, after) = url.split_at(url.find('@').expect("a user"));
    format!("{before}\r\n{after}\n")
}

#[test]
fn pasted_typed_wrong_then_right() {
    let world = World::new(10);
    let create = format!("CREATE ROLE canary SUPERUSER LOGIN PASSWORD '{RIGHT}'");
    world.source().run(&create);
    let source = world.source_url();
    let (_, place) = source.split_once('@').expect("a user");
    let source = format!("postgresql://canary@{place}");
    let target = world.target_url();
    let password = target
        .split([':', '@'])
        .nth(2)
        .expect("a password")
        .to_owned();

    let mut wizard = world.bare(&["--session"]);
    wizard.arg(world.session());
    let mut terminal = Terminal::start(&wizard, 80, 24);
    terminal.at("Enter run prerequisites", ENTER);
    terminal.wait_for_text("prerequisites: ");
    terminal.press("\x1b[C");
    terminal.wait_for_text("Paste each connection string");

    // Pasting goes into the field and no further, whatever is pasted.
    terminal.paste(&format!("  {}  \n", source.replace("?", "\n?")));
    terminal.wait_for_text("✓ ");
    type_secret(&mut terminal, WRONG);
    terminal.press(TAB);
    terminal.paste(&broken_over_lines(&target));
    terminal.wait_for("both understood", |screen| {
        screen.contents().matches("✓ ").count() >= 2
    });
    terminal.press(ENTER);

    terminal.wait_for_text("connections: failed");
    println!("{}", terminal.text());
    terminal.press("e");
    terminal.wait_for_text("Paste each connection string");
    type_secret(&mut terminal, RIGHT);
    terminal.press(ENTER);
    terminal.at("Enter next: inventory", ENTER);
    terminal.at("Enter run inventory", ENTER);
    terminal.wait_for_text("inventory: done");
    terminal.press("q");
    terminal.press(CTRL_U);
    assert_eq!(terminal.end(), 130);
}

/// Types a password into the password field of the source, from the field of its string: it is
/// masked from the first letter on.
fn type_secret(terminal: &mut Terminal, secret: &str) {
    terminal.press(TAB);
    for (at, letter) in secret.chars().enumerate() {
        terminal.press(&letter.to_string());
        let masked = "•".repeat(at + 1);
        terminal.wait_for_text(&format!("password  {masked}"));
    }
}
