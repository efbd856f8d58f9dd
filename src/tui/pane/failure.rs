//! A failed step: what failed, why, what to do about it, how to go on.

use super::checks::advised;
use super::{Page, Scene};
use crate::failure::{Failure, Retry};
use crate::session::Step;
use crate::tui::lines::{blank, line, paragraph};
use crate::tui::theme::Meaning;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let step = scene.session().current;
    let failure = scene
        .session()
        .steps
        .get(&step)
        .and_then(|record| record.failure.as_ref());
    let Some(failure) = failure else {
        return Page {
            body: vec![line(format!("{step} failed."), Meaning::Bad)],
            ..Page::default()
        };
    };
    let cells = scene.text_cells();
    let glyph = scene.theme().pick("✗", "x");
    let mut body = paragraph(&format!("{glyph} {}", failure.what), 0, cells, Meaning::Bad);
    body.push(blank());
    body.push(line("Why", Meaning::Strong));
    for part in failure.why.lines() {
        body.extend(paragraph(part, 2, cells, Meaning::Plain));
    }
    body.push(blank());
    if !failure.advice.is_empty() {
        body.push(line("What to do", Meaning::Strong));
        body.extend(
            failure
                .advice
                .iter()
                .flat_map(|advice| advised(scene, advice, 2)),
        );
        body.push(blank());
    }
    body.extend(paragraph(
        &how_to_go_on(failure, step),
        0,
        cells,
        Meaning::Accent,
    ));
    Page {
        body,
        ..Page::default()
    }
}

fn how_to_go_on(failure: &Failure, step: Step) -> String {
    let edit = if step == Step::Connections {
        " e changes the connections."
    } else {
        ""
    };
    match failure.retry {
        Retry::Now => format!("r tries again: the cause may pass by itself.{edit}"),
        Retry::AfterChange => format!("r tries again once that is mended.{edit}"),
        Retry::Never => format!("Trying again cannot help as it is.{edit}"),
    }
}
