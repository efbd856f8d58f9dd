//! An opened table: its columns on both sides, and a few rows beside each other.

use super::comparison::verdict;
use super::inventory::qualified;
use super::value::{difference, shown};
use super::{Page, Scene};
use crate::figures::{counted, grouped};
use crate::session::Step;
use crate::session::report::{ComparedTable, Report};
use crate::tui::lines::{blank, cut, cut_name, labelled, line, padded, paragraph, span, width};
use crate::tui::theme::Meaning;
use crate::wizard::{Excerpt, ExcerptCell, ExcerptColumn, ExcerptRow, Look, Pairing};
use ratatui::text::Line;

/// From this width on, both sides stand beside each other.
const WIDE: usize = 85;
/// Names of columns are cut to this.
const LONGEST_NAME: usize = 24;
/// Cells for the labels of the head, and for the name of a side.
const LABELS: usize = 9;

pub(super) fn title(schema: &str, table: &str) -> String {
    match ComparedTable::new(schema, table).is_large_objects() {
        true => "Large objects on both sides".to_owned(),
        false => format!("Table {}", qualified(schema, table)),
    }
}

pub(super) fn page(scene: &Scene<'_>, at: &Look, excerpt: &Excerpt) -> Page {
    let compared = compared(scene, at);
    let aside = compared.filter(|compared| !compared.left_out);
    let aside = aside.map(|compared| {
        let (text, meaning) = verdict(scene, compared.equal);
        span(text, meaning)
    });
    let mut head: Vec<Line<'static>> = compared
        .map(|compared| figures(scene, compared))
        .unwrap_or_default();
    head.extend(notes(scene, compared, excerpt));
    head.push(blank());
    let mut body = columns(scene, excerpt);
    if !excerpt.columns.is_empty() {
        body.push(blank());
        body.extend(rows(scene, excerpt));
    }
    Page {
        aside: aside.into_iter().collect(),
        head,
        body,
        ..Page::default()
    }
}

/// What the comparison has found of it.
fn compared<'a>(scene: &Scene<'a>, at: &Look) -> Option<&'a ComparedTable> {
    let Look::Table { schema, table } = at else {
        return None;
    };
    match scene.session().report(Step::Compare) {
        Some(Report::Compare(found)) => found
            .tables
            .iter()
            .find(|compared| (&compared.schema, &compared.table) == (schema, table)),
        _ => None,
    }
}

fn figures(scene: &Scene<'_>, compared: &ComparedTable) -> Vec<Line<'static>> {
    let both = |source: Option<String>, target: Option<String>| {
        let of = |side: Option<String>| side.unwrap_or_else(|| "none".to_owned());
        match source == target {
            true => format!("{} on both sides", of(source)),
            false => format!("source {}, target {}", of(source), of(target)),
        }
    };
    let mut facts = Vec::new();
    if compared.source_rows.or(compared.target_rows).is_some() {
        let rows = both(
            compared.source_rows.map(grouped),
            compared.target_rows.map(grouped),
        );
        facts.push(("rows", rows, compared.source_rows != compared.target_rows));
    }
    if let (Some(source), Some(target)) = (&compared.source_hash, &compared.target_hash) {
        let hashes = both(Some(source.clone()), Some(target.clone()));
        facts.push(("content", hashes, source != target));
    }
    let told = facts.into_iter().flat_map(|(label, text, differs)| {
        let meaning = if differs {
            Meaning::Bad
        } else {
            Meaning::Plain
        };
        labelled(label, LABELS, &text, meaning, scene.cells)
    });
    told.collect()
}

/// What has to be known to read the rest.
fn notes(
    scene: &Scene<'_>,
    compared: Option<&ComparedTable>,
    excerpt: &Excerpt,
) -> Vec<Line<'static>> {
    let is_large = compared.is_some_and(ComparedTable::is_large_objects);
    let mut notes = Vec::new();
    if compared.is_some_and(|compared| compared.left_out) {
        notes.push("Left out: it was not to be moved, and is not compared.".to_owned());
    }
    if let Some(condition) = compared.and_then(|compared| compared.condition.as_ref()) {
        notes.push(format!("Only the rows where {condition}"));
    }
    notes.extend(match (excerpt.on_source, excerpt.on_target) {
        _ if is_large => {
            Some("Large objects have no columns and no rows; their contents are hashed whole.")
        }
        (false, false) => Some("Neither side has such a table now."),
        (true, false) => Some("Missing: the target has no such table."),
        (false, true) => Some("Missing: the source has no such table."),
        (true, true) => match excerpt.pairing {
            _ if excerpt.rows.is_empty() => None,
            Pairing::Key => None,
            Pairing::NoKey => {
                Some("Without a key: the first rows of each side, not the same ones.")
            }
            Pairing::OtherKey => Some(
                "The key is another one on the target: the first rows of each side, not the same ones.",
            ),
        },
    }
    .map(str::to_owned));
    let cells = scene.text_cells();
    let told = notes.into_iter();
    told.flat_map(|note| paragraph(&format!("! {note}"), 0, cells, Meaning::Caution))
        .collect()
}

fn columns(scene: &Scene<'_>, excerpt: &Excerpt) -> Vec<Line<'static>> {
    if excerpt.columns.is_empty() {
        return Vec::new();
    }
    let both = excerpt.on_source && excerpt.on_target;
    let count = counted(excerpt.columns.len() as u64, "column");
    let differing = excerpt.columns.iter().filter(|column| column.differs());
    let differing = differing.count();
    let mut told = vec![match (both, differing) {
        (false, _) => line(count, Meaning::Strong),
        (true, 0) => {
            let (glyph, _, meaning) = scene.theme().equality(true);
            line(format!("{glyph} {count}, the same on both sides"), meaning)
        }
        (true, some) => {
            let (glyph, _, meaning) = scene.theme().equality(false);
            line(format!("{glyph} {count}, {some} different"), meaning)
        }
    }];
    let names = Names::of(scene, excerpt);
    told.extend(names.sides(scene, both));
    for column in &excerpt.columns {
        let of = |side: &Option<String>| match side {
            Some(sql_type) => (sql_type.clone(), Meaning::Plain),
            None => ("missing".to_owned(), Meaning::Caution),
        };
        let cells = names.room(scene, both, column.differs());
        let [source, target] = [&column.source, &column.target].map(|side| {
            let (text, meaning) = of(side);
            (cut(&text, cells, scene.theme()), meaning)
        });
        told.extend(match (excerpt.on_source, excerpt.on_target) {
            (true, true) => names.beside(scene, column, source, target, column.differs()),
            (true, false) => names.alone(scene, column, source),
            (false, _) => names.alone(scene, column, target),
        });
    }
    told
}

fn rows(scene: &Scene<'_>, excerpt: &Excerpt) -> Vec<Line<'static>> {
    if excerpt.rows.is_empty() {
        let text = match scene.session().select.takes_rows() {
            true => "No rows.",
            false => "Rows were not asked for.",
        };
        return vec![line(text, Meaning::Quiet)];
    }
    let both = excerpt.on_source && excerpt.on_target;
    let by_key = both && excerpt.pairing == Pairing::Key;
    let keys = excerpt.columns.iter().filter(|column| column.key);
    let keys: Vec<&str> = keys.map(|column| column.name.as_str()).collect();
    let mut rows: Vec<&ExcerptRow> = excerpt.rows.iter().collect();
    let text = match rows.iter().filter(|row| row.differs()).count() {
        _ if !by_key => format!("The first {}", counted(rows.len() as u64, "row")),
        differing => format!(
            "The first {} by {}: {}",
            counted(rows.len() as u64, "row"),
            keys.join(", "),
            match differing {
                0 => "all equal".to_owned(),
                some => format!("{some} different, shown first"),
            }
        ),
    };
    if by_key {
        rows.sort_by_key(|row| !row.differs());
    }
    let cells = scene.text_cells();
    let mut told = paragraph(&text, 0, cells, Meaning::Strong);
    if by_key {
        let text = "The comparison's count and hash are over all rows.";
        told.extend(paragraph(text, 0, cells, Meaning::Quiet));
    }
    let names = Names::of(scene, excerpt);
    for (at, row) in rows.into_iter().enumerate() {
        told.push(blank());
        told.push(heading(scene, excerpt, row, at, by_key));
        let beside = row.on_source && row.on_target;
        told.extend(names.sides(scene, beside));
        for (column, cell) in excerpt.columns.iter().zip(&row.cells) {
            told.extend(values(scene, &names, column, cell, (row, by_key)));
        }
    }
    told
}

/// What a row is like on both sides, in words.
fn heading(
    scene: &Scene<'_>,
    excerpt: &Excerpt,
    row: &ExcerptRow,
    at: usize,
    by_key: bool,
) -> Line<'static> {
    let differing = excerpt.columns.iter().zip(&row.cells);
    let differing = differing.filter(|(_, cell)| cell.differs);
    let names: Vec<&str> = differing.map(|(column, _)| column.name.as_str()).collect();
    let (glyph, _, meaning) = scene.theme().equality(!row.differs());
    let (text, meaning) = match (row.on_source, row.on_target) {
        _ if !(excerpt.on_source && excerpt.on_target) => (String::new(), Meaning::Strong),
        (true, true) if !by_key => ("on each side".to_owned(), Meaning::Strong),
        (true, true) if names.is_empty() => (format!("{glyph} equal"), meaning),
        (true, true) => (format!("{glyph} differs: {}", names.join(", ")), meaning),
        (true, false) => (format!("{glyph} missing on the target"), meaning),
        (false, _) => (format!("{glyph} only on the target"), meaning),
    };
    let number = format!("Row {} ", at + 1);
    let room = scene.cells.saturating_sub(width(&number));
    Line::from(vec![
        span(number, Meaning::Strong),
        span(cut(&text, room, scene.theme()), meaning),
    ])
}

/// A value on the sides that have the row; on both when they may not be the same.
fn values(
    scene: &Scene<'_>,
    names: &Names,
    column: &ExcerptColumn,
    cell: &ExcerptCell,
    (row, by_key): (&ExcerptRow, bool),
) -> Vec<Line<'static>> {
    let theme = scene.theme();
    let beside = row.on_source && row.on_target;
    let apart = cell.differs || !by_key || column.source.is_none() || column.target.is_none();
    let room = names.room(scene, beside, apart);
    let from = match cell.differs {
        true => difference(&cell.source, &cell.target, room),
        false => Some(0),
    };
    let of = |value| shown(value, from.unwrap_or(0), room, theme);
    let (source, target) = (of(&cell.source), of(&cell.target));
    let mut told = match (row.on_source, row.on_target) {
        (true, true) if apart || scene.cells >= WIDE => {
            names.beside(scene, column, source, target, cell.differs)
        }
        (false, _) => names.alone(scene, column, target),
        _ => names.alone(scene, column, source),
    };
    if from.is_none() {
        let text = "the two differ further on than is shown";
        let indent = 2 + names.cells + 2;
        let text = cut(text, scene.cells.saturating_sub(indent), theme);
        told.push(line(format!("{:indent$}{text}", ""), Meaning::Caution));
    }
    told
}

/// The names of the columns, and what stands beside them.
struct Names {
    cells: usize,
}

impl Names {
    fn of(scene: &Scene<'_>, excerpt: &Excerpt) -> Self {
        let names = excerpt.columns.iter();
        let widest = names.map(|column| width(&label(column))).max();
        let most = LONGEST_NAME.min(scene.cells / 3);
        Self {
            cells: widest.unwrap_or(0).min(most),
        }
    }

    /// The cells for a value: beside another one, or below one where the sides are told `apart`.
    fn room(&self, scene: &Scene<'_>, beside: bool, apart: bool) -> usize {
        let room = scene.cells.saturating_sub(2 + self.cells + 2);
        match (beside, scene.cells >= WIDE) {
            (true, true) => room.saturating_sub(2) / 2,
            (true, false) if apart => room.saturating_sub(LABELS),
            _ => room,
        }
    }

    /// The sides' names over their columns, where these stand beside each other.
    fn sides(&self, scene: &Scene<'_>, beside: bool) -> Option<Line<'static>> {
        let side = self.room(scene, true, true);
        let indent = 2 + self.cells + 2;
        (beside && scene.cells >= WIDE).then(|| {
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
    fn alone(
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
    fn beside(
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
        if scene.cells >= WIDE {
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
        first.push_span(span(padded("source", LABELS), Meaning::Quiet));
        first.push_span(strong(source));
        let indent = " ".repeat(2 + self.cells + 2);
        let second = Line::from(vec![
            span(indent, Meaning::Plain),
            span(padded("target", LABELS), Meaning::Quiet),
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
