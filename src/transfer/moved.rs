//! What has been moved, by the ledger, and at which of the source's moments.

use super::Error;
use crate::postgres::catalogue::TableName;
use crate::source::postgres::PostgresSource;
use crate::target::{Ledger, PlannedTable};
use std::collections::{HashMap, HashSet};

/// What is on the target now.
#[derive(Debug)]
pub struct Moved {
    /// The tables as the ledger has them, all loaded.
    pub tables: Vec<PlannedTable>,
    /// The source's fingerprint of each table from just before the moment that its rows show.
    pub fingerprints: HashMap<TableName, String>,
    /// Snapshots used so far.
    pub snapshots: usize,
    /// Attempts that had to be repeated, this time.
    pub retries: u64,
}

impl Moved {
    /// What the ledger has, read at the source's moment.
    pub(super) async fn told(
        ledger: &Ledger<'_>,
        source: &PostgresSource,
        same_moment: &HashSet<i32>,
        retries: u64,
    ) -> Result<Self, Error> {
        let (tables, snapshots) = tokio::try_join!(ledger.tables(), ledger.snapshots())?;
        let before = source.fingerprints_before();
        let reference = |planned: &PlannedTable| {
            let then = Some(&planned.fingerprint);
            let same = same_moment.contains(&planned.snapshot);
            let reference = if same {
                before.get(&planned.table)
            } else {
                then
            };
            (
                planned.table.clone(),
                reference.cloned().unwrap_or_default(),
            )
        };
        Ok(Self {
            fingerprints: tables.iter().map(reference).collect(),
            tables,
            snapshots: snapshots.len(),
            retries,
        })
    }

    /// The tables that were written to since the moment that their rows show, by the source's
    /// fingerprints of now. These come late, by seconds: an early warning, not a proof.
    pub fn changed_since(&self, now: &HashMap<TableName, String>) -> HashSet<TableName> {
        let changed = self.fingerprints.iter();
        let changed = changed.filter(|(table, then)| now.get(*table) != Some(*then));
        changed.map(|(table, _)| table.clone()).collect()
    }
}

/// Whether two snapshots see the same rows: the same text, and no transaction under way in it
/// (`xmin:xmax:` with nothing behind).
pub(super) fn is_same_moment(then: &str, now: &str) -> bool {
    then == now && then.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::is_same_moment;

    #[test]
    fn a_transaction_under_way_makes_two_equal_texts_two_moments() {
        assert!(is_same_moment("100:100:", "100:100:"));
        assert!(!is_same_moment("100:103:101", "100:103:101"));
        assert!(!is_same_moment("100:100:", "100:101:"));
    }
}
