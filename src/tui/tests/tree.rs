//! The tree of tables, by keys.

use super::fixtures::{self, at};
use super::presses::{key, press, type_in};
use crate::session::Step;
use crate::session::report::{Inventory, Report};
use crate::tui::keys::Context;
use crate::tui::ui::{Intent, Ui};
use crate::wizard::{Event, Wizard};
use crossterm::event::KeyCode;

fn tree() -> (Ui, Wizard) {
    let wizard = fixtures::after(Step::Inventory);
    (fixtures::ui(&wizard, false), wizard)
}

fn found(wizard: &Wizard) -> &Inventory {
    match wizard.session().report(Step::Inventory) {
        Some(Report::Inventory(found)) => found,
        other => panic!("{other:?}"),
    }
}

fn left_out(wizard: &Wizard) -> Vec<&str> {
    let tables = found(wizard).tables.iter();
    let left_out = tables.filter(|table| !table.selected);
    left_out.map(|table| table.name.as_str()).collect()
}

fn marked(ui: &Ui, wizard: &Wizard) -> String {
    ui.marked_part(wizard)
        .map_or_else(String::new, |row| row.title("shop"))
}

fn presses(ui: &mut Ui, wizard: &mut Wizard, codes: &[KeyCode]) {
    for code in codes {
        press(ui, wizard, key(*code));
    }
}

const SPACE: KeyCode = KeyCode::Char(' ');

#[test]
fn the_mark_moves_over_the_tree_and_stays_in_it() {
    let (mut ui, mut wizard) = tree();
    assert_eq!(ui.context(&wizard), Context::Tree);
    assert_eq!(ui.rows(Context::Tree, &wizard), Some(7));
    presses(&mut ui, &mut wizard, &[KeyCode::End]);
    assert_eq!(marked(&ui, &wizard), "orders");
    presses(&mut ui, &mut wizard, &[KeyCode::Down, KeyCode::PageDown]);
    assert_eq!(marked(&ui, &wizard), "orders");
    presses(&mut ui, &mut wizard, &[KeyCode::Up]);
    assert_eq!(marked(&ui, &wizard), "events");
    presses(&mut ui, &mut wizard, &[KeyCode::Tab, KeyCode::Down]);
    assert_eq!(marked(&ui, &wizard), "events_2025");
    presses(&mut ui, &mut wizard, &[KeyCode::Tab]);
    assert_eq!(marked(&ui, &wizard), "events", "folded with what it is in");
    assert_eq!(ui.rows(Context::Tree, &wizard), Some(7));
    presses(&mut ui, &mut wizard, &[KeyCode::Home, KeyCode::Tab]);
    assert_eq!(ui.rows(Context::Tree, &wizard), Some(6));
}

#[test]
fn space_leaves_out_and_takes_again() {
    let (mut ui, mut wizard) = tree();
    let before = found(&wizard).sum(|table| table.rows);
    presses(&mut ui, &mut wizard, &[KeyCode::End, SPACE]);
    assert_eq!(left_out(&wizard), ["orders"]);
    assert_eq!(found(&wizard).sum(|table| table.rows), before - 4_800);
    presses(&mut ui, &mut wizard, &[KeyCode::Up, SPACE]);
    assert_eq!(left_out(&wizard), ["orders", "events_2025", "events_2026"]);
    presses(&mut ui, &mut wizard, &[KeyCode::Tab, KeyCode::Down, SPACE]);
    assert!(
        ui.said.as_deref().unwrap().contains("take that first"),
        "{:?}",
        ui.said
    );
    presses(&mut ui, &mut wizard, &[KeyCode::Char('a')]);
    assert_eq!(ui.context(&wizard), Context::Question, "picks are lost");
    let asked = &wizard.question().unwrap().text;
    assert_eq!(asked, "3 tables are left out now. Take all?");
    presses(&mut ui, &mut wizard, &[KeyCode::Enter]);
    assert_eq!(left_out(&wizard).len(), 3, "nothing is lost by Enter alone");
    let all = [KeyCode::Char('a'), KeyCode::Char('y')];
    presses(&mut ui, &mut wizard, &all);
    assert_eq!(left_out(&wizard), [""; 0]);
    presses(&mut ui, &mut wizard, &[KeyCode::Home, KeyCode::Char('a')]);
    assert_eq!(
        found(&wizard).selected().count(),
        1,
        "the schema public alone"
    );
    assert_eq!(
        wizard.session().state(Step::Inventory),
        crate::session::State::Done
    );
}

#[test]
fn what_is_typed_thins_the_tree_out_and_escape_shows_it_again() {
    let (mut ui, mut wizard) = tree();
    press(&mut ui, &mut wizard, key(KeyCode::Char('/')));
    type_in(&mut ui, &wizard, "Q");
    assert_eq!(ui.context(&wizard), Context::Search);
    assert_eq!(
        ui.rows(Context::Search, &wizard),
        Some(0),
        "q is a letter here"
    );
    assert_eq!(press(&mut ui, &mut wizard, key(SPACE)), []);
    presses(
        &mut ui,
        &mut wizard,
        &[KeyCode::Backspace, KeyCode::Backspace],
    );
    type_in(&mut ui, &wizard, "CUST");
    assert_eq!(marked(&ui, &wizard), "customers");
    presses(&mut ui, &mut wizard, &[KeyCode::Enter, SPACE]);
    assert_eq!(left_out(&wizard), ["customers"], "nothing else");
    assert_eq!(
        ui.rows(Context::Tree, &wizard),
        Some(2),
        "the search is kept"
    );
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert_eq!(marked(&ui, &wizard), "customers");
    assert_eq!(ui.rows(Context::Tree, &wizard), Some(7));
    let back = ui.key(&wizard, key(KeyCode::Esc));
    assert_eq!(back, [Intent::Send(Event::Show(Step::Connections))]);
}

#[test]
fn what_a_search_hides_is_neither_folded_nor_left_out() {
    let (mut ui, mut wizard) = tree();
    press(&mut ui, &mut wizard, key(KeyCode::Char('/')));
    type_in(&mut ui, &wizard, "cust");
    let to_the_schema = [KeyCode::Enter, KeyCode::Home];
    presses(&mut ui, &mut wizard, &to_the_schema);
    assert_eq!(marked(&ui, &wizard), "shop");
    presses(&mut ui, &mut wizard, &[SPACE]);
    let said = ui.said.clone().unwrap();
    assert!(
        said.starts_with("the search hides 4 tables of schema shop"),
        "{said}"
    );
    assert_eq!(left_out(&wizard), [""; 0]);
    presses(&mut ui, &mut wizard, &[KeyCode::Tab]);
    assert!(ui.said.as_deref().unwrap().contains("is not folded"));
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert_eq!(
        ui.rows(Context::Tree, &wizard),
        Some(7),
        "nothing was folded"
    );
    presses(&mut ui, &mut wizard, &[SPACE]);
    assert_eq!(
        left_out(&wizard).len(),
        5,
        "seen whole, it is left out whole"
    );
}

#[test]
fn nothing_is_left_out_once_the_target_is_begun_or_while_a_step_runs() {
    let mut wizard = fixtures::after(Step::Schema);
    wizard.handle(Event::Show(Step::Inventory), at(2000));
    let mut ui = fixtures::ui(&wizard, false);
    presses(&mut ui, &mut wizard, &[SPACE]);
    assert!(
        ui.said
            .as_deref()
            .unwrap()
            .contains("cannot change half-way")
    );
    let mut wizard = fixtures::running(Step::Backup);
    wizard.handle(Event::Show(Step::Inventory), at(2000));
    let mut ui = fixtures::ui(&wizard, false);
    presses(&mut ui, &mut wizard, &[SPACE, KeyCode::Char('a')]);
    assert!(
        ui.said
            .as_deref()
            .unwrap()
            .contains("while backup is running")
    );
    assert_eq!(left_out(&wizard), [""; 0]);
}

#[test]
fn the_inventory_of_an_older_version_is_seen_but_not_chosen_from() {
    let (_, wizard) = tree();
    let mut session = wizard.session().clone();
    let record = session.steps.get_mut(&Step::Inventory).unwrap();
    if let Some(Report::Inventory(found)) = &mut record.report {
        found.relations.clear();
    }
    session.current = Step::Inventory;
    let mut wizard = Wizard::new(session);
    let mut ui = fixtures::ui(&wizard, false);
    presses(&mut ui, &mut wizard, &[SPACE]);
    assert!(
        ui.said
            .as_deref()
            .unwrap()
            .contains("an older neonlift counted this")
    );
}
