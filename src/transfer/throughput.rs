//! Notes how fast rows move, for the report: at most [`MOST`] stretches, however long it takes.

use crate::progress::Progress;
use crate::session::report::{Stretch, Throughput};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// So many stretches are noted at most; with more, two become one.
const MOST: usize = 60;

/// The first stretches' length.
const SHORTEST: Duration = Duration::from_millis(100);

/// Does the work, and notes meanwhile what the step carries.
pub async fn watched<T>(progress: &Progress, work: impl Future<Output = T>) -> (T, Throughput) {
    let began = Instant::now();
    let mut notes = Notes::new(progress.carried());
    let done = tokio::select! {
        done = work => done,
        never = note(progress, began, &mut notes) => match never {},
    };
    let throughput = notes.end(began.elapsed(), progress.carried());
    (done, throughput)
}

async fn note(progress: &Progress, began: Instant, notes: &mut Notes) -> std::convert::Infallible {
    loop {
        sleep_until(began + notes.until()).await;
        notes.mark(progress.carried());
    }
}

/// What had been carried at the end of each stretch.
struct Notes {
    length: Duration,
    before: (u64, u64),
    marks: Vec<(u64, u64)>,
}

impl Notes {
    fn new(before: (u64, u64)) -> Self {
        let (length, marks) = (SHORTEST, Vec::new());
        Self {
            length,
            before,
            marks,
        }
    }

    /// When the next stretch ends, from the beginning on.
    fn until(&self) -> Duration {
        // At most MOST.
        let next = u32::try_from(self.marks.len() + 1).unwrap_or(u32::MAX);
        self.length.saturating_mul(next)
    }

    fn mark(&mut self, carried: (u64, u64)) {
        self.marks.push(carried);
        if self.marks.len() == MOST {
            let ends = self.marks.iter().skip(1).step_by(2);
            self.marks = ends.copied().collect();
            self.length *= 2;
        }
    }

    fn end(mut self, elapsed: Duration, carried: (u64, u64)) -> Throughput {
        // A rest that is too short to tell a rate by belongs to the stretch before.
        if elapsed < self.ended() + self.length / 2 {
            self.marks.pop();
        }
        let rest = elapsed.saturating_sub(self.ended());
        let lengths = std::iter::repeat_n(self.length, self.marks.len()).chain([rest]);
        let mut last = self.before;
        let ends = self.marks.iter().copied().chain([carried]);
        let stretches = ends.zip(lengths).map(|((rows, bytes), length)| {
            // What a failed attempt took back was never carried.
            let (rows, bytes) = (rows.max(last.0), bytes.max(last.1));
            let stretch = Stretch {
                seconds: length.as_secs_f64(),
                rows: rows - last.0,
                bytes: bytes - last.1,
            };
            last = (rows, bytes);
            stretch
        });
        Throughput {
            stretches: stretches.collect(),
        }
    }

    /// When the last whole stretch ended.
    fn ended(&self) -> Duration {
        self.until().saturating_sub(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_takes_there_are_few_stretches_and_nothing_is_lost() {
        let mut notes = Notes::new((7, 70));
        for rows in 1..=200 {
            notes.mark((7 + rows, 70 + 10 * rows));
        }
        let until = notes.until();
        let throughput = notes.end(until, (307, 3070));
        assert!((MOST / 2..=MOST).contains(&throughput.stretches.len()));
        let all = throughput.in_all();
        assert_eq!((all.rows, all.bytes), (300, 3000));
        assert!((all.seconds - until.as_secs_f64()).abs() < 1e-6);
        let first = throughput.stretches[0];
        assert!((first.rows_per_second() - 10.0).abs() < 1e-6, "{first:?}");
    }

    #[test]
    fn what_an_attempt_took_back_does_not_count() {
        let mut notes = Notes::new((0, 0));
        for rows in [5, 9, 4, 6] {
            notes.mark((rows, 0));
        }
        let throughput = notes.end(SHORTEST * 4, (12, 0));
        let rows: Vec<u64> = throughput.stretches.iter().map(|one| one.rows).collect();
        assert_eq!(rows, [5, 4, 0, 3]);
    }
}
