//! The server's own word on how far a build is.

use super::build::{Build, Builder};
use std::time::Duration;

/// How often the server is asked.
const WATCH: Duration = Duration::from_millis(300);

/// What `pg_stat_progress_create_index` and `pg_stat_progress_analyze` say of one backend.
struct Reported {
    phase: String,
    blocks: Part,
    tuples: Part,
}

/// So many of so many; 0 in all where that is not known.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    done: u64,
    total: u64,
}

impl Part {
    fn of(self, whole: u64) -> Option<u64> {
        let share = |total: u64| u128::from(self.done) * u128::from(whole) / u128::from(total);
        let share = (self.total > 0).then(|| share(self.total))?;
        Some(u64::try_from(share).unwrap_or(whole).min(whole))
    }
}

impl Reported {
    /// The phase without what goes without saying.
    fn phase(&self) -> &str {
        self.phase
            .strip_prefix("building index: ")
            .unwrap_or(&self.phase)
    }

    /// How many of the table's rows that comes to. Where rows are first gathered and then put into
    /// the index (b-tree, IVFFlat) each is half of the way, so that the gauge never goes back. HNSW
    /// gives no total of tuples: the table's known rows are it.
    fn rows(&self, rows: u64) -> u64 {
        const GATHERING: [&str; 4] = [
            "scanning table",
            "sorting live tuples",
            "sorting dead tuples",
            "assigning tuples",
        ];
        let half = rows / 2;
        if let Some(loaded) = self.tuples.of(rows - half) {
            return half + loaded;
        }
        if self.phase().starts_with("sorting") {
            return half;
        }
        if GATHERING.contains(&self.phase()) {
            return self.blocks.of(half).unwrap_or(0);
        }
        let scanned = self.blocks.of(rows).unwrap_or(0);
        scanned.max(self.tuples.done.min(rows))
    }
}

impl Builder<'_> {
    /// Moves the build's meter along, for ever.
    pub(super) async fn watch<T>(&self, process: i32, build: &Build) -> T {
        loop {
            tokio::time::sleep(WATCH).await;
            // A gauge that stands still is no reason to end the build.
            if let Some(reported) = self.reported(process).await {
                build.meter.phase(reported.phase());
                build.meter.set(reported.rows(build.rows), build.rows);
            }
        }
    }

    async fn reported(&self, process: i32) -> Option<Reported> {
        let (_, watcher) = self.large.as_ref()?;
        let asked = watcher
            .query_opt(
                "SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total
                 FROM pg_stat_progress_create_index WHERE pid = $1
                 UNION ALL
                 SELECT phase, sample_blks_scanned, sample_blks_total, 0, 0
                 FROM pg_stat_progress_analyze WHERE pid = $1 LIMIT 1",
                &[&process],
            )
            .await;
        let row = asked.ok().flatten()?;
        let count = |at: usize| u64::try_from(row.get::<_, i64>(at)).unwrap_or(0);
        let part = |at: usize| Part {
            done: count(at),
            total: count(at + 1),
        };
        Some(Reported {
            phase: row.get(0),
            blocks: part(1),
            tuples: part(3),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::b_tree_scans("building index: scanning table", (5, 10), (0, 0), 250)]
    #[case::b_tree_sorts("building index: sorting live tuples", (0, 0), (0, 0), 500)]
    #[case::b_tree_loads("building index: loading tuples in tree", (0, 0), (400, 800), 750)]
    #[case::ivfflat_assigns("building index: assigning tuples", (10, 10), (0, 0), 500)]
    #[case::ivfflat_loads("building index: loading tuples", (0, 0), (0, 1000), 500)]
    #[case::hnsw("building index: loading tuples", (1, 10), (300, 0), 300)]
    #[case::gin("building index", (10, 10), (0, 0), 1000)]
    #[case::more_than_known("building index: loading tuples", (0, 0), (3000, 0), 1000)]
    #[case::statistics("acquiring sample rows", (1, 4), (0, 0), 250)]
    fn a_gauge_never_goes_back(
        #[case] phase: &str,
        #[case] (done, total): (u64, u64),
        #[case] (tuples, of_tuples): (u64, u64),
        #[case] rows: u64,
    ) {
        let reported = Reported {
            phase: phase.to_owned(),
            blocks: Part { done, total },
            tuples: Part {
                done: tuples,
                total: of_tuples,
            },
        };
        assert_eq!(reported.rows(1000), rows);
    }
}
