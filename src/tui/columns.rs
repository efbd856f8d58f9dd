//! A table: columns that fit their contents, one that takes the room that is left.

use super::lines::{self, span};
use super::theme::{Meaning, Theme};
use ratatui::text::{Line, Span};

/// Cells between two columns.
const GAP: usize = 2;
/// Below this width of the filling column, columns at the right are left out.
const LEAST_FILL: usize = 12;

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// At the left, as wide as the room allows: names. One a table.
    Fill,
    /// At the left, as wide as its contents.
    Text,
    /// At the right, as wide as its contents.
    Number,
    /// As `Text`, and never left out.
    Kept,
}

/// A column: its heading and how it is set.
pub(super) type Column = (&'static str, Kind);

/// A cell: its text and what it means.
pub(super) type Cell = (String, Meaning);

/// A cell that is neither good nor bad.
pub(super) fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Meaning::Plain)
}

/// The heading and the rows, in `cells` cells. Columns at the right are left out when there is
/// no room for them.
pub(super) fn table(
    columns: &[Column],
    rows: &[Vec<Cell>],
    cells: usize,
    theme: Theme,
) -> (Line<'static>, Vec<Line<'static>>) {
    let fitting = fitting(columns, rows, cells);
    let heading: Vec<Cell> = columns
        .iter()
        .map(|(title, _)| ((*title).to_owned(), Meaning::Quiet))
        .collect();
    let set = |row: &Vec<Cell>| set(columns, &fitting, row, theme);
    (set(&heading), rows.iter().map(set).collect())
}

/// The cells that all columns take with nothing cut, gaps included.
pub(super) fn natural(columns: &[Column], rows: &[Vec<Cell>]) -> usize {
    widest(columns, rows).iter().sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

fn widest(columns: &[Column], rows: &[Vec<Cell>]) -> Vec<usize> {
    let of = |(at, (title, _)): (usize, &Column)| {
        let texts = rows.iter().filter_map(|row| row.get(at));
        let widest = texts.map(|(text, _)| lines::width(text)).max();
        widest.unwrap_or(0).max(lines::width(title))
    };
    columns.iter().enumerate().map(of).collect()
}

/// The width of each column; `None` for one that is left out.
fn fitting(columns: &[Column], rows: &[Vec<Cell>], cells: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = widest(columns, rows).into_iter().map(Some).collect();
    let Some(fill) = columns.iter().position(|(_, kind)| *kind == Kind::Fill) else {
        return widths;
    };
    loop {
        let natural = widths[fill].unwrap_or(0);
        let all: usize = widths.iter().flatten().sum();
        let gaps = GAP * (widths.iter().flatten().count() - 1);
        let room = cells.saturating_sub(all - natural + gaps);
        let goes = |at: &usize| widths[*at].is_some() && columns[*at].1 != Kind::Kept;
        let last = (fill + 1..widths.len()).rev().find(goes);
        match last {
            Some(last) if room < natural.min(LEAST_FILL) => widths[last] = None,
            _ => {
                widths[fill] = Some(natural.min(room.max(1)));
                return widths;
            }
        }
    }
}

fn set(columns: &[Column], widths: &[Option<usize>], row: &[Cell], theme: Theme) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (((_, kind), width), (text, meaning)) in columns.iter().zip(widths).zip(row) {
        let Some(width) = *width else {
            continue;
        };
        if !spans.is_empty() {
            spans.push(Span::raw(" ".repeat(GAP)));
        }
        let text = lines::cut(text, width, theme);
        spans.push(match kind {
            Kind::Number => span(lines::right(&text, width), *meaning),
            Kind::Fill | Kind::Text | Kind::Kept => span(lines::padded(&text, width), *meaning),
        });
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    const COLUMNS: [Column; 3] = [
        ("table", Kind::Fill),
        ("rows", Kind::Number),
        ("size", Kind::Number),
    ];

    fn set_in(cells: usize) -> Vec<String> {
        let row = |name: &str, rows: &str| vec![plain(name), plain(rows), plain("1 MB")];
        let rows = [row("a_rather_long_table_name", "20,000"), row("b", "5")];
        let theme = Theme { ascii: false };
        let (head, body) = table(&COLUMNS, &rows, cells, theme);
        std::iter::once(head)
            .chain(body)
            .map(|line| line.to_string())
            .collect()
    }

    #[test]
    fn numbers_stand_at_the_right_and_the_name_gives_way() {
        assert_eq!(
            set_in(28),
            [
                "table             rows  size",
                "a_rather_long…  20,000  1 MB",
                "b                    5  1 MB",
            ]
        );
    }

    #[test]
    fn what_is_kept_stays_when_others_go() {
        const KEPT: [Column; 3] = [
            ("table", Kind::Fill),
            ("rows", Kind::Number),
            ("", Kind::Kept),
        ];
        let row = vec![plain("vector_documents"), plain("20,000"), plain("equal")];
        let set = |cells| {
            let (_, body) = table(
                &KEPT,
                std::slice::from_ref(&row),
                cells,
                Theme { ascii: false },
            );
            body[0].to_string()
        };
        assert_eq!(set(31), "vector_documents  20,000  equal");
        assert_eq!(set(21), "vector_docume…  equal");
        assert_eq!(natural(&KEPT, std::slice::from_ref(&row)), 31);
    }

    #[test]
    fn columns_without_room_are_left_out() {
        assert_eq!(set_in(20)[2], "b                  5");
        assert_eq!(set_in(3).len(), 3);
    }
}
