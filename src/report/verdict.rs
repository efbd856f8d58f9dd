//! The report's first word: what is proved.

use crate::failure::Severity;
use crate::figures::counted;
use crate::session::report::{Comparison, CutoverLook, Report, SourceLook};
use crate::session::{Session, State, Step};
use serde::Serialize;

/// What is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything compared is equal.
    Equal,
    /// It was equal, and the source counted writes since.
    WrittenSince,
    /// Something differs.
    Differs,
    /// A comparison could not be finished, or did not look at rows.
    NotProved,
    /// There is no comparison that still holds.
    NotCompared,
}

impl Standing {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::WrittenSince => "written_since",
            Self::Differs => "differs",
            Self::NotProved => "not_proved",
            Self::NotCompared => "not_compared",
        }
    }

    /// Its headline.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Equal => "✓ Proved equal",
            Self::WrittenSince => "! The source was written to after it was proved",
            Self::Differs => "✗ Source and target differ",
            Self::NotProved => "! Not proved",
            Self::NotCompared => "! Not compared yet",
        }
    }
}

/// What is proved, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which of them it is.
    pub standing: Standing,
    /// What it rests on.
    pub words: String,
}

impl Verdict {
    pub(super) fn of(session: &Session) -> Self {
        let record = session.steps.get(&Step::Compare);
        let failure = record.and_then(|record| record.failure.as_ref());
        let (standing, words) = match (session.state(Step::Compare), found(session), failure) {
            (State::Done, Some(found), _) if found.equal => proved(session, found),
            (State::Failed, Some(_), Some(failure)) if failure.severity == Severity::Failed => {
                (Standing::Differs, failure.why.clone())
            }
            (State::Failed | State::Interrupted, _, Some(failure)) => (
                Standing::NotProved,
                format!("{}: {}", failure.what, failure.why),
            ),
            (State::Failed | State::Interrupted, _, None) => (
                Standing::NotProved,
                "The comparison did not come to its end.".to_owned(),
            ),
            _ => (Standing::NotCompared, missing(session)),
        };
        Self { standing, words }
    }
}

/// The comparison, if there is one that holds.
pub(super) fn found(session: &Session) -> Option<&Comparison> {
    let holds = matches!(session.state(Step::Compare), State::Done | State::Failed);
    match session.report(Step::Compare) {
        Some(Report::Compare(found)) if holds => Some(found),
        _ => None,
    }
}

fn proved(session: &Session, found: &Comparison) -> (Standing, String) {
    if !found.rows_compared {
        let words =
            "Both sides have the same tables and columns. Rows were not moved, and not compared.";
        return (Standing::NotProved, words.to_owned());
    }
    let at = super::at(found.at);
    let mut words = format!(
        "{} are the same on both sides, compared {at}.",
        found.equal_in_words()
    );
    let left_out = found.tables.iter().filter(|table| table.left_out).count() as u64;
    if left_out > 0 {
        words += &format!(" {} left out.", were(left_out));
    }
    if found.tables.iter().any(|table| table.condition.is_some()) {
        words += " Of some tables only the rows that were selected count.";
    }
    match session.report(Step::Cutover) {
        Some(Report::Cutover(CutoverLook {
            source: SourceLook::Written { tables },
            ..
        })) => {
            words += &format!(
                " Since then it was written to on the source: {}.",
                tables.join(", ")
            );
            (Standing::WrittenSince, words)
        }
        _ => (Standing::Equal, words),
    }
}

fn were(tables: u64) -> String {
    let verb = if tables == 1 { "was" } else { "were" };
    format!("{} {verb}", counted(tables, "table"))
}

fn missing(session: &Session) -> String {
    let failed = session.steps.iter().find_map(|(step, record)| {
        let failure = record.failure.as_ref()?;
        (record.state == State::Failed)
            .then(|| format!("The step {step} failed. {}: {}", failure.what, failure.why))
    });
    failed.unwrap_or_else(|| match session.first_open() {
        Some(step) if step < Step::Compare => {
            format!(
                "The migration is not that far: the step {step} is {}.",
                session.state(step).word()
            )
        }
        _ => "No comparison holds for what was moved.".to_owned(),
    })
}
