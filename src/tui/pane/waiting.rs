//! A step that has not been run, or was stopped half-way: what it will do.

use super::checklist::told;
use super::{Page, Scene, watch};
use crate::figures::{counted, grouped};
use crate::session::{Reached, State, Step};
use crate::tui::lines::{blank, labelled, line, paragraph};
use crate::tui::offers;
use crate::tui::theme::Meaning;
use crate::wizard::checklist::evaluated;
use ratatui::text::Line;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let step = scene.session().current;
    let cells = scene.text_cells();
    let mut body = paragraph(step.purpose(), 0, cells, Meaning::Plain);
    body.push(blank());
    if scene.session().state(step) == State::Interrupted {
        body.extend(paragraph(
            "It was stopped before its end. Nothing is lost: it goes on where it was.",
            0,
            cells,
            Meaning::Caution,
        ));
        body.extend(reached(scene, step));
        body.push(blank());
    }
    if scene.wizard.needs_connections() {
        body.extend(missing_places(scene));
        body.push(blank());
    }
    body.extend(failed_before(scene, step));
    match scene.wizard.obstacle(step) {
        Some(obstacle) => body.extend(paragraph(
            &format!("Not yet: {obstacle}."),
            0,
            cells,
            Meaning::Caution,
        )),
        None => body.push(line(
            format!("Enter: {}", offers::proceed(scene.wizard)),
            Meaning::Accent,
        )),
    }
    if step == Step::Watch {
        body.extend(watch::before(scene));
    }
    if step == Step::Cleanup {
        body.extend(super::cleanup::planned(scene));
    }
    if step == Step::Cutover {
        body.push(blank());
        let items = evaluated(scene.session());
        body.extend(items.iter().flat_map(|item| told(scene, item, false)));
    }
    Page {
        body,
        ..Page::default()
    }
}

/// The first step before this one that failed: this one may run, but the way on leads through it.
fn failed_before(scene: &Scene<'_>, step: Step) -> Vec<Line<'static>> {
    let Some((failed, failure)) = scene.wizard.failed_before(step) else {
        return Vec::new();
    };
    let glyph = scene.theme().pick("✗", "x");
    let text = format!("{glyph} {failed}, before this step, has failed: {failure}.");
    let mut told = paragraph(&text, 0, scene.text_cells(), Meaning::Bad);
    told.push(blank());
    told
}

/// How far a stopped transfer was.
fn reached(scene: &Scene<'_>, step: Step) -> Vec<Line<'static>> {
    let record = scene.session().steps.get(&step);
    let Some(reached) = record.and_then(|record| record.reached) else {
        return Vec::new();
    };
    let Reached {
        rows,
        rows_total,
        builds_left,
    } = reached;
    let total = counted(rows_total, "row");
    let mut text = match rows < rows_total {
        true => format!("{} of {total} were in.", grouped(rows)),
        false => format!("All {total} were in."),
    };
    if builds_left > 0 {
        let left = counted(builds_left, "build");
        text += &format!(" Left on large tables: {left} (indexes, statistics).");
    }
    paragraph(&text, 0, scene.text_cells(), Meaning::Plain)
}

fn missing_places(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let session = scene.session();
    let sides = [("source", &session.source), ("target", &session.target)];
    sides
        .into_iter()
        .flat_map(|(name, place)| match place {
            Some(place) => labelled(name, 8, &place.url, Meaning::Plain, scene.cells),
            None => labelled(name, 8, "not given yet", Meaning::Caution, scene.cells),
        })
        .collect()
}
