//! What the inventory found besides tables: warnings, what is left behind, what the estimates rest
//! on, collections, extensions.

use super::super::{Page, Scene};
use crate::figures::{counted, grouped};
use crate::session::report::{Collection, Estimate, Inventory, Phase};
use crate::tui::columns::{Cell, Column, Kind, plain, table};
use crate::tui::lines::{blank, labelled, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

const COLLECTIONS: [Column; 2] = [("collection", Kind::Fill), ("rows", Kind::Number)];

const PHASES: [Column; 3] = [
    ("phase", Kind::Kept),
    ("the guide", Kind::Kept),
    ("here (estimated)", Kind::Fill),
];

/// All of it, on a page of its own.
pub(in crate::tui::pane) fn page(scene: &Scene<'_>, found: &Inventory) -> Page {
    Page {
        title: "Notes of the inventory".to_owned(),
        body: lines(scene, found),
        ..Page::default()
    }
}

fn lines(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let sections = sections(scene, found).into_iter();
    let with_blank = sections.flat_map(|section| section.into_iter().chain([blank()]));
    with_blank.collect()
}

/// The sections, those that matter most first.
pub(super) fn sections(scene: &Scene<'_>, found: &Inventory) -> Vec<Vec<Line<'static>>> {
    let mut warnings = Vec::new();
    for warning in &found.warnings {
        let text = format!("! {warning}");
        warnings.extend(paragraph(&text, 0, scene.text_cells(), Meaning::Caution));
    }
    let mut sections = vec![
        warnings,
        left_out(scene, found),
        left_behind(scene, found),
        facts(scene, found),
        timeline(scene, found),
        collections(scene, found),
    ];
    sections.retain(|section| !section.is_empty());
    sections
}

fn facts(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let extensions: Vec<String> = found
        .extensions
        .iter()
        .map(|extension| format!("{} {}", extension.name, extension.version))
        .collect();
    let extensions = match extensions.is_empty() {
        true => "none".to_owned(),
        false => extensions.join(", "),
    };
    let estimate = Estimate::of(found);
    let facts = [
        ("extensions", Some(extensions)),
        ("selected", found.selection.clone()),
        (
            "estimate",
            estimate
                .time()
                .map(|time| format!("{time}."))
                .zip(estimate.basis())
                .map(|(time, basis)| format!("{time} {basis}")),
        ),
        ("room", estimate.room_left()),
        ("written to", Some(found.stats_file.clone())),
    ];
    let told = facts
        .into_iter()
        .filter_map(|(label, fact)| Some((label, fact?)));
    told.flat_map(|(label, fact)| labelled(label, 12, &fact, Meaning::Plain, scene.text_cells()))
        .collect()
}

/// The guide's time for each of its phases, beside what is known of it here.
fn timeline(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let row = |phase: &Phase| {
        let name = plain(phase.name);
        vec![name, plain(phase.guide()), plain(phase.here())]
    };
    let phases = Estimate::of(found).phases();
    let rows: Vec<Vec<Cell>> = phases.iter().map(row).collect();
    let (heading, rows) = table(&PHASES, &rows, scene.cells.min(80), scene.theme());
    std::iter::once(heading).chain(rows).collect()
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
    paragraph(&text, 0, scene.text_cells(), Meaning::Caution)
}

fn left_behind(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    if found.left_behind.is_empty() {
        return Vec::new();
    }
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

fn collections(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let row = |found: &Collection| {
        let value = found.value.clone().unwrap_or_else(|| "(none)".to_owned());
        vec![plain(value), plain(grouped(found.rows))]
    };
    let rows: Vec<Vec<Cell>> = found.selected_collections().map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let (heading, rows) = table(&COLLECTIONS, &rows, scene.cells, scene.theme());
    let mut lines = vec![line("Collections", Meaning::Strong), heading];
    lines.extend(rows);
    lines
}
