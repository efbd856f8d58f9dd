//! An excerpt in words, and the order in which its rows are shown.

use super::{Excerpt, ExcerptColumn, ExcerptRow, Pairing};
use crate::figures::counted;
use crate::session::report::ComparedTable;

impl Excerpt {
    /// Whether both sides have the table.
    pub fn is_on_both(&self) -> bool {
        self.on_source && self.on_target
    }

    /// Whether the rows beside each other are the same ones.
    pub fn is_by_key(&self) -> bool {
        self.is_on_both() && self.pairing == Pairing::Key
    }

    /// The rows in the order in which they are shown: by key, those that differ first.
    pub fn differing_first(&self) -> Vec<&ExcerptRow> {
        let mut rows: Vec<&ExcerptRow> = self.rows.iter().collect();
        if self.is_by_key() {
            rows.sort_by_key(|row| !row.differs());
        }
        rows
    }

    /// How many columns, and whether both sides have them alike; `None` where there is nothing
    /// beside them.
    pub fn columns_in_words(&self) -> (Option<bool>, String) {
        let count = counted(self.columns.len() as u64, "column");
        let differing = self.columns.iter().filter(|column| column.differs());
        match (self.is_on_both(), differing.count()) {
            (false, _) => (None, count),
            (true, 0) => (Some(true), format!("{count}, the same on both sides")),
            (true, some) => (Some(false), format!("{count}, {some} different")),
        }
    }

    /// Which rows are shown, and how many of them differ.
    pub fn rows_in_words(&self) -> String {
        let first = format!("The first {}", counted(self.rows.len() as u64, "row"));
        if !self.is_by_key() {
            return first;
        }
        let keys = self.columns.iter().filter(|column| column.key);
        let keys: Vec<&str> = keys.map(|column| column.name.as_str()).collect();
        let told = match self.rows.iter().filter(|row| row.differs()).count() {
            0 => "all equal".to_owned(),
            some => format!("{some} different, shown first"),
        };
        match self.named {
            0 => format!("{first} by {}: {told}", keys.join(", ")),
            _ => format!(
                "{}, those that the comparison found among them: {told}",
                counted(self.rows.len() as u64, "row")
            ),
        }
    }

    /// What a row is like on both sides, in words, and whether it is equal; `None` where that is
    /// not known.
    pub fn row_in_words(&self, row: &ExcerptRow) -> (Option<bool>, String) {
        let names: Vec<&str> = self.differing(row).map(|column| &*column.name).collect();
        match (row.on_source, row.on_target) {
            _ if !self.is_on_both() => (None, String::new()),
            (true, true) if !self.is_by_key() => (None, "on each side".to_owned()),
            (true, true) if names.is_empty() => (Some(true), "equal".to_owned()),
            (true, true) => (Some(false), format!("differs: {}", names.join(", "))),
            (true, false) => (Some(false), "missing on the target".to_owned()),
            (false, _) => (Some(false), "only on the target".to_owned()),
        }
    }

    fn differing<'a>(&'a self, row: &'a ExcerptRow) -> impl Iterator<Item = &'a ExcerptColumn> {
        let cells = self.columns.iter().zip(&row.cells);
        cells
            .filter(|(_, cell)| cell.differs)
            .map(|(column, _)| column)
    }

    /// What has to be known to read the rest, with what the comparison has found of the table.
    pub fn notes(&self, compared: Option<&ComparedTable>) -> Vec<String> {
        let is_large = compared.is_some_and(ComparedTable::is_large_objects);
        let mut notes = Vec::new();
        if compared.is_some_and(|compared| compared.left_out) {
            notes.push("Left out: it was not to be moved, and is not compared.".to_owned());
        }
        if let Some(condition) = compared.and_then(|compared| compared.condition.as_ref()) {
            notes.push(format!("Only the rows where {condition}"));
        }
        let note = match (self.on_source, self.on_target) {
            _ if is_large => {
                Some("Large objects have no columns and no rows; their contents are hashed whole.")
            }
            (false, false) => Some("Neither side has such a table now."),
            (true, false) => Some("Missing: the target has no such table."),
            (false, true) => Some("Missing: the source has no such table."),
            (true, true) => match self.pairing {
                _ if self.rows.is_empty() => None,
                Pairing::Key => None,
                Pairing::NoKey => {
                    Some("Without a key: the first rows of each side, not the same ones.")
                }
                Pairing::OtherKey => Some(
                    "The key is another one on the target: the first rows of each side, not the same ones.",
                ),
            },
        };
        notes.extend(note.map(str::to_owned));
        notes
    }
}
