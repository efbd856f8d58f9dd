//! What there is to move: tables and collections.

use super::{Page, Scene};
use crate::figures::{bytes, counted, grouped};
use crate::session::report::{Inventory, Table};
use crate::tui::columns::{Cell, Column, Kind, plain, table};
use crate::tui::lines::{blank, flowed, labelled, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

const TABLES: [Column; 5] = [
    ("table", Kind::Fill),
    ("rows", Kind::Number),
    ("size", Kind::Number),
    ("indexes", Kind::Number),
    ("vectors", Kind::Text),
];
const COLLECTIONS: [Column; 2] = [("collection", Kind::Fill), ("rows", Kind::Number)];

pub(super) fn page(scene: &Scene<'_>, found: &Inventory) -> Page {
    let mut body = tables(scene, found);
    body.extend(left_out(scene, found));
    if !found.collections.is_empty() {
        body.push(blank());
        body.extend(collections(scene, found));
    }
    body.push(blank());
    let extensions: Vec<String> = found
        .extensions
        .iter()
        .map(|extension| format!("{} {}", extension.name, extension.version))
        .collect();
    body.extend(labelled(
        "extensions",
        12,
        &or_none(&extensions.join(", ")),
        Meaning::Plain,
        scene.cells,
    ));
    body.extend(labelled(
        "written to",
        12,
        &found.stats_file,
        Meaning::Plain,
        scene.cells,
    ));
    if !found.left_behind.is_empty() {
        body.push(blank());
        body.extend(left_behind(scene, found));
    }
    Page {
        head: head(scene, found),
        body,
        ..Page::default()
    }
}

fn or_none(text: &str) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        text.to_owned()
    }
}

fn head(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let sum = |value: fn(&Table) -> u64| found.tables.iter().map(value).sum::<u64>();
    let parts = [
        counted(found.tables.len() as u64, "table"),
        counted(sum(|table| table.rows), "row"),
        format!("{} to move", bytes(sum(|table| table.row_bytes))),
        format!(
            "{} of indexes to build",
            bytes(sum(|table| table.index_bytes))
        ),
    ];
    let objects = Some(found.large_objects).filter(|objects| *objects > 0);
    let parts: Vec<String> = parts
        .into_iter()
        .chain(objects.map(|objects| counted(objects, "large object")))
        .collect();
    let mut head: Vec<Line<'static>> = flowed(&parts, scene.theme().dot(), scene.cells)
        .into_iter()
        .map(|row| line(row, Meaning::Strong))
        .collect();
    for warning in &found.warnings {
        head.extend(paragraph(
            &format!("! {warning}"),
            0,
            scene.text_cells(),
            Meaning::Caution,
        ));
    }
    if let Some(selection) = &found.selection {
        let text = format!("Selected: {selection}");
        head.extend(paragraph(&text, 0, scene.text_cells(), Meaning::Accent));
    }
    if !found.left_behind.is_empty() {
        let what = counted(found.left_behind.len() as u64, "thing");
        let text =
            format!("! {what} will not be on the target as here: see below what is left behind.");
        head.extend(paragraph(&text, 0, scene.text_cells(), Meaning::Caution));
    }
    head.push(blank());
    head
}

/// What was not selected: the tables by name, and what else there is.
fn left_out(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    if found.left_out.is_empty() {
        return Vec::new();
    }
    let what = found.left_out.iter().map(|left_out| &*left_out.what);
    let (tables, mut parts): (Vec<&str>, Vec<&str>) =
        what.partition(|what| what.starts_with("table "));
    let names: Vec<&str> = tables
        .iter()
        .filter_map(|what| what.strip_prefix("table "))
        .collect();
    let named = format!(
        "{}: {}",
        counted(names.len() as u64, "table"),
        names.join(", ")
    );
    if !names.is_empty() {
        parts.push(&named);
    }
    let text = format!("! Left out: {}", parts.join("; "));
    let mut told = vec![blank()];
    told.extend(paragraph(&text, 0, scene.text_cells(), Meaning::Caution));
    told
}

fn left_behind(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let mut told = vec![line("Left behind", Meaning::Strong)];
    for left in &found.left_behind {
        told.extend(paragraph(&left.what, 0, scene.text_cells(), Meaning::Plain));
        told.extend(paragraph(
            &left.happens,
            2,
            scene.text_cells(),
            Meaning::Quiet,
        ));
    }
    told
}

fn tables(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let rows: Vec<Vec<Cell>> = found.tables.iter().map(row).collect();
    let (heading, rows) = table(&TABLES, &rows, scene.cells, scene.theme());
    std::iter::once(heading).chain(rows).collect()
}

fn row(table: &Table) -> Vec<Cell> {
    let vectors: Vec<String> = table
        .vectors
        .iter()
        .map(|vector| format!("{} {}", vector.column, vector.sql_type))
        .collect();
    vec![
        plain(qualified(&table.schema, &table.name)),
        plain(grouped(table.rows)),
        plain(bytes(table.row_bytes)),
        plain(bytes(table.index_bytes)),
        (vectors.join(", "), Meaning::Accent),
    ]
}

fn collections(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let rows: Vec<Vec<Cell>> = found
        .collections
        .iter()
        .map(|found| {
            let value = found.value.clone().unwrap_or_else(|| "(none)".to_owned());
            vec![plain(value), plain(grouped(found.rows))]
        })
        .collect();
    let (heading, rows) = table(&COLLECTIONS, &rows, scene.cells, scene.theme());
    let mut lines = vec![line("Collections", Meaning::Strong), heading];
    lines.extend(rows);
    lines
}

/// A table's name; the schema `public` goes without saying.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    if schema == "public" {
        name.to_owned()
    } else {
        format!("{schema}.{name}")
    }
}
