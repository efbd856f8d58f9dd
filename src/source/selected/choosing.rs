//! Taking and leaving out, one table or schema at a time: the selection that comes of it.

use super::Selected;
use crate::config::{NamePattern, Patterns, Select, TablePattern, exactly, exactly_table};
use crate::postgres::catalogue::{Relation, RelationKind, TableName};
use std::collections::HashSet;

/// What is taken or left out at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A table, with its partitions and what inherits from it.
    Table(TableName),
    /// A schema, with everything in it.
    Schema(String),
}

/// Why something cannot be taken by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} belongs to {whole}, which is left out: take that first")]
pub struct GoesWith {
    /// What was to be taken.
    pub part: TableName,
    /// What it is a part of, or inherits from.
    pub whole: TableName,
}

impl Selected {
    /// The selection without what is taken of `part`; with it, when nothing of it is taken. Done
    /// twice, the same is selected as before.
    ///
    /// # Errors
    /// A table cannot be taken without the one that it belongs to.
    pub fn toggled(&self, part: &Part) -> Result<Select, GoesWith> {
        let mut choice = Choice {
            all: self,
            select: self.select.clone(),
        };
        match part {
            Part::Table(name) if choice.takes(name) => choice.leave_table(name),
            Part::Table(name) => choice.take_table(name)?,
            Part::Schema(schema) if choice.takes_of(schema) => choice.leave_schema(schema),
            Part::Schema(schema) => choice.take_schema(schema)?,
        }
        Ok(choice.select)
    }

    /// The selection of everything; what of its tables is moved stays as it is.
    pub fn everything(&self) -> Select {
        Select {
            what: self.select.what,
            rows: self.select.rows.clone(),
            ..Select::default()
        }
    }

    /// The selection of nothing else than `part`, and what a table of it inherits from.
    pub fn only(&self, part: &Part) -> Select {
        let mut select = self.everything();
        match part {
            Part::Schema(schema) => select.schemas.push(exactly(schema)),
            Part::Table(name) => {
                let parents = self.belongs_to(name).into_iter();
                let inherited = parents.filter(|_| self.relations[name].partition_of.is_none());
                let names = std::iter::once(name).chain(inherited);
                select.tables = names.map(exact).collect();
            }
        }
        select
    }

    /// The tables that hold rows and fall with a schema: those in it, and partitions of those.
    fn tables_in<'a>(&'a self, schema: &'a str) -> impl Iterator<Item = &'a Relation> {
        let all = self.relations.values();
        all.filter(move |relation| {
            let stands_in = |name: &&TableName| name.schema == schema;
            relation.kind.holds_rows() && self.line(relation).iter().any(stands_in)
        })
    }

    /// The tables that hold the rows of a table: itself, or its partitions.
    fn holders<'a>(&'a self, name: &'a TableName) -> Vec<&'a Relation> {
        let divided = self
            .relation(name)
            .filter(|relation| relation.kind == RelationKind::Partitioned);
        let Some(whole) = divided else {
            return self.relation(name).into_iter().collect();
        };
        let all = self.relations.values();
        let mut parts: Vec<&Relation> = all
            .filter(|part| part.kind.holds_rows() && self.line(part).contains(&&whole.name))
            .collect();
        parts.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        parts
    }

    /// What a table is left out with: what it is a part of and, when its definition is made, what
    /// it inherits from; up to the top.
    pub(super) fn belongs_to(&self, name: &TableName) -> Vec<&TableName> {
        let mut found: Vec<&TableName> = Vec::new();
        let mut seen: HashSet<&TableName> = HashSet::new();
        let mut open: Vec<&Relation> = self.relations.get(name).into_iter().collect();
        while let Some(relation) = open.pop() {
            let inherits = match self.select.takes_definitions() {
                true => relation.inherits.as_slice(),
                false => &[],
            };
            for above in relation.partition_of.iter().chain(inherits) {
                if seen.insert(above) {
                    found.push(above);
                    open.extend(self.relations.get(above));
                }
            }
        }
        found
    }

    /// The relations that `fits`, without those that belong to another that does, by name.
    fn topmost(&self, fits: impl Fn(&TableName) -> bool) -> Vec<&TableName> {
        let is_owned = |relation: &&Relation| relation.owner.is_none();
        let names = self.relations.values().filter(is_owned);
        let names = names
            .map(|relation| &relation.name)
            .filter(|name| fits(name) && !self.belongs_to(name).into_iter().any(&fits));
        let mut names: Vec<&TableName> = names.collect();
        names.sort_unstable();
        names
    }
}

fn exact(name: &TableName) -> String {
    exactly_table(&name.schema, &name.name)
}

fn excludes(patterns: &Patterns, name: &TableName) -> bool {
    patterns.exclude_table(&name.schema, &name.name)
}

/// A selection on its way to another.
struct Choice<'a> {
    all: &'a Selected,
    select: Select,
}

impl Choice<'_> {
    fn patterns(&self) -> Patterns {
        // Made of patterns that were read before, and of names in quotes.
        self.select.patterns().unwrap_or_default()
    }

    /// Whether rows of a table are taken.
    fn takes(&self, name: &TableName) -> bool {
        let patterns = self.patterns();
        let mut holders = self.all.holders(name).into_iter();
        holders.any(|relation| self.all.is_taken(relation, &patterns))
    }

    /// Whether a table of this schema is taken.
    fn takes_of(&self, schema: &str) -> bool {
        let patterns = self.patterns();
        let mut tables = self.all.tables_in(schema);
        tables.any(|relation| self.all.is_taken(relation, &patterns))
    }

    /// Whether what is to be taken is more than this one entry.
    fn names_more(&self) -> bool {
        self.select.tables.len() + self.select.schemas.len() > 1
    }

    fn leave_table(&mut self, name: &TableName) {
        let exact = exact(name);
        let named = self.select.tables.clone();
        if self.names_more() {
            self.select.tables.retain(|pattern| *pattern != exact);
        }
        if self.takes(name) || self.takes_heirs(name) {
            self.select.tables = named;
            self.select.exclude_tables.push(exact);
        }
    }

    /// Whether something is taken that cannot be made without this table.
    fn takes_heirs(&self, name: &TableName) -> bool {
        let patterns = self.patterns();
        let mut all = self.all.relations.values();
        all.any(|relation| {
            self.all.belongs_to(&relation.name).contains(&name)
                && self.all.is_taken(relation, &patterns)
        })
    }

    fn take_table(&mut self, name: &TableName) -> Result<(), GoesWith> {
        let patterns = self.patterns();
        // A partition can be taken without the whole; what inherits cannot.
        let lacks = |above: &TableName| !self.all.has(above) && !self.is_part(name);
        let above = self.all.belongs_to(name).into_iter();
        let mut missing = above.filter(|above| excludes(&patterns, above) || lacks(above));
        if let Some(whole) = missing.next() {
            return Err(GoesWith {
                part: name.clone(),
                whole: whole.clone(),
            });
        }
        self.open_schema(&name.schema, Some(name));
        self.open_table(name);
        if !self.takes(name) && self.is_excluded_in(name) {
            for part in self.all.holders(name) {
                self.open_schema(&part.name.schema, Some(&part.name));
                self.open_table(&part.name);
            }
        }
        if !self.takes(name) {
            self.select.tables.push(exact(name));
        }
        Ok(())
    }

    /// Whether all partitions of a table are left out by themselves.
    fn is_excluded_in(&self, name: &TableName) -> bool {
        let patterns = self.patterns();
        let mut holders = self.all.holders(name).into_iter();
        holders.all(|part| excludes(&patterns, &part.name))
    }

    fn is_part(&self, name: &TableName) -> bool {
        let relation = self.all.relations.get(name);
        relation.is_some_and(|relation| relation.partition_of.is_some())
    }

    fn leave_schema(&mut self, schema: &str) {
        let exact = exactly(schema);
        let named = self.select.schemas.clone();
        if self.names_more() {
            self.select.schemas.retain(|pattern| *pattern != exact);
        }
        if self.takes_of(schema) {
            self.select.schemas = named;
            self.select.exclude_schemas.push(exact);
        }
    }

    fn take_schema(&mut self, schema: &str) -> Result<(), GoesWith> {
        self.open_schema(schema, None);
        let tables = self.all.topmost(|name| name.schema == schema);
        if !self.takes_of(schema) && !self.patterns().take_schema(schema) {
            self.select.schemas.push(exactly(schema));
        }
        if !self.takes_of(schema) {
            tables.iter().for_each(|name| self.open_table(name));
        }
        if self.takes_of(schema) {
            return Ok(());
        }
        let patterns = self.patterns();
        let missing = tables.into_iter().find_map(|part| {
            let mut above = self.all.belongs_to(part).into_iter();
            let whole = above.find(|above| excludes(&patterns, above))?;
            let (part, whole) = (part.clone(), whole.clone());
            Some(GoesWith { part, whole })
        });
        missing.map_or(Ok(()), Err)
    }

    /// Leaves out by their names what patterns of schemas leave out, but not this schema; of it
    /// all but one table, when that alone is meant.
    fn open_schema(&mut self, schema: &str, only: Option<&TableName>) {
        let mut opened = false;
        for pattern in std::mem::take(&mut self.select.exclude_schemas) {
            let parsed = NamePattern::parse(&pattern).filter(|parsed| parsed.matches(schema));
            let Some(parsed) = parsed else {
                self.select.exclude_schemas.push(pattern);
                continue;
            };
            opened = true;
            let all = self.all.relations.keys().map(|name| name.schema.as_str());
            let others: HashSet<&str> = all
                .filter(|other| *other != schema && parsed.matches(other))
                .collect();
            let mut others: Vec<String> = others.into_iter().map(exactly).collect();
            others.sort_unstable();
            self.select.exclude_schemas.extend(others);
        }
        if let Some(only) = only.filter(|_| opened) {
            let others = self.all.topmost(|name| name.schema == schema);
            self.exclude(others.into_iter().filter(|name| *name != only));
        }
    }

    /// Leaves out by their names what patterns of tables leave out, but not this table.
    fn open_table(&mut self, table: &TableName) {
        for pattern in std::mem::take(&mut self.select.exclude_tables) {
            let fits = |parsed: &TablePattern| parsed.matches(&table.schema, &table.name);
            let Some(parsed) = TablePattern::parse(&pattern).filter(fits) else {
                self.select.exclude_tables.push(pattern);
                continue;
            };
            let fit = |name: &TableName| parsed.matches(&name.schema, &name.name);
            let others = self.all.topmost(fit);
            self.exclude(others.into_iter().filter(|name| *name != table));
        }
    }

    fn exclude<'n>(&mut self, names: impl Iterator<Item = &'n TableName>) {
        for name in names.map(exact) {
            if !self.select.exclude_tables.contains(&name) {
                self.select.exclude_tables.push(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
