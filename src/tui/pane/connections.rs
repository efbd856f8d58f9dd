//! The test of the connections: a card for each side, and what concerns both.

use super::{Page, Scene, checks};
use crate::session::report::{Check, Verdict};
use crate::tui::lines::{blank, line, span};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

/// From this width of the pane on, the cards stand side by side.
const WIDE: usize = 86;
/// As the checks' names have them.
const SIDES: [&str; 2] = ["Source", "Target"];
/// Cells between two cards.
const GAP: usize = 3;

pub(super) fn page(scene: &Scene<'_>, found: &[Check]) -> Page {
    let mut body = if scene.cells < WIDE {
        let [first, second] = by_urgency(found).map(|side| card(scene, side, found));
        [first, vec![blank()], second].concat()
    } else {
        let cells = (scene.cells - GAP) / 2;
        let half = Scene { cells, ..*scene };
        let [source, target] = SIDES.map(|side| card(&half, side, found));
        beside(source, target, cells + GAP)
    };
    let both: Vec<Check> = found
        .iter()
        .filter(|check| check.side().is_none())
        .cloned()
        .collect();
    if !both.is_empty() {
        body.push(blank());
        body.push(line("Both", Meaning::Strong));
        body.extend(checks::listed(scene, &both));
    }
    Page {
        head: vec![checks::summary(scene, found), blank()],
        body,
        ..Page::default()
    }
}

/// The sides, one above the other: only what is wrong with the target comes before the source.
fn by_urgency(found: &[Check]) -> [&'static str; 2] {
    let is_wrong = |side: &str| {
        let own = found
            .iter()
            .filter(|check| check.side().is_some_and(|(of, _)| of == side));
        own.into_iter().any(|check| check.verdict == Verdict::Bad)
    };
    let [source, target] = SIDES;
    match is_wrong(target) && !is_wrong(source) {
        true => [target, source],
        false => SIDES,
    }
}

/// What was found of a side, under its name.
fn card(scene: &Scene<'_>, side: &str, found: &[Check]) -> Vec<Line<'static>> {
    let own: Vec<Check> = found
        .iter()
        .filter_map(|check| match check.side() {
            Some((of, what)) if of == side => Some(Check {
                name: what.to_owned(),
                ..check.clone()
            }),
            _ => None,
        })
        .collect();
    let mut card = vec![line(side.to_owned(), Meaning::Strong)];
    card.extend(checks::listed(scene, &own));
    card
}

/// Two cards, the right one from the cell `from` on.
fn beside(left: Vec<Line<'static>>, right: Vec<Line<'static>>, from: usize) -> Vec<Line<'static>> {
    let rows = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    (0..rows)
        .map(|_| {
            let mut row = left.next().unwrap_or_default();
            let missing = from.saturating_sub(row.width());
            row.spans.push(span(" ".repeat(missing), Meaning::Plain));
            row.spans.extend(right.next().unwrap_or_default().spans);
            row
        })
        .collect()
}
