//! What a selection comes to on a source: which of its tables, and which of their rows. The one
//! place that decides it; inventory, schema, transfer and comparison all ask here.

mod choosing;
mod error;
mod marks;
pub mod tree;

pub use choosing::{GoesWith, Part};
pub use error::SelectionError;
pub use marks::NOT_SELECTED;

use crate::config::{BadPattern, Patterns, Rows, Select, TablePattern};
use crate::postgres::Connection;
use crate::postgres::catalogue::{self, Relation, RelationKind, Table, TableName};
use crate::postgres::script::{enclosed, refuse_condition};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Display;

/// What a selection comes to on one source.
#[derive(Debug, Clone, Default)]
pub struct Selected {
    select: Select,
    patterns: Patterns,
    relations: HashMap<TableName, Relation>,
    taken: HashSet<TableName>,
    conditions: BTreeMap<TableName, String>,
    /// Of a part of the tables: names that the extensions bring, each with its extension's.
    brought: Vec<(String, String)>,
}

impl Selected {
    /// Holds a selection against a source's catalogue.
    ///
    /// # Errors
    /// A pattern that fits nothing, a table that cannot be made alone, a condition in a form that
    /// is refused. Whether the source understands the conditions, [`Selected::check_conditions`]
    /// finds out.
    pub async fn resolve(select: &Select, connection: &Connection) -> Result<Self, SelectionError> {
        let mut selected = Self::of(select, catalogue::all_relations(connection).await?)?;
        if !select.takes_all_tables() {
            selected.brought = catalogue::brought_names(connection).await?;
        }
        Ok(selected)
    }

    /// Holds a selection against a source's catalogue as it was read before.
    ///
    /// # Errors
    /// As [`Selected::resolve`].
    pub fn of(select: &Select, relations: Vec<Relation>) -> Result<Self, SelectionError> {
        let patterns = select.patterns()?;
        every_pattern_fits(&patterns, &relations)?;
        let mut selected = Self {
            select: select.clone(),
            patterns,
            relations: relations
                .into_iter()
                .map(|relation| (relation.name.clone(), relation))
                .collect(),
            ..Self::default()
        };
        selected.taken = selected.taken_tables();
        selected.taken.extend(selected.taken_sequences());
        selected.complete()?;
        selected.conditions = selected.conditions()?;
        Ok(selected)
    }

    /// Everything that could be selected, by schema and name.
    pub fn relations(&self) -> Vec<Relation> {
        let mut all: Vec<Relation> = self.relations.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// What was asked for.
    pub fn select(&self) -> &Select {
        &self.select
    }

    /// Its patterns.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Whether a table, view or sequence is moved.
    pub fn has(&self, name: &TableName) -> bool {
        self.taken.contains(name)
    }

    /// The tables and views that are moved.
    pub fn names(&self) -> Vec<TableName> {
        let is_sequence = |name: &&TableName| {
            let relation = self.relations.get(name);
            relation.is_some_and(|relation| relation.kind == RelationKind::Sequence)
        };
        let mut names: Vec<TableName> = self
            .taken
            .iter()
            .filter(|name| !is_sequence(name))
            .cloned()
            .collect();
        names.sort_unstable();
        names
    }

    /// What of the source a name stands for, left out or not.
    pub fn relation(&self, name: &TableName) -> Option<&Relation> {
        self.relations.get(name)
    }

    /// The names that an extension brings: functions, types, operators that PostgreSQL has not.
    pub fn names_in(&self, extension: &str) -> impl Iterator<Item = &str> {
        let brought = self.brought.iter();
        brought.filter_map(move |(of, name)| (of == extension).then_some(name.as_str()))
    }

    /// The tables that are moved, each knowing which of its rows.
    pub fn apply(&self, tables: &[Table]) -> Vec<Table> {
        let moved = tables.iter().filter(|table| self.has(&table.name));
        moved
            .map(|table| Table {
                condition: self.conditions.get(&table.name).cloned(),
                ..table.clone()
            })
            .collect()
    }

    /// The tables that hold rows and are left out, by name.
    pub fn left_out(&self) -> Vec<TableName> {
        let holds_rows = |relation: &&Relation| relation.kind.holds_rows();
        let all = self.relations.values().filter(holds_rows);
        let left_out: BTreeSet<&TableName> = all
            .map(|relation| &relation.name)
            .filter(|name| !self.has(name))
            .collect();
        left_out.into_iter().cloned().collect()
    }

    /// The tables of which only some rows are moved, with the conditions.
    pub fn rows_of(&self) -> &BTreeMap<TableName, String> {
        &self.conditions
    }

    /// Lets the source read every condition, without reading rows.
    ///
    /// # Errors
    /// The first condition that the source refuses.
    pub async fn check_conditions(&self, connection: &Connection) -> Result<(), SelectionError> {
        for (table, condition) in &self.conditions {
            let sql = format!(
                "EXPLAIN SELECT FROM ONLY {} WHERE {}",
                table.sql(),
                enclosed(condition)
            );
            let refused = |source| SelectionError::Condition {
                table: table.clone(),
                source,
            };
            connection
                .batch("reading the condition", &sql)
                .await
                .map_err(refused)?;
        }
        Ok(())
    }

    /// Tables and views: what the patterns take, and the partitions of what they take. A partition
    /// of a table that is left out by name goes with it, and so does what inherits from it, when
    /// it would have to be made without.
    fn taken_tables(&self) -> HashSet<TableName> {
        let tables = self.relations.values();
        let tables = tables.filter(|relation| relation.kind != RelationKind::Sequence);
        let taken = tables.filter(|relation| self.is_taken(relation, &self.patterns));
        taken.map(|relation| relation.name.clone()).collect()
    }

    fn is_taken(&self, relation: &Relation, patterns: &Patterns) -> bool {
        let excluded = |name: &TableName| patterns.exclude_table(&name.schema, &name.name);
        let wanted = |name: &TableName| patterns.take_table(&name.schema, &name.name);
        let mut above = self.belongs_to(&relation.name).into_iter();
        !excluded(&relation.name)
            && !above.any(excluded)
            && self.line(relation).into_iter().any(wanted)
    }

    /// A table and, if it is a partition, what it is a part of, up to the whole.
    fn line<'a>(&'a self, relation: &'a Relation) -> Vec<&'a TableName> {
        let mut line = vec![&relation.name];
        let mut above = relation.partition_of.as_ref();
        while let Some(name) = above {
            line.push(name);
            above = self
                .relations
                .get(name)
                .and_then(|parent| parent.partition_of.as_ref());
        }
        line
    }

    /// Sequences: of columns that are taken; besides these, what the patterns take.
    fn taken_sequences(&self) -> Vec<TableName> {
        let all = self.relations.values();
        let sequences = all.filter(|relation| relation.kind == RelationKind::Sequence);
        let taken = sequences.filter(|sequence| {
            let TableName { schema, name } = &sequence.name;
            let used = sequence
                .used_by
                .iter()
                .any(|table| self.taken.contains(table));
            used || (sequence.owner.is_none() && self.patterns.take_table(schema, name))
        });
        taken.map(|sequence| sequence.name.clone()).collect()
    }

    fn complete(&self) -> Result<(), SelectionError> {
        if self.taken.is_empty() && !self.relations.is_empty() {
            return Err(SelectionError::Nothing);
        }
        if let Some(divided) = self.divided().filter(|_| self.select.takes_rows()) {
            return Err(divided);
        }
        let missing = self.taken.iter().find_map(|name| {
            let mut parents = self.relations.get(name)?.inherits.iter();
            let parent = parents.find(|parent| !self.taken.contains(parent))?;
            Some((name.clone(), parent.clone()))
        });
        match missing {
            Some((table, parent)) if self.select.takes_definitions() => {
                Err(SelectionError::Parent { table, parent })
            }
            _ => Ok(()),
        }
    }

    /// A routed table that is taken without one of its partitions, or the other way round.
    fn divided(&self) -> Option<SelectionError> {
        self.relations.values().find_map(|relation| {
            let is_routed = |name: &&TableName| {
                let above = self.relations.get(*name);
                above.is_some_and(|above| above.kind == RelationKind::Routed)
            };
            let table = self.line(relation).into_iter().find(is_routed)?;
            let (table, part) = (table.clone(), relation.name.clone());
            (self.has(&table) != self.has(&part)).then_some(SelectionError::Divided { table, part })
        })
    }

    fn conditions(&self) -> Result<BTreeMap<TableName, String>, SelectionError> {
        let mut conditions = BTreeMap::new();
        for Rows {
            table: pattern,
            condition,
        } in &self.select.rows
        {
            if let Some(why) = refuse_condition(condition) {
                let pattern = pattern.clone();
                return Err(SelectionError::NoCondition { pattern, why });
            }
            let tables = self.tables_of(pattern)?;
            if tables.is_empty() {
                let names = self.taken.iter().map(ToString::to_string);
                let nearest = nearest(pattern, names);
                let pattern = pattern.clone();
                return Err(SelectionError::RowsOfNothing { pattern, nearest });
            }
            for table in tables {
                if conditions
                    .insert(table.clone(), condition.clone())
                    .is_some()
                {
                    return Err(SelectionError::TwoConditions(table));
                }
            }
        }
        Ok(conditions)
    }

    /// The tables with rows that are moved and that a pattern fits, by their own name or by that
    /// of the table that they are a partition of.
    fn tables_of(&self, pattern: &str) -> Result<Vec<TableName>, BadPattern> {
        let pattern = TablePattern::parse(pattern).ok_or_else(|| BadPattern(pattern.to_owned()))?;
        let tables = self
            .relations
            .values()
            .filter(|relation| relation.kind.holds_rows() && self.taken.contains(&relation.name));
        let fitting = tables.filter(|relation| {
            let mut line = self.line(relation).into_iter();
            line.any(|name| pattern.matches(&name.schema, &name.name))
        });
        Ok(fitting.map(|relation| relation.name.clone()).collect())
    }
}

fn every_pattern_fits(patterns: &Patterns, relations: &[Relation]) -> Result<(), SelectionError> {
    let schemas: BTreeSet<&str> = relations
        .iter()
        .map(|relation| relation.name.schema.as_str())
        .collect();
    for pattern in patterns.schemas.iter().chain(&patterns.exclude_schemas) {
        if !schemas.iter().any(|schema| pattern.matches(schema)) {
            let names = schemas.iter().map(ToString::to_string);
            return Err(no_match("schema", pattern, names));
        }
    }
    for pattern in patterns.tables.iter().chain(&patterns.exclude_tables) {
        let fits = |name: &TableName| pattern.matches(&name.schema, &name.name);
        if !relations.iter().any(|relation| fits(&relation.name)) {
            let name = |relation: &Relation| match pattern.is_qualified() {
                true => format!("{}.{}", relation.name.schema, relation.name.name),
                false => relation.name.name.clone(),
            };
            return Err(no_match(
                "table or view",
                pattern,
                relations.iter().map(name),
            ));
        }
    }
    Ok(())
}

fn no_match(
    kind: &'static str,
    pattern: &impl Display,
    names: impl Iterator<Item = String>,
) -> SelectionError {
    let pattern = pattern.to_string();
    SelectionError::NoMatch {
        kind,
        nearest: nearest(&pattern, names),
        pattern,
    }
}

/// The name that is most like a text, if one is alike.
fn nearest(text: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(text, name);
    let alike = names.map(|name| (likeness(&name), name));
    let alike = alike.filter(|(likeness, _)| *likeness >= 0.6);
    alike
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
