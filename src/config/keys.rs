//! The one list of keys that a configuration file may have.

use super::JOBS;
use super::cutover::LastComparison;
use super::screen::Notify;
use super::selection::{Onto, What};

/// A key and what may stand behind it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The whole path: `transfer.jobs`. In a list of tables, each table's keys:
    /// `checklist.items.text`.
    pub path: &'static str,
    /// What its value has to be.
    pub kind: Kind,
}

/// What a key's value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A connection string without a password.
    Connection,
    /// A text.
    Text,
    /// A text that is not empty.
    FilledText,
    /// A short name: lower-case letters, digits, `-` and `_`, once in its list.
    Name,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts, none of them empty.
    FilledTexts,
    /// A list of patterns of schemas' names.
    Schemas,
    /// A list of patterns of tables' names, with or without their schema.
    TablePatterns,
    /// A pattern of tables' names, with or without their schema.
    TablePattern,
    /// An SQL condition.
    Condition,
    /// A whole number in a range, both ends included.
    Number {
        /// The smallest one.
        min: i64,
        /// The largest one.
        max: i64,
    },
    /// A list of tables, each with all keys that are listed below this one.
    Tables,
}

/// Every key, in the order of `config.example.toml`.
pub const KEYS: &[Key] = &[
    Key {
        path: "source",
        kind: Kind::Connection,
    },
    Key {
        path: "target",
        kind: Kind::Connection,
    },
    Key {
        path: "select.what",
        kind: Kind::Choice(What::NAMES),
    },
    Key {
        path: "select.schemas",
        kind: Kind::Schemas,
    },
    Key {
        path: "select.tables",
        kind: Kind::TablePatterns,
    },
    Key {
        path: "select.exclude_schemas",
        kind: Kind::Schemas,
    },
    Key {
        path: "select.exclude_tables",
        kind: Kind::TablePatterns,
    },
    Key {
        path: "select.rows",
        kind: Kind::Tables,
    },
    Key {
        path: "select.rows.table",
        kind: Kind::TablePattern,
    },
    Key {
        path: "select.rows.where",
        kind: Kind::Condition,
    },
    Key {
        path: "transfer.jobs",
        kind: Kind::Number {
            min: *JOBS.start() as i64,
            max: *JOBS.end() as i64,
        },
    },
    Key {
        path: "transfer.chunk_mb",
        kind: Kind::Number { min: 1, max: 4096 },
    },
    Key {
        path: "transfer.hold_hours",
        kind: Kind::Number { min: 0, max: 168 },
    },
    Key {
        path: "backup.folder",
        kind: Kind::FilledText,
    },
    Key {
        path: "backup.valid_days",
        kind: Kind::Number { min: 1, max: 365 },
    },
    Key {
        path: "schema.from",
        kind: Kind::FilledText,
    },
    Key {
        path: "schema.onto",
        kind: Kind::Choice(Onto::NAMES),
    },
    Key {
        path: "compare.group_by",
        kind: Kind::Text,
    },
    Key {
        path: "compare.jobs",
        kind: Kind::Number { min: 1, max: 64 },
    },
    Key {
        path: "compare.searches",
        kind: Kind::Number { min: 0, max: 100 },
    },
    Key {
        path: "compare.neighbours",
        kind: Kind::Number { min: 1, max: 100 },
    },
    Key {
        path: "application.folder",
        kind: Kind::FilledText,
    },
    Key {
        path: "application.files",
        kind: Kind::FilledTexts,
    },
    Key {
        path: "application.tests",
        kind: Kind::FilledTexts,
    },
    Key {
        path: "application.pool_size",
        kind: Kind::Number {
            min: 1,
            max: 10_000,
        },
    },
    Key {
        path: "application.instances",
        kind: Kind::Number {
            min: 1,
            max: 10_000,
        },
    },
    Key {
        path: "checklist.items",
        kind: Kind::Tables,
    },
    Key {
        path: "checklist.items.key",
        kind: Kind::Name,
    },
    Key {
        path: "checklist.items.text",
        kind: Kind::FilledText,
    },
    Key {
        path: "watch.hours",
        kind: Kind::Number { min: 1, max: 168 },
    },
    Key {
        path: "watch.every_minutes",
        kind: Kind::Number { min: 1, max: 1440 },
    },
    Key {
        path: "watch.connections_percent",
        kind: Kind::Number { min: 1, max: 100 },
    },
    Key {
        path: "watch.rollbacks_percent",
        kind: Kind::Number { min: 1, max: 100 },
    },
    Key {
        path: "watch.latency_ms",
        kind: Kind::Number {
            min: 1,
            max: 60_000,
        },
    },
    Key {
        path: "watch.statement_ms",
        kind: Kind::Number {
            min: 1,
            max: 600_000,
        },
    },
    Key {
        path: "watch.cache_hits_percent",
        kind: Kind::Number { min: 0, max: 100 },
    },
    Key {
        path: "watch.size_percent",
        kind: Kind::Number { min: 1, max: 100 },
    },
    Key {
        path: "watch.lock_seconds",
        kind: Kind::Number { min: 1, max: 3600 },
    },
    Key {
        path: "watch.idle_in_transaction_seconds",
        kind: Kind::Number {
            min: 1,
            max: 86_400,
        },
    },
    Key {
        path: "cutover.quiet_seconds",
        kind: Kind::Number { min: 1, max: 3600 },
    },
    Key {
        path: "cutover.wait_seconds",
        kind: Kind::Number {
            min: 1,
            max: 86_400,
        },
    },
    Key {
        path: "cleanup.keep_days",
        kind: Kind::Number { min: 1, max: 3650 },
    },
    Key {
        path: "cutover.comparison",
        kind: Kind::Choice(LastComparison::NAMES),
    },
    Key {
        path: "screen.notify",
        kind: Kind::Choice(Notify::NAMES),
    },
];

/// The key of this path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Whether keys lie below this path, so that it is a table's.
pub(super) fn is_table(path: &str) -> bool {
    KEYS.iter().any(|key| below(key.path, path).is_some())
}

/// The keys directly in the table of this path (`""`: the top).
pub(super) fn inside(table: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter()
        .map(|key| key.path)
        .filter(move |path| below(path, table).is_some_and(|rest| !rest.contains('.')))
}

/// The known key or table that was most likely meant by `path`; a neighbour in the same table is
/// preferred to one elsewhere.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let (table, name) = split(path);
    let likeness = |candidate: &'static str| {
        let (its_table, its_name) = split(candidate);
        let names = strsim::normalized_damerau_levenshtein(name, its_name);
        let score = if its_table == table {
            names + 0.1
        } else {
            names
        };
        (names >= 0.6).then_some((candidate, score))
    };
    let tables = KEYS
        .iter()
        .map(|key| split(key.path).0)
        .filter(|table| !table.is_empty());
    KEYS.iter()
        .map(|key| key.path)
        .chain(tables)
        .filter_map(likeness)
        // Of several that are as near, the first one.
        .rev()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(candidate, _)| candidate)
}

/// A path's table (`""`: the top) and its last name.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// What is left of `path` inside `table`, when it lies there.
fn below<'a>(path: &'a str, table: &str) -> Option<&'a str> {
    if table.is_empty() {
        Some(path)
    } else {
        path.strip_prefix(table)?.strip_prefix('.')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("sorce", Some("source"))]
    #[case("transfer.job", Some("transfer.jobs"))]
    #[case("jobs", Some("transfer.jobs"))]
    #[case("transfr", Some("transfer"))]
    #[case("transfer.chunk_size_mb", Some("transfer.chunk_mb"))]
    #[case("backup.group_by", Some("compare.group_by"))]
    #[case("checklist.items.txt", Some("checklist.items.text"))]
    #[case("frobnicate", None)]
    fn the_nearest_key_is_found(#[case] wrong: &str, #[case] meant: Option<&str>) {
        assert_eq!(nearest(wrong), meant);
    }

    #[test]
    fn a_table_lists_its_own_keys_only() {
        assert_eq!(inside("checklist").collect::<Vec<_>>(), ["checklist.items"]);
        assert_eq!(inside("").collect::<Vec<_>>(), ["source", "target"]);
    }
}
