//! Meters: work bumps atomic counters, front ends sample them a few times a second.
//! No message is sent for each row, and no front end can slow the work down.

mod meter;
mod pace;
mod pool;

pub use meter::{Lap, Meter, MeterSample, Stage};
pub use pace::Pace;
pub use pool::Pool;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many notes are kept; older ones are dropped (they stand in the log).
const NOTES_KEPT: usize = 500;

/// How serious a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Info,
    /// Needs a look: a retry, a notice from the server, something left out.
    Warning,
}

/// A line for the messages pane and for the plain output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How serious.
    pub tone: Tone,
    /// One line. Never a row's value or a secret.
    pub text: String,
}

#[derive(Debug, Default)]
struct Board {
    activity: String,
    meters: Vec<Arc<Meter>>,
    pool: Pool,
    retries: u64,
    notes: VecDeque<Note>,
    notes_seen: u64,
    /// The share of all that was shown last, in thousandths.
    reached: u32,
}

/// Everything that the running step shows. Cheap to clone; all clones are the same board.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Board>>);

impl Progress {
    fn board(&self) -> MutexGuard<'_, Board> {
        // A panic while holding the lock leaves whole values behind: they may be read.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step begins: its live line; nothing of the step before stays but its notes.
    pub fn start(&self, activity: impl Into<String>) {
        self.begin(activity);
        let mut board = self.board();
        (board.pool, board.retries, board.reached) = (Pool::default(), 0, 0);
    }

    /// Changes who is at work.
    pub fn pool(&self, change: impl FnOnce(&mut Pool)) {
        change(&mut self.board().pool);
    }

    /// Something failed and is tried again.
    pub fn retry(&self) {
        self.board().retries += 1;
    }

    /// Begins a new stage of work: its live line; the meters of the stage before go.
    pub fn begin(&self, activity: impl Into<String>) {
        let mut board = self.board();
        board.activity = activity.into();
        board.meters.clear();
    }

    /// Changes the live line.
    pub fn activity(&self, text: impl Into<String>) {
        self.board().activity = text.into();
    }

    /// Adds a meter for rows and bytes; a total of 0 means unknown.
    pub fn meter(&self, label: &str, rows_total: u64, bytes_total: u64) -> Arc<Meter> {
        self.add(Meter::new(label, "row", rows_total, bytes_total))
    }

    /// Adds a meter for what reads a table's rows once more to build something of them: an index.
    pub fn index(&self, label: &str, rows_total: u64) -> Arc<Meter> {
        self.add(Meter::new(label, meter::INDEX_ROW, rows_total, 0))
    }

    /// Adds a meter for work that goes table by table.
    pub fn tables(&self, label: &str, total: u64) -> Arc<Meter> {
        self.add(Meter::new(label, "table", total, 0))
    }

    /// Adds a meter for definitions that are made: constraints, sequences, views.
    pub fn definitions(&self, label: &str, total: u64) -> Arc<Meter> {
        self.add(Meter::new(label, "definition", total, 0))
    }

    /// Adds a meter for probes of a target in use.
    pub fn probes(&self, label: &str, total: u64) -> Arc<Meter> {
        self.add(Meter::new(label, "probe", total, 0))
    }

    /// Adds a meter for large objects and their bytes.
    pub fn objects(&self, label: &str, total: u64) -> Arc<Meter> {
        self.add(Meter::new(label, "object", total, 0))
    }

    fn add(&self, meter: Meter) -> Arc<Meter> {
        let meter = Arc::new(meter);
        self.board().meters.push(Arc::clone(&meter));
        meter
    }

    /// Leaves a line for the messages, and in the log.
    pub fn note(&self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        match tone {
            Tone::Info => tracing::info!("{text}"),
            Tone::Warning => tracing::warn!("{text}"),
        }
        let mut board = self.board();
        board.notes.push_back(Note { tone, text });
        board.notes_seen += 1;
        if board.notes.len() > NOTES_KEPT {
            board.notes.pop_front();
        }
    }

    /// The board at this moment.
    pub fn sample(&self) -> Sample {
        let mut board = self.board();
        let mut sample = Sample {
            activity: board.activity.clone(),
            meters: board.meters.iter().map(|meter| meter.sample()).collect(),
            pool: board.pool,
            retries: board.retries,
            reached: board.reached,
        };
        let share = sample.share().unwrap_or_default();
        // Rounded down: it is below 1 until all is done.
        sample.reached = board.reached.max((share * 1000.0) as u32);
        board.reached = sample.reached;
        sample
    }

    /// The notes that came after the first `seen` ones, and how many there have been in all.
    pub fn notes_after(&self, seen: u64) -> (Vec<Note>, u64) {
        let board = self.board();
        let fresh = usize::try_from(board.notes_seen.saturating_sub(seen)).unwrap_or(usize::MAX);
        let skip = board.notes.len().saturating_sub(fresh);
        (
            board.notes.iter().skip(skip).cloned().collect(),
            board.notes_seen,
        )
    }
}

/// The board at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// The live line: what happens now.
    pub activity: String,
    /// The gauges, in the order in which they were added.
    pub meters: Vec<MeterSample>,
    /// Who is at work.
    pub pool: Pool,
    /// What failed in this step so far and was tried again.
    pub retries: u64,
    /// The share of all work that was reached in this step already, in thousandths.
    pub reached: u32,
}

/// What each kind of a transfer's work counts in all: what of it there is to build is known only
/// when rows move already.
const WEIGHTS: [(&[&str], f64); 3] = [
    (&["row", "object"], 0.5),
    (&["index row", "table"], 0.45),
    (&["definition"], 0.05),
];

impl Sample {
    /// The share of all work, 0 to 1, below 1 until every meter is done; `None` when no total is
    /// known. It never falls while a step runs: of a transfer, rows count a half and what is built on
    /// them the other, whenever its meters come; what was reached once stays.
    pub fn share(&self) -> Option<f64> {
        let meters = || self.meters.iter();
        let reached = f64::from(self.reached) / 1000.0;
        if self.pool.wanted == 0 {
            let share = share_of(&meters().collect::<Vec<_>>());
            return share.map(|share| share.max(reached));
        }
        let of_kind = |nouns: &[&str]| {
            let some: Vec<_> = meters()
                .filter(|meter| nouns.contains(&meter.noun))
                .collect();
            (!some.is_empty()).then(|| share_of(&some).unwrap_or_default())
        };
        let shares = WEIGHTS.map(|(nouns, weight)| (of_kind(nouns), weight));
        let no_rows = shares[0].0.is_none();
        if shares.iter().all(|(share, _)| share.is_none()) {
            return None;
        }
        let counted = shares.iter().skip(usize::from(no_rows));
        let (done, all) = counted.fold((0.0, 0.0), |(done, all), (share, weight)| {
            (done + share.unwrap_or_default() * weight, all + weight)
        });
        Some((done / all).min(0.999).max(reached))
    }

    /// All meters that count the same thing as one, in the order in which they came: rows, index
    /// rows, tables. Each is done only when all of its meters are.
    pub fn kinds(&self) -> Vec<MeterSample> {
        let mut kinds: Vec<MeterSample> = Vec::new();
        for meter in &self.meters {
            match kinds.iter_mut().find(|kind| kind.noun == meter.noun) {
                None => kinds.push(meter.clone()),
                Some(kind) => {
                    kind.rows += meter.rows;
                    kind.rows_total += meter.rows_total;
                    kind.bytes += meter.bytes;
                    kind.bytes_total += meter.bytes_total;
                    if kind.stage != meter.stage {
                        kind.stage = Stage::Working;
                    }
                }
            }
        }
        kinds
    }

    /// The first kind that is not done, at work; when all are, the first one.
    pub fn in_all(&self) -> MeterSample {
        let mut kinds = self.kinds();
        match kinds.iter().position(|kind| kind.stage != Stage::Done) {
            Some(at) => MeterSample {
                stage: Stage::Working,
                ..kinds.swap_remove(at)
            },
            None if kinds.is_empty() => Meter::new("", "row", 0, 0).sample(),
            None => kinds.swap_remove(0),
        }
    }
}

/// The share of these meters' work, below 1 until every one is done.
fn share_of(meters: &[&MeterSample]) -> Option<f64> {
    if !meters.is_empty() && meters.iter().all(|meter| meter.stage == Stage::Done) {
        return Some(1.0);
    }
    // Bytes count only where nothing else does: they and rows do not add up.
    let by_rows = meters.iter().any(|meter| meter.rows_total > 0);
    let units = |meter: &MeterSample| match by_rows {
        true => (meter.rows.min(meter.rows_total), meter.rows_total),
        false => (meter.bytes.min(meter.bytes_total), meter.bytes_total),
    };
    let whole = |meter: &MeterSample| match (units(meter), meter.stage) {
        ((_, total), Stage::Done) => (total, total),
        (counted, _) => counted,
    };
    let sums = meters.iter().map(|meter| whole(meter));
    let (done, total) = sums.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    (total > 0).then(|| (done as f64 / total as f64).min(0.999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_full_only_when_the_work_is_done() {
        let progress = Progress::default();
        let meter = progress.meter("t", 10, 0);
        meter.begin();
        meter.add(12, 100);
        assert_eq!(progress.sample().meters[0].share(), Some(0.999));
        meter.finish();
        assert_eq!(progress.sample().in_all().share(), Some(1.0));
        assert_eq!(progress.sample().share(), Some(1.0));
    }

    #[test]
    fn the_share_of_all_does_not_fall_when_indexes_follow_rows() {
        let progress = Progress::default();
        let (rows, index) = (progress.meter("t", 100, 0), progress.index("i", 300));
        progress.meter("without rows", 0, 8192).finish();
        assert_eq!(progress.sample().share(), Some(0.0));
        rows.begin();
        rows.add(100, 0);
        rows.finish();
        assert_eq!(progress.sample().share(), Some(0.25));
        index.begin();
        index.set(150, 300);
        assert_eq!(progress.sample().share(), Some(0.625));
        let nouns: Vec<&str> = progress
            .sample()
            .kinds()
            .iter()
            .map(|kind| kind.noun)
            .collect();
        assert_eq!(nouns, ["row", "index row"]);
        assert_eq!(progress.sample().in_all().noun, "index row");
    }

    #[test]
    fn the_share_of_a_transfer_never_falls_when_builds_come_to_be_known() {
        let progress = Progress::default();
        progress.pool(|pool| pool.wanted = 2);
        let rows = progress.meter("t", 1000, 0);
        rows.begin();
        rows.add(957, 0);
        let mut before = progress.sample().share().unwrap();
        assert!((0.4..0.5).contains(&before), "builds are to come: {before}");
        let index = progress.index("i", 140_000);
        let mut not_below = |what: &str| {
            let now = progress.sample().share().unwrap();
            assert!(now >= before && now < 1.0, "{what}: {now} after {before}");
            before = now;
        };
        not_below("an index is known");
        rows.finish();
        index.begin();
        index.set(70_000, 140_000);
        not_below("it is half built");
        index.finish();
        let first = progress.definitions("constraints", 4);
        first.set(4, 4);
        not_below("definitions");
        first.finish();
        let second = progress.definitions("foreign keys", 12);
        not_below("more of them");
        progress.begin("Planning what has to be copied again");
        progress.meter("t", 1000, 0).begin();
        not_below("a second round");
        second.finish();
        progress.start("another step");
        assert_eq!(progress.sample().share(), None);
    }

    #[test]
    fn a_table_without_a_known_total_has_no_share() {
        let progress = Progress::default();
        let meter = progress.meter("t", 0, 0);
        meter.begin();
        assert_eq!(progress.sample().meters[0].share(), None);
    }

    #[test]
    fn rows_and_index_rows_are_not_added_up() {
        let progress = Progress::default();
        let rows = progress.meter("t", 10, 0);
        progress.index("t_pkey", 10).add(4, 0);
        rows.add(3, 0);
        assert_eq!(progress.sample().in_all().rows, 3);
        rows.finish();
        let all = progress.sample().in_all();
        assert_eq!(
            (all.noun, all.rows, all.stage),
            ("index row", 4, Stage::Working)
        );
    }

    #[test]
    fn an_attempt_that_failed_is_not_counted() {
        let progress = Progress::default();
        let meter = progress.meter("t", 10, 0);
        let mut kept = Lap::new(&meter);
        kept.add(3, 30);
        kept.keep();
        let mut failed = Lap::new(&meter);
        failed.add(4, 40);
        drop(failed);
        let sample = progress.sample();
        assert_eq!((sample.meters[0].rows, sample.meters[0].bytes), (3, 30));
    }

    #[test]
    fn notes_are_read_once_and_are_bounded() {
        let progress = Progress::default();
        (0..NOTES_KEPT + 3).for_each(|n| progress.note(Tone::Info, format!("note {n}")));
        let (first, seen) = progress.notes_after(0);
        assert_eq!(
            (first.len(), first[0].text.as_str()),
            (NOTES_KEPT, "note 3")
        );
        progress.note(Tone::Warning, "last");
        assert_eq!(progress.notes_after(seen).0.len(), 1);
    }
}
