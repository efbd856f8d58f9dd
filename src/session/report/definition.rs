//! What the comparison found of definitions.

use serde::{Deserialize, Serialize};

/// Something that is defined otherwise on the two sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefinitionDifference {
    /// The kind of object, as PostgreSQL calls it: `index`, `foreign key`, `column`.
    pub kind: String,
    /// Its name. What belongs to a table (columns, constraints, triggers, rules, policies) has its
    /// own alone; everything else that is in a schema has that before it: `shop.orders_idx`.
    pub name: String,
    /// The table that it belongs to: `shop.orders`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The difference, for people.
    pub words: String,
    /// SQL that would make the target as the source is, where that can be said safely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Why it was to be expected. Then it does not speak against equality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

impl DefinitionDifference {
    /// Whether it speaks against the two sides being equal.
    pub fn differs(&self) -> bool {
        self.expected.is_none()
    }

    /// It in words, with the reason if it was to be expected.
    pub fn in_words(&self) -> String {
        match &self.expected {
            None => self.words.clone(),
            Some(why) => format!("{} ({why})", self.words),
        }
    }
}
