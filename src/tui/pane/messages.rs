//! Messages: what happened, the newest at the end.

use super::checks::advised;
use super::{Page, Scene};
use crate::tui::lines::{line, span, wrapped};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

/// Cells for time and glyph.
const INDENT: usize = 11;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let cells = scene.text_cells().saturating_sub(INDENT);
    let mut body = Vec::new();
    for message in scene.ui.messages().all() {
        let (glyph, meaning) = scene.theme().tone(message.tone);
        for (at, part) in wrapped(&message.in_words(), cells).into_iter().enumerate() {
            body.push(match at {
                0 => Line::from(vec![
                    span(
                        format!("{} ", scene.clock(message.at, "%H:%M:%S")),
                        Meaning::Quiet,
                    ),
                    span(format!("{glyph} "), meaning),
                    span(part, Meaning::Plain),
                ]),
                _ => line(format!("{:INDENT$}{part}", ""), Meaning::Plain),
            });
        }
        body.extend(
            message
                .advice
                .iter()
                .flat_map(|advice| advised(scene, advice, INDENT)),
        );
    }
    if body.is_empty() {
        body.push(line("Nothing has happened yet.", Meaning::Quiet));
    }
    Page {
        title: "Messages".to_owned(),
        body,
        ..Page::default()
    }
}
