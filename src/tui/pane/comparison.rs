//! Source and target side by side; what differs stands first.

use super::inventory::qualified;
use super::outcome::written;
use super::{Page, Scene, definitions, vectors};
use crate::figures::grouped;
use crate::session::report::{ComparedCollection, ComparedTable, Comparison};
use crate::tui::columns::{Cell, Column, Kind, natural, plain, table};
use crate::tui::keys::Context;
use crate::tui::lines::{self, blank, cut_name, line, paragraph, span};
use crate::tui::theme::Meaning;
use ratatui::text::Line;
use std::cmp::Ordering;
use std::ops::Range;

/// Below this width both sides' rows stand in one column.
const NARROW: usize = 50;
/// A hash that is cut shorter than this says nothing.
const LEAST_HASH: usize = 10;

const TABLES: [Column; 7] = [
    ("table", Kind::Fill),
    ("source", Kind::Number),
    ("target", Kind::Number),
    ("content", Kind::Text),
    ("", Kind::Kept),
    ("source's hash", Kind::Text),
    ("target's hash", Kind::Text),
];
const NARROW_TABLES: [Column; 3] = [
    ("table", Kind::Fill),
    ("rows", Kind::Number),
    ("", Kind::Kept),
];
const COLLECTIONS: [Column; 4] = [
    ("collection", Kind::Fill),
    ("source", Kind::Number),
    ("target", Kind::Number),
    ("", Kind::Kept),
];
const NARROW_COLLECTIONS: [Column; 3] = [
    ("collection", Kind::Fill),
    ("rows", Kind::Number),
    ("", Kind::Kept),
];

pub(super) fn page(scene: &Scene<'_>, found: &Comparison) -> Page {
    let (mut body, mut focus) = tables(scene, found);
    let definitions = definitions::told(scene, found);
    if differing_tables(found) == 0 && !found.equal && !found.is_undecided() {
        // What differs stands first; the first table's mark does not scroll it away.
        let above = definitions.len() + 1;
        focus = focus.map(|lines| match lines.start {
            0 => 0..1,
            _ => lines.start + above..lines.end + above,
        });
        let told = definitions.into_iter().skip(1);
        body = told.chain([blank(), blank()]).chain(body).collect();
    } else {
        body.extend(definitions);
    }
    body.extend(collections(scene, &found.collections));
    body.extend(
        found
            .vectors
            .iter()
            .flat_map(|column| vectors::lines(scene, column)),
    );
    body.extend(particulars(scene, found));
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
        focus,
        ..Page::default()
    }
}

/// The tables below their heading, and the lines of the one that is marked.
fn tables(scene: &Scene<'_>, found: &Comparison) -> (Vec<Line<'static>>, Option<Range<usize>>) {
    let can_mark = scene.ui.context(scene.wizard) == Context::Tables;
    let marked = can_mark.then(|| scene.ui.marked());
    let row = |(at, table): (usize, &ComparedTable)| {
        let mut cells = match found.rows_compared {
            true => table_row(scene, table),
            false => columns_row(scene, table),
        };
        if marked == Some(at) {
            cells[0].1 = Meaning::Strong;
        }
        cells
    };
    let tables = found.differing_first();
    let mut rows: Vec<Vec<Cell>> = tables.iter().copied().enumerate().map(row).collect();
    let cells = scene.cells.saturating_sub(1);
    let columns: &[Column] = if cells < NARROW {
        let narrow = rows.iter().zip(&tables);
        let narrow = narrow.map(|(row, compared)| narrow_row(scene, compared, row));
        rows = narrow.collect();
        &NARROW_TABLES
    } else {
        let room = cells.saturating_sub(natural(&TABLES[..5], &rows));
        cut_hashes(scene, &mut rows, (room / 2).saturating_sub(2))
    };
    let (heading, rows) = table(columns, &rows, cells, scene.theme());
    let lines = std::iter::once(heading).chain(rows).enumerate();
    let mark = |at: usize| match marked.map(|marked| marked + 1) == Some(at) {
        true => scene.theme().pick("▌", ">"),
        false => " ",
    };
    let lines = lines.map(|(at, line)| {
        let mark = span(mark(at), Meaning::Accent);
        Line::from_iter(std::iter::once(mark).chain(line.spans))
    });
    // The first one is seen with the heading.
    let focus = marked.map(|at| (if at == 0 { 0 } else { at + 1 })..at + 2);
    (
        lines.collect(),
        focus.filter(|_| scene.ui.past_rows.is_none()),
    )
}

/// The columns with as much of the hashes as has room; without them where that is nothing.
fn cut_hashes(scene: &Scene<'_>, rows: &mut [Vec<Cell>], room: usize) -> &'static [Column] {
    if room < LEAST_HASH {
        return &TABLES[..5];
    }
    for (hash, _) in rows.iter_mut().flat_map(|row| &mut row[5..]) {
        *hash = cut_name(hash, room.max(lines::width(TABLES[5].0)), scene.theme());
    }
    &TABLES
}

/// As narrow as it gets: the source's rows, and how many more or fewer the target has.
fn narrow(scene: &Scene<'_>, name: Cell, source: u64, target: u64, verdict: Cell) -> Vec<Cell> {
    let rows = match target.cmp(&source) {
        Ordering::Equal => plain(grouped(source)),
        Ordering::Less => {
            let minus = scene.theme().pick("−", "-");
            let fewer = grouped(source - target);
            (format!("{} {minus}{fewer}", grouped(source)), Meaning::Bad)
        }
        Ordering::Greater => {
            let more = grouped(target - source);
            (format!("{} +{more}", grouped(source)), Meaning::Bad)
        }
    };
    vec![name, rows, verdict]
}

fn narrow_row(scene: &Scene<'_>, compared: &ComparedTable, row: &[Cell]) -> Vec<Cell> {
    let (name, mut verdict) = (row[0].clone(), row[4].clone());
    match (compared.source_rows, compared.target_rows) {
        (Some(source), Some(target)) => narrow(scene, name, source, target, verdict),
        (None, None) => vec![name, row[1].clone(), verdict],
        (Some(rows), None) | (None, Some(rows)) => {
            if compared.differs() {
                let (glyph, _, meaning) = scene.theme().equality(false);
                verdict = (format!("{glyph} missing"), meaning);
            }
            vec![name, plain(grouped(rows)), verdict]
        }
    }
}

fn head(scene: &Scene<'_>, found: &Comparison) -> Vec<Line<'static>> {
    let differing = differing_tables(found);
    let equal = found.equal_in_words();
    let left_out = found.tables.iter().filter(|table| table.left_out).count();
    let left_out = match left_out {
        0 => String::new(),
        some => format!("; {some} left out"),
    };
    let (glyph, _, mut meaning) = scene.theme().equality(found.equal);
    if found.is_undecided() {
        meaning = Meaning::Caution;
    }
    let text = if found.equal && !found.rows_compared {
        format!("{glyph} {equal} with the same columns; rows were not asked for{left_out}")
    } else if found.equal {
        format!("{glyph} Equal: {equal}, counts and content{left_out}")
    } else if found.is_undecided() {
        "! Not proved: some of what was to be compared, shown first".to_owned()
    } else if let Some(words) = definitions::summary(found, differing) {
        format!("{glyph} {words}")
    } else {
        format!("{glyph} Different: {differing} of what was compared, shown first")
    };
    let mut head = paragraph(&text, 0, scene.cells, meaning);
    head.push(blank());
    head.extend(written(scene, &found.changed_since()));
    head
}

/// Which rows differ, and of which tables nothing is proved.
fn particulars(scene: &Scene<'_>, found: &Comparison) -> Vec<Line<'static>> {
    let tables = found.differing_first().into_iter();
    let told = tables.filter_map(|table| {
        let meaning = match table.differs() {
            true => Meaning::Bad,
            false => Meaning::Caution,
        };
        Some((table.particulars()?, meaning))
    });
    let mut told: Vec<Line<'static>> = told
        .flat_map(|(text, meaning)| paragraph(&text, 0, scene.text_cells(), meaning))
        .collect();
    if !told.is_empty() {
        told.insert(0, blank());
    }
    told
}

/// The tables, collections and columns with vectors that differ.
fn differing_tables(found: &Comparison) -> usize {
    let tables = found.tables.iter().filter(|table| table.differs());
    let collections = found.collections.iter();
    let collections = collections.filter(|found| found.source_rows != found.target_rows);
    let vectors = found.vectors.iter().filter(|column| column.differs());
    tables.count() + collections.count() + vectors.count()
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

pub(super) fn name(compared: &ComparedTable) -> String {
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
        (false, equal) => {
            let (glyph, _, meaning) = scene.theme().equality(equal);
            let columns = if equal { "same" } else { "other" };
            (none(), (format!("{glyph} {columns} columns"), meaning))
        }
    };
    let name = plain(name(compared));
    vec![name, none(), none(), content, verdict, none(), none()]
}

fn table_row(scene: &Scene<'_>, compared: &ComparedTable) -> Vec<Cell> {
    let rows = |rows: Option<u64>| match rows {
        Some(rows) => plain(grouped(rows)),
        None if compared.left_out || compared.unproved.is_some() => {
            plain(scene.theme().pick("–", "-"))
        }
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
            told(scene, compared)
        },
        hash(compared.source_hash.as_deref()),
        hash(compared.target_hash.as_deref()),
    ]
}

/// The verdict on a table.
pub(super) fn told(scene: &Scene<'_>, compared: &ComparedTable) -> Cell {
    match compared.is_open() && compared.unproved.is_some() {
        true => ("! not proved".to_owned(), Meaning::Caution),
        false => verdict(scene, compared.equal),
    }
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
    (hash.unwrap_or_default().to_owned(), Meaning::Quiet)
}

/// The collections, a heading for each table that has some; what differs first.
fn collections(scene: &Scene<'_>, compared: &[ComparedCollection]) -> Vec<Line<'static>> {
    let is_equal = |compared: &ComparedCollection| compared.source_rows == compared.target_rows;
    let of_one = |one: &ComparedCollection, other: &ComparedCollection| {
        (&one.schema, &one.table) == (&other.schema, &other.table)
    };
    let mut told = Vec::new();
    for compared in compared.chunk_by(of_one) {
        let mut sorted: Vec<&ComparedCollection> = compared.iter().collect();
        sorted.sort_by_key(|compared| is_equal(compared));
        let is_narrow = scene.cells <= NARROW;
        let row = |compared: &ComparedCollection| {
            let value = compared.value.clone();
            let value = plain(value.unwrap_or_else(|| "(none)".to_owned()));
            let (source, target) = (compared.source_rows, compared.target_rows);
            let verdict = verdict(scene, is_equal(compared));
            match is_narrow {
                true => narrow(scene, value, source, target, verdict),
                false => vec![
                    value,
                    plain(grouped(source)),
                    plain(grouped(target)),
                    verdict,
                ],
            }
        };
        let rows: Vec<Vec<Cell>> = sorted.into_iter().map(row).collect();
        let columns: &[Column] = match is_narrow {
            true => &NARROW_COLLECTIONS,
            false => &COLLECTIONS,
        };
        let (heading, rows) = table(columns, &rows, scene.cells, scene.theme());
        let name = qualified(&compared[0].schema, &compared[0].table);
        let title = format!("Collections of {name}");
        told.extend([blank(), line(title, Meaning::Strong), heading]);
        told.extend(rows);
    }
    told
}
