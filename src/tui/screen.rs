//! The screen: title, steps at the left, the pane, the status line and the footer of keys.

use super::dialog;
use super::footer;
use super::lines::{self, between, span};
use super::pane::{self, Page, Scene};
use super::place;
use super::steps_column;
use super::theme::{Meaning, Theme};
use super::ui::{Extent, Ui};
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
    ui.too_small = is_too_small(area);
    if ui.too_small {
        match wizard.question() {
            Some(question) => in_words(frame.buffer_mut(), area, &question.in_a_line()),
            None => too_small(frame.buffer_mut(), area),
        }
        return;
    }
    let places = Places::of(area, steps_width(area));
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
    let mut view = View {
        theme: ui.theme,
        scroll: &mut ui.scroll,
        extent: &mut ui.extent,
    };
    let cursor = draw_page(page, &mut view, buffer, places.pane);
    more(&view, buffer, &places);
    let over = dialog::draw(wizard, ui, buffer, area);
    if let Some(position) = over.unwrap_or(cursor) {
        frame.set_cursor_position(position);
    }
}

/// Whether the window is too small to draw in.
pub(super) fn is_too_small(area: Rect) -> bool {
    area.width < SMALLEST.0 || area.height < SMALLEST.1
}

fn steps_width(area: Rect) -> u16 {
    match area.width {
        110.. => 28,
        76.. => 22,
        _ => 21,
    }
}

/// How far a pane is scrolled, and how much of it is seen.
pub(super) struct View<'a> {
    pub(super) theme: Theme,
    pub(super) scroll: &'a mut usize,
    pub(super) extent: &'a mut Extent,
}

/// Where everything stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) title: Rect,
    pub(super) steps: Rect,
    pub(super) pane: Rect,
    pub(super) status: Rect,
    pub(super) footer: Rect,
}

impl Places {
    /// The places in a window; without a width for the steps, the pane has all of it.
    pub(super) fn of(area: Rect, steps_width: u16) -> Self {
        let row = |y: u16| Rect {
            x: area.x + 1,
            y,
            width: area.width - 2,
            height: 1,
        };
        let (top, bottom) = (area.y + 2, area.y + area.height - 3);
        let height = bottom - top;
        let steps = Rect {
            x: area.x,
            y: top,
            width: steps_width,
            height,
        };
        let left = if steps_width > 0 { steps_width + 2 } else { 1 };
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

pub(super) fn too_small(buffer: &mut Buffer, area: Rect) {
    let text = format!(
        "The window is too small: make it at least {} by {}. q leaves.",
        SMALLEST.0, SMALLEST.1
    );
    in_words(buffer, area, &text);
}

/// A text and nothing else.
fn in_words(buffer: &mut Buffer, area: Rect, text: &str) {
    let rows = lines::wrapped(text, usize::from(area.width));
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

pub(super) fn rules(theme: Theme, buffer: &mut Buffer, places: &Places) {
    let (flat, upright) = (theme.pick("─", "-"), theme.pick("│", "|"));
    let style = Meaning::Quiet.style();
    let (top, bottom) = (places.title.y + 1, places.status.y - 1);
    let (left, right) = (buffer.area.x, buffer.area.right());
    for y in [top, bottom] {
        for x in left..right {
            buffer[(x, y)].set_symbol(flat).set_style(style);
        }
    }
    if places.steps.width == 0 {
        return;
    }
    let x = places.steps.right();
    for y in top + 1..bottom {
        buffer[(x, y)].set_symbol(upright).set_style(style);
    }
    buffer[(x, top)].set_symbol(theme.pick("┬", "+"));
    buffer[(x, bottom)].set_symbol(theme.pick("┴", "+"));
}

/// Draws a page into the pane, scrolled; gives the cursor's place.
pub(super) fn draw_page(
    page: Page,
    view: &mut View<'_>,
    buffer: &mut Buffer,
    area: Rect,
) -> Option<Position> {
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
        view,
        visible,
        body.len(),
        page.focus
            .map(|range| range.start + moved.len()..range.end + moved.len()),
    );
    let shown = fixed
        .iter()
        .chain(body.iter().skip(*view.scroll).take(visible));
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
        .checked_sub(*view.scroll)
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
fn scroll(
    view: &mut View<'_>,
    visible: usize,
    total: usize,
    focus: Option<std::ops::Range<usize>>,
) {
    *view.extent = Extent { visible, total };
    if let Some(focus) = focus {
        if focus.end > view.scroll.saturating_add(visible) {
            *view.scroll = focus.end.saturating_sub(visible);
        }
        *view.scroll = (*view.scroll).min(focus.start);
    }
    *view.scroll = (*view.scroll).min(total.saturating_sub(visible));
}

/// Says in the lower rule how much more there is above and below.
pub(super) fn more(view: &View<'_>, buffer: &mut Buffer, places: &Places) {
    let below = view
        .extent
        .total
        .saturating_sub(*view.scroll + view.extent.visible);
    let (up, down) = (view.theme.pick("↑", "^"), view.theme.pick("↓", "v"));
    let text = match (*view.scroll, below) {
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
