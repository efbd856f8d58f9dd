//! The way back to the old database: what it would undo and lose.

use super::{Page, Scene, checks};
use crate::session::report::WayBack;
use crate::tui::lines::{blank, line, paragraph};
use crate::tui::theme::Meaning;

pub(super) fn page(scene: &Scene<'_>, found: &WayBack) -> Page {
    let cells = scene.text_cells();
    let said = match (found.is_open(), found.loses()) {
        (false, _) => (
            "! The old database does not answer: there is no way back to it now.",
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
    let mut part = |title: &str, lines: Vec<String>, meaning| {
        body.push(line(title.to_owned(), Meaning::Strong));
        body.extend(lines.iter().flat_map(|text| {
            let indent = text.len() - text.trim_start().len() + 2;
            paragraph(text.trim_start(), indent, cells, meaning)
        }));
        body.push(blank());
    };
    let loses = if found.loses() {
        Meaning::Caution
    } else {
        Meaning::Plain
    };
    part(
        "Would be lost, unless it is saved first",
        found.losses(),
        loses,
    );
    if !found.clients.is_empty() {
        part(
            "Connected to the target, and may write to it",
            found.clients.clone(),
            Meaning::Caution,
        );
    }
    part("Would be undone", found.undone(), Meaning::Plain);
    Page {
        head,
        body,
        ..Page::default()
    }
}
