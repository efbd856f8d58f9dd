//! What keys do.

mod form;
mod questions;
mod tables;

use super::fixtures::{self, at};
use super::shots::shots;
use crate::failure::Failure;
use crate::secret::Secret;
use crate::session::report::{Report, Verdict};
use crate::session::{CutPhase, State, Step};
use crate::tui::consent::Purpose;
use crate::tui::keys::{self, Command, Context};
use crate::tui::offers;
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
fn what_a_failed_cutting_over_advises_is_copied() {
    let wizard = fixtures::cutting_failed(CutPhase::Check, fixtures::not_ready());
    let mut ui = fixtures::ui(&wizard, false);
    let copied = ui.key(&wizard, key(KeyCode::Char('y')));
    let command = "neonlift cutover --confirm neondb".to_owned();
    assert_eq!(copied, [Intent::Copy(command)]);
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
        let (wizard, is_over) = (&shot.wizard, shot.wizard.session().current == Step::Cutover);
        let allowed = [
            (Command::CutOver, wizard.obstacle_to_cut_over()),
            (Command::Undo, wizard.obstacle_to_abandon()),
        ];
        let allowed = allowed.into_iter().filter(|(_, why)| why.is_none());
        for (command, _) in allowed.filter(|_| is_over) {
            let context = shot.ui.context(wizard);
            let mut rows = keys::bindings(context);
            let has = rows.any(|row| row.command == command);
            let works = offers::why_not(command, context, wizard, &shot.ui).is_none();
            assert!(has && works, "{}: {command:?} has no key", shot.name);
        }
    }
}

/// The status line, Enter and the plain wizard say the same of what is next.
#[test]
fn all_agree_on_what_is_next() {
    use crate::plain::first_offered;
    let over = [
        ("signed", "next: cut over", "cut the application over"),
        (
            "cutting-failed",
            "next: go on cutting over",
            "go on with cutting",
        ),
        (
            "cutting-check-failed",
            "next: go on cutting over",
            "go on with cutting",
        ),
        (
            "cutting-waits",
            "next: set the connection",
            "connection is set",
        ),
        ("cutting-differs", "next: compare", "go to compare"),
        ("rolled-back", "next: compare", "go to compare"),
        ("cut-over", "next: watch", "go to watch"),
    ];
    for (name, status, plain) in over {
        let mut shot = shots().into_iter().find(|shot| shot.name == name).unwrap();
        shot.ui.said = None;
        let screen = shot.drawn(80, 24).backend().to_string();
        assert!(screen.contains(status), "{name}: {screen}");
        let first = first_offered(&shot.wizard);
        assert!(first.contains(plain), "{name}: {first}");
    }
    for mut shot in shots() {
        let screen = shot.drawn(140, 40).backend().to_string();
        let goes = screen.split("Enter next: ").nth(1);
        let step = goes.and_then(|rest| rest.split([' ', '"']).next());
        if let Some(step) = step.filter(|_| shot.ui.context(&shot.wizard) != Context::Question) {
            let first = first_offered(&shot.wizard);
            assert_eq!(first, format!("go to {step}"), "{}", shot.name);
        }
    }
}

#[test]
fn a_signed_checklist_is_not_passed_by_with_enter_alone() {
    let wizard = fixtures::signed();
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.key(&wizard, key(KeyCode::Enter)), []);
    assert_eq!(ui.context(&wizard), Context::Consent);
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
