//! What a person is told when something goes wrong: what failed, why, what to do, how to go on.
//!
//! Errors inside the program are typed and keep their source. A [`Failure`] is an error's
//! *explanation*: plain data that goes to the screen, into the session and into `--json`.

use serde::{Deserialize, Serialize};

/// Whether doing the same again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The cause passes by itself (a sleeping compute, a full connection pool): try again.
    Now,
    /// Something has to be changed first; the advice says what.
    AfterChange,
    /// Nothing to retry: this cannot be done this way.
    Never,
}

/// What a failure makes of the whole run; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The step did not succeed. Exit code 1.
    Failed,
    /// The command line, the configuration or a file of the person's cannot be used. Exit code 2.
    Usage,
    /// It could not be finished, and its question stays open (a comparison that lost its
    /// connection). Exit code 3.
    Unfinished,
    /// The person stopped it; it can go on. Exit code 130.
    Interrupted,
}

impl Severity {
    /// The process's exit code for a run that ended with this.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unfinished => 3,
            Self::Interrupted => 130,
        }
    }
}

/// The explanation of an error, in words for a person. Never holds a secret or a row's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What failed, one sentence: "Cannot connect to the target ep-x.neon.tech".
    pub what: String,
    /// The cause, as precisely as it is known, with the server's own words.
    pub why: String,
    /// What to do about it, one step an entry; commands stand on a line of their own after `$ `.
    pub advice: Vec<String>,
    /// Whether trying again can help.
    pub retry: Retry,
    /// What it makes of the run.
    pub severity: Severity,
}

impl Failure {
    /// A failed step that needs a change before it is tried again: the usual case.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            advice: Vec::new(),
            retry: Retry::AfterChange,
            severity: Severity::Failed,
        }
    }

    /// Adds one step of advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// Says whether trying again can help.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Says what it makes of the run.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The person stopped the work.
    pub fn interrupted(what: impl Into<String>) -> Self {
        Self::new(what, "You stopped it.")
            .advise("Nothing is lost: start it again and it goes on where it was.")
            .retry(Retry::Now)
            .severity(Severity::Interrupted)
    }
}

/// An error that can say what it means to a person.
pub trait Explain: std::error::Error {
    /// The explanation. Must not hold secrets or rows' values.
    fn failure(&self) -> Failure;
}

/// The messages of an error and of all its sources, outermost first, joined by `: `.
/// Repetitions (a message that already ends with its source's) are left out.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let message = inner.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = inner.source();
    }
    text
}
