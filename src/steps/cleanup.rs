//! What a migration needs no more is put away: the backup archived, the ledger dropped, the snapshot's
//! holder ended. The source is not even connected to.

mod archiving;
mod remaining;

use super::{Error, Work};
use crate::figures::counted;
use crate::invocation::quoted;
use crate::session::report::{Check, Cleanup, Report};
use crate::session::{State, Step};
use crate::source::holder;
use crate::switch::{self, Left, Mentions};
use crate::target::{Dropped, Ledger};
use crate::wizard::target_database;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Zoned};
use std::path::PathBuf;

pub(super) async fn run(work: Work<'_>) -> Result<Cleanup, Error> {
    work.progress.begin("Looking at what is there");
    let cleaning = work.session.cleaning.clone().unwrap_or_default();
    // Whoever opened the session has put right what a crash had left of a switch; what cannot be put
    // right has to be told before anything goes.
    let files = switch::settle(&work.context.session_file)?;
    let mut checks = Vec::new();
    checks.extend(watched(work));
    let archives = archiving::store(work, cleaning.remove_dump, &mut checks).await?;
    checks.push(snapshot(work).await?);
    let (check, has_ledger) = ledger(work, cleaning.ledger.is_some()).await?;
    checks.push(check);
    let folder = work.application_folder();
    let found = documents(work, folder.clone()).await?;
    let keep_until = keep_until(work.context.config.cleanup.keep_days);
    let remains = remaining::all(work, (&archives, keep_until), files.switched.as_ref());
    Ok(Cleanup {
        at: Timestamp::now(),
        keep_until,
        archives,
        checks,
        has_ledger,
        remains,
        documents: found.files,
        more_documents: found.more,
        folder: folder.map(|folder| folder.display().to_string()),
    })
}

/// So many days from today; the last day of the calendar where that is beyond it.
fn keep_until(days: u32) -> Date {
    let today = Zoned::now().date();
    today.saturating_add(i64::from(days).days())
}

/// That the target in use has not been watched to the end.
fn watched(work: Work<'_>) -> Option<Check> {
    let is_over = work.session.state(Step::Watch) == State::Done;
    (!is_over).then(|| {
        let found = "the target in use was not watched to the end: what is put away now may still be missed";
        Check::warning("Watch", found).advise("$ neonlift watch")
    })
}

/// Ends the process that may hold a snapshot of the source.
async fn snapshot(work: Work<'_>) -> Result<Check, Error> {
    const NAME: &str = "Snapshot of the source";
    let Some(released) = holder::release(&work.context.session_file)? else {
        return Ok(Check::good(NAME, "none is held"));
    };
    work.progress
        .activity("Ending the process that holds a snapshot of the source");
    Ok(match released.ended().await {
        true => Check::good(NAME, "let go: the source may clean up again"),
        false => Check::warning(NAME, "the process that holds it has not ended yet")
            .advise("It ends as soon as the source answers it. See whether it is gone:")
            .advise("$ neonlift status"),
    })
}

const LEDGER: &str = "Ledger on the target";

/// Drops the ledger, if that was consented to; whether the target may still have it.
async fn ledger(work: Work<'_>, consented: bool) -> Result<(Check, bool), Error> {
    if !consented {
        let database = target_database(work.session).unwrap_or_default();
        let stays = "stays, the schema neonlift: nobody has consented to dropping it";
        let command = format!("$ neonlift cleanup --confirm {}", quoted(&database));
        return Ok((Check::warning(LEDGER, stays).advise(command), true));
    }
    work.progress.activity("Dropping the ledger on the target");
    let (string, connection) = work.reach_target().await?;
    let ledger = Ledger::new(&connection, &work.session.id);
    let dropping = async { ledger.drop_own().await.map_err(crate::target::Error::from) };
    let dropped = connection.until_cancelled(work.cancel, dropping).await??;
    tracing::info!(?dropped, "the ledger");
    Ok((told(&dropped, &string.endpoint()), false))
}

fn told(dropped: &Dropped, place: &str) -> Check {
    let others = |runs: &[String]| {
        let runs_in_words = counted(runs.len() as u64, "other migration");
        format!("{runs_in_words} ({})", runs.join(", "))
    };
    match dropped {
        Dropped::All => Check::good(
            LEDGER,
            format!("dropped on {place}, with the schema neonlift"),
        ),
        Dropped::Nothing => Check::good(LEDGER, format!("{place} has none any more")),
        Dropped::Tables => Check::warning(
            LEDGER,
            format!(
                "dropped on {place}; the schema neonlift stays, for somebody has put something else into it"
            ),
        ),
        Dropped::Part(runs) => Check::good(
            LEDGER,
            format!(
                "this migration's part is dropped on {place}; the rest belongs to {}",
                others(runs)
            ),
        ),
        Dropped::OfOthers(runs) => Check::warning(
            LEDGER,
            format!(
                "{place} has none of this migration; what is there belongs to {}, and stays",
                others(runs)
            ),
        ),
        Dropped::Foreign => Check::warning(
            LEDGER,
            format!("{place} has none; the schema neonlift there is somebody else's, and stays"),
        ),
    }
}

/// The application's files that name the old database.
async fn documents(work: Work<'_>, folder: Option<PathBuf>) -> Result<Mentions, Error> {
    let Some(folder) = folder else {
        return Ok(Mentions::default());
    };
    work.progress
        .activity("Looking for files that name the old database");
    let Some(old) = remaining::old_place(work) else {
        return Ok(Mentions::default());
    };
    let cancel = work.cancel.clone();
    let searching = tokio::task::spawn_blocking(move || {
        let left = Left {
            host: old.host(),
            port: old.port(),
            database: old.database(),
        };
        let found = switch::mentions(&folder, left, &cancel);
        found.map_err(Error::file("read", &folder))
    });
    searching.await.map_err(Error::Broken)?
}

/// The backup, as its step reported it.
fn backup(work: Work<'_>) -> Result<&crate::session::report::Backup, Error> {
    match work.session.report(Step::Backup) {
        Some(Report::Backup(made)) => Ok(made),
        _ => Err(Error::NoReport(Step::Backup)),
    }
}
