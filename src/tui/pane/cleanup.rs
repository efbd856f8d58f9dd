//! The step `cleanup`: what will happen; what was done and what stays.

use super::{Page, Scene, checks};
use crate::session::report::{Cleanup, LeftOut};
use crate::tui::lines::{blank, hard_wrapped, labelled, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

/// What cleaning up would do, before it is asked for.
pub(super) fn planned(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let plan = scene.wizard.cleanup_plan();
    let cells = scene.text_cells();
    let mut told = vec![blank()];
    for caution in &plan.cautions {
        told.extend(paragraph(
            &format!("! {caution}."),
            0,
            cells,
            Meaning::Caution,
        ));
        told.push(blank());
    }
    told.push(line("What will happen", Meaning::Strong));
    told.extend(
        plan.does
            .iter()
            .flat_map(|does| point(scene, does, Meaning::Plain)),
    );
    if !plan.drops.is_empty() {
        told.push(blank());
        told.push(line("What is dropped, if you consent", Meaning::Strong));
        told.extend(
            plan.drops
                .iter()
                .flat_map(|drops| point(scene, drops, Meaning::Caution)),
        );
    }
    told.push(blank());
    told.extend(stays(scene, &plan.stays));
    told
}

/// What was done.
pub(super) fn page(scene: &Scene<'_>, found: &Cleanup) -> Page {
    let cells = scene.text_cells();
    let glyph = scene.theme().pick("✓", "+");
    let today = scene.now.to_zoned(scene.ui.zone.clone()).date();
    let reminder = found.reminder(today);
    let mut head = paragraph(
        &format!("{glyph} Cleaned up: {reminder}."),
        0,
        cells,
        Meaning::Good,
    );
    head.push(blank());
    let mut body = checks::listed(scene, &found.checks);
    if let Some(how) = found.restoring() {
        body.push(blank());
        body.push(line("To use the backup", Meaning::Strong));
        body.extend(paragraph(&how, 2, scene.cells, Meaning::Quiet));
    }
    body.push(blank());
    body.extend(stays(scene, &found.remains));
    body.push(blank());
    body.push(line("Documents", Meaning::Strong));
    body.extend(paragraph(
        &found.documents_in_words(),
        2,
        cells,
        Meaning::Plain,
    ));
    let files = found.documents.iter();
    let parts = files.flat_map(|file| hard_wrapped(file, scene.cells.saturating_sub(4)));
    body.extend(parts.map(|part| line(format!("    {part}"), Meaning::Plain)));
    Page {
        head,
        body,
        ..Page::default()
    }
}

/// What stays, and why.
fn stays(scene: &Scene<'_>, stays: &[LeftOut]) -> Vec<Line<'static>> {
    let mut told = vec![line("What stays", Meaning::Strong)];
    for left in stays {
        told.extend(point(scene, &left.what, Meaning::Plain));
        told.extend(paragraph(&left.why, 4, scene.text_cells(), Meaning::Quiet));
    }
    told
}

/// One of several.
fn point(scene: &Scene<'_>, text: &str, meaning: Meaning) -> Vec<Line<'static>> {
    let mark = format!("  {}", scene.theme().pick("·", "-"));
    labelled(&mark, 4, text, meaning, scene.text_cells())
}
