//! What overwriting costs the target.

use super::Connections;
use crate::figures::counted;
use crate::postgres::large_object;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// So many of a kind are named.
const NAMED: usize = 5;

/// A table of the target that overwriting would cost, or its large objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtStake {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Its rows: counted when it is small, otherwise the server's estimate.
    pub rows: u64,
}

impl AtStake {
    /// Whether these are no table's rows, but all large objects.
    pub fn is_large_objects(&self) -> bool {
        (self.schema.as_str(), self.table.as_str()) == (large_object::SCHEMA, large_object::TABLE)
    }
}

/// What of one kind overwriting costs the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// The kind, as PostgreSQL calls it: `function`.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// The first of them by name.
    pub first: Vec<String>,
}

impl Lost {
    /// Of each kind how many, and the first names, from kinds and names in order.
    pub fn of(found: impl IntoIterator<Item = (String, String)>) -> Vec<Self> {
        let mut lost: Vec<Self> = Vec::new();
        for (kind, name) in found {
            if lost.last().is_none_or(|last| last.kind != kind) {
                let (count, first) = (0, Vec::new());
                lost.push(Self { kind, count, first });
            }
            if let Some(last) = lost.last_mut() {
                last.count += 1;
                if last.first.len() < NAMED {
                    last.first.push(name);
                }
            }
        }
        lost
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.first.join(", ");
        let more = match self.count > self.first.len() as u64 {
            true => ", …",
            false => "",
        };
        write!(f, "{} ({named}{more})", counted(self.count, &self.kind))
    }
}

/// All that overwriting would cost the target, by name: what a person's consent is held against.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stake {
    /// Each object with its kind, as PostgreSQL calls both: `table own.kept`.
    pub objects: BTreeSet<String>,
    /// How many large objects.
    #[serde(default)]
    pub large_objects: u64,
}

impl Stake {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of it a consent to `listed` does not cover, in words with the first names; `None` when
    /// it covers everything. More rows in a table that was listed are no more.
    pub fn beyond(&self, listed: &Self) -> Option<String> {
        let new: Vec<&str> = self
            .objects
            .difference(&listed.objects)
            .map(|new| &**new)
            .collect();
        let objects = self.large_objects.saturating_sub(listed.large_objects);
        let mut more: Vec<String> = new.iter().take(NAMED).map(ToString::to_string).collect();
        match new.len().saturating_sub(NAMED) {
            0 => {}
            rest => more.push(format!("{rest} more")),
        }
        if objects > 0 {
            more.push(counted(objects, "large object"));
        }
        (!more.is_empty()).then(|| more.join(", "))
    }
}

impl Connections {
    /// The tables at stake, those with most rows first, and how many large objects.
    pub fn tables_at_stake(&self) -> (Vec<&AtStake>, u64) {
        apart(&self.at_stake)
    }
}

fn apart(at_stake: &[AtStake]) -> (Vec<&AtStake>, u64) {
    let (objects, tables): (Vec<&AtStake>, Vec<&AtStake>) = at_stake
        .iter()
        .partition(|at_stake| at_stake.is_large_objects());
    (tables, objects.iter().map(|objects| objects.rows).sum())
}

/// What a consent to overwrite costs, as the line before the list of it; whether what is there
/// `goes`, or is only emptied.
pub fn cost_in_words(at_stake: &[AtStake], goes: bool) -> String {
    let rows = rows_at_stake(at_stake, false);
    let fate = if goes { "dropped" } else { "emptied" };
    format!("{rows} will be {fate}, and cannot be brought back:")
}

/// Tables, rows and large objects in words, `3 tables with 9 rows and 1 large object`; tables by
/// name too where they are `named`.
pub fn rows_at_stake(at_stake: &[AtStake], named: bool) -> String {
    let (tables, objects) = apart(at_stake);
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    let full: Vec<String> = tables
        .iter()
        .filter(|table| table.rows > 0)
        .map(|table| format!("{}.{}: {}", table.schema, table.table, table.rows))
        .collect();
    let mut words = counted(tables.len() as u64, "table");
    words += &match rows {
        0 => " without rows".to_owned(),
        some => format!(" with {}", counted(some, "row")),
    };
    if named && !full.is_empty() {
        let more = if full.len() > NAMED { ", …" } else { "" };
        let first = full[..full.len().min(NAMED)].join(", ");
        words += &format!(" ({first}{more})");
    }
    if objects > 0 {
        words += &format!(" and {}", counted(objects, "large object"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_stake(schema: &str, table: &str, rows: u64) -> AtStake {
        let (schema, table) = (schema.to_owned(), table.to_owned());
        AtStake {
            schema,
            table,
            rows,
        }
    }

    #[test]
    fn large_objects_are_no_table() {
        let found = [
            at_stake("shop", "orders", 7),
            at_stake(large_object::SCHEMA, large_object::TABLE, 1),
            at_stake("shop", "empty", 0),
        ];
        assert_eq!(
            rows_at_stake(&found, true),
            "2 tables with 7 rows (shop.orders: 7) and 1 large object"
        );
        assert_eq!(rows_at_stake(&[], true), "0 tables without rows");
    }

    #[test]
    fn only_what_was_not_listed_is_beyond_a_consent() {
        let stake = |names: &[&str], large_objects| Stake {
            objects: names.iter().map(ToString::to_string).collect(),
            large_objects,
        };
        let listed = stake(&["table a", "view b"], 3);
        assert_eq!(stake(&["table a"], 2).beyond(&listed), None);
        let more = stake(&["table a", "table c", "view b"], 4).beyond(&listed);
        assert_eq!(more.as_deref(), Some("table c, 1 large object"));
        let many = [
            "table c", "table d", "table e", "table f", "table g", "table h",
        ];
        let more = stake(&many, 0).beyond(&listed).unwrap();
        assert!(more.ends_with("table g, 1 more"), "{more}");
    }

    #[test]
    fn each_kind_is_counted_and_its_first_are_named() {
        let functions = (1..8).map(|n| ("function".to_owned(), format!("f{n}()")));
        let found = functions.chain([("operator family".to_owned(), "o".to_owned())]);
        let lost: Vec<String> = Lost::of(found).iter().map(ToString::to_string).collect();
        assert_eq!(
            lost,
            [
                "7 functions (f1(), f2(), f3(), f4(), f5(), …)",
                "1 operator family (o)"
            ]
        );
    }
}
