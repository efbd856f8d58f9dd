//! What was moved, and how fast.

use super::{Cell, Chart, Course, Holds, Part, Section, Shape, Tone, grid, missing};
use crate::figures::{bytes, counted, duration, grouped};
use crate::report::document::{Document, Moved};
use crate::session::report::{Stretch, Throughput};
use crate::session::{State, Step};

const TITLE: &str = "What was moved";

/// More tables than these are folded.
const SHOWN: usize = 30;

pub(super) fn section(document: &Document) -> Section {
    let Some(moved) = &document.moved else {
        return missing(TITLE, unmoved(document));
    };
    let tables = moved.tables.iter().map(|table| {
        let name = Cell::from(table.name.as_str());
        vec![name, grouped(table.rows).into(), bytes(table.bytes).into()]
    });
    let table_columns = [
        ("table", Holds::Text),
        ("rows", Holds::Number),
        ("data", Holds::Number),
    ];
    let mut tables = grid(
        "Rows loaded, the largest tables first",
        &table_columns,
        tables,
    );
    tables.folded = tables.rows.len() > SHOWN;
    let built = moved.built.iter().map(|kind| {
        vec![
            Cell::from(kind_in_words(&kind.kind)),
            grouped(kind.count).into(),
        ]
    });
    let built_columns = [("kind", Holds::Text), ("how many", Holds::Number)];
    let mut parts: Vec<Part> = notes(moved).into_iter().map(Part::from).collect();
    parts.extend(throughput(moved).map(Part::from));
    parts.extend([
        tables.into(),
        grid("Built over the rows", &built_columns, built).into(),
    ]);
    Section::of(TITLE, parts)
}

/// Why there is nothing: it has not begun, or how far it was.
fn unmoved(document: &Document) -> String {
    let reached = document.steps.iter().find_map(|step| step.reached);
    match (reached, document.state(Step::Transfer)) {
        (Some(reached), _) => format!(
            "! The transfer is not finished. When it was stopped, {} of {} were in, and {} to be built.",
            grouped(reached.rows),
            counted(reached.rows_total, "row"),
            counted(reached.builds_left, "large index"),
        ),
        (None, State::Waiting) => "No rows were moved yet.".to_owned(),
        (None, state) => format!("! The transfer is not finished: {}.", state.word()),
    }
}

fn notes(moved: &Moved) -> Vec<Cell> {
    let mut words = format!(
        "{} of {}, {} of data.",
        counted(moved.rows, "row"),
        counted(moved.tables.len() as u64, "table"),
        bytes(moved.bytes),
    );
    if moved.large_objects > 0 {
        words += &format!(" {} too.", counted(moved.large_objects, "large object"));
    }
    let last_run = format!(
        "The last run took {} for rows and {} more for what is built over them, in {}.",
        duration(moved.row_seconds),
        duration(moved.build_seconds),
        match moved.snapshots {
            0 | 1 => "one snapshot of the source".to_owned(),
            more => format!("the last of {more} snapshots of the source"),
        },
    );
    let mut notes = vec![Cell::from(words), Cell::from(last_run)];
    notes.extend(resumed(moved));
    if moved.retries > 0 {
        let text = format!(
            "! {} had to be tried again.",
            counted(moved.retries, "chunk")
        );
        notes.push(Cell::toned(Tone::Caution, text));
    }
    notes
}

/// That other runs moved a part of it.
fn resumed(moved: &Moved) -> Option<Cell> {
    let carried = moved.throughput.as_ref()?.in_all().rows;
    (carried < moved.rows).then(|| {
        let all = counted(moved.rows, "row");
        let text = format!(
            "It carried {} of the {all}; the others were in already.",
            grouped(carried)
        );
        Cell::toned(Tone::Quiet, text)
    })
}

/// The course of the last run that carried rows.
fn throughput(moved: &Moved) -> Option<Chart> {
    let throughput = moved.throughput.as_ref()?;
    let all = throughput.in_all();
    let fastest = fastest(throughput).filter(|_| all.rows > 0)?;
    let rate = |stretch: &Stretch| format!("{} rows/s", grouped(stretch.rows_per_second() as u64));
    let average = format!(
        "{} on average, {}/s",
        rate(&all),
        bytes(all.bytes_per_second() as u64)
    );
    let points = throughput.stretches.iter();
    let points = points.map(|stretch| (stretch.seconds, stretch.rows_per_second()));
    Some(Chart {
        title: format!("Throughput: {average}"),
        shape: Shape::Course(Course {
            stretches: points.collect(),
            top: format!("{} at most", rate(&fastest)),
            end: duration(all.seconds),
            described: format!(
                "{average}; {} at most; over {}",
                rate(&fastest),
                duration(all.seconds)
            ),
        }),
    })
}

fn fastest(throughput: &Throughput) -> Option<Stretch> {
    let by_rate = |one: &&Stretch, other: &&Stretch| {
        one.rows_per_second().total_cmp(&other.rows_per_second())
    };
    throughput.stretches.iter().max_by(by_rate).copied()
}

/// pg_dump's name of a kind as people say it.
fn kind_in_words(kind: &str) -> &str {
    match kind {
        "fk constraint" => "foreign keys",
        "check constraint" => "check constraints",
        "constraint" => "primary, unique and exclusion keys",
        "index" => "indexes",
        "index attach" => "indexes attached to those of partitioned tables",
        "sequence values" => "sequences set to their values",
        "trigger" => "triggers",
        "policy" => "policies",
        "rule" => "rules",
        "comment" => "comments",
        "event trigger" => "event triggers",
        "materialized view data" => "materialized views filled",
        "row security" => "tables with row security",
        other => other,
    }
}
