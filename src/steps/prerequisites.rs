//! Client tools, room for the backup, and what to have ready. Changes nothing.

use super::{Error, Work, size};
use crate::failure::Explain;
use crate::postgres::tools::{ClientTools, ToolError};
use crate::postgres::{Connection, Retrying, count};
use crate::session::Step;
use crate::session::report::{Check, Prerequisites, Report};
use crate::wizard::Side;
use std::path::{Path, PathBuf};

/// What is known of the source before the connections are tested.
struct Glimpse {
    version: u32,
    bytes: u64,
}

/// The checks, in their order. Each is known by its name, in reports and when it is made again.
const CHECKS: [&str; 4] = [TOOLS, ROOM, SOURCE, TARGET];
const TOOLS: &str = "pg_dump and pg_restore";
const ROOM: &str = "Room for the backup";
const SOURCE: &str = "Source's connection string";
const TARGET: &str = "Neon's connection string";

/// Makes all checks; where only one is wanted, the others stay as the session has them.
pub(super) async fn run(work: Work<'_>) -> Result<Prerequisites, Error> {
    work.progress.begin("Looking for PostgreSQL's client tools");
    let before = match work.session.report(Step::Prerequisites) {
        Some(Report::Prerequisites(before)) => before.checks.as_slice(),
        _ => &[],
    };
    let kept = |name| {
        let known = before.iter().find(|check| check.name == name);
        known.filter(|_| work.only.is_some_and(|only| only != name))
    };
    let glimpse = match work.only {
        Some(TARGET) => None,
        _ => glimpse(work).await,
    };
    let mut checks = Vec::new();
    for name in CHECKS {
        checks.push(match kept(name) {
            Some(known) => known.clone(),
            None => check(work, name, glimpse.as_ref()).await,
        });
    }
    Ok(Prerequisites { checks })
}

async fn check(work: Work<'_>, name: &str, glimpse: Option<&Glimpse>) -> Check {
    match name {
        TOOLS => client_tools(work, glimpse).await,
        ROOM => {
            work.progress.activity("Looking for room for the backup");
            let folder = &work.context.config.backup.folder;
            room(folder, glimpse.map(|g| g.bytes))
        }
        SOURCE => source_given(work, glimpse),
        _ => target_given(work),
    }
}

/// The source's version and size, if it answers: the next step says what is wrong when it does not.
async fn glimpse(work: Work<'_>) -> Option<Glimpse> {
    let string = work.context.connection(Side::Source)?;
    let connection = Connection::open(&string, &Retrying::never(), work.cancel)
        .await
        .ok()?;
    Some(Glimpse {
        version: connection.server_version().await.ok()?,
        bytes: count::database_bytes(&connection).await.ok()?,
    })
}

/// Whether there are client tools for a source of this version. What is found beforehand, without
/// the source, is not enough.
pub(super) async fn tools_for(work: Work<'_>, version: u32, bytes: u64) -> Check {
    client_tools(work, Some(&Glimpse { version, bytes })).await
}

async fn client_tools(work: Work<'_>, glimpse: Option<&Glimpse>) -> Check {
    let search = work.context.tools();
    let found = |tools: &ClientTools| format!("{}, {}", tools.version(), tools.folder().display());
    let chosen = match glimpse {
        Some(glimpse) => search.for_server(glimpse.version).await,
        None => search.all().await.and_then(newest),
    };
    match (chosen, glimpse) {
        (Ok(tools), Some(_)) => Check::good(
            TOOLS,
            format!("{}; new enough for the source", found(&tools)),
        ),
        (Ok(tools), None) => Check::warning(TOOLS, found(&tools))
            .advise("Whether they are new enough is checked again when the source is connected."),
        (Err(error), _) => {
            let failure = error.failure();
            with_advice(Check::bad(TOOLS, failure.why), failure.advice)
        }
    }
}

fn newest(found: Vec<ClientTools>) -> Result<ClientTools, ToolError> {
    let nothing = ToolError::Missing {
        searched: Vec::new(),
        needed: None,
    };
    found
        .into_iter()
        .max_by_key(|tools| tools.version())
        .ok_or(nothing)
}

fn with_advice(mut check: Check, advice: Vec<String>) -> Check {
    check.advice = advice;
    check
}

/// Whether the backup will fit. A dump is seldom larger than its database; vectors hardly
/// compress.
fn room(folder: &Path, needed: Option<u64>) -> Check {
    // People have to know which of their folders is meant.
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let place = absolute.display();
    match (free_bytes(folder), needed) {
        (Err(source), _) => Check::bad(ROOM, format!("{place}: {source}"))
            .advise("Name a folder that you may write to as backup.folder in config.toml."),
        (Ok(free), Some(needed)) if free < needed => Check::bad(
            ROOM,
            format!(
                "{place} has {} free, the database has {}",
                size(free),
                size(needed)
            ),
        )
        .advise(
            "Free some room, or name a folder on another disk as backup.folder in config.toml.",
        ),
        (Ok(free), Some(needed)) => Check::good(
            ROOM,
            format!(
                "{} free in {place}, the database has {}",
                size(free),
                size(needed)
            ),
        ),
        (Ok(free), None) => Check::good(ROOM, format!("{} free in {place}", size(free))),
    }
}

/// Bytes free for us where a folder is, or will be made.
pub(super) fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let absolute = std::path::absolute(folder)?;
    let standing: PathBuf = absolute
        .ancestors()
        .find(|place| place.exists())
        .unwrap_or(Path::new("/"))
        .to_owned();
    let room = rustix::fs::statvfs(&standing)?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

fn source_given(work: Work<'_>, glimpse: Option<&Glimpse>) -> Check {
    match (work.context.connection(Side::Source), glimpse) {
        (Some(string), Some(_)) => Check::good(SOURCE, string.endpoint()),
        (Some(string), None) => Check::warning(SOURCE, string.endpoint())
            .advise("It does not answer yet; the step connections says why."),
        (None, _) => Check::warning(SOURCE, "not given yet")
            .advise("Have user, database, host and port of your database ready."),
    }
}

fn target_given(work: Work<'_>) -> Check {
    match work.context.connection(Side::Target) {
        Some(string) => Check::good(TARGET, string.endpoint()),
        None => Check::warning(TARGET, "not given yet")
            .advise("In Neon's console make a project and an empty database, then choose Connect, switch connection pooling off, and copy the string: postgresql://user:password@ep-….neon.tech/database?sslmode=require"),
    }
}
