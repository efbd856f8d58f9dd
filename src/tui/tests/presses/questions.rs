//! Questions, answered by keys.

use super::*;

#[test]
fn a_question_waits_behind_its_help() {
    let mut wizard = fixtures::running(Step::Transfer);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('q')));
    assert_eq!(ui.context(&wizard), Context::Question);
    press(&mut ui, &mut wizard, key(KeyCode::F(1)));
    assert_eq!(ui.context(&wizard), Context::Reading);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(ui.context(&wizard), Context::Question);
    assert!(
        wizard.question().is_some(),
        "closing the help answers nothing"
    );
}

#[test]
fn a_question_is_answered_no_unless_yes_is_meant() {
    let mut wizard = fixtures::running(Step::Transfer);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('q')));
    assert_eq!(ui.context(&wizard), Context::Question);
    assert!(press(&mut ui, &mut wizard, key(KeyCode::Enter)).is_empty());
    assert_eq!(wizard.question(), None);
    press(&mut ui, &mut wizard, key(KeyCode::Char('q')));
    press(&mut ui, &mut wizard, key(KeyCode::Down));
    press(&mut ui, &mut wizard, key(KeyCode::Tab));
    press(&mut ui, &mut wizard, key(KeyCode::Char('y')));
    assert!(wizard.question().is_some(), "not one of its letters");
    let told = press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert!(matches!(told[..], [Effect::Cancel { .. }]));
    let mut wizard = fixtures::running(Step::Transfer);
    press(&mut ui, &mut wizard, key(KeyCode::Char('q')));
    let told = press(&mut ui, &mut wizard, key(KeyCode::Char('s')));
    assert!(matches!(told[..], [Effect::Cancel { .. }]));
}

#[test]
fn a_done_step_that_others_build_on_is_not_run_again_by_one_key() {
    let mut wizard = fixtures::after(Step::Compare);
    wizard.handle(Event::Show(Step::Schema), at(2000));
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(press(&mut ui, &mut wizard, key(KeyCode::Char('r'))), []);
    assert_eq!(press(&mut ui, &mut wizard, key(KeyCode::Enter)), []);
    assert_eq!(ui.context(&wizard), Context::Step);
    press(&mut ui, &mut wizard, key(KeyCode::Char('r')));
    press(&mut ui, &mut wizard, key(KeyCode::Char('y')));
    assert_eq!(wizard.session().state(Step::Schema), State::Running);
}
