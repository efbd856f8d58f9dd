//! The cutover's checklist: what is ticked or signed, by whom, and what still locks it.

use super::{Page, Scene};
use crate::session::{CutOver, Item, ItemKind, State, Step};
use crate::tui::lines::{blank, paragraph, span, wrapped};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let is_open = scene.session().state(Step::Cutover) == State::AwaitingSignOff;
    let items: Vec<Vec<Line<'static>>> = scene
        .session()
        .checklist
        .iter()
        .enumerate()
        .map(|(at, item)| told(scene, item, is_open && at == scene.ui.marked()))
        .collect();
    let height: usize = items.iter().map(|item| item.len() + 1).sum();
    let airy = height + 5 <= scene.rows;
    let mut body = Vec::new();
    let mut focus = None;
    for (at, item) in items.into_iter().enumerate() {
        let start = body.len();
        body.extend(item);
        if is_open && at == scene.ui.marked() {
            focus = Some(start..body.len());
        }
        if airy {
            body.push(blank());
        }
    }
    let mut head = head(scene);
    let is_complete = scene.wizard.open_items().next().is_none();
    match is_complete {
        // Now it is handed over.
        true => head.extend(report(scene)),
        false => body.extend(report(scene)),
    }
    head.push(blank());
    Page {
        head,
        body,
        focus,
        ..Page::default()
    }
}

/// Where the report is, once there is one.
fn report(scene: &Scene<'_>) -> Vec<Line<'static>> {
    if scene.ui.report.is_empty() || scene.session().checklist.is_empty() {
        return Vec::new();
    }
    let text = format!("The report to hand over: {}", scene.ui.report);
    paragraph(&text, 0, scene.text_cells(), Meaning::Quiet)
}

/// The checklist after a cutting over that found something: what it was stands above it.
pub(super) fn opened_again(scene: &Scene<'_>, begun: &CutOver) -> Page {
    let page = page(scene);
    let failure = begun.failure.as_ref();
    let why = failure.map_or_else(String::new, |failure| {
        format!("{}: {}", failure.what, failure.why)
    });
    let stands = match (scene.wizard.is_locked(), &scene.session().switched) {
        (false, _) => "the application leads to the target: c goes on, u undoes it",
        (true, Some(_)) => "the application's files lead to the target: u puts them back",
        (true, None) => "nothing was switched; u forgets what was begun",
    };
    let text = format!("Not cut over; {stands}. {why}");
    let mut head = paragraph(&text, 0, scene.text_cells(), Meaning::Bad);
    head.extend(page.head);
    Page { head, ..page }
}

fn head(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let open: Vec<&Item> = scene.wizard.open_items().collect();
    let people = open
        .iter()
        .filter(|item| item.kind == ItemKind::Person)
        .count();
    let is_looking = scene.session().state(Step::Cutover) == State::Running;
    let (text, meaning) = match (open.len(), people) {
        _ if is_looking => (
            format!(
                "{} Asking the source what was written to it",
                scene.theme().pick("▸", ">")
            ),
            Meaning::Accent,
        ),
        (0, _) => (
            format!(
                "{} The checklist is complete. c cuts the application over: it watches the source until nothing writes, compares for the last time, switches the files, tries the target. Each is undone until the end.",
                scene.theme().pick("✓", "+")
            ),
            Meaning::Good,
        ),
        // A cutting over that has come past its switch goes on all the same.
        (all, _) if !scene.wizard.is_locked() => {
            (format!("! Open: {all} of the checklist"), Meaning::Caution)
        }
        (all, people) if all == people => (
            format!("! Locked: {people} still to be signed"),
            Meaning::Caution,
        ),
        (all, people) => (
            format!(
                "! Locked: {} for the machine to tick, {people} still to be signed",
                all - people
            ),
            Meaning::Caution,
        ),
    };
    paragraph(&text, 0, scene.text_cells(), meaning)
}

/// An item: what has to be true, and who says so.
pub(super) fn told(scene: &Scene<'_>, item: &Item, marked: bool) -> Vec<Line<'static>> {
    let theme = scene.theme();
    let (glyph, meaning) = match (item.is_closed(), item.kind) {
        (true, _) => (theme.pick("✓", "+"), Meaning::Good),
        (false, ItemKind::Machine) => (theme.pick("✗", "x"), Meaning::Bad),
        (false, ItemKind::Person) => (theme.pick("□", "_"), Meaning::Caution),
    };
    let mark = if marked { theme.pick("▌", ">") } else { " " };
    let text_meaning = if marked {
        Meaning::Strong
    } else {
        Meaning::Plain
    };
    let cells = scene.text_cells().saturating_sub(4);
    let mut told: Vec<Line<'static>> = wrapped(&item.text, cells)
        .into_iter()
        .enumerate()
        .map(|(at, part)| {
            let glyph = if at == 0 { glyph } else { " " };
            Line::from(vec![
                span(mark, Meaning::Accent),
                span(format!("{glyph} "), meaning),
                span(part, text_meaning),
            ])
        })
        .collect();
    told.extend(wrapped(&who(scene, item), cells).into_iter().map(|part| {
        Line::from(vec![
            span(mark, Meaning::Accent),
            span(format!("  {part}"), Meaning::Quiet),
        ])
    }));
    told
}

fn who(scene: &Scene<'_>, item: &Item) -> String {
    match (item.kind, &item.signature) {
        (ItemKind::Machine, _) if item.ticked => format!("ticked by neonlift: {}", item.evidence),
        (ItemKind::Machine, _) => format!("open, neonlift ticks it: {}", item.evidence),
        (ItemKind::Person, Some(signature)) => {
            format!(
                "signed by {}, {}",
                signature.by,
                scene.clock(signature.at, "%F %H:%M")
            )
        }
        (ItemKind::Person, None) if item.evidence.is_empty() => {
            "open, to be signed by a person".to_owned()
        }
        (ItemKind::Person, None) => format!("open, to be signed by a person: {}", item.evidence),
    }
}
