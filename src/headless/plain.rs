//! What happens as plain lines, for people and for screen readers: nothing is ever overwritten.

mod application;
mod cleanup;
mod cutting;
mod ending;
mod look;
mod report;
mod sample;
mod watch;

pub use cleanup::would_do as cleanup_lines;
pub use cutting::way_back as way_back_lines;
pub use ending::{item_line, open_items};
pub use look::{compared as compared_line, excerpt as excerpt_lines, preview as preview_lines};
pub use report::lines as report_lines;

use super::{End, Gauge, Output, Voice};
use crate::failure::Failure;
use crate::figures;
use crate::invocation::Invocation;
use crate::progress::{Note, Stage, Tone};
use crate::session::report::{ComparedTable, Report, WayBack};
use crate::session::{Record, Session, Step};
use crate::wizard::{CleanupPlan, Excerpt, News, Outcome};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A line of progress this often.
const EVERY: Duration = Duration::from_secs(2);
/// A sign of life this often when nothing moves, or for who is told seldom.
const STILL: Duration = Duration::from_secs(10);

/// Tells as plain lines.
pub struct Plain {
    output: Output,
    quiet: bool,
    log: PathBuf,
    invocation: Invocation,
    every: Duration,
    last: String,
    told: Duration,
}

impl Plain {
    /// Plain lines to this output; `quiet` leaves the lines about progress out. Failures name
    /// the `log`.
    pub fn new(output: Output, quiet: bool, log: PathBuf) -> Self {
        Self {
            output,
            quiet,
            log,
            invocation: Invocation::default(),
            every: EVERY,
            last: String::new(),
            told: Duration::ZERO,
        }
    }

    /// The same, with a line of progress now and then alone: for people who have each read out.
    pub fn seldom(self) -> Self {
        let every = STILL;
        Self { every, ..self }
    }

    fn line(&mut self, text: impl AsRef<str>) {
        self.output.line(text.as_ref());
    }

    fn step_end(&mut self, glyph: &str, word: &str, step: Step, session: &Session) {
        let seconds = session.steps.get(&step).and_then(Record::seconds);
        let time = seconds.map_or_else(String::new, |s| format!(" in {}", figures::duration(s)));
        self.line(format!("{glyph} {step}: {word}{time}"));
    }

    fn report(&mut self, step: Step, session: &Session) {
        if let Some(report) = session.report(step) {
            report::lines(report, &self.invocation)
                .iter()
                .for_each(|line| self.line(format!("    {line}")));
        }
    }
}

/// What a person did outside of the steps, or could not do; `None` for other news.
fn act(news: &News, invocation: &Invocation) -> Option<Vec<String>> {
    Some(match news {
        News::Refused(why) => vec![format!("✗ This cannot be done now: {why}.")],
        News::Signed { item, by, replaced } => {
            let before = replaced.as_ref().map(|before| {
                let at = before.at.strftime("%F %H:%M UTC");
                format!(", in place of {}, who signed at {at}", before.by)
            });
            let before = before.unwrap_or_default();
            vec![format!("    signed: {item}, by {by}{before}")]
        }
        News::SignaturesWithdrawn(items) => vec![format!(
            "    ! signatures are withdrawn, as what they were given for has changed: {}",
            items.join(", ")
        )],
        News::FilesStand(stand) => {
            let lines = stand.in_words().into_iter();
            lines.map(|line| format!("    {line}")).collect()
        }
        News::NotSwitched(failure) => failure_lines(failure, &failure.why, invocation),
        _ => return None,
    })
}

/// A failure as lines: what, why, what to do.
fn failure_lines(failure: &Failure, why: &str, invocation: &Invocation) -> Vec<String> {
    let mut lines = vec![format!("✗ {}", failure.what), format!("    Why: {why}")];
    lines.extend(advice_lines(&failure.advice, invocation));
    lines
}

/// What to do, as lines; a command stands alone, so that it can be copied.
pub fn advice_lines(advice: &[String], invocation: &Invocation) -> Vec<String> {
    let advice = advice.iter().map(|step| invocation.advice(step));
    advice
        .map(|advice| match advice.strip_prefix("$ ") {
            Some(command) => format!("        {command}"),
            None => format!("    Do:  {advice}"),
        })
        .collect()
}

impl Voice for Plain {
    fn invoked(&mut self, invocation: Invocation) {
        self.invocation = invocation;
    }

    /// Its end names it.
    fn opened(&mut self, _: &Path) {}

    fn news(&mut self, news: &News, session: &Session) {
        if let Some(lines) = cutting::news(news, session, &self.invocation) {
            (self.last, self.told) = (String::new(), Duration::ZERO);
            return lines.iter().for_each(|line| self.line(line));
        }
        if let Some(lines) = act(news, &self.invocation) {
            return lines.iter().for_each(|line| self.line(line));
        }
        match news {
            News::Started(step) => {
                (self.last, self.told) = (String::new(), Duration::ZERO);
                self.line(format!("▸ {step}: {}", step.purpose()));
            }
            News::Done(step) if *step == Step::Cutover => {
                ending::lines(session, &self.invocation)
                    .iter()
                    .for_each(|line| self.line(format!("    {line}")));
                self.line("✓ cutover: the checklist is complete");
            }
            News::Done(step) => {
                self.report(*step, session);
                self.step_end("✓", "done", *step, session);
            }
            News::Failed(step, failure) => {
                let report = session.failing_report(*step);
                if report.is_some() {
                    self.report(*step, session);
                }
                let why = match report {
                    // The checks stand above, each with what was found.
                    Some(
                        Report::Prerequisites(_)
                        | Report::Connections(_)
                        | Report::Unreached(_)
                        | Report::Watch(_),
                    ) => "marked ✗ above",
                    _ => &failure.why,
                };
                failure_lines(failure, why, &self.invocation)
                    .iter()
                    .for_each(|line| self.line(line));
                self.step_end("✗", "failed", *step, session);
            }
            News::Watched(found) => watch::probe(found, self.quiet, &self.invocation)
                .iter()
                .for_each(|line| self.line(line)),
            News::Interrupted(Step::Watch) => {
                self.report(Step::Watch, session);
                let reach = match session.report(Step::Watch) {
                    Some(Report::Watch(found)) => found.reach_in_words(),
                    _ => "no probe yet".to_owned(),
                };
                self.line(format!("‖ watch: {reach}; the same command goes on"));
            }
            News::Interrupted(step) => self.step_end("‖", "stopped", *step, session),
            // Told above, or with the end of the step.
            _ => {}
        }
    }

    fn locked(&mut self, session: &Session) {
        for line in ending::lines(session, &self.invocation) {
            self.line(format!("    {line}"));
        }
        let open = ending::open_items(session, &self.invocation).len() as u64;
        let open = figures::counted(open, "item");
        self.line(format!(
            "✗ cutover: refused, with {open} of the checklist open"
        ));
    }

    fn planned(&mut self, plan: &CleanupPlan, session: &Session) {
        cleanup::plan(plan, session, &self.invocation)
            .iter()
            .for_each(|line| self.line(line));
    }

    fn way_back(&mut self, found: &WayBack, goes: bool) {
        cutting::way_back(found, &self.invocation)
            .iter()
            .for_each(|line| self.line(line));
        if !goes {
            cutting::ways(found, &self.invocation)
                .iter()
                .for_each(|line| self.line(line));
        }
    }

    fn sample(&mut self, table: &ComparedTable, seen: &Result<Excerpt, Failure>) {
        let lines = match seen {
            Ok(excerpt) => sample::lines(table, excerpt),
            Err(failure) => vec![format!(
                "! {}: {}. {}",
                table.name(),
                failure.what,
                failure.why
            )],
        };
        lines.iter().for_each(|line| self.line(line));
    }

    fn progress(&mut self, _step: Step, gauge: &Gauge<'_>) {
        let waited = gauge.elapsed.saturating_sub(self.told);
        let text = describe(gauge);
        let due = if text == self.last { STILL } else { self.every };
        if self.quiet || waited < due {
            return;
        }
        let still = if text == self.last {
            "still working: "
        } else {
            ""
        };
        self.line(format!("    {still}{text}"));
        (self.last, self.told) = (text, gauge.elapsed);
    }

    fn note(&mut self, note: &Note) {
        let glyph = match note.tone {
            Tone::Info => "·",
            Tone::Warning => "!",
        };
        self.line(format!("    {glyph} {}", note.text));
    }

    fn failure(&mut self, failure: &Failure) {
        failure_lines(failure, &failure.why, &self.invocation)
            .iter()
            .for_each(|line| self.line(line));
        self.line(format!("  Log: {}", self.log.display()));
    }

    fn say(&mut self, text: &str) {
        self.line(format!("· {text}"));
    }

    fn end(&mut self, end: &End<'_>) {
        if !end.worked && end.outcome == Outcome::Done {
            self.line("✓ Nothing to do: this migration is done, every step of it, and signed.");
            self.line("  For another one, give --session FILE, or another source and target.");
        } else if !end.worked {
            self.line("✓ Nothing to do: these steps are done.");
        } else {
            ending::ending(end, &self.invocation)
                .iter()
                .for_each(|line| self.line(line));
        }
        if let Some(file) = end.file {
            self.line(format!("  Session: {}", file.display()));
        }
        if matches!(end.outcome, Outcome::Failed(_)) {
            self.line(format!("  Log: {}", self.log.display()));
        }
    }
}

/// One line: activity, share, rows, bytes, rate and, when it can be believed, the time left.
fn describe(gauge: &Gauge<'_>) -> String {
    let all = gauge.sample.in_all();
    let pool = gauge.sample.pool;
    let mut parts = vec![gauge.sample.activity.trim_end_matches('.').to_owned()];
    if pool.paused {
        parts.push(if pool.is_still() { "paused" } else { "pausing" }.to_owned());
    }
    if pool.waited_for > 0 {
        let count = figures::counted(pool.waited_for as u64, "session");
        parts.push(format!("held up on the source: {count}"));
    }
    let working = gauge
        .sample
        .meters
        .iter()
        .any(|meter| meter.stage != Stage::Waiting);
    if working {
        parts.extend(gauge.sample.share().map(figures::percent));
        if all.rows > 0 {
            parts.push(match all.rows_total {
                0 => figures::grouped(all.rows),
                total => format!(
                    "{} of {}",
                    figures::grouped(all.rows),
                    figures::grouped(total)
                ),
            });
        }
        if all.bytes > 0 {
            parts.push(figures::bytes(all.bytes));
        }
        let rate = gauge.pace.rate().filter(|rate| rate.1 > 0.0);
        parts.extend(rate.map(|rate| format!("{}/s", figures::bytes(rate.1 as u64))));
        parts.extend(gauge.pace.eta().map(figures::time_left));
    }
    parts.join(" · ")
}
