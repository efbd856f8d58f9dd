//! Sample rows of a compared table as plain lines, source and target side by side: for the terminal
//! alone.

use crate::session::report::ComparedTable;
use crate::wizard::value::{cut, difference, fitted, seen};
use crate::wizard::{Excerpt, ExcerptCell, ExcerptRow};
use unicode_width::UnicodeWidthStr;

/// No line is wider.
const WIDTH: usize = 80;

/// Names of columns are cut to this.
const LONGEST_NAME: usize = 20;

/// Before a column's name.
const INDENT: usize = 4;

/// Between a name and the values, and between these.
const GAP: usize = 2;

/// Where the columns stand.
struct Places {
    name: usize,
    value: usize,
}

impl Places {
    fn of(excerpt: &Excerpt) -> Self {
        let names = excerpt.columns.iter().map(|column| column.name.width());
        let name = names.max().unwrap_or(0).clamp(1, LONGEST_NAME);
        let value = (WIDTH - INDENT - name - 2 * GAP) / 2;
        Self { name, value }
    }

    fn line(&self, mark: &str, name: &str, [source, target]: [&str; 2]) -> String {
        let name = cut(&seen(name, (true, true), true), self.name, "...");
        let name = padded(&name, self.name + GAP);
        let source = padded(source, self.value + GAP);
        let line = format!("{}{name}{source}{target}", padded(mark, INDENT));
        line.trim_end().to_owned()
    }
}

fn padded(text: &str, cells: usize) -> String {
    let missing = cells.saturating_sub(text.width());
    format!("{text}{:missing$}", "")
}

/// A table's rows, those that differ first; in each all columns, the value on the source beside that
/// on the target.
pub(super) fn lines(table: &ComparedTable, excerpt: &Excerpt) -> Vec<String> {
    let mut lines = vec![String::new(), format!("Samples of {}", table.name())];
    lines.extend(
        excerpt
            .notes(Some(table))
            .iter()
            .map(|note| format!("  ! {note}")),
    );
    if excerpt.rows.is_empty() {
        lines.push("  No rows to show.".to_owned());
        return lines;
    }
    lines.push(format!("  {}", excerpt.rows_in_words()));
    let places = Places::of(excerpt);
    lines.push(places.line("", "", ["source", "target"]));
    for (at, found) in excerpt.differing_first().into_iter().enumerate() {
        lines.extend(row(&places, excerpt, found, at));
    }
    lines
}

fn row(places: &Places, excerpt: &Excerpt, row: &ExcerptRow, at: usize) -> Vec<String> {
    let heading = match excerpt.row_in_words(row).1 {
        words if words.is_empty() => format!("  Row {}", at + 1),
        words => format!("  Row {}: {words}", at + 1),
    };
    let cells = excerpt
        .columns
        .iter()
        .zip(&row.cells)
        .map(|(column, cell)| {
            let mark = if cell.differs { "  !" } else { "" };
            let [source, target] = values(cell, places.value);
            places.line(mark, &column.name, [&source, &target])
        });
    std::iter::once(cut(&heading, WIDTH, "..."))
        .chain(cells)
        .collect()
}

/// A value on both sides, from where they differ; what lies behind what is shown is told.
fn values(cell: &ExcerptCell, cells: usize) -> [String; 2] {
    let from = match cell.differs {
        true => difference(&cell.source, &cell.target, cells),
        false => Some(0),
    };
    let source = fitted(&cell.source, from.unwrap_or(0), cells, true);
    match from {
        Some(from) => [source, fitted(&cell.target, from, cells, true)],
        None => [source, cut("(differs further on)", cells, "...")],
    }
}
