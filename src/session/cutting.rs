//! The cutting over: phases, each saved before the next begins; and the way back.

use super::State;
use crate::failure::Failure;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The phases of a cutting over, in their order. All but the last two only look, or raise a sequence,
/// which harms nothing: what they did needs no undoing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutPhase {
    /// The checklist is judged once more.
    Checklist,
    /// The source's counters are watched until they stand still.
    Quiet,
    /// Sequences of the target that are behind are raised.
    Sequences,
    /// Both sides are compared once more.
    Compare,
    /// The application's files are switched, or a person sets its connection.
    Switch,
    /// The target is tried over the application's new connection.
    Check,
}

impl CutPhase {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Checklist,
        Self::Quiet,
        Self::Sequences,
        Self::Compare,
        Self::Switch,
        Self::Check,
    ];

    /// The name in JSON and in the session.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checklist => "checklist",
            Self::Quiet => "quiet",
            Self::Sequences => "sequences",
            Self::Compare => "compare",
            Self::Switch => "switch",
            Self::Check => "check",
        }
    }

    /// What is done in it, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Checklist => "The checklist, once more",
            Self::Quiet => "Nothing writes to the source",
            Self::Sequences => "Sequences of the target are not behind",
            Self::Compare => "Both sides compared, for the last time",
            Self::Switch => "The application leads to the target",
            Self::Check => "The target tried over that connection",
        }
    }

    /// The phase after this one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| *phase > self)
    }
}

impl fmt::Display for CutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A phase that was passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassedPhase {
    /// Which.
    pub phase: CutPhase,
    /// When.
    pub at: Timestamp,
    /// What was found or done, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
}

/// What a person chose when the cutting over was begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CutOptions {
    /// The earlier comparison is taken where the source's counters say that nothing was written since.
    pub trusting: bool,
    /// A person has set the application's connection, or sets it while the source stands still.
    pub by_hand: bool,
}

/// A cutting over, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutOver {
    /// Who typed the database's name.
    pub by: String,
    /// When it was begun.
    pub begun: Timestamp,
    /// Where its phase stands; done means that the application is over on the target. It waits for a
    /// person where the application's connection is set by hand.
    pub state: State,
    /// The phase that is at work, failed or waits; the last one when all is done.
    pub phase: CutPhase,
    /// What was chosen.
    #[serde(default)]
    pub options: CutOptions,
    /// The phases that were passed, in order.
    #[serde(default)]
    pub passed: Vec<PassedPhase>,
    /// What a person has to set, where it waits for that; without passwords.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_set: Vec<String>,
    /// Why the phase failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// When all was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The source's counters when the application was switched: what they count later was written to
    /// the old database alone. Later comparisons leave them as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<NotedCounters>,
}

/// What the source counted of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotedCounters {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// The counters, as a text that is another one after a write.
    pub counters: String,
}

impl CutOver {
    /// One that begins now, at its first phase.
    pub fn new(by: &str, options: CutOptions, now: Timestamp) -> Self {
        Self {
            by: by.to_owned(),
            begun: now,
            state: State::Running,
            phase: CutPhase::Checklist,
            options,
            passed: Vec::new(),
            to_set: Vec::new(),
            failure: None,
            ended: None,
            counters: Vec::new(),
        }
    }

    /// Whether the application is over on the target.
    pub fn is_done(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether the application leads to the target, by files that were switched or by a person's word.
    pub fn is_switched(&self) -> bool {
        self.is_done() || self.passed(CutPhase::Switch).is_some()
    }

    /// When the phase that is at work began: with the end of the one before.
    pub fn phase_began(&self) -> Timestamp {
        self.passed.last().map_or(self.begun, |before| before.at)
    }

    /// What was found in a phase that was passed.
    pub fn passed(&self, phase: CutPhase) -> Option<&PassedPhase> {
        self.passed.iter().find(|passed| passed.phase == phase)
    }

    /// Where it stands, in words.
    pub fn in_words(&self) -> String {
        match (self.ended, self.state) {
            (Some(at), _) => format!("cut over at {}, by {}", clock(at), self.by),
            (None, State::AwaitingSignOff) => {
                "cutting over: waits until the application's connection is set".to_owned()
            }
            (None, state) => format!("cutting over: {}, {}", self.phase, state.word()),
        }
    }
}

/// That the application was taken back to its old database, or is on the way there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolledBack {
    /// Where it stands; done means that the application leads to its old database.
    pub state: State,
    /// Who typed the database's name.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The cutting over that it took back, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_over: Option<Timestamp>,
    /// What was done, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<String>,
    /// Why it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl RolledBack {
    /// That it was, in words.
    pub fn in_words(&self) -> String {
        let (at, by) = (clock(self.at), &self.by);
        match self.state {
            State::Done => format!("rolled back at {at}, by {by}"),
            state => format!("rolling back since {at}, by {by}: {}", state.word()),
        }
    }
}

fn clock(at: Timestamp) -> String {
    at.strftime("%F %H:%M UTC").to_string()
}
