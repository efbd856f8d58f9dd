//! What the checklist rests on, looked at again: whether the source was written to since it was
//! compared, and whether the backup is still what was written.

mod backup;

use super::{Error, Work};
use crate::failure::Explain;
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, Retrying};
use crate::session::NotedCounters;
use crate::session::report::{CutoverLook, SourceLook};
use crate::source::postgres::counters;
use crate::wizard::Side;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;

/// A source that does not answer within this time is not waited for: a person can vouch for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the source counts of each table.
pub(super) type Counters = HashMap<TableName, String>;

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
    Ok(counters_and_source(work).await?.1)
}

/// The same, with the counters that it was told by; none where it was not asked.
pub(super) async fn counters_and_source(work: Work<'_>) -> Result<(Counters, SourceLook), Error> {
    let noted = work.session.noted_counters();
    let mut counters = Counters::new();
    if noted.is_empty() {
        let at = Timestamp::now();
        return Ok((counters, SourceLook::Quiet { at }));
    }
    let asked = timeout(PATIENCE, counted(work)).await;
    let look = match asked {
        Ok(Ok(now)) => {
            counters = now;
            found(noted, &counters)
        }
        Ok(Err(error)) if work.cancel.is_cancelled() => return Err(error),
        Ok(Err(_)) if !has_password(work) => SourceLook::NoPassword,
        Ok(Err(error)) => SourceLook::Unreached {
            why: error.failure().what,
        },
        Err(_) => SourceLook::Unreached {
            why: format!("it did not answer within {} s", PATIENCE.as_secs()),
        },
    };
    Ok((counters, look))
}

fn found(noted: Vec<NotedCounters>, now: &Counters) -> SourceLook {
    let mut tables = Vec::new();
    for NotedCounters {
        schema,
        table: name,
        counters: then,
    } in noted
    {
        let table = TableName { schema, name };
        if now.get(&table) != Some(&then) {
            tables.push(table.to_string());
        }
    }
    match tables.is_empty() {
        true => SourceLook::Quiet {
            at: Timestamp::now(),
        },
        false => SourceLook::Written { tables },
    }
}

async fn counted(work: Work<'_>) -> Result<Counters, Error> {
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
