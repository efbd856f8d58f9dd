//! The source watched until nothing writes to it any longer. Only reads.

use super::super::{Error, Work};
use super::{Refusal, stillness::Stillness};
use crate::figures::counted;
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, Retrying};
use crate::progress::Tone;
use crate::session::Step;
use crate::session::report::Report;
use crate::source::postgres::{Activity, activity};
use crate::wizard::Side;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// So many clients are named.
const NAMED: usize = 5;

/// Waits for it; the answer is what was found.
pub(super) async fn reached(work: Work<'_>) -> Result<Vec<String>, Error> {
    let tables = compared(work);
    if tables.is_empty() {
        let why = "no rows were moved: what is written to the source changes nothing here";
        return Ok(vec![why.to_owned()]);
    }
    let string = work.given(Side::Source)?;
    let connection = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    connection.pin_for_reading().await?;
    work.recognise(Side::Source, &connection).await?;
    let watching = watched(work, &connection, &tables);
    connection.until_cancelled(work.cancel, watching).await?
}

/// The tables that were compared: what is written elsewhere is not missing on the target.
pub(super) fn compared(work: Work<'_>) -> HashSet<TableName> {
    let Some(Report::Compare(found)) = work.session.report(Step::Compare) else {
        return HashSet::new();
    };
    let tables = found.tables.iter();
    let tables = tables.filter(|table| found.rows_compared && !table.left_out);
    tables
        .map(|table| TableName {
            schema: table.schema.clone(),
            name: table.table.clone(),
        })
        .collect()
}

async fn watched(
    work: Work<'_>,
    connection: &Connection,
    tables: &HashSet<TableName>,
) -> Result<Vec<String>, Error> {
    let (quiet, patience) = {
        let wanted = &work.context.config.cutover;
        (wanted.quiet(), wanted.patience())
    };
    let began = Instant::now();
    let mut stillness = Stillness::new(tables, quiet, began);
    let mut told = Vec::new();
    loop {
        let seen = activity(connection).await?;
        let (clients, counts) = (seen.clients.clone(), seen.counts);
        tell(work, &mut told, &seen);
        let now = Instant::now();
        if stillness.is_reached(seen, now) {
            return Ok(found(&stillness, now, &clients));
        }
        if now.duration_since(began) >= patience {
            return Err(Refusal::StillWritten {
                tables: stillness.moving(),
                clients,
                counts,
                waited: patience,
            }
            .into());
        }
        let (still, quiet) = (stillness.still_for(now).as_secs(), quiet.as_secs());
        let text = match clients.len() {
            0 => "nobody is connected".to_owned(),
            _ => format!("connected: {}", named(&clients)),
        };
        work.progress.activity(format!(
            "Nothing written for {still} s of {quiet} s; {text}"
        ));
        tokio::time::sleep(PAUSE).await;
    }
}

/// The clients in a line.
pub(super) fn named(clients: &[String]) -> String {
    let first = clients.iter().take(NAMED).cloned().collect::<Vec<_>>();
    match clients.len().saturating_sub(NAMED) {
        0 => first.join("; "),
        more => format!("{}; and {more} more", first.join("; ")),
    }
}

/// Says who is connected, once for each.
fn tell(work: Work<'_>, told: &mut Vec<String>, seen: &Activity) {
    for client in &seen.clients {
        if !told.contains(client) {
            told.push(client.clone());
            let text = format!("connected to the source: {client}");
            work.progress.note(Tone::Info, text);
        }
    }
}

fn found(stillness: &Stillness<'_>, now: Instant, clients: &[String]) -> Vec<String> {
    let mut found = vec![format!(
        "nothing was written to the source for {} s",
        stillness.still_for(now).as_secs()
    )];
    if !clients.is_empty() {
        let count = counted(clients.len() as u64, "client");
        let text = format!(
            "{count} still connected, without writing: {}",
            named(clients)
        );
        found.push(text);
    }
    found
}
