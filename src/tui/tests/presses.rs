//! What keys do.

mod checklist;
mod consents;
mod copying;
mod form;
mod questions;
mod refusals;
mod tables;
mod ways;

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
fn a_seen_value_is_never_printed_for_debugging() {
    let wizard = fixtures::opened(false, "orders", Some(Ok(fixtures::different_excerpt())));
    let told = format!("{:?}", wizard.looking());
    assert!(told.contains("ordered_at"), "its columns are: {told}");
    for value in ["customer 7", "by hand", "2026-02-28", "1000", "0.4567"] {
        assert!(!told.contains(value), "{value}: {told}");
    }
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
