//! The way back to the old database: what it would undo and lose, and what was saved of it.

use super::{
    Applied, Backup, Check, DivergedTable, Divergence, Rehearsal, Restored, RowsFile, Verdict,
};
use crate::failure::Failure;
use crate::figures::{counted, grouped};
use crate::session::Switched;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many tables that would lose rows are named.
const NAMED: usize = 12;

/// What to do about rows that were written to the old database after the cutover.
pub const LATE_WRITES: [&str; 3] = [
    "Something may still have the old connection: stop it, or lead it to the target. On the old database, this names who is connected: SELECT usename, application_name, client_addr FROM pg_stat_activity;",
    "A crash of the old server looks the same. What the target really lacks is named by key; take it over by hand:",
    "$ neonlift compare",
];

/// What the way back to the old database would undo and lose, and whether that is fit for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// When it was looked at.
    pub at: Timestamp,
    /// The old database: host, port and name.
    pub source: String,
    /// Its name, which a consent to go back repeats.
    pub database: String,
    /// Whether it answers, and what was read of it.
    pub alive: Check,
    /// The files that would be put back.
    pub switched: Option<Switched>,
    /// The files that are back already.
    pub put_back: Vec<String>,
    /// When the application was cut over.
    pub cut_over: Option<Timestamp>,
    /// The rows that only the target has; or why they could not be counted.
    pub lost: Result<Divergence, Failure>,
    /// Who is connected to the target and may still write to it; empty also where it cannot be told.
    pub clients: Vec<String>,
}

impl WayBack {
    /// Whether the old database is fit to be gone back to.
    pub fn is_open(&self) -> bool {
        self.alive.verdict != Verdict::Bad
    }

    /// Why the way back cannot be gone now; `None` when it can.
    pub fn obstacle(&self) -> Option<&'static str> {
        let why = "the old database does not answer: there is no way back to it now";
        (!self.is_open()).then_some(why)
    }

    /// What would be undone, line by line.
    pub fn undone(&self) -> Vec<String> {
        let mut lines = match &self.switched {
            None if !self.put_back.is_empty() => {
                let files = self.put_back.join(", ");
                vec![format!(
                    "nothing in the application's files: they are back already, {files}"
                )]
            }
            Some(switched) => {
                let files = switched.files.iter();
                files
                    .map(|file| format!("{} gets back what stood in it before", file.file))
                    .collect()
            }
            None => vec![format!(
                "no file was switched by neonlift: set the application's connection back to {} by hand",
                self.source
            )],
        };
        lines.push(
            "signatures go; compare, application and cutover are done again later".to_owned(),
        );
        lines
    }

    /// What would be lost, line by line: first in all, then by table.
    pub fn losses(&self) -> Vec<String> {
        let lost = match &self.lost {
            Err(failure) => return vec![format!("not known: {}: {}", failure.what, failure.why)],
            Ok(lost) if lost.is_none() => {
                let tables = counted(lost.compared, "table");
                return vec![format!("nothing: {tables} are the same on both sides")];
            }
            Ok(lost) => lost,
        };
        let mut lines = vec![lost.in_words()];
        let tables = lost.tables.iter().take(NAMED);
        lines.extend(tables.map(|table| format!("  {}: {}", table.name(), table.in_words())));
        let more = lost.tables.len().saturating_sub(NAMED);
        lines.extend((more > 0).then(|| format!("  and {}", counted(more as u64, "more table"))));
        lines
    }

    /// The tables of the old database that were written to since the cutover, and are not the same on
    /// both sides.
    pub fn written_late(&self) -> Vec<String> {
        let tables = self.lost.as_ref().map_or(&[][..], |lost| &lost.tables);
        let written = tables
            .iter()
            .filter(|table| table.source_written == Some(true));
        let over = self.cut_over.is_some();
        written.filter(|_| over).map(DivergedTable::name).collect()
    }

    /// What that means; `None` where nothing was written.
    pub fn late_writes(&self) -> Option<String> {
        let written = self.written_late();
        (!written.is_empty()).then(|| {
            format!(
                "The old database was written to since the cutover: {}. Going back keeps that; staying loses it, unless it is taken over.",
                written.join(", ")
            )
        })
    }

    /// Whether rows would be lost, or nobody knows.
    pub fn loses(&self) -> bool {
        !self.lost.as_ref().is_ok_and(Divergence::is_none)
    }
}

/// What was saved of the target, or tried, for the way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Recovered {
    /// The target's dump, restored into a new database beside the old one.
    Database {
        /// The dump.
        dump: Backup,
        /// The new database.
        restored: Restored,
    },
    /// The rows that only the target has, in a file.
    Rows(RowsFile),
    /// Those rows, taken over into the old database.
    Applied(Applied),
    /// The way back, tried on copies.
    Rehearsed(Rehearsal),
}

impl Recovered {
    /// What it came to, line by line.
    pub fn in_words(&self) -> Vec<String> {
        match self {
            Self::Database { dump, restored } => vec![
                format!("dump of the target: {}", dump.file),
                format!(
                    "restored into the new database {} ({}): {}, {}",
                    restored.database,
                    restored.endpoint,
                    counted(restored.tables, "table"),
                    counted(restored.rows, "row")
                ),
            ],
            Self::Rows(rows) => rows_in_words(rows),
            Self::Applied(applied) => applied_in_words(applied),
            Self::Rehearsed(rehearsal) => {
                let checks = rehearsal.checks.iter();
                checks
                    .map(|check| format!("{}: {}", check.name, check.found))
                    .collect()
            }
        }
    }
}

fn rows_in_words(rows: &RowsFile) -> Vec<String> {
    let mut lines = vec![format!(
        "{} added and {} changed on the target are in {}",
        counted(rows.added, "row"),
        grouped(rows.changed),
        rows.file
    )];
    let left = rows.left_out.iter();
    lines.extend(left.map(|left| format!("not in it: {} ({})", left.what, left.why)));
    lines
}

fn applied_in_words(applied: &Applied) -> Vec<String> {
    let (inserted, updated, conflicts) = applied.counts();
    let mut lines = vec![format!(
        "taken over into {}: {} inserted, {} updated, {} left as they are",
        applied.endpoint,
        counted(inserted, "row"),
        grouped(updated),
        counted(conflicts, "conflict")
    )];
    lines.extend(applied.conflicts_in_words());
    let left = applied.left_out.iter();
    lines.extend(left.map(|left| format!("not taken over: {} ({})", left.what, left.why)));
    lines
}
