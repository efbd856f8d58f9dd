//! The tables of an inventory as a tree: schemas, tables, partitions; what of each is moved.

use super::Part;
use crate::figures::{bytes, counted};
use crate::postgres::catalogue::TableName;
use crate::session::report::{Inventory, Table};
use std::collections::{BTreeMap, HashMap};

/// A line of the tree.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// What it stands for.
    pub part: Part,
    /// The tables that it stands for: one, or those of a schema or of a partitioned table.
    pub tables: Vec<&'a Table>,
    /// How deep it stands.
    pub depth: usize,
    /// Whether what is in it is folded away; `None` where there is nothing to fold.
    pub folded: Option<bool>,
}

/// How much of a line is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// All of it.
    All,
    /// A part of it.
    Some,
    /// Nothing of it.
    Nothing,
}

impl<'a> Row<'a> {
    /// How much of it is moved.
    pub fn taken(&self) -> Taken {
        match self.tables_taken() {
            0 => Taken::Nothing,
            all if all == self.tables.len() => Taken::All,
            _ => Taken::Some,
        }
    }

    fn tables_taken(&self) -> usize {
        self.tables.iter().filter(|table| table.selected).count()
    }

    /// That in words.
    pub fn taken_in_words(&self) -> String {
        match self.taken() {
            Taken::All => "is moved".to_owned(),
            Taken::Nothing => "left out".to_owned(),
            Taken::Some => {
                let of = counted(self.tables.len() as u64, "table");
                format!("{} of {of} moved", self.tables_taken())
            }
        }
    }

    /// What it is called where it stands: without the schema that it stands under.
    pub fn title(&self, under: &str) -> String {
        match &self.part {
            Part::Schema(schema) => schema.clone(),
            Part::Table(TableName { schema, name }) if schema == under => name.clone(),
            Part::Table(TableName { schema, name }) => format!("{schema}.{name}"),
        }
    }

    /// What it is called by itself.
    pub fn name(&self) -> String {
        match &self.part {
            Part::Schema(schema) => format!("schema {schema}"),
            Part::Table(name) => name.to_string(),
        }
    }

    /// The table of a line that stands for one, not for a schema or partitions.
    pub fn only_table(&self) -> Option<&'a Table> {
        match (&self.part, &self.tables[..]) {
            (Part::Table(name), [table]) if table.table_name() == *name => Some(table),
            _ => None,
        }
    }

    /// A figure of its tables that are moved, added up; of all of them when none is.
    pub fn sum(&self, figure: impl Fn(&Table) -> u64) -> u64 {
        self.told().map(figure).sum()
    }

    /// Whether that is made of estimates.
    pub fn is_about(&self) -> bool {
        self.told().any(|table| table.estimated)
    }

    /// Its figures in words: how many tables, rows, how large.
    pub fn figures(&self) -> Vec<String> {
        let about = if self.is_about() { "about " } else { "" };
        let mut parts = vec![
            format!("{about}{}", counted(self.sum(|table| table.rows), "row")),
            bytes(self.sum(|table| table.row_bytes)),
            format!("{} of indexes", bytes(self.sum(|table| table.index_bytes))),
        ];
        match self.only_table() {
            Some(table) => parts.push(counted(table.columns, "column")),
            None => parts.insert(0, counted(self.tables.len() as u64, "table")),
        }
        parts
    }

    fn told(&self) -> impl Iterator<Item = &'a Table> {
        let nothing = self.taken() == Taken::Nothing;
        let tables = self.tables.iter().copied();
        tables.filter(move |table| table.selected || nothing)
    }
}

/// How many tables of a line a search hides: those that fall under it and are not among the lines
/// below it. What is folded away is hidden by the person, and meant.
pub fn unseen(rows: &[Row<'_>], at: usize) -> usize {
    let Some(row) = rows.get(at).filter(|row| row.folded == Some(false)) else {
        return 0;
    };
    let below = rows[at + 1..]
        .iter()
        .take_while(|other| other.depth > row.depth);
    let leaves = below.filter(|other| other.folded != Some(false));
    let seen: usize = leaves.map(|leaf| leaf.tables.len()).sum();
    row.tables.len().saturating_sub(seen)
}

/// That in words, for who would take or leave out such a line; `None` when all of it is seen.
pub fn refuse_unseen(rows: &[Row<'_>], at: usize) -> Option<String> {
    let hidden = unseen(rows, at);
    (hidden > 0).then(|| {
        let hidden = counted(hidden as u64, "table");
        format!(
            "the search hides {hidden} of {}: end it first, or choose tables one by one",
            rows[at].name()
        )
    })
}

/// The lines that are seen: those that are searched for, all with an empty `search`. A schema or a
/// partitioned table that is folded stands alone, unless it is searched in.
pub fn rows<'a>(
    found: &'a Inventory,
    search: &str,
    is_folded: &dyn Fn(&Part) -> bool,
) -> Vec<Row<'a>> {
    let wanted = search.to_lowercase();
    let mut rows = Vec::new();
    for (schema, wholes) in grouped(found) {
        let tables = wholes.values().flatten().copied().collect();
        let seen: Vec<_> = wholes
            .into_iter()
            .filter_map(|(whole, tables)| table_rows(whole, tables, &wanted, is_folded))
            .collect();
        if seen.is_empty() {
            continue;
        }
        let part = Part::Schema(schema);
        let folded = wanted.is_empty() && is_folded(&part);
        rows.push(Row {
            part,
            tables,
            depth: 0,
            folded: Some(folded),
        });
        if !folded {
            rows.extend(seen.into_iter().flatten());
        }
    }
    rows
}

/// A table's line, and its partitions' below it; `None` when it is not searched for.
fn table_rows<'a>(
    whole: TableName,
    tables: Vec<&'a Table>,
    wanted: &str,
    is_folded: &dyn Fn(&Part) -> bool,
) -> Option<Vec<Row<'a>>> {
    let by_itself = fits(&whole, wanted);
    let parts: Vec<&Table> = tables
        .iter()
        .filter(|table| by_itself || fits(&table.table_name(), wanted))
        .copied()
        .collect();
    if parts.is_empty() {
        return None;
    }
    let is_one = matches!(tables[..], [table] if table.table_name() == whole);
    let part = Part::Table(whole);
    let folded = by_itself && is_folded(&part);
    let mut rows = vec![Row {
        part,
        tables,
        depth: 1,
        folded: (!is_one).then_some(folded),
    }];
    if !is_one && !folded {
        rows.extend(parts.into_iter().map(|table| Row {
            part: Part::Table(table.table_name()),
            tables: vec![table],
            depth: 2,
            folded: None,
        }));
    }
    Some(rows)
}

/// Whether a table is among those that are searched for; `wanted` is in lower case.
pub fn fits(name: &TableName, wanted: &str) -> bool {
    let full = format!("{}.{}", name.schema, name.name);
    full.to_lowercase().contains(wanted)
}

/// The tables by schema, partitions with the table that they are the partitions of.
fn grouped(found: &Inventory) -> BTreeMap<String, BTreeMap<TableName, Vec<&Table>>> {
    let relations = found.relations.iter();
    let above: HashMap<&TableName, &TableName> = relations
        .filter_map(|relation| Some((&relation.name, relation.partition_of.as_ref()?)))
        .collect();
    let mut schemas: BTreeMap<String, BTreeMap<TableName, Vec<&Table>>> = BTreeMap::new();
    for table in &found.tables {
        let mut whole = table.table_name();
        while let Some(next) = above.get(&whole) {
            whole = (*next).clone();
        }
        let wholes = schemas.entry(whole.schema.clone()).or_default();
        wholes.entry(whole).or_default().push(table);
    }
    schemas
}
