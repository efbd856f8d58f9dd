//! What keys do.

use super::fixtures::{self, at};
use super::pictures::shots;
use crate::failure::Failure;
use crate::secret::Secret;
use crate::session::{State, Step};
use crate::tui::keys::Context;
use crate::tui::ui::{Intent, Ui};
use crate::wizard::{Effect, Event, News, Wizard};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn control(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

fn type_in(ui: &mut Ui, wizard: &Wizard, text: &str) {
    for letter in text.chars() {
        assert_eq!(ui.key(wizard, key(KeyCode::Char(letter))), []);
    }
}

/// Presses a key and lets the wizard have what comes out of it, as the event loop does.
fn press(ui: &mut Ui, wizard: &mut Wizard, event: KeyEvent) -> Vec<Effect> {
    let mut told = Vec::new();
    for intent in ui.key(wizard, event) {
        if let Intent::Send(event) = intent {
            let effects = wizard.handle(event, at(2000));
            for effect in &effects {
                if let Effect::Tell(news) = effect {
                    ui.tell(news, wizard, at(2000));
                }
            }
            told.extend(effects);
        }
    }
    ui.follow(wizard);
    told
}

#[test]
fn enter_proceeds_and_arrows_look_around() {
    let wizard = fixtures::before(Step::Backup);
    let mut ui = fixtures::ui(&wizard, false);
    let send = |event| vec![Intent::Send(event)];
    assert_eq!(ui.key(&wizard, key(KeyCode::Enter)), send(Event::Proceed));
    assert_eq!(
        ui.key(&wizard, key(KeyCode::Left)),
        send(Event::Show(Step::Inventory))
    );
    assert_eq!(
        ui.key(&wizard, key(KeyCode::Esc)),
        send(Event::Show(Step::Inventory))
    );
    assert_eq!(
        ui.key(&wizard, key(KeyCode::Right)),
        send(Event::Show(Step::Schema))
    );
    assert_eq!(ui.key(&wizard, key(KeyCode::Char('q'))), send(Event::Leave));
    assert_eq!(ui.key(&wizard, control('c')), send(Event::Stop));
    assert_eq!(ui.key(&wizard, control('z')), [Intent::Suspend]);
}

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
fn the_schema_is_viewed_before_it_runs_and_left_again() {
    let mut wizard = fixtures::before(Step::Schema);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('v')));
    assert!(wizard.looking().is_some());
    assert_eq!(ui.context(&wizard), Context::Reading);
    press(&mut ui, &mut wizard, key(KeyCode::Char('?')));
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert!(wizard.looking().is_some(), "the help alone was closed");
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert_eq!(wizard.looking(), None);
    assert_eq!(ui.context(&wizard), Context::Step);
}

#[test]
fn advised_commands_are_copied_one_after_the_other() {
    let advice = |text: &str| format!("$ {text}");
    let failure = Failure::new("what", "why")
        .advise("Do this:")
        .advise(advice("one"));
    let mut wizard = fixtures::failed(Step::Backup, failure.advise(advice("two")));
    let mut ui = fixtures::ui(&wizard, false);
    let mut copied = || ui.key(&wizard, key(KeyCode::Char('y')));
    let copy = |text: &str| [Intent::Copy(text.to_owned())];
    assert_eq!(
        [copied(), copied(), copied()].concat(),
        [copy("one"), copy("two"), copy("one")].concat()
    );
    wizard = fixtures::before(Step::Backup);
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.key(&wizard, key(KeyCode::Char('y'))), []);
    assert_eq!(ui.said.as_deref(), Some("no command is advised here"));
}

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
fn the_checklist_is_signed_to_its_end() {
    let mut wizard = fixtures::before(Step::Cutover);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    let mut enters = 0;
    while wizard.session().state(Step::Cutover) == State::AwaitingSignOff {
        press(&mut ui, &mut wizard, key(KeyCode::Enter));
        assert_eq!(ui.context(&wizard), Context::Signing);
        press(&mut ui, &mut wizard, key(KeyCode::Enter));
        enters += 1;
        assert!(enters <= 5, "the mark does not go on");
    }
    assert_eq!(enters, 5, "each of the people's items is signed once");
    assert!(ui.said.as_deref().unwrap().contains("complete"));
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert!(ui.said.as_deref().unwrap().contains("q leaves"));
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
    let item = "performance".to_owned();
    assert!(told.contains(&Effect::Tell(News::Signed {
        item,
        by: by.clone(),
        replaced: None
    })));
    assert_eq!(ui.signer, by);
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
    press(&mut ui, &mut wizard, key(KeyCode::Tab));
    let told = press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert!(matches!(told[..], [Effect::Cancel { .. }]));
}

#[test]
fn a_done_step_that_others_build_on_is_not_run_again_by_one_key() {
    let mut wizard = fixtures::after(Step::Compare);
    wizard.handle(Event::Show(Step::Schema), at(2000));
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.key(&wizard, key(KeyCode::Char('r'))), []);
    assert_eq!(ui.key(&wizard, key(KeyCode::Enter)), []);
    assert_eq!(ui.context(&wizard), Context::Step);
    ui.key(&wizard, key(KeyCode::Char('r')));
    let again = ui.key(&wizard, key(KeyCode::Char('y')));
    assert_eq!(again, [Intent::Send(Event::Run(Step::Schema))]);
}

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
    ui.paste("postgresql://u:q@h/d\n");
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
fn going_back_from_the_form_loses_nothing() {
    let mut wizard = fixtures::empty();
    wizard.handle(Event::Show(Step::Connections), at(1));
    let mut ui = fixtures::ui(&wizard, false);
    type_in(&mut ui, &wizard, "postgresql://u");
    press(&mut ui, &mut wizard, key(KeyCode::Esc));
    assert_eq!(ui.context(&wizard), Context::Step);
    press(&mut ui, &mut wizard, key(KeyCode::Enter));
    assert_eq!(ui.context(&wizard), Context::Form);
    assert_eq!(ui.form.field(ui.form.focus()).text(), "postgresql://u");
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

#[test]
fn every_state_can_be_left_by_the_keys_of_its_context() {
    for mut shot in shots() {
        let mut presses = 0;
        while shot.ui.context(&shot.wizard) != Context::Step
            && shot.ui.context(&shot.wizard) != Context::Checklist
        {
            press(&mut shot.ui, &mut shot.wizard, key(KeyCode::Esc));
            presses += 1;
            assert!(presses < 4, "{} holds the person", shot.name);
        }
    }
}
