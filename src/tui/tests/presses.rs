//! What keys do.

use super::fixtures::{self, at};
use super::shots::shots;
use crate::failure::Failure;
use crate::secret::Secret;
use crate::session::report::{Report, Verdict};
use crate::session::{State, Step};
use crate::tui::keys::Context;
use crate::tui::ui::{Intent, Layer, Ui};
use crate::wizard::{
    Effect, Errand, ErrandEnd, Event, Look, News, Phase, Steering, Switching, Wizard,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub(super) fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn control(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

pub(super) fn type_in(ui: &mut Ui, wizard: &Wizard, text: &str) {
    for letter in text.chars() {
        assert_eq!(ui.key(wizard, key(KeyCode::Char(letter))), []);
    }
}

/// Presses a key and lets the wizard have what comes out of it, as the event loop does.
pub(super) fn press(ui: &mut Ui, wizard: &mut Wizard, event: KeyEvent) -> Vec<Effect> {
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
fn one_check_is_made_again_and_stays_marked() {
    let mut wizard = fixtures::after(Step::Prerequisites);
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.context(&wizard), Context::Checks);
    let shown = crate::tui::ui::checked(&wizard).unwrap();
    let second = shown[1].name.clone();
    press(&mut ui, &mut wizard, key(KeyCode::Down));
    let told = press(&mut ui, &mut wizard, key(KeyCode::Char('c')));
    let starts = |effect: &Effect| matches!(effect, Effect::Start { only: Some(only), .. } if *only == second);
    assert!(told.iter().any(starts), "{told:?}");
    let Phase::Working { run, .. } = wizard.phase() else {
        panic!("nothing runs")
    };
    let report = wizard.session().report(Step::Prerequisites).cloned();
    let mut report = report.expect("the others stay as they were found");
    if let Report::Prerequisites(found) = &mut report {
        let check = found.checks.iter_mut().find(|check| check.name == second);
        check.unwrap().verdict = Verdict::Bad;
    }
    let result = Ok(Box::new(report));
    wizard.handle(Event::Finished { run, result }, at(2000));
    ui.follow(&wizard);
    let shown = crate::tui::ui::checked(&wizard).unwrap();
    assert_eq!(shown[ui.marked()].name, second, "it stands elsewhere now");
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

#[test]
fn n_goes_on_in_every_step() {
    for step in [Step::Backup, Step::Compare] {
        let wizard = fixtures::before(step);
        let mut ui = fixtures::ui(&wizard, false);
        let on = ui.key(&wizard, key(KeyCode::Char('n')));
        assert_eq!(on, [Intent::Send(Event::Proceed)]);
    }
}

#[test]
fn a_seen_value_is_never_printed_for_debugging() {
    let wizard = fixtures::opened(false, "orders", Some(Ok(fixtures::different_excerpt())));
    let told = format!("{:?}", wizard.looking());
    assert!(told.contains("ordered_at"), "its columns are: {told}");
    for value in ["customer 7", "by hand", "2026-02-28", "1000", "0.4567"] {
        assert!(!told.contains(value), "{value}: {told}");
    }
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
    assert_eq!(wizard.session().current, Step::Watch, "it goes on");
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

#[test]
fn the_transfer_is_steered_by_keys_while_it_runs() {
    let mut wizard = fixtures::before(Step::Transfer);
    let mut ui = fixtures::ui(&wizard, false);
    for letter in ['p', '+', '-'] {
        assert_eq!(ui.key(&wizard, key(KeyCode::Char(letter))), []);
        assert_eq!(ui.said.as_deref(), Some("no transfer is running"));
    }
    wizard.handle(Event::Run(Step::Transfer), at(2000));
    for (letter, steering) in [
        ('p', Steering::Pause),
        ('p', Steering::GoOn),
        ('+', Steering::MoreWorkers),
        ('-', Steering::FewerWorkers),
    ] {
        let told = press(&mut ui, &mut wizard, key(KeyCode::Char(letter)));
        let [Effect::Steer { steering: told, .. }] = told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(told, steering);
    }
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
}

#[test]
fn a_field_beneath_takes_nothing() {
    let mut wizard = fixtures::running(Step::Transfer);
    let mut ui = fixtures::ui(&wizard, false);
    press(&mut ui, &mut wizard, key(KeyCode::Char('q')));
    let name = crate::tui::field::Field::default;
    let typed = |ui: &Ui| match &ui.layers[0] {
        Layer::Consent { name } => name.text(),
        Layer::Search => ui.tree.search.text(),
        _ => ui.form.field(ui.form.focus()).unwrap().text(),
    };
    for too_small in [false, true] {
        ui.too_small = too_small;
        for layer in [Layer::Form, Layer::Search, Layer::Consent { name: name() }] {
            ui.layers = vec![layer];
            let before = typed(&ui);
            ui.key(&wizard, key(KeyCode::Char('x')));
            ui.paste(&wizard, "pasted");
            assert!(ui.said.as_deref().unwrap().contains("no field"));
            assert_eq!(typed(&ui), before);
        }
    }
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
    let seen = |shot: &mut super::shots::Shot| {
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

#[test]
fn every_state_can_be_left_by_the_keys_of_its_context() {
    for mut shot in shots() {
        let mut presses = 0;
        let steps = [
            Context::Step,
            Context::Checklist,
            Context::Tree,
            Context::Tables,
            Context::Checks,
        ];
        while !steps.contains(&shot.ui.context(&shot.wizard)) {
            press(&mut shot.ui, &mut shot.wizard, key(KeyCode::Esc));
            presses += 1;
            assert!(presses < 4, "{} holds the person", shot.name);
        }
    }
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
