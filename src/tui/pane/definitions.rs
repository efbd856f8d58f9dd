//! What is defined otherwise on the two sides, with the SQL that would mend it.

use super::Scene;
use crate::figures::counted;
use crate::session::report::{Comparison, DefinitionDifference};
use crate::tui::lines::{blank, hard_wrapped, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

/// So far in stands SQL below its difference.
const INDENT: usize = 4;

/// All differences: those that speak against equality, then those that were to be expected.
pub(super) fn told(scene: &Scene<'_>, found: &Comparison) -> Vec<Line<'static>> {
    let mut told = Vec::new();
    let (differing, expected): (Vec<_>, Vec<_>) = found
        .definitions
        .iter()
        .partition(|definition| definition.differs());
    if !differing.is_empty() {
        told.extend([blank(), line("Definitions that differ", Meaning::Strong)]);
        told.extend(
            differing
                .into_iter()
                .flat_map(|found| difference(scene, found)),
        );
    }
    if !expected.is_empty() {
        told.extend([
            blank(),
            line("Definitions that were expected to differ", Meaning::Strong),
        ]);
        let lines = expected.into_iter();
        told.extend(lines.flat_map(|found| {
            let text = format!("! {}", found.in_words());
            paragraph(&text, 0, scene.text_cells(), Meaning::Caution)
        }));
    }
    told
}

fn difference(scene: &Scene<'_>, found: &DefinitionDifference) -> Vec<Line<'static>> {
    let (glyph, _, meaning) = scene.theme().equality(false);
    let text = format!("{glyph} {}", found.words);
    let mut told = paragraph(&text, 0, scene.text_cells(), meaning);
    let room = scene.cells.saturating_sub(INDENT);
    let sql = found.sql.iter().flat_map(|sql| sql.lines());
    let parts = sql.flat_map(|row| hard_wrapped(&row.replace('\t', "    "), room));
    told.extend(parts.map(|part| {
        let indented = format!("{:INDENT$}{part}", "");
        line(indented, Meaning::Plain)
    }));
    told
}

/// The summary's words for what differs, where definitions do.
pub(super) fn summary(found: &Comparison, tables: usize) -> Option<String> {
    let count = found.differing_definitions().count() as u64;
    let definitions = counted(count, "definition");
    match (count, tables) {
        (0, _) => None,
        (_, 0) if found.rows_compared => Some(format!("All rows agree, but {definitions} differ")),
        (_, 0) => Some(format!("Different: {definitions}; rows were not asked for")),
        (_, tables) => Some(format!(
            "Different: {tables} of what was compared, {definitions}"
        )),
    }
}
