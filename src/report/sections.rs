//! The document's parts as people read them, the same in HTML and Markdown.

use super::at;
use super::document::{Document, Moved, Side};
use crate::figures::{bytes, counted, duration, grouped};

/// The largest tables are drawn, not all.
const DRAWN: usize = 8;

/// A part with its heading.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub title: &'static str,
    /// What is not there yet.
    pub missing: Option<String>,
    pub notes: Vec<String>,
    pub charts: Vec<Chart>,
    pub grids: Vec<Grid>,
}

/// A table.
#[derive(Debug, Default)]
pub(super) struct Grid {
    pub caption: String,
    pub head: Vec<&'static str>,
    /// The columns that hold numbers.
    pub numbers: Vec<usize>,
    pub rows: Vec<Vec<String>>,
}

/// Bars with their figures in words.
#[derive(Debug)]
pub(super) struct Chart {
    pub title: String,
    pub bars: Vec<Bar>,
}

#[derive(Debug)]
pub(super) struct Bar {
    pub label: String,
    pub value: f64,
    pub words: String,
}

/// All parts, in order.
pub(super) fn sections(document: &Document) -> Vec<Section> {
    vec![
        places(document),
        proof(document),
        moved(document),
        backup(document),
        left_out(document),
        warnings(document),
        checklist(document),
        timings(document),
    ]
}

fn grid(caption: &str, head: &[&'static str], numbers: &[usize], rows: Vec<Vec<String>>) -> Grid {
    let (head, numbers) = (head.to_vec(), numbers.to_vec());
    let caption = caption.to_owned();
    Grid {
        caption,
        head,
        numbers,
        rows,
    }
}

fn none() -> String {
    "not known".to_owned()
}

fn places(document: &Document) -> Section {
    let side = |name: &str, side: &Side| {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(none);
        vec![
            name.to_owned(),
            side.endpoint.clone(),
            known(&side.version),
            known(&side.encryption),
            side.bytes.map_or_else(none, bytes),
            side.pgvector
                .clone()
                .unwrap_or_else(|| "not known or not installed".to_owned()),
        ]
    };
    let (source, target) = (&document.source, &document.target);
    let head = [
        "side",
        "database",
        "PostgreSQL",
        "encryption",
        "size when tested",
        "pgvector",
    ];
    let latency = [("source", source), ("target", target)].into_iter();
    let latency = latency.filter_map(|(label, side)| {
        let value = side.round_trip_ms?;
        let (label, words) = (label.to_owned(), format!("{value:.1} ms"));
        Some(Bar {
            label,
            value,
            words,
        })
    });
    Section {
        title: "From where to where",
        missing: source
            .version
            .is_none()
            .then(|| "The connections were not tested yet.".to_owned()),
        grids: vec![grid(
            "The two databases",
            &head,
            &[4],
            vec![side("source", source), side("target", target)],
        )],
        charts: vec![Chart {
            title: "Network round trip, median".to_owned(),
            bars: latency.collect(),
        }],
        ..Section::default()
    }
}

fn proof(document: &Document) -> Section {
    let title = "Tables compared";
    let Some(compared) = &document.comparison else {
        let missing = Some("There is no comparison yet.".to_owned());
        return Section {
            title,
            missing,
            ..Section::default()
        };
    };
    let number = |rows: Option<u64>| rows.map_or_else(|| "–".to_owned(), grouped);
    let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "–".to_owned());
    let rows = compared.tables.iter().map(|table| {
        vec![
            table.name.clone(),
            table.verdict.to_owned(),
            number(table.source_rows),
            number(table.target_rows),
            hash(&table.source_hash),
            hash(&table.target_hash),
        ]
    });
    let head = [
        "table",
        "verdict",
        "rows, source",
        "rows, target",
        "hash, source",
        "hash, target",
    ];
    let collections = compared.collections.iter().map(|found| {
        vec![
            found.table.clone(),
            grouped(found.values),
            grouped(found.differing),
        ]
    });
    Section {
        title,
        notes: vec![format!(
            "Compared {}. Contents: {}.",
            at(compared.at),
            compared.method
        )],
        grids: vec![
            grid(
                "Every table's counts and hashes, what differs first",
                &head,
                &[2, 3],
                rows.collect(),
            ),
            grid(
                "Counts for each value of the grouping column",
                &["table", "values", "differing"],
                &[1, 2],
                collections.collect(),
            ),
        ],
        ..Section::default()
    }
}

fn moved(document: &Document) -> Section {
    let title = "What was moved";
    let Some(moved) = &document.moved else {
        let missing = Some("No rows were moved yet.".to_owned());
        return Section {
            title,
            missing,
            ..Section::default()
        };
    };
    let rows = moved
        .tables
        .iter()
        .map(|table| vec![table.name.clone(), grouped(table.rows), bytes(table.bytes)]);
    let built = moved
        .built
        .iter()
        .map(|kind| vec![kind.kind.clone(), grouped(kind.count)]);
    let largest = moved
        .tables
        .iter()
        .filter(|table| table.bytes > 0)
        .take(DRAWN)
        .map(|table| Bar {
            label: table.name.clone(),
            value: table.bytes as f64,
            words: format!("{} · {}", bytes(table.bytes), counted(table.rows, "row")),
        });
    Section {
        title,
        notes: vec![in_words(moved)],
        charts: vec![Chart {
            title: throughput(moved),
            bars: largest.collect(),
        }],
        grids: vec![
            grid(
                "Rows loaded, largest tables first",
                &["table", "rows", "data"],
                &[1, 2],
                rows.collect(),
            ),
            grid(
                "Built over the rows",
                &["kind", "count"],
                &[1],
                built.collect(),
            ),
        ],
        ..Section::default()
    }
}

fn in_words(moved: &Moved) -> String {
    let mut words = format!(
        "{} of {} in {}; built in {}. {} used; {}.",
        counted(moved.rows, "row"),
        counted(moved.tables.len() as u64, "table"),
        duration(moved.row_seconds),
        duration(moved.build_seconds),
        counted(u64::from(moved.snapshots), "snapshot"),
        match moved.retries {
            0 => "nothing had to be tried again".to_owned(),
            1 => "1 chunk had to be tried again".to_owned(),
            more => format!("{} chunks had to be tried again", grouped(more)),
        },
    );
    if moved.large_objects > 0 {
        words += &format!(" {} moved.", counted(moved.large_objects, "large object"));
    }
    words
}

fn throughput(moved: &Moved) -> String {
    match moved.bytes_per_second {
        // What was resumed has the last run's seconds only: then there is no rate.
        None => "Data by table".to_owned(),
        Some(rate) => format!("Throughput: {} a second; data by table", bytes(rate as u64)),
    }
}

fn backup(document: &Document) -> Section {
    let title = "Backup";
    let Some(backup) = &document.backup else {
        let missing = Some("No backup was made yet.".to_owned());
        return Section {
            title,
            missing,
            ..Section::default()
        };
    };
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let rows = vec![
        row("file", backup.file.clone()),
        row("size", bytes(backup.bytes)),
        row("SHA-256", backup.sha256.clone()),
        row("entries read back", grouped(backup.entries)),
    ];
    let grids = vec![grid(
        "The dump of the source",
        &["what", "found"],
        &[],
        rows,
    )];
    Section {
        title,
        grids,
        ..Section::default()
    }
}

fn left_out(document: &Document) -> Section {
    let rows = document
        .left_out
        .iter()
        .map(|left| vec![left.what.clone(), left.why.clone()]);
    let overwritten = document.overwritten.iter().map(|what| vec![what.clone()]);
    Section {
        title: "What was left out",
        missing: document
            .left_out
            .is_empty()
            .then(|| "Nothing is known to be left out.".to_owned()),
        grids: vec![
            grid(
                "Not on the target as the source has it",
                &["what", "why"],
                &[],
                rows.collect(),
            ),
            grid(
                "Dropped or emptied on the target, with consent",
                &["what"],
                &[],
                overwritten.collect(),
            ),
        ],
        ..Section::default()
    }
}

fn warnings(document: &Document) -> Section {
    let rows = document.warnings.iter();
    let rows = rows.map(|warning| vec![warning.about.clone(), warning.text.clone()]);
    Section {
        title: "Warnings and failures",
        missing: document.warnings.is_empty().then(|| "None.".to_owned()),
        grids: vec![grid(
            "Worth knowing",
            &["about", "what"],
            &[],
            rows.collect(),
        )],
        ..Section::default()
    }
}

fn checklist(document: &Document) -> Section {
    let rows = document.checklist.iter().map(|item| {
        let closed = if item.is_closed() {
            "✓ closed"
        } else {
            "· open"
        };
        let signature = item.signature.as_ref();
        let signed = signature.map(|given| format!("{}, {}", given.by, at(given.at)));
        let ticked = if item.ticked { "by the machine" } else { "–" };
        let by = signed.unwrap_or_else(|| ticked.to_owned());
        vec![
            item.text.clone(),
            closed.to_owned(),
            by,
            item.evidence.clone(),
        ]
    });
    let head = ["item", "standing", "signed", "evidence"];
    Section {
        title: "Checklist",
        missing: document
            .checklist
            .is_empty()
            .then(|| "There is no checklist yet.".to_owned()),
        grids: vec![grid(
            "Before the application is switched",
            &head,
            &[],
            rows.collect(),
        )],
        ..Section::default()
    }
}

fn timings(document: &Document) -> Section {
    let time = |seconds: Option<f64>| seconds.map_or_else(|| "–".to_owned(), duration);
    let rows = document.steps.iter().map(|step| {
        let started = step.started.map_or_else(|| "–".to_owned(), at);
        vec![
            step.step.to_string(),
            step.standing.to_owned(),
            started,
            time(step.seconds),
        ]
    });
    let bars = document.steps.iter().filter_map(|step| {
        let value = step.seconds?;
        let (label, words) = (step.step.to_string(), duration(value));
        Some(Bar {
            label,
            value,
            words,
        })
    });
    Section {
        title: "Time",
        charts: vec![Chart {
            title: "Time per step".to_owned(),
            bars: bars.collect(),
        }],
        grids: vec![grid(
            "Steps",
            &["step", "standing", "last started", "time"],
            &[3],
            rows.collect(),
        )],
        ..Section::default()
    }
}
