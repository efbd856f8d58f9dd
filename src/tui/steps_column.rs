//! The list of steps: glyph, name, state in a word, time taken.

use super::lines::{self, padded, span};
use super::pane::{self, Scene};
use super::theme::Meaning;
use crate::session::{State, Step};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn draw(scene: &Scene<'_>, buffer: &mut Buffer, area: Rect) {
    let later = Step::ALL.len() - Step::COURSE.len();
    let height = usize::from(area.height);
    let rows = Step::ALL.iter().flat_map(|step| {
        // What comes after the migration gives way first.
        let roomy = match step.is_afterwards() {
            true => height >= 2 * Step::ALL.len(),
            false => height >= 2 * Step::COURSE.len() + later,
        };
        if roomy {
            in_two_lines(scene, *step, usize::from(area.width))
        } else {
            vec![in_one_line(scene, *step)]
        }
    });
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        buffer.set_line(area.x, y, &row, area.width);
    }
}

fn name(scene: &Scene<'_>, step: Step) -> Vec<ratatui::text::Span<'static>> {
    let (glyph, _, meaning) = scene.standing(step, scene.session().state(step));
    let is_current = scene.session().current == step;
    let (mark, name_meaning) = match (is_current, scene.session().state(step)) {
        (true, _) => (scene.theme().pick("▌", ">"), Meaning::Strong),
        (false, State::Waiting) => (" ", Meaning::Quiet),
        (false, _) => (" ", Meaning::Plain),
    };
    vec![
        span(mark, Meaning::Accent),
        span(format!("{glyph} "), meaning),
        span(pane::heading(step), name_meaning),
    ]
}

fn in_two_lines(scene: &Scene<'_>, step: Step, cells: usize) -> Vec<Line<'static>> {
    let state = scene.session().state(step);
    let (_, word, meaning) = scene.standing(step, state);
    let word = match (step.is_afterwards(), state) {
        (true, State::Waiting) => "afterwards",
        _ => word,
    };
    let is_current = scene.session().current == step;
    let mark = if is_current {
        scene.theme().pick("▌", ">")
    } else {
        " "
    };
    let time = pane::time(scene, step)
        .map(|time| format!("{}{time}", scene.theme().dot()))
        .filter(|time| 3 + lines::width(word) + lines::width(time) <= cells)
        .unwrap_or_default();
    let quiet_when_done = if meaning == Meaning::Good {
        Meaning::Quiet
    } else {
        meaning
    };
    vec![
        Line::from(name(scene, step)),
        Line::from(vec![
            span(mark, Meaning::Accent),
            span("  ", Meaning::Plain),
            span(word, quiet_when_done),
            span(time, Meaning::Quiet),
        ]),
    ]
}

fn in_one_line(scene: &Scene<'_>, step: Step) -> Line<'static> {
    let word = match scene.session().state(step) {
        state if scene.standing(step, state).1 == "paused" => "wait",
        state if scene.standing(step, state).1 == "cut over" => "over",
        state if scene.standing(step, state).1 == "cutting over" => "begun",
        State::Waiting if step.is_afterwards() => "then",
        State::Waiting => "",
        State::Running => "runs",
        State::Done => "done",
        State::Failed => "fail",
        State::Interrupted => "stop",
        State::AwaitingSignOff => "sign",
    };
    let mut spans = name(scene, step);
    if let Some(last) = spans.last_mut() {
        *last = span(padded(&last.content, 14), Meaning::Plain).patch_style(last.style);
    }
    spans.push(span(word, Meaning::Quiet));
    Line::from(spans)
}
