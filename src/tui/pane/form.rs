//! The connection form: a string and a password for each side, and how the string is understood.

use super::{Page, Scene};
use crate::tui::field::Field;
use crate::tui::form::{Focus, Form};
use crate::tui::lines::{blank, line, padded, paragraph, span, width, wrapped};
use crate::tui::mask;
use crate::tui::theme::{Meaning, Theme};
use crate::wizard::Side;
use ratatui::text::Line;

/// Cells for the labels.
const LABELS: usize = 10;
/// Between words that stay on one line: a label and its value.
const NO_BREAK: &str = "\u{a0}";

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let mut page = Page {
        title: "Connections".to_owned(),
        ..Page::default()
    };
    let intro = "Paste each connection string, or type it: postgresql://user@host:5432/database";
    page.head = paragraph(intro, 0, scene.text_cells(), Meaning::Quiet);
    page.head.push(blank());
    for side in [Side::Source, Side::Target] {
        card(scene, side, &mut page);
    }
    page
}

fn card(scene: &Scene<'_>, side: Side, page: &mut Page) {
    let form = &scene.ui.form;
    let start = page.body.len();
    let title = match side {
        Side::Source => "Source: where the rows come from; it is only read",
        Side::Target => "Target: the database at Neon",
    };
    page.body.push(line(title, Meaning::Strong));
    for focus in [Focus::String(side), Focus::Password(side)] {
        field(scene, form, focus, page);
    }
    page.body.extend(understood(scene, form, side));
    page.body.push(blank());
    let (Focus::String(focused) | Focus::Password(focused)) = form.focus();
    if focused == side {
        page.focus = Some(start..page.body.len());
    }
}

fn field(scene: &Scene<'_>, form: &Form, focus: Focus, page: &mut Page) {
    let has_focus = form.focus() == focus;
    let label = match focus {
        Focus::String(_) => "string",
        Focus::Password(_) => "password",
    };
    let mark = if has_focus {
        scene.theme().pick("▌", ">")
    } else {
        " "
    };
    let cells = scene.cells.saturating_sub(LABELS + 1);
    let (shown, cursor) = window(form.field(focus), focus, cells, scene.theme());
    if has_focus {
        page.cursor = Some((page.body.len(), LABELS + cursor));
    }
    let shown = match (shown.is_empty(), focus) {
        (true, Focus::Password(_)) if !has_focus => {
            span("only if it is not in the string", Meaning::Quiet)
        }
        (true, Focus::String(_)) if !has_focus => span("not given yet", Meaning::Quiet),
        _ => span(shown, Meaning::Plain),
    };
    let label_meaning = if has_focus {
        Meaning::Accent
    } else {
        Meaning::Quiet
    };
    page.body.push(Line::from(vec![
        span(mark, Meaning::Accent),
        span(padded(label, LABELS - 1), label_meaning),
        shown,
    ]));
}

/// The part of a field around its cursor that fits, secrets masked, and the cursor's cell in it.
fn window(field: &Field, focus: Focus, cells: usize, theme: Theme) -> (String, usize) {
    let text = field.text();
    let hidden = match focus {
        Focus::String(_) => mask::hidden(&text),
        Focus::Password(_) => vec![true; text.chars().count()],
    };
    let shown: Vec<char> = text
        .chars()
        .zip(hidden)
        .map(|(character, hide)| if hide { theme.masked() } else { character })
        .collect();
    let cursor = field.cursor();
    // The cursor itself needs a cell behind the text.
    let room = cells.saturating_sub(1).max(1);
    let mut start = 0;
    while start < cursor && width(&shown[start..cursor].iter().collect::<String>()) > room {
        start += 1;
    }
    let before: String = shown[start..cursor].iter().collect();
    let after: String = shown[cursor..].iter().collect();
    (format!("{before}{after}"), width(&before))
}

fn understood(scene: &Scene<'_>, form: &Form, side: Side) -> Vec<Line<'static>> {
    let theme = scene.theme();
    let cells = scene.text_cells().saturating_sub(LABELS + 2);
    let (glyph, text, meaning) = match form.understood(side, scene.ui.understand) {
        None => return vec![blank()],
        Some(Err(wrong)) => (theme.pick("✗", "x"), wrong, Meaning::Bad),
        Some(Ok(parts)) => {
            let parts: Vec<String> = parts
                .into_iter()
                .map(|(label, value)| format!("{label} {value}").replace(' ', NO_BREAK))
                .collect();
            (theme.pick("✓", "+"), parts.join(theme.dot()), Meaning::Good)
        }
    };
    let text_meaning = if meaning == Meaning::Bad {
        Meaning::Bad
    } else {
        Meaning::Quiet
    };
    wrapped(&text, cells)
        .into_iter()
        .map(|part| part.replace(NO_BREAK, " "))
        .enumerate()
        .map(|(at, part)| {
            let glyph = if at == 0 { glyph } else { " " };
            Line::from(vec![
                span(format!("{:LABELS$}{glyph} ", ""), meaning),
                span(part, text_meaning),
            ])
        })
        .collect()
}
