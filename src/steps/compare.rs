//! Both sides counted and hashed. Changes nothing.

use super::{Error, Work};
use crate::compare::Compare;
use crate::config::SchemaFrom;
use crate::postgres::ConnectionString;
use crate::postgres::catalogue::TableName;
use crate::session::Step;
use crate::session::report::{Comparison, Report};
use crate::wizard::Side;
use std::collections::HashSet;

pub(super) async fn run(work: Work<'_>) -> Result<Comparison, Error> {
    work.progress.begin("Connecting to both sides");
    let (source, target) = (
        known(work, Side::Source).await?,
        known(work, Side::Target).await?,
    );
    let not_moved = not_moved(work);
    let compare = Compare {
        source: &source,
        target: &target,
        one_sided: match work.context.config.schema.from {
            SchemaFrom::Source => None,
            SchemaFrom::Folder(_) => Some(&not_moved),
        },
        group_by: work.context.config.compare.grouping(),
        progress: work.progress,
        cancel: work.cancel,
    };
    Ok(compare.all().await?)
}

/// The tables that the transfer reported as not moved.
fn not_moved(work: Work<'_>) -> HashSet<TableName> {
    let Some(Report::Transfer(transfer)) = work.session.report(Step::Transfer) else {
        return HashSet::new();
    };
    let named = transfer.not_moved.iter().map(|table| TableName {
        schema: table.schema.clone(),
        name: table.table.clone(),
    });
    named.collect()
}

/// A side that does not let us in leaves the question open, as one does that is lost later.
async fn known(work: Work<'_>, side: Side) -> Result<ConnectionString, Error> {
    work.known(side).await.map_err(|error| match error {
        Error::Postgres(error) => Error::Compare(error.into()),
        other => other,
    })
}
