//! The connection form: a string and a password for each side, and how the string is understood.

use super::{Page, Scene};
use crate::tui::field::Field;
use crate::tui::form::{Focus, Form};
use crate::tui::lines::{blank, cut, flowed, line, padded, paragraph, span, window, wrapped};
use crate::tui::mask;
use crate::tui::theme::{Meaning, Theme};
use crate::wizard::Side;
use ratatui::text::Line;

/// Cells for the labels.
const LABELS: usize = 11;

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
    let masked = masked(form.field(focus), focus, scene.theme());
    let shown = if has_focus {
        let (shown, cursor) = window(&masked, form.field(focus).cursor(), cells);
        page.cursor = Some((page.body.len(), LABELS + cursor));
        shown
    } else {
        cut(&masked.iter().collect::<String>(), cells, scene.theme())
    };
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

/// A field's characters with its secrets masked.
fn masked(field: &Field, focus: Focus, theme: Theme) -> Vec<char> {
    let text = field.text();
    let hidden = match focus {
        Focus::String(_) => mask::hidden(&text),
        Focus::Password(_) => vec![true; text.chars().count()],
    };
    text.chars()
        .zip(hidden)
        .map(|(character, hide)| if hide { theme.masked() } else { character })
        .collect()
}

fn understood(scene: &Scene<'_>, form: &Form, side: Side) -> Vec<Line<'static>> {
    let theme = scene.theme();
    let cells = scene.text_cells().saturating_sub(LABELS + 2);
    let (glyph, rows, meaning, text) = match form.understood(side, scene.ui.understand) {
        None => return vec![blank()],
        Some(Err(wrong)) => (
            theme.pick("✗", "x"),
            wrapped(&wrong, cells),
            Meaning::Bad,
            Meaning::Bad,
        ),
        Some(Ok(parts)) => {
            let parts: Vec<String> = parts
                .into_iter()
                .map(|(label, value)| format!("{label} {value}"))
                .collect();
            let rows = flowed(&parts, theme.dot(), cells);
            (theme.pick("✓", "+"), rows, Meaning::Good, Meaning::Quiet)
        }
    };
    rows.into_iter()
        .enumerate()
        .map(|(at, row)| {
            let glyph = if at == 0 { glyph } else { " " };
            Line::from(vec![
                span(format!("{:LABELS$}{glyph} ", ""), meaning),
                span(row, text),
            ])
        })
        .collect()
}
