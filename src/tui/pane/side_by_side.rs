//! Names of columns with what both sides have of them: beside each other where there is room, else one
//! below the other.

use super::Scene;
use crate::tui::lines::{cut_name, line, padded, span, width};
use crate::tui::theme::Meaning;
use crate::wizard::{Excerpt, ExcerptColumn};
use ratatui::text::Line;

/// From this width on, both sides stand beside each other.
const WIDE: usize = 85;
/// Names of columns are cut to this.
const LONGEST_NAME: usize = 24;
/// Cells for the name of a side.
const SIDES: usize = 9;

pub(super) fn is_wide(scene: &Scene<'_>) -> bool {
    scene.cells >= WIDE
}

/// The names of the columns, and what stands beside them.
pub(super) struct Names {
    cells: usize,
}

impl Names {
    pub(super) fn of(scene: &Scene<'_>, excerpt: &Excerpt) -> Self {
        let names = excerpt.columns.iter();
        let widest = names.map(|column| width(&label(column))).max();
        let most = LONGEST_NAME.min(scene.cells / 3);
        Self {
            cells: widest.unwrap_or(0).min(most),
        }
    }

    /// The cells before a value.
    pub(super) fn indent(&self) -> usize {
        2 + self.cells + 2
    }

    /// The cells for a value: beside another one, or below one where the sides are told `apart`.
    pub(super) fn room(&self, scene: &Scene<'_>, beside: bool, apart: bool) -> usize {
        let room = scene.cells.saturating_sub(self.indent());
        match (beside, is_wide(scene)) {
            (true, true) => room.saturating_sub(2) / 2,
            (true, false) if apart => room.saturating_sub(SIDES),
            _ => room,
        }
    }

    /// The sides' names over their columns, where these stand beside each other.
    pub(super) fn sides(&self, scene: &Scene<'_>, beside: bool) -> Option<Line<'static>> {
        let side = self.room(scene, true, true);
        let indent = self.indent();
        (beside && is_wide(scene)).then(|| {
            let source = padded("source", side + 2);
            line(format!("{:indent$}{source}target", ""), Meaning::Quiet)
        })
    }

    fn name(&self, scene: &Scene<'_>, column: &ExcerptColumn, differs: bool) -> Line<'static> {
        let mark = match differs {
            true => scene.theme().equality(false).0,
            false => " ",
        };
        let meaning = match column.key {
            true => Meaning::Accent,
            false => Meaning::Quiet,
        };
        let label = cut_name(&label(column), self.cells, scene.theme());
        Line::from(vec![
            span(format!("{mark} "), Meaning::Bad),
            span(padded(&label, self.cells + 2), meaning),
        ])
    }

    /// A name with what one side has.
    pub(super) fn alone(
        &self,
        scene: &Scene<'_>,
        column: &ExcerptColumn,
        (text, meaning): (String, Meaning),
    ) -> Vec<Line<'static>> {
        let mut first = self.name(scene, column, false);
        first.push_span(span(text, meaning));
        vec![first]
    }

    /// A name with what both sides have: beside each other, or one below the other; only once where
    /// that is narrow and they are the same.
    pub(super) fn beside(
        &self,
        scene: &Scene<'_>,
        column: &ExcerptColumn,
        source: (String, Meaning),
        target: (String, Meaning),
        differs: bool,
    ) -> Vec<Line<'static>> {
        let strong = |(text, meaning): (String, Meaning)| match (differs, meaning) {
            (true, Meaning::Plain) => span(text, Meaning::Strong),
            _ => span(text, meaning),
        };
        let mut first = self.name(scene, column, differs);
        if is_wide(scene) {
            let room = self.room(scene, true, true);
            let source = (padded(&source.0, room + 2), source.1);
            first.push_span(strong(source));
            first.push_span(strong(target));
            return vec![first];
        }
        if !differs && source.0 == target.0 {
            first.push_span(strong(source));
            return vec![first];
        }
        first.push_span(span(padded("source", SIDES), Meaning::Quiet));
        first.push_span(strong(source));
        let indent = " ".repeat(self.indent());
        let second = Line::from(vec![
            span(indent, Meaning::Plain),
            span(padded("target", SIDES), Meaning::Quiet),
            strong(target),
        ]);
        vec![first, second]
    }
}

/// A column's name, told apart when it belongs to the key.
fn label(column: &ExcerptColumn) -> String {
    match column.key {
        true => format!("{} (key)", column.name),
        false => column.name.clone(),
    }
}
