//! What the checklist rests on, looked at again: whether the source was written to since it was
//! compared, and whether the backup is still what was written.

mod backup;

use super::{Error, Work};
use crate::failure::Explain;
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, Retrying};
use crate::session::report::{CutoverLook, Report, SourceLook};
use crate::session::{Session, Step};
use crate::source::postgres::counters;
use crate::wizard::Side;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;

/// A source that does not answer within this time is not waited for: a person can vouch for it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn run(work: Work<'_>) -> Result<CutoverLook, Error> {
    work.progress
        .begin("Asking the source what was written to it");
    let source = source(work).await?;
    let backup = backup::look(work).await?;
    Ok(CutoverLook { source, backup })
}

/// Whether the source was written to since it was compared. One that cannot be asked is an answer,
/// too; only a person's wish to stop ends in an error.
pub(super) async fn source(work: Work<'_>) -> Result<SourceLook, Error> {
    let noted = noted(work.session);
    if noted.is_empty() {
        return Ok(SourceLook::Quiet {
            at: Timestamp::now(),
        });
    }
    let asked = timeout(PATIENCE, counted(work)).await;
    Ok(match asked {
        Ok(Ok(now)) => found(&noted, &now),
        Ok(Err(error)) if work.cancel.is_cancelled() => return Err(error),
        Ok(Err(_)) if !has_password(work) => SourceLook::NoPassword,
        Ok(Err(error)) => SourceLook::Unreached {
            why: error.failure().what,
        },
        Err(_) => SourceLook::Unreached {
            why: format!("it did not answer within {} s", PATIENCE.as_secs()),
        },
    })
}

fn found(noted: &HashMap<TableName, &str>, now: &HashMap<TableName, String>) -> SourceLook {
    let written = noted
        .iter()
        .filter(|(table, then)| now.get(table).map(String::as_str) != Some(then));
    let mut tables: Vec<String> = written.map(|(table, _)| table.to_string()).collect();
    tables.sort();
    match tables.is_empty() {
        true => SourceLook::Quiet {
            at: Timestamp::now(),
        },
        false => SourceLook::Written { tables },
    }
}

/// The counters that the comparison noted; of an older comparison, those of the transfer, which were
/// the same then.
fn noted(session: &Session) -> HashMap<TableName, &str> {
    let mut noted = HashMap::new();
    let name = |schema: &String, table: &String| TableName {
        schema: schema.clone(),
        name: table.clone(),
    };
    let Some(Report::Compare(found)) = session.report(Step::Compare) else {
        return noted;
    };
    if let Some(Report::Transfer(moved)) = session.report(Step::Transfer) {
        let quiet = |schema: &String, table: &String| {
            let mut compared = found.tables.iter();
            compared.any(|compared| {
                (&compared.schema, &compared.table) == (schema, table)
                    && compared.written_since == Some(false)
            })
        };
        let moved = moved.tables.iter();
        noted.extend(moved.filter_map(|table| {
            let counters = table.counters.as_deref()?;
            quiet(&table.schema, &table.table)
                .then(|| (name(&table.schema, &table.table), counters))
        }));
    }
    noted.extend(found.tables.iter().filter_map(|table| {
        let counters = table.counters.as_deref()?;
        Some((name(&table.schema, &table.table), counters))
    }));
    noted
}

async fn counted(work: Work<'_>) -> Result<HashMap<TableName, String>, Error> {
    let string = work.given(Side::Source)?;
    let connection = Connection::open(&string, &Retrying::never(), work.cancel).await?;
    connection.pin_for_reading().await?;
    work.recognise(Side::Source, &connection).await?;
    Ok(counters(&connection).await?)
}

fn has_password(work: Work<'_>) -> bool {
    let string = work.context.connection(Side::Source);
    string.is_some_and(|string| string.password().is_some() || string.is_unix_socket())
}
