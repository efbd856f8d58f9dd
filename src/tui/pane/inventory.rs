//! What there is to move: the tree of tables, the marked one, and what is to be known before.

mod detail;
mod notes;

pub(super) use notes::page as notes;

use super::{Page, Scene};
use crate::figures::{bytes, grouped};
use crate::session::report::{Estimate, Inventory};
use crate::source::Part;
use crate::source::tree::{Row, Taken};
use crate::tui::columns::{Cell, Column, Kind, plain, table};
use crate::tui::lines::{blank, cut, flowed, line, paragraph, span, window};
use crate::tui::theme::Meaning;
use crate::tui::ui::Layer;
use ratatui::text::Line;

const TABLES: [Column; 5] = [
    ("    table", Kind::Fill),
    ("rows", Kind::Number),
    ("size", Kind::Number),
    ("indexes", Kind::Number),
    ("vectors", Kind::Text),
];

/// From this width on, what is marked is told of at the right.
const WIDE: usize = 100;
/// Cells of the tree then: its names are to be read.
const TREE: usize = 66;

/// In a pane that is less high, the tree needs the lines of the estimates; the notes have them.
const ROOMY: usize = 14;

/// Between the tree and what stands at its right.
const GAP: usize = 3;

pub(super) fn page(scene: &Scene<'_>, found: &Inventory) -> Page {
    let rows = scene.ui.tree.rows(found);
    let marked = scene.ui.marked.min(rows.len().saturating_sub(1));
    let (head, head_cursor) = head(scene, found, rows.len());
    let is_wide = scene.cells >= WIDE && !found.tables.is_empty();
    let side_cells = scene.cells.saturating_sub(TREE + GAP).min(60);
    let cells = match is_wide {
        true => scene.cells - side_cells - GAP,
        false => scene.cells,
    };
    let mut body = match found.tables.is_empty() {
        true => paragraph(
            "The source has no tables that hold rows.",
            0,
            scene.text_cells(),
            Meaning::Plain,
        ),
        false => tree(scene, &rows, marked, cells),
    };
    let (mut side, mut foot) = (Vec::new(), Vec::new());
    if let Some(row) = rows.get(marked) {
        match is_wide {
            true => side = detail::lines(scene, found, row, side_cells),
            false => foot = detail::brief(scene, found, row),
        }
    }
    let used = body.len() + head.len() + foot.len() + 2;
    let below = Scene { cells, ..*scene };
    if scene.ui.tree.search.is_empty() {
        body.extend(fitting(&below, found, scene.rows.saturating_sub(used)));
    }
    Page {
        head,
        head_cursor,
        body,
        focus: (!rows.is_empty()).then_some(marked + 1..marked + 2),
        side,
        side_cells,
        foot,
        ..Page::default()
    }
}

/// What stands below the tree: the sections of the notes that are seen whole, since the mark does
/// not lead there.
fn fitting(scene: &Scene<'_>, found: &Inventory, mut room: usize) -> Vec<Line<'static>> {
    let mut told = Vec::new();
    for section in notes::sections(scene, found) {
        let Some(left) = room.checked_sub(section.len() + 1) else {
            break;
        };
        room = left;
        told.push(blank());
        told.extend(section);
    }
    told
}

/// The head, and the place of the cursor in it.
fn head(
    scene: &Scene<'_>,
    found: &Inventory,
    rows: usize,
) -> (Vec<Line<'static>>, Option<(usize, usize)>) {
    if found.tables.is_empty() {
        return (Vec::new(), None);
    }
    let mut head = sums(scene, found);
    head.extend(caution(scene, found));
    let cursor = search(scene, rows, &mut head);
    head.push(blank());
    (head, cursor)
}

/// What needs a look, in a line.
fn caution(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let noted = found.notes_in_words();
    let noted = noted.map(|notes| format!("{notes} (w shows them)"));
    let others = scene.wizard.choice_in_words("r looks again");
    let texts: Vec<String> = noted.into_iter().chain(others).collect();
    if texts.is_empty() {
        return Vec::new();
    }
    let text = format!("! {}", texts.join("; "));
    paragraph(&text, 0, scene.text_cells(), Meaning::Caution)
}

fn sums(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let parts = found.sums_in_words();
    let mut lines = flow(scene, &parts, Meaning::Strong);
    lines.extend(estimates(scene, found));
    lines
}

/// The time and the room. What does not fit is told in every window.
fn estimates(scene: &Scene<'_>, found: &Inventory) -> Vec<Line<'static>> {
    let estimate = Estimate::of(found);
    let (tight, room): (Vec<_>, Vec<_>) = estimate
        .room_left()
        .into_iter()
        .partition(|_| estimate.is_tight());
    let told: Vec<String> = estimate.time().into_iter().chain(room).collect();
    let mut lines = match scene.rows >= ROOMY {
        true => flow(scene, &told, Meaning::Quiet),
        false => Vec::new(),
    };
    for room in tight {
        lines.extend(paragraph(&room, 0, scene.text_cells(), Meaning::Bad));
    }
    lines
}

fn flow(scene: &Scene<'_>, parts: &[String], meaning: Meaning) -> Vec<Line<'static>> {
    let rows = flowed(parts, scene.theme().dot(), scene.cells).into_iter();
    rows.map(|row| line(row, meaning)).collect()
}

/// The line that what is searched for stands in, and the cursor's place in it.
fn search(scene: &Scene<'_>, rows: usize, head: &mut Vec<Line<'static>>) -> Option<(usize, usize)> {
    const LABEL: &str = "search  ";
    let field = &scene.ui.tree.search;
    let typing = matches!(scene.ui.layers.last(), Some(Layer::Search));
    if field.is_empty() && !typing {
        return None;
    }
    let none = if rows == 0 { "  nothing fits" } else { "" };
    let room = scene.cells.saturating_sub(LABEL.len() + none.len() + 1);
    let text: Vec<char> = field.text().chars().collect();
    let (shown, cell) = window(&text, field.cursor(), room);
    let at = head.len();
    head.push(Line::from(vec![
        span(LABEL, Meaning::Accent),
        span(cut(&shown, room, scene.theme()), Meaning::Strong),
        span(none, Meaning::Caution),
    ]));
    typing.then_some((at, LABEL.len() + cell))
}

fn tree(scene: &Scene<'_>, rows: &[Row<'_>], marked: usize, cells: usize) -> Vec<Line<'static>> {
    let mut schema = "";
    let mut set = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        if let Part::Schema(name) = &row.part {
            schema = name;
        }
        set.push(told(scene, row, schema, at == marked));
    }
    let (heading, lines) = table(&TABLES, &set, cells.saturating_sub(1), scene.theme());
    let mark = |at: usize| match at == marked {
        true => scene.theme().pick("▌", ">"),
        false => " ",
    };
    let lines = lines.into_iter().enumerate().map(|(at, mut line)| {
        line.spans.insert(0, span(mark(at), Meaning::Accent));
        line
    });
    let mut heading = heading;
    heading.spans.insert(0, span(" ", Meaning::Plain));
    std::iter::once(heading).chain(lines).collect()
}

fn told(scene: &Scene<'_>, row: &Row<'_>, schema: &str, is_marked: bool) -> Vec<Cell> {
    let theme = scene.theme();
    let taken = row.taken();
    let glyph = match taken {
        Taken::All => "[x]",
        Taken::Some => "[-]",
        Taken::Nothing => "[ ]",
    };
    let fold = match row.folded {
        Some(true) => theme.pick("▸ ", "+ "),
        Some(false) => theme.pick("▾ ", "- "),
        None => "",
    };
    let indent = row.depth * 2;
    let name = format!("{glyph} {:indent$}{fold}{}", "", row.title(schema));
    let meaning = match (is_marked, taken) {
        (true, _) => Meaning::Strong,
        (false, Taken::Nothing) => Meaning::Quiet,
        (false, _) => Meaning::Plain,
    };
    let figure = |text: String| match taken {
        Taken::Nothing => (text, Meaning::Quiet),
        _ => plain(text),
    };
    vec![
        (name, meaning),
        figure(rows_of(scene, row)),
        figure(bytes(row.sum(|table| table.row_bytes))),
        figure(bytes(row.sum(|table| table.index_bytes))),
        (vectors(row), Meaning::Accent),
    ]
}

fn rows_of(scene: &Scene<'_>, row: &Row<'_>) -> String {
    let about = match row.is_about() {
        true => scene.theme().pick("≈", "~"),
        false => "",
    };
    format!("{about}{}", grouped(row.sum(|table| table.rows)))
}

/// The types of a table's vectors.
fn vectors(row: &Row<'_>) -> String {
    match (&row.part, &row.tables[..]) {
        (Part::Table(_), [table]) => {
            let types = table
                .vectors
                .iter()
                .map(|vector| without_schema(&vector.sql_type));
            types.collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

/// A type without the schema that its extension is in.
fn without_schema(sql_type: &str) -> &str {
    let name = sql_type.split('(').next().unwrap_or_default();
    name.rfind('.').map_or(sql_type, |dot| &sql_type[dot + 1..])
}

/// A table's name; the schema `public` goes without saying.
pub(super) fn qualified(schema: &str, name: &str) -> String {
    if schema == "public" {
        name.to_owned()
    } else {
        format!("{schema}.{name}")
    }
}
