//! A step at work: its live line, a gauge for everything and one for each table at work.

use super::{Page, Scene};
use crate::figures;
use crate::progress::{MeterSample, Stage};
use crate::tui::gauges::Told;
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
    let mut head = now(scene);
    head.push(crew(scene));
    let meters = &scene.sample.meters;
    if meters.len() > 1 {
        if scene.rows >= ROOMY {
            head.push(blank());
        }
        head.extend(in_all(scene));
        head.push(blank());
    }
    Page {
        head,
        body: each(scene),
        ..Page::default()
    }
}

/// What happens now. Of a transfer on one line, whatever it is, so that the gauges stay where they
/// are.
fn now(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let pool = scene.sample.pool;
    let (text, meaning) = match scene.wizard.phase() {
        Phase::Working { stopping: true, .. } => (
            "Stopping safely: work under way ends or is undone.",
            Meaning::Caution,
        ),
        _ if pool.waited_for > 0 => (
            "Others on the source wait for this transfer (m tells who).",
            Meaning::Caution,
        ),
        Phase::Working { paused: true, .. } if pool.is_still() => (
            "Paused: nothing moves until p is pressed again.",
            Meaning::Caution,
        ),
        Phase::Working { paused: true, .. } => (
            "Pausing: what is under way is being finished.",
            Meaning::Caution,
        ),
        _ => (scene.sample.activity.as_str(), Meaning::Plain),
    };
    match pool.wanted {
        0 => paragraph(text, 0, scene.text_cells(), meaning),
        _ => {
            let text = lines::cut(text, scene.cells, scene.theme());
            vec![lines::line(text, meaning)]
        }
    }
}

/// Who is at work, and what went wrong so far; empty for steps that are not steered.
fn crew(scene: &Scene<'_>) -> Line<'static> {
    let (pool, retries) = (scene.sample.pool, scene.sample.retries);
    if pool.wanted == 0 {
        return blank();
    }
    let kinds = scene.sample.kinds();
    let rows_move = kinds
        .iter()
        .any(|kind| kind.noun == "row" && kind.stage != Stage::Done);
    let mut facts = Vec::new();
    if pool.carrying > 0 || rows_move {
        facts.push(format!("{} of {} row workers", pool.carrying, pool.wanted));
    }
    if pool.building > 0 {
        facts.push(figures::counted(pool.building as u64, "build"));
    }
    let mut spans = vec![span(facts.join(scene.theme().dot()), Meaning::Quiet)];
    if retries > 0 {
        let dot = if facts.is_empty() {
            ""
        } else {
            scene.theme().dot()
        };
        spans.push(span(dot, Meaning::Quiet));
        let retries = match retries {
            1 => "1 retry".to_owned(),
            more => format!("{} retries", figures::grouped(more)),
        };
        spans.push(span(format!("! {retries}"), Meaning::Caution));
    }
    Line::from(spans)
}

fn in_all(scene: &Scene<'_>) -> Vec<Line<'static>> {
    let at_work = counted(scene, Stage::Working);
    let done = counted(scene, Stage::Done);
    // In little room the numbers have to do.
    let what = match scene.sample.pool.wanted {
        0 => "",
        _ if scene.cells < NARROW => "",
        _ => " tables and builds",
    };
    let all = scene.sample.meters.len();
    let tally = format!("{done} of {all}{what} done, {at_work} at work");
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

/// What is known of a meter; of work that is being stopped, no end is foretold.
fn believable(scene: &Scene<'_>, known: Told) -> Told {
    match scene.wizard.phase() {
        Phase::Working { stopping: true, .. } => Told {
            left: None,
            ..known
        },
        _ => known,
    }
}

/// What goes on now, always on two lines, so that nothing jumps: how much, and how fast. In little
/// room, rows count more than bytes, and what is left more than the rate.
fn moving(scene: &Scene<'_>, kind: &MeterSample) -> [Line<'static>; 2] {
    let theme = scene.theme();
    let mut known = believable(scene, scene.ui.gauges().of_kind(kind));
    let joined = |facts: &[String]| facts.join(theme.dot());
    while known.amounts.len() > 1 && lines::width(&joined(&known.amounts)) > scene.cells {
        known.amounts.pop();
    }
    let kinds = scene.sample.kinds();
    let comes_more = kinds
        .iter()
        .any(|other| other.noun != kind.noun && other.stage != Stage::Done);
    // The time of one kind of work is not that of all.
    let left = known.left.map(|left| match comes_more {
        true => format!("{}: {left}", kind.work()),
        false => left,
    });
    let left = left.unwrap_or_default();
    let cells = if scene.cells < NARROW { 0 } else { SPARK + 1 };
    let used = cells + lines::width(&left) + usize::from(!left.is_empty());
    let room = scene.cells.saturating_sub(used);
    while lines::width(&joined(&known.rates)) > room {
        known.rates.remove(0);
    }
    let spark = match cells {
        0 => String::new(),
        _ => theme.spark(&known.recent, SPARK) + " ",
    };
    [
        lines::line(joined(&known.amounts), Meaning::Quiet),
        between(
            vec![
                span(spark, Meaning::Accent),
                span(joined(&known.rates), Meaning::Quiet),
            ],
            vec![span(left, Meaning::Quiet)],
            scene.cells,
        ),
    ]
}

/// What goes on beside it, is done, or comes later.
fn resting(scene: &Scene<'_>, kind: &MeterSample) -> Line<'static> {
    let known = believable(scene, scene.ui.gauges().of_kind(kind));
    let mut facts = known.amounts;
    match kind.stage {
        Stage::Waiting => facts.push("waiting".to_owned()),
        Stage::Working => facts.extend(known.rates.into_iter().chain(known.left)),
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
    let facts = believable(scene, scene.ui.gauges().of(at, meter));
    match meter.stage {
        Stage::Working => at_work(scene, meter, facts),
        Stage::Done => vec![still(
            scene,
            theme.pick("✓", "+"),
            Meaning::Good,
            meter,
            &[facts.amounts, facts.elapsed.into_iter().collect()].concat(),
        )],
        Stage::Waiting => {
            let total = match (meter.rows_total, meter.bytes_total) {
                (0, 0) => "waiting".to_owned(),
                (0, bytes) => figures::bytes(bytes),
                (rows, _) => figures::counted(rows, meter.word()),
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

/// A meter that moves: always two lines, the second one with what there is room for.
fn at_work(scene: &Scene<'_>, meter: &MeterSample, known: Told) -> Vec<Line<'static>> {
    let glyph = format!("{} ", scene.theme().pick("▸", ">"));
    let name_cells = (scene.cells * 2 / 5).clamp(8, 40);
    let name = lines::cut_name(label(meter), name_cells - 3, scene.theme());
    let mut head = vec![
        span(glyph, Meaning::Accent),
        span(padded(&name, name_cells.saturating_sub(2)), Meaning::Strong),
    ];
    let gauge_cells = scene.cells.saturating_sub(name_cells);
    head.extend(gauge(scene, meter.share(), gauge_cells).spans);
    vec![Line::from(head), facts(scene, meter, known)]
}

fn facts(scene: &Scene<'_>, meter: &MeterSample, known: Told) -> Line<'static> {
    const INDENT: &str = "  ";
    let dot = scene.theme().dot();
    let mut time = known.left.or(known.elapsed).unwrap_or_default();
    let phase = Some(meter.phase.clone()).filter(|phase| !phase.is_empty());
    let candidates = phase.into_iter().chain(known.amounts).chain(known.rates);
    let candidates: Vec<String> = candidates.collect();
    let room = scene.cells.saturating_sub(INDENT.len());
    let first = candidates.first().map_or(0, |first| lines::width(first));
    if first + lines::width(&time) + 1 > room {
        time = String::new();
    }
    let room = room.saturating_sub(lines::width(&time) + 1);
    let mut text = String::new();
    for fact in candidates {
        let gap = if text.is_empty() { "" } else { dot };
        let wanted = lines::width(&text) + lines::width(gap) + lines::width(&fact);
        if wanted <= room {
            text = text + gap + &fact;
        }
    }
    between(
        vec![span(format!("{INDENT}{text}"), Meaning::Quiet)],
        vec![span(time, Meaning::Quiet)],
        scene.cells,
    )
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
