//! The pace of the work: fed with samples, it says how fast each meter goes and for how long.

use crate::figures;
use crate::progress::{MeterSample, Pace, Sample, Stage};

/// One meter over time. Seconds count from the start of the step.
#[derive(Debug, Clone, Default)]
struct Track {
    label: String,
    pace: Pace,
    began: Option<f64>,
    ended: Option<f64>,
}

/// All meters of the running step over time.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    seconds: f64,
    all: Track,
    each: Vec<Track>,
}

impl Gauges {
    /// Takes in a sample, `seconds` after the step's start. Other meters than before mean that
    /// a new stage of work has begun.
    pub fn feed(&mut self, sample: &Sample, seconds: f64) {
        let same = self.each.len() <= sample.meters.len()
            && self
                .each
                .iter()
                .zip(&sample.meters)
                .all(|(track, meter)| track.label == meter.label)
            && seconds >= self.seconds;
        if !same {
            *self = Self::default();
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
        self.all.feed(&sample.in_all(), seconds);
    }

    /// What is known of all meters together, for the line under their gauge.
    pub fn in_all(&self, sample: &Sample) -> Vec<String> {
        self.all.told(&sample.in_all(), self.seconds, true)
    }

    /// What is known of the meter at this place: what tells it apart from the whole.
    pub fn of(&self, at: usize, meter: &MeterSample) -> Vec<String> {
        self.each.get(at).map_or_else(Vec::new, |track| {
            track.told(meter, self.seconds, counts_bytes(meter))
        })
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
                self.pace.feed(seconds, units(meter), meter.bytes);
            }
        }
    }

    fn told(&self, meter: &MeterSample, now: f64, with_bytes: bool) -> Vec<String> {
        let mut told = amounts(meter, with_bytes);
        let working = meter.stage == Stage::Working;
        if let Some((units, bytes)) = self.pace.rate().filter(|_| working) {
            if !counts_bytes(meter) && units > 0.0 {
                told.push(format!(
                    "{} {}s/s",
                    figures::grouped(units.round() as u64),
                    meter.noun
                ));
            }
            if bytes > 0.0 && with_bytes {
                told.push(format!("{}/s", figures::bytes(bytes as u64)));
            }
        }
        if let Some(began) = self.began {
            let elapsed = self.ended.unwrap_or(now) - began;
            // A tenth of a second that changes all the time is only noise.
            let shown = if working { elapsed.floor() } else { elapsed };
            if shown >= 1.0 || !working {
                told.push(match shown {
                    whole if working && whole < 10.0 => format!("{whole:.0} s"),
                    shown => figures::duration(shown),
                });
            }
        }
        let left = total(meter).saturating_sub(units(meter));
        if let Some(eta) = self.pace.eta(left).filter(|_| working && left > 0) {
            told.push(figures::time_left(eta));
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
                    figures::counted(total, meter.noun)
                )
            }
            _ => figures::counted(meter.rows, meter.noun),
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
        assert_eq!(
            gauges.of(0, &sample.meters[0]),
            [
                "8,100 of 20,000 rows",
                "162 kB",
                "1,000 rows/s",
                "8 s",
                "about 15 s left"
            ]
        );
        assert_eq!(gauges.in_all(&sample)[3], "20 kB/s");
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
        assert_eq!(gauges.of(0, &sample.meters[0]), ["0 of 10 rows"]);
    }
}
