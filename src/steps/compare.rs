//! Both sides counted and hashed. Changes nothing.

use super::{Error, Work};
use crate::compare::{Compare, Searching};
use crate::config::{Onto, SchemaFrom};
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, ConnectionString, Retrying};
use crate::session::Step;
use crate::session::report::{Comparison, Report, Transfer};
use crate::wizard::Side;
use std::collections::{HashMap, HashSet};

pub(super) async fn run(work: Work<'_>) -> Result<Comparison, Error> {
    work.progress.begin("Connecting to both sides");
    let (source, target) = (
        known(work, Side::Source).await?,
        known(work, Side::Target).await?,
    );
    work.same_selection(&open(work, &target).await?).await?;
    let (not_moved, counters) = (not_moved(work), counters(work));
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
            searches: work.context.config.compare.searches.into(),
            neighbours: work.context.config.compare.neighbours.into(),
        },
        counters: &counters,
        progress: work.progress,
        cancel: work.cancel,
    };
    Ok(compare.all().await?)
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

async fn open(work: Work<'_>, target: &ConnectionString) -> Result<Connection, Error> {
    let opened = Connection::open(target, &Retrying::default(), work.cancel).await;
    opened.map_err(|error| Error::Compare(error.into()))
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

/// A side that does not let us in leaves the question open, as one does that is lost later.
async fn known(work: Work<'_>, side: Side) -> Result<ConnectionString, Error> {
    work.known(side).await.map_err(|error| match error {
        Error::Postgres(error) => Error::Compare(error.into()),
        other => other,
    })
}
