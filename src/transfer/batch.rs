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
