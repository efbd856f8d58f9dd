//! The screen: title, steps at the left, the pane, the status line and the footer of keys.

use super::dialog;
use super::footer;
use super::lines::{self, between, span};
use super::pane::{self, Page, Scene};
use super::place;
use super::steps_column;
use super::theme::{Meaning, Theme};
use super::ui::Ui;
use crate::progress::Sample;
use crate::wizard::Wizard;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// The smallest window that is drawn in.
pub const SMALLEST: (u16, u16) = (60, 16);

/// Lines of a page's body that are seen at least, whatever stands under it.
const LEAST_BODY: usize = 4;

/// Draws everything. Only the extent of the pane and the bounds of its scrolling are written back.
pub fn draw(frame: &mut Frame<'_>, wizard: &Wizard, ui: &mut Ui, sample: &Sample, now: Timestamp) {
    let area = frame.area();
    ui.too_small = area.width < SMALLEST.0 || area.height < SMALLEST.1;
    if ui.too_small {
        too_small(frame.buffer_mut(), area);
        return;
    }
    let places = Places::of(area);
    let cells = usize::from(places.pane.width);
    let scene = Scene {
        wizard,
        ui,
        sample,
        now,
        cells,
        rows: usize::from(places.pane.height),
    };
    let page = pane::page(&scene);
    let buffer = frame.buffer_mut();
    title(&scene, buffer, places.title);
    steps_column::draw(&scene, buffer, places.steps);
    footer::status(&scene, buffer, places.status);
    footer::keys(&scene, buffer, places.footer);
    rules(ui.theme, buffer, &places);
    let cursor = draw_page(page, ui, buffer, places.pane);
    more(ui, buffer, &places);
    let over = dialog::draw(wizard, ui, buffer, area);
    if let Some(position) = over.unwrap_or(cursor) {
        frame.set_cursor_position(position);
    }
}

/// Where everything stands.
#[derive(Debug, Clone, Copy)]
struct Places {
    title: Rect,
    steps: Rect,
    pane: Rect,
    status: Rect,
    footer: Rect,
}

impl Places {
    fn of(area: Rect) -> Self {
        let row = |y: u16| Rect {
            x: area.x + 1,
            y,
            width: area.width - 2,
            height: 1,
        };
        let (top, bottom) = (area.y + 2, area.y + area.height - 3);
        let steps_width = match area.width {
            110.. => 28,
            76.. => 22,
            _ => 21,
        };
        let height = bottom - top;
        let steps = Rect {
            x: area.x,
            y: top,
            width: steps_width,
            height,
        };
        let left = steps_width + 2;
        let pane = Rect {
            x: area.x + left,
            y: top,
            width: area.width - left - 1,
            height,
        };
        Self {
            title: row(area.y),
            steps,
            pane,
            status: row(bottom + 1),
            footer: row(bottom + 2),
        }
    }
}

fn too_small(buffer: &mut Buffer, area: Rect) {
    let text = format!(
        "The window is too small: make it at least {} by {}. q leaves.",
        SMALLEST.0, SMALLEST.1
    );
    let rows = lines::wrapped(&text, usize::from(area.width));
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        buffer.set_line(area.x, y, &Line::raw(row), area.width);
    }
}

fn title(scene: &Scene<'_>, buffer: &mut Buffer, area: Rect) {
    let session = scene.session();
    let cells = usize::from(area.width);
    let mut left = vec![span("neonlift", Meaning::Strong)];
    let url = |place: &Option<crate::session::Place>| place.as_ref().map(|place| place.url.clone());
    let arrow = format!(" {} ", scene.theme().arrow());
    let aside = if session.practice { "practice" } else { "" };
    let room = cells.saturating_sub(8 + 3 + arrow.len() + aside.len() + 2);
    if let (Some(source), Some(target)) = (url(&session.source), url(&session.target)) {
        let (source, target) = place::pair(&source, &target, room, scene.theme());
        left.push(span("   ", Meaning::Plain));
        left.push(span(source, Meaning::Plain));
        left.push(span(arrow, Meaning::Quiet));
        left.push(span(target, Meaning::Plain));
    }
    let line = between(left, vec![span(aside, Meaning::Caution)], cells);
    buffer.set_line(area.x, area.y, &line, area.width);
}

fn rules(theme: Theme, buffer: &mut Buffer, places: &Places) {
    let (flat, upright) = (theme.pick("─", "-"), theme.pick("│", "|"));
    let style = Meaning::Quiet.style();
    let (top, bottom) = (places.title.y + 1, places.status.y - 1);
    let (left, right) = (buffer.area.x, buffer.area.right());
    for y in [top, bottom] {
        for x in left..right {
            buffer[(x, y)].set_symbol(flat).set_style(style);
        }
    }
    let x = places.steps.right();
    for y in top + 1..bottom {
        buffer[(x, y)].set_symbol(upright).set_style(style);
    }
    buffer[(x, top)].set_symbol(theme.pick("┬", "+"));
    buffer[(x, bottom)].set_symbol(theme.pick("┴", "+"));
}

/// Draws a page into the pane, scrolled; gives the cursor's place.
fn draw_page(page: Page, ui: &mut Ui, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let heading = between(
        vec![span(page.title, Meaning::Strong)],
        page.aside,
        usize::from(area.width),
    );
    let mut fixed = vec![heading, lines::blank()];
    // A long head must leave room for what it is the head of, and the foot for both.
    let most = usize::from(area.height).saturating_sub(2 + 3);
    let (head, moved) = page.head.split_at(page.head.len().min(most));
    fixed.extend_from_slice(head);
    let body = [moved, &page.body].concat();
    let below = usize::from(area.height).saturating_sub(fixed.len());
    let foot = &page.foot[..page.foot.len().min(below.saturating_sub(LEAST_BODY))];
    let visible = below - foot.len();
    scroll(
        ui,
        visible,
        body.len(),
        page.focus
            .map(|range| range.start + moved.len()..range.end + moved.len()),
    );
    let shown = fixed
        .iter()
        .chain(body.iter().skip(ui.scroll).take(visible));
    for (y, line) in (area.y..area.bottom()).zip(shown) {
        buffer.set_line(area.x, y, line, area.width);
    }
    draw_foot(foot, buffer, area);
    draw_side((&page.side, page.side_cells), fixed.len(), buffer, area);
    if let Some((row, cell)) = page.head_cursor.filter(|(row, _)| *row < head.len()) {
        return position(area, 2 + row, cell);
    }
    let (row, cell) = page.cursor?;
    let row = (row + moved.len())
        .checked_sub(ui.scroll)
        .filter(|row| *row < visible)?;
    position(area, fixed.len() + row, cell)
}

/// What stands under the body.
fn draw_foot(foot: &[Line<'static>], buffer: &mut Buffer, area: Rect) {
    let rows = u16::try_from(foot.len()).unwrap_or(0).min(area.height);
    for (y, line) in (area.bottom() - rows..area.bottom()).zip(foot) {
        buffer.set_line(area.x, y, line, area.width);
    }
}

fn position(area: Rect, row: usize, cell: usize) -> Option<Position> {
    let x = area.x + u16::try_from(cell).ok()?.min(area.width.saturating_sub(1));
    let y = area.y + u16::try_from(row).ok()?;
    Some(Position { x, y })
}

/// What stands at the right of the body.
fn draw_side(
    (side, cells): (&[Line<'static>], usize),
    from: usize,
    buffer: &mut Buffer,
    area: Rect,
) {
    let (Ok(from), Ok(cells)) = (u16::try_from(from), u16::try_from(cells)) else {
        return;
    };
    let cells = cells.min(area.width);
    for (y, line) in (area.y.saturating_add(from)..area.bottom()).zip(side) {
        buffer.set_line(area.right() - cells, y, line, cells);
    }
}

/// Keeps the scrolling within its bounds and what has the focus in sight.
fn scroll(ui: &mut Ui, visible: usize, total: usize, focus: Option<std::ops::Range<usize>>) {
    ui.extent = super::ui::Extent { visible, total };
    if let Some(focus) = focus {
        if focus.end > ui.scroll.saturating_add(visible) {
            ui.scroll = focus.end.saturating_sub(visible);
        }
        ui.scroll = ui.scroll.min(focus.start);
    }
    ui.scroll = ui.scroll.min(total.saturating_sub(visible));
}

/// Says in the lower rule how much more there is above and below.
fn more(ui: &Ui, buffer: &mut Buffer, places: &Places) {
    let below = ui
        .extent
        .total
        .saturating_sub(ui.scroll + ui.extent.visible);
    let (up, down) = (ui.theme.pick("↑", "^"), ui.theme.pick("↓", "v"));
    let text = match (ui.scroll, below) {
        (0, 0) => return,
        (0, below) => format!(" {down} {below} more "),
        (above, 0) => format!(" {up} {above} more "),
        (above, below) => format!(" {up} {above} {down} {below} more "),
    };
    let Ok(cells) = u16::try_from(lines::width(&text)) else {
        return;
    };
    let x = places.pane.right().saturating_sub(cells + 1);
    let y = places.status.y - 1;
    buffer.set_line(x, y, &Line::from(span(text, Meaning::Accent)), cells);
}
