//! How a run of the program ends, as a word and as an exit code.

use crate::failure::Severity;

/// How a run of the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every step is done and the checklist is signed.
    Done,
    /// What was asked for is done; more steps follow.
    Partial,
    /// Only people's signatures are missing.
    AwaitingSignOff,
    /// A step failed; how badly decides the exit code.
    Failed(Severity),
    /// It was left half-way and can go on.
    Interrupted,
}

impl Outcome {
    /// The word in `--json`'s last line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done | Self::Partial => "done",
            Self::AwaitingSignOff => "awaiting_sign_off",
            Self::Failed(Severity::Interrupted) | Self::Interrupted => "interrupted",
            Self::Failed(_) => "failed",
        }
    }

    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::Partial | Self::AwaitingSignOff => 0,
            Self::Failed(severity) => severity.exit_code(),
            Self::Interrupted => Severity::Interrupted.exit_code(),
        }
    }
}
