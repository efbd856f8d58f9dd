//! Keys that do nothing now, and say why.

use super::*;

#[test]
fn what_was_refused_while_a_step_ran_is_not_said_when_it_is_done() {
    let mut wizard = fixtures::before(Step::Backup);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(ui.said.as_deref(), Some("backup is running"));
    ui.tell(&News::Done(Step::Backup), &wizard, at(2000));
    assert_eq!(ui.said, None);
}

#[test]
fn what_cannot_be_done_is_explained() {
    let mut wizard = fixtures::connected();
    wizard.handle(Event::Show(Step::Transfer), at(1));
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.key(&wizard, key(KeyCode::Enter)), []);
    assert_eq!(
        ui.said.as_deref(),
        Some("transfer needs prerequisites to be done first")
    );
    assert_eq!(ui.key(&wizard, key(KeyCode::Char('e'))), []);
    assert!(
        ui.said
            .as_deref()
            .unwrap()
            .contains("on the step connections")
    );
}

#[test]
fn a_refused_key_is_found_again_among_the_messages() {
    let mut wizard = fixtures::checklist();
    let mut ui = fixtures::ui(&wizard, false);
    for second in [2001, 2002] {
        press(&mut ui, &mut wizard, key(KeyCode::Char('c')));
        ui.keep_refusal(at(second));
    }
    let why = ui.said.clone().expect("the cutover is locked");
    // What works is not among them.
    press(&mut ui, &mut wizard, key(KeyCode::Char('?')));
    ui.keep_refusal(at(2003));
    let kept: Vec<_> = ui.messages().all().cloned().collect();
    let [refused] = &kept[..] else {
        panic!("{kept:?}")
    };
    assert_eq!(refused.in_words(), format!("refused: {why} (2 times)"));
    assert_eq!(refused.at, at(2002));
}
