//! Both sides counted and hashed. Changes nothing.

use super::{Error, Work, identity};
use crate::compare::{Compare, Meant, Searching};
use crate::config::{Onto, SchemaFrom};
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying};
use crate::session::report::{Comparison, Report, Transfer};
use crate::session::{Identity, Step};
use crate::wizard::Side;
use std::collections::{HashMap, HashSet};

pub(super) async fn run(work: Work<'_>) -> Result<Comparison, Error> {
    compared(work, work.context.config.compare.searches).await
}

/// Rows and definitions once more, without searches: their figures are those of the comparison before.
/// The application stands still meanwhile.
pub(super) async fn again(work: Work<'_>) -> Result<Comparison, Error> {
    let mut found = compared(work, 0).await?;
    if let Some(Report::Compare(before)) = work.session.report(Step::Compare) {
        for column in &mut found.vectors {
            let mut measured = before.vectors.iter();
            if let Some(same) = measured.find(|same| same.name() == column.name()) {
                column.search.clone_from(&same.search);
                let before = || same.unmeasured.clone();
                column.unmeasured = column.unmeasured.take().or_else(before);
            }
        }
    }
    Ok(found)
}

async fn compared(work: Work<'_>, searches: u32) -> Result<Comparison, Error> {
    work.progress.begin("Connecting to both sides");
    let (source, target) = (
        known(work, Side::Source).await?,
        known(work, Side::Target).await?,
    );
    match work.session.compares_only {
        true => two_databases(work, &source, &target).await?,
        false => work.same_selection(&open(work, &target).await?).await?,
    }
    let (not_moved, counters, definitions) = (not_moved(work), counters(work), definitions(work));
    let compare = Compare {
        source: &source,
        target: &target,
        one_sided: match work.context.config.schema.from {
            SchemaFrom::Source => None,
            SchemaFrom::Folder(_) => Some(&not_moved),
        },
        select: &work.session.select,
        beside_others: work.session.target_policy() == Onto::Existing
            || !work.session.select.takes_all_tables()
                && work.session.target_policy() == Onto::Overwrite,
        group_by: work.context.config.compare.grouping(),
        searching: Searching {
            searches: searches.into(),
            neighbours: work.context.config.compare.neighbours.into(),
        },
        counters: &counters,
        jobs: work.context.config.compare.jobs,
        definitions: &definitions,
        progress: work.progress,
        cancel: work.cancel,
    };
    Ok(compare.all().await?)
}

/// What of the definitions is expected to differ: everything where they are the target's own, and
/// what was reported as left out.
fn definitions(work: Work<'_>) -> Meant {
    let own = match work.context.config.schema.from {
        SchemaFrom::Folder(_) => Some("the target has a schema of its own, from SQL files"),
        SchemaFrom::Source if !work.session.select.takes_definitions() => {
            Some("rows alone were moved: the target's definitions are its own")
        }
        SchemaFrom::Source => None,
    };
    let made = match work.session.report(Step::Schema) {
        Some(Report::Schema(made)) => made.left_out.as_slice(),
        _ => &[],
    };
    let built = transfer(work).map_or(&[][..], |moved| &moved.left_out);
    Meant {
        own,
        left_out: made.iter().chain(built).cloned().collect(),
    }
}

fn transfer(work: Work<'_>) -> Option<&Transfer> {
    match work.session.report(Step::Transfer) {
        Some(Report::Transfer(transfer)) => Some(transfer),
        _ => None,
    }
}

/// The tables that the transfer reported as not moved.
fn not_moved(work: Work<'_>) -> HashSet<TableName> {
    let not_moved = transfer(work).into_iter().flat_map(|done| &done.not_moved);
    let named = not_moved.map(|table| TableName {
        schema: table.schema.clone(),
        name: table.table.clone(),
    });
    named.collect()
}

/// A database is always equal to itself: that would prove nothing. A standby is another copy.
async fn two_databases(
    work: Work<'_>,
    source: &ConnectionString,
    target: &ConnectionString,
) -> Result<(), Error> {
    let (here, there) = tokio::try_join!(which(work, source), which(work, target))?;
    match here == there {
        true => Err(Error::SameDatabase(target.endpoint())),
        false => Ok(()),
    }
}

async fn which(work: Work<'_>, side: &ConnectionString) -> Result<(Identity, bool), Error> {
    let connection = open(work, side).await?;
    let known = async {
        let standby = connection.query_one("SELECT pg_is_in_recovery()", &[]);
        let standby = standby
            .await
            .map_err(PostgresError::while_doing("asking which server this is"))?;
        Ok((identity(&connection).await?, standby.get(0)))
    };
    known.await.map_err(unproved)
}

/// A session to look around in. In one transaction it works through a pooler, too.
async fn open(work: Work<'_>, side: &ConnectionString) -> Result<Connection, Error> {
    let connection = Connection::open(side, &Retrying::default(), work.cancel)
        .await
        .map_err(unproved)?;
    connection.begin_reading().await.map_err(unproved)?;
    Ok(connection)
}

fn unproved(error: PostgresError) -> Error {
    Error::Compare(error.into())
}

/// The source's counters that the transfer reported from before the copy.
fn counters(work: Work<'_>) -> HashMap<TableName, String> {
    let loaded = transfer(work).into_iter().flat_map(|done| &done.tables);
    let counted = loaded.filter_map(|table| {
        let (schema, name) = (table.schema.clone(), table.table.clone());
        Some((TableName { schema, name }, table.counters.clone()?))
    });
    counted.collect()
}

/// A side that does not let us in leaves the question open, as one does that is lost later. Where
/// nothing is written, a pooler is no obstacle.
async fn known(work: Work<'_>, side: Side) -> Result<ConnectionString, Error> {
    work.recognised(side).await.map_err(|error| match error {
        Error::Postgres(error) => unproved(error),
        other => other,
    })
}
