//! An object of a database as it is compared.

use crate::postgres::catalogue::TableName;
use std::collections::BTreeMap;
use std::fmt;

/// What an object is known by on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    /// Its schema; `None` for what is in none.
    pub(super) schema: Option<String>,
    /// The table, view, composite type or domain that it belongs to, in the same schema.
    pub(super) table: Option<String>,
    /// Its kind in PostgreSQL's words.
    pub(super) kind: String,
    /// Its name; of a routine with the types of its arguments.
    pub(super) name: String,
}

/// An object with all that is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) id: Id,
    /// Whether it is made and dropped with the same of a parent: of a partition, or inherited.
    pub(super) follows_parent: bool,
    /// The SQL that makes it, where one statement does.
    pub(super) sql: Option<String>,
    /// What is said of it, by name; what is not said is not there.
    pub(super) aspects: BTreeMap<String, String>,
}

impl Object {
    /// An aspect's value.
    pub(super) fn aspect(&self, name: &str) -> Option<&str> {
        self.aspects.get(name).map(String::as_str)
    }

    /// The table, view or sequence that it is or belongs to; none for types and their parts.
    pub(super) fn relation(&self) -> Option<TableName> {
        let of_type = self.id.kind == "attribute" || self.aspect("of") == Some("domain");
        let name = match &self.id.table {
            Some(table) => table,
            None if self.id.is_relation() => &self.id.name,
            None => return None,
        };
        let schema = self.id.schema.clone()?;
        let name = name.clone();
        (!of_type).then_some(TableName { schema, name })
    }
}

impl Id {
    /// Whether it is a table, a view, a sequence.
    pub(super) fn is_relation(&self) -> bool {
        const RELATIONS: [&str; 5] = [
            "table",
            "foreign table",
            "view",
            "materialized view",
            "sequence",
        ];
        RELATIONS.contains(&self.kind.as_str())
    }

    /// Whether it is a constraint of any kind.
    pub(super) fn is_constraint(&self) -> bool {
        const CONSTRAINTS: [&str; 5] = [
            "primary key",
            "unique constraint",
            "exclusion constraint",
            "foreign key",
            "check constraint",
        ];
        CONSTRAINTS.contains(&self.kind.as_str())
    }

    /// Whether its name is one of its table alone.
    pub(super) fn is_part(&self) -> bool {
        let parts = ["column", "attribute", "trigger", "rule", "policy"];
        self.is_constraint() || parts.contains(&self.kind.as_str())
    }

    /// `shop.orders` of what belongs to that table.
    pub(super) fn table_name(&self) -> Option<String> {
        let (schema, table) = (self.schema.as_ref()?, self.table.as_ref()?);
        Some(format!("{schema}.{table}"))
    }

    /// Its name as it is reported: with its schema, unless it is a part of a table.
    pub(super) fn reported_name(&self) -> String {
        match &self.schema {
            Some(schema) if !self.is_part() => format!("{schema}.{}", self.name),
            _ => self.name.clone(),
        }
    }
}

impl fmt::Display for Id {
    /// For people: `column shop.orders.status`, `trigger audit on shop.orders`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = (&self.kind, &self.name);
        match self.table_name().filter(|_| self.is_part()) {
            Some(table) if kind == "column" || kind == "attribute" => {
                write!(f, "{kind} {table}.{name}")
            }
            Some(table) => write!(f, "{kind} {name} on {table}"),
            None => write!(f, "{kind} {}", self.reported_name()),
        }
    }
}
