//! The tables compared: counts, hashes, and the rows that differ.

use super::{Cell, Grid, Holds, Part, Section, Tone, grid, missing};
use crate::figures::{counted, grouped};
use crate::report::at;
use crate::report::document::{Compared, Document, ReportedTable, TableVerdict};
use crate::session::report::{DifferingRow, RowDifference, key_in_words};

const TITLE: &str = "Rows compared";

/// More tables that are equal than these are folded.
const SHOWN: usize = 30;

pub(super) fn section(document: &Document) -> Section {
    let Some(compared) = &document.comparison else {
        return missing(TITLE, "There is no comparison that holds.");
    };
    let (open, closed): (Vec<&ReportedTable>, Vec<_>) = compared
        .tables
        .iter()
        .partition(|table| is_open(table.verdict));
    let mut parts: Vec<Part> = notes(compared).into_iter().map(Part::from).collect();
    if !open.is_empty() {
        parts.push(tables("Tables that differ, or of which nothing is proved", &open).into());
        parts.push(rows(&open).into());
    }
    let agree = match compared.rows_compared {
        true => "Tables that are equal in every row, and what was left out",
        false => "Tables on both sides",
    };
    let mut closed_grid = tables(agree, &closed);
    closed_grid.folded = closed.len() > SHOWN;
    parts.extend([closed_grid.into(), collections(compared).into()]);
    Section::of(TITLE, parts)
}

fn is_open(verdict: TableVerdict) -> bool {
    matches!(verdict, TableVerdict::Differs | TableVerdict::NotProved)
}

fn notes(compared: &Compared) -> Vec<Cell> {
    let mut notes = vec![Cell::from(format!("Compared {}.", at(compared.at)))];
    if compared.rows_compared {
        let method = format!(
            "Contents are compared by hash, taken by both servers: {}. Two tables with the same rows have the same one.",
            compared.method
        );
        notes.push(Cell::toned(Tone::Quiet, method));
    }
    let uncounted = compared.tables.iter().filter(|table| {
        table.verdict == TableVerdict::Equal && !table.counted && !table.large_objects
    });
    let uncounted = uncounted.count() as u64;
    if compared.rows_compared && uncounted > 0 {
        notes.push(Cell::toned(
            Tone::Caution,
            format!(
                "! Of {} the source does not tell whether they are written to since.",
                counted(uncounted, "table")
            ),
        ));
    }
    notes
}

fn tables(caption: &str, tables: &[&ReportedTable]) -> Grid {
    let columns = [
        ("table", Holds::Text),
        ("verdict", Holds::Short),
        ("rows, source", Holds::Number),
        ("rows, target", Holds::Number),
        ("hash of the contents", Holds::Code),
    ];
    let row = |table: &&ReportedTable| {
        vec![
            Cell::from(match &table.condition {
                Some(condition) => format!("{} where {condition}", table.name),
                None => table.name.clone(),
            }),
            verdict(table),
            Cell::or_dash(table.source_rows.map(grouped)),
            Cell::or_dash(table.target_rows.map(grouped)),
            hashes(table),
        ]
    };
    grid(caption, &columns, tables.iter().map(row))
}

fn verdict(table: &ReportedTable) -> Cell {
    let (tone, words) = match table.verdict {
        TableVerdict::Differs => (Tone::Bad, "✗ differs"),
        TableVerdict::NotProved => (Tone::Caution, "! not proved"),
        TableVerdict::Equal => (Tone::Good, "✓ equal"),
        TableVerdict::SameColumns => (Tone::Plain, "same columns"),
        TableVerdict::LeftOut => (Tone::Quiet, "· left out"),
    };
    Cell::toned(tone, words)
}

fn hashes(table: &ReportedTable) -> Cell {
    match (&table.source_hash, &table.target_hash) {
        (None, None) => Cell::quiet("–"),
        (Some(source), Some(target)) if source == target => Cell::from(source.as_str()),
        (source, target) => {
            let side = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "none".to_owned());
            Cell::from(format!("source {}\ntarget {}", side(source), side(target)))
        }
    }
}

/// What exactly differs in these tables.
fn rows(tables: &[&ReportedTable]) -> Grid {
    let columns = [
        ("table", Holds::Text),
        ("rows that differ", Holds::Text),
        ("some of them", Holds::Text),
    ];
    let told = tables.iter().filter_map(|table| {
        let some = table.rows.as_ref().filter(|rows| !rows.is_none());
        let what = match (some, &table.unproved) {
            (_, Some(why)) => format!("not proved: {why}"),
            (Some(rows), None) => rows.in_words(),
            (None, None) => return None,
        };
        let examples = some.map(|rows| {
            let examples = rows.examples.iter();
            let told: Vec<String> = examples.filter_map(|row| example(&rows.key, row)).collect();
            told.join("; ")
        });
        let examples = examples.filter(|told| !told.is_empty());
        Some(vec![
            Cell::from(table.name.as_str()),
            Cell::from(what),
            Cell::or_dash(examples),
        ])
    });
    grid("What differs in them", &columns, told)
}

/// `id 1002 changed (remark)`; `None` without a key.
fn example(columns: &[String], row: &DifferingRow) -> Option<String> {
    let key = key_in_words(columns, row.key.as_ref()?);
    let how = match row.kind {
        RowDifference::Missing => "missing on the target".to_owned(),
        RowDifference::Extra => "only on the target".to_owned(),
        RowDifference::Changed if row.columns.is_empty() => "changed".to_owned(),
        RowDifference::Changed => format!("changed ({})", row.columns.join(", ")),
    };
    Some(format!("{key} {how}"))
}

fn collections(compared: &Compared) -> Grid {
    let columns = [
        ("value", Holds::Text),
        ("table", Holds::Text),
        ("rows, source", Holds::Number),
        ("rows, target", Holds::Number),
        ("verdict", Holds::Short),
    ];
    let rows = compared.collections.iter().map(|group| {
        let verdict = match group.source_rows == group.target_rows {
            true => Cell::toned(Tone::Good, "✓ equal"),
            false => Cell::toned(Tone::Bad, "✗ differs"),
        };
        vec![
            group
                .value
                .as_deref()
                .map_or_else(|| Cell::quiet("(null)"), Cell::from),
            Cell::from(format!("{}.{}", group.schema, group.table)),
            Cell::from(grouped(group.source_rows)),
            Cell::from(grouped(group.target_rows)),
            verdict,
        ]
    });
    let mut grid = grid("Rows for each value of the grouping column", &columns, rows);
    let agree =
        |group: &crate::session::report::ComparedCollection| group.source_rows == group.target_rows;
    grid.folded = grid.rows.len() > SHOWN && compared.collections.iter().all(agree);
    grid
}
