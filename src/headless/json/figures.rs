//! What the end of a step tells besides: its figures, and what the target does not get.

use crate::session::report::{
    Application, Cleanup, Estimate, Inventory, Phase, Report, Table, Transfer, Watch,
};
use serde_json::{Value, json};

/// A field of the event, with its value.
type Field = (&'static str, Value);

/// The fields that a step's report adds to its end.
pub(super) fn of(report: &Report) -> Vec<Field> {
    match report {
        Report::Prerequisites(found) => vec![("checks", json!(found.checks))],
        Report::Connections(found) => vec![("checks", json!(found.checks))],
        Report::Unreached(found) => vec![
            ("checks", json!(found.checks)),
            ("source", json!(found.source)),
            ("target", json!(found.target)),
        ],
        Report::Inventory(found) => inventory(found),
        Report::Schema(made) => vec![
            ("created", json!(made.created)),
            ("left_out", json!(made.left_out)),
            ("overwritten", json!(made.overwritten)),
        ],
        Report::Transfer(moved) => transfer(moved),
        Report::Application(found) => application(found),
        Report::Watch(found) => watch(found),
        Report::Cleanup(done) => cleanup(done),
        // A comparison and the checklist are events of their own.
        Report::Backup(_) | Report::Compare(_) | Report::Cutover(_) => Vec::new(),
    }
}

fn transfer(moved: &Transfer) -> Vec<Field> {
    let rows: u64 = moved.tables.iter().map(|table| table.rows).sum();
    let bytes: u64 = moved.tables.iter().map(|table| table.bytes).sum();
    vec![
        ("tables", json!(moved.tables.len())),
        ("rows", json!(rows)),
        ("bytes", json!(bytes)),
        ("large_objects", json!(moved.large_objects)),
        ("built", json!(moved.built)),
        ("left_out", json!(moved.left_out)),
        ("written_since", json!(moved.changed_since())),
        ("snapshots", json!(moved.snapshots)),
        ("retries", json!(moved.retries)),
        ("row_seconds", json!(moved.row_seconds)),
        ("build_seconds", json!(moved.build_seconds)),
    ]
}

fn application(found: &Application) -> Vec<Field> {
    vec![
        ("endpoint", json!(found.endpoint)),
        ("checks", json!(found.checks)),
        ("folder", json!(found.folder)),
        ("files", json!(found.files)),
        ("left", json!(found.left)),
        ("tests", json!(found.tests)),
        ("not_done", json!(found.not_done())),
    ]
}

fn watch(found: &Watch) -> Vec<Field> {
    vec![
        ("since", json!(found.since)),
        ("until", json!(found.until)),
        ("probes", json!(found.probes)),
        ("missed", json!(found.missed)),
        ("woken", json!(found.woken)),
        ("checks", json!(found.checks)),
        ("alarms", json!(found.alarms)),
        ("figures", json!(found.figures)),
        ("history", json!(found.history)),
    ]
}

fn cleanup(done: &Cleanup) -> Vec<Field> {
    vec![
        ("keep_until", json!(done.keep_until)),
        ("archives", json!(done.archives)),
        ("checks", json!(done.checks)),
        ("has_ledger", json!(done.has_ledger)),
        ("remains", json!(done.remains)),
        ("documents", json!(done.documents)),
        ("more_documents", json!(done.more_documents)),
    ]
}

fn inventory(found: &Inventory) -> Vec<Field> {
    let table = |table: &Table| {
        json!({
            "schema": table.schema, "table": table.name, "left_out": !table.selected,
            "rows": table.rows, "rows_estimated": table.estimated,
            "row_bytes": table.row_bytes, "index_bytes": table.index_bytes,
        })
    };
    let estimate = Estimate::of(found);
    let seconds = estimate.seconds.map(|(least, most)| [least, most]);
    vec![
        (
            "tables",
            json!(found.tables.iter().map(table).collect::<Vec<_>>()),
        ),
        ("warnings", json!(found.warnings)),
        ("left_behind", json!(found.left_behind)),
        (
            "estimate",
            json!({
                "seconds": seconds, "basis": estimate.basis(), "bytes": estimate.bytes,
                "room": estimate.room_left(), "fits": !estimate.is_tight(),
                "phases": estimate.phases().iter().map(phase).collect::<Vec<_>>(),
            }),
        ),
    ]
}

fn phase(phase: &Phase) -> Value {
    json!({
        "phase": phase.name, "guide_minutes": phase.guide_minutes, "seconds": phase.seconds(),
        "here": phase.here(),
    })
}
