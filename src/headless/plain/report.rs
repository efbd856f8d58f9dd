//! Reports as plain lines.

use crate::figures::{self, bytes, counted, grouped};
use crate::invocation::Invocation;
use crate::session::report::{
    Backup, Check, ComparedTable, ComparedVectors, Comparison, DefinitionDifference, Estimate,
    Inventory, KindCount, LeftOut, Phase, Report, Schema, Standing, Transfer, Verdict,
};

/// A report's lines; commands in it lead to the session of the invocation.
pub fn lines(report: &Report, invocation: &Invocation) -> Vec<String> {
    match report {
        Report::Prerequisites(found) => checks(&found.checks, invocation),
        Report::Connections(found) => checks(&found.checks, invocation),
        Report::Unreached(found) => checks(&found.checks, invocation),
        Report::Inventory(found) => inventory(found),
        Report::Backup(found) => backup(found),
        Report::Schema(found) => schema(found),
        Report::Transfer(found) => transfer(found),
        Report::Compare(found) => comparison(found),
        Report::Application(found) => super::application::lines(found, invocation),
        Report::Watch(found) => super::watch::lines(found),
        Report::Cleanup(found) => super::cleanup::lines(found, invocation),
        // What it means stands on the checklist.
        Report::Cutover(_) => Vec::new(),
    }
}

pub(super) fn checks(checks: &[Check], invocation: &Invocation) -> Vec<String> {
    let mut lines = Vec::new();
    for check in checks {
        let (glyph, word) = match check.verdict {
            Verdict::Good => ("✓", ""),
            Verdict::Warning => ("!", "note: "),
            Verdict::Bad => ("✗", "wrong: "),
        };
        lines.push(format!("{glyph} {}: {word}{}", check.name, check.found));
        // The advice of bad checks follows in the failure.
        if check.verdict == Verdict::Warning {
            let advice = check.advice.iter().map(|step| invocation.advice(step));
            lines.extend(advice.map(|advice| format!("    {advice}")));
        }
    }
    lines
}

fn inventory(found: &Inventory) -> Vec<String> {
    let mut lines = inventory_tables(found);
    let estimate = Estimate::of(found);
    let estimates = estimate.time().into_iter().chain(estimate.room_left());
    lines.extend(estimates.map(|text| format!("estimate: {text}")));
    lines.extend(estimate.basis());
    lines.extend(phases(&estimate));
    lines.extend(
        found
            .selection
            .iter()
            .map(|selection| format!("selected: {selection}")),
    );
    lines.extend(left_out(&found.left_out));
    lines.extend(found.warnings.iter().map(|warning| format!("! {warning}")));
    if found.large_objects > 0 {
        lines.push(counted(found.large_objects, "large object"));
    }
    lines.extend(
        found
            .left_behind
            .iter()
            .map(|left| format!("! left behind: {} ({})", left.what, left.happens)),
    );
    lines.push(format!("written to {}", found.stats_file));
    lines
}

/// The guide's time for each of its phases, beside what is known of it here.
fn phases(estimate: &Estimate) -> Vec<String> {
    let phases = estimate.phases();
    let row = |phase: &Phase| vec![phase.name.to_owned(), phase.guide(), phase.here()];
    let rows: Vec<Vec<String>> = phases.iter().map(row).collect();
    columns(&["phase", "the guide", "here (estimated)"], &rows)
}

/// All tables, those that are left out as such.
fn inventory_tables(found: &Inventory) -> Vec<String> {
    let rows: Vec<Vec<String>> = found
        .tables
        .iter()
        .map(|table| {
            let about = if table.estimated { "about " } else { "" };
            let vectors: Vec<&str> = table.vectors.iter().map(|v| v.sql_type.as_str()).collect();
            vec![
                format!("{}.{}", table.schema, table.name),
                format!("{about}{}", grouped(table.rows)),
                bytes(table.row_bytes),
                counted(table.indexes.len() as u64, "index"),
                vectors.join(", "),
                if table.selected { "" } else { "! left out" }.to_owned(),
            ]
        })
        .collect();
    let titles = ["table", "rows", "size", "indexes", "vectors", ""];
    columns(&titles, &rows)
}

fn backup(found: &Backup) -> Vec<String> {
    vec![
        format!("{}, {}", found.file, bytes(found.bytes)),
        format!("sha256 {}", found.sha256),
        format!(
            "pg_restore read back {} entries: {}",
            found.entries, found.contents_file
        ),
    ]
}

pub(super) fn kinds(counts: &[KindCount]) -> String {
    let texts: Vec<String> = counts
        .iter()
        .map(|kind| format!("{} {}", grouped(kind.count), kind.kind))
        .collect();
    if texts.is_empty() {
        "nothing new".to_owned()
    } else {
        texts.join(", ")
    }
}

pub(super) fn left_out(items: &[LeftOut]) -> impl Iterator<Item = String> + '_ {
    items
        .iter()
        .map(|item| format!("! left out: {} ({})", item.what, item.why))
}

fn schema(found: &Schema) -> Vec<String> {
    let mut lines = vec![format!("from {}: {}", found.from, kinds(&found.created))];
    if !found.overwritten.is_empty() {
        lines.push(format!("! overwritten: {}", found.overwritten.join(", ")));
    }
    lines.extend(left_out(&found.left_out));
    lines
}

fn transfer(found: &Transfer) -> Vec<String> {
    let rows: u64 = found.tables.iter().map(|table| table.rows).sum();
    let size: u64 = found.tables.iter().map(|table| table.bytes).sum();
    let mut lines = vec![
        format!(
            "{} in {}, {}; this run took {} for rows, {} for what is built on them",
            counted(rows, "row"),
            counted(found.tables.len() as u64, "table"),
            bytes(size),
            figures::duration(found.row_seconds),
            figures::duration(found.build_seconds),
        ),
        format!("built, by the ledger: {}", kinds(&found.built)),
    ];
    if found.large_objects.objects > 0 {
        lines.push(format!(
            "{}, {}",
            counted(found.large_objects.objects, "large object"),
            bytes(found.large_objects.bytes)
        ));
    }
    if found.retries > 0 {
        lines.push(format!(
            "! tried again: {}",
            counted(found.retries, "chunk")
        ));
    }
    lines.extend(changed_since(&found.changed_since()));
    lines.extend(left_out(&found.left_out));
    lines
}

fn changed_since(tables: &[String]) -> Option<String> {
    let names = tables.join(", ");
    (!tables.is_empty())
        .then(|| format!("! written to on the source since the copy began: {names}"))
}

fn equality(equal: bool) -> &'static str {
    if equal { "✓ equal" } else { "✗ differs" }
}

/// What was found of a table, in a few words.
pub(super) fn verdict(table: &ComparedTable, rows_compared: bool) -> String {
    let equality = equality(table.equal);
    match &table.condition {
        _ if table.left_out => "! left out".to_owned(),
        _ if table.is_open() && table.unproved.is_some() => "! not proved".to_owned(),
        _ if !rows_compared && table.equal => "same columns".to_owned(),
        Some(condition) => format!("{equality} where {condition}"),
        None => equality.to_owned(),
    }
}

/// What is defined otherwise, each with the SQL that would mend it, and what of it was expected.
fn definitions(found: &[DefinitionDifference]) -> Vec<String> {
    let mut lines = Vec::new();
    for definition in found {
        let mark = if definition.differs() {
            "✗"
        } else {
            "! expected:"
        };
        lines.push(format!("{mark} {}", definition.in_words()));
        let sql = definition.sql.iter().flat_map(|sql| sql.lines());
        lines.extend(sql.map(|line| format!("    {line}")));
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}

fn comparison(found: &Comparison) -> Vec<String> {
    let side = |table: &ComparedTable, rows: Option<u64>| match rows {
        Some(rows) => grouped(rows),
        None if table.left_out || table.unproved.is_some() || !found.rows_compared => {
            "–".to_owned()
        }
        None => "missing".to_owned(),
    };
    let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "–".to_owned());
    let rows: Vec<Vec<String>> = found
        .tables
        .iter()
        .map(|table| {
            vec![
                table.name(),
                side(table, table.source_rows),
                side(table, table.target_rows),
                hash(&table.source_hash),
                hash(&table.target_hash),
                verdict(table, found.rows_compared),
            ]
        })
        .collect();
    let titles = [
        "table",
        "source rows",
        "target rows",
        "source content",
        "target content",
        "",
    ];
    let mut lines = columns(&titles, &rows);
    lines.extend(collections(found));
    lines.extend(found.vectors.iter().flat_map(vectors));
    lines.extend(definitions(&found.definitions));
    lines.push(String::new());
    let particulars = found.tables.iter().filter_map(ComparedTable::particulars);
    lines.extend(particulars.map(|text| format!("! {text}")));
    lines.extend(changed_since(&found.changed_since()));
    lines.push(result(found));
    lines
}

/// Rows by collection, or whatever they are grouped by; nothing where they are not.
fn collections(found: &Comparison) -> Vec<String> {
    if found.collections.is_empty() {
        return Vec::new();
    }
    let groups = found.collections.iter().map(|group| {
        vec![
            format!("{}.{}", group.schema, group.table),
            group.value.clone().unwrap_or_else(|| "(null)".to_owned()),
            grouped(group.source_rows),
            grouped(group.target_rows),
            equality(group.source_rows == group.target_rows).to_owned(),
        ]
    });
    let titles = ["table", "collection", "source rows", "target rows", ""];
    let mut lines = vec![String::new()];
    lines.extend(columns(&titles, &groups.collect::<Vec<_>>()));
    lines
}

/// What the comparison came to, in a line.
fn result(found: &Comparison) -> String {
    let verdict = match (found.equal, found.rows_compared) {
        (true, true) => format!("equal ({})", found.equal_in_words()),
        (true, false) => "the same tables; rows were not asked for".to_owned(),
        (false, _) if found.is_undecided() => "not proved".to_owned(),
        (false, _) => "not equal".to_owned(),
    };
    let left_out = found.tables.iter().filter(|table| table.left_out).count();
    let apart = match left_out {
        0 => String::new(),
        some => format!(", apart from {} left out", counted(some as u64, "table")),
    };
    format!("source and target: {verdict}{apart}")
}

fn vectors(found: &ComparedVectors) -> Vec<String> {
    let metric = match found.metric.as_str() {
        "" => String::new(),
        metric => format!(", by {metric}"),
    };
    let title = format!("vectors of {}: {}{metric}", found.name(), found.sql_type);
    let told = found.in_words().into_iter().map(|(label, text, standing)| {
        let glyph = match standing {
            Standing::Good => "✓",
            Standing::Plain => " ",
            Standing::Caution => "!",
            Standing::Bad => "✗",
        };
        let label = format!("{label}:");
        format!("  {glyph} {label:<16}{text}")
    });
    [String::new(), title].into_iter().chain(told).collect()
}

/// Aligns columns; those whose every cell is a number stand to the right.
fn columns(titles: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells
            .chain([titles[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let is_number = |cell: &String| {
        let number = cell.strip_prefix("about ").unwrap_or(cell);
        number.starts_with(|c: char| c.is_ascii_digit() || c == '-')
    };
    let right: Vec<bool> = (0..titles.len())
        .map(|column| {
            rows.iter()
                .all(|row| row.get(column).is_some_and(is_number))
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells
            .zip(widths.iter().zip(&right))
            .map(|(cell, (&width, &right))| {
                if right {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut titles.iter().copied())];
    lines.extend(
        rows.iter()
            .map(|row| line(&mut row.iter().map(String::as_str))),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right() {
        let rows = vec![
            vec!["a".to_owned(), "1,000".to_owned()],
            vec!["bb".into(), "7".into()],
        ];
        assert_eq!(
            columns(&["t", "rows"], &rows),
            ["t    rows", "a   1,000", "bb      7"]
        );
    }
}
