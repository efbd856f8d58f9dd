//! What a person looks at without running a step.

use super::checks::advised;
use super::opened;
use super::outcome::{kinds, left_out};
use super::rollback;
use super::{Page, Scene};
use crate::session::standing::name;
use crate::tui::lines::{blank, hard_wrapped, line, paragraph};
use crate::tui::theme::Meaning;
use crate::wizard::{Look, Looking, Planned, Preview, Seen};
use ratatui::text::Line;

pub(super) fn page(scene: &Scene<'_>, looking: &Looking) -> Page {
    let title = match &looking.at {
        Look::Schema => "Schema: what would run on the target".to_owned(),
        Look::Table { schema, table } => opened::title(schema, table),
        Look::WayBack => "The way back to the old database".to_owned(),
    };
    let page = match &looking.seen {
        None => reading(scene),
        Some(Err(failure)) => {
            let cells = scene.text_cells();
            let glyph = scene.theme().pick("✗", "x");
            let mut body = paragraph(&format!("{glyph} {}", failure.what), 0, cells, Meaning::Bad);
            body.extend(paragraph(&failure.why, 2, cells, Meaning::Plain));
            body.push(blank());
            let advice = failure.advice.iter();
            body.extend(advice.flat_map(|advice| advised(scene, advice, 2)));
            Page {
                body,
                ..Page::default()
            }
        }
        Some(Ok(seen)) => match &**seen {
            Seen::Schema(preview) => schema(scene, preview),
            Seen::Table(excerpt) => opened::page(scene, &looking.at, excerpt),
            Seen::WayBack(found) => rollback::page(scene, found),
        },
    };
    Page { title, ..page }
}

fn reading(scene: &Scene<'_>) -> Page {
    let glyph = scene.theme().pick("▸", ">");
    let text = format!("{glyph} Reading both sides; nothing is changed. Esc goes back.");
    Page {
        body: paragraph(&text, 0, scene.text_cells(), Meaning::Accent),
        ..Page::default()
    }
}

fn schema(scene: &Scene<'_>, preview: &Preview) -> Page {
    let cells = scene.text_cells();
    let target = scene.session().target.as_ref();
    let target = target.map_or_else(
        || "the target".to_owned(),
        |place| name(&place.url).to_owned(),
    );
    let mut head = paragraph(&preview.in_words(&target), 0, cells, Meaning::Strong);
    if let Some(loss) = preview.loss() {
        head.extend(paragraph(&format!("! {loss}"), 0, cells, Meaning::Caution));
    }
    head.push(blank());
    let mut body = kinds(scene, "Made", &preview.created);
    body.extend(left_out(scene, &preview.left_out));
    let statements = preview.statements.iter();
    body.extend(statements.flat_map(|planned| statement(scene, planned)));
    Page {
        head,
        body,
        ..Page::default()
    }
}

/// A statement as it is sent, under its name.
fn statement(scene: &Scene<'_>, planned: &Planned) -> Vec<Line<'static>> {
    let mut told = vec![
        blank(),
        line(format!("-- {}", planned.what), Meaning::Accent),
    ];
    for row in planned.sql.trim().lines() {
        let row = row.replace('\t', "    ");
        let parts = hard_wrapped(&row, scene.cells).into_iter();
        told.extend(parts.map(|part| line(part, Meaning::Plain)));
    }
    told
}
