//! A step that has not been run, or was stopped half-way: what it will do.

use super::checklist::told;
use super::{Page, Scene};
use crate::session::{State, Step};
use crate::tui::lines::{blank, labelled, line, paragraph};
use crate::tui::offers;
use crate::tui::theme::Meaning;
use crate::wizard::checklist::evaluated;

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
        body.push(blank());
    }
    if offers::needs_connections(scene.wizard) {
        body.extend(missing_places(scene));
        body.push(blank());
    }
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

fn missing_places(scene: &Scene<'_>) -> Vec<ratatui::text::Line<'static>> {
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
