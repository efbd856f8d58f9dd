//! Small tables put together that share a transaction: on a long road one of its own would cost
//! each several round trips.

use super::resume::Job;
use crate::source::Range;

/// Whole tables below this many bytes travel together.
const SMALL: u64 = 1 << 20;

/// About so many bytes are in one transaction of small tables: what has to be done again when it
/// fails.
const MOST_BYTES: u64 = 8 << 20;

/// So many small tables are in one transaction at most: each is a lock and a prepared statement.
const MOST_CHUNKS: usize = 64;

/// Deals the jobs out: each large one alone, the small ones in parcels of about the same size,
/// one a worker unless they get too large. Expects the largest job first and leaves it there.
pub(super) fn batches(jobs: Vec<Job>, workers: usize) -> Vec<Vec<Job>> {
    let is_small = |job: &Job| job.range == Range::Whole && job.weight < SMALL;
    let (small, large): (Vec<_>, Vec<_>) = jobs.into_iter().partition(is_small);
    let bytes: u64 = small.iter().map(|job| job.weight).sum();
    let by_bytes = usize::try_from(bytes.div_ceil(MOST_BYTES)).unwrap_or(usize::MAX);
    let parcels = by_bytes
        .max(small.len().div_ceil(MOST_CHUNKS))
        .max(workers)
        .min(small.len());
    let mut dealt: Vec<Vec<Job>> = (0..parcels).map(|_| Vec::new()).collect();
    for (number, job) in small.into_iter().enumerate() {
        dealt[number % parcels].push(job);
    }
    large
        .into_iter()
        .map(|job| vec![job])
        .chain(dealt)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::catalogue::TableName;
    use crate::progress::Progress;
    use crate::source::{Format, Shipment};
    use crate::target::ChunkKey;
    use crate::transfer::resume::TableWork;
    use std::sync::Arc;

    fn job(number: i32, range: Range, weight: u64) -> Job {
        let table = TableName {
            schema: "s".into(),
            name: "t".into(),
        };
        let shipment = Shipment {
            table: table.clone(),
            columns: Vec::new(),
            format: Format::Binary,
            routed: false,
            condition: None,
        };
        let meter = Progress::default().meter("t", 0, 0);
        Job {
            key: ChunkKey { table, number },
            range,
            work: Arc::new(TableWork::new(shipment, meter, 1, false)),
            weight,
        }
    }

    fn sizes(jobs: Vec<Job>, workers: usize) -> Vec<usize> {
        let batches = batches(jobs, workers);
        batches.iter().map(Vec::len).collect()
    }

    #[test]
    fn large_chunks_go_alone_and_first_small_tables_are_dealt_out_evenly() {
        let part = Range::Blocks {
            from: 0,
            until: None,
        };
        let mut jobs = vec![
            job(0, Range::Whole, SMALL),
            // A chunk of a large table is never put together with others, however small it is.
            job(1, part, 1),
        ];
        jobs.extend((2..9).map(|number| job(number, Range::Whole, 10)));
        assert_eq!(sizes(jobs, 3), [1, 1, 3, 2, 2]);
    }

    #[test]
    fn a_batch_has_few_tables_and_few_bytes() {
        let tables = |count, weight| (0..count).map(move |n| job(n, Range::Whole, weight));
        let many = sizes(tables(1000, 10).collect(), 2);
        assert!(many.iter().all(|size| *size <= MOST_CHUNKS), "{many:?}");
        let heavy = sizes(tables(100, SMALL - 1).collect(), 2);
        assert!(heavy.iter().all(|size| *size <= 9), "{heavy:?}");
        assert_eq!(heavy.iter().sum::<usize>(), 100, "{heavy:?}");
    }
}
