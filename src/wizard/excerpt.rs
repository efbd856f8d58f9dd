//! What is seen of an opened table. It holds rows' values: they are shown, and never kept, logged or
//! part of an error.

pub mod value;
mod words;

use std::fmt;

/// A table side by side: its columns, and a few rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Whether the source has the table.
    pub on_source: bool,
    /// Whether the target has it.
    pub on_target: bool,
    /// The source's columns in their order, then those that only the target has.
    pub columns: Vec<ExcerptColumn>,
    /// What rows stand beside each other.
    pub pairing: Pairing,
    /// Some rows.
    pub rows: Vec<ExcerptRow>,
    /// How many keys of rows that differ the comparison has named: those rows are among these.
    pub named: usize,
}

/// What rows of both sides stand beside each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pairing {
    /// Those with the same key.
    #[default]
    Key,
    /// The table has no key: the first rows of each side, as they are stored.
    NoKey,
    /// The target lacks columns of the source's key, or has them with other types: the first rows of
    /// each side.
    OtherKey,
}

/// A column on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcerptColumn {
    /// Its name.
    pub name: String,
    /// Its type on the source; `None` where it is missing.
    pub source: Option<String>,
    /// Its type on the target.
    pub target: Option<String>,
    /// Whether it belongs to the key that tells rows apart.
    pub key: bool,
}

impl ExcerptColumn {
    /// Whether it is another one on the target.
    pub fn differs(&self) -> bool {
        self.source != self.target
    }
}

impl ExcerptRow {
    /// Whether the sides do not have it alike.
    pub fn differs(&self) -> bool {
        self.on_source != self.on_target || self.cells.iter().any(|cell| cell.differs)
    }
}

/// A row on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcerptRow {
    /// Whether the source has it.
    pub on_source: bool,
    /// Whether the target has it.
    pub on_target: bool,
    /// Its values, one for each column.
    pub cells: Vec<ExcerptCell>,
}

/// A value on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcerptCell {
    /// On the source.
    pub source: Value,
    /// On the target.
    pub target: Value,
    /// Whether the whole values differ, by their hashes. Never where the rows are not the same ones.
    pub differs: bool,
}

/// A value, as far as it was read.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// The side does not have the row, or the column.
    Absent,
    /// A null.
    Null,
    /// Anything else.
    Text {
        /// How its text begins.
        beginning: String,
        /// Whether the whole of it is longer.
        cut: bool,
        /// How long the whole is.
        size: Size,
    },
}

/// How long a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Characters of its text.
    Characters(u64),
    /// Bytes.
    Bytes(u64),
    /// Dimensions of a vector.
    Dimensions(u64),
}

impl fmt::Debug for Value {
    /// Without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}
