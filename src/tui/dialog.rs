//! What lies over everything: the wizard's question, the name under a signature, the consent to
//! overwrite.

use super::consent::Purpose;
use super::field::Field;
use super::lines::{self, blank, line, paragraph, span, window};
use super::theme::{Meaning, Theme};
use super::ui::{Layer, Ui};
use crate::figures::{self, counted};
use crate::session::report::{AtStake, Lost, cost_in_words};
use crate::wizard::{Question, Seen, Wizard};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// Draws the dialog that is open and gives the cursor's place in it, `None` where there is no
/// cursor; gives nothing when no dialog is open.
pub(super) fn draw(
    wizard: &Wizard,
    ui: &Ui,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Option<Position>> {
    let cells = usize::from(area.width.saturating_sub(8).min(64));
    let rows = usize::from(area.height);
    if let Some(asked) = wizard.question().filter(|_| !ui.reads_help()) {
        framed(ui.theme, &question(asked, ui, cells), cells, buffer, area);
        return Some(None);
    }
    let (body, cell) = match ui.layers.last()? {
        Layer::Signing { item, name } => signing(wizard, item, name, cells, ui.theme),
        Layer::Folder { path } => folder(path, cells, ui.theme),
        Layer::Typed { purpose, name } => consent(wizard, *purpose, name, (cells, rows), ui.theme),
        _ => return None,
    };
    // The name stands in the last line but two.
    let row = body.len().saturating_sub(3);
    let inner = framed(ui.theme, &body, cells, buffer, area);
    let x = inner.x
        + u16::try_from(cell)
            .unwrap_or(0)
            .min(inner.width.saturating_sub(1));
    let y = inner.y + u16::try_from(row).unwrap_or(0);
    Some(Some(Position { x, y }))
}

/// What is asked, and below it each answer with its letter and what it does.
fn question(asked: &Question, ui: &Ui, cells: usize) -> Vec<Line<'static>> {
    const INDENT: usize = 5;
    let mut body = paragraph(&asked.text, 0, cells, Meaning::Strong);
    body.push(blank());
    let marked = ui.marked_answer(asked);
    for (at, answer) in asked.answers.iter().enumerate() {
        let (mark, meaning) = match at == marked {
            true => (ui.theme.pick("▌", ">"), Meaning::Strong),
            false => (" ", Meaning::Plain),
        };
        let text = format!("{}: {}", answer.word, answer.does);
        let parts = paragraph(&text, 0, cells.saturating_sub(INDENT), meaning);
        for (row, part) in parts.into_iter().enumerate() {
            let letter = if row == 0 { answer.key } else { ' ' };
            let mut spans = vec![
                span(mark, Meaning::Accent),
                span(format!(" {letter}  "), Meaning::Accent),
            ];
            spans.extend(part.spans);
            body.push(Line::from(spans));
        }
    }
    body
}

fn signing(
    wizard: &Wizard,
    key: &str,
    name: &Field,
    cells: usize,
    theme: Theme,
) -> (Vec<Line<'static>>, usize) {
    let mut items = wizard.session().checklist.iter();
    let text = items.find(|known| known.key == key);
    let text = text.map_or(key, |item| item.text.as_str());
    let body = paragraph(text, 0, cells, Meaning::Strong);
    let hint = format!(
        "Enter signs with the present time{}Esc goes back",
        theme.dot()
    );
    typed(body, ("signed by  ", name), &hint, cells)
}

fn folder(path: &Field, cells: usize, theme: Theme) -> (Vec<Line<'static>>, usize) {
    let mut body = paragraph("Where is the application?", 0, cells, Meaning::Strong);
    let text = "Its .env and the like are read, and its tests are run on the target. Nothing in the folder is changed before you consent.";
    body.extend(paragraph(text, 0, cells, Meaning::Plain));
    let hint = format!("Enter looks at it{}Esc goes back", theme.dot());
    typed(body, ("folder  ", path), &hint, cells)
}

/// Tables that are named one by one in the consent, where there is room.
const NAMED: usize = 6;

/// Lines of the consent without them.
const REST: usize = 18;

/// What is consented to, and the name that has to be typed.
fn consent(
    wizard: &Wizard,
    purpose: Purpose,
    name: &Field,
    (cells, rows): (usize, usize),
    theme: Theme,
) -> (Vec<Line<'static>>, usize) {
    let mut body = consented(wizard, purpose, (cells, rows), theme);
    body.push(blank());
    let meaning = match purpose {
        // What is lost stands above, in its own colour.
        Purpose::Overwrite => Meaning::Plain,
        _ => Meaning::Caution,
    };
    let database = purpose.database(wizard);
    let text = format!("To consent, type the database's name: {database}");
    body.extend(paragraph(&text, 0, cells, meaning));
    let hint = format!(
        "Enter consents, when it is exactly this name{}Esc goes back",
        theme.dot()
    );
    typed(body, ("name  ", name), &hint, cells)
}

/// What would happen.
fn consented(
    wizard: &Wizard,
    purpose: Purpose,
    (cells, rows): (usize, usize),
    theme: Theme,
) -> Vec<Line<'static>> {
    let (question, does) = match purpose {
        Purpose::Overwrite => return overwriting(wizard, (cells, rows), theme),
        Purpose::CutOver => (
            "Cut the application over to the target?",
            "Stop the application first, every instance of it. The source is watched until nothing writes, both sides are compared, the files switched, the target tried. Each can be undone until the end.",
        ),
        Purpose::RollBack => (
            "Take the application back to its old database?",
            "Its files are put back, once the old database has answered. What was written to the target since stays there alone, unless it is saved first.",
        ),
        Purpose::DropLedger { remove_dump } => (
            "Drop this migration's ledger on the target?",
            match remove_dump {
                true => {
                    "After that no transfer is resumed. The backup is archived, read back, and its dump removed then. The old database stays."
                }
                false => {
                    "After that no transfer is resumed. The backup is archived, and stays. The old database stays."
                }
            },
        ),
        Purpose::Apply => (
            "Take the target's rows over into the old database?",
            "Rows that only the target has are inserted, all or none; rows that both have with other values stay as they are, and are told.",
        ),
    };
    let mut body = paragraph(question, 0, cells, Meaning::Strong);
    body.extend(paragraph(does, 0, cells, Meaning::Plain));
    if let Some(lost) = lost(wizard).filter(|_| purpose == Purpose::RollBack) {
        body.extend(paragraph(&lost, 0, cells, Meaning::Bad));
    }
    body
}

/// Which database is overwritten, and what is lost of it.
fn overwriting(wizard: &Wizard, (cells, rows): (usize, usize), theme: Theme) -> Vec<Line<'static>> {
    let found = wizard.found_on_target();
    let place = found.map_or("the target", |found| found.target.endpoint.as_str());
    let (at_stake, also) = found.map_or((&[][..], &[][..]), |found| {
        (found.at_stake.as_slice(), found.also_lost.as_slice())
    });
    let tables: Vec<&AtStake> = found.map_or_else(Vec::new, |found| found.tables_at_stake().0);
    let also = also_lost(also, cells);
    let named = rows.saturating_sub(REST + also.len()).min(NAMED);
    let goes = wizard.session().select.takes_definitions();
    let gone = match goes {
        true => "Replace what is on",
        false => "Empty the tables of",
    };
    let mut body = paragraph(&format!("{gone} {place}?"), 0, cells, Meaning::Strong);
    let cost = cost_in_words(at_stake, goes);
    body.extend(paragraph(&cost, 0, cells, Meaning::Bad));
    for table in tables.iter().take(named) {
        let rows = figures::grouped(table.rows);
        let text = format!("  {}.{}  {rows}", table.schema, table.table);
        body.push(line(lines::cut(&text, cells, theme), Meaning::Plain));
    }
    if tables.len() > named {
        let more = format!("  and {} more", tables.len() - named);
        body.push(line(more, Meaning::Quiet));
    }
    body.extend(also);
    body
}

/// What the way back that is looked at would lose.
fn lost(wizard: &Wizard) -> Option<String> {
    match wizard.looking()?.seen.as_ref()?.as_deref() {
        Ok(Seen::WayBack(found)) => Some(format!("Lost would be {}.", found.losses().first()?)),
        _ => None,
    }
}

/// How many of what is no table are lost too.
fn also_lost(lost: &[Lost], cells: usize) -> Vec<Line<'static>> {
    let counts = lost.iter().map(|lost| counted(lost.count, &lost.kind));
    let counts: Vec<String> = counts.collect();
    match counts.is_empty() {
        true => Vec::new(),
        false => paragraph(
            &format!("And {}.", counts.join(", ")),
            0,
            cells,
            Meaning::Bad,
        ),
    }
}

/// A text with a field below it, which stands in the last line but two; and the cursor's cell.
fn typed(
    mut body: Vec<Line<'static>>,
    (label, field): (&'static str, &Field),
    hint: &str,
    cells: usize,
) -> (Vec<Line<'static>>, usize) {
    body.push(blank());
    let letters: Vec<char> = field.text().chars().collect();
    let (visible, cursor) = window(&letters, field.cursor(), cells.saturating_sub(label.len()));
    body.push(Line::from(vec![
        span(label, Meaning::Quiet),
        span(visible, Meaning::Plain),
    ]));
    body.push(blank());
    body.push(line(hint.to_owned(), Meaning::Quiet));
    (body, label.len() + cursor)
}

/// Draws lines in a frame in the middle; gives the place inside it.
fn framed(
    theme: Theme,
    body: &[Line<'static>],
    cells: usize,
    buffer: &mut Buffer,
    area: Rect,
) -> Rect {
    // The frame, and a blank cell within it, on each side.
    let around = |size: usize| u16::try_from(size).unwrap_or(u16::MAX).saturating_add(4);
    let (wide, high) = (
        around(cells).min(area.width),
        around(body.len()).min(area.height),
    );
    let frame = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    };
    for position in frame.positions() {
        buffer[position].reset();
    }
    border(theme, buffer, frame);
    let inner = Rect {
        x: frame.x + 2,
        y: frame.y + 2,
        width: wide - 4,
        height: high - 4,
    };
    for (y, line) in (inner.y..inner.bottom()).zip(body) {
        buffer.set_line(inner.x, y, line, inner.width);
    }
    inner
}

fn border(theme: Theme, buffer: &mut Buffer, frame: Rect) {
    let (flat, upright) = (theme.pick("─", "-"), theme.pick("│", "|"));
    let (right, bottom) = (frame.right() - 1, frame.bottom() - 1);
    let style = Meaning::Accent.style();
    let mut put = |x, y, symbol| {
        buffer[(x, y)].set_symbol(symbol).set_style(style);
    };
    for x in frame.x..frame.right() {
        put(x, frame.y, flat);
        put(x, bottom, flat);
    }
    for y in frame.y..frame.bottom() {
        put(frame.x, y, upright);
        put(right, y, upright);
    }
    for (x, y, corner) in [
        (frame.x, frame.y, "╭"),
        (right, frame.y, "╮"),
        (frame.x, bottom, "╰"),
        (right, bottom, "╯"),
    ] {
        put(x, y, theme.pick(corner, "+"));
    }
}
