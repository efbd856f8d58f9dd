//! The inventory as a tree: schemas, tables, partitions; folded, searched, and what Space means.

use super::field::Field;
use super::ui::{Intent, Layer, Ui};
use crate::postgres::catalogue::TableName;
use crate::session::Step;
use crate::session::report::{Inventory, Report, Table};
use crate::source::{Part, Selected};
use crate::wizard::{Event, Wizard};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What of the tree is seen.
#[derive(Debug, Clone, Default)]
pub(super) struct TreeView {
    /// Schemas that are folded.
    folded: BTreeSet<String>,
    /// Partitioned tables whose partitions are seen.
    unfolded: BTreeSet<TableName>,
    /// What is searched for.
    pub(super) search: Field,
}

/// A line of the tree.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    /// What it stands for.
    pub(super) part: Part,
    /// The tables that it stands for: one, or those of a schema or of a partitioned table.
    pub(super) tables: Vec<&'a Table>,
    /// How deep it stands.
    pub(super) depth: usize,
    /// Whether what is in it is folded away; `None` where there is nothing to fold.
    pub(super) folded: Option<bool>,
}

/// How much of a line is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// All of it.
    All,
    /// A part of it.
    Some,
    /// Nothing of it.
    Nothing,
}

impl Row<'_> {
    /// How much of it is moved.
    pub(super) fn taken(&self) -> Taken {
        let selected = self.tables.iter().filter(|table| table.selected).count();
        match selected {
            0 => Taken::Nothing,
            all if all == self.tables.len() => Taken::All,
            _ => Taken::Some,
        }
    }

    /// What it is called where it stands: without the schema that it stands under.
    pub(super) fn title(&self, under: &str) -> String {
        match &self.part {
            Part::Schema(schema) => schema.clone(),
            Part::Table(TableName { schema, name }) if schema == under => name.clone(),
            Part::Table(TableName { schema, name }) => format!("{schema}.{name}"),
        }
    }

    /// A figure of its tables that are moved, added up; of all of them when none is.
    pub(super) fn sum(&self, figure: impl Fn(&Table) -> u64) -> u64 {
        self.told().map(figure).sum()
    }

    /// Whether that is made of estimates.
    pub(super) fn is_about(&self) -> bool {
        self.told().any(|table| table.estimated)
    }

    fn told(&self) -> impl Iterator<Item = &Table> {
        let nothing = self.taken() == Taken::Nothing;
        let tables = self.tables.iter().copied();
        tables.filter(move |table| table.selected || nothing)
    }
}

impl TreeView {
    /// The lines that are seen.
    pub(super) fn rows<'a>(&self, found: &'a Inventory) -> Vec<Row<'a>> {
        let wanted = self.search.text().to_lowercase();
        let searching = !wanted.is_empty();
        let mut rows = Vec::new();
        for (schema, wholes) in grouped(found) {
            let tables = wholes.values().flatten().copied().collect();
            let seen: Vec<_> = wholes
                .into_iter()
                .filter_map(|(whole, tables)| self.whole(whole, tables, &wanted))
                .collect();
            if seen.is_empty() {
                continue;
            }
            let folded = self.folded.contains(&schema) && !searching;
            rows.push(Row {
                part: Part::Schema(schema),
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
    fn whole<'a>(
        &self,
        whole: TableName,
        tables: Vec<&'a Table>,
        wanted: &str,
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
        let folded = !self.unfolded.contains(&whole) && by_itself;
        let mut rows = vec![Row {
            part: Part::Table(whole),
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

    fn fold(&mut self, part: &Part) {
        match part {
            Part::Schema(schema) => {
                if !self.folded.remove(schema) {
                    self.folded.insert(schema.clone());
                }
            }
            Part::Table(table) => {
                if !self.unfolded.remove(table) {
                    self.unfolded.insert(table.clone());
                }
            }
        }
    }
}

/// Whether a table is among those that are searched for; `wanted` is in lower case.
fn fits(name: &TableName, wanted: &str) -> bool {
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

/// The inventory that is looked at, when there is something to choose from.
pub(super) fn inventory(wizard: &Wizard) -> Option<&Inventory> {
    let session = wizard.session();
    let shown = session.current == Step::Inventory
        && session.state(Step::Inventory) == crate::session::State::Done;
    match session.report(Step::Inventory) {
        Some(Report::Inventory(found)) if shown && !found.tables.is_empty() => Some(found),
        _ => None,
    }
}

impl Ui {
    /// The marked line of the tree.
    pub(super) fn marked_part<'a>(&self, wizard: &'a Wizard) -> Option<Row<'a>> {
        let mut rows = self.tree.rows(inventory(wizard)?);
        let last = rows.len().checked_sub(1)?;
        Some(rows.swap_remove(self.marked.min(last)))
    }

    /// Why nothing can be taken or left out here and now.
    pub(super) fn cannot_pick(wizard: &Wizard) -> Option<String> {
        let found = inventory(wizard)?;
        if found.relations.is_empty() {
            let why = "an older neonlift counted this: r counts again, then it can be chosen from";
            return Some(why.to_owned());
        }
        wizard.refuse_picking()
    }

    /// Takes the marked line, or leaves it out.
    pub(super) fn toggle_part(&mut self, wizard: &Wizard) -> Vec<Intent> {
        let Some((row, selected)) = self.marked_part(wizard).zip(selected(wizard)) else {
            return Vec::new();
        };
        match selected.toggled(&row.part) {
            Ok(select) => picked(select),
            Err(why) => {
                self.say(why.to_string());
                Vec::new()
            }
        }
    }

    /// Takes everything; nothing but the marked line, when everything is taken.
    pub(super) fn pick_all(&mut self, wizard: &Wizard) -> Vec<Intent> {
        let Some((row, selected)) = self.marked_part(wizard).zip(selected(wizard)) else {
            return Vec::new();
        };
        picked(match takes_all(wizard) {
            true => selected.only(&row.part),
            false => selected.everything(),
        })
    }

    /// Folds the marked line, or what it stands in.
    pub(super) fn fold_part(&mut self, wizard: &Wizard) {
        let Some(found) = inventory(wizard) else {
            return;
        };
        let rows = self.tree.rows(found);
        let at = self.marked.min(rows.len().saturating_sub(1));
        let folding = rows[..rows.len().min(at + 1)].iter().enumerate().rev();
        let depth = rows.get(at).map_or(0, |row| row.depth);
        let is_it = |(place, row): &(usize, &Row<'_>)| {
            row.folded.is_some() && (*place == at || row.depth < depth)
        };
        if let Some((place, row)) = { folding }.find(is_it) {
            let part = row.part.clone();
            self.tree.fold(&part);
            self.marked = place;
        }
    }

    /// What is searched for has changed: the first table that fits is marked.
    pub(super) fn searched(&mut self, wizard: &Wizard) {
        let rows = inventory(wizard).map_or_else(Vec::new, |found| self.tree.rows(found));
        let wanted = self.tree.search.text().to_lowercase();
        let first = rows
            .iter()
            .position(|row| matches!(&row.part, Part::Table(name) if fits(name, &wanted)));
        self.marked = first.unwrap_or(0);
    }

    /// Ends the search, which shows everything again; the marked line stays marked.
    pub(super) fn end_search(&mut self, wizard: &Wizard) {
        let marked = self.marked_part(wizard).map(|row| row.part);
        self.tree.search = Field::default();
        let rows = inventory(wizard).map_or_else(Vec::new, |found| self.tree.rows(found));
        let again = rows
            .iter()
            .position(|row| Some(&row.part) == marked.as_ref());
        self.marked = again.unwrap_or(0);
        self.layers.retain(|layer| !matches!(layer, Layer::Search));
    }
}

/// Whether every table is moved.
pub(super) fn takes_all(wizard: &Wizard) -> bool {
    wizard.session().select.takes_all_tables()
}

fn selected(wizard: &Wizard) -> Option<Selected> {
    let found = inventory(wizard)?;
    // What the session holds was accepted with this inventory, or made it.
    Selected::of(&wizard.session().select, found.relations.clone()).ok()
}

fn picked(select: crate::config::Select) -> Vec<Intent> {
    vec![Intent::Send(Event::Picked(Box::new(select)))]
}
