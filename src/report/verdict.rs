//! The report's first word: what is proved.

use crate::failure::Severity;
use crate::session::report::{Comparison, Report};
use crate::session::{Session, State, Step};
use serde::Serialize;

/// What is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything compared is equal.
    Equal,
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
            Self::Differs => "differs",
            Self::NotProved => "not_proved",
            Self::NotCompared => "not_compared",
        }
    }

    /// Its headline.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Equal => "✓ Proved equal",
            Self::Differs => "✗ Source and target differ",
            Self::NotProved => "! Not proved",
            Self::NotCompared => "· Not compared yet",
        }
    }
}

/// What is proved, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which of the four it is.
    pub standing: Standing,
    /// What it rests on.
    pub words: String,
}

impl Verdict {
    pub(super) fn of(session: &Session) -> Self {
        let record = session.steps.get(&Step::Compare);
        let failure = record.and_then(|record| record.failure.as_ref());
        let (standing, words) = match (session.state(Step::Compare), found(session), failure) {
            (State::Done, Some(found), _) if found.equal && found.rows_compared => (
                Standing::Equal,
                format!("{} are the same on both sides, compared {}.", found.equal_in_words(), super::at(found.at)),
            ),
            (State::Done, Some(found), _) if found.equal => (
                Standing::NotProved,
                "Both sides have the same tables and columns. Rows were not moved, and not compared.".to_owned(),
            ),
            (State::Failed, Some(_), Some(failure)) if failure.severity == Severity::Failed => {
                (Standing::Differs, failure.why.clone())
            }
            (State::Failed | State::Interrupted, _, Some(failure)) => {
                (Standing::NotProved, format!("{}: {}", failure.what, failure.why))
            }
            (State::Failed | State::Interrupted, _, None) => {
                (Standing::NotProved, "The comparison did not come to its end.".to_owned())
            }
            _ => (Standing::NotCompared, missing(session)),
        };
        Self { standing, words }
    }
}

/// The comparison, if there was one.
pub(super) fn found(session: &Session) -> Option<&Comparison> {
    match session.report(Step::Compare) {
        Some(Report::Compare(found)) => Some(found),
        _ => None,
    }
}

fn missing(session: &Session) -> String {
    match session.first_open() {
        Some(step) if step < Step::Compare => {
            format!("The migration is not that far: the step {step} is still open.")
        }
        _ => "No comparison holds for what was moved.".to_owned(),
    }
}
