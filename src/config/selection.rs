//! What of the source is wanted, and what may happen to what the target holds already.

use super::pattern::{NamePattern, TablePattern};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `[select]`: what of the source is moved. A default one is everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Select {
    /// Definitions, rows, or both.
    pub what: What,
    /// Patterns of schemas to take whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<String>,
    /// Patterns of tables and views to take, besides those schemas. Without any of both:
    /// everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// Patterns of schemas to leave out; they win over what is to be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_schemas: Vec<String>,
    /// Patterns of tables and views to leave out; they win over what is to be taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_tables: Vec<String>,
    /// Tables of which only some rows are taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Rows>,
}

/// `[[select.rows]]`: a table of which only some rows are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The table, or a pattern of tables.
    pub table: String,
    /// A condition in the source's SQL, without the word `WHERE`.
    #[serde(rename = "where")]
    pub condition: String,
}

/// Definitions, rows, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Definitions and rows.
    #[default]
    All,
    /// Definitions alone.
    Schema,
    /// Rows alone, into tables that the target has.
    Data,
}

impl What {
    /// The words for a configuration.
    pub const NAMES: &'static [&'static str] = &["all", "schema", "data"];
}

/// `schema.onto`: what may happen to what the target holds already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Onto {
    /// Nothing may be there.
    #[default]
    Empty,
    /// What is there stays as it is: definitions come beside it, rows into its empty tables.
    Existing,
    /// What stands in the way goes, with the typed consent of a person.
    Overwrite,
}

impl Onto {
    /// The words for a configuration.
    pub const NAMES: &'static [&'static str] = &["empty", "existing", "overwrite"];

    /// The policy of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Empty, Self::Existing, Self::Overwrite]
            .into_iter()
            .find(|onto| onto.to_string() == name)
    }
}

impl fmt::Display for Onto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Existing => "existing",
            Self::Overwrite => "overwrite",
        })
    }
}

impl Select {
    /// Whether nothing of the source is left out.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The same selection, in which `*` for all tables or all schemas is what it is to say nothing:
    /// everything, also what is in no schema.
    #[must_use]
    pub fn simplified(mut self) -> Self {
        let takes_all = |text: &String| ["*", "*.*"].contains(&text.as_str());
        if self.tables.iter().chain(&self.schemas).any(takes_all) {
            self.tables.clear();
            self.schemas.clear();
        }
        self
    }

    /// It in words, for people; `None` when it is everything.
    pub fn in_words(&self) -> Option<String> {
        (!self.is_everything()).then(|| self.to_string())
    }

    /// Whether no table is left out; rows or definitions may be.
    pub fn takes_all_tables(&self) -> bool {
        let Self {
            schemas,
            tables,
            exclude_schemas,
            exclude_tables,
            ..
        } = self;
        [schemas, tables, exclude_schemas, exclude_tables]
            .into_iter()
            .all(Vec::is_empty)
    }

    /// Whether large objects are moved: all of them or none, since nobody knows which table means
    /// which of them.
    pub fn takes_large_objects(&self) -> bool {
        self.takes_all_tables() && self.takes_rows()
    }

    /// Whether rows are moved.
    pub fn takes_rows(&self) -> bool {
        self.what != What::Schema
    }

    /// Whether definitions are made.
    pub fn takes_definitions(&self) -> bool {
        self.what != What::Data
    }

    /// One line that two selections have in common only when they are the same: for the ledger.
    pub fn fingerprint(&self) -> String {
        toml::to_string(self).map_or_else(|_| format!("{self:?}"), |text| text.replace('\n', "; "))
    }

    /// The patterns ready for use.
    ///
    /// # Errors
    /// The first pattern that cannot be one.
    pub fn patterns(&self) -> Result<Patterns, BadPattern> {
        Ok(Patterns {
            schemas: all(&self.schemas, NamePattern::parse)?,
            tables: all(&self.tables, TablePattern::parse)?,
            exclude_schemas: all(&self.exclude_schemas, NamePattern::parse)?,
            exclude_tables: all(&self.exclude_tables, TablePattern::parse)?,
        })
    }
}

fn all<T>(texts: &[String], parse: fn(&str) -> Option<T>) -> Result<Vec<T>, BadPattern> {
    let parsed = texts
        .iter()
        .map(|text| parse(text).ok_or_else(|| BadPattern(text.clone())));
    parsed.collect()
}

/// A text that cannot be a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no pattern: write a name, or schema.name, with * and ? for what varies")]
pub struct BadPattern(pub String);

impl fmt::Display for Select {
    /// For people: what is taken and what is not, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match self.what {
            What::All => {}
            What::Schema => parts.push("definitions alone".to_owned()),
            What::Data => parts.push("rows alone".to_owned()),
        }
        let lists = [
            ("schemas", &self.schemas),
            ("tables", &self.tables),
            ("without schemas", &self.exclude_schemas),
            ("without tables", &self.exclude_tables),
        ];
        let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
        parts.extend(given.map(|(word, list)| format!("{word} {}", list.join(", "))));
        let some = self.rows.iter();
        parts.extend(
            some.map(|rows| format!("of {} the rows where {}", rows.table, rows.condition)),
        );
        match parts.is_empty() {
            true => f.write_str("everything"),
            false => f.write_str(&parts.join("; ")),
        }
    }
}

/// The patterns of a selection: decides about names, of the source's and the target's objects
/// alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns {
    /// Schemas to take whole.
    pub schemas: Vec<NamePattern>,
    /// Tables to take.
    pub tables: Vec<TablePattern>,
    /// Schemas to leave out.
    pub exclude_schemas: Vec<NamePattern>,
    /// Tables to leave out.
    pub exclude_tables: Vec<TablePattern>,
}

impl Patterns {
    fn names_nothing(&self) -> bool {
        self.schemas.is_empty() && self.tables.is_empty()
    }

    /// Whether a schema is taken as a whole, apart from tables that are left out.
    pub fn take_schema(&self, schema: &str) -> bool {
        let named = self.schemas.iter().any(|pattern| pattern.matches(schema));
        (self.names_nothing() || named) && !self.exclude_schema(schema)
    }

    /// Whether objects that are in no schema are taken.
    pub fn take_schemaless(&self) -> bool {
        self.names_nothing()
    }

    /// Whether a table or view is taken by its name alone.
    pub fn take_table(&self, schema: &str, name: &str) -> bool {
        let named = self
            .tables
            .iter()
            .any(|pattern| pattern.matches(schema, name));
        (self.take_schema(schema) || named) && !self.exclude_table(schema, name)
    }

    /// Whether a table or view is left out by its name.
    pub fn exclude_table(&self, schema: &str, name: &str) -> bool {
        self.exclude_schema(schema)
            || self
                .exclude_tables
                .iter()
                .any(|pattern| pattern.matches(schema, name))
    }

    fn exclude_schema(&self, schema: &str) -> bool {
        self.exclude_schemas
            .iter()
            .any(|pattern| pattern.matches(schema))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(select: &str) -> Patterns {
        let select: Select = toml::from_str(select).unwrap();
        select.patterns().unwrap()
    }

    #[test]
    fn nothing_said_is_everything() {
        assert!(Select::default().is_everything());
        assert!(patterns("").take_table("any", "thing"));
        assert!(patterns("").take_schemaless());
    }

    #[test]
    fn schemas_and_tables_add_up_and_leaving_out_wins() {
        let found = patterns(
            "schemas = ['app_*']\ntables = ['public.docs', 'app_3.*']\n\
             exclude_schemas = ['app_2']\nexclude_tables = ['log*']",
        );
        let takes = |schema, name| found.take_table(schema, name);
        assert!(takes("app_1", "users") && takes("public", "docs"));
        assert!(!takes("public", "users") && !takes("app_2", "users") && !takes("app_1", "logs"));
        assert!(found.take_schema("app_1") && !found.take_schema("public"));
        assert!(!found.take_schemaless());
    }

    #[test]
    fn a_star_is_everything() {
        let select = |text: &str| toml::from_str::<Select>(text).unwrap().simplified();
        for text in ["tables = ['*']", "tables = ['a', '*.*']", "schemas = ['*']"] {
            assert!(select(text).is_everything(), "{text}");
        }
        let without = select("tables = ['*']\nexclude_tables = ['log']");
        assert!(without.tables.is_empty() && !without.takes_all_tables());
        assert!(!select("tables = ['public.*']").is_everything());
    }

    #[test]
    fn leaving_out_alone_takes_the_rest() {
        let found = patterns("exclude_tables = ['public.log*']");
        assert!(found.take_table("public", "a") && !found.take_table("public", "log_1"));
        assert!(found.take_table("app", "log_1") && found.take_schemaless());
    }

    #[test]
    fn another_condition_is_another_selection() {
        let with = |condition: &str| Select {
            rows: vec![Rows {
                table: "a".to_owned(),
                condition: condition.to_owned(),
            }],
            ..Select::default()
        };
        assert_ne!(with("a > 1").fingerprint(), with("a > 2").fingerprint());
        assert_eq!(with("a > 1").fingerprint(), with("a > 1").fingerprint());
    }
}
