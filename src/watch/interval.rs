//! What happened between two probes: differences of counters, which may have begun anew meanwhile.

use crate::session::report::{Sample, Statement};

/// What was counted between two probes.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Transactions committed.
    pub commits: u64,
    /// Transactions rolled back.
    pub rollbacks: u64,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Sessions that a fatal error ended, where that is counted.
    pub fatal: Option<u64>,
    /// Blocks found in the cache.
    pub hits: u64,
    /// Blocks that were not.
    pub reads: u64,
}

impl Interval {
    /// Between two samples. Counters that began anew (Neon's do whenever the compute has slept)
    /// count from there.
    pub fn between(before: &Sample, now: &Sample) -> Self {
        let anew = before.counted_since != now.counted_since;
        let passed = |before: u64, now: u64| match anew || now < before {
            true => now,
            false => now - before,
        };
        Self {
            commits: passed(before.commits, now.commits),
            rollbacks: passed(before.rollbacks, now.rollbacks),
            deadlocks: passed(before.deadlocks, now.deadlocks),
            fatal: now
                .fatal
                .map(|now| passed(before.fatal.unwrap_or_default(), now)),
            hits: passed(before.hits, now.hits),
            reads: passed(before.reads, now.reads),
        }
    }

    /// The share of transactions that were rolled back; `None` when there were none.
    pub fn rolled_back(&self) -> Option<f64> {
        share(self.rollbacks, self.commits)
    }

    /// The share of blocks that were found in the cache; `None` when none were asked for.
    pub fn hit(&self) -> Option<f64> {
        share(self.hits, self.reads)
    }
}

fn share(of: u64, rest: u64) -> Option<f64> {
    let all = of + rest;
    (all > 0).then(|| of as f64 / all as f64)
}

/// The statement that was slowest on average between two probes, with that average in milliseconds.
/// One that was not among the listed before has its own whole average.
pub(super) fn slowest<'a>(
    before: &[Statement],
    now: &'a [Statement],
) -> Option<(&'a Statement, f64)> {
    let averages = now.iter().filter_map(|statement| {
        let earlier = before.iter().find(|before| before.id == statement.id);
        // Reset meanwhile, it counts from there.
        let earlier = earlier.filter(|before| before.calls <= statement.calls);
        let (calls, total) = earlier.map_or((0, 0.0), |before| (before.calls, before.total_ms));
        let calls = statement.calls - calls;
        (calls > 0).then(|| {
            let average = (statement.total_ms - total).max(0.0) / calls as f64;
            (statement, average)
        })
    });
    averages.max_by(|one, other| one.1.total_cmp(&other.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::threshold::tests::sample;
    use proptest::prelude::*;

    #[test]
    fn counters_that_began_anew_count_from_there() {
        let before = Sample {
            commits: 100,
            rollbacks: 50,
            ..sample(0)
        };
        let now = Sample {
            commits: 110,
            rollbacks: 51,
            ..sample(60)
        };
        assert_eq!(Interval::between(&before, &now).rollbacks, 1);
        let woken = Sample {
            counted_since: "later".into(),
            ..now.clone()
        };
        let interval = Interval::between(&before, &woken);
        assert_eq!((interval.commits, interval.rollbacks), (110, 51));
        assert_eq!(Interval::between(&now, &now).rolled_back(), None);
    }

    #[test]
    fn a_statement_is_slow_by_what_it_took_since_the_probe_before() {
        let statement = |calls, total_ms| Statement {
            id: "7".into(),
            calls,
            total_ms,
            text: "SELECT $1".into(),
        };
        let (before, now) = ([statement(1, 60_000.0)], [statement(11, 60_100.0)]);
        let (_, average) = slowest(&before, &now).unwrap();
        assert!((average - 10.0).abs() < 0.001, "{average}");
        assert_eq!(slowest(&now, &now), None, "it did not run");
        assert!((slowest(&[], &now).unwrap().1 - 5463.6).abs() < 0.1);
    }

    proptest! {
        #[test]
        fn no_interval_is_negative(before in any::<[u32; 4]>(), now in any::<[u32; 4]>(), reset in any::<bool>()) {
            let of = |[commits, rollbacks, hits, reads]: [u32; 4], since: &str| Sample {
                commits: commits.into(),
                rollbacks: rollbacks.into(),
                hits: hits.into(),
                reads: reads.into(),
                counted_since: since.into(),
                ..sample(0)
            };
            let (before, now) = (of(before, "a"), of(now, if reset { "b" } else { "a" }));
            let interval = Interval::between(&before, &now);
            prop_assert!(interval.commits <= now.commits && interval.reads <= now.reads);
            for share in [interval.hit(), interval.rolled_back()].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}
