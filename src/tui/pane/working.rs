//! A step at work: its live line, a gauge for everything and one for each table at work.

use super::{Page, Scene};
use crate::figures;
use crate::progress::{MeterSample, Stage};
use crate::tui::lines::{self, between, blank, padded, paragraph, right, span};
use crate::tui::theme::Meaning;
use crate::wizard::Phase;
use ratatui::text::Line;

/// Cells of the sparkline.
const SPARK: usize = 12;

/// A pane of fewer cells has no sparkline.
const NARROW: usize = 50;

/// Rows of a pane in which every kind of work has a line of its own.
const ROOMY: usize = 24;

/// Cells for a percentage.
const PERCENT: usize = 9;

pub(super) fn page(scene: &Scene<'_>) -> Page {
    let mut head = Vec::new();
    if matches!(scene.wizard.phase(), Phase::Working { stopping: true, .. }) {
        let text = "Stopping safely: what is under way is finished or taken back.";
        head.extend(paragraph(text, 0, scene.text_cells(), Meaning::Caution));
    }
    head.extend(paragraph(
        &scene.sample.activity,
        0,
        scene.text_cells(),
        Meaning::Plain,
    ));
    head.push(blank());
    let meters = &scene.sample.meters;
    if meters.len() > 1 {
        head.extend(in_all(scene));
        head.push(blank());
    }
    Page {
        head,
        body: each(scene),
        ..Page::default()
    }
}

fn in_all(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let at_work = counted(scene, Stage::Working);
    let done = counted(scene, Stage::Done);
    let tally = format!(
        "{done} of {} done, {at_work} at work",
        scene.sample.meters.len()
    );
    let mut told = vec![
        between(
            vec![span("In all", Meaning::Strong)],
            vec![span(tally, Meaning::Quiet)],
            scene.cells,
        ),
        gauge(scene, scene.sample.share(), scene.cells),
    ];
    let kinds = scene.sample.kinds();
    let first = kinds.iter().position(|kind| kind.stage != Stage::Done);
    for (at, kind) in kinds.iter().enumerate() {
        if Some(at) == first {
            told.extend(moving(scene, kind));
        } else if scene.rows >= ROOMY {
            told.push(resting(scene, kind));
        }
    }
    told
}

/// What goes on now, always on two lines, so that nothing jumps: how much, and how fast. In little
/// room, rows count more than bytes, and what is left more than the rate.
fn moving(scene: &Scene<'_>, kind: &MeterSample) -> [Line<'static>; 2] {
    let theme = scene.theme();
    let mut known = scene.ui.gauges().of_kind(kind);
    let joined = |facts: &[String]| facts.join(theme.dot());
    let cells = if scene.cells < NARROW { 0 } else { SPARK + 1 };
    let room = scene.cells.saturating_sub(cells);
    while known.amounts.len() > 1 && lines::width(&joined(&known.amounts)) > scene.cells {
        known.amounts.pop();
    }
    while known.pace.len() > 1 && lines::width(&joined(&known.pace)) > room {
        known.pace.remove(0);
    }
    let spark = match cells {
        0 => String::new(),
        _ => theme.spark(&known.recent, SPARK) + " ",
    };
    [
        lines::line(joined(&known.amounts), Meaning::Quiet),
        Line::from(vec![
            span(spark, Meaning::Accent),
            span(joined(&known.pace), Meaning::Quiet),
        ]),
    ]
}

/// What goes on beside it, is done, or comes later.
fn resting(scene: &Scene<'_>, kind: &MeterSample) -> Line<'static> {
    let known = scene.ui.gauges().of_kind(kind);
    let mut facts = known.amounts;
    match kind.stage {
        Stage::Waiting => facts.push("waiting".to_owned()),
        Stage::Working => facts.extend(known.pace),
        Stage::Done => facts.push("done".to_owned()),
    }
    let text = facts.join(scene.theme().dot());
    lines::line(
        lines::cut(&text, scene.cells, scene.theme()),
        Meaning::Quiet,
    )
}

fn counted(scene: &Scene<'_>, stage: Stage) -> usize {
    scene
        .sample
        .meters
        .iter()
        .filter(|meter| meter.stage == stage)
        .count()
}

/// Those at work first, then what is done, then what waits.
fn each(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let meters = || scene.sample.meters.iter().enumerate();
    [Stage::Working, Stage::Done, Stage::Waiting]
        .into_iter()
        .flat_map(|stage| meters().filter(move |(_, meter)| meter.stage == stage))
        .flat_map(|(at, meter)| told(scene, at, meter))
        .collect()
}

fn told(scene: &Scene<'_>, at: usize, meter: &MeterSample) -> Vec<Line<'static>> {
    let theme = scene.theme();
    let facts = scene.ui.gauges().of(at, meter);
    match meter.stage {
        Stage::Working => at_work(scene, meter, &facts),
        Stage::Done => vec![still(
            scene,
            theme.pick("✓", "+"),
            Meaning::Good,
            meter,
            &facts,
        )],
        Stage::Waiting => {
            let total = match (meter.rows_total, meter.bytes_total) {
                (0, 0) => "waiting".to_owned(),
                (0, bytes) => figures::bytes(bytes),
                (rows, _) => figures::counted(rows, meter.noun),
            };
            vec![still(
                scene,
                theme.pick("·", "."),
                Meaning::Quiet,
                meter,
                &[total],
            )]
        }
    }
}

/// A meter that does not move, on one line.
fn still(
    scene: &Scene<'_>,
    glyph: &str,
    meaning: Meaning,
    meter: &MeterSample,
    facts: &[String],
) -> Line<'static> {
    let facts = facts.join(scene.theme().dot());
    let room = scene.cells.saturating_sub(lines::width(&facts) + 4);
    let name = lines::cut_name(label(meter), room.max(8), scene.theme());
    between(
        vec![
            span(format!("{glyph} "), meaning),
            span(name, Meaning::Plain),
        ],
        vec![span(facts, Meaning::Quiet)],
        scene.cells,
    )
}

fn at_work(scene: &Scene<'_>, meter: &MeterSample, facts: &[String]) -> Vec<Line<'static>> {
    let glyph = format!("{} ", scene.theme().pick("▸", ">"));
    let name_cells = (scene.cells * 2 / 5).clamp(8, 40);
    let name = lines::cut_name(label(meter), name_cells - 3, scene.theme());
    let mut head = vec![
        span(glyph, Meaning::Accent),
        span(padded(&name, name_cells.saturating_sub(2)), Meaning::Strong),
    ];
    let gauge_cells = scene.cells.saturating_sub(name_cells);
    head.extend(gauge(scene, meter.share(), gauge_cells).spans);
    let mut told = vec![Line::from(head)];
    told.extend(self::facts(scene, facts, 2));
    told
}

/// The schema `public` goes without saying.
fn label(meter: &MeterSample) -> &str {
    meter.label.strip_prefix("public.").unwrap_or(&meter.label)
}

fn gauge(scene: &Scene<'_>, share: Option<f64>, cells: usize) -> Line<'static> {
    let (done, rest) = scene.theme().gauge(share, cells.saturating_sub(PERCENT));
    let percent = share.map(figures::percent).unwrap_or_default();
    Line::from(vec![
        span(done, Meaning::Accent),
        span(rest, Meaning::Quiet),
        span(right(&percent, PERCENT), Meaning::Plain),
    ])
}

fn facts(scene: &Scene<'_>, facts: &[String], indent: usize) -> Vec<Line<'static>> {
    let room = scene.cells.saturating_sub(indent);
    lines::flowed(facts, scene.theme().dot(), room)
        .into_iter()
        .map(|row| lines::line(format!("{:indent$}{row}", ""), Meaning::Quiet))
        .collect()
}
