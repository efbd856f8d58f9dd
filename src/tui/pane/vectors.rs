//! What the comparison found of a column with vectors: figures, search and its speed.

use super::Scene;
use super::inventory::qualified;
use crate::session::report::{ComparedVectors, Standing};
use crate::tui::lines::{blank, labelled, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

/// Cells for glyph and label.
const LABELS: usize = 17;

pub(super) fn lines(scene: &Scene<'_>, found: &ComparedVectors) -> Vec<Line<'static>> {
    let name = format!(
        "{}.{}",
        qualified(&found.schema, &found.table),
        found.column
    );
    let title = match found.metric.as_str() {
        "" => format!("Vectors of {name}: {}", found.sql_type),
        metric => format!("Vectors of {name}: {}, by {metric}", found.sql_type),
    };
    let mut told = vec![blank()];
    told.extend(paragraph(&title, 0, scene.text_cells(), Meaning::Strong));
    for (label, text, standing) in found.in_words() {
        let (glyph, meaning) = match standing {
            Standing::Good => (scene.theme().pick("✓", "+"), Meaning::Plain),
            Standing::Plain => (" ", Meaning::Plain),
            Standing::Caution => ("!", Meaning::Caution),
            Standing::Bad => (scene.theme().pick("✗", "x"), Meaning::Bad),
        };
        let label = format!("{glyph} {label}");
        told.extend(labelled(&label, LABELS, &text, meaning, scene.text_cells()));
    }
    told
}
