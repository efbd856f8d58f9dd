//! Work outside of the steps: the application's files switched, the phases of a cutting over, the way
//! back. One at a time, and none while a step runs.

use super::{Effect, News, Phase, RunId, Switching, Wizard, refused};
use crate::failure::Failure;
use crate::session::CutPhase;
use crate::session::report::{Comparison, CutoverLook, Recovered};
use crate::switch::{EditedFiles, Settled};
use jiff::Timestamp;

/// Work outside of the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// The application's files are switched, or put back.
    Switch(Switching),
    /// A phase of a cutting over.
    CutOver(CutPhase),
    /// What an unfinished cutting over has switched is put back.
    Abandon,
    /// Something of the target is saved for the way back, or that is tried on copies.
    Recover {
        /// What is wished.
        recovery: Recovery,
        /// The name that a person typed as the consent to write to the old database; empty where nothing
        /// is written to it.
        typed: String,
    },
    /// The application is taken back to its old database; what becomes of its files that somebody has
    /// changed since.
    RollBack(EditedFiles),
}

impl Errand {
    /// What is being done, to complete "… now".
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Switch(_) => "the application's files are being switched",
            Self::CutOver(_) => "the application is being cut over",
            Self::Abandon => "the cutting over is being undone",
            Self::Recover { recovery, .. } => recovery.in_words(),
            Self::RollBack(_) => "the application is being taken back",
        }
    }
}

/// What can be saved of the target for the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Its dump, restored into a new database beside the old one.
    Database,
    /// The rows that only it has, in a file.
    Rows,
    /// Those rows, taken over into the old database.
    Apply {
        /// Whether rows that are other on the target are taken over, too.
        changed: bool,
    },
    /// Nothing: the way back is tried on copies.
    Rehearse,
}

impl Recovery {
    fn in_words(self) -> &'static str {
        match self {
            Self::Database => "the target is being dumped and restored beside the old database",
            Self::Rows => "the rows that only the target has are being written to a file",
            Self::Apply { .. } => "rows of the target are being taken over into the old database",
            Self::Rehearse => "the way back is being tried on copies",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum ErrandEnd {
    /// How the application's files stand.
    Files(Settled),
    /// A phase of a cutting over was passed, or waits for a person.
    Phase(PhaseEnd),
    /// Something was saved, or tried.
    Recovered(Recovered),
    /// The application is back: how its files stand, and what was done.
    RolledBack(Settled, Vec<String>),
    /// The way back was not begun, and nothing touched: the old database is not fit for it.
    NotBegun(Failure),
}

/// What came of a phase.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhaseEnd {
    /// What was found or done, line by line.
    pub found: Vec<String>,
    /// What it brought besides.
    pub brought: Brought,
}

/// What a phase brought besides words.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Brought {
    /// Nothing.
    #[default]
    Nothing,
    /// The look of the checklist.
    Look(CutoverLook),
    /// A comparison, equal or not.
    Comparison(Box<Comparison>),
    /// The files, switched.
    Files(Settled),
    /// What was found speaks against going on.
    Refused(Failure),
    /// Nothing was switched: a person has to set the application's connection.
    ByHand,
}

/// The errand that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnderWay {
    pub(super) run: RunId,
    pub(super) errand: Errand,
    pub(super) stopping: bool,
    pub(super) leaving: bool,
}

impl Wizard {
    /// The errand that is under way.
    pub fn errand(&self) -> Option<&Errand> {
        self.errand.as_ref().map(|under_way| &under_way.errand)
    }

    /// Whether anything is at work: a step or an errand.
    pub fn is_busy(&self) -> bool {
        self.phase != Phase::Idle || self.errand.is_some()
    }

    /// Whether the errand that is under way was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.errand
            .as_ref()
            .is_some_and(|under_way| under_way.stopping)
    }

    /// Why nothing else can be begun now.
    pub(super) fn busy(&self) -> Option<String> {
        match (self.phase, &self.errand) {
            (Phase::Working { step, .. }, _) => Some(format!("{step} is running")),
            (Phase::Idle, Some(under_way)) => Some(under_way.errand.in_words().to_owned()),
            (Phase::Idle, None) => None,
        }
    }

    /// Begins an errand that nothing stands against.
    pub(super) fn begin_errand(&mut self, errand: Errand) -> Vec<Effect> {
        self.counter += 1;
        let run = self.counter;
        let leaving = self.errand.as_ref().is_some_and(|before| before.leaving);
        self.errand = Some(UnderWay {
            run,
            errand: errand.clone(),
            stopping: false,
            leaving,
        });
        vec![Effect::Errand { run, errand }]
    }

    /// An errand has ended; one that a cutting over goes on with begins.
    pub(super) fn errand_ended(
        &mut self,
        ended: RunId,
        result: Result<Box<ErrandEnd>, Failure>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(under_way) = self.errand.take_if(|under_way| under_way.run == ended) else {
            return Vec::new();
        };
        let is_recovery = matches!(under_way.errand, Errand::Recover { .. });
        let mut effects = match (under_way.errand, result.map(|end| *end)) {
            (Errand::Switch(_), Ok(ErrandEnd::Files(stand))) => self.files_stand(stand),
            (Errand::CutOver(phase), Ok(ErrandEnd::Phase(end))) => {
                self.phase_ended(phase, end, now, under_way.stopping)
            }
            (Errand::CutOver(_), Err(failure)) => self.phase_failed(failure),
            (Errand::Abandon, Ok(ErrandEnd::Files(stand))) => self.abandoned(stand),
            (Errand::RollBack(_), Ok(ErrandEnd::RolledBack(stand, back))) => {
                self.rolled_back(stand, back, now)
            }
            (Errand::RollBack(_), Ok(ErrandEnd::NotBegun(failure))) => self.back_not_begun(failure),
            (Errand::Recover { .. }, Ok(ErrandEnd::Recovered(recovered))) => {
                self.recovered(recovered, now)
            }
            (Errand::Recover { .. }, Err(failure)) => {
                vec![Effect::Tell(News::NotRecovered(failure))]
            }
            (Errand::RollBack(_), Err(failure)) => self.not_rolled_back(failure),
            (_, Err(failure)) => vec![Effect::Tell(News::NotSwitched(failure))],
            // No errand ends in what another one brings.
            (_, Ok(_)) => Vec::new(),
        };
        if is_recovery && !under_way.leaving {
            effects.extend(self.look_again());
        }
        if self.errand.is_none() {
            self.question = None;
            self.stopped = under_way.stopping;
            effects.extend(under_way.leaving.then(|| Effect::Exit(self.outcome())));
        }
        effects
    }

    /// Stops the errand, a second time also leaves.
    pub(super) fn stop_errand(&mut self) -> Vec<Effect> {
        match &mut self.errand {
            Some(under_way) if under_way.stopping => {
                under_way.leaving = true;
                Vec::new()
            }
            Some(under_way) => {
                under_way.stopping = true;
                vec![Effect::Cancel { run: under_way.run }]
            }
            None => Vec::new(),
        }
    }

    /// Nothing that would follow this errand begins: the program ends.
    pub fn stop_behind(&mut self, run: RunId) {
        if let Some(under_way) = self.errand.as_mut().filter(|known| known.run == run) {
            under_way.stopping = true;
        }
    }

    /// Refuses, or goes on.
    pub(super) fn unless(
        &mut self,
        obstacle: Option<String>,
        go: impl FnOnce(&mut Self) -> Vec<Effect>,
    ) -> Vec<Effect> {
        match obstacle {
            Some(why) => refused(why),
            None => go(self),
        }
    }
}
