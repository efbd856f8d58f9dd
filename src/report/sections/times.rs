//! How long the steps took, and the migration guide's phases.

use super::{Bar, Cell, Chart, Grid, Holds, Section, Shape, Tone, grid};
use crate::figures::duration;
use crate::report::at;
use crate::report::document::{Document, StepTime};
use crate::session::State;

pub(super) fn section(document: &Document) -> Section {
    let bars = document.steps.iter().filter_map(|step| {
        let seconds = step.seconds?;
        Some(Bar::new(step.step.name(), seconds, duration(seconds)))
    });
    let chart = Chart {
        title: "Time per step".to_owned(),
        shape: Shape::Bars(bars.collect()),
    };
    let parts = vec![
        chart.into(),
        steps(document).into(),
        phases(document).into(),
    ];
    Section::of("Time", parts)
}

fn steps(document: &Document) -> Grid {
    let columns = [
        ("step", Holds::Text),
        ("standing", Holds::Short),
        ("last started", Holds::Short),
        ("time", Holds::Number),
    ];
    let row = |step: &StepTime| {
        vec![
            Cell::from(step.step.name()),
            standing(step.state),
            Cell::or_dash(step.started.map(at)),
            Cell::or_dash(step.seconds.map(duration)),
        ]
    };
    grid("Steps", &columns, document.steps.iter().map(row))
}

fn standing(state: State) -> Cell {
    let (tone, glyph) = match state {
        State::Waiting => (Tone::Quiet, "·"),
        State::Running => (Tone::Plain, "▸"),
        State::Done => (Tone::Good, "✓"),
        State::Failed => (Tone::Bad, "✗"),
        State::Interrupted => (Tone::Caution, "‖"),
        State::AwaitingSignOff => (Tone::Caution, "!"),
    };
    Cell::toned(tone, format!("{glyph} {}", state.word()))
}

fn phases(document: &Document) -> Grid {
    let columns = [
        ("phase", Holds::Text),
        ("the guide, by hand", Holds::Text),
        ("estimated here", Holds::Text),
        ("took here", Holds::Number),
    ];
    let rows = document.phases.iter().map(|phase| {
        vec![
            Cell::from(phase.phase),
            Cell::from(phase.guide.as_str()),
            Cell::or_dash(phase.estimated.clone()),
            Cell::or_dash(phase.seconds.map(duration)),
        ]
    });
    let caption = "The migration guide's phases. What took people's time here is not measured";
    grid(caption, &columns, rows)
}
