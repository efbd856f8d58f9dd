//! The checklist, signed by keys.

use super::*;

#[test]
fn the_checklist_is_signed_to_its_end() {
    let mut wizard = fixtures::before(Step::Cutover);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    fixtures::looked(&mut wizard);
    ui.follow(&wizard);
    let mut enters = 0;
    while wizard.session().state(Step::Cutover) == State::AwaitingSignOff {
        press(&mut ui, &mut wizard, key(KeyCode::Enter));
        assert_eq!(ui.context(&wizard), Context::Signing);
        press(&mut ui, &mut wizard, key(KeyCode::Enter));
        enters += 1;
        assert!(enters <= 4, "the mark does not go on");
    }
    assert_eq!(enters, 4, "each of the people's items is signed once");
    fixtures::looked(&mut wizard);
    assert_eq!(wizard.session().state(Step::Cutover), State::Done);
    ui.follow(&wizard);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(ui.context(&wizard), Context::Consent, "to cut over is next");
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert_eq!(wizard.session().current, Step::Cutover);
    let left = press(&mut ui, &mut wizard, key(KeyCode::Char('q')));
    assert!(matches!(left[..], [Effect::Exit(_)]));
}

#[test]
fn what_the_machine_ticks_cannot_be_signed() {
    let wizard = fixtures::checklist();
    let mut ui = fixtures::ui(&wizard, false);
    ui.key(&wizard, key(KeyCode::Home));
    assert_eq!(ui.key(&wizard, key(KeyCode::Enter)), []);
    assert!(ui.said.as_deref().unwrap().contains("machine"));
    assert_eq!(ui.context(&wizard), Context::Checklist);
}

#[test]
fn a_signature_keeps_its_name_for_the_next_one() {
    let mut wizard = fixtures::checklist();
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    ui.key(&wizard, control('u'));
    type_in(&mut ui, &wizard, "q for Quentin");
    let told = press(&mut ui, &mut wizard, key(KeyCode::Enter));
    let by = "q for Quentin".to_owned();
    let item = "rollback-plan".to_owned();
    assert!(told.contains(&Effect::Tell(News::Signed {
        item,
        by: by.clone(),
        replaced: None
    })));
    assert_eq!(ui.signer, by);
}

#[test]
fn a_signed_checklist_is_not_passed_by_with_enter_alone() {
    let wizard = fixtures::signed();
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.key(&wizard, key(KeyCode::Enter)), []);
    assert_eq!(ui.context(&wizard), Context::Consent);
}
