//! A history in figures: what is shown while a target is watched, and reported at the end.

use super::history::{Entry, History};
use super::interval::Interval;
use super::spacing::Spacing;
use crate::figures::{percent, percentile};
use crate::session::report::{Alarm, Check, Sample, Watch, WatchedFigure};
use jiff::Timestamp;
use std::time::Duration;

/// So many values of each sparkline are kept: a day of one in 15 minutes.
const VALUES: usize = 96;

/// What a watch is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// When it was first started.
    pub since: Timestamp,
    /// When its time is over.
    pub until: Timestamp,
    /// How its probes are spaced.
    pub spacing: Spacing,
}

impl Plan {
    /// When the probe after these is due: never beyond the end, unless that has passed.
    pub fn due(&self, history: &[Entry]) -> Option<Timestamp> {
        let last = history.last()?.probe.at();
        let probes: Vec<_> = history.iter().map(|entry| &entry.probe).collect();
        let due = later(last, self.spacing.after(&probes));
        Some(match last < self.until {
            true => due.min(self.until),
            false => due,
        })
    }
}

/// A moment so much later; the same one where there is no such moment.
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}

/// The report over a history whose last probe was judged so; `None` while there is no probe.
pub fn watched(history: &History, plan: &Plan, checks: Vec<Check>) -> Option<Watch> {
    let entries = history.entries();
    let (last, earlier) = entries.split_last()?;
    let before = earlier.last();
    let names = |entry: &Entry| {
        entry
            .alarms
            .iter()
            .map(|alarm| alarm.name.clone())
            .collect()
    };
    let (now, before): (Vec<String>, Vec<String>) =
        (names(last), before.map(names).unwrap_or_default());
    let only = |these: &[String], others: &[String]| {
        let these = these.iter().filter(|name| !others.contains(name));
        these.cloned().collect()
    };
    let samples = samples(entries);
    let at = last.probe.at();
    let mut shown = last.probe.sample().cloned();
    if let Some(sample) = &mut shown {
        sample.statements = None;
    }
    Some(Watch {
        since: plan.since,
        until: plan.until,
        at,
        next: plan.due(entries).filter(|_| at < plan.until),
        probes: history.made(),
        // Those that are left out of a long history were reached.
        missed: (entries.len() - samples.len()) as u64,
        woken: samples.iter().filter(|sample| sample.woken).count() as u64,
        checks,
        raised_now: only(&now, &before),
        over_now: only(&before, &now),
        alarms: alarms(entries),
        figures: figures(&samples),
        latency: newest(samples.iter().map(|sample| sample.p50_us)),
        connections: newest(samples.iter().map(|sample| sample.connections)),
        hits: newest(hits(&samples).into_iter().map(|hit| (hit * 1000.0) as u64)),
        last: shown.map(Box::new),
        cost: plan.spacing.cost(),
        history: history.file().display().to_string(),
    })
}

fn samples(entries: &[Entry]) -> Vec<&Sample> {
    entries
        .iter()
        .filter_map(|entry| entry.probe.sample())
        .collect()
}

fn newest(values: impl Iterator<Item = u64>) -> Vec<u64> {
    let values: Vec<u64> = values.collect();
    values[values.len().saturating_sub(VALUES)..].to_vec()
}

fn hits(samples: &[&Sample]) -> Vec<f64> {
    let pairs = samples.windows(2);
    pairs
        .filter_map(|pair| Interval::between(pair[0], pair[1]).hit())
        .collect()
}

/// Each kind of alarm, in the order in which they first came.
fn alarms(entries: &[Entry]) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = Vec::new();
    for entry in entries {
        let at = entry.probe.at();
        for found in &entry.alarms {
            match alarms.iter_mut().find(|alarm| alarm.name == found.name) {
                Some(alarm) => {
                    (alarm.last, alarm.probes) = (at, alarm.probes + 1);
                    alarm.found.clone_from(&found.found);
                }
                None => alarms.push(Alarm {
                    name: found.name.clone(),
                    first: at,
                    last: at,
                    probes: 1,
                    found: found.found.clone(),
                }),
            }
        }
    }
    alarms
}

/// Typical and worst of what has a better and a worse.
fn figures(samples: &[&Sample]) -> Vec<WatchedFigure> {
    let mut figures = Vec::new();
    let mut add = |name: &str, mut values: Vec<f64>, in_words: &dyn Fn(f64) -> String| {
        values.sort_by(f64::total_cmp);
        if let Some(worst) = values.last() {
            figures.push(WatchedFigure {
                name: name.to_owned(),
                typical: in_words(percentile(&values, 50)),
                worst: in_words(*worst),
            });
        }
    };
    let each = |of: fn(&Sample) -> u64| samples.iter().map(|sample| of(sample) as f64).collect();
    let milliseconds = |micros: f64| format!("{:.1} ms", micros / 1000.0);
    add("latency p50", each(|sample| sample.p50_us), &milliseconds);
    add("latency p95", each(|sample| sample.p95_us), &milliseconds);
    let whole = |value: f64| format!("{value:.0}");
    add("connections", each(|sample| sample.connections), &whole);
    let misses = hits(samples).into_iter().map(|hit| 1.0 - hit).collect();
    add("cache hits", misses, &|miss| percent(1.0 - miss));
    let pairs = samples.windows(2);
    let rolled_back = pairs.filter_map(|pair| Interval::between(pair[0], pair[1]).rolled_back());
    add("rollbacks", rolled_back.collect(), &percent);
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::session::report::Probe;
    use crate::watch::Finding;
    use crate::watch::threshold::tests::{at, sample};

    fn plan() -> Plan {
        Plan {
            since: at(0),
            until: at(24 * 3600),
            spacing: Spacing {
                every: Duration::from_secs(900),
                sleeps: false,
            },
        }
    }

    fn entry(second: i64, alarms: &[&str]) -> Entry {
        let finding = |name: &&str| Finding {
            name: (*name).to_owned(),
            found: format!("at {second}"),
        };
        Entry {
            number: 1,
            probe: Probe::Reached(Box::new(sample(second))),
            alarms: alarms.iter().map(finding).collect(),
            source: None,
        }
    }

    fn history(entries: Vec<Entry>) -> (tempfile::TempDir, History) {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(&folder.path().join("s.toml"), at(0)).unwrap();
        entries
            .into_iter()
            .for_each(|entry| history.add(entry.probe, entry.alarms, None).unwrap());
        (folder, history)
    }

    #[test]
    fn the_next_probe_is_due_after_the_last_and_never_behind_the_end() {
        assert_eq!(plan().due(&[]), None);
        assert_eq!(plan().due(&[entry(60, &[])]), Some(at(960)));
        let near = at(24 * 3600 - 10);
        assert_eq!(
            plan().due(&[entry(24 * 3600 - 10, &[])]),
            Some(plan().until)
        );
        assert!(near < plan().until);
    }

    #[test]
    fn alarms_are_counted_and_only_what_turns_is_news() {
        let missed = Entry {
            number: 3,
            probe: Probe::Missed {
                at: at(120),
                failure: Failure::new("what", "why"),
            },
            alarms: entry(120, &["Answers"]).alarms,
            source: None,
        };
        let (_folder, history) = history(vec![
            entry(0, &["Size"]),
            entry(60, &["Size", "Locks"]),
            missed,
        ]);
        let report = watched(&history, &plan(), Vec::new()).unwrap();
        assert_eq!((report.probes, report.missed), (3, 1));
        assert_eq!(report.raised_now, ["Answers"]);
        assert_eq!(report.over_now, ["Size", "Locks"]);
        let size = &report.alarms[0];
        assert_eq!((size.name.as_str(), size.probes), ("Size", 2));
        assert_eq!((size.first, size.last), (at(0), at(60)));
        assert_eq!(size.found, "at 60");
        assert_eq!(report.latency.len(), 2);
        assert!(!report.is_over());
    }

    #[test]
    fn a_report_is_bounded_whatever_the_history_holds() {
        let entries = (0..300).map(|second| entry(second, &[])).collect();
        let (_folder, history) = history(entries);
        let report = watched(&history, &plan(), Vec::new()).unwrap();
        assert_eq!((report.probes, report.latency.len()), (300, VALUES));
        assert_eq!(report.figures[0].typical, "20.0 ms");
    }
}
