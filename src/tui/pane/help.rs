//! Help: the keys that work here, from the same table that carries them out.

use super::{Page, Scene};
use crate::tui::keys::{self, Binding, Context};
use crate::tui::lines::{blank, line, padded, paragraph, span, wrapped};
use crate::tui::offers;
use crate::tui::theme::{Meaning, Theme};
use ratatui::text::Line;

/// Cells for the keys.
const KEYS: usize = 12;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let page = (scene.theme(), scene.text_cells());
    let context = scene.ui.context_beneath(scene.wizard);
    let why_not =
        |binding: &Binding| offers::why_not(binding.command, context, scene.wizard, scene.ui);
    let (now, later): (Vec<_>, Vec<_>) = keys::bindings(context)
        .map(|binding| (binding, why_not(binding)))
        .partition(|(_, why_not)| why_not.is_none());
    let mut body: Vec<Line<'static>> = now
        .into_iter()
        .flat_map(|(binding, _)| explained(page, binding, binding.help, Meaning::Plain))
        .collect();
    if !later.is_empty() {
        body.push(blank());
        body.push(line("Not now, and why", Meaning::Strong));
    }
    body.extend(later.into_iter().flat_map(|(binding, why_not)| {
        let what = binding
            .help
            .split_once('.')
            .map_or(binding.help, |(first, _)| first);
        let text = format!("{what}: {}", why_not.unwrap_or_default());
        explained(page, binding, &text, Meaning::Quiet)
    }));
    body.push(blank());
    body.push(line("What the marks mean", Meaning::Strong));
    body.extend(marks(scene));
    if !scene.ui.log.is_empty() {
        body.push(blank());
        body.push(line("The log", Meaning::Strong));
        body.extend(paragraph(&scene.ui.log, 0, scene.cells, Meaning::Plain));
    }
    Page {
        title: title(context, scene),
        body,
        ..Page::default()
    }
}

fn title(context: Context, scene: &Scene<'_>) -> String {
    match context {
        Context::Form => "Keys in the connection form".to_owned(),
        Context::Checklist => "Keys on the checklist".to_owned(),
        Context::Signing => "Keys while signing".to_owned(),
        Context::Consent => "Keys while consenting".to_owned(),
        Context::Folder => "Keys while naming the application's folder".to_owned(),
        Context::Question => "Keys at a question".to_owned(),
        Context::Tree => "Keys in the tree of tables".to_owned(),
        Context::Search => "Keys while searching".to_owned(),
        Context::Checks => "Keys on the checks".to_owned(),
        Context::Tables => "Keys in the comparison".to_owned(),
        Context::Reading => "Keys while reading".to_owned(),
        _ => format!("Keys on {}", scene.session().current),
    }
}

/// Help on the start screen: these rows of the table, and where the log is.
pub(in crate::tui) fn of_start(
    theme: Theme,
    cells: usize,
    rows: impl Iterator<Item = &'static Binding>,
    log: &str,
) -> Page {
    let rows = rows.flat_map(|row| explained((theme, cells), row, row.help, Meaning::Plain));
    let mut body: Vec<Line<'static>> = rows.collect();
    if !log.is_empty() {
        body.push(blank());
        body.push(line("The log", Meaning::Strong));
        body.extend(paragraph(log, 0, cells, Meaning::Plain));
    }
    Page {
        title: "Keys".to_owned(),
        body,
        ..Page::default()
    }
}

/// A row of the table: its keys, and what they do.
fn explained(
    (theme, cells): (Theme, usize),
    binding: &Binding,
    text: &str,
    meaning: Meaning,
) -> Vec<Line<'static>> {
    let cells = cells.saturating_sub(KEYS);
    let rows = wrapped(text, cells).into_iter().enumerate();
    rows.map(|(at, part)| {
        let shown = if at == 0 { binding.shown(theme) } else { "" };
        Line::from(vec![
            span(padded(shown, KEYS), Meaning::Accent),
            span(part, meaning),
        ])
    })
    .collect()
}

fn marks(scene: &Scene<'_>) -> Vec<Line<'static>> {
    use crate::session::State::{AwaitingSignOff, Done, Failed, Interrupted, Running, Waiting};
    [Done, Running, Failed, Interrupted, AwaitingSignOff, Waiting]
        .into_iter()
        .map(|state| {
            let (glyph, word, meaning) = scene.theme().state(state);
            Line::from(vec![
                span(padded(glyph, KEYS), meaning),
                span(word, Meaning::Plain),
            ])
        })
        .collect()
}
