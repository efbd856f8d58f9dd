//! Which rows of a table differ. Of their values only the keys are kept.

use crate::figures::{counted, grouped};
use serde::{Deserialize, Serialize};

/// So many rows are named at most.
pub const EXAMPLES: usize = 20;

/// So many columns are named in words.
const NAMED: usize = 5;

/// The rows that are not the same on both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DifferingRows {
    /// Rows that only the source has. Without a key a changed row is one of these, and an extra one.
    pub missing: u64,
    /// Rows that only the target has.
    pub extra: u64,
    /// Rows with the same key and other values.
    pub changed: u64,
    /// The columns that tell rows apart; empty where nothing does.
    #[serde(default)]
    pub key: Vec<String>,
    /// In which columns rows are changed, those with the most rows first.
    #[serde(default)]
    pub columns: Vec<ChangedColumn>,
    /// Some of the rows, of each kind; none without a key.
    #[serde(default)]
    pub examples: Vec<DifferingRow>,
}

impl DifferingRows {
    /// Whether no row differs.
    pub fn is_none(&self) -> bool {
        (self.missing, self.extra, self.changed) == (0, 0, 0)
    }
}

/// A column of changed rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedColumn {
    /// Its name.
    pub column: String,
    /// In how many of the rows it is changed.
    pub rows: u64,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowDifference {
    /// Only the source has it.
    Missing,
    /// Only the target has it.
    Extra,
    /// Both have it, with other values.
    Changed,
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DifferingRow {
    /// How.
    pub kind: RowDifference,
    /// The texts of its key's columns; `None` without a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Vec<String>>,
    /// Of a changed row: the columns that are changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

impl DifferingRows {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.missing + self.extra + self.changed
    }

    /// `1 row missing on the target, 2 changed (price, remark)`; empty for none.
    pub fn in_words(&self) -> String {
        let changed = match self.columns_in_words() {
            none if none.is_empty() => "changed".to_owned(),
            some => format!("changed ({some})"),
        };
        let kinds = [
            (self.missing, "missing on the target".to_owned()),
            (self.extra, "only on the target".to_owned()),
            (self.changed, changed),
        ];
        let told = kinds.into_iter().filter(|(count, _)| *count > 0);
        let told = told.enumerate().map(|(at, (count, what))| match at {
            0 => format!("{} {what}", counted(count, "row")),
            _ => format!("{} {what}", grouped(count)),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn columns_in_words(&self) -> String {
        let names = self.columns.iter().take(NAMED);
        let mut names: Vec<String> = names.map(|changed| changed.column.clone()).collect();
        let more = self.columns.len().saturating_sub(NAMED);
        if more > 0 {
            names.push(format!("{} more", grouped(more as u64)));
        }
        names.join(", ")
    }
}

/// Letters of a key's value that are shown.
const KEY: usize = 60;

/// `id 1002, at 2026-01-02`.
pub fn key_in_words(columns: &[String], values: &[String]) -> String {
    let pairs = columns.iter().zip(values);
    let pairs = pairs.map(|(column, value)| format!("{column} {}", cut(value)));
    pairs.collect::<Vec<_>>().join(", ")
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(KEY) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(missing: u64, extra: u64, changed: u64, columns: &[&str]) -> DifferingRows {
        let columns = columns.iter().map(|column| ChangedColumn {
            column: (*column).to_owned(),
            rows: 1,
        });
        DifferingRows {
            missing,
            extra,
            changed,
            columns: columns.collect(),
            ..DifferingRows::default()
        }
    }

    #[test]
    fn rows_are_told_in_words() {
        let told = rows(1, 0, 2, &["price", "remark"]).in_words();
        assert_eq!(
            told,
            "1 row missing on the target, 2 changed (price, remark)"
        );
        assert_eq!(
            rows(0, 1200, 0, &[]).in_words(),
            "1,200 rows only on the target"
        );
        let told = rows(0, 0, 1, &["a", "b", "c", "d", "e", "f"]).in_words();
        assert_eq!(told, "1 row changed (a, b, c, d, e, 1 more)");
        assert_eq!(rows(0, 0, 0, &[]).in_words(), "");
    }
}
