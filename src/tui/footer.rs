//! The two lowest lines: what happens now and what is next; the keys that work now.

use super::keys::{self, Binding, Command};
use super::lines::{self, between, span};
use super::offers;
use super::pane::Scene;
use super::theme::{Meaning, Theme};
use crate::figures;
use crate::session::{State, Step};
use crate::wizard::{Errand, Next, Phase};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// What happens now, and what is next. What was just said to the person stands in its place.
pub(super) fn status(scene: &Scene<'_>, buffer: &mut Buffer, area: Rect) {
    let cells = usize::from(area.width);
    let line = match &scene.ui.said {
        Some(said) => {
            let (glyph, meaning) = match scene.ui.said_is_good {
                true => (scene.theme().pick("✓", "+"), Meaning::Good),
                false => ("!", Meaning::Caution),
            };
            let text = lines::cut(&format!("{glyph} {said}"), cells, scene.theme());
            Line::from(span(text, meaning))
        }
        None => {
            let (now, meaning) = now(scene);
            let next = next(scene).map(|next| span(next, Meaning::Quiet));
            let room = cells.saturating_sub(next.as_ref().map_or(0, |next| next.width() + 2));
            let now = span(lines::cut(&now, room, scene.theme()), meaning);
            between(vec![now], next.into_iter().collect(), cells)
        }
    };
    buffer.set_line(area.x, area.y, &line, area.width);
}

fn now(scene: &Scene<'_>) -> (String, Meaning) {
    at_step(scene)
        .or_else(|| Some(at_errand(scene, scene.wizard.errand()?)))
        .unwrap_or_else(|| at_rest(scene))
}

/// What the step at work does.
fn at_step(scene: &Scene<'_>) -> Option<(String, Meaning)> {
    let Phase::Working {
        step,
        stopping,
        leaving,
        paused,
        ..
    } = scene.wizard.phase()
    else {
        return None;
    };
    let theme = scene.theme();
    let glyph = theme.pick("▸", ">");
    if stopping {
        let then = if leaving { ", then leaving" } else { "" };
        let text = format!("{glyph} stopping {step} safely{then}");
        return Some((text, Meaning::Caution));
    }
    let percent = percent(scene);
    if paused {
        let glyph = theme.pick("‖", "=");
        let word = match scene.sample.pool.is_still() {
            true => "paused",
            false => "pausing",
        };
        let text = format!("{glyph} {step}{percent}: {word}");
        return Some((text, Meaning::Caution));
    }
    let text = format!("{glyph} {step}{percent}: {}", scene.sample.activity);
    Some((text, Meaning::Accent))
}

/// How the step that is looked at stands.
fn at_rest(scene: &Scene<'_>) -> (String, Meaning) {
    let (session, theme) = (scene.session(), scene.theme());
    let step = session.current;
    let state = session.state(step);
    if let Some(cutting) = session.cutting.as_ref().filter(|_| step == Step::Cutover) {
        let (glyph, _, meaning) = theme.state(cutting.state);
        return (format!("{glyph} {}", cutting.in_words()), meaning);
    }
    let (glyph, _, meaning) = theme.state(state);
    let text = match state {
        State::Waiting => format!("{step}: not run yet"),
        State::Running => format!("{step}: running"),
        _ if step == Step::Cutover && session.is_half_way_back() => {
            "the way back is not finished".to_owned()
        }
        State::Done if step == Step::Cutover => "the checklist is complete".to_owned(),
        State::Done => format!("{step}: done"),
        State::Failed => format!("{step}: failed"),
        State::Interrupted => format!("{step}: stopped half-way"),
        State::AwaitingSignOff => {
            let open = figures::counted(scene.wizard.open_items().count() as u64, "item");
            format!("{open} on the checklist still open")
        }
    };
    (format!("{glyph} {text}"), meaning)
}

/// How far the work is, behind a blank; nothing where that is not known.
fn percent(scene: &Scene<'_>) -> String {
    let share = scene.sample.share();
    share.map_or_else(String::new, |share| format!(" {}", figures::percent(share)))
}

/// What goes on outside of the steps.
fn at_errand(scene: &Scene<'_>, errand: &Errand) -> (String, Meaning) {
    let glyph = scene.theme().pick("▸", ">");
    if scene.wizard.is_stopping() {
        return (format!("{glyph} stopping safely"), Meaning::Caution);
    }
    let percent = percent(scene);
    let text = match errand {
        Errand::CutOver(phase) => format!(
            "{glyph} cutting over, {phase}{percent}: {}",
            scene.sample.activity
        ),
        _ => format!("{glyph} {}{percent}", errand.in_words()),
    };
    (text, Meaning::Accent)
}

/// What is next: behind what runs, or is to be run, the step after it.
fn next(scene: &Scene<'_>) -> Option<String> {
    let next = match (scene.wizard.phase(), scene.wizard.next()) {
        (Phase::Working { step, .. }, _) | (Phase::Idle, Next::Run(step)) => {
            step.next().map(Next::Show)
        }
        (_, Next::Connect) => Step::Connections.next().map(Next::Show),
        (_, next) => Some(next),
    };
    let next = next.filter(|next| *next != Next::Nothing);
    next.map(|next| format!("next: {next}"))
}

/// The keys that work now.
pub(super) fn keys(scene: &Scene<'_>, buffer: &mut Buffer, area: Rect) {
    let context = scene.ui.context(scene.wizard);
    let offered = keys::bindings(context)
        .filter_map(|binding| Some((binding, offered(scene, binding, context)?)));
    row(scene.theme(), offered, buffer, area);
}

/// Keys with their labels, in the order of the table; those without room are in the help, whose own
/// key has its room before all others, and the way out before all but the first.
pub(super) fn row(
    theme: Theme,
    keys: impl Iterator<Item = (&'static Binding, String)>,
    buffer: &mut Buffer,
    area: Rect,
) {
    const GAP: usize = 2;
    let cells = usize::from(area.width);
    let keys: Vec<_> = keys.collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|at| match keys[*at].0.command {
        Command::Help => 0,
        _ if *at == 0 => 1,
        Command::Leave | Command::Close => 2,
        _ => 3,
    });
    let mut room = cells + GAP;
    order.retain(|at| {
        let (binding, label) = &keys[*at];
        let width = GAP + lines::width(binding.shown(theme)) + 1 + lines::width(label);
        let fits = width <= room;
        room -= if fits { width } else { 0 };
        fits
    });
    order.sort_unstable();
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (binding, label) in order.into_iter().map(|at| &keys[at]) {
        let gap = if spans.is_empty() { 0 } else { GAP };
        spans.push(span(" ".repeat(gap), Meaning::Plain));
        spans.push(span(binding.shown(theme), Meaning::Accent));
        spans.push(span(format!(" {label}"), Meaning::Quiet));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn offered(scene: &Scene<'_>, binding: &Binding, context: keys::Context) -> Option<String> {
    if binding.label.is_empty() {
        return None;
    }
    // One entry stands for both directions, so it is offered as long as one of them works.
    let alone = !matches!(binding.command, Command::Earlier);
    if alone && offers::why_not(binding.command, context, scene.wizard, scene.ui).is_some() {
        return None;
    }
    let label = offers::label(binding, context, scene.wizard, scene.ui);
    (!label.is_empty()).then_some(label)
}
