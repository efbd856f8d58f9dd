//! Whether anything is still written to the source, judged by one look after the other. Pure.

use crate::postgres::catalogue::TableName;
use crate::source::postgres::Activity;
use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

/// A session tells its counters at the latest so long after its transaction has ended (10 s,
/// `PGSTAT_IDLE_INTERVAL` in PostgreSQL's `pgstat.c`), and a little more.
pub(super) const LATE: Duration = Duration::from_secs(12);

/// What was seen so far.
pub(super) struct Stillness<'a> {
    /// The tables that matter.
    tables: &'a HashSet<TableName>,
    quiet: Duration,
    since: Instant,
    before: Option<Activity>,
    /// The cluster's transactions when it began to stand still.
    transactions: String,
    moving: BTreeSet<String>,
}

impl<'a> Stillness<'a> {
    /// Nothing was seen yet; `quiet` is how long nothing may be written.
    pub(super) fn new(tables: &'a HashSet<TableName>, quiet: Duration, now: Instant) -> Self {
        Self {
            tables,
            quiet,
            since: now,
            before: None,
            transactions: String::new(),
            moving: BTreeSet::new(),
        }
    }

    /// Takes a look in; whether it has stood still for long enough. Where no transaction has ended in
    /// the whole cluster nothing was written; where some have, the counters tell that they were
    /// others', and they come late.
    pub(super) fn is_reached(&mut self, seen: Activity, now: Instant) -> bool {
        let moved = self.moved(&seen);
        let only_clock = !seen.counts;
        let went_on = self.transactions != seen.transactions;
        if self.before.is_none() || !moved.is_empty() || only_clock && went_on {
            self.since = now;
            self.transactions.clone_from(&seen.transactions);
        }
        self.moving.extend(moved);
        let others = self.transactions != seen.transactions;
        self.before = Some(seen);
        self.still_for(now)
            >= if others {
                self.quiet.max(LATE)
            } else {
                self.quiet
            }
    }

    /// How long nothing was written by now.
    pub(super) fn still_for(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// The tables that were seen to be written to.
    pub(super) fn moving(&self) -> Vec<String> {
        self.moving.iter().cloned().collect()
    }

    fn moved(&self, seen: &Activity) -> Vec<String> {
        let matters = |table: &&TableName| self.tables.contains(*table);
        let open = seen.locked.iter().filter(matters);
        let mut moved: Vec<String> = open.map(ToString::to_string).collect();
        if let (Some(before), true) = (&self.before, seen.counts) {
            let other =
                |table: &&TableName| before.counters.get(*table) != seen.counters.get(*table);
            let counted = self.tables.iter().filter(other);
            moved.extend(counted.map(ToString::to_string));
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> TableName {
        TableName {
            schema: "public".to_owned(),
            name: name.to_owned(),
        }
    }

    fn seen(counter: &str, transactions: &str) -> Activity {
        Activity {
            counters: [(table("t"), counter.to_owned())].into(),
            counts: true,
            transactions: transactions.to_owned(),
            ..Activity::default()
        }
    }

    /// At which second it is reached, of looks a second apart.
    fn reached(looks: impl IntoIterator<Item = Activity>) -> Option<usize> {
        let (tables, began) = (HashSet::from([table("t")]), Instant::now());
        let mut stillness = Stillness::new(&tables, Duration::from_secs(5), began);
        looks.into_iter().enumerate().position(|(second, look)| {
            stillness.is_reached(look, began + Duration::from_secs(second as u64))
        })
    }

    #[test]
    fn what_stands_still_is_quiet_after_a_while() {
        assert_eq!(reached((0..20).map(|_| seen("1", "7"))), Some(5));
    }

    #[test]
    fn a_write_begins_the_time_anew() {
        let looks = (0..20).map(|second| seen(if second < 3 { "1" } else { "2" }, "7"));
        assert_eq!(reached(looks), Some(8));
    }

    #[test]
    fn where_others_write_late_counters_are_waited_for() {
        let looks = (0..20).map(|second| seen("1", &second.to_string()));
        assert_eq!(reached(looks), Some(12));
    }

    #[test]
    fn an_open_transaction_is_no_quiet_and_one_on_other_tables_is() {
        let open = |name: &str| Activity {
            locked: vec![table(name)],
            ..seen("1", "7")
        };
        assert_eq!(reached((0..20).map(|_| open("t"))), None);
        assert_eq!(reached((0..20).map(|_| open("other"))), Some(5));
    }

    #[test]
    fn a_server_that_does_not_count_is_quiet_only_when_no_transaction_ends() {
        let uncounted = |counter: usize, transactions: usize| Activity {
            counts: false,
            ..seen(&counter.to_string(), &transactions.to_string())
        };
        assert_eq!(reached((0..20).map(|second| uncounted(second, 7))), Some(5));
        assert_eq!(
            reached((0..20).map(|second| uncounted(second, second))),
            None
        );
    }
}
