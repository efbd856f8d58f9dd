//! The way back to the old database: looked at, saved for, and gone.

mod saved;

pub(super) use saved::recovered;

use super::cutting::Refusal;
use super::{Error, Work, patience_over};
use crate::failure::{Explain, Failure};
use crate::figures::counted;
use crate::postgres::{Connection, Error as PostgresError, Retrying, quote};
use crate::progress::Tone;
use crate::session::Step;
use crate::session::report::{Check, Report, Verdict, WayBack};
use crate::source::holder;
use crate::source::postgres::activity;
use crate::switch::{self, EditedFiles, Settled};
use crate::wizard::{ErrandEnd, Side};
use jiff::Timestamp;
use std::time::Duration;

/// What going back would undo, and whether the old database is fit for it.
pub(super) async fn look(work: Work<'_>) -> Result<WayBack, Error> {
    let session = work.session;
    let string = work.given(Side::Source)?;
    let (source, database) = (string.endpoint(), string.database().to_owned());
    let alive = alive_or_not(work).await?;
    let lost = match alive.verdict {
        // Its rows cannot be held against the target's.
        Verdict::Bad => Err(Failure::new(
            "not counted",
            "the old database does not answer",
        )),
        _ => Box::pin(saved::lost(work)).await?,
    };
    Ok(WayBack {
        at: Timestamp::now(),
        source,
        database,
        alive,
        switched: session.switched.clone(),
        put_back: session.put_back.clone(),
        cut_over: session.cutting.as_ref().and_then(|cutting| cutting.ended),
        lost,
        clients: clients(work).await,
    })
}

/// Puts the files back where nobody has typed a name: only when that loses nothing of what was written
/// to the target.
pub(super) async fn undone(work: Work<'_>) -> Result<Settled, Error> {
    work.progress.begin("Counting what only the target has");
    let found = tokio::select! {
        found = Box::pin(look(work)) => found?,
        () = patience_over(work.cancel) => return Err(PostgresError::Cancelled.into()),
    };
    if found.loses() {
        return Err(Refusal::from(&found).into());
    }
    for lost in found.losses() {
        let note = format!("would be lost by going back: {lost}");
        work.progress.note(Tone::Info, note);
    }
    work.progress
        .activity("Putting the application's files back");
    let stand = put_back(work, EditedFiles::Told).await?;
    if work.session.switched.is_none() {
        let note = nothing_switched(work)?;
        work.progress.note(Tone::Warning, note);
    }
    Ok(stand)
}

/// What is told where there is nothing to put back: it is back already, or is a person's to do.
fn nothing_switched(work: Work<'_>) -> Result<String, Error> {
    let back = &work.session.put_back;
    Ok(match back.is_empty() {
        false => format!(
            "the application's files are back already: {}",
            back.join(", ")
        ),
        true => format!(
            "no file was switched by neonlift: set the application's connection back to {} yourself",
            work.given(Side::Source)?.url()
        ),
    })
}

/// Goes back: the old database first, then the files, then what of ours burdens it.
pub(super) async fn run(work: Work<'_>, edited: EditedFiles) -> Result<ErrandEnd, Error> {
    work.progress
        .begin("Looking whether the old database is alive");
    let looked = work.cancel.run_until_cancelled(alive(work)).await;
    let alive = match looked {
        None => return Ok(ErrandEnd::NotBegun(Failure::interrupted("It was stopped"))),
        Some(Err(error)) => return Ok(ErrandEnd::NotBegun(error.failure())),
        Some(Ok(alive)) => alive,
    };
    let mut done = vec![format!("the old database is alive: {}", alive.found)];
    work.progress
        .activity("Putting the application's files back");
    let stand = put_back(work, edited).await?;
    done.extend(match &work.session.switched {
        Some(_) => stand.in_words(),
        None => vec![nothing_switched(work)?],
    });
    if let Some(released) = holder::release(&work.context.session_file)?
        && released.ended().await
    {
        done.push("the snapshot that was held on the source is let go".to_owned());
    }
    done.push("restart the application: it leads to the old database".to_owned());
    Ok(ErrandEnd::RolledBack(stand, done))
}

/// Puts the files back; none were switched where there is nothing to put back.
async fn put_back(work: Work<'_>, edited: EditedFiles) -> Result<Settled, Error> {
    if work.session.switched.is_none() {
        return Ok(Settled::default());
    }
    let file = work.context.session_file.clone();
    let done =
        tokio::task::spawn_blocking(move || switch::undo_edited(&file, edited, Timestamp::now()));
    let done = done.await;
    Ok(done.map_err(Error::Broken)??)
}

/// As [`alive`], where a database that does not answer is an answer, too.
async fn alive_or_not(work: Work<'_>) -> Result<Check, Error> {
    match alive(work).await {
        Ok(check) => Ok(check),
        Err(error) if work.cancel.is_cancelled() => Err(error),
        Err(error) => {
            let failure = error.failure();
            let found = format!("{}: {}", failure.what, failure.why);
            let mut check = Check::bad(NAME, found);
            check.advice = failure.advice;
            Ok(check)
        }
    }
}

/// Who is connected to the target; nobody where that cannot be told: it is only a hint.
async fn clients(work: Work<'_>) -> Vec<String> {
    let asked = async {
        let string = work.given(Side::Target)?.direct();
        let connection = Connection::open(&string, &Retrying::never(), work.cancel).await?;
        Ok::<_, Error>(activity(&connection).await?.clients)
    };
    asked.await.unwrap_or_else(|error| {
        tracing::info!(
            cause = crate::failure::chain(&error),
            "the target's clients are not known"
        );
        Vec::new()
    })
}

const NAME: &str = "Old database";

/// So long the old database is tried again and again: who wants to go back has no time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects, reads and counts: what an application needs of it.
async fn alive(work: Work<'_>) -> Result<Check, Error> {
    let string = work.given(Side::Source)?;
    let retrying = Retrying {
        within: PATIENCE,
        ..Retrying::default()
    };
    let connection = Connection::open(&string, &retrying, work.cancel).await?;
    connection.pin_for_reading().await?;
    work.recognise(Side::Source, &connection).await?;
    let reading = async {
        let version = connection.server_version().await? / 10_000;
        let (tables, rows) = count(work, &connection).await?;
        let (tables, rows) = (counted(tables, "table"), counted(rows, "row"));
        let found = format!("PostgreSQL {version} answers; {tables} read, {rows}");
        Ok(Check::good(NAME, found))
    };
    connection.until_cancelled(work.cancel, reading).await?
}

/// Counts the tables that were moved. A large one is only read from: an application needs no count
/// of it, and nobody should wait for one now.
async fn count(work: Work<'_>, connection: &Connection) -> Result<(u64, u64), Error> {
    let Some(Report::Transfer(moved)) = work.session.report(Step::Transfer) else {
        return Ok((0, 0));
    };
    let (mut tables, mut rows) = (0, 0);
    for table in &moved.tables {
        let name = quote::qualified(&table.schema, &table.table);
        let sql = match table.bytes <= COUNTED_BYTES {
            true => format!("SELECT count(*) FROM {name}"),
            false => format!("SELECT count(*) FROM (SELECT FROM {name} LIMIT 1000) some"),
        };
        let row = connection.query_one(&sql, &[]).await;
        let row = row.map_err(|error| connection.failed("reading the old database", error))?;
        (tables, rows) = (tables + 1, rows + row.get::<_, i64>(0).unsigned_abs());
    }
    Ok((tables, rows))
}

/// Tables up to this size are counted whole.
const COUNTED_BYTES: u64 = 64 << 20;
