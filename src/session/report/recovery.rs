//! What is told of going back: what the target has that the source has not, what of it was saved, and
//! what was rehearsed.

use super::differing::key_in_words;
use super::{Check, DifferingRows, LeftOut, Verdict};
use crate::figures::counted;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a rollback would lose: the rows that the target has and the source has not, or has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Divergence {
    /// When both sides were looked at.
    pub at: Timestamp,
    /// How many tables were looked at.
    pub compared: u64,
    /// The tables that are not the same on both sides, those with most to lose first.
    pub tables: Vec<DivergedTable>,
}

/// A table that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DivergedTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Rows on the source; `None` where the source has no such table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_rows: Option<u64>,
    /// Rows on the target; `None` where the target has no such table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_rows: Option<u64>,
    /// Which rows differ: `extra` were added on the target, `changed` are other there, `missing` were
    /// deleted there (or added to the source meanwhile). `None` where rows cannot be told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<DifferingRows>,
    /// Why rows cannot be told apart: the columns are not the same, or one side lacks the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<String>,
    /// Whether the source counted writes to it since its counters were noted; `None` where they were
    /// not. When it did, a difference may be the source's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_written: Option<bool>,
}

impl DivergedTable {
    /// For people: without quotes, and without the schema `public`.
    pub fn name(&self) -> String {
        match self.schema.as_str() {
            "public" => self.table.clone(),
            schema => format!("{schema}.{}", self.table),
        }
    }

    /// What going back without saving anything would lose: rows added, rows changed, rows that were
    /// deleted and would be there again. Where rows cannot be told apart, all of the target's count
    /// as added.
    pub fn lost(&self) -> (u64, u64, u64) {
        match &self.rows {
            Some(rows) => (rows.extra, rows.changed, rows.missing),
            None => (self.target_rows.unwrap_or(0), 0, 0),
        }
    }

    /// `12 rows added, 3 changed, 1 deleted`.
    pub fn in_words(&self) -> String {
        let words = match (&self.apart, self.lost()) {
            (Some(why), (rows, ..)) => format!("{} on the target; {why}", counted(rows, "row")),
            (None, lost) => in_words(lost),
        };
        match self.source_written {
            Some(true) => format!("{words}; some of it may be the old database's own"),
            _ => words,
        }
    }
}

impl Divergence {
    /// Whether nothing would be lost.
    pub fn is_none(&self) -> bool {
        self.tables.is_empty()
    }

    /// Rows added, changed and deleted on the target, in all tables.
    pub fn lost(&self) -> (u64, u64, u64) {
        let each = self.tables.iter().map(DivergedTable::lost);
        each.fold((0, 0, 0), |all, one| {
            (all.0 + one.0, all.1 + one.1, all.2 + one.2)
        })
    }

    /// `12 rows added, 3 changed, in 2 tables`; `nothing` for none.
    pub fn in_words(&self) -> String {
        match self.tables.len() as u64 {
            0 => "nothing".to_owned(),
            tables => format!("{}, in {}", in_words(self.lost()), counted(tables, "table")),
        }
    }
}

fn in_words((added, changed, deleted): (u64, u64, u64)) -> String {
    let kinds = [(added, "added"), (changed, "changed"), (deleted, "deleted")];
    let some = kinds.into_iter().filter(|(rows, _)| *rows > 0).enumerate();
    let words = some.map(|(at, (rows, kind))| match at {
        0 => format!("{} {kind}", counted(rows, "row")),
        _ => format!("{} {kind}", crate::figures::grouped(rows)),
    });
    match words.collect::<Vec<_>>() {
        none if none.is_empty() => "no rows".to_owned(),
        some => some.join(", "),
    }
}

/// The file with the rows that only the target has, and those that are changed there: SQL for `psql`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowsFile {
    /// When it was written.
    pub at: Timestamp,
    /// Where it is.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Rows in it that only the target has.
    pub added: u64,
    /// Rows in it that are changed on the target.
    pub changed: u64,
    /// What is not in it, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// A new database on the source's server, made of a dump of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// When it was finished.
    pub at: Timestamp,
    /// Its name.
    pub database: String,
    /// Its server: `host:port/database`.
    pub endpoint: String,
    /// Its tables.
    pub tables: u64,
    /// Their rows, counted.
    pub rows: u64,
}

/// The rows that were taken over into the old database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// When.
    pub at: Timestamp,
    /// The old database.
    pub endpoint: String,
    /// The tables with rows to be taken over.
    pub tables: Vec<AppliedTable>,
    /// Sequences that were raised, so that they give no number that was taken over.
    pub sequences: u64,
    /// What was not taken over, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

impl Applied {
    /// The tables with rows that were left as they are, and which some of these are.
    pub fn conflicts_in_words(&self) -> impl Iterator<Item = String> {
        let tables = self.tables.iter().filter(|table| table.conflicts > 0);
        tables.map(AppliedTable::conflicts_in_words)
    }

    /// Rows inserted, updated, and left alone because they conflict, in all tables.
    pub fn counts(&self) -> (u64, u64, u64) {
        self.tables.iter().fold((0, 0, 0), |all, one| {
            (
                all.0 + one.inserted,
                all.1 + one.updated,
                all.2 + one.conflicts,
            )
        })
    }
}

/// What was taken over into one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Rows that it lacked.
    pub inserted: u64,
    /// Rows that were other, and are now as on the target.
    pub updated: u64,
    /// Rows that stay as they are: other values under the same key, or another row that a unique
    /// index takes for the same.
    pub conflicts: u64,
    /// Rows that the target has no more: they stay.
    pub kept: u64,
    /// Triggers of the person's that fired, because the role may not switch them off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers_fired: Vec<String>,
    /// The columns that tell rows apart; empty where nothing does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// Some of the conflicts: the texts of their key's columns, on the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicting: Vec<Vec<String>>,
}

impl AppliedTable {
    /// `5 conflicts in app.lines: id 1; id 2; and 3 more`.
    fn conflicts_in_words(&self) -> String {
        let (schema, table) = (&self.schema, &self.table);
        let mut text = format!(
            "{} in {schema}.{table}",
            counted(self.conflicts, "conflict")
        );
        let keys = self.conflicting.iter();
        let mut named: Vec<String> = keys.map(|key| key_in_words(&self.key, key)).collect();
        if named.is_empty() {
            return text;
        }
        let more = self.conflicts.saturating_sub(named.len() as u64);
        if more > 0 {
            named.push(format!("and {} more", crate::figures::grouped(more)));
        }
        text.push_str(": ");
        text.push_str(&named.join("; "));
        text
    }
}

/// The rollback tried on copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rehearsal {
    /// When.
    pub at: Timestamp,
    /// What was tried; what could not be is a warning that says why.
    pub checks: Vec<Check>,
    /// The application that it was tried with; `None` where none of its files was switched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<RehearsedFiles>,
}

/// The files of an application that copies were switched of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RehearsedFiles {
    /// The application's folder.
    pub folder: String,
    /// Their paths in it, as the plan for them has them.
    pub files: Vec<String>,
}

impl Rehearsal {
    /// Whether all that was tried went well.
    pub fn passed(&self) -> bool {
        self.checks
            .iter()
            .all(|check| check.verdict != Verdict::Bad)
    }

    /// Whether everything was tried, and went well.
    pub fn is_whole(&self) -> bool {
        let is_good = |check: &Check| check.verdict == Verdict::Good;
        self.checks.iter().all(is_good)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_lost_is_told_in_words() {
        assert_eq!(in_words((1, 0, 0)), "1 row added");
        assert_eq!(
            in_words((1200, 3, 1)),
            "1,200 rows added, 3 changed, 1 deleted"
        );
        assert_eq!(in_words((0, 0, 2)), "2 rows deleted");
        assert_eq!(in_words((0, 0, 0)), "no rows");
    }
}
