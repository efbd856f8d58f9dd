//! Both sides counted and hashed. Changes nothing.

use super::{Error, Work};
use crate::compare::Compare;
use crate::postgres::ConnectionString;
use crate::session::report::Comparison;
use crate::wizard::Side;

pub(super) async fn run(work: Work<'_>) -> Result<Comparison, Error> {
    work.progress.begin("Connecting to both sides");
    let (source, target) = (
        known(work, Side::Source).await?,
        known(work, Side::Target).await?,
    );
    let compare = Compare {
        source: &source,
        target: &target,
        group_by: work.context.config.compare.grouping(),
        progress: work.progress,
        cancel: work.cancel,
    };
    Ok(compare.all().await?)
}

/// A side that does not let us in leaves the question open, as one does that is lost later.
async fn known(work: Work<'_>, side: Side) -> Result<ConnectionString, Error> {
    work.known(side).await.map_err(|error| match error {
        Error::Postgres(error) => Error::Compare(error.into()),
        other => other,
    })
}
