//! The step `watch`: how far it is, what stands, the last values against their thresholds, and how
//! some of them went.

use super::checks::advised;
use super::{Page, Scene};
use crate::session::report::{Check, Verdict, Watch};
use crate::session::{State, Step};
use crate::tui::commands::in_order;
use crate::tui::lines::{between, blank, line, padded, paragraph, span};
use crate::tui::offers;
use crate::tui::theme::Meaning;
use crate::watch::spacing::BEFORE;
use crate::watch::threshold::{CACHE, CONNECTIONS, LATENCY};
use crate::wizard::Phase;
use ratatui::text::Line;

/// Cells for glyph and word.
const VERDICT: usize = 8;

/// Cells for a check's name.
const NAME: usize = 12;

/// A sparkline is no longer.
const SPARK: usize = 96;

pub(super) fn page(scene: &Scene<'_>, found: &Watch) -> Page {
    let mut head = paragraph(&found.reach_in_words(), 0, scene.cells, Meaning::Plain);
    head.push(how_it_stands(scene, found));
    head.extend(now(scene, found));
    head.push(blank());
    let mut body: Vec<Line<'static>> = in_order(&found.checks)
        .into_iter()
        .flat_map(|check| told(scene, found, check))
        .collect();
    body.push(blank());
    body.extend(past(scene, found));
    body.extend(paragraph(
        &found.cost,
        0,
        scene.text_cells(),
        Meaning::Quiet,
    ));
    let file = format!("Every probe: {}", found.history);
    body.extend(paragraph(&file, 0, scene.text_cells(), Meaning::Quiet));
    Page {
        head,
        body,
        ..Page::default()
    }
}

/// Before its first start: what it costs, and where else it can run.
pub(super) fn before(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let told = BEFORE.iter().flat_map(|text| {
        let mut told = vec![blank()];
        told.extend(paragraph(text, 0, scene.text_cells(), Meaning::Quiet));
        told
    });
    told.collect()
}

/// While there is no probe yet: what it is doing.
pub(super) fn beginning(scene: &Scene<'_>) -> Page {
    Page {
        body: paragraph(
            &scene.sample.activity,
            0,
            scene.text_cells(),
            Meaning::Plain,
        ),
        ..Page::default()
    }
}

fn how_it_stands(scene: &Scene<'_>, found: &Watch) -> Line<'static> {
    let theme = scene.theme();
    match (found.standing().count(), found.alarms.len()) {
        (0, 0) => line(format!("{} no alarm", theme.pick("✓", "+")), Meaning::Good),
        (0, some) => {
            let text = format!("{} no alarm stands; {some} before", theme.pick("✓", "+"));
            line(text, Meaning::Good)
        }
        (1, _) => line(
            format!("{} an alarm stands", theme.pick("✗", "x")),
            Meaning::Bad,
        ),
        (some, _) => {
            let text = format!("{} {some} alarms stand", theme.pick("✗", "x"));
            line(text, Meaning::Bad)
        }
    }
}

/// What happens now, and when the next probe is due.
fn now(scene: &Scene<'_>, found: &Watch) -> Vec<Line<'static>> {
    let last = scene.clock(found.at, "%a %H:%M");
    let text = match (scene.wizard.phase(), scene.session().state(Step::Watch)) {
        (Phase::Working { stopping: true, .. }, _) => "Stopping.".to_owned(),
        (Phase::Working { .. }, State::Running) => match found.next {
            Some(next) => format!(
                "Last probe {last}, next {}; Ctrl-C stops it.",
                scene.clock(next, "%a %H:%M")
            ),
            None => "Ending.".to_owned(),
        },
        (_, State::Interrupted) => format!(
            "Stopped; last probe {last}. Enter: {}",
            offers::proceed(scene.wizard)
        ),
        _ => format!("Last probe {last}."),
    };
    paragraph(&text, 0, scene.cells, Meaning::Quiet)
}

/// A figure against its threshold; of an alarm what to do, of some how it went.
fn told(scene: &Scene<'_>, found: &Watch, check: &Check) -> Vec<Line<'static>> {
    let (glyph, word, meaning) = match check.verdict {
        Verdict::Bad => (scene.theme().pick("✗", "x"), "alarm", Meaning::Bad),
        other => scene.theme().verdict(other),
    };
    let text = paragraph(
        &check.found,
        0,
        scene.cells.saturating_sub(VERDICT + NAME),
        Meaning::Plain,
    );
    let mut told: Vec<Line<'static>> = Vec::new();
    for (at, part) in text.into_iter().enumerate() {
        let (verdict, name) = match at {
            0 => (format!("{glyph} {word}"), check.name.clone()),
            _ => (String::new(), String::new()),
        };
        told.push(Line::from(vec![
            span(padded(&verdict, VERDICT), meaning),
            span(padded(&name, NAME), Meaning::Strong),
            span(part.to_string(), Meaning::Plain),
        ]));
    }
    told.extend(went(scene, found, &check.name));
    let advice = check.advice.iter();
    told.extend(advice.flat_map(|advice| advised(scene, advice, VERDICT)));
    told
}

/// The values so far as a sparkline, the newest at the right.
fn went(scene: &Scene<'_>, found: &Watch, name: &str) -> Option<Line<'static>> {
    let values = match name {
        LATENCY => &found.latency,
        CONNECTIONS => &found.connections,
        CACHE => &found.hits,
        _ => return None,
    };
    let values: Vec<f64> = values.iter().map(|value| *value as f64).collect();
    let cells = scene.cells.saturating_sub(VERDICT + NAME).min(SPARK);
    let cells = cells.min(values.len());
    (cells > 1).then(|| {
        Line::from(vec![
            span(padded("", VERDICT + NAME), Meaning::Plain),
            span(scene.theme().spark(&values, cells), Meaning::Accent),
        ])
    })
}

/// Typical and worst figures, and the alarms so far.
fn past(scene: &Scene<'_>, found: &Watch) -> Vec<Line<'static>> {
    let mut told = Vec::new();
    if found.probes > 1 {
        let row = |name: &str, typical: &str, worst: &str, meaning| {
            let left = vec![
                span(padded(name, VERDICT + NAME), meaning),
                span(padded(typical, 14), Meaning::Plain),
                span(worst.to_owned(), Meaning::Plain),
            ];
            between(left, Vec::new(), scene.cells)
        };
        told.push(row("So far", "typical", "worst", Meaning::Strong));
        let figures = found.figures.iter();
        told.extend(figures.map(|f| row(&f.name, &f.typical, &f.worst, Meaning::Quiet)));
        told.push(blank());
    }
    for alarm in &found.alarms {
        let text = format!("! {}", Watch::alarm_in_words(alarm));
        told.extend(paragraph(&text, 0, scene.text_cells(), Meaning::Caution));
    }
    if !found.alarms.is_empty() {
        told.push(blank());
    }
    told
}
