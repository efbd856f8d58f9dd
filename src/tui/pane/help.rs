//! Help: the keys that work here, from the same table that carries them out.

use super::{Page, Scene};
use crate::tui::keys::{self, Context};
use crate::tui::lines::{blank, line, padded, span, wrapped};
use crate::tui::theme::Meaning;
use crate::tui::ui::Layer;
use ratatui::text::Line;

/// Cells for the keys.
const KEYS: usize = 12;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let (title, context) = match under(scene) {
        Context::Form => ("Keys in the connection form", Context::Form),
        Context::Checklist => ("Keys on the checklist", Context::Checklist),
        Context::Tables => ("Keys in the comparison", Context::Tables),
        _ => ("Keys", Context::Step),
    };
    let cells = scene.text_cells().saturating_sub(KEYS);
    let mut body = Vec::new();
    for binding in keys::bindings(context) {
        for (at, part) in wrapped(binding.help, cells).into_iter().enumerate() {
            let shown = if at == 0 {
                binding.shown(scene.theme())
            } else {
                ""
            };
            body.push(Line::from(vec![
                span(padded(shown, KEYS), Meaning::Accent),
                span(part, Meaning::Plain),
            ]));
        }
    }
    body.push(blank());
    body.push(line("What the marks mean", Meaning::Strong));
    body.extend(marks(scene));
    Page {
        title: title.to_owned(),
        body,
        ..Page::default()
    }
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
