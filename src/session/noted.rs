//! The source's counters that later ones are held against.

use super::{NotedCounters, Session, Step};
use crate::session::report::Report;
use std::collections::{BTreeMap, BTreeSet};

impl Session {
    /// The source's counters of the tables when both sides were known to be equal last: those noted
    /// when the application was switched, else those of the comparison. Of an older comparison, those
    /// of the transfer, where they were the same then. Tables whose writes nobody counts are not there.
    pub fn noted_counters(&self) -> Vec<NotedCounters> {
        match &self.cutting {
            Some(cutting) if cutting.is_switched() => cutting.counters.clone(),
            _ => self.compared_counters(),
        }
    }

    fn compared_counters(&self) -> Vec<NotedCounters> {
        let Some(Report::Compare(found)) = self.report(Step::Compare) else {
            return Vec::new();
        };
        let mut noted = BTreeMap::new();
        if let Some(Report::Transfer(moved)) = self.report(Step::Transfer) {
            let quiet = found.tables.iter();
            let quiet: BTreeSet<_> = quiet
                .filter(|table| table.written_since == Some(false))
                .map(|table| (&table.schema, &table.table))
                .collect();
            noted.extend(moved.tables.iter().filter_map(|table| {
                let name = (&table.schema, &table.table);
                let counters = table.counters.as_ref().filter(|_| quiet.contains(&name));
                Some((name, counters?))
            }));
        }
        noted.extend(
            found.tables.iter().filter_map(|table| {
                Some(((&table.schema, &table.table), table.counters.as_ref()?))
            }),
        );
        let noted = noted.into_iter();
        noted
            .map(|((schema, table), counters)| NotedCounters {
                schema: schema.clone(),
                table: table.clone(),
                counters: counters.clone(),
            })
            .collect()
    }
}
