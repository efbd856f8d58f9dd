//! A failed step: what failed, why, what to do about it, how to go on.

use super::checks::advised;
use super::{Page, Scene};
use crate::failure::{Failure, Retry};
use crate::session::Step;
use crate::tui::lines::{blank, line, paragraph};
use crate::tui::theme::Meaning;
use crate::tui::ui::checked;
use ratatui::text::Line;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let step = scene.session().current;
    let Some(failure) = failure(scene) else {
        let body = vec![line(format!("{step} failed."), Meaning::Bad)];
        return Page {
            body,
            ..Page::default()
        };
    };
    let body = told(scene, failure);
    Page {
        body,
        ..Page::default()
    }
}

/// What failed, why, what to do about it.
fn told(scene: &Scene<'_>, failure: &Failure) -> Vec<Line<'static>> {
    let cells = scene.text_cells();
    let glyph = scene.theme().pick("✗", "x");
    let mut told = paragraph(&format!("{glyph} {}", failure.what), 0, cells, Meaning::Bad);
    told.push(blank());
    told.push(line("Why", Meaning::Strong));
    for part in failure.why.lines() {
        told.extend(paragraph(part, 2, cells, Meaning::Plain));
    }
    told.push(blank());
    told.extend(what_to_do(scene, failure));
    told
}

/// A step that came to its end and found something wrong: what it found, and what to do. Checks
/// tell their advice themselves.
pub(super) fn with_report(scene: &Scene<'_>, found: Page) -> Page {
    let mut page = found;
    let Some(failure) = failure(scene) else {
        return page;
    };
    let (session, step) = (scene.session(), scene.session().current);
    if session.failing_report(step).is_none() {
        return above(scene, failure, page);
    }
    if step == Step::Compare {
        page.body.push(blank());
        page.body.extend(what_to_do(scene, failure));
    }
    // Below the summary: seen at once, however much was found.
    let is_blank = |line: &Line<'_>| line.width() == 0;
    let below = page.head.iter().position(is_blank);
    let below = below.unwrap_or(page.head.len());
    page.head.splice(below..below, how_to_go_on(scene, failure));
    page
}

/// A failure that the report does not tell, being an earlier run's: above what that found.
fn above(scene: &Scene<'_>, failure: &Failure, found: Page) -> Page {
    let narrow = Scene {
        cells: scene.cells.saturating_sub(found.side_cells),
        ..*scene
    };
    let mut body = told(&narrow, failure);
    body.push(blank());
    body.push(line("What was found before", Meaning::Strong));
    let by = body.len() + found.head.len();
    body.extend(found.head);
    body.extend(found.body);
    let focus = found.focus.map(|rows| rows.start + by..rows.end + by);
    Page {
        body,
        focus: focus.filter(|_| scene.ui.marked() > 0),
        head: Vec::new(),
        ..found
    }
}

fn failure<'a>(scene: &Scene<'a>) -> Option<&'a Failure> {
    let session = scene.session();
    session.steps.get(&session.current)?.failure.as_ref()
}

fn what_to_do(scene: &Scene<'_>, failure: &Failure) -> Vec<Line<'static>> {
    let mut told = Vec::new();
    if !failure.advice.is_empty() {
        told.push(line("What to do", Meaning::Strong));
        let advice = failure.advice.iter();
        told.extend(advice.flat_map(|advice| advised(scene, advice, 2)));
        told.push(blank());
    }
    told.extend(how_to_go_on(scene, failure));
    told
}

fn how_to_go_on(scene: &Scene<'_>, failure: &Failure) -> Vec<Line<'static>> {
    let mut edit = String::new();
    if scene.session().current == Step::Connections {
        edit += " e changes the connections.";
    }
    if scene.session().current == Step::Prerequisites && checked(scene.wizard).is_some() {
        edit += " c makes the marked check alone again.";
    }
    if scene.wizard.offers_overwriting() {
        edit += " o asks for the consent to replace what the target holds.";
    }
    if let Some(direct) = scene.wizard.direct_host() {
        edit += &format!(" d takes the direct host {direct}.");
    }
    let text = match failure.retry {
        Retry::Now => format!("r tries again: the cause may pass by itself.{edit}"),
        Retry::AfterChange => format!("r tries again once that is mended.{edit}"),
        Retry::Never => format!("Trying again cannot help as it is.{edit}"),
    };
    paragraph(&text, 0, scene.text_cells(), Meaning::Accent)
}
