//! The way back to the old database: what it would undo and lose.

use super::{Page, Scene, checks, cutting};
use crate::session::report::{LATE_WRITES, WayBack};
use crate::tui::lines::{blank, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

pub(super) fn page(scene: &Scene<'_>, found: &WayBack) -> Page {
    let cells = scene.text_cells();
    let said = match (found.is_open(), found.loses()) {
        (false, _) => (
            "! The old database does not answer: there is no way back to it now. r looks again.",
            Meaning::Bad,
        ),
        (true, true) => (
            "! The way back is open, and rows would be lost. b goes it: type the old database's name.",
            Meaning::Caution,
        ),
        (true, false) => (
            "The way back is open, and no row would be lost. b goes it: type the old database's name.",
            Meaning::Good,
        ),
    };
    let mut head = paragraph(said.0, 0, cells, said.1);
    head.push(blank());
    let mut body = checks::listed(scene, std::slice::from_ref(&found.alive));
    body.push(blank());
    let loses = if found.loses() {
        Meaning::Caution
    } else {
        Meaning::Plain
    };
    let title = "Would be lost, unless it is saved first";
    body.extend(titled(scene, title, &found.losses(), loses));
    body.extend(late_writes(scene, found));
    body.extend(cutting::saved(scene));
    if !found.clients.is_empty() {
        let title = "Connected to the target, and may write to it";
        body.extend(titled(scene, title, &found.clients, Meaning::Caution));
    }
    body.extend(titled(
        scene,
        "Would be undone",
        &found.undone(),
        Meaning::Plain,
    ));
    Page {
        head,
        body,
        ..Page::default()
    }
}

/// That the old database was written to since the cutover, and what to do about it.
fn late_writes(scene: &Scene<'_>, found: &WayBack) -> Vec<Line<'static>> {
    let Some(written) = found.late_writes() else {
        return Vec::new();
    };
    let text = format!("! {written}");
    let mut lines = paragraph(&text, 0, scene.text_cells(), Meaning::Caution);
    let advice = LATE_WRITES.iter();
    lines.extend(advice.flat_map(|advice| checks::advised(scene, advice, 2)));
    lines.push(blank());
    lines
}

/// Texts below a title; what they are indented by is kept.
fn titled(
    scene: &Scene<'_>,
    title: &str,
    texts: &[String],
    meaning: Meaning,
) -> Vec<Line<'static>> {
    let mut lines = vec![line(title.to_owned(), Meaning::Strong)];
    lines.extend(texts.iter().flat_map(|text| {
        let indent = text.len() - text.trim_start().len() + 2;
        paragraph(text.trim_start(), indent, scene.text_cells(), meaning)
    }));
    lines.push(blank());
    lines
}
