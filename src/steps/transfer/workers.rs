//! How many chunks move, and indexes are built, at a time.

use crate::postgres::{Connection, count};
use crate::session::Step;
use crate::session::report::Report;
use crate::steps::{Error, Work};
use crate::transfer::Most;

/// Chunks at a time when the configuration does not say: more than that gains little, and Neon's
/// smallest compute has about a hundred connections for everybody.
const MOST_WORKERS: usize = 8;

/// A road is long when a question takes longer than this to be answered; then there are this many
/// workers.
const LONG_ROAD_MS: f64 = 5.0;
const MOST_FAR_WORKERS: usize = 48;

/// Connections to the source besides the workers': the holder of the snapshot, pg_dump, those that
/// look around.
const SOURCE_NEEDS: u32 = 5;

/// Connections to the target besides the workers': two that plan and finish, large objects, what
/// watches the builds, small tables' parcels.
const TARGET_NEEDS: u32 = 9;

/// How many transactions and builds there are at a time.
pub(super) struct Workers {
    /// Transactions that carry rows.
    pub(super) rows: usize,
    /// Indexes.
    pub(super) indexes: usize,
    /// Up to how many transactions a person may ask for.
    pub(super) most: Most,
}

impl Workers {
    /// As many as there are cores, when the configuration does not say; on a long road more, since
    /// most of the time each waits for an answer. Never more than the servers have connections for:
    /// half of what the target has free stays with others.
    pub(super) async fn of(
        work: Work<'_>,
        source: &Connection,
        target: &Connection,
    ) -> Result<Self, Error> {
        let (at_source, at_target) = tokio::try_join!(
            count::free_connections(source),
            count::free_connections(target)
        )?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let usual = cores.clamp(2, MOST_WORKERS);
        let there = (at_target / 2).saturating_sub(TARGET_NEEDS) as usize;
        let (rows, indexes) = match work.context.config.transfer.jobs {
            Some(jobs) => (jobs, jobs),
            None => {
                let is_long = matches!(work.session.report(Step::Connections),
                    Some(Report::Connections(found)) if found.target.round_trip_ms > LONG_ROAD_MS);
                let rows = if is_long { MOST_FAR_WORKERS } else { usual };
                (rows, usual.min(there / 3).max(1))
            }
        };
        let here = at_source.saturating_sub(SOURCE_NEEDS) as usize;
        let room = there.saturating_sub(indexes);
        let (side, free) = match here < room {
            true => ("source", at_source),
            false => ("target", at_target),
        };
        let most = here.min(room).max(1);
        let why = format!("when it began, the {side} had {free} connections free for everybody");
        let rows = match work.context.config.transfer.jobs {
            Some(jobs) => jobs,
            None => rows.min(most),
        };
        let workers = most.max(rows);
        Ok(Self {
            rows,
            indexes,
            most: Most { workers, why },
        })
    }
}
