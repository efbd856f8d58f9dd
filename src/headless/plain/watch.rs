//! The step `watch` in plain lines: each probe in one, alarms as they come, the whole at its end.

use super::failure_lines;
use crate::invocation::Invocation;
use crate::session::report::{Check, Verdict, Watch};
use jiff::Timestamp;

fn clock(at: Timestamp) -> String {
    at.strftime("%F %T UTC").to_string()
}

/// A probe; when `quiet`, only what turns.
pub(super) fn probe(found: &Watch, quiet: bool, invocation: &Invocation) -> Vec<String> {
    let mut lines = Vec::new();
    if !quiet {
        let what = match &found.last {
            Some(sample) => sample.in_words(),
            None => "no answer".to_owned(),
        };
        let next = found.next.map(clock);
        let next = next.map_or_else(String::new, |at| format!(" · next at {at}"));
        lines.push(format!("    {} · {what}{next}", clock(found.at)));
    }
    for alarm in found.new_alarms() {
        lines.extend(failure_lines(&alarm, &alarm.why, invocation));
    }
    let over = found.over_now.iter();
    lines.extend(over.map(|name| format!("✓ Over: {name}")));
    lines
}

/// A figure against its threshold; what to do about an alarm was told when it came.
fn check(check: &Check) -> String {
    let word = match check.verdict {
        Verdict::Good => "✓ ",
        Verdict::Warning => "! note, ",
        Verdict::Bad => "✗ alarm, ",
    };
    format!("{word}{}: {}", check.name, check.found)
}

/// The report.
pub(super) fn lines(found: &Watch) -> Vec<String> {
    let mut lines = vec![format!("{}.", found.reach_in_words())];
    lines.extend(found.checks.iter().map(check));
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
