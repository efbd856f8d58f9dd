//! What is looked at without running a step, as plain lines: the schema before it is made, a
//! compared table. Lines with rows' values are for the terminal alone.

use super::report::{kinds, left_out, verdict};
use crate::figures::grouped;
use crate::session::report::ComparedTable;
use crate::wizard::value::{difference, seen};
use crate::wizard::{Excerpt, ExcerptCell, ExcerptColumn, ExcerptRow, Preview, Value};

/// So many characters of a value are told where the two sides differ, or it stands alone.
const SHOWN: usize = 80;

/// So many where both sides are equal.
const SHOWN_EQUAL: usize = 30;

/// What the schema step would do on the target of this name, statement by statement.
pub fn preview(preview: &Preview, target: &str) -> Vec<String> {
    let mut lines = vec![preview.in_words(target)];
    lines.extend(preview.loss().map(|loss| format!("! {loss}")));
    lines.push(format!("made: {}", kinds(&preview.created)));
    lines.extend(left_out(&preview.left_out));
    for planned in &preview.statements {
        lines.push(String::new());
        lines.push(format!("-- {}", planned.what));
        lines.extend(planned.sql.trim().lines().map(str::to_owned));
    }
    lines
}

/// A compared table in a line: its verdict, and its rows on both sides.
pub fn compared(table: &ComparedTable, rows_compared: bool) -> String {
    let rows = |rows: Option<u64>| rows.map_or_else(|| "none".to_owned(), grouped);
    let verdict = verdict(table, rows_compared);
    match (table.source_rows, table.target_rows) {
        (None, None) => format!("{}: {verdict}", table.name()),
        (source, target) => format!(
            "{}: {verdict}; rows: source {}, target {}",
            table.name(),
            rows(source),
            rows(target)
        ),
    }
}

/// An opened table: its columns, then its rows, those that differ first and value by value.
pub fn excerpt(excerpt: &Excerpt, compared: Option<&ComparedTable>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(table) = compared {
        lines.push(format!("Table {}: {}", table.name(), verdict(table, true)));
        let figures = table.figures_in_words().into_iter();
        lines.extend(figures.map(|(label, text, _)| format!("  {label}: {text}")));
    }
    lines.extend(
        excerpt
            .notes(compared)
            .iter()
            .map(|note| format!("! {note}")),
    );
    if excerpt.columns.is_empty() {
        return lines;
    }
    lines.push(format!("{}:", excerpt.columns_in_words().1));
    let columns = excerpt.columns.iter();
    lines.extend(columns.map(|found| column(excerpt, found)));
    if excerpt.rows.is_empty() {
        lines.push("No rows to show.".to_owned());
        return lines;
    }
    lines.push(format!("{}.", excerpt.rows_in_words()));
    if excerpt.is_by_key() {
        lines.push("The comparison's count and hash are over all rows.".to_owned());
    }
    let rows = excerpt.differing_first().into_iter().enumerate();
    lines.extend(rows.flat_map(|(at, found)| row(excerpt, found, at)));
    lines
}

fn column(excerpt: &Excerpt, column: &ExcerptColumn) -> String {
    let of = |side: &Option<String>| side.clone().unwrap_or_else(|| "missing".to_owned());
    let (source, target) = (of(&column.source), of(&column.target));
    let told = match (excerpt.on_source, excerpt.on_target) {
        (true, true) if column.differs() => format!("source {source}, target {target}: differs"),
        (true, _) => source,
        (false, _) => target,
    };
    let key = if column.key { ", key" } else { "" };
    format!("  {}: {told}{key}", column.name)
}

/// An equal row in a line; of another one, what differs stands below it.
fn row(excerpt: &Excerpt, row: &ExcerptRow, at: usize) -> Vec<String> {
    let (equal, words) = excerpt.row_in_words(row);
    let cells: Vec<(&ExcerptColumn, &ExcerptCell)> =
        excerpt.columns.iter().zip(&row.cells).collect();
    let keys = cells.iter().filter(|(column, _)| column.key);
    let keys: Vec<String> = keys
        .map(|(column, cell)| format!("{} {}", column.name, alone(row, cell, SHOWN_EQUAL)))
        .collect();
    let name = match keys.is_empty() {
        true => format!("Row {}", at + 1),
        false => format!("Row with key {}", keys.join(", ")),
    };
    let beside = row.on_source && row.on_target;
    let values = cells
        .iter()
        .filter(|(column, _)| !column.key || keys.is_empty());
    if beside && equal != Some(true) {
        let is_told = |cell: &ExcerptCell| equal.is_none() || cell.differs;
        let values = cells.iter().filter(|(_, cell)| is_told(cell));
        let values = values.map(|(column, cell)| format!("  {}: {}", column.name, both(cell)));
        return [format!("{name}: {words}")]
            .into_iter()
            .chain(values)
            .collect();
    }
    let values: Vec<String> = values
        .map(|(column, cell)| format!("{} {}", column.name, alone(row, cell, SHOWN_EQUAL)))
        .collect();
    let words = if words.is_empty() {
        words
    } else {
        format!(", {words}")
    };
    vec![format!("{name}{words}: {}", values.join("; "))]
}

/// A value on the side that has it.
fn alone(row: &ExcerptRow, cell: &ExcerptCell, room: usize) -> String {
    let is_absent = cell.source == Value::Absent || !row.on_source;
    value(
        if is_absent {
            &cell.target
        } else {
            &cell.source
        },
        0,
        room,
    )
}

/// A value on both sides, from where they differ.
fn both(cell: &ExcerptCell) -> String {
    let from = match cell.differs {
        true => difference(&cell.source, &cell.target, SHOWN),
        false => Some(0),
    };
    let of = |side| value(side, from.unwrap_or(0), SHOWN);
    let (source, target) = (of(&cell.source), of(&cell.target));
    let differs = match (cell.differs, from) {
        (false, _) => "",
        (true, Some(_)) => ": differs",
        (true, None) => ": differs further on than is shown",
    };
    format!("source {source}, target {target}{differs}")
}

/// So many characters of a value from one on, in quotes, with signs that are read out.
fn value(value: &Value, from: usize, room: usize) -> String {
    let (beginning, is_cut, size) = match value {
        Value::Absent => return "nothing".to_owned(),
        Value::Null => return "NULL".to_owned(),
        Value::Text {
            beginning,
            cut,
            size,
        } => (beginning, *cut, size),
    };
    let shown: String = beginning.chars().skip(from).take(room).collect();
    let is_cut = is_cut || beginning.chars().count() > from + room;
    let shown = seen(&shown, (from > 0, is_cut), true);
    let before = if from > 0 { "..." } else { "" };
    match is_cut {
        true => format!("'{before}{shown}...' ({size})"),
        false => format!("'{before}{shown}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wizard::{Pairing, Size};

    fn text(text: &str) -> Value {
        Value::Text {
            beginning: text.to_owned(),
            cut: false,
            size: Size::Characters(text.chars().count() as u64),
        }
    }

    fn cell(source: Value, target: Value) -> ExcerptCell {
        let differs = source != target;
        ExcerptCell {
            source,
            target,
            differs,
        }
    }

    fn name(name: &str, key: bool) -> ExcerptColumn {
        let sql_type = Some("text".to_owned());
        ExcerptColumn {
            name: name.to_owned(),
            source: sql_type.clone(),
            target: sql_type,
            key,
        }
    }

    fn both_sides(cells: Vec<ExcerptCell>) -> ExcerptRow {
        ExcerptRow {
            on_source: true,
            on_target: true,
            cells,
        }
    }

    fn table(rows: Vec<ExcerptRow>) -> Excerpt {
        Excerpt {
            on_source: true,
            on_target: true,
            columns: vec![name("id", true), name("title", false)],
            pairing: Pairing::Key,
            rows,
            named: 0,
        }
    }

    #[test]
    fn what_differs_is_told_first_and_value_by_value() {
        let same = |id: &str| cell(text(id), text(id));
        let missing = ExcerptRow {
            on_source: true,
            on_target: false,
            cells: [text("7"), text("gone")]
                .map(|source| ExcerptCell {
                    source,
                    target: Value::Absent,
                    differs: false,
                })
                .to_vec(),
        };
        let found = table(vec![
            both_sides(vec![same("1"), same("t")]),
            both_sides(vec![same("5"), cell(text("a"), text("b"))]),
            both_sides(vec![same("6"), cell(Value::Null, text(""))]),
            missing,
        ]);
        let told = excerpt(&found, None);
        assert_eq!(
            told,
            [
                "2 columns, the same on both sides:",
                "  id: text, key",
                "  title: text",
                "The first 4 rows by id: 3 different, shown first.",
                "The comparison's count and hash are over all rows.",
                "Row with key id '5': differs: title",
                "  title: source 'a', target 'b': differs",
                "Row with key id '6': differs: title",
                "  title: source NULL, target '': differs",
                "Row with key id '7', missing on the target: title 'gone'",
                "Row with key id '1', equal: title 't'",
            ]
        );
    }

    #[test]
    fn a_value_is_never_a_control_of_the_terminal() {
        let found = value(&text("\u{1b}[2J a\n"), 0, SHOWN);
        assert_eq!(found, "'\\x1b[2J a\\n'");
        let long = Value::Text {
            beginning: "x".repeat(200),
            cut: true,
            size: Size::Bytes(9000),
        };
        assert_eq!(value(&long, 0, 3), "'xxx...' (9,000 bytes)");
        let (one, other) = (
            text(&("x".repeat(100) + "a")),
            text(&("x".repeat(100) + "b")),
        );
        assert_eq!(
            both(&cell(one, other)),
            "source '...xxxxxxxxa', target '...xxxxxxxxb': differs"
        );
    }

    #[test]
    fn without_a_key_both_first_rows_are_told() {
        let mut found = table(vec![both_sides(vec![
            cell(text("1"), text("1")),
            cell(text("a"), text("a")),
        ])]);
        found.pairing = Pairing::NoKey;
        found.columns[0].key = false;
        let told = excerpt(&found, None);
        assert!(told[0].contains("Without a key"), "{told:?}");
        assert_eq!(
            told[told.len() - 3..],
            [
                "Row 1: on each side",
                "  id: source '1', target '1'",
                "  title: source 'a', target 'a'",
            ]
        );
    }
}
