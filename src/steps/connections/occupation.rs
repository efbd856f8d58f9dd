//! What the target holds already, what that would cost if it were overwritten, and whether the
//! policy takes it.

use crate::config::Onto;
use crate::failure::Explain;
use crate::figures::grouped;
use crate::invocation::quoted;
use crate::postgres::catalogue::{self, LEDGER_SCHEMA};
use crate::postgres::{Connection, Error as PostgresError, count, large_object};
use crate::session::Identity;
use crate::session::report::{AtStake, Check, Lost, Stake, TARGET_EMPTY, rows_at_stake};
use crate::source::Selected;
use crate::steps::schema::overwrite::Loss;
use crate::steps::{Error, Work, error};
use crate::target::{Error as TargetError, Ledger};

const NAME: &str = TARGET_EMPTY;

/// Up to this many bytes a table is counted; a larger one is estimated, so that the test of the
/// connections stays short.
const COUNTED: u64 = 64 << 20;

/// The target's tables that stand where the selection's go, and its large objects, those with most rows first.
pub(super) async fn at_stake(
    target: &Connection,
    selected: &Selected,
) -> Result<Vec<AtStake>, Error> {
    let tables = catalogue::tables(target).await?;
    let tables = tables.iter().filter(|table| {
        let name = &table.name;
        selected.has(name) || selected.patterns().take_table(&name.schema, &name.name)
    });
    let mut at_stake = Vec::new();
    for table in tables {
        at_stake.push(AtStake {
            schema: table.name.schema.clone(),
            table: table.name.name.clone(),
            rows: match table.heap_bytes > COUNTED {
                true => estimated(target, table.oid).await?,
                false => count::rows(target, table).await?,
            },
        });
    }
    if selected.select().takes_large_objects() {
        at_stake.push(AtStake {
            schema: large_object::SCHEMA.to_owned(),
            table: large_object::TABLE.to_owned(),
            rows: large_object::count(target).await?,
        });
        at_stake.pop_if(|objects| objects.rows == 0);
    }
    at_stake.sort_by_key(|table| std::cmp::Reverse(table.rows));
    Ok(at_stake)
}

/// What would be dropped besides those tables.
pub(super) fn also_lost(loss: &Loss, selected: &Selected) -> Vec<Lost> {
    let mut lost = match selected.select().takes_definitions() {
        true => loss.lost(),
        // The tables are only emptied.
        false => Vec::new(),
    };
    // These are told with their rows.
    lost.retain(|lost| lost.kind != "table");
    lost
}

async fn estimated(target: &Connection, table: u32) -> Result<u64, PostgresError> {
    let sql = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = $1";
    let row = target.query_one(sql, &[&table]).await;
    let failed = PostgresError::while_doing("estimating what the target holds");
    Ok(u64::try_from(row.map_err(failed)?.get::<_, i64>(0)).unwrap_or(0))
}

/// Whether the policy takes what the target holds.
pub(super) async fn check(
    work: Work<'_>,
    target: &Connection,
    identity: &Identity,
    stake: &Stake,
    (at_stake, also): (&[AtStake], &[Lost]),
) -> Result<Check, Error> {
    let runs = match Ledger::runs_beside(target).await {
        Err(taken @ TargetError::NameTaken) => {
            let mut check = Check::bad(NAME, taken.to_string());
            check.advice = taken.failure().advice;
            return Ok(check);
        }
        runs => runs?,
    };
    if runs.contains(&work.session.id) {
        let found = "it holds what this session has moved so far";
        return Ok(Check::good(NAME, found));
    }
    let found = catalogue::everything(target).await?;
    let Some(found) = told(&runs, &found) else {
        return Ok(Check::good(NAME, "yes"));
    };
    Ok(match work.session.target_policy() {
        Onto::Empty => {
            let mut check = Check::bad(NAME, found.clone());
            check.advice = error::target_not_empty(&found).advice;
            check
        }
        Onto::Existing => Check::good(NAME, format!("{found}, which stays as it is")),
        Onto::Overwrite => overwrite(work, identity, stake, &found, &loss(work, at_stake, also)),
    })
}

fn told(runs: &[String], found: &[catalogue::TableName]) -> Option<String> {
    let first: Vec<String> = found.iter().take(3).map(ToString::to_string).collect();
    match (runs.first(), found.is_empty()) {
        (None, true) => None,
        (Some(run), _) => Some(format!(
            "it holds the migration {run} (schema {LEDGER_SCHEMA})"
        )),
        (None, false) => {
            let what = match found.len() {
                1 => "1 table or view".to_owned(),
                many => format!("{} tables and views", grouped(many as u64)),
            };
            let more = if found.len() > first.len() { "…" } else { "" };
            Some(format!("it holds {what} ({}{more})", first.join(", ")))
        }
    }
}

fn overwrite(work: Work<'_>, identity: &Identity, stake: &Stake, found: &str, lost: &str) -> Check {
    let consent = work.session.consent.as_ref().filter(|consent| {
        let tied = consent.identity.as_ref();
        let same = tied.map_or(consent.database == identity.database, |tied| {
            tied == identity
        });
        same && !consent.spent
    });
    let listed = consent.and_then(|consent| consent.covers.as_ref());
    let more = listed.and_then(|listed| stake.beyond(listed));
    let refusal = match (consent, more) {
        (Some(consent), None) => {
            let (by, at) = (&consent.by, consent.at.strftime("%F %H:%M UTC"));
            let found =
                format!("{found}; {lost} when the step schema runs: {by} consented at {at}");
            return Check::warning(NAME, found);
        }
        (Some(_), Some(more)) => {
            format!("{found}; the consent to overwrite it was given before it had {more}: {lost}")
        }
        (None, _) => format!("{found}; overwriting it needs consent: {lost}"),
    };
    let database = quoted(&identity.database);
    Check::bad(NAME, refusal)
        .advise("Type the database's name on the screen (o), or give it:")
        .advise(format!("$ neonlift run --overwrite-target {database}"))
}

/// What is lost, in words, with the first of each kind by name.
fn loss(work: Work<'_>, at_stake: &[AtStake], also: &[Lost]) -> String {
    let how = match work.session.select.takes_definitions() {
        true => "will be dropped",
        false => "will be emptied",
    };
    let rows = rows_at_stake(at_stake, true);
    let also: Vec<String> = also.iter().map(ToString::to_string).collect();
    match also.is_empty() {
        true => format!("{rows} {how}"),
        false => format!("{rows} {how}, with {}", also.join(", ")),
    }
}
