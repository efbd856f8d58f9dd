//! What is typed or asked for before something is overwritten or switched.

use super::*;

#[test]
fn overwriting_is_offered_where_something_stands_and_needs_the_name() {
    let mut wizard = fixtures::after(Step::Connections);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('o')));
    assert_eq!(ui.context(&wizard), Context::Step, "nothing to consent to");

    let mut wizard = fixtures::occupied();
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('o')));
    assert_eq!(ui.context(&wizard), Context::Consent);
    assert_eq!(press(&mut ui, &mut wizard, key(KeyCode::Enter)), []);
    type_in(&mut ui, &wizard, "neond");
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert!(ui.said.as_deref().unwrap().contains("not the name"));
    assert_eq!(wizard.session().consent, None);
    type_in(&mut ui, &wizard, "b");
    let told = press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(
        wizard.session().consent.as_ref().unwrap().database,
        "neondb"
    );
    assert_eq!(ui.context(&wizard), Context::Step);
    let starts = |effect: &Effect| {
        matches!(
            effect,
            Effect::Start {
                step: Step::Connections,
                ..
            }
        )
    };
    assert!(told.iter().any(starts), "{told:?}");
}

#[test]
fn the_applications_folder_is_named_on_its_step() {
    let mut wizard = fixtures::before(Step::Application);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('a')));
    assert_eq!(ui.context(&wizard), Context::Folder);
    type_in(&mut ui, &wizard, "/no/such/folder");
    assert_eq!(press(&mut ui, &mut wizard, key(KeyCode::Enter)), []);
    assert!(ui.said.as_deref().unwrap().contains("is not a folder"));
    press(
        &mut ui,
        &mut wizard,
        KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
    );
    let folder = tempfile::tempdir().unwrap();
    type_in(&mut ui, &wizard, folder.path().to_str().unwrap());
    let told = press(&mut ui, &mut wizard, key(KeyCode::Enter));
    let starts = |effect: &Effect| matches!(effect, Effect::Start { step, .. } if *step == Step::Application);
    assert!(told.iter().any(starts), "{told:?}");
    assert_eq!(wizard.session().application.as_deref(), Some(folder.path()));
    assert_eq!(ui.context(&wizard), Context::Step);
    press(&mut ui, &mut wizard, key(KeyCode::Char('a')));
    assert!(ui.said.as_deref().unwrap().contains("is running"));
}

/// The application's files are switched after a question whose first answer changes nothing, and put
/// back in the same way.
#[test]
fn files_are_switched_only_after_a_question() {
    let mut wizard = fixtures::after(Step::Application);
    let mut ui = fixtures::ui(&wizard, false);
    let starts = |effects: Vec<Effect>| {
        let mut effects = effects.into_iter();
        effects.find_map(|effect| match effect {
            Effect::Errand {
                run,
                errand: Errand::Switch(way),
            } => Some((run, way)),
            _ => None,
        })
    };
    press(&mut ui, &mut wizard, key(KeyCode::Char('s')));
    assert!(wizard.question().unwrap().text.contains(".env.production"));
    assert_eq!(
        starts(press(&mut ui, &mut wizard, key(KeyCode::Enter))),
        None
    );
    assert_eq!(wizard.question(), None);
    press(&mut ui, &mut wizard, key(KeyCode::Char('s')));
    let effects = press(&mut ui, &mut wizard, key(KeyCode::Char('y')));
    let (run, way) = starts(effects).unwrap();
    assert_eq!(way, Switching::Write);
    assert!(wizard.obstacle(Step::Application).is_some());
    let result = Ok(Box::new(ErrandEnd::Files(fixtures::switched())));
    wizard.handle(Event::ErrandEnded { run, result }, at(1001));
    assert!(wizard.session().switched.is_some());
    press(&mut ui, &mut wizard, key(KeyCode::Char('s')));
    let effects = press(&mut ui, &mut wizard, key(KeyCode::Char('y')));
    assert_eq!(starts(effects).unwrap().1, Switching::Undo);
}

#[test]
fn going_back_loses_no_name_and_keeps_no_consent() {
    let mut wizard = fixtures::checklist();
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    type_in(&mut ui, &wizard, " and Grace");
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(ui.signer, "Ada Lovelace and Grace");

    let mut wizard = fixtures::occupied();
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('o')));
    type_in(&mut ui, &wizard, "neondb");
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    press(&mut ui, &mut wizard, key(KeyCode::Char('o')));
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(wizard.session().consent, None);

    let mut wizard = fixtures::before(Step::Application);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('a')));
    type_in(&mut ui, &wizard, "/srv/shop");
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    press(&mut ui, &mut wizard, key(KeyCode::Char('a')));
    let Some(Layer::Folder { path }) = ui.layers.last() else {
        panic!("the folder is not asked for")
    };
    assert_eq!(path.text(), "/srv/shop");
}

#[test]
fn a_field_beneath_takes_nothing() {
    let mut wizard = fixtures::running(Step::Transfer);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('q')));
    let name = crate::tui::field::Field::default;
    let typed = |ui: &Ui| match &ui.layers[0] {
        Layer::Typed { name, .. } => name.text(),
        Layer::Search => ui.tree.search.text(),
        _ => ui.form.field(ui.form.focus()).unwrap().text(),
    };
    for too_small in [false, true] {
        ui.too_small = too_small;
        let consent = Layer::Typed {
            purpose: Purpose::Overwrite,
            name: name(),
        };
        for layer in [Layer::Form, Layer::Search, consent] {
            ui.layers = vec![layer];
            let before = typed(&ui);
            ui.key(&wizard, key(KeyCode::Char('x')));
            ui.paste(&wizard, "pasted");
            assert!(ui.said.as_deref().unwrap().contains("no field"));
            assert_eq!(typed(&ui), before);
        }
    }
}
