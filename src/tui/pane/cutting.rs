//! The cutting over, phase by phase: what each found, where it stands, what can be done now; and what
//! came of the way back.

use super::checks::advised;
use super::{Page, Scene, working};
use crate::session::{CutOver, CutPhase, RolledBack, State};
use crate::tui::lines::{blank, line, paragraph, span};
use crate::tui::theme::Meaning;
use crate::wizard::Errand;
use ratatui::text::Line;

/// A cutting over that was begun.
pub(super) fn page(scene: &Scene<'_>, cutting: &CutOver) -> Page {
    let cells = scene.text_cells();
    let (text, meaning) = said(scene, cutting);
    let mut head = paragraph(&text, 0, cells, meaning);
    head.push(blank());
    let mut body = Vec::new();
    let mut focus = None;
    for phase in CutPhase::ALL {
        let start = body.len();
        body.extend(told(scene, cutting, phase));
        if phase == cutting.phase && !cutting.is_done() {
            focus = Some(start..body.len());
        }
    }
    Page {
        head,
        body,
        focus,
        ..Page::default()
    }
}

fn said(scene: &Scene<'_>, cutting: &CutOver) -> (String, Meaning) {
    let theme = scene.theme();
    match (cutting.ended, cutting.state) {
        (Some(at), _) => {
            let (glyph, at) = (theme.pick("✓", "+"), scene.clock(at, "%F %H:%M"));
            let text = format!(
                "{glyph} Cut over at {at}, by {}. Start the application and watch it; b shows the way back.",
                cutting.by
            );
            (text, Meaning::Good)
        }
        (None, State::Failed) => (
            "! Not cut over. c tries it again; u undoes what was begun.".to_owned(),
            Meaning::Bad,
        ),
        (None, State::AwaitingSignOff) => (
            "! Set the application's connection now, everywhere; then c. u undoes what was begun."
                .to_owned(),
            Meaning::Caution,
        ),
        (None, State::Interrupted) => (
            "! Stopped half-way. c goes on, or begins anew where nothing is switched; u undoes it."
                .to_owned(),
            Meaning::Caution,
        ),
        (None, _) => (
            "Cutting over. Nothing is final before the last line; Ctrl-C stops safely.".to_owned(),
            Meaning::Accent,
        ),
    }
}

/// A phase: its glyph and title, and what was found, is done, or went wrong.
fn told(scene: &Scene<'_>, cutting: &CutOver, phase: CutPhase) -> Vec<Line<'static>> {
    let (theme, cells) = (scene.theme(), scene.text_cells());
    let is_here = phase == cutting.phase && !cutting.is_done();
    let passed = cutting.passed(phase);
    let ((glyph, _, meaning), text_meaning) = match (passed, is_here) {
        (Some(_), _) => (theme.state(State::Done), Meaning::Plain),
        (None, true) => (theme.state(cutting.state), Meaning::Strong),
        (None, false) => (theme.state(State::Waiting), Meaning::Quiet),
    };
    let mut told = vec![Line::from(vec![
        span(format!("{glyph} "), meaning),
        span(phase.title(), text_meaning),
    ])];
    let found = passed.map_or(&[][..], |passed| &passed.found);
    told.extend(
        found
            .iter()
            .flat_map(|text| paragraph(text, 2, cells, Meaning::Quiet)),
    );
    if passed.is_none() && is_here {
        told.extend(here(scene, cutting));
    }
    told
}

/// The phase that is at work, failed or waits.
fn here(scene: &Scene<'_>, cutting: &CutOver) -> Vec<Line<'static>> {
    let cells = scene.text_cells();
    match (cutting.state, &cutting.failure) {
        (State::Running, _) => {
            let activity = &scene.sample.activity;
            paragraph(activity, 2, cells, Meaning::Accent)
        }
        (State::AwaitingSignOff, _) => to_set(scene),
        (State::Failed, Some(failure)) => {
            let mut told = paragraph(&failure.what, 2, cells, Meaning::Bad);
            told.extend(paragraph(&failure.why, 2, cells, Meaning::Plain));
            let advice = failure.advice.iter();
            told.extend(advice.flat_map(|advice| advised(scene, advice, 2)));
            told
        }
        _ => Vec::new(),
    }
}

/// Where the application has to lead, without the password.
fn to_set(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let cells = scene.text_cells();
    let lines = scene
        .session()
        .cutting
        .iter()
        .flat_map(|cutting| &cutting.to_set);
    lines
        .flat_map(|text| paragraph(text, 2, cells, Meaning::Plain))
        .collect()
}

/// Something for the way back at work.
pub(super) fn at_work(scene: &Scene<'_>, errand: &Errand) -> Page {
    let words = errand.in_words();
    let (first, rest) = words.split_at(1);
    let text = format!("{}{rest}. Ctrl-C stops safely.", first.to_uppercase());
    let mut page = working::page(scene);
    let mut head = paragraph(&text, 0, scene.text_cells(), Meaning::Strong);
    head.push(blank());
    head.append(&mut page.head);
    Page { head, ..page }
}

/// What was saved of the target, or tried; nothing when there is none.
pub(super) fn saved(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let recovered = scene.session().recovered.iter();
    let texts: Vec<String> = recovered.flat_map(|saved| saved.in_words()).collect();
    if texts.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![line("Saved of the target, or tried", Meaning::Strong)];
    let cells = scene.text_cells();
    let texts = texts.iter();
    lines.extend(texts.flat_map(|text| paragraph(text, 2, cells, Meaning::Plain)));
    lines.push(blank());
    lines
}

/// What came of the way back.
pub(super) fn back(scene: &Scene<'_>, back: &RolledBack) -> Page {
    let cells = scene.text_cells();
    let (glyph, _, meaning) = scene.theme().state(back.state);
    let at = scene.clock(back.at, "%F %H:%M");
    let text = match back.state {
        State::Done => format!(
            "{glyph} Rolled back at {at}, by {}. The application leads to its old database: restart it.",
            back.by
        ),
        _ => format!(
            "{glyph} The way back was begun at {at} and is not finished: b looks at it again."
        ),
    };
    let mut head = paragraph(&text, 0, cells, meaning);
    head.push(blank());
    let mut body: Vec<Line<'static>> = Vec::new();
    body.extend(
        back.done
            .iter()
            .flat_map(|text| paragraph(text, 2, cells, Meaning::Plain)),
    );
    if let Some(failure) = &back.failure {
        body.extend(paragraph(&failure.what, 0, cells, Meaning::Bad));
        body.extend(paragraph(&failure.why, 2, cells, Meaning::Plain));
        let advice = failure.advice.iter();
        body.extend(advice.flat_map(|advice| advised(scene, advice, 2)));
    }
    body.push(blank());
    body.extend(saved(scene));
    if back.state == State::Done {
        let text = "A later cutover begins with a new comparison. Rows that only the target has stand against it: move the rows again, with an empty target.";
        body.extend(paragraph(text, 0, cells, Meaning::Quiet));
    }
    Page {
        head,
        body,
        ..Page::default()
    }
}
