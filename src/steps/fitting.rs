//! Whether the target's tables can take the source's rows.

use crate::postgres::catalogue::{Table, TableName};
use std::collections::HashMap;

/// The source's tables against the target's.
#[derive(Debug, Default)]
pub(super) struct Fitting {
    /// Those that the target has.
    pub(super) fitting: Vec<Table>,
    /// Those that it does not have.
    pub(super) missing: Vec<TableName>,
    /// What its tables lack.
    pub(super) lacking: Vec<String>,
    /// What its tables have and the source's do not.
    pub(super) more: Vec<String>,
}

/// Holds tables of the source against those of the target.
pub(super) fn fitting(tables: Vec<Table>, target: Vec<Table>) -> Fitting {
    let there: HashMap<TableName, Table> = target
        .into_iter()
        .map(|table| (table.name.clone(), table))
        .collect();
    let mut found = Fitting::default();
    for table in tables {
        match there.get(&table.name) {
            Some(other) if other.routed != table.routed => {
                let kind = "partitioning by the hash of an enum, or the lack of it, in";
                found
                    .lacking
                    .push(format!("the same {kind} {}", table.name));
            }
            Some(other) => {
                found.lacking.extend(missing_columns(&table, other));
                found.more.extend(missing_columns(other, &table));
                found.fitting.push(table);
            }
            None => found.missing.push(table.name),
        }
    }
    found
}

/// The columns of a table that another does not have, by name and type.
fn missing_columns<'a>(table: &'a Table, other: &'a Table) -> impl Iterator<Item = String> + 'a {
    table
        .copied_columns()
        .filter(|column| {
            !other
                .copied_columns()
                .any(|there| there.name == column.name && there.sql_type == column.sql_type)
        })
        .map(|column| {
            format!(
                "column {} {} of {}",
                column.name, column.sql_type, table.name
            )
        })
}
