//! An opened table: its columns on both sides, and a few rows beside each other.

use super::comparison::told as verdict;
use super::inventory::qualified;
use super::side_by_side::{Names, is_wide};
use super::value::shown;
use super::{Page, Scene};
use crate::session::report::ComparedTable;
use crate::tui::lines::{blank, cut, labelled, line, paragraph, span, width};
use crate::tui::theme::Meaning;
use crate::wizard::value::difference;
use crate::wizard::{Excerpt, ExcerptCell, ExcerptColumn, ExcerptRow, Look};
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
    let compared = scene.wizard.compared(at);
    let aside = compared.filter(|compared| !compared.left_out);
    let aside = aside.map(|compared| {
        let (text, meaning) = verdict(scene, compared);
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

fn figures(scene: &Scene<'_>, compared: &ComparedTable) -> Vec<Line<'static>> {
    let facts = compared.figures_in_words();
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
    let cells = scene.text_cells();
    let told = excerpt.notes(compared).into_iter();
    told.flat_map(|note| paragraph(&format!("! {note}"), 0, cells, Meaning::Caution))
        .collect()
}

fn columns(scene: &Scene<'_>, excerpt: &Excerpt) -> Vec<Line<'static>> {
    if excerpt.columns.is_empty() {
        return Vec::new();
    }
    let both = excerpt.is_on_both();
    let (equal, words) = excerpt.columns_in_words();
    let (glyph, meaning) = equality(scene, equal);
    let mut told = vec![line(glyph + &words, meaning)];
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
    let by_key = excerpt.is_by_key();
    let cells = scene.text_cells();
    let mut told = paragraph(&excerpt.rows_in_words(), 0, cells, Meaning::Strong);
    if by_key {
        let text = "The comparison's count and hash are over all rows.";
        told.extend(paragraph(text, 0, cells, Meaning::Quiet));
    }
    let names = Names::of(scene, excerpt);
    for (at, row) in excerpt.differing_first().into_iter().enumerate() {
        told.push(blank());
        told.push(heading(scene, excerpt, row, at));
        let beside = row.on_source && row.on_target;
        told.extend(names.sides(scene, beside));
        for (column, cell) in excerpt.columns.iter().zip(&row.cells) {
            told.extend(values(scene, &names, column, cell, (row, by_key)));
        }
    }
    told
}

/// The glyph of what is equal or not, and its meaning; none where that is not known.
fn equality(scene: &Scene<'_>, equal: Option<bool>) -> (String, Meaning) {
    equal.map_or((String::new(), Meaning::Strong), |equal| {
        let (glyph, _, meaning) = scene.theme().equality(equal);
        (format!("{glyph} "), meaning)
    })
}

/// What a row is like on both sides, in words.
fn heading(scene: &Scene<'_>, excerpt: &Excerpt, row: &ExcerptRow, at: usize) -> Line<'static> {
    let (equal, words) = excerpt.row_in_words(row);
    let (glyph, meaning) = equality(scene, equal);
    let text = glyph + &words;
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
