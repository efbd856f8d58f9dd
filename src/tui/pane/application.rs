//! The step `application`: what would change in the files, the own tests, what was tried.

use super::{Page, Scene, checks};
use crate::figures::counted;
use crate::secret::MASK;
use crate::session::report::{Application, ChangedLine, OwnTest, SwitchedFile};
use crate::session::{State, Step};
use crate::tui::lines::{blank, hard_wrapped, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

pub(super) fn page(scene: &Scene<'_>, found: &Application) -> Page {
    let cells = scene.text_cells();
    let mut head = match found.tests_failed() {
        0 => vec![checks::summary(scene, &found.checks)],
        failed => {
            let glyph = scene.theme().pick("✗", "x");
            let all = counted(found.tests.len() as u64, "test");
            vec![line(
                format!("{glyph} {failed} of {all} failed"),
                Meaning::Bad,
            )]
        }
    };
    head.extend(how_files_stand(scene, found));
    head.push(blank());
    let (files, tests) = (files(scene, found), tests(scene, &found.tests));
    // What failed stands first.
    let mut body = match found.tests_failed() {
        0 => [files, tests].concat(),
        _ => [tests, files].concat(),
    };
    let place = format!("Tried at {}", found.endpoint);
    let parts = hard_wrapped(&place, scene.cells).into_iter();
    body.extend(parts.map(|part| line(part, Meaning::Strong)));
    body.extend(checks::listed(scene, &found.checks));
    if let Some(text) = found.not_done() {
        body.push(blank());
        body.extend(paragraph(text, 0, cells, Meaning::Quiet));
    }
    Page {
        head,
        body,
        ..Page::default()
    }
}

/// Whether the files are switched, or what would change in them.
fn how_files_stand(scene: &Scene<'_>, found: &Application) -> Vec<Line<'static>> {
    let cells = scene.text_cells();
    if let Some(switched) = &scene.session().switched {
        let at = scene.clock(switched.at, "%F %H:%M");
        let text = format!(
            "! Since {at} the application in {} leads to the target; s puts its files back.",
            switched.folder
        );
        return paragraph(&text, 0, cells, Meaning::Caution);
    }
    let text = found
        .plan_in_words()
        .map(|text| match found.files.is_empty() {
            true => text,
            false if scene.session().state(Step::Application) == State::Done => {
                format!("{text} Nothing was changed; s switches them.")
            }
            false => format!("{text} Nothing was changed."),
        });
    text.map_or_else(Vec::new, |text| paragraph(&text, 0, cells, Meaning::Plain))
}

fn files(scene: &Scene<'_>, found: &Application) -> Vec<Line<'static>> {
    let mut told: Vec<Line<'static>> = found
        .files
        .iter()
        .flat_map(|changed| file(scene, changed))
        .collect();
    for left in &found.left {
        let text = format!("stays: {}: {}", left.what, left.why);
        told.extend(paragraph(&text, 0, scene.text_cells(), Meaning::Quiet));
    }
    if !told.is_empty() {
        told.push(blank());
    }
    told
}

/// A file's lines, each as it is and as it would be.
fn file(scene: &Scene<'_>, file: &SwitchedFile) -> Vec<Line<'static>> {
    const INDENT: usize = 7;
    let mut told = vec![line(file.file.clone(), Meaning::Strong)];
    let mut add = |number: String, sign: &str, text: &str, meaning| {
        let text = text.replace(MASK, scene.theme().pick(MASK, "******"));
        let parts = hard_wrapped(&text, scene.cells.saturating_sub(INDENT));
        for (at, part) in parts.into_iter().enumerate() {
            let (number, sign) = if at == 0 {
                (number.as_str(), sign)
            } else {
                ("", " ")
            };
            told.push(line(format!("{number:>4} {sign} {part}"), meaning));
        }
    };
    for ChangedLine {
        line,
        before,
        after,
    } in &file.lines
    {
        if let Some(before) = before {
            add(line.to_string(), "-", before, Meaning::Bad);
        }
        add(line.to_string(), "+", after, Meaning::Good);
    }
    told
}

/// The application's own tests, with what they said.
fn tests(scene: &Scene<'_>, tests: &[OwnTest]) -> Vec<Line<'static>> {
    let theme = scene.theme();
    let mut told = Vec::new();
    for test in tests {
        let (glyph, meaning) = match test.passed() {
            true => (theme.pick("✓", "+"), Meaning::Good),
            false => (theme.pick("✗", "x"), Meaning::Bad),
        };
        let text = format!("{glyph} {}", test.in_words());
        told.extend(paragraph(&text, 0, scene.text_cells(), meaning));
        for said in &test.output {
            let parts = hard_wrapped(said, scene.cells.saturating_sub(2));
            told.extend(
                parts
                    .into_iter()
                    .map(|part| line(format!("  {part}"), Meaning::Quiet)),
            );
        }
        told.push(blank());
    }
    told
}
