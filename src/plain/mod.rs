//! The wizard in plain lines: the same machine as on the screen, driven by numbered questions and
//! answered by typed lines. Nothing is drawn over, so that a screen reader can follow.
//!
//! [`Person`] is the terminal: lines are told and heard. `choices` derives what can be done now from
//! the machine. What happens is told by the same [`Voice`] as without questions.

mod checklist;
mod choices;
mod choosing;
mod connections;
mod consent;
mod cutting;
mod echo;
mod help;
mod listing;
mod look;
mod messages;
mod person;
mod start;
mod wizard;

pub use person::Person;
pub use start::choose;

use crate::failure::{Explain, Failure};
use crate::headless::Voice;
use crate::invocation::Invocation;
use crate::runner::{DescribeError, Runner};
use crate::session::store;
use crate::wizard::{Outcome, Side};
use std::io;
use std::path::PathBuf;

/// How the wizard is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The name offered under a signature.
    pub signer: String,
    /// How commands that are advised lead to this session.
    pub invocation: Invocation,
    /// The log's file.
    pub log: PathBuf,
    /// The sides whose passwords are to be asked for first.
    pub ask: Vec<Side>,
}

/// Why the wizard could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The session could not be saved.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A connection was not taken in.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// The terminal's modes cannot be changed, or signals cannot be received.
    #[error("the terminal failed")]
    Terminal(#[from] io::Error),
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Store(error) => error.failure(),
            Self::Describe(error) => error.failure(),
            Self::Terminal(error) => Failure::new("The terminal failed", error.to_string())
                .advise("Nothing is lost: the session is saved. Without questions, all remaining steps are run by:")
                .advise("$ neonlift run"),
        }
    }
}

/// What ends an exchange with the person early.
#[derive(Debug)]
enum Break {
    /// The person leaves, or is gone.
    Left,
    /// It cannot go on.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Break {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs the wizard until the person leaves, or a signal or the end of the input ends it. The
/// runner's wizard must have been opened; what still runs is for [`Runner::shut_down`].
///
/// # Errors
/// The terminal failed; the session cannot be saved.
pub async fn run(
    person: &mut Person,
    runner: &mut Runner,
    voice: &mut dyn Voice,
    options: &Options,
) -> Result<Outcome, Error> {
    let mut wizard = wizard::Lines::new(person, runner, voice, options);
    let ended = wizard.go(&options.ask).await;
    match ended {
        Ok(outcome) => Ok(outcome),
        Err(Break::Left) => Ok(runner.wizard().outcome()),
        Err(Break::Failed(error)) => Err(error),
    }
}

/// What is offered first, in words.
#[cfg(test)]
pub(crate) fn first_offered(wizard: &crate::wizard::Wizard) -> String {
    let (found, _) = choices::of(wizard);
    found
        .into_iter()
        .next()
        .map_or_else(String::new, |(_, text)| text)
}
