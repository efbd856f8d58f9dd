//! The start screen, drawn.

use super::footer;
use super::keys::{self, Binding, Command, Context};
use super::lines::{self, between, blank, line, paragraph, span};
use super::pane::{Page, advice_lines, help, running_time};
use super::place;
use super::screen::{self, Places, View};
use super::start::{Preparing, Stage, Start};
use super::theme::Meaning;
use crate::failure::Failure;
use crate::figures;
use crate::session::Session;
use crate::session::found::{Content, Found};
use crate::start::Entry;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::text::{Line, Span};

/// Cells before what belongs to the line above.
const INDENT: usize = 4;

/// Cells for a percentage.
const PERCENT: usize = 9;

/// Draws everything. Only the extent of the pane and the bounds of its scrolling are written back.
pub fn draw(frame: &mut Frame<'_>, start: &mut Start, now: Timestamp) {
    let area = frame.area();
    start.too_small = screen::is_too_small(area);
    if start.too_small {
        screen::too_small(frame.buffer_mut(), area);
        return;
    }
    let places = Places::of(area, 0);
    let page = page(start, usize::from(places.pane.width), now);
    let theme = start.theme;
    let buffer = frame.buffer_mut();
    let name = Line::from(span("neonlift", Meaning::Strong));
    buffer.set_line(places.title.x, places.title.y, &name, places.title.width);
    screen::rules(theme, buffer, &places);
    let keys = keys::bindings(start.context()).filter_map(|binding| offered(start, binding));
    footer::row(theme, keys, buffer, places.footer);
    let status = status(start, usize::from(places.status.width));
    buffer.set_line(
        places.status.x,
        places.status.y,
        &status,
        places.status.width,
    );
    let mut view = View {
        theme,
        scroll: &mut start.scroll,
        extent: &mut start.extent,
    };
    screen::draw_page(page, &mut view, buffer, places.pane);
    screen::more(&view, buffer, &places);
}

/// A key that works now, and what the footer calls it.
fn offered(start: &Start, binding: &'static Binding) -> Option<(&'static Binding, String)> {
    let label = match (binding.command, start.context()) {
        (command, _) if !start.can(command) => "",
        (Command::Up, Context::Reading) if start.extent.total <= start.extent.visible => "",
        (Command::Stop, _) if start.is_stopping() && !binding.label.is_empty() => "leave now",
        _ => binding.label,
    };
    (!label.is_empty()).then(|| (binding, label.to_owned()))
}

fn status(start: &Start, cells: usize) -> Line<'static> {
    let (text, meaning) = match (&start.said, &start.stage) {
        (Some(said), _) => (format!("! {said}"), Meaning::Caution),
        (None, Stage::Menu) => (String::new(), Meaning::Plain),
        (None, Stage::Preparing(preparing)) if preparing.stopping => {
            ("stopping the practice servers".to_owned(), Meaning::Caution)
        }
        (None, Stage::Preparing(preparing)) => (preparing.now.doing.clone(), Meaning::Accent),
        (None, Stage::Failed(_)) => ("Esc goes back to the menu".to_owned(), Meaning::Quiet),
    };
    line(lines::cut(&text, cells, start.theme), meaning)
}

fn page(start: &Start, cells: usize, now: Timestamp) -> Page {
    let text_cells = cells.min(90);
    match &start.stage {
        _ if start.help => help_page(start, text_cells),
        Stage::Menu => menu(start, cells, now),
        Stage::Preparing(preparing) => preparing_page(start, preparing, cells, now),
        Stage::Failed(failure) => failed(start, failure, text_cells),
    }
}

/// The keys of what lies beneath the help.
fn help_page(start: &Start, cells: usize) -> Page {
    let bare = Start {
        help: false,
        ..start.clone()
    };
    let stops = |row: &&Binding| row.command == Command::Stop;
    // A page that is read here lies over the menu, and no step runs.
    let of_page = |row: &&Binding| bare.can(row.command) && !stops(row);
    let rows = keys::bindings(bare.context()).filter(of_page);
    let rows = rows.chain(keys::bindings(Context::Start).filter(stops));
    help::of_start(start.theme, cells, rows, &start.log)
}

fn menu(start: &Start, cells: usize, now: Timestamp) -> Page {
    let mut page = Page {
        title: "Where to begin".to_owned(),
        ..Page::default()
    };
    for (at, entry) in start.menu.entries().enumerate() {
        let is_marked = at == start.marked;
        let from = page.body.len();
        let told = match entry {
            Entry::Session(found) => session(start, found, (is_marked, cells), now),
            _ => vec![
                headed(
                    start,
                    is_marked,
                    vec![named(entry.title(), is_marked)],
                    vec![],
                    cells,
                ),
                detail(start, entry.purpose(), Meaning::Quiet, cells),
            ],
        };
        page.body.extend(told);
        if is_marked {
            page.focus = Some(from..page.body.len());
        }
        page.body.push(blank());
    }
    page
}

/// An entry's first line: the mark, what it is, and what is at the right.
fn headed(
    start: &Start,
    is_marked: bool,
    what: Vec<Span<'static>>,
    aside: Vec<Span<'static>>,
    cells: usize,
) -> Line<'static> {
    let mark = match is_marked {
        true => start.theme.pick("▌ ", "> "),
        false => "  ",
    };
    let mut left = vec![span(mark, Meaning::Accent)];
    left.extend(what);
    between(left, aside, cells)
}

fn named(text: impl Into<String>, is_marked: bool) -> Span<'static> {
    let meaning = match is_marked {
        true => Meaning::Strong,
        false => Meaning::Plain,
    };
    span(text, meaning)
}

fn detail(start: &Start, text: &str, meaning: Meaning, cells: usize) -> Line<'static> {
    let text = lines::cut(text, cells.saturating_sub(INDENT), start.theme);
    line(format!("{:INDENT$}{text}", ""), meaning)
}

fn session(
    start: &Start,
    found: &Found,
    (is_marked, cells): (bool, usize),
    now: Timestamp,
) -> Vec<Line<'static>> {
    let theme = start.theme;
    let (first, (text, meaning)) = match &found.content {
        Content::Damaged(why) => {
            let name = found.file.file_name().unwrap_or_default().to_string_lossy();
            let first = headed(
                start,
                is_marked,
                vec![named(name, is_marked)],
                vec![],
                cells,
            );
            let text = format!("{} cannot be read: {why}", theme.pick("✗", "x"));
            (first, (text, Meaning::Bad))
        }
        Content::InUse(session) => {
            let text = "! open in another neonlift".to_owned();
            let first = course(start, session, is_marked, cells);
            (first, (text, Meaning::Caution))
        }
        Content::Free(session) => (
            course(start, session, is_marked, cells),
            standing(start, session, now),
        ),
    };
    let changed = found.changed.to_zoned(start.zone.clone());
    let changed = changed.strftime("%F %H:%M").to_string();
    let room = cells.saturating_sub(lines::width(&changed) + 2);
    let told = detail(start, &text, meaning, room);
    let told = between(told.spans, vec![span(changed, Meaning::Quiet)], cells);
    vec![first, told]
}

/// From where to where.
fn course(start: &Start, session: &Session, is_marked: bool, cells: usize) -> Line<'static> {
    let theme = start.theme;
    let kind = if session.practice { "practice" } else { "" };
    let arrow = format!(" {} ", theme.arrow());
    let room = cells.saturating_sub(2 + 4 + kind.len() + arrow.len());
    let [source, target] = [("source", &session.source), ("target", &session.target)].map(
        |(side, place)| match place {
            Some(place) => place.url.clone(),
            None => format!("({side} not given yet)"),
        },
    );
    let (source, target) = place::pair(&source, &target, room, theme);
    let what = named(format!("{source}{arrow}{target}"), is_marked);
    let aside = vec![span(kind, Meaning::Caution)];
    headed(start, is_marked, vec![what], aside, cells)
}

/// What is next and how much is done; of what is done long since, that its backup may go.
fn standing(start: &Start, session: &Session, now: Timestamp) -> (String, Meaning) {
    let today = now.to_zoned(start.zone.clone()).date();
    if let Some(may_go) = session.backup_may_go(today) {
        let text = format!("! {}{}{may_go}", session.whats_next(), start.theme.dot());
        return (text, Meaning::Caution);
    }
    let state = session
        .next_open()
        .map_or(crate::session::State::Done, |(_, state)| state);
    let (glyph, _, meaning) = start.theme.state(state);
    let (done, all) = session.steps_done();
    let text = format!(
        "{glyph} {}{}{done} of {all} steps done",
        session.whats_next(),
        start.theme.dot()
    );
    (text, meaning)
}

fn preparing_page(start: &Start, preparing: &Preparing, cells: usize, now: Timestamp) -> Page {
    let theme = start.theme;
    let text_cells = cells.min(90);
    let mut head = paragraph(Entry::Practice.purpose(), 0, text_cells, Meaning::Quiet);
    if preparing.stopping {
        let text = "Stopping: what was started is ended, and nothing is left running.";
        head.extend(paragraph(text, 0, text_cells, Meaning::Caution));
    }
    head.push(blank());
    let mut body: Vec<Line<'static>> = Vec::new();
    for past in &preparing.past {
        let text = lines::cut(past, cells.saturating_sub(2), theme);
        body.push(Line::from(vec![
            span(format!("{} ", theme.pick("✓", "+")), Meaning::Good),
            span(text, Meaning::Quiet),
        ]));
    }
    let doing = lines::cut(&preparing.now.doing, cells.saturating_sub(2), theme);
    body.push(Line::from(vec![
        span(format!("{} ", theme.pick("▸", ">")), Meaning::Accent),
        span(doing, Meaning::Strong),
    ]));
    body.extend(gauge(start, preparing, text_cells));
    let seconds = (now.as_second() - preparing.since.as_second()).max(0);
    Page {
        title: "Starting a practice run".to_owned(),
        aside: vec![span(running_time(seconds), Meaning::Quiet)],
        head,
        focus: Some(body.len().saturating_sub(1)..body.len()),
        body,
        ..Page::default()
    }
}

/// How much of it is done, where that is known.
fn gauge(start: &Start, preparing: &Preparing, cells: usize) -> Option<Line<'static>> {
    let (done, total) = preparing.now.progress.filter(|(_, total)| *total > 0)?;
    let share = (done as f64 / total as f64).min(1.0);
    let (full, rest) = start
        .theme
        .gauge(Some(share), cells.saturating_sub(2 + PERCENT));
    Some(Line::from(vec![
        span("  ", Meaning::Plain),
        span(full, Meaning::Accent),
        span(rest, Meaning::Quiet),
        span(
            lines::right(&figures::percent(share), PERCENT),
            Meaning::Plain,
        ),
    ]))
}

fn failed(start: &Start, failure: &Failure, cells: usize) -> Page {
    let theme = start.theme;
    let glyph = theme.pick("✗", "x");
    let mut body = paragraph(&format!("{glyph} {}", failure.what), 0, cells, Meaning::Bad);
    body.push(blank());
    body.push(line("Why", Meaning::Strong));
    for part in failure.why.lines() {
        body.extend(paragraph(part, 2, cells, Meaning::Plain));
    }
    if !failure.advice.is_empty() {
        body.push(blank());
        body.push(line("What to do", Meaning::Strong));
        let advice = failure.advice.iter();
        body.extend(advice.flat_map(|advice| advice_lines(advice, 2, (cells, cells), theme)));
    }
    Page {
        title: "This could not be begun".to_owned(),
        body,
        ..Page::default()
    }
}
