//! The connection form by keys.

use super::*;

#[test]
fn the_form_hands_over_what_was_entered() {
    let mut wizard = fixtures::empty();
    wizard.handle(Event::Show(Step::Connections), at(1));
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(
        ui.context(&wizard),
        Context::Form,
        "a missing connection opens the form"
    );
    ui.paste(&wizard, "postgresql://u:q@h/d\n");
    assert_eq!(
        ui.key(&wizard, key(KeyCode::Enter)),
        [],
        "the target is missing"
    );
    type_in(&mut ui, &wizard, "postgresql://u@neon/d");
    ui.key(&wizard, key(KeyCode::Tab));
    type_in(&mut ui, &wizard, "quiet?");
    let intents = ui.key(&wizard, key(KeyCode::Enter));
    let [
        Intent::Connect(entered),
        Intent::Send(Event::Run(Step::Connections)),
    ] = &intents[..]
    else {
        panic!("{intents:?}")
    };
    assert_eq!(entered[0].string, Secret::new("postgresql://u:q@h/d"));
    assert_eq!(entered[1].password, Some(Secret::new("quiet?")));
}

#[test]
fn the_form_closes_when_nothing_was_changed_either() {
    let mut wizard = fixtures::connected();
    wizard.handle(Event::Show(Step::Connections), at(1));
    let mut ui = fixtures::ui(&wizard, false);
    ui.key(&wizard, key(KeyCode::Char('e')));
    assert_eq!(ui.context(&wizard), Context::Form);
    let intents = ui.key(&wizard, key(KeyCode::Enter));
    assert!(matches!(&intents[..], [Intent::Connect(entered), _] if entered.is_empty()));
    ui.connected(&wizard);
    assert_eq!(ui.context(&wizard), Context::Step);
}

#[test]
fn the_direct_host_is_offered_where_a_pooled_one_was_found() {
    let wizard = fixtures::after(Step::Connections);
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.key(&wizard, key(KeyCode::Char('d'))), []);
    assert!(ui.said.as_deref().unwrap().contains("no pooled host"));

    let wizard = fixtures::pooled();
    let mut ui = fixtures::ui(&wizard, false);
    let intents = ui.key(&wizard, key(KeyCode::Char('d')));
    let again = Intent::Send(Event::Run(Step::Connections));
    assert_eq!(intents, [Intent::Direct, again]);
}

#[test]
fn what_is_revealed_is_hidden_by_every_other_command() {
    let shot = || {
        let mut shots = shots().into_iter();
        shots.find(|shot| shot.name == "form-revealed").unwrap()
    };
    let seen = |shot: &mut crate::tui::tests::shots::Shot| {
        let terminal = shot.drawn(140, 40);
        let cells = terminal.backend().buffer().content.iter();
        cells
            .map(|cell| cell.symbol())
            .collect::<String>()
            .contains("hunter2")
    };
    assert!(seen(&mut shot()), "Ctrl-R shows it");
    let keys = [
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Down,
        KeyCode::Up,
        KeyCode::F(1),
    ];
    for code in keys {
        let mut shot = shot();
        shot.ui.key(&shot.wizard, key(code));
        assert!(!seen(&mut shot), "{code:?}");
    }
    let mut shot = shot();
    shot.ui.key(&shot.wizard, key(KeyCode::Esc));
    shot.ui.key(&shot.wizard, key(KeyCode::Char('e')));
    assert!(!seen(&mut shot), "the form was left and opened again");
}

#[test]
fn going_back_from_the_form_loses_nothing() {
    let mut wizard = fixtures::empty();
    wizard.handle(Event::Show(Step::Connections), at(1));
    let mut ui = fixtures::ui(&wizard, false);
    type_in(&mut ui, &wizard, "postgresql://u");
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert_eq!(ui.context(&wizard), Context::Step);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(ui.context(&wizard), Context::Form);
    assert_eq!(
        ui.form.field(ui.form.focus()).unwrap().text(),
        "postgresql://u"
    );
}

#[test]
fn a_password_never_reaches_the_screen() {
    const CANARY: &str = "kAnArY7";
    let shot = || {
        shots()
            .into_iter()
            .find(|shot| shot.name == "form-empty")
            .unwrap()
    };
    let strings = [
        format!("postgresql://u:{CANARY}@h/d"),
        format!("host=h user=u dbname=d password={CANARY}"),
        format!("export DATABASE_URL='postgres://u:{CANARY}@h/d?sslmode=require'"),
    ];
    for string in strings {
        let mut shot = shot();
        for letter in string.chars().chain(['\t']).chain(CANARY.chars()) {
            let code = if letter == '\t' {
                KeyCode::Tab
            } else {
                KeyCode::Char(letter)
            };
            shot.ui.key(&shot.wizard, key(code));
            let terminal = shot.drawn(100, 30);
            let text: String = terminal
                .backend()
                .buffer()
                .content
                .iter()
                .map(|cell| cell.symbol())
                .collect();
            assert!(
                !text.contains('7') && !text.contains("kA"),
                "after {letter}: {text}"
            );
        }
    }
}
