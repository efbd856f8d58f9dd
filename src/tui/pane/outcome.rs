//! What backup, schema and transfer made.

use super::inventory::qualified;
use super::{Page, Scene};
use crate::figures::{bytes, counted, duration, grouped};
use crate::session::report::{Backup, KindCount, LeftOut, LoadedTable, Schema, Transfer};
use crate::tui::columns::{Cell, Column, Kind, plain, table};
use crate::tui::lines::{self, blank, labelled, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

/// Cells for the labels.
const LABELS: usize = 12;

fn good(scene: &Scene<'_>, text: &str) -> Vec<Line<'static>> {
    let glyph = scene.theme().pick("✓", "+");
    let mut told = paragraph(
        &format!("{glyph} {text}"),
        0,
        scene.text_cells(),
        Meaning::Good,
    );
    told.push(blank());
    told
}

fn fact(scene: &Scene<'_>, label: &str, value: &str) -> Vec<Line<'static>> {
    labelled(label, LABELS, value, Meaning::Plain, scene.cells)
}

pub(super) fn backup(scene: &Scene<'_>, made: &Backup) -> Page {
    let head = good(
        scene,
        &format!(
            "The dump is whole: {} were read back.",
            counted(made.entries, "entry")
        ),
    );
    let body = [
        fact(scene, "dump", &made.file),
        fact(scene, "contents", &made.contents_file),
        fact(
            scene,
            "size",
            &format!("{} ({} bytes)", bytes(made.bytes), grouped(made.bytes)),
        ),
        fact(scene, "sha256", &made.sha256),
        vec![blank()],
        paragraph(
            "Keep it for 30 days. With it the database can be brought back as it is now.",
            0,
            scene.text_cells(),
            Meaning::Quiet,
        ),
    ];
    Page {
        head,
        body: body.concat(),
        ..Page::default()
    }
}

pub(super) fn schema(scene: &Scene<'_>, made: &Schema) -> Page {
    let total: u64 = made.created.iter().map(|kind| kind.count).sum();
    let mut body = fact(scene, "from", &made.from);
    body.push(blank());
    body.extend(kinds(scene, "Created", &made.created));
    if !made.overwritten.is_empty() {
        let text = format!(
            "! Overwritten, with consent: {}",
            made.overwritten.join(", ")
        );
        body.extend(paragraph(&text, 0, scene.text_cells(), Meaning::Caution));
        body.push(blank());
    }
    body.extend(left_out(scene, &made.left_out));
    Page {
        head: good(
            scene,
            &format!("{} created on the target.", counted(total, "object")),
        ),
        body,
        ..Page::default()
    }
}

pub(super) fn kinds(scene: &Scene<'_>, title: &str, kinds: &[KindCount]) -> Vec<Line<'static>> {
    const COLUMNS: [Column; 2] = [("", Kind::Number), ("", Kind::Fill)];
    if kinds.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<Cell>> = kinds
        .iter()
        .map(|kind| vec![plain(grouped(kind.count)), plain(kind.kind.clone())])
        .collect();
    let (_, rows) = table(&COLUMNS, &rows, scene.cells, scene.theme());
    let mut told = vec![line(title.to_owned(), Meaning::Strong)];
    told.extend(rows);
    told.push(blank());
    told
}

pub(super) fn left_out(scene: &Scene<'_>, left_out: &[LeftOut]) -> Vec<Line<'static>> {
    if left_out.is_empty() {
        return vec![line("Nothing was left out.", Meaning::Quiet)];
    }
    let mut told = vec![line(
        format!("! Left out: {}", left_out.len()),
        Meaning::Caution,
    )];
    for entry in left_out {
        told.push(line(
            lines::cut(&entry.what, scene.cells, scene.theme()),
            Meaning::Plain,
        ));
        told.extend(paragraph(&entry.why, 2, scene.text_cells(), Meaning::Quiet));
    }
    told
}

pub(super) fn transfer(scene: &Scene<'_>, made: &Transfer) -> Page {
    let sum = |value: fn(&LoadedTable) -> u64| made.tables.iter().map(value).sum::<u64>();
    let (rows, moved) = (sum(|table| table.rows), sum(|table| table.bytes));
    let head = good(
        scene,
        &format!(
            "{} of {} are on the target ({}).",
            counted(rows, "row"),
            counted(made.tables.len() as u64, "table"),
            bytes(moved)
        ),
    );
    let retries = match made.retries {
        0 => "none was needed".to_owned(),
        some => format!("{}, each after a fault on the way", counted(some, "chunk")),
    };
    let objects = made.large_objects;
    let large = match objects.objects {
        0 => Vec::new(),
        some => {
            let told = format!(
                "{}, {}",
                counted(some, "large object"),
                bytes(objects.bytes)
            );
            fact(scene, "and", &told)
        }
    };
    let mut body = [
        large,
        fact(scene, "this run", &this_run(made)),
        fact(scene, "retries", &retries),
    ]
    .concat();
    body.extend(fact(scene, "shows", &moment(made)));
    if let Some(selection) = &made.selection {
        body.extend(fact(scene, "selected", selection));
    }
    body.push(blank());
    body.extend(written(scene, &made.changed_since()));
    body.extend(tables(scene, &made.tables));
    body.push(blank());
    body.extend(kinds(scene, "Built after the rows", &made.built));
    body.extend(left_out(scene, &made.left_out));
    Page {
        head,
        body,
        ..Page::default()
    }
}

/// The tables that the source was seen to write to since the copy began.
pub(super) fn written(scene: &Scene<'_>, tables: &[String]) -> Vec<Line<'static>> {
    if tables.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "! The source was written to since the copy began: {}.",
        tables.join(", ")
    );
    let mut told = paragraph(&text, 0, scene.text_cells(), Meaning::Caution);
    told.push(blank());
    told
}

/// What a run before this one did is not in it.
fn this_run(made: &Transfer) -> String {
    let (rows, build) = (duration(made.row_seconds), duration(made.build_seconds));
    format!("took {rows} for rows, {build} for what is built on them")
}

fn moment(made: &Transfer) -> String {
    match made.snapshots {
        0 | 1 => "the source at one moment".to_owned(),
        some => format!("the source at the moment of the last of {some} snapshots"),
    }
}

fn tables(scene: &Scene<'_>, loaded: &[LoadedTable]) -> Vec<Line<'static>> {
    const COLUMNS: [Column; 4] = [
        ("table", Kind::Fill),
        ("rows", Kind::Number),
        ("bytes", Kind::Number),
        ("chunks", Kind::Number),
    ];
    let rows: Vec<Vec<Cell>> = loaded
        .iter()
        .map(|loaded| {
            vec![
                plain(qualified(&loaded.schema, &loaded.table)),
                plain(grouped(loaded.rows)),
                plain(bytes(loaded.bytes)),
                plain(grouped(loaded.chunks.into())),
            ]
        })
        .collect();
    let (heading, rows) = table(&COLUMNS, &rows, scene.cells, scene.theme());
    std::iter::once(heading).chain(rows).collect()
}
