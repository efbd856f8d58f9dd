//! Warnings, and failures that stand.

use super::{Cell, Holds, Section, Tone, grid, missing};
use crate::report::document::{Document, Weight};

const TITLE: &str = "Warnings and failures";

pub(super) fn section(document: &Document) -> Section {
    if document.warnings.is_empty() {
        return missing(TITLE, "None.");
    }
    let rows = document.warnings.iter().map(|warning| {
        let (tone, glyph) = match warning.weight {
            Weight::Failure => (Tone::Bad, "✗"),
            Weight::Warning => (Tone::Caution, "!"),
        };
        vec![
            Cell::toned(tone, format!("{glyph} {}", warning.about)),
            Cell::from(warning.text.as_str()),
        ]
    });
    let columns = [("about", Holds::Text), ("what", Holds::Text)];
    let grid = grid("Worth knowing", &columns, rows);
    Section::of(TITLE, vec![grid.into()])
}
