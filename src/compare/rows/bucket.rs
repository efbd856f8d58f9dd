//! Buckets: a table's rows in some thousand groups that both sides form alike. Where a group's
//! count or sum differs, the rows that differ are among its own.

use crate::compare::hash::Content;
use std::collections::HashMap;

/// Integer keys that stand together are in the same bucket, so that its rows can be read through an
/// index: 4,096 of them.
pub(super) const KEYS_TOGETHER: u32 = 12;

/// The fewest and the most buckets: what a query groups by, and what is held here of a table.
const FEWEST: u64 = 1 << 10;
const MOST: u64 = 1 << 14;

/// Rows that are sorted by one statement: a server does it in memory, or not far from that.
const BATCH_ROWS: u64 = 500_000;

/// Buckets that are named in one statement.
const BATCH_BUCKETS: usize = 128;

/// A bucket's rows on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) content: Content,
    /// The least of what the rows are put into buckets by.
    pub(super) first: i64,
    /// The greatest of it.
    pub(super) last: i64,
}

/// Buckets by their numbers.
pub(super) type Buckets = HashMap<i64, Bucket>;

/// Which numbers there are: from 0 up to and with this, all its bits set.
pub(super) fn mask(rows: u64) -> u64 {
    let wanted = (rows >> KEYS_TOGETHER).max(1).next_power_of_two();
    wanted.clamp(FEWEST, MOST) - 1
}

/// Adds the buckets of another part of the table.
pub(super) fn add(all: &mut Buckets, part: Buckets) {
    for (number, bucket) in part {
        let known = all.entry(number).or_insert(Bucket {
            content: Content::default(),
            ..bucket
        });
        known.content += bucket.content;
        known.first = known.first.min(bucket.first);
        known.last = known.last.max(bucket.last);
    }
}

/// A bucket that is not the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Differing {
    pub(super) number: i64,
    /// From the least to the greatest of both sides.
    pub(super) first: i64,
    pub(super) last: i64,
    /// Of the side with more.
    rows: u64,
}

/// The buckets that are not the same on both sides, in the order of their numbers.
pub(super) fn differing(left: &Buckets, right: &Buckets) -> Vec<Differing> {
    let mut numbers: Vec<i64> = left.keys().chain(right.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |number| {
        let both = (left.get(&number), right.get(&number));
        let (one, other) = match both {
            (Some(left), Some(right)) if left.content == right.content => return None,
            (Some(left), Some(right)) => (left, right),
            (Some(one), None) | (None, Some(one)) => (one, one),
            (None, None) => return None,
        };
        Some(Differing {
            number,
            first: one.first.min(other.first),
            last: one.last.max(other.last),
            rows: one.content.rows.max(other.content.rows),
        })
    };
    numbers.into_iter().filter_map(of).collect()
}

/// Buckets whose rows are looked at by one statement a side.
pub(super) fn batches(buckets: &[Differing]) -> Vec<&[Differing]> {
    let mut batches = Vec::new();
    let (mut begin, mut rows) = (0, 0);
    for (at, bucket) in buckets.iter().enumerate() {
        let is_full = rows + bucket.rows > BATCH_ROWS || at - begin == BATCH_BUCKETS;
        if at > begin && is_full {
            batches.push(&buckets[begin..at]);
            (begin, rows) = (at, 0);
        }
        rows += bucket.rows;
    }
    if begin < buckets.len() {
        batches.push(&buckets[begin..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(rows: u64, sum: i128) -> Bucket {
        Bucket {
            content: Content { rows, sum },
            first: 0,
            last: 9,
        }
    }

    #[test]
    fn only_what_differs_is_left() {
        let left = Buckets::from([(1, bucket(5, 7)), (2, bucket(5, 7)), (3, bucket(1, 1))]);
        let right = Buckets::from([(1, bucket(5, 7)), (2, bucket(5, 8)), (4, bucket(2, 2))]);
        let found = differing(&left, &right);
        let told: Vec<_> = found
            .iter()
            .map(|found| (found.number, found.rows))
            .collect();
        assert_eq!(told, [(2, 5), (3, 1), (4, 2)]);
    }

    #[test]
    fn parts_add_up() {
        let mut all = Buckets::from([(1, bucket(5, 7))]);
        let more = Bucket {
            first: -3,
            ..bucket(1, -10)
        };
        add(&mut all, Buckets::from([(1, more)]));
        assert_eq!(all[&1].content, Content { rows: 6, sum: -3 });
        assert_eq!((all[&1].first, all[&1].last), (-3, 9));
    }

    #[test]
    fn a_batch_is_bounded_and_none_is_lost() {
        let many: Buckets = (0..1000).map(|n| (n, bucket(90_000, 1))).collect();
        let found = differing(&many, &Buckets::new());
        let batches = batches(&found);
        assert!(batches.iter().all(|batch| batch.len() <= 5));
        assert_eq!(batches.concat(), found);
        let few: Buckets = (0..1000).map(|n| (n, bucket(1, 1))).collect();
        let found = differing(&few, &Buckets::new());
        assert_eq!(super::batches(&found)[0].len(), BATCH_BUCKETS);
    }

    #[test]
    fn there_are_never_too_many() {
        assert_eq!(mask(0), 1023);
        assert_eq!(mask(1_500_000), 1023);
        assert_eq!(mask(u64::MAX), 16_383);
    }
}
