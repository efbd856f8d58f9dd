//! What the connections' test asks to be consented to: a target that holds something, a pooled host.

use crate::fixture::World;
use crate::terminal::{CTRL_U, ENTER, ESCAPE, RIGHT_ARROW, Terminal};

#[test]
fn what_the_target_holds_goes_only_when_its_name_is_typed() {
    let world = World::new(10);
    world.target().run("CREATE TABLE precious AS SELECT 1 AS n");
    let mut terminal = Terminal::start(&world.neonlift(&[]), 80, 24);
    tested(&mut terminal);
    terminal.at("o overwrite", "o");
    terminal.wait_for_text("public.precious  1");
    terminal.press(&format!("neon{ENTER}"));
    terminal.at("is not the name of the target's database", CTRL_U);
    terminal.press(&format!("neondb{ENTER}"));
    terminal.wait_for_text("✓ connections: done");
    terminal.press("q");
    assert_eq!(terminal.end(), 130);
    // It goes with the schema step, not before.
    assert_eq!(world.target().value("SELECT n FROM precious"), "1");
}

#[test]
fn a_pooled_host_is_changed_for_the_direct_one_by_its_key() {
    let world = World::new(10);
    let pooled = world
        .target_url()
        .replace("-00000001.", "-00000001-pooler.");
    let mut wizard = world.neonlift(&[]);
    wizard.env("NEONLIFT_TARGET_URL", &pooled);
    let mut terminal = Terminal::start(&wizard, 80, 24);
    tested(&mut terminal);
    terminal.wait_for_text("d takes the direct host");
    // What is refused elsewhere is read again with its time.
    terminal.press("c");
    terminal.at("! the application is cut over on the step cutover", "m");
    terminal.at("! refused: the application is cut over", ESCAPE);
    terminal.at("d takes the direct host", "d");
    terminal.wait_for_text("✓ connections: done");
    terminal.press("q");
    assert_eq!(terminal.end(), 130);
}

/// Tests the connections, which fail.
fn tested(terminal: &mut Terminal) {
    terminal.at("Enter run prerequisites", RIGHT_ARROW);
    terminal.at("Enter run connections", ENTER);
    terminal.wait_for_text("✗ connections: failed");
}
