//! What of the source moves, and what does not.

use crate::config::SchemaFrom;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{Connection, large_object};
use crate::session::report::{LeftOut, NotMoved, SomeRows};
use crate::source::postgres::PostgresSource;
use crate::source::{NOT_SELECTED, Selected};
use crate::steps::fitting::fitting;
use crate::steps::{Error, Work};
use crate::transfer::Error as TransferError;

/// The part of the source that moves.
#[derive(Debug, Default)]
pub(super) struct MovedPart {
    /// Tables whose rows move.
    pub(super) tables: Vec<Table>,
    /// Tables that hold rows and do not move.
    pub(super) not_moved: Vec<NotMoved>,
    /// All that does not move, and why.
    pub(super) left_out: Vec<LeftOut>,
}

/// The selected tables that the target can take. With a schema from the source all must fit; with
/// one from SQL files, tables that these do not create are left out, visibly.
pub(super) async fn part(
    work: Work<'_>,
    source: &PostgresSource,
    selected: &Selected,
    target: &Connection,
) -> Result<MovedPart, Error> {
    let wanted = match selected.select().takes_rows() {
        true => selected.apply(source.tables()),
        false => Vec::new(),
    };
    let found = fitting(wanted, catalogue::tables(target).await?);
    let mut lacking = found.lacking;
    if !comes_from_files(work) {
        let missing = found.missing.iter().map(|table| format!("table {table}"));
        lacking.extend(missing);
    }
    if !lacking.is_empty() {
        let lacking = lacking.join(", ");
        return Err(match work.session.select.takes_definitions() {
            true => TransferError::TargetLacks(lacking).into(),
            false => Error::NowhereToPut(lacking),
        });
    }
    let mut part = MovedPart {
        tables: found.fitting,
        ..MovedPart::default()
    };
    for table in found.missing {
        part.leave_out(table, "your SQL files do not create it");
    }
    for table in selected.left_out() {
        part.leave_out(table, NOT_SELECTED);
    }
    let objects = large_object::count(source.session()).await?;
    if let Some(left_out) = selected.large_objects_left_out(objects) {
        part.left_out.push(left_out);
        part.not_moved.push(NotMoved {
            schema: large_object::SCHEMA.to_owned(),
            table: large_object::TABLE.to_owned(),
        });
    }
    Ok(part)
}

impl MovedPart {
    fn leave_out(&mut self, table: TableName, why: &str) {
        self.left_out.push(LeftOut {
            what: format!("table {table}"),
            why: why.to_owned(),
        });
        let TableName {
            schema,
            name: table,
        } = table;
        self.not_moved.push(NotMoved { schema, table });
    }
}

/// Whether the target's definitions come from SQL files.
pub(super) fn comes_from_files(work: Work<'_>) -> bool {
    work.session.select.takes_definitions()
        && matches!(work.context.config.schema.from, SchemaFrom::Folder(_))
}

/// The tables of which only some rows move.
pub(super) fn some_rows(selected: &Selected) -> Vec<SomeRows> {
    let some = selected.rows_of().iter();
    some.map(|(table, condition)| SomeRows {
        schema: table.schema.clone(),
        table: table.name.clone(),
        condition: condition.clone(),
    })
    .collect()
}
