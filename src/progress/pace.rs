//! How fast the work goes, and how long it will take when that can be believed.

use std::collections::VecDeque;

/// How fast it goes and, once that is steady, how long it will take.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    points: VecDeque<(f64, u64, u64)>,
    /// When it was looked at lately, and the end that was foreseen then.
    ends: VecDeque<(f64, f64)>,
}

/// Seconds over which the rate is taken.
const PACE_WINDOW: f64 = 5.0;
/// Seconds before an ETA is believed.
const PACE_STEADY: f64 = 4.0;
/// Seconds for which an end that was foreseen is held against a later one.
const PACE_MEMORY: f64 = 10.0;
/// An end may move away by this share of the time that is left; more, and the time left would grow.
const PACE_SLACK: f64 = 0.15;

impl Pace {
    /// Takes in that `rows` and `bytes` were done after `seconds` of work, and how many rows are
    /// left.
    pub fn feed(&mut self, seconds: f64, (rows, bytes): (u64, u64), left: u64) {
        if self.points.back().is_some_and(|&(_, last, _)| rows < last) {
            self.points.clear();
        }
        self.points.push_back((seconds, rows, bytes));
        while self
            .points
            .front()
            .is_some_and(|&(at, ..)| seconds - at > PACE_WINDOW)
        {
            self.points.pop_front();
        }
        while self
            .ends
            .front()
            .is_some_and(|&(at, _)| seconds - at > PACE_MEMORY)
        {
            self.ends.pop_front();
        }
        if let Some(eta) = self.steady(left) {
            self.ends.push_back((seconds, seconds + eta));
        }
    }

    /// Rows and bytes a second over the last seconds; `None` before two samples.
    pub fn rate(&self) -> Option<(f64, f64)> {
        let (&(t0, rows0, bytes0), &(t1, rows1, bytes1)) =
            (self.points.front()?, self.points.back()?);
        let span = t1 - t0;
        (span > 0.0).then(|| {
            (
                rows1.saturating_sub(rows0) as f64 / span,
                bytes1.saturating_sub(bytes0) as f64 / span,
            )
        })
    }

    /// Seconds that the rest will take. Only while the pace is steady, and while the end that is
    /// foreseen does not move away: an ETA that jumps or grows is worse than none.
    pub fn eta(&self) -> Option<f64> {
        let (&(now, _, _), &(at, end)) = (self.points.back()?, self.ends.back()?);
        let eta = end - now;
        let slack = (PACE_SLACK * eta).max(2.0);
        let grows = self.ends.iter().any(|(_, before)| end - before > slack);
        (at == now && eta > 0.0 && !grows).then_some(eta)
    }

    /// Seconds for what is left, when both halves of the window agree within half.
    fn steady(&self, rows_left: u64) -> Option<f64> {
        let (&(t0, rows0, _), &(t1, rows1, _)) = (self.points.front()?, self.points.back()?);
        if t1 - t0 < PACE_STEADY {
            return None;
        }
        let &(tm, rowsm, _) = self
            .points
            .iter()
            .find(|&&(at, ..)| at - t0 >= (t1 - t0) / 2.0)?;
        let (early, late) = (
            (rowsm - rows0) as f64 / (tm - t0),
            (rows1 - rowsm) as f64 / (t1 - tm),
        );
        let steady =
            rows_left > 0 && early > 0.0 && late > 0.0 && (early / late).max(late / early) < 1.5;
        steady.then(|| rows_left as f64 / late.min(early))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `rows` a tenth of a second between these tenths, of a million.
    fn feed(pace: &mut Pace, tenths: std::ops::Range<u64>, mut done: u64, rows: u64) -> u64 {
        for tenth in tenths {
            done += rows;
            pace.feed(tenth as f64 / 10.0, (done, 0), 1_000_000 - done);
        }
        done
    }

    #[test]
    fn an_eta_is_given_only_when_the_pace_is_steady() {
        let mut pace = Pace::default();
        let done = feed(&mut pace, 0..20, 0, 1000);
        assert_eq!(pace.eta(), None, "too early");
        let done = feed(&mut pace, 20..60, done, 1000);
        assert!((pace.eta().unwrap() - 94.0).abs() < 0.5, "{:?}", pace.eta());
        feed(&mut pace, 60..85, done, 0);
        assert_eq!(pace.eta(), None, "it has come to a stand");
    }

    #[test]
    fn an_eta_that_grows_is_hidden_until_it_is_steady_again() {
        let mut pace = Pace::default();
        let mut done = feed(&mut pace, 0..100, 0, 1000);
        let mut shown: Vec<(u64, f64)> = Vec::new();
        for tenth in 100..400 {
            // It slows down by and by, never fast enough to be unsteady.
            let rows = if tenth < 200 {
                1000 - (tenth - 100) * 5
            } else {
                500
            };
            done = feed(&mut pace, tenth..tenth + 1, done, rows);
            shown.extend(pace.eta().map(|eta| (tenth, eta)));
        }
        let grown = shown
            .windows(2)
            .filter(|two| two[1].1 > two[0].1 * 1.16 + 2.0);
        // Only where it was hidden between.
        for two in grown {
            assert!(two[1].0 - two[0].0 > 1, "{two:?}");
        }
        assert!(shown.iter().any(|(tenth, _)| *tenth > 350), "steady again");
        let amid = shown.iter().filter(|(tenth, _)| (150..250).contains(tenth));
        assert!(amid.count() < 60, "it is hidden while it grows");
    }
}
