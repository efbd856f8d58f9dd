//! How fast the work goes, and how long it will take when that can be believed.

use std::collections::VecDeque;

/// How fast it goes and, once that is steady, how long it will take.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    points: VecDeque<(f64, u64, u64)>,
}

/// Seconds over which the rate is taken.
const PACE_WINDOW: f64 = 5.0;
/// Seconds before an ETA is believed.
const PACE_STEADY: f64 = 4.0;

impl Pace {
    /// Takes in that `rows` and `bytes` were done after `seconds` of work.
    pub fn feed(&mut self, seconds: f64, rows: u64, bytes: u64) {
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

    /// Seconds that the rest will take, only when both halves of the window agree within half:
    /// an ETA that jumps is worse than none.
    pub fn eta(&self, rows_left: u64) -> Option<f64> {
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
        let steady = early > 0.0 && late > 0.0 && (early / late).max(late / early) < 1.5;
        steady.then(|| rows_left as f64 / late.min(early))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eta_is_given_only_when_the_pace_is_steady() {
        let mut pace = Pace::default();
        (0..=20u32).for_each(|n| pace.feed(f64::from(n) * 0.1, u64::from(n) * 10, 0));
        assert_eq!(pace.eta(100), None, "too early");
        (21..=60u32).for_each(|n| pace.feed(f64::from(n) * 0.1, u64::from(n) * 10, 0));
        assert!((pace.eta(100).unwrap() - 1.0).abs() < 0.05);
        (61..=85u32).for_each(|n| pace.feed(f64::from(n) * 0.1, 600, 0));
        assert_eq!(pace.eta(100), None, "it has come to a stand");
    }
}
