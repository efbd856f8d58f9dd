//! What lies over everything: the wizard's question, and the name under a signature.

use super::field::Field;
use super::lines::{blank, line, paragraph, span, window};
use super::theme::{Meaning, Theme};
use super::ui::{Asked, Layer, Ui};
use crate::wizard::Wizard;
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
    if let Some(asked) = ui.asked(wizard) {
        framed(ui.theme, &question(&asked, ui, cells), cells, buffer, area);
        return Some(None);
    }
    let Some(Layer::Signing { item, name }) = ui.layers.last() else {
        return None;
    };
    let text = wizard
        .session()
        .checklist
        .iter()
        .find(|known| known.key == *item);
    let text = text.map_or(item.as_str(), |item| item.text.as_str());
    let (body, cell) = signing(text, name, cells, ui.theme);
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

fn question(asked: &Asked, ui: &Ui, cells: usize) -> Vec<Line<'static>> {
    let mut body = paragraph(&asked.text, 0, cells, Meaning::Strong);
    body.push(blank());
    for (key, answer, is_marked) in [("n", &asked.no, !ui.yes), ("y", &asked.yes, ui.yes)] {
        let mark = if is_marked {
            ui.theme.pick("▌", ">")
        } else {
            " "
        };
        let meaning = if is_marked {
            Meaning::Strong
        } else {
            Meaning::Plain
        };
        let word = if key == "y" { "yes" } else { "no" };
        for (at, part) in paragraph(answer, 0, cells.saturating_sub(7), meaning)
            .into_iter()
            .enumerate()
        {
            let word = if at == 0 { word } else { "" };
            let mut spans = vec![
                span(mark, Meaning::Accent),
                span(format!(" {word:<5}"), Meaning::Accent),
            ];
            spans.extend(part.spans);
            body.push(Line::from(spans));
        }
    }
    body
}

fn signing(text: &str, name: &Field, cells: usize, theme: Theme) -> (Vec<Line<'static>>, usize) {
    let mut body = paragraph(text, 0, cells, Meaning::Strong);
    body.push(blank());
    let label = "signed by  ";
    let name_typed: Vec<char> = name.text().chars().collect();
    let (visible, cursor) = window(
        &name_typed,
        name.cursor(),
        cells.saturating_sub(label.len()),
    );
    let cell = label.len() + cursor;
    body.push(Line::from(vec![
        span(label, Meaning::Quiet),
        span(visible, Meaning::Plain),
    ]));
    body.push(blank());
    let dot = theme.dot();
    body.push(line(
        format!("Enter signs with the present time{dot}Esc goes back"),
        Meaning::Quiet,
    ));
    (body, cell)
}

/// Draws lines in a frame in the middle; gives the place inside it.
fn framed(
    theme: Theme,
    body: &[Line<'static>],
    cells: usize,
    buffer: &mut Buffer,
    area: Rect,
) -> Rect {
    let wide = u16::try_from(cells)
        .unwrap_or(u16::MAX)
        .saturating_add(4)
        .min(area.width);
    let high = u16::try_from(body.len())
        .unwrap_or(u16::MAX)
        .saturating_add(4)
        .min(area.height);
    let frame = Rect {
        x: area.x + (area.width - wide) / 2,
        y: area.y + (area.height - high) / 2,
        width: wide,
        height: high,
    };
    let style = Meaning::Accent.style();
    for position in frame.positions() {
        buffer[position].reset();
    }
    for x in frame.x..frame.right() {
        for y in [frame.y, frame.bottom() - 1] {
            buffer[(x, y)]
                .set_symbol(theme.pick("─", "-"))
                .set_style(style);
        }
    }
    for y in frame.y..frame.bottom() {
        for x in [frame.x, frame.right() - 1] {
            buffer[(x, y)]
                .set_symbol(theme.pick("│", "|"))
                .set_style(style);
        }
    }
    let (right, bottom) = (frame.right() - 1, frame.bottom() - 1);
    for (x, y, corner) in [
        (frame.x, frame.y, "╭"),
        (right, frame.y, "╮"),
        (frame.x, bottom, "╰"),
        (right, bottom, "╯"),
    ] {
        buffer[(x, y)].set_symbol(theme.pick(corner, "+"));
    }
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
