//! Whether the source was written to while it was compared for the last time. Only reads.

use super::super::{Error, Work};
use super::{Refusal, quiet, stillness};
use crate::postgres::{Connection, Retrying};
use crate::source::postgres::{Activity, activity};
use crate::wizard::Side;

/// The source as it stands before the comparison.
pub(super) struct Unwritten {
    before: Activity,
}

impl Unwritten {
    /// Takes note of what the source counts now.
    pub(super) async fn so_far(work: Work<'_>) -> Result<Self, Error> {
        let before = seen(work).await?;
        Ok(Self { before })
    }

    /// Refuses when anything that matters was written since. Counters come late where transactions have
    /// ended: they are waited for.
    pub(super) async fn is_still_so(&self, work: Work<'_>) -> Result<(), Error> {
        let mut now = seen(work).await?;
        if now.transactions == self.before.transactions && now.locked.is_empty() {
            return Ok(());
        }
        if now.counts {
            work.progress
                .activity("Waiting for the source's counters, which come late");
            let late = tokio::time::sleep(stillness::LATE);
            let waited = work.cancel.run_until_cancelled(late).await;
            waited.ok_or(crate::postgres::Error::Cancelled)?;
            now = seen(work).await?;
        }
        match (self.written(work, &now), now.counts) {
            (tables, true) if tables.is_empty() => Ok(()),
            (tables, true) => Err(Refusal::WrittenSince(tables).into()),
            (_, false) => Err(Refusal::Uncounted.into()),
        }
    }

    /// The compared tables that were written to, or may be by a transaction that is open.
    fn written(&self, work: Work<'_>, now: &Activity) -> Vec<String> {
        let compared = quiet::compared(work);
        let mut tables: Vec<String> = compared
            .iter()
            .filter(|table| {
                let counted = now.counters.get(*table) != self.before.counters.get(*table);
                counted || now.locked.contains(table)
            })
            .map(ToString::to_string)
            .collect();
        tables.sort();
        tables
    }
}

async fn seen(work: Work<'_>) -> Result<Activity, Error> {
    let string = work.given(Side::Source)?;
    let connection = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    connection.pin_for_reading().await?;
    work.recognise(Side::Source, &connection).await?;
    let looked = connection.until_cancelled(work.cancel, activity(&connection));
    let seen = looked.await??;
    connection.close().await;
    Ok(seen)
}
