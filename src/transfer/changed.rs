//! What has changed where nothing should have.

use super::Error;
use crate::postgres::Error as PostgresError;
use crate::postgres::catalogue::TableName;
use crate::target::FOREIGN_ROWS;

/// Tables' names for people, in order.
pub(super) fn names<'t>(tables: impl IntoIterator<Item = &'t TableName>) -> String {
    let mut names: Vec<String> = tables.into_iter().map(ToString::to_string).collect();
    names.sort();
    names.join(", ")
}

/// The refusal to empty a table that holds other rows than those we loaded, by its name.
pub(super) fn on_target<'t>(
    error: PostgresError,
    emptied: impl IntoIterator<Item = &'t TableName>,
) -> Error {
    match error.sqlstate() {
        Some(FOREIGN_ROWS) => Error::ForeignRows(names(emptied)),
        _ => error.into(),
    }
}
