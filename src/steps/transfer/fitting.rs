//! Which of the source's tables the target can take.

use crate::config::SchemaFrom;
use crate::postgres::Connection;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::session::report::{LeftOut, NotMoved};
use crate::source::postgres::PostgresSource;
use crate::steps::{Error, Work};
use crate::transfer::Error as TransferError;
use std::collections::HashMap;

/// The tables that the target can take. With a schema from the source all must fit; with one
/// from SQL files, tables that these do not create are left out, visibly.
pub(super) async fn fitting(
    work: Work<'_>,
    source: &PostgresSource,
    target: &Connection,
) -> Result<(Vec<Table>, Vec<TableName>), Error> {
    let there: HashMap<TableName, Table> = catalogue::tables(target)
        .await?
        .into_iter()
        .map(|table| (table.name.clone(), table))
        .collect();
    let may_leave_out = matches!(work.context.config.schema.from, SchemaFrom::Folder(_));
    let (mut fitting, mut left_out, mut lacking) = (Vec::new(), Vec::new(), Vec::new());
    for table in source.tables() {
        match there.get(&table.name) {
            Some(other) => {
                lacking.extend(missing_columns(table, other));
                fitting.push(table.clone());
            }
            None if may_leave_out => left_out.push(table.name.clone()),
            None => lacking.push(format!("table {}", table.name)),
        }
    }
    if !lacking.is_empty() {
        return Err(TransferError::TargetLacks(lacking.join(", ")).into());
    }
    Ok((fitting, left_out))
}

pub(super) fn not_created(table: &TableName) -> LeftOut {
    LeftOut {
        what: format!("table {table}"),
        why: "your SQL files do not create it".to_owned(),
    }
}

pub(super) fn not_moved_table(table: TableName) -> NotMoved {
    let TableName {
        schema,
        name: table,
    } = table;
    NotMoved { schema, table }
}

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
