//! The pace of the work: fed with samples, it says how fast each meter goes and for how long.

use crate::figures;
use crate::progress::{MeterSample, Pace, Sample, Stage};
use std::collections::VecDeque;

/// Seconds between two points of a sparkline.
const POINT: f64 = 0.5;

/// Points that are kept for it.
const POINTS: usize = 120;

/// One meter over time. Seconds count from the start of the step.
#[derive(Debug, Clone, Default)]
struct Track {
    label: String,
    pace: Pace,
    recent: Recent,
    began: Option<f64>,
    ended: Option<f64>,
}

/// How fast it went lately, a point each half second.
#[derive(Debug, Clone, Default)]
struct Recent {
    last: Option<(f64, u64)>,
    rates: VecDeque<f64>,
}

impl Recent {
    fn feed(&mut self, seconds: f64, units: u64) {
        let (then, before) = *self.last.get_or_insert((seconds, units));
        if seconds - then < POINT {
            return;
        }
        self.last = Some((seconds, units));
        self.rates
            .push_back(units.saturating_sub(before) as f64 / (seconds - then));
        if self.rates.len() > POINTS {
            self.rates.pop_front();
        }
    }
}

/// What is known of a meter, or of all of a kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// How much of how much.
    pub amounts: Vec<String>,
    /// How fast; empty when nothing moves.
    pub rates: Vec<String>,
    /// For how long, without pauses.
    pub elapsed: Option<String>,
    /// How long still, when that can be believed.
    pub left: Option<String>,
    /// How fast it went lately, the present last, in units a second.
    pub recent: Vec<f64>,
}

/// All meters of the running step over time.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    seconds: f64,
    clock: f64,
    paused: f64,
    still: bool,
    kinds: Vec<(&'static str, Track)>,
    each: Vec<Track>,
}

impl Gauges {
    /// Takes in a sample, `clock` seconds after the step's start. Other meters than before mean that
    /// a new stage of work has begun. Time in which a pause let nothing move does not count: it is no
    /// slowness.
    pub fn feed(&mut self, sample: &Sample, clock: f64) {
        if clock < self.clock {
            *self = Self::default();
        }
        let since = clock - std::mem::replace(&mut self.clock, clock);
        self.still = sample.pool.is_still();
        if self.still {
            self.paused += since;
            return;
        }
        let seconds = clock - self.paused;
        let same = self.each.len() <= sample.meters.len()
            && self
                .each
                .iter()
                .zip(&sample.meters)
                .all(|(track, meter)| track.label == meter.label);
        if !same {
            (self.kinds, self.each) = Default::default();
        }
        self.seconds = seconds;
        for meter in &sample.meters[self.each.len()..] {
            self.each.push(Track {
                label: meter.label.clone(),
                ..Track::default()
            });
        }
        for (track, meter) in self.each.iter_mut().zip(&sample.meters) {
            track.feed(meter, seconds);
        }
        for kind in sample.kinds() {
            match self.kinds.iter_mut().find(|(noun, _)| *noun == kind.noun) {
                Some((_, track)) => track.feed(&kind, seconds),
                None => {
                    let mut track = Track::default();
                    track.feed(&kind, seconds);
                    self.kinds.push((kind.noun, track));
                }
            }
        }
    }

    /// What is known of all meters of a kind together.
    pub fn of_kind(&self, kind: &MeterSample) -> Told {
        let track = self.kinds.iter().find(|(noun, _)| *noun == kind.noun);
        let mut told = track.map_or_else(
            || Told {
                amounts: amounts(kind, true),
                ..Told::default()
            },
            |(_, track)| self.shown(track.told(kind, self.seconds, true)),
        );
        // The line of all of them has no name beside it.
        if kind.word() != kind.noun
            && let Some(amount) = told.amounts.first_mut()
        {
            *amount += &format!(" for {}", kind.work());
        }
        told
    }

    /// What is known of the meter at this place: what tells it apart from the whole.
    pub fn of(&self, at: usize, meter: &MeterSample) -> Told {
        self.each.get(at).map_or_else(Told::default, |track| {
            self.shown(track.told(meter, self.seconds, counts_bytes(meter)))
        })
    }

    /// While a pause lets nothing move there is no pace, and no end to foresee.
    fn shown(&self, told: Told) -> Told {
        match self.still {
            true => Told {
                rates: Vec::new(),
                left: None,
                ..told
            },
            false => told,
        }
    }
}

impl Track {
    fn feed(&mut self, meter: &MeterSample, seconds: f64) {
        if meter.stage != Stage::Waiting {
            self.began.get_or_insert(seconds);
        }
        match meter.stage {
            Stage::Done => _ = self.ended.get_or_insert(seconds),
            Stage::Waiting => {}
            Stage::Working => {
                self.ended = None;
                let done = units(meter);
                let left = total(meter).saturating_sub(done);
                self.pace.feed(seconds, (done, meter.bytes), left);
                self.recent.feed(seconds, units(meter));
            }
        }
    }

    fn told(&self, meter: &MeterSample, now: f64, with_bytes: bool) -> Told {
        let mut told = Told {
            amounts: amounts(meter, with_bytes),
            elapsed: self.elapsed(meter.stage, now),
            ..Told::default()
        };
        if meter.stage == Stage::Working {
            told.rates = self.rates(meter, with_bytes);
            told.left = self.pace.eta().map(figures::time_left);
            told.recent = self.recent.rates.iter().copied().collect();
        }
        told
    }

    fn elapsed(&self, stage: Stage, now: f64) -> Option<String> {
        let elapsed = self.ended.unwrap_or(now) - self.began?;
        // A tenth of a second that changes all the time is only noise.
        match (stage, elapsed.floor()) {
            (Stage::Working, whole) if whole < 1.0 => None,
            (Stage::Working, whole) if whole < 10.0 => Some(format!("{whole:.0} s")),
            (Stage::Working, whole) => Some(figures::duration(whole)),
            _ => Some(figures::duration(elapsed)),
        }
    }

    fn rates(&self, meter: &MeterSample, with_bytes: bool) -> Vec<String> {
        let mut told = Vec::new();
        let Some((units, bytes)) = self.pace.rate() else {
            return told;
        };
        if !counts_bytes(meter) && units > 0.0 {
            let units = figures::grouped(units.round() as u64);
            told.push(format!("{units} {}s/s", meter.word()));
        }
        if bytes > 0.0 && with_bytes {
            told.push(format!("{}/s", figures::bytes(bytes as u64)));
        }
        told
    }
}

/// Meters without rows count bytes: a dump, for example.
fn counts_bytes(meter: &MeterSample) -> bool {
    meter.rows_total == 0 && meter.rows == 0
}

fn units(meter: &MeterSample) -> u64 {
    if counts_bytes(meter) {
        meter.bytes
    } else {
        meter.rows
    }
}

fn total(meter: &MeterSample) -> u64 {
    if counts_bytes(meter) {
        meter.bytes_total
    } else {
        meter.rows_total
    }
}

/// Rows and bytes so far, with their totals where they are known.
fn amounts(meter: &MeterSample, with_total_bytes: bool) -> Vec<String> {
    let mut told = Vec::new();
    let done = meter.stage == Stage::Done;
    if !counts_bytes(meter) {
        told.push(match meter.rows_total {
            total if total > meter.rows && !done => {
                format!(
                    "{} of {}",
                    figures::grouped(meter.rows),
                    figures::counted(total, meter.word())
                )
            }
            _ => figures::counted(meter.rows, meter.word()),
        });
    }
    if meter.bytes > 0 {
        told.push(match meter.bytes_total {
            total if total > meter.bytes && !done && with_total_bytes => {
                format!(
                    "{} of {}",
                    figures::bytes(meter.bytes),
                    figures::bytes(total)
                )
            }
            _ => figures::bytes(meter.bytes),
        });
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;

    #[test]
    fn rows_bytes_rate_elapsed_and_what_is_left() {
        let progress = Progress::default();
        let meter = progress.meter("t", 20_000, 0);
        meter.begin();
        let mut gauges = Gauges::default();
        for tenth in 0..=80 {
            gauges.feed(&progress.sample(), f64::from(tenth) / 10.0);
            meter.add(100, 2048);
        }
        let sample = progress.sample();
        let one = gauges.of(0, &sample.meters[0]);
        assert_eq!(one.amounts, ["8,100 of 20,000 rows", "162 kB"]);
        assert_eq!(one.rates, ["1,000 rows/s"]);
        assert_eq!(one.elapsed.as_deref(), Some("8 s"));
        assert_eq!(one.left.as_deref(), Some("about 15 s left"));
        let kind = gauges.of_kind(&sample.kinds()[0]);
        assert_eq!(kind.amounts, ["8,100 of 20,000 rows", "162 kB"]);
        assert_eq!(kind.rates, ["1,000 rows/s", "20 kB/s"]);
        assert_eq!(kind.left, one.left);
        assert_eq!(kind.recent.len(), 16);
        assert!(kind.recent.iter().all(|rate| (rate - 1000.0).abs() < 1.0));
    }

    #[test]
    fn a_pause_is_no_slowness() {
        let progress = Progress::default();
        let meter = progress.meter("t", 20_000, 0);
        meter.begin();
        let mut gauges = Gauges::default();
        for second in 0..40_u32 {
            let is_paused = (5..35).contains(&second);
            progress.pool(|pool| pool.paused = is_paused);
            for tenth in 0..10 {
                gauges.feed(&progress.sample(), f64::from(second * 10 + tenth) / 10.0);
                meter.add(if is_paused { 0 } else { 100 }, 0);
            }
        }
        let told = gauges.of(0, &progress.sample().meters[0]);
        assert_eq!(told.elapsed.as_deref(), Some("9 s"), "of which it moved");
        assert_eq!(told.rates, ["1,000 rows/s"]);
        assert_eq!(told.left.as_deref(), Some("about 15 s left"));
        // What is under way when it is paused still moves, and takes its time.
        let mut gauges = Gauges::default();
        progress.pool(|pool| (pool.paused, pool.building) = (true, 1));
        (0..=30).for_each(|second| gauges.feed(&progress.sample(), f64::from(second)));
        let told = gauges.of(0, &progress.sample().meters[0]);
        assert_eq!(told.elapsed.as_deref(), Some("30 s"));
    }

    #[test]
    fn a_new_stage_begins_anew() {
        let progress = Progress::default();
        let mut gauges = Gauges::default();
        progress.meter("rows", 10, 0).begin();
        gauges.feed(&progress.sample(), 1.0);
        progress.begin("indexes");
        progress.meter("index", 10, 0).begin();
        gauges.feed(&progress.sample(), 9.0);
        let sample = progress.sample();
        let told = gauges.of(0, &sample.meters[0]);
        assert_eq!(
            (told.amounts, told.elapsed),
            (vec!["0 of 10 rows".to_owned()], None)
        );
    }
}
