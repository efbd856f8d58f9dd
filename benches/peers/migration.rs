//! neonlift itself: the real program, as people run it without its screen.

use crate::Result;
use crate::contender::{Job, Timing};
use crate::pipe;
use crate::program::program;
use crate::resident::{self, Resident};
use neonlift::session::report::{Backup, Report};
use neonlift::session::store::Store;
use neonlift::session::{Record, Session, State, Step};
use std::fs;
use std::time::Instant;
use tokio::process::Command;

const SESSION: &str = "session.toml";

/// Into the tables of the [`pipe`], as they are there.
pub(crate) async fn rows_alone(job: &Job<'_>) -> Result<Timing> {
    pipe::create_tables(job).await?;
    run(job, &["--data-only"]).await
}

/// Schema and transfer are timed; what comes before them is not.
pub(crate) async fn run(job: &Job<'_>, options: &[&str]) -> Result<Timing> {
    fs::write(job.folder.path("config.toml"), "")?;
    let mut before = neonlift(job, "inventory");
    job.folder.run(before.args(options)).await?;
    take_backup_for_done(job)?;
    job.servers.settle().await?;

    let began = Instant::now();
    let mut command = neonlift(job, "transfer");
    let mut child = command
        .current_dir(job.folder.path(""))
        .stdout(job.folder.log()?)
        .stderr(job.folder.log()?)
        .spawn()?;
    let mut resident = Resident::of(child.id().ok_or("neonlift ended at once")?);
    let mut tick = tokio::time::interval(resident::EVERY);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = tick.tick() => resident.look("transfer"),
        }
    };
    let elapsed = began.elapsed();
    job.folder.succeeded(status)?;
    Ok(Timing {
        parts: parts(&session(job)?)?,
        peak: Some(resident.peak),
        ..Timing::of(elapsed)
    })
}

/// The program with nothing of the person's own: all its files in the contender's folder.
fn neonlift(job: &Job<'_>, until: &str) -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_neonlift"));
    command
        .args(["run", "--plain", "--quiet", "--until", until])
        .args(["--config", "config.toml", "--session", SESSION])
        .args(["--log", "neonlift.log"])
        .env("NEONLIFT_SOURCE_URL", job.data.login.whole_url().expose())
        .env("NEONLIFT_TARGET_URL", job.target.whole_url().expose())
        .env("NEONLIFT_PG_BIN", job.servers.bin());
    command
}

fn session(job: &Job<'_>) -> Result<Session> {
    let (_, session) = Store::open(&job.folder.path(SESSION))?;
    Ok(session.ok_or("neonlift left no session")?)
}

/// The backup is no part of what is compared, and takes longer than all the rest: the session is
/// told that it has been made. Nothing of what follows reads it.
fn take_backup_for_done(job: &Job<'_>) -> Result<()> {
    let (store, session) = Store::open(&job.folder.path(SESSION))?;
    let mut session = session.ok_or("neonlift left no session")?;
    let now = jiff::Timestamp::now();
    let record = Record {
        state: State::Done,
        started: Some(now),
        finished: Some(now),
        report: Some(Report::Backup(Backup {
            file: String::new(),
            contents_file: String::new(),
            bytes: 0,
            sha256: String::new(),
            entries: 0,
        })),
        ..Record::default()
    };
    session.steps.insert(Step::Backup, record);
    Ok(store.save(&session)?)
}

fn parts(session: &Session) -> Result<Vec<(&'static str, f64)>> {
    let Some(Report::Transfer(transfer)) = session.report(Step::Transfer) else {
        return Err("nothing was transferred".into());
    };
    let schema = session.steps.get(&Step::Schema).and_then(Record::seconds);
    Ok(vec![
        ("schema", schema.ok_or("the schema step tells no time")?),
        (ROWS, transfer.row_seconds),
        ("the rest", transfer.build_seconds),
    ])
}

/// The part that is compared with the physical limit.
pub(crate) const ROWS: &str = "rows";
