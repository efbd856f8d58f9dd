//! Checks: what was looked at, what was found, how to mend it.

use super::{Page, Scene};
use crate::session::report::{Check, Verdict};
use crate::tui::commands::in_order;
use crate::tui::lines::{self, blank, line, padded, paragraph, span};
use crate::tui::theme::{Meaning, Theme};
use ratatui::text::Line;

/// Cells for glyph and word.
const VERDICT: usize = 8;

/// The prerequisites: one of the checks is marked, to be made again or its command copied.
pub(super) fn page(scene: &Scene<'_>, checks: &[Check]) -> Page {
    let mut head = vec![summary(scene, checks)];
    // Where something is wrong, the failure says how to go on.
    if checks.iter().all(|check| check.verdict != Verdict::Bad) {
        let text = "c makes the marked check again, r all of them.";
        head.push(line(text, Meaning::Quiet));
    }
    head.push(blank());
    let inner = Scene {
        cells: scene.cells.saturating_sub(1),
        ..*scene
    };
    let cells = name_cells(&inner, checks);
    let mut page = Page {
        head,
        ..Page::default()
    };
    for (at, check) in in_order(checks).into_iter().enumerate() {
        let is_marked = at == scene.ui.marked();
        let mark = match is_marked {
            true => scene.theme().pick("▌", ">"),
            false => " ",
        };
        let start = page.body.len();
        page.body
            .extend(told(&inner, check, cells).into_iter().map(|mut line| {
                line.spans.insert(0, span(mark, Meaning::Accent));
                line
            }));
        if is_marked {
            page.focus = Some(start..page.body.len());
        }
    }
    page
}

/// One line: how many, and how they came out.
pub(super) fn summary(scene: &Scene<'_>, checks: &[Check]) -> Line<'static> {
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let (warnings, wrong) = (count(Verdict::Warning), count(Verdict::Bad));
    let verdict = match (wrong, warnings) {
        (0, 0) => Verdict::Good,
        (0, _) => Verdict::Warning,
        _ => Verdict::Bad,
    };
    let (glyph, _, meaning) = scene.theme().verdict(verdict);
    let text = match (wrong, warnings) {
        (0, 0) => format!("{glyph} all {} checks are good", checks.len()),
        (0, some) => format!("{glyph} nothing is wrong; {some} worth a look"),
        (some, _) => format!("{glyph} {some} of {} stop the migration", checks.len()),
    };
    line(text, meaning)
}

/// Every check, those that are wrong first, then those that are worth a look.
pub(super) fn listed(scene: &Scene<'_>, checks: &[Check]) -> Vec<Line<'static>> {
    let name_cells = name_cells(scene, checks);
    in_order(checks)
        .into_iter()
        .flat_map(|check| told(scene, check, name_cells))
        .collect()
}

/// Cells for the names.
fn name_cells(scene: &Scene<'_>, checks: &[Check]) -> usize {
    let longest = checks.iter().map(|check| lines::width(&check.name)).max();
    longest.unwrap_or(0).min(scene.cells / 3).max(4)
}

fn told(scene: &Scene<'_>, check: &Check, name_cells: usize) -> Vec<Line<'static>> {
    let (glyph, word, meaning) = scene.theme().verdict(check.verdict);
    // A name that is too long for its column stands whole, with what was found below it.
    let name_cells = name_cells.max(lines::width(&check.name));
    let mut first = vec![
        span(padded(&format!("{glyph} {word}"), VERDICT), meaning),
        span(padded(&check.name, name_cells + 2), Meaning::Strong),
    ];
    let room = scene.cells.saturating_sub(VERDICT + name_cells + 2);
    let mut told = Vec::new();
    if lines::width(&check.found) <= room {
        first.push(span(check.found.clone(), Meaning::Plain));
        told.push(Line::from(first));
    } else {
        told.push(Line::from(first));
        told.extend(paragraph(
            &check.found,
            VERDICT,
            scene.cells,
            Meaning::Plain,
        ));
    }
    let advice = check.advice.iter();
    told.extend(advice.flat_map(|advice| advised(scene, advice, VERDICT)));
    told
}

/// One step of advice, with its command leading to this session.
pub(super) fn advised(scene: &Scene<'_>, advice: &str, indent: usize) -> Vec<Line<'static>> {
    let cells = (scene.cells, scene.text_cells());
    advice_lines(
        &scene.ui.invocation.advice(advice),
        indent,
        cells,
        scene.theme(),
    )
}

/// One step of advice in a pane of so many cells, of which text takes as many as the second. A
/// command stands on a line of its own, whole, so that it can be copied.
pub(in crate::tui) fn advice_lines(
    advice: &str,
    indent: usize,
    (cells, text_cells): (usize, usize),
    theme: Theme,
) -> Vec<Line<'static>> {
    match advice.strip_prefix("$ ") {
        Some(command) => lines::hard_wrapped(command, cells.saturating_sub(indent + 2))
            .into_iter()
            .enumerate()
            .map(|(at, part)| {
                let prompt = if at == 0 { "$ " } else { "  " };
                Line::from(vec![
                    span(format!("{:indent$}{prompt}", ""), Meaning::Quiet),
                    span(part, Meaning::Accent),
                ])
            })
            .collect(),
        None => {
            let arrow = format!("{} ", theme.arrow());
            let hang = indent + lines::width(&arrow);
            let mut told = paragraph(advice, hang, text_cells, Meaning::Plain);
            if let Some(first) = told.first_mut() {
                let text = first.to_string();
                *first = Line::from(vec![
                    span(format!("{:indent$}{arrow}", ""), Meaning::Accent),
                    span(text.trim_start().to_owned(), Meaning::Plain),
                ]);
            }
            told
        }
    }
}
