//! Both servers reached, known and fit for the migration. Changes nothing.

mod occupation;
mod side;

use super::prerequisites::tools_for;
use super::schema::overwrite::Loss;
use super::{Error, Work, size};
use crate::config::Select;
use crate::failure::{Explain, Failure, chain};
use crate::postgres::Connection;
use crate::postgres::catalogue::{self, LEDGER_SCHEMA};
use crate::session::report::{
    Check, Connections, Report, Server, TWO_DATABASES, Unreached, Verdict,
};
use crate::source::Selected;
use crate::target::Ledger;
use crate::wizard::Side;
use side::{Visited, one};

/// pgvector's first version with HNSW indexes, and the first with `halfvec` and `sparsevec`.
const HNSW_SINCE: &str = "0.5.0";

/// Tests both sides at once, each whatever becomes of the other.
pub(super) async fn run(work: Work<'_>) -> Result<Report, Error> {
    work.progress
        .begin("Connecting to the source and to the target");
    let (source, target) = tokio::join!(
        side::visit(work, Side::Source),
        side::visit(work, Side::Target)
    );
    match (source, target) {
        (Ok(source), Ok(target)) => {
            let found = together(work, source, target).await?;
            Ok(Report::Connections(Box::new(found)))
        }
        (Err(error), _) | (_, Err(error)) if work.cancel.is_cancelled() => Err(error),
        (source, target) => {
            let mut unreached = Unreached::default();
            unreached.source = tested(Side::Source, source, &mut unreached.checks);
            unreached.target = tested(Side::Target, target, &mut unreached.checks);
            Ok(Report::Unreached(Box::new(unreached)))
        }
    }
}

/// What is told of a side by itself; gives why it could not be tested.
fn tested(side: Side, visited: Result<Visited, Error>, checks: &mut Vec<Check>) -> Option<Failure> {
    match visited {
        Ok(visited) => {
            checks.extend(visited.checks);
            None
        }
        Err(error) => {
            let cause = chain(&error);
            tracing::error!(side = side.name(), cause, "could not be tested");
            let failure = error.failure();
            let found = format!("{}. {}", failure.what, failure.why);
            let mut check = Check::bad(side::name(side, "connection"), found);
            check.advice.clone_from(&failure.advice);
            checks.push(check);
            Some(failure)
        }
    }
}

async fn together(work: Work<'_>, source: Visited, target: Visited) -> Result<Connections, Error> {
    let (at_source, at_target) = (source.connection, target.connection);
    let (mut checks, source) = (source.checks, source.server);
    checks.extend(target.checks);
    let target = target.server;
    let selected = selected(work, &at_source).await?;
    checks.push(vector(&source, &at_target).await?);
    checks.push(versions(&source, &target));
    checks.push(tools_for(work, source.version, source.database_bytes).await);
    checks.push(room(&at_target, source.database_bytes).await?);
    let apart = apart(&at_source, &at_target, &source, &target).await?;
    let are_apart = apart.verdict != Verdict::Bad;
    checks.push(apart);
    let at_stake = occupation::at_stake(&at_target, &selected).await?;
    let loss = Loss::find(&at_target, &selected, &work.session.id).await?;
    let (stake, also_lost) = (loss.stake(), occupation::also_lost(&loss, &selected));
    let lost = (at_stake.as_slice(), also_lost.as_slice());
    let mut occupied = occupation::check(work, &at_target, &target.identity, &stake, lost).await?;
    if !are_apart {
        // What may be the source is not to be overwritten, whatever it holds.
        occupied.advice.clear();
    }
    checks.push(occupied);
    Ok(Connections {
        source,
        target,
        checks,
        at_stake,
        also_lost,
        stake,
    })
}

/// What is selected. What cannot be resolved, the inventory explains; until then it is everything.
async fn selected(work: Work<'_>, source: &Connection) -> Result<Selected, Error> {
    Ok(
        match Selected::resolve(&work.session.select, source).await {
            Ok(selected) => selected,
            Err(_) => Selected::resolve(&Select::default(), source).await?,
        },
    )
}

/// Whether the target has, or can have, the pgvector that the source uses.
async fn vector(source: &Server, target: &Connection) -> Result<Check, Error> {
    const NAME: &str = "pgvector";
    let Some(used) = &source.vector else {
        return Ok(Check::good(NAME, "the source does not use it"));
    };
    let row = one(
        target,
        "SELECT max(extversion) FROM pg_extension WHERE extname = 'vector'",
    )
    .await?;
    let installed: Option<String> = row.get(0);
    let there = match installed {
        Some(version) => Some((version, "installed")),
        None => catalogue::available_extension(target, "vector")
            .await?
            .map(|v| (v, "available")),
    };
    Ok(match there {
        None => Check::bad(
            NAME,
            format!("{used} on the source, not available on the target"),
        )
        .advise("Use a target with pgvector: every Neon database has it."),
        Some((version, how)) => {
            let found = format!("{used} on the source, {version} {how} on the target");
            if numbers(&version) < numbers(HNSW_SINCE) {
                Check::bad(NAME, found).advise("HNSW indexes need pgvector 0.5 or newer.")
            } else if numbers(&version) < numbers(used) {
                Check::warning(NAME, found).advise(
                    "An older pgvector may lack types or index options that the source uses.",
                )
            } else {
                Check::good(NAME, found)
            }
        }
    })
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

fn versions(source: &Server, target: &Server) -> Check {
    const NAME: &str = "Versions";
    let (from, to) = (source.version / 10_000, target.version / 10_000);
    let found = format!("from PostgreSQL {from} to {to}");
    if to < from {
        Check::warning(NAME, found)
            .advise("The target is older: what only the newer version knows will be refused. A Neon project can be made with a newer version.")
    } else {
        Check::good(NAME, found)
    }
}

/// Whether the database fits under Neon's size limit, which a server tells beforehand.
async fn room(target: &Connection, needed: u64) -> Result<Check, Error> {
    const NAME: &str = "Target: room";
    let row = one(
        target,
        "SELECT pg_size_bytes(NULLIF(current_setting('neon.max_cluster_size', true), ''))",
    )
    .await?;
    let limit: Option<i64> = row.get(0);
    Ok(
        match limit
            .and_then(|limit| u64::try_from(limit).ok())
            .filter(|limit| *limit > 0)
        {
            None => Check::good(NAME, "the server names no size limit"),
            Some(limit) if limit < needed => Check::bad(
                NAME,
                format!("limit {}, the source has {}", size(limit), size(needed)),
            )
            .advise("Choose a larger plan for this project in Neon's console, or migrate less."),
            Some(limit) => Check::good(
                NAME,
                format!("limit {}, the source has {}", size(limit), size(needed)),
            ),
        },
    )
}

/// Source and target must be two databases, and the right way round.
async fn apart(
    at_source: &Connection,
    at_target: &Connection,
    source: &Server,
    target: &Server,
) -> Result<Check, Error> {
    const NAME: &str = TWO_DATABASES;
    if source.identity == target.identity {
        return Ok(Check::bad(NAME, "source and target are the same database")
            .advise("Give the connection string of the new, empty database as the target."));
    }
    let source_is_empty = catalogue::everything(at_source).await?.is_empty();
    let target_is_full = !catalogue::everything(at_target).await?.is_empty();
    let source_has_ledger = !Ledger::runs(at_source).await?.is_empty();
    if source_has_ledger || (source_is_empty && target_is_full) {
        let found = if source_has_ledger {
            format!("the source has a schema {LEDGER_SCHEMA}: it is the target of a migration")
        } else {
            "the source is empty and the target is not".to_owned()
        };
        return Ok(Check::bad(NAME, found).advise("Source and target look swapped: exchange them."));
    }
    if source_is_empty {
        return Ok(Check::bad(NAME, "the source has no tables")
            .advise("Check the name of the database in the source's connection string."));
    }
    Ok(Check::good(NAME, "source and target differ"))
}
