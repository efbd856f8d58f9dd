//! What has changed where nothing should have.

use super::Error;
use crate::postgres::Error as PostgresError;
use crate::postgres::catalogue::TableName;
use crate::target::FOREIGN_ROWS;
use std::collections::HashSet;

/// Tables' names for people, in order.
pub(super) fn names(tables: &HashSet<TableName>) -> String {
    let mut names: Vec<String> = tables.iter().map(ToString::to_string).collect();
    names.sort();
    names.join(", ")
}

/// The refusal to empty a table that holds other rows than those we loaded, by its name.
pub(super) fn on_target(error: PostgresError, again: &HashSet<TableName>) -> Error {
    match error.sqlstate() {
        Some(FOREIGN_ROWS) => Error::ForeignRows(names(again)),
        _ => error.into(),
    }
}
