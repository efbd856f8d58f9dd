//! The target's sequences, raised to where the source's stand. A sequence that is raised skips
//! numbers, and harms nothing: it needs no undoing.

use super::super::{Error, Work};
use crate::compare::behind;
use crate::figures::counted;
use crate::postgres::{Connection, Retrying};
use crate::wizard::Side;

pub(super) async fn raised(work: Work<'_>) -> Result<Vec<String>, Error> {
    let (source, target) = (
        work.recognised(Side::Source).await?,
        work.known(Side::Target).await?,
    );
    let retrying = Retrying::default();
    let (source, target) = tokio::try_join!(
        Connection::open(&source, &retrying, work.cancel),
        Connection::open(&target, &retrying, work.cancel)
    )?;
    tokio::try_join!(source.pin_for_reading(), target.pin())?;
    let raising = async {
        let behind = behind(&source, &target).await?;
        if behind.is_empty() {
            return Ok(vec!["no sequence of the target is behind".to_owned()]);
        }
        let sql: String = behind.iter().map(|sequence| sequence.setting()).collect();
        target.batch("raising sequences", &sql).await?;
        let names: Vec<String> = behind.iter().map(|s| s.name.to_string()).collect();
        let count = counted(names.len() as u64, "sequence");
        Ok(vec![format!(
            "{count} raised to the source's: {}",
            names.join(", ")
        )])
    };
    target.until_cancelled(work.cancel, raising).await?
}
