//! The step `application` in plain lines: what was tried, what would change, the own tests.

use super::report::checks;
use crate::invocation::{Invocation, quoted};
use crate::session::report::{Application, ChangedLine, SwitchedFile};

pub(super) fn lines(found: &Application, invocation: &Invocation) -> Vec<String> {
    let mut lines = vec![format!("as the application would: {}", found.endpoint)];
    lines.extend(checks(&found.checks, invocation));
    for test in &found.tests {
        let glyph = if test.passed() { "✓" } else { "✗" };
        lines.push(format!("{glyph} {}", test.in_words()));
        lines.extend(test.output.iter().map(|line| format!("    | {line}")));
    }
    lines.extend(found.plan_in_words());
    lines.extend(found.files.iter().flat_map(file));
    let left = found.left.iter();
    lines.extend(left.map(|left| format!("· stays: {}: {}", left.what, left.why)));
    lines.extend(found.not_done().map(|text| format!("! {text}")));
    if let (Some(name), false) = (found.folder_name(), found.files.is_empty()) {
        let switch = format!("application --switch {}", quoted(name));
        lines.push(format!(
            "Nothing was changed. To switch these files: {}",
            invocation.command(&switch)
        ));
    }
    lines
}

fn file(file: &SwitchedFile) -> Vec<String> {
    let mut lines = vec![format!("{}:", file.file)];
    for ChangedLine {
        line,
        before,
        after,
    } in &file.lines
    {
        lines.extend(
            before
                .iter()
                .map(|before| format!("  line {line} - {before}")),
        );
        lines.push(format!("  line {line} + {after}"));
    }
    lines
}
