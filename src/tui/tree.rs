//! The inventory as a tree: schemas, tables, partitions; folded, searched, and what Space means.

use super::field::Field;
use super::ui::{Intent, Layer, Ui};
use crate::postgres::catalogue::TableName;
use crate::session::report::Inventory;
use crate::source::Part;
use crate::source::tree::{self, Row, fits, refuse_unseen};
use crate::wizard::{Event, Wizard};
use std::collections::BTreeSet;

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

impl TreeView {
    /// The lines that are seen.
    pub(super) fn rows<'a>(&self, found: &'a Inventory) -> Vec<Row<'a>> {
        tree::rows(found, &self.search.text(), &|part| match part {
            Part::Schema(schema) => self.folded.contains(schema),
            Part::Table(table) => !self.unfolded.contains(table),
        })
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

impl Ui {
    /// The marked line of the tree.
    pub(super) fn marked_part<'a>(&self, wizard: &'a Wizard) -> Option<Row<'a>> {
        let mut rows = self.tree.rows(wizard.choosable()?);
        let last = rows.len().checked_sub(1)?;
        Some(rows.swap_remove(self.marked.min(last)))
    }

    /// Takes the marked line, or leaves it out.
    pub(super) fn toggle_part(&mut self, wizard: &Wizard) -> Vec<Intent> {
        let Some((row, selected)) = self.marked_part(wizard).zip(wizard.selected()) else {
            return Vec::new();
        };
        if let Some(why) = self.refuse_hidden(wizard) {
            self.refuse(why);
            return Vec::new();
        }
        match selected.toggled(&row.part) {
            Ok(select) => picked(select),
            Err(why) => {
                self.refuse(why.to_string());
                Vec::new()
            }
        }
    }

    /// Takes everything; nothing but the marked line, when everything is taken.
    pub(super) fn pick_all(&mut self, wizard: &Wizard) -> Vec<Intent> {
        let Some((row, selected)) = self.marked_part(wizard).zip(wizard.selected()) else {
            return Vec::new();
        };
        match wizard.session().select.takes_all_tables() {
            true => picked(selected.only(&row.part)),
            // What was left out one by one is worth a question.
            false => vec![Intent::Send(Event::PickAll(Box::new(
                selected.everything(),
            )))],
        }
    }

    /// Why the marked line cannot be taken or left out as a whole: the search hides a part of it.
    fn refuse_hidden(&self, wizard: &Wizard) -> Option<String> {
        let rows = self.tree.rows(wizard.choosable()?);
        refuse_unseen(&rows, self.marked.min(rows.len().saturating_sub(1)))
    }

    /// Folds the marked line, or what it stands in.
    pub(super) fn fold_part(&mut self, wizard: &Wizard) {
        let Some(found) = wizard.choosable() else {
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
            let (part, seen) = (row.part.clone(), rows.len());
            self.tree.fold(&part);
            if self.tree.rows(found).len() != seen {
                self.marked = place;
                return;
            }
            // A search shows all that it finds.
            self.tree.fold(&part);
            self.say("what is searched for is not folded: Esc ends the search");
        }
    }

    /// What is searched for has changed: the first table that fits is marked.
    pub(super) fn searched(&mut self, wizard: &Wizard) {
        let rows = wizard
            .choosable()
            .map_or_else(Vec::new, |found| self.tree.rows(found));
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
        let rows = wizard
            .choosable()
            .map_or_else(Vec::new, |found| self.tree.rows(found));
        let again = rows
            .iter()
            .position(|row| Some(&row.part) == marked.as_ref());
        self.marked = again.unwrap_or(0);
        self.layers.retain(|layer| !matches!(layer, Layer::Search));
    }
}

fn picked(select: crate::config::Select) -> Vec<Intent> {
    vec![Intent::Send(Event::Picked(Box::new(select)))]
}
