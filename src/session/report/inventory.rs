//! What the inventory reports: all tables, which of them are moved, and what else there is.

use super::LeftOut;
use crate::figures::{bytes, counted, grouped};
use crate::postgres::catalogue::{ForeignKey, Relation, TableName, View};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What there is to move.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// When it was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<Timestamp>,
    /// The file with the state before the migration, as the guide wants it.
    pub stats_file: String,
    /// Extensions with their versions.
    pub extensions: Vec<Extension>,
    /// Tables that hold rows of their own, those that stay behind too.
    pub tables: Vec<Table>,
    /// Rows for each value of the grouping column.
    pub collections: Vec<Collection>,
    /// Large objects that are moved.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub large_objects: u64,
    /// Large objects that the source has.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub source_large_objects: u64,
    /// Things that a person should know beforehand.
    pub warnings: Vec<String>,
    /// What was selected, in words; `None` when it is everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// The tables that stay behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What the target will not have as the source has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<LeftBehind>,
    /// Everything that can be selected. Empty in reports of older versions, which cannot be chosen
    /// from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    /// The foreign keys of all tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// The views of the source, with what they read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    /// The target's room, and the road to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Room>,
    /// Whether another selection was made since: what of it is left behind, and the rows of tables
    /// that were left out, are not looked up yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub chosen_since: bool,
}

impl Inventory {
    /// The tables that are moved.
    pub fn selected(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.selected)
    }

    /// A figure of all tables that are moved, added up.
    pub fn sum(&self, figure: impl Fn(&Table) -> u64) -> u64 {
        self.selected().map(figure).sum()
    }

    /// Whether some of the figures of the tables that are moved are the catalogue's estimates.
    pub fn is_about(&self) -> bool {
        self.selected().any(|table| table.estimated)
    }

    /// What is moved, in words: `5 of 7 tables`, `about 1,204 rows`, their bytes, those of their
    /// indexes, large objects.
    pub fn sums_in_words(&self) -> Vec<String> {
        let (taken, all) = (self.selected().count(), self.tables.len());
        let all_tables = counted(all as u64, "table");
        let tables = match taken == all {
            true => all_tables,
            false => format!("{} of {all_tables}", grouped(taken as u64)),
        };
        let about = if self.is_about() { "about " } else { "" };
        let rows = counted(self.sum(|table| table.rows), "row");
        let mut parts = vec![
            tables,
            format!("{about}{rows}"),
            bytes(self.sum(|table| table.row_bytes)),
            format!("indexes {}", bytes(self.sum(|table| table.index_bytes))),
        ];
        if self.large_objects > 0 {
            parts.push(counted(self.large_objects, "large object"));
        }
        parts
    }

    /// How much there is to be read before it is moved: `2 warnings, 1 thing left behind`; `None`
    /// for nothing.
    pub fn notes_in_words(&self) -> Option<String> {
        let number = |number: usize, noun| (number > 0).then(|| counted(number as u64, noun));
        let warnings = number(self.warnings.len(), "warning");
        let behind = number(self.left_behind.len(), "thing").map(|things| things + " left behind");
        let notes: Vec<String> = warnings.into_iter().chain(behind).collect();
        (!notes.is_empty()).then(|| notes.join(", "))
    }

    /// The rows of each value of the grouping column, in tables that are moved.
    pub fn selected_collections(&self) -> impl Iterator<Item = &Collection> {
        let is_of = |table: &Table, found: &Collection| {
            table.schema == found.schema && table.name == found.table
        };
        self.collections
            .iter()
            .filter(move |found| self.selected().any(|table| is_of(table, found)))
    }
}

/// What was found out about the target as the place where it all goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// The size in bytes that its databases may have together; `None` when it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The size in bytes that they have.
    pub used: u64,
    /// Bytes in a second that one connection carried there.
    pub bytes_per_second: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Something that the target will not have as the source has it. The reports of `schema` and
/// `transfer` name it again in `left_out`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftBehind {
    /// What.
    pub what: String,
    /// What will happen to it.
    pub happens: String,
}

/// An extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A table that holds rows of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Whether it is moved.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub selected: bool,
    /// Rows; of a table of which some are moved, those.
    pub rows: u64,
    /// Whether its rows are the catalogue's estimate: it was left out when the others were counted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub estimated: bool,
    /// Which rows are moved: a condition in the source's SQL; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Heap and TOAST, in bytes: what will travel.
    pub row_bytes: u64,
    /// Indexes, in bytes: what will be built again.
    pub index_bytes: u64,
    /// Vector columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<VectorColumn>,
    /// The definitions of its indexes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<String>,
    /// Columns.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub columns: u64,
    /// No unique index over columns that cannot be null tells its rows apart.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keyless: bool,
    /// Policies decide who sees which of its rows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub row_security: bool,
    /// It is emptied by a crash, and on Neon whenever the compute sleeps.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unlogged: bool,
}

impl Table {
    /// Its name.
    pub fn table_name(&self) -> TableName {
        TableName {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    /// What a person should know of it before it is moved, a sentence each.
    pub fn warnings(&self) -> Vec<&'static str> {
        let told = [
            (
                self.unlogged,
                "UNLOGGED: Neon empties it whenever the compute sleeps or restarts.",
            ),
            (
                self.keyless,
                "no key: nothing tells its rows apart. All of them are moved, and compared by hash; which row differs cannot be named.",
            ),
            (
                self.row_security,
                "row security: its policies go along. No row is hidden from the copy: a source that would hide some refuses it instead.",
            ),
        ];
        let holds = told.into_iter().filter(|(is_so, _)| *is_so);
        holds.map(|(_, warning)| warning).collect()
    }
}

/// A vector column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorColumn {
    /// The column.
    pub column: String,
    /// Its type as SQL: `vector(384)`.
    pub sql_type: String,
    /// Rows in which it is not null; of a table that was not counted, 0.
    pub rows: u64,
}

/// Rows of one value of the grouping column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The value; `None` for null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its rows.
    pub rows: u64,
}

#[cfg(test)]
mod tests {
    use crate::session::report::Report;
    use crate::session::{Session, Step};

    #[test]
    fn what_an_older_version_wrote_is_all_moved_and_cannot_be_chosen_from() {
        let file = include_str!("../../../tests/fixtures/sessions/finished.toml");
        let session: Session = toml::from_str(file).unwrap();
        let Some(Report::Inventory(found)) = session.report(Step::Inventory) else {
            panic!("no inventory")
        };
        assert!(found.tables.len() > 1);
        assert_eq!(found.selected().count(), found.tables.len());
        assert!(found.relations.is_empty() && !found.is_about() && !session.picked);
    }
}
