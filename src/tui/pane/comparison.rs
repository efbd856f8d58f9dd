//! Source and target side by side; what differs stands first.

use super::inventory::qualified;
use super::outcome::written;
use super::{Page, Scene};
use crate::figures::grouped;
use crate::session::report::{ComparedCollection, ComparedTable, Comparison};
use crate::tui::columns::{Cell, Column, Kind, plain, table};
use crate::tui::lines::{blank, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

const TABLES: [Column; 7] = [
    ("table", Kind::Fill),
    ("source", Kind::Number),
    ("target", Kind::Number),
    ("content", Kind::Text),
    ("", Kind::Text),
    ("source's hash", Kind::Text),
    ("target's hash", Kind::Text),
];
const COLLECTIONS: [Column; 4] = [
    ("collection", Kind::Fill),
    ("source", Kind::Number),
    ("target", Kind::Number),
    ("", Kind::Text),
];

pub(super) fn page(scene: &Scene<'_>, found: &Comparison) -> Page {
    let mut tables: Vec<&ComparedTable> = found.tables.iter().collect();
    tables.sort_by_key(|table| (table.equal, table.left_out));
    let rows: Vec<Vec<Cell>> = tables
        .into_iter()
        .map(|table| match found.rows_compared {
            true => table_row(scene, table),
            false => columns_row(scene, table),
        })
        .collect();
    let (heading, mut body) = table(&TABLES, &rows, scene.cells, scene.theme());
    body.insert(0, heading);
    if !found.collections.is_empty() {
        body.push(blank());
        body.extend(collections(scene, &found.collections));
    }
    body.extend(conditions(scene, found));
    body.push(blank());
    let when = scene.clock(found.at, "%F %H:%M");
    body.extend(paragraph(
        &format!("Compared at {when}. Content: {}", found.method),
        0,
        scene.text_cells(),
        Meaning::Quiet,
    ));
    Page {
        head: head(scene, found),
        body,
        ..Page::default()
    }
}

fn head(scene: &Scene<'_>, found: &Comparison) -> Vec<Line<'static>> {
    let differing = found.tables.iter().filter(|table| table.differs()).count()
        + found
            .collections
            .iter()
            .filter(|found| found.source_rows != found.target_rows)
            .count();
    let equal = found.equal_in_words();
    let left_out = found.tables.iter().filter(|table| table.left_out).count();
    let left_out = match left_out {
        0 => String::new(),
        some => format!("; {some} left out"),
    };
    let (glyph, _, meaning) = scene.theme().equality(found.equal);
    let text = if found.equal && !found.rows_compared {
        format!("{glyph} {equal} with the same columns; rows were not asked for{left_out}")
    } else if found.equal {
        format!("{glyph} Equal: {equal}, counts and content{left_out}")
    } else {
        format!("{glyph} Different: {differing} of what was compared, shown first")
    };
    let mut head = paragraph(&text, 0, scene.cells, meaning);
    head.push(blank());
    head.extend(written(scene, &found.changed_since()));
    head
}

/// Of which tables only some rows were to be moved.
fn conditions(scene: &Scene<'_>, found: &Comparison) -> Vec<Line<'static>> {
    let some = found.tables.iter().filter_map(|table| {
        let condition = table.condition.as_ref()?;
        let name = qualified(&table.schema, &table.table);
        Some(format!("Of {name} only the rows where {condition}"))
    });
    let mut told: Vec<Line<'static>> = some
        .flat_map(|text| paragraph(&text, 0, scene.text_cells(), Meaning::Caution))
        .collect();
    if !told.is_empty() {
        told.insert(0, blank());
    }
    told
}

fn name(compared: &ComparedTable) -> String {
    match compared.is_large_objects() {
        true => compared.name(),
        false => qualified(&compared.schema, &compared.table),
    }
}

/// A table of which the definition alone was moved.
fn columns_row(scene: &Scene<'_>, compared: &ComparedTable) -> Vec<Cell> {
    let none = || plain(scene.theme().pick("–", "-"));
    let (content, verdict) = match (compared.left_out, compared.equal) {
        (true, _) => (none(), ("! left out".to_owned(), Meaning::Caution)),
        (false, true) => (none(), plain("same columns")),
        (false, false) => (none(), ("other columns".to_owned(), Meaning::Bad)),
    };
    let name = plain(name(compared));
    vec![name, none(), none(), content, verdict, none(), none()]
}

fn table_row(scene: &Scene<'_>, compared: &ComparedTable) -> Vec<Cell> {
    let rows = |rows: Option<u64>| match rows {
        Some(rows) => plain(grouped(rows)),
        None if compared.left_out => plain(scene.theme().pick("–", "-")),
        None => ("missing".to_owned(), Meaning::Bad),
    };
    vec![
        plain(name(compared)),
        rows(compared.source_rows),
        rows(compared.target_rows),
        content(compared),
        if compared.left_out {
            ("! left out".to_owned(), Meaning::Caution)
        } else {
            verdict(scene, compared.equal)
        },
        hash(compared.source_hash.as_deref()),
        hash(compared.target_hash.as_deref()),
    ]
}

fn verdict(scene: &Scene<'_>, equal: bool) -> Cell {
    let (glyph, word, meaning) = scene.theme().equality(equal);
    (format!("{glyph} {word}"), meaning)
}

fn content(compared: &ComparedTable) -> Cell {
    match (&compared.source_hash, &compared.target_hash) {
        (Some(source), Some(target)) if source == target => plain("same"),
        (Some(_), Some(_)) => ("other".to_owned(), Meaning::Bad),
        _ if compared.left_out => plain(""),
        _ => ("unknown".to_owned(), Meaning::Caution),
    }
}

fn hash(hash: Option<&str>) -> Cell {
    let hash = hash.map_or("", |hash| hash.get(..16).unwrap_or(hash));
    (hash.to_owned(), Meaning::Quiet)
}

fn collections(scene: &Scene<'_>, compared: &[ComparedCollection]) -> Vec<Line<'static>> {
    let is_equal = |compared: &ComparedCollection| compared.source_rows == compared.target_rows;
    let mut sorted: Vec<&ComparedCollection> = compared.iter().collect();
    sorted.sort_by_key(|compared| is_equal(compared));
    let rows: Vec<Vec<Cell>> = sorted
        .into_iter()
        .map(|compared| {
            vec![
                plain(
                    compared
                        .value
                        .clone()
                        .unwrap_or_else(|| "(none)".to_owned()),
                ),
                plain(grouped(compared.source_rows)),
                plain(grouped(compared.target_rows)),
                verdict(scene, is_equal(compared)),
            ]
        })
        .collect();
    let (heading, rows) = table(&COLLECTIONS, &rows, scene.cells, scene.theme());
    let mut told = vec![line("Collections", Meaning::Strong), heading];
    told.extend(rows);
    told
}
