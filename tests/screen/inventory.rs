//! The inventory's tree: searched, a table left out, and what arrives.

use crate::fixture::World;
use crate::terminal::{ENTER, Terminal};

#[test]
fn a_table_that_space_leaves_out_does_not_arrive() {
    let world = World::new(10);
    world.source().run(
        "CREATE TABLE public.\"Qu.aint\" (id int PRIMARY KEY); INSERT INTO public.\"Qu.aint\" VALUES (1)",
    );
    let wizard = world.neonlift(&[]);
    let mut terminal = Terminal::start(&wizard, 80, 24);
    for step in ["prerequisites", "connections", "inventory"] {
        terminal.at(&format!("Enter run {step}"), ENTER);
        terminal.wait_for_text(&format!("✓ {step}: done"));
        if step != "inventory" {
            terminal.at("Enter next: ", ENTER);
        }
    }
    terminal.at("/ search", "/");
    terminal.at("Esc clear", "qu.");
    terminal.wait_for_text("search  qu.");
    terminal.at("Qu.aint · is moved", ENTER);
    terminal.at("Space leave out", " ");
    terminal.wait_for_text("Qu.aint · left out");
    terminal.at("Space take", " ");
    terminal.at("Space leave out", " ");
    terminal.at("Space take", "\u{1b}");
    // All is seen again: only then is the next key not taken for one with Alt.
    terminal.wait_for_text("[-] ▾ public");
    terminal.wait_for_text("[x] ▾ shop");
    for step in ["backup", "schema", "transfer", "compare"] {
        terminal.at("Enter next: ", ENTER);
        terminal.at(&format!("Enter run {step}"), ENTER);
        terminal.wait_for_text(&format!("✓ {step}: done"));
    }
    terminal.press("q");
    terminal.wait_for_shell();
    let target = world.target();
    let there = |name: &str| target.value(&format!("SELECT to_regclass('{name}') IS NOT NULL"));
    assert_eq!(there("public.\"Qu.aint\""), "f");
    assert_eq!(there("public.vector_documents"), "t");
}
