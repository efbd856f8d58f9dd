//! The connection form: for each side its string, the parts of it, the password, and how all that
//! is understood.

use super::{Page, Scene};
use crate::postgres::{ConnectionString, ParseError};
use crate::tui::field::Field;
use crate::tui::form::{Focus, Form, Origin, Part};
use crate::tui::lines::{
    self, blank, cut, cut_name, flowed, line, padded, paragraph, span, window,
};
use crate::tui::mask;
use crate::tui::theme::{Meaning, Theme};
use crate::wizard::Side;
use ratatui::text::{Line, Span};

/// Cells for the labels at the left, the mark of the focus among them.
const LABELS: usize = 11;
/// Cells for a label inside a line, its mark among them.
const INNER: usize = 6;
/// Cells for a port.
const PORT: usize = 6;
/// What the parts that the form shows by themselves are called in a string's explanation.
const SHOWN: [&str; 6] = ["host", "port", "database", "user", "password", "caution"];

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let mut page = Page {
        title: "Connections".to_owned(),
        ..Page::default()
    };
    let intro = "Paste each connection string, or fill in its parts.";
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
    row(
        scene,
        page,
        side,
        &[(Part::String, scene.cells.saturating_sub(LABELS))],
    );
    // Parts that stand too far apart do not read as one place.
    let room = scene.text_cells().saturating_sub(LABELS);
    let half = room.saturating_sub(INNER) / 2;
    page.body.extend(pointer(scene, side));
    let host = room.saturating_sub(INNER + PORT);
    row(scene, page, side, &[(Part::Host, host), (Part::Port, PORT)]);
    let names = [
        (Part::Database, room.saturating_sub(INNER + half)),
        (Part::User, half),
    ];
    row(scene, page, side, &names);
    row(scene, page, side, &[(Part::Password, room)]);
    page.body.extend(understood(scene, form, side));
    page.body.push(blank());
    if form.focus().side == side {
        page.focus = Some(start..page.body.len());
    }
}

/// Fields of one line, each with its cells.
fn row(scene: &Scene<'_>, page: &mut Page, side: Side, parts: &[(Part, usize)]) {
    let mut spans = Vec::new();
    let mut from = 0;
    for (at, (part, cells)) in parts.iter().enumerate() {
        let labels = if at == 0 { LABELS } else { INNER };
        let focus = Focus { side, part: *part };
        let (told, cursor) = field(scene, focus, *cells);
        if let Some(cursor) = cursor {
            page.cursor = Some((page.body.len(), from + labels + cursor));
        }
        spans.extend(label(scene, focus, labels));
        let used: usize = told.width();
        spans.push(told);
        spans.push(Span::raw(" ".repeat(cells.saturating_sub(used))));
        from += labels + cells;
    }
    page.body.push(Line::from(spans));
}

fn label(scene: &Scene<'_>, focus: Focus, cells: usize) -> [Span<'static>; 2] {
    let form = &scene.ui.form;
    let text = match focus.part {
        Part::String => "string",
        Part::Host => "host",
        Part::Port => "port",
        Part::Database => "database",
        Part::User => "user",
        Part::Password => "password",
    };
    let wrong = form
        .wrong(focus.side)
        .filter(|(part, _)| *part == focus.part);
    let (mark, meaning) = match wrong {
        _ if form.focus() == focus => (scene.theme().pick("▌", ">"), Meaning::Accent),
        Some((_, error)) => verdict(scene.theme(), focus.part, error),
        None => (" ", Meaning::Quiet),
    };
    [span(mark, meaning), span(padded(text, cells - 1), meaning)]
}

/// A field's text in so many cells, and the cursor's cell in it.
fn field(scene: &Scene<'_>, focus: Focus, cells: usize) -> (Span<'static>, Option<usize>) {
    let form = &scene.ui.form;
    let has_focus = form.focus() == focus;
    // Between two fields of one line stays a cell.
    let room = cells.saturating_sub(usize::from(focus.part != Part::Port));
    let Some(field) = form.field(focus).filter(|field| !field.is_empty()) else {
        let (text, meaning) = placeholder(form, focus);
        let text = cut(&text, room, scene.theme());
        return (span(text, meaning), has_focus.then_some(0));
    };
    let masked = masked(form, field, focus, scene.theme());
    if has_focus {
        let (shown, cursor) = window(&masked, field.cursor(), room);
        return (span(cut_off(&shown, room), Meaning::Plain), Some(cursor));
    }
    let text: String = masked.iter().collect();
    let shown = match focus.part {
        Part::String | Part::Password => cut(&text, room, scene.theme()),
        _ => cut_name(&text, room, scene.theme()),
    };
    (span(shown, Meaning::Plain), None)
}

/// What fits into `cells`; the cursor's field goes on behind it.
fn cut_off(text: &str, cells: usize) -> String {
    lines::hard_wrapped(text, cells).swap_remove(0)
}

/// What stands in an empty field.
fn placeholder(form: &Form, focus: Focus) -> (String, Meaning) {
    let quiet = |text: &str| (text.to_owned(), Meaning::Quiet);
    match focus.part {
        Part::String if form.focus() == focus => {
            quiet("postgresql://user:password@host:5432/database")
        }
        Part::String => quiet("not given yet"),
        Part::Host | Part::Database | Part::User => quiet(""),
        Part::Port if form.field(focus).is_some() => quiet("5432"),
        Part::Port => quiet(""),
        Part::Password => match form.origin(focus.side) {
            Origin::Unknown => quiet("only if it is not in the string"),
            Origin::InString => quiet("in the string"),
            Origin::Found(from) => (from, Meaning::Good),
            Origin::Refused(why) => (why, Meaning::Caution),
            Origin::Nowhere | Origin::Typed => (
                "none found: type it here, if one is needed".to_owned(),
                Meaning::Caution,
            ),
        },
    }
}

/// A field's characters with its secrets masked.
fn masked(form: &Form, field: &Field, focus: Focus, theme: Theme) -> Vec<char> {
    let text = field.text();
    let hidden = match focus.part {
        _ if form.is_revealed(focus) => vec![false; text.chars().count()],
        Part::String => mask::hidden(&text, form.focus() == focus),
        Part::Password => vec![true; text.chars().count()],
        Part::Host | Part::Port | Part::Database | Part::User => {
            vec![false; text.chars().count()]
        }
    };
    text.chars()
        .zip(hidden)
        .map(|(character, hide)| if hide { theme.masked() } else { character })
        .collect()
}

/// Points from below at the character that is wrong in the string, where that is seen.
fn pointer(scene: &Scene<'_>, side: Side) -> Option<Line<'static>> {
    let form = &scene.ui.form;
    let (Part::String, error) = form.wrong(side)? else {
        return None;
    };
    let focus = Focus {
        side,
        part: Part::String,
    };
    let field = form.field(focus)?;
    let masked = masked(form, field, focus, scene.theme());
    let cells = scene.cells.saturating_sub(LABELS + 1);
    let place = error.position()?.checked_sub(1)?;
    let before =
        |end: usize| lines::width(&masked[..end.min(masked.len())].iter().collect::<String>());
    // With the focus, what lies before the window is not seen.
    let hidden = match form.focus() == focus {
        true => before(field.cursor()).saturating_sub(window(&masked, field.cursor(), cells).1),
        false => 0,
    };
    let cell = before(place)
        .checked_sub(hidden)
        .filter(|cell| *cell < cells)?;
    let up = scene.theme().pick("↑", "^");
    Some(line(format!("{:1$}{up}", "", LABELS + cell), Meaning::Bad))
}

fn understood(scene: &Scene<'_>, form: &Form, side: Side) -> Vec<Line<'static>> {
    match form.understood(side) {
        None => vec![blank()],
        Some(Ok(string)) => good(scene, string),
        Some(Err(error)) => wrong(scene, form, side, error),
    }
}

fn good(scene: &Scene<'_>, string: &ConnectionString) -> Vec<Line<'static>> {
    let theme = scene.theme();
    let parts: Vec<String> = string
        .understood()
        .into_iter()
        .filter(|(label, _)| !SHOWN.contains(label))
        .map(|(label, value)| format!("{label} {value}"))
        .collect();
    let rows = flowed(&parts, theme.dot(), status_cells(scene));
    let mut told = status(theme.pick("✓", "+"), Meaning::Good, rows, Meaning::Quiet);
    let mut cautions = string.cautions().to_vec();
    if string.is_pooled() {
        cautions.push(
            "This is a connection pooler; after the test, d takes the direct host.".to_owned(),
        );
    }
    for caution in cautions {
        let rows = lines::wrapped(&caution, status_cells(scene));
        told.extend(status("!", Meaning::Caution, rows, Meaning::Plain));
    }
    told
}

fn wrong(scene: &Scene<'_>, form: &Form, side: Side, error: &ParseError) -> Vec<Line<'static>> {
    let part = form.wrong(side).map_or(Part::String, |(part, _)| part);
    let (glyph, meaning) = verdict(scene.theme(), part, error);
    let text = match part {
        Part::String => format!("{error}. {}", error.advice()),
        _ => error.to_string(),
    };
    let rows = lines::wrapped(&text, status_cells(scene));
    status(glyph, meaning, rows, meaning)
}

/// What an error is to be called: parts that are being filled in are not wrong yet.
fn verdict(theme: Theme, part: Part, error: &ParseError) -> (&'static str, Meaning) {
    let is_missing = matches!(
        error,
        ParseError::MissingHost | ParseError::MissingDatabase | ParseError::MissingUser
    );
    match part != Part::String && is_missing {
        true => ("!", Meaning::Caution),
        false => (theme.pick("✗", "x"), Meaning::Bad),
    }
}

fn status_cells(scene: &Scene<'_>) -> usize {
    scene.text_cells().saturating_sub(LABELS + 2)
}

/// Rows with a glyph before the first.
fn status(
    glyph: &'static str,
    meaning: Meaning,
    rows: Vec<String>,
    text: Meaning,
) -> Vec<Line<'static>> {
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
