//! The step `watch` in plain lines: each probe in one, alarms as they come, the whole at its end.

use super::failure_lines;
use super::report::checks;
use crate::invocation::Invocation;
use crate::session::report::Watch;
use jiff::Timestamp;

fn clock(at: Timestamp) -> String {
    at.strftime("%F %H:%M:%S UTC").to_string()
}

/// A probe; when `quiet`, only what turns.
pub(super) fn probe(found: &Watch, quiet: bool, invocation: &Invocation) -> Vec<String> {
    let mut lines = Vec::new();
    if !quiet {
        let what = match &found.last {
            Some(sample) => sample.in_words(),
            None => "no answer".to_owned(),
        };
        lines.push(format!("    {} · {what}", clock(found.at)));
    }
    for alarm in found.new_alarms() {
        lines.extend(failure_lines(&alarm, &alarm.why, invocation));
    }
    let over = found.over_now.iter();
    lines.extend(over.map(|name| format!("✓ Over: {name}")));
    if !quiet {
        let next = found.next.map(clock);
        lines.extend(next.map(|at| format!("    next probe at {at}")));
    }
    lines
}

/// The report.
pub(super) fn lines(found: &Watch, invocation: &Invocation) -> Vec<String> {
    let mut lines = vec![format!("{}.", found.reach_in_words())];
    lines.extend(checks(&found.checks, invocation));
    let figures = found.figures.iter();
    lines.extend(figures.map(|figure| {
        format!(
            "{}: typically {}, at worst {}",
            figure.name, figure.typical, figure.worst
        )
    }));
    let alarms = found.alarms.iter();
    lines.extend(alarms.map(|alarm| format!("! alarm, {}", Watch::alarm_in_words(alarm))));
    if found.alarms.is_empty() {
        lines.push("no alarm was raised".to_owned());
    }
    lines.push(format!("every probe: {}", found.history));
    lines
}
