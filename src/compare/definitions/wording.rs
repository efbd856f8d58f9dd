//! Whether two texts define the same thing, written by servers of the same version or not.

use crate::postgres::script::bare;

/// How two servers write what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    /// In the same words.
    Same,
    /// One is of another major version, and may qualify a column, or set a parenthesis, where the
    /// other does not: from PostgreSQL 16 on a view of one table names its columns alone.
    Other,
}

/// The aspects that a server writes out of parsed queries and expressions.
const WRITTEN: [&str; 8] = [
    "definition",
    "default",
    "generation",
    "condition",
    "check",
    "SQL body",
    "bounds",
    "partition key",
];

impl Wording {
    /// For servers of these versions (`server_version_num`).
    pub(super) fn between(source: u32, target: u32) -> Self {
        match source / 10_000 == target / 10_000 {
            true => Self::Same,
            false => Self::Other,
        }
    }

    /// Whether both say the same.
    pub(super) fn same(self, aspect: &str, source: Option<&str>, target: Option<&str>) -> bool {
        match (self, source, target) {
            (Self::Other, Some(source), Some(target)) if WRITTEN.contains(&aspect) => {
                source == target || bare(source) == bare(target)
            }
            _ => source == target,
        }
    }
}
