//! An opened table: its columns on both sides, and a few rows beside each other.

use super::comparison::verdict;
use super::inventory::qualified;
use super::side_by_side::{Names, is_wide};
use super::value::{difference, shown};
use super::{Page, Scene};
use crate::figures::{counted, grouped};
use crate::session::Step;
use crate::session::report::{ComparedTable, Report};
use crate::tui::lines::{blank, cut, labelled, line, paragraph, span, width};
use crate::tui::theme::Meaning;
use crate::wizard::{Excerpt, ExcerptCell, ExcerptColumn, ExcerptRow, Look, Pairing};
use ratatui::text::Line;

/// Cells for the labels of the head.
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
        (true, true) if apart || is_wide(scene) => {
            names.beside(scene, column, source, target, cell.differs)
        }
        (false, _) => names.alone(scene, column, target),
        _ => names.alone(scene, column, source),
    };
    if from.is_none() {
        let text = "the two differ further on than is shown";
        let indent = names.indent();
        let text = cut(text, scene.cells.saturating_sub(indent), theme);
        told.push(line(format!("{:indent$}{text}", ""), Meaning::Caution));
    }
    told
}
