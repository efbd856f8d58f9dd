//! Compared tables, marked and opened by keys.

use super::*;

#[test]
fn the_marked_table_is_opened_and_n_goes_on() {
    let mut wizard = fixtures::compared(true);
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.context(&wizard), Context::Tables);
    press(&mut ui, &mut wizard, key(KeyCode::Down));
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    let looking = |wizard: &Wizard| wizard.looking().map(|looking| looking.at.clone());
    let table = |name: &str| {
        Some(Look::Table {
            schema: "public".to_owned(),
            table: name.to_owned(),
        })
    };
    assert_eq!(looking(&wizard), table("orders"));
    assert_eq!(ui.context(&wizard), Context::Reading);
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert_eq!(looking(&wizard), None);
    assert_eq!(ui.marked(), 1, "the mark stays where it was");
    press(&mut ui, &mut wizard, key(KeyCode::End));
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(looking(&wizard), table("events_2026"));
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    press(&mut ui, &mut wizard, key(KeyCode::Char('n')));
    assert_eq!(wizard.session().current, Step::Application);
}

#[test]
fn what_differs_is_marked_first_and_opened_as_it_is_shown() {
    let wizard = fixtures::compared(false);
    let mut ui = fixtures::ui(&wizard, false);
    for name in ["orders", "Produkt-Größe", "vector_documents"] {
        let opened = ui.key(&wizard, key(KeyCode::Enter));
        let [Intent::Send(Event::Look(Look::Table { table, .. }))] = &opened[..] else {
            panic!("{opened:?}")
        };
        assert_eq!(table, name);
        ui.key(&wizard, key(KeyCode::Down));
    }
}

#[test]
fn behind_the_last_table_the_pane_goes_on() {
    let mut shot = shots()
        .into_iter()
        .find(|shot| shot.name == "different")
        .unwrap();
    let mut pressed = |code: KeyCode| {
        shot.drawn(80, 24);
        shot.ui.key(&shot.wizard, key(code));
        let text = shot.drawn(80, 24).backend().to_string();
        (shot.ui.marked(), text)
    };
    assert_eq!(pressed(KeyCode::End).0, 5);
    let (marked, text) = pressed(KeyCode::End);
    assert!(marked == 5 && text.contains("r tries again"), "{text}");
    let (_, text) = pressed(KeyCode::Up);
    assert!(text.contains("What to do"), "a line, not a leap: {text}");
    for _ in 0..40 {
        pressed(KeyCode::Up);
    }
    assert_eq!(pressed(KeyCode::Home).0, 0);
}
