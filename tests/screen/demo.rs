//! `neonlift demo`, from nothing to the signed checklist.

use crate::fixture::{STEPS, World};
use crate::terminal::{CTRL_U, DOWN_ARROW, ENTER, ESCAPE, Terminal};
use neonlift::session::{Session, Step, store};
use std::path::Path;

/// Runs a step and goes to the next one, as the footer says.
fn step(terminal: &mut Terminal, step: &str) {
    terminal.at(&format!("Enter run {step}"), ENTER);
    terminal.wait_for_text(&format!("✓ {step}: done"));
    match step {
        "compare" => {
            open_a_table(terminal);
            terminal.at("n next: ", "n");
        }
        _ => terminal.at("Enter next: ", ENTER),
    }
}

/// Opens the first of the compared tables, and another one: rows of both sides are seen.
fn open_a_table(terminal: &mut Terminal) {
    terminal.at("Enter open", ENTER);
    terminal.wait_for_text("✓ 8 columns, the same on both sides");
    terminal.resize(140, 40);
    terminal.wait_for_text("Row 2 ✓ equal");
    terminal.wait_for("a vector on both sides", |screen| {
        let text = screen.contents();
        let vector = text.lines().find(|line| line.contains("384 dimensions"));
        vector.is_some_and(|line| line.matches('[').count() == 2)
    });
    terminal.resize(80, 24);
    terminal.press(ESCAPE);
    terminal.at("Enter open", DOWN_ARROW);
    terminal.press(ENTER);
    terminal.wait_for_text("rows     ");
    terminal.wait_for_text("on both sides");
    terminal.press(ESCAPE);
}

/// The session that the file holds.
fn session(file: &Path) -> Session {
    let folder = file.parent().expect("a folder");
    let found = store::list(folder)
        .into_iter()
        .find(|(place, _)| place == file);
    found.expect("a session").1
}

#[test]
fn keys_alone_lead_from_the_start_over_a_break_to_the_signed_checklist() {
    let world = World::sharing();
    let file = world.session();
    let mut demo = world.bare(&["demo", "--documents", "2000", "--session"]);
    demo.arg(&file);

    let mut terminal = Terminal::start(&demo, 80, 24);
    STEPS[..3].iter().for_each(|name| step(&mut terminal, name));
    terminal.at("Enter run backup", "q");
    assert_eq!(terminal.end(), 130, "not everything is done");
    let before = session(&file);

    let mut terminal = Terminal::start(&demo, 80, 24);
    terminal.wait_for_text("Enter run backup");
    step(&mut terminal, STEPS[3]);
    // What will run is seen before it runs.
    terminal.at("v view it first", "v");
    terminal.wait_for_text("would run on");
    terminal.at("Esc back", ESCAPE);
    STEPS[4..].iter().for_each(|name| step(&mut terminal, name));
    terminal.at("Enter open the checklist", ENTER);
    sign(&mut terminal);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);

    let after = session(&file);
    for (step, record) in &before.steps {
        assert_eq!(after.steps.get(step), Some(record), "{step} was run again");
    }
    assert_eq!(after.first_open(), None);
    let signers: Vec<_> = after
        .checklist
        .iter()
        .filter_map(|item| item.signature.as_ref())
        .map(|signature| signature.by.as_str())
        .collect();
    // A machine that is quick enough ticks one of the people's items.
    assert!(signers.len() >= 4, "{signers:?}");
    assert!(
        signers.iter().all(|by| *by == "Ada Lovelace"),
        "{signers:?}"
    );
    assert!(after.steps.contains_key(&Step::Cutover));
}

/// Signs everything: the first item with a name typed in, the others with the one offered then.
fn sign(terminal: &mut Terminal) {
    let all = terminal.seen("how many are open", |screen| {
        let text = screen.contents();
        let (before, _) = text.split_once(" items on the checklist still open")?;
        before.rsplit(' ').next()?.parse::<usize>().ok()
    });
    for open in (1..=all).rev() {
        let items = if open == 1 { "item" } else { "items" };
        terminal.at(
            &format!("{open} {items} on the checklist still open"),
            ENTER,
        );
        terminal.wait_for_text("Enter signs with the present time");
        if open == all {
            terminal.wait_for_text("signed by  practice run");
            terminal.press(CTRL_U);
            terminal.press("Ada Lovelace");
        }
        terminal.at("signed by  Ada Lovelace", ENTER);
    }
    terminal.wait_for_text("the checklist is complete");
}
