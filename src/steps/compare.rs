//! Both sides counted and hashed. Changes nothing.

use super::{Error, Work};
use crate::compare::Compare;
use crate::session::report::Comparison;
use crate::wizard::Side;

pub(super) async fn run(work: Work<'_>) -> Result<Comparison, Error> {
    work.progress.begin("Connecting to both sides");
    let (source, target) = (
        work.known(Side::Source).await?,
        work.known(Side::Target).await?,
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
