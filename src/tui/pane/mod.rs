//! The panes: what is told of a step, as lines. Which pane it is follows from the session.

mod application;
mod checklist;
mod checks;
mod cleanup;
mod comparison;
mod connections;
mod cutting;
mod definitions;
mod failure;
mod form;
pub(super) mod help;
mod inventory;
mod messages;
mod opened;
mod outcome;
mod preview;
mod rollback;
mod side_by_side;
mod value;
mod vectors;
mod waiting;
mod watch;
mod working;

pub(super) use checks::advice_lines;

use super::lines::span;
use super::theme::{Meaning, Theme};
use super::ui::{Layer, Ui};
use crate::figures;
use crate::progress::Sample;
use crate::session::report::Report;
use crate::session::{Session, State, Step};
use crate::wizard::{Errand, Phase, Wizard};
use jiff::Timestamp;
use ratatui::text::{Line, Span};
use std::ops::Range;

/// Everything that a pane is drawn from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) wizard: &'a Wizard,
    pub(super) ui: &'a Ui,
    pub(super) sample: &'a Sample,
    pub(super) now: Timestamp,
    /// The pane's width.
    pub(super) cells: usize,
    /// The pane's height.
    pub(super) rows: usize,
}

impl<'a> Scene<'a> {
    pub(super) fn theme(&self) -> Theme {
        self.ui.theme
    }

    pub(super) fn session(&self) -> &'a Session {
        self.wizard.session()
    }

    /// A step's glyph, word and meaning; a pause is none of the session's states.
    pub(super) fn standing(
        &self,
        step: Step,
        state: State,
    ) -> (&'static str, &'static str, Meaning) {
        if let Some(cutting) = self.cutting(step, state) {
            return cutting;
        }
        match self.wizard.phase() {
            Phase::Working {
                step: running,
                paused: true,
                stopping: false,
                ..
            } if running == step => (self.theme().pick("‖", "="), "paused", Meaning::Caution),
            _ => self.theme().state(state),
        }
    }

    /// How a cutting over stands, which is more than its signed checklist.
    fn cutting(&self, step: Step, state: State) -> Option<(&'static str, &'static str, Meaning)> {
        let is_signed = step == Step::Cutover && state == State::Done;
        let cutting = self.session().cutting.as_ref().filter(|_| is_signed)?;
        let (glyph, _, meaning) = self.theme().state(cutting.state);
        let word = if cutting.is_done() {
            "cut over"
        } else {
            "cutting over"
        };
        Some((glyph, word, meaning))
    }

    /// A width at which running text still reads well.
    fn text_cells(&self) -> usize {
        self.cells.min(90)
    }

    /// A moment as the person's clock shows it.
    fn clock(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.ui.zone.clone())
            .strftime(format)
            .to_string()
    }
}

/// A pane's lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    pub(super) title: String,
    /// At the right of the title.
    pub(super) aside: Vec<Span<'static>>,
    /// Stays when the rest is scrolled.
    pub(super) head: Vec<Line<'static>>,
    pub(super) body: Vec<Line<'static>>,
    /// Lines of the body that have to be seen.
    pub(super) focus: Option<Range<usize>>,
    /// Where the cursor is: the line of the body and the cell in it.
    pub(super) cursor: Option<(usize, usize)>,
    /// Where the cursor is when it is in the head: its line and the cell in it.
    pub(super) head_cursor: Option<(usize, usize)>,
    /// Stands at the right of the body, which is that much narrower, and is not scrolled.
    pub(super) side: Vec<Line<'static>>,
    /// The width of that.
    pub(super) side_cells: usize,
    /// Stands under the body and is not scrolled.
    pub(super) foot: Vec<Line<'static>>,
}

/// The page that has the pane.
pub(super) fn page(scene: &Scene<'_>) -> Page {
    let over = scene.ui.layers.iter().rev().find_map(|layer| match layer {
        Layer::Help => Some(help::page(scene)),
        Layer::Messages => Some(messages::page(scene)),
        Layer::Form => Some(form::page(scene)),
        Layer::Notes => notes(scene),
        Layer::Signing { .. } | Layer::Typed { .. } | Layer::Folder { .. } | Layer::Search => None,
    });
    let looked_at = || {
        let looking = scene.wizard.looking()?;
        Some(preview::page(scene, looking))
    };
    over.or_else(looked_at).unwrap_or_else(|| step_page(scene))
}

/// What the inventory found besides tables.
fn notes(scene: &Scene<'_>) -> Option<Page> {
    match scene.session().report(Step::Inventory)? {
        Report::Inventory(found) => Some(inventory::notes(scene, found)),
        _ => None,
    }
}

fn step_page(scene: &Scene<'_>) -> Page {
    let session = scene.session();
    let step = session.current;
    let is_running =
        matches!(scene.wizard.phase(), Phase::Working { step: running, .. } if running == step);
    let record = session.steps.get(&step);
    let state = session.state(step);
    let over = Some(step).filter(|step| *step == Step::Cutover);
    let over = over.and_then(|_| cutover_page(scene));
    let page = match (state, record.and_then(|record| record.report.as_ref())) {
        _ if over.is_some() => over.unwrap_or_default(),
        _ if is_running && step == Step::Cutover => checklist::page(scene),
        (State::Running | State::Interrupted, Some(Report::Watch(found))) => {
            watch::page(scene, found)
        }
        _ if is_running && step == Step::Watch => watch::beginning(scene),
        _ if is_running => working::page(scene),
        (State::Failed, Some(report)) => failure::with_report(scene, report_page(scene, report)),
        (State::Failed, None) => failure::page(scene),
        (State::AwaitingSignOff, _) => checklist::page(scene),
        (State::Done, _) if step == Step::Cutover => checklist::page(scene),
        (State::Done, Some(report)) => report_page(scene, report),
        _ => waiting::page(scene),
    };
    Page {
        title: heading(step),
        aside: aside(scene, step, state),
        ..page
    }
}

/// What has the cutover's pane in place of the checklist: what is under way, or was done.
fn cutover_page(scene: &Scene<'_>) -> Option<Page> {
    let session = scene.session();
    let is_open = session.state(Step::Cutover) == State::AwaitingSignOff;
    match (
        scene.wizard.errand(),
        &session.cutting,
        &session.rolled_back,
    ) {
        (Some(errand @ (Errand::RollBack(_) | Errand::Recover { .. })), ..) => {
            Some(cutting::at_work(scene, errand))
        }
        (_, _, Some(back)) if session.is_half_way_back() => Some(cutting::back(scene, back)),
        (None, Some(begun), _) if is_open && begun.failure.is_some() => {
            Some(checklist::opened_again(scene, begun))
        }
        (_, Some(begun), _) => Some(cutting::page(scene, begun)),
        (_, None, Some(back)) if session.state(Step::Cutover) == State::Waiting => {
            Some(cutting::back(scene, back))
        }
        _ => None,
    }
}

fn report_page(scene: &Scene<'_>, report: &Report) -> Page {
    match report {
        Report::Prerequisites(found) => checks::page(scene, &found.checks),
        Report::Connections(found) => connections::page(scene, &found.checks),
        Report::Unreached(found) => connections::page(scene, &found.checks),
        Report::Inventory(found) => inventory::page(scene, found),
        Report::Backup(made) => outcome::backup(scene, made),
        Report::Schema(made) => outcome::schema(scene, made),
        Report::Transfer(made) => outcome::transfer(scene, made),
        Report::Compare(found) => comparison::page(scene, found),
        Report::Application(found) => application::page(scene, found),
        Report::Cutover(_) => checklist::page(scene),
        Report::Watch(found) => watch::page(scene, found),
        Report::Cleanup(found) => cleanup::page(scene, found),
    }
}

/// A step's name as a heading.
pub(super) fn heading(step: Step) -> String {
    let name = step.name();
    let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}", first.to_uppercase())
}

/// A step's glyph, word and time taken.
fn aside(scene: &Scene<'_>, step: Step, state: State) -> Vec<Span<'static>> {
    let (glyph, word, meaning) = scene.standing(step, state);
    let mut spans = vec![span(format!("{glyph} {word}"), meaning)];
    if let Some(time) = time(scene, step) {
        let text = format!("{}{time}", scene.theme().dot());
        spans.push(span(text, Meaning::Quiet));
    }
    spans
}

/// A time that still runs: tenths of it would be noise.
pub(in crate::tui) fn running_time(seconds: i64) -> String {
    match seconds {
        0..10 => format!("{seconds} s"),
        _ => figures::duration(seconds as f64),
    }
}

/// The time that a step took, or has taken so far.
pub(super) fn time(scene: &Scene<'_>, step: Step) -> Option<String> {
    let record = scene.session().steps.get(&step)?;
    match (record.state, record.started) {
        (State::Running, Some(started)) => {
            let so_far = (scene.now.as_millisecond() - started.as_millisecond()).max(0) / 1000;
            Some(running_time(so_far))
        }
        // The checklist waits for people; how long says nothing.
        _ if step == Step::Cutover => None,
        _ => record.seconds().map(figures::duration),
    }
}
