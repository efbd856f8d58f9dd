//! Help: the keys that work here, from the same table that carries them out.

use super::{Page, Scene};
use crate::tui::keys::{self, Context};
use crate::tui::lines::{blank, line, padded, span, wrapped};
use crate::tui::theme::{Meaning, Theme};
use crate::tui::ui::Layer;
use ratatui::text::Line;

/// Cells for the keys.
const KEYS: usize = 12;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let (title, context) = match under(scene) {
        Context::Form => ("Keys in the connection form", Context::Form),
        Context::Checklist => ("Keys on the checklist", Context::Checklist),
        _ => ("Keys", Context::Step),
    };
    let mut body = keys_of(context, scene.theme(), scene.text_cells());
    body.push(blank());
    body.push(line("What the marks mean", Meaning::Strong));
    body.extend(marks(scene));
    Page {
        title: title.to_owned(),
        body,
        ..Page::default()
    }
}

/// Help on the start screen.
pub(in crate::tui) fn of_start(theme: Theme, cells: usize) -> Page {
    Page {
        title: "Keys".to_owned(),
        body: keys_of(Context::Start, theme, cells),
        ..Page::default()
    }
}

/// The keys of a context, each with what it does.
fn keys_of(context: Context, theme: Theme, cells: usize) -> Vec<Line<'static>> {
    let cells = cells.saturating_sub(KEYS);
    let mut body = Vec::new();
    for binding in keys::bindings(context) {
        for (at, part) in wrapped(binding.help, cells).into_iter().enumerate() {
            let shown = if at == 0 { binding.shown(theme) } else { "" };
            body.push(Line::from(vec![
                span(padded(shown, KEYS), Meaning::Accent),
                span(part, Meaning::Plain),
            ]));
        }
    }
    body
}

/// What would have the keyboard without the help.
fn under(scene: &Scene<'_>) -> Context {
    let mut bare = scene.ui.clone();
    bare.layers
        .retain(|layer| !matches!(layer, Layer::Help | Layer::Messages));
    bare.context(scene.wizard)
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
