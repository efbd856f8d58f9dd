//! What is known of the marked table or schema.

use super::super::Scene;
use crate::figures::counted;
use crate::postgres::catalogue::TableName;
use crate::session::report::{Inventory, Table};
use crate::source::tree::{Row, Taken};
use crate::tui::lines::{blank, cut, line, paragraph};
use crate::tui::theme::Meaning;
use ratatui::text::Line;

/// Everything, at the right of the tree.
pub(super) fn lines(
    scene: &Scene<'_>,
    found: &Inventory,
    row: &Row<'_>,
    cells: usize,
) -> Vec<Line<'static>> {
    let dot = scene.theme().dot();
    let mut told = paragraph(&row.name(), 0, cells, Meaning::Strong);
    told.extend(paragraph(
        &row.taken_in_words(),
        0,
        cells,
        state_meaning(row),
    ));
    told.extend(paragraph(
        &row.figures().join(dot),
        0,
        cells,
        Meaning::Plain,
    ));
    let Some(table) = row.only_table() else {
        return told;
    };
    if let Some(condition) = &table.condition {
        let text = format!("only rows where {condition}");
        told.extend(paragraph(&text, 0, cells, Meaning::Accent));
    }
    let vectors: Vec<String> = vectors(table).collect();
    section(&mut told, "Vectors", &vectors, cells);
    let indexes: Vec<String> = table.indexes.iter().map(|index| short(index)).collect();
    section(&mut told, "Indexes", &indexes, cells);
    let warnings = warnings(found, table);
    if !warnings.is_empty() {
        told.push(blank());
    }
    for warning in warnings {
        told.extend(paragraph(
            &format!("! {warning}"),
            0,
            cells,
            Meaning::Caution,
        ));
    }
    told
}

fn section(told: &mut Vec<Line<'static>>, title: &str, entries: &[String], cells: usize) {
    if !entries.is_empty() {
        told.push(blank());
        told.push(line(title.to_owned(), Meaning::Quiet));
    }
    for entry in entries {
        told.extend(paragraph(entry, 0, cells, Meaning::Plain));
    }
}

/// In at most three lines, under the tree.
pub(super) fn brief(scene: &Scene<'_>, found: &Inventory, row: &Row<'_>) -> Vec<Line<'static>> {
    let dot = scene.theme().dot();
    let cut = |text: &str| cut(text, scene.cells, scene.theme());
    let first = [row.name(), row.taken_in_words()].join(dot);
    let mut told = vec![blank(), line(cut(&first), state_meaning(row))];
    let Some(table) = row.only_table() else {
        told.push(line(cut(&row.figures().join(dot)), Meaning::Plain));
        return told;
    };
    let condition = table.condition.as_ref();
    let condition = condition.map(|condition| format!("only rows where {condition}"));
    let parts: Vec<String> = condition
        .into_iter()
        .chain(vectors(table))
        .chain([
            counted(table.columns, "column"),
            counted(table.indexes.len() as u64, "index"),
        ])
        .collect();
    told.push(line(cut(&parts.join(dot)), Meaning::Plain));
    if let Some(warning) = warnings(found, table).first() {
        told.push(line(cut(&format!("! {warning}")), Meaning::Caution));
    }
    told
}

fn state_meaning(row: &Row<'_>) -> Meaning {
    match row.taken() {
        Taken::All => Meaning::Good,
        Taken::Some | Taken::Nothing => Meaning::Caution,
    }
}

fn vectors(table: &Table) -> impl Iterator<Item = String> + '_ {
    table.vectors.iter().map(|vector| {
        let (column, sql_type) = (&vector.column, &vector.sql_type);
        match table.estimated {
            true => format!("{column} {sql_type}"),
            false => format!("{column} {sql_type} in {}", counted(vector.rows, "row")),
        }
    })
}

/// An index's definition without the words that all of them have.
fn short(definition: &str) -> String {
    let unique = definition.starts_with("CREATE UNIQUE");
    let text = definition
        .trim_start_matches("CREATE UNIQUE INDEX ")
        .trim_start_matches("CREATE INDEX ");
    let (name, rest) = text.split_once(" ON ").unwrap_or((text, ""));
    let how = rest.split_once(" USING ").map_or(rest, |(_, how)| how);
    let unique = if unique { "unique " } else { "" };
    format!("{name}: {unique}{how}")
}

/// What is to be known of the table, and what leaving it out cuts, or takes from it.
fn warnings(found: &Inventory, table: &Table) -> Vec<String> {
    let name = table.table_name();
    let mut told = Vec::new();
    let is_out = |name: &TableName| is_out(found, name);
    for key in &found.foreign_keys {
        if key.refers_to == name && key.table != name && !table.selected && !is_out(&key.table) {
            told.push(format!(
                "{} of {} is cut: it points here",
                key.name, key.table
            ));
        }
        if key.table == name && table.selected && is_out(&key.refers_to) {
            told.push(format!(
                "{} is cut: {} is left out",
                key.name, key.refers_to
            ));
        }
    }
    if !table.selected {
        let views = found.views.iter().filter(|view| view.reads.contains(&name));
        told.extend(views.map(|view| format!("the view {} reads it and stays too", view.name)));
    }
    told.extend(table.warnings().into_iter().map(str::to_owned));
    told
}

/// Whether nothing of a table is moved; of a partitioned one, no partition.
fn is_out(found: &Inventory, name: &TableName) -> bool {
    let mut tables = found.tables.iter();
    if let Some(table) = tables.find(|table| table.table_name() == *name) {
        return !table.selected;
    }
    let relations = found.relations.iter();
    let mut parts = relations
        .filter(|part| part.partition_of.as_ref() == Some(name))
        .peekable();
    parts.peek().is_some() && parts.all(|part| is_out(found, &part.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_told_in_short() {
        let told = short("CREATE UNIQUE INDEX docs_pkey ON public.docs USING btree (id)");
        assert_eq!(told, "docs_pkey: unique btree (id)");
        let hnsw = "CREATE INDEX \"a b\" ON s.t USING hnsw (e vector_cosine_ops) WITH (m='16')";
        assert_eq!(
            short(hnsw),
            "\"a b\": hnsw (e vector_cosine_ops) WITH (m='16')"
        );
    }
}
