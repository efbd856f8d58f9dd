//! What goes into the machine and what comes out of it: plain data.

use super::{Errand, ErrandEnd, Look, Outcome, Recovery, Seen, Switching};
use crate::config::{Onto, Select};
use crate::failure::Failure;
use crate::session::report::{Recovered, Report, Watch};
use crate::session::{Cleaning, CutOptions, CutPhase, PassedPhase, Reached, Signature, Step};
use crate::switch::{EditedFiles, Settled};
use std::path::PathBuf;

/// Names one run of a step, so that news of an older run is recognised and ignored.
pub type RunId = u64;

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where the rows come from.
    Source,
    /// Where they go.
    Target,
}

impl Side {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }

    /// The word for it at the beginning of a line.
    pub fn title(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Target => "Target",
        }
    }
}

/// How a person steers a transfer while it runs. It is not kept: a transfer starts as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steering {
    /// Begin nothing new until told to go on; what is under way is finished.
    Pause,
    /// Go on after a pause.
    GoOn,
    /// One worker more.
    MoreWorkers,
    /// One worker fewer.
    FewerWorkers,
}

/// What happens to the wizard.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A front end has opened the session.
    Opened,
    /// A connection string was given; the text is without its password.
    Described {
        /// Of which database.
        side: Side,
        /// The connection string without its password.
        url: String,
    },
    /// It was chosen what of the source is moved, and onto what.
    Chosen {
        /// What is moved.
        select: Box<Select>,
        /// What may happen to what the target holds.
        onto: Onto,
    },
    /// A person took or left out tables: the selection that came of it. From then on the
    /// configuration's does not count for this session.
    Picked(Box<Select>),
    /// As [`Event::Picked`], for a selection that undoes what was left out one by one: asks first.
    PickAll(Box<Select>),
    /// A person typed the target database's name: what stands in the way there may go.
    Overwrite {
        /// What was typed.
        database: String,
        /// By whom.
        by: String,
    },
    /// Do what comes next: run the step that is looked at, or go to the next one when it is done.
    Proceed,
    /// Run this step, also when it is done already.
    Run(Step),
    /// Run this step again; asks first when later steps build on what it made.
    Again(Step),
    /// Look at one of the prerequisites again, named as in their report; the others stay as found.
    Recheck(String),
    /// Look at this step.
    Show(Step),
    /// Stop what is running, a second time also leave; when nothing is, ask whether to leave, a
    /// second time leave.
    Stop,
    /// Leave; asks first when something is running.
    Leave,
    /// Ask what shall become of what runs, as [`Event::Leave`] does, with more and fewer workers
    /// among the answers where there are any. For who has no keys for that.
    Inquire,
    /// Steer the running transfer.
    Steer(Steering),
    /// The answer to a question; ignored when it is not the one that is open.
    Answer {
        /// The question's number.
        question: u64,
        /// Which of its answers, from 0.
        answer: usize,
    },
    /// A person signs an item of the checklist.
    Sign {
        /// The item's key.
        item: String,
        /// The person's name.
        by: String,
    },
    /// How far a transfer was when its run ended; comes just before that is told.
    Reached {
        /// Which run.
        run: RunId,
        /// How far.
        reached: Reached,
    },
    /// How a watch stands after a probe.
    Watched {
        /// Which run.
        run: RunId,
        /// How.
        report: Box<Watch>,
    },
    /// A step's run has ended.
    Finished {
        /// Which run.
        run: RunId,
        /// What came out.
        result: Result<Box<Report>, Failure>,
    },
    /// A person wants to look at something; it takes the place of what was looked at before.
    Look(Look),
    /// What was to be looked at has been read.
    Seen {
        /// Which look.
        run: RunId,
        /// What was seen.
        result: Result<Box<Seen>, Failure>,
    },
    /// The person looks away again.
    LookAway,
    /// The application is in this folder.
    Application(PathBuf),
    /// Switch the application's files, or put them back; asks first.
    Switch(Switching),
    /// Switch them: the consent is the name of the application's folder.
    SwitchFolder(String),
    /// Put them back as they were, without a question.
    SwitchBack,
    /// How the application's files were found when the session was opened.
    FilesFound(Box<Settled>),
    /// Clean up, without a question: the consent to what is dropped is given with it.
    CleanUp(Cleaning),
    /// Cut the application over, or go on with it: a person typed the target database's name.
    CutOver {
        /// What was typed.
        database: String,
        /// By whom.
        by: String,
        /// How.
        options: CutOptions,
    },
    /// Ask whether the application's connection is set, which a cutting over waits for.
    AskWhetherSet,
    /// Undo a cutting over that is not finished; asks first.
    AskToAbandon,
    /// The same, without a question.
    Abandon,
    /// Save something of the target for the way back, or try that on copies.
    Recover {
        /// What.
        recovery: Recovery,
        /// The old database's name, typed, where that is written to; otherwise nothing.
        database: String,
    },
    /// Take the application back to its old database: a person typed the name of that.
    RollBack {
        /// What was typed.
        database: String,
        /// By whom.
        by: String,
        /// What becomes of the application's files that somebody has changed since.
        edited: EditedFiles,
    },
    /// Work outside of the steps has ended.
    ErrandEnded {
        /// Which run.
        run: RunId,
        /// What came out.
        result: Result<Box<ErrandEnd>, Failure>,
    },
}

impl Event {
    /// Whether a person wants something by it; the others tell what became of a run.
    pub(super) fn is_wish(&self) -> bool {
        !matches!(
            self,
            Self::Reached { .. }
                | Self::Watched { .. }
                | Self::Finished { .. }
                | Self::Seen { .. }
                | Self::FilesFound(_)
                | Self::ErrandEnded { .. }
        )
    }

    /// Whether the person turns to something else, or what is seen may be another now.
    pub(super) fn ends_a_look(&self) -> bool {
        match self {
            Self::Described { .. }
            | Self::Chosen { .. }
            | Self::Picked(_)
            | Self::PickAll(_)
            | Self::Overwrite { .. }
            | Self::Proceed
            | Self::Run(_)
            | Self::Again(_)
            | Self::Recheck(_)
            | Self::Show(_)
            | Self::Application(_)
            | Self::Switch(_)
            | Self::SwitchFolder(_)
            | Self::SwitchBack
            | Self::CleanUp(_)
            | Self::CutOver { .. }
            | Self::AskWhetherSet
            | Self::AskToAbandon
            | Self::Abandon
            | Self::RollBack { .. }
            | Self::LookAway => true,
            Self::Opened
            | Self::Stop
            | Self::Leave
            | Self::Inquire
            | Self::Steer(_)
            | Self::Answer { .. }
            | Self::Sign { .. }
            | Self::Reached { .. }
            | Self::Watched { .. }
            | Self::Finished { .. }
            | Self::Look(_)
            | Self::Seen { .. }
            | Self::FilesFound(_)
            | Self::Recover { .. }
            | Self::ErrandEnded { .. } => false,
        }
    }
}

/// What somebody has to do for the wizard.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Save the session now, before anything else happens.
    Save,
    /// Start a step.
    Start {
        /// The number of this run.
        run: RunId,
        /// Which step.
        step: Step,
        /// The one check of it that is wanted; `None` for the whole step.
        only: Option<String>,
    },
    /// Read something to look at; it comes back with [`Event::Seen`].
    Look {
        /// The number of this look.
        run: RunId,
        /// At what.
        at: Look,
    },
    /// Stop a run or a look; its end is still reported by [`Event::Finished`] or [`Event::Seen`].
    Cancel {
        /// Which run.
        run: RunId,
    },
    /// Steer a run.
    Steer {
        /// Which run.
        run: RunId,
        /// How.
        steering: Steering,
    },
    /// Do something outside of the steps; it comes back with [`Event::ErrandEnded`].
    Errand {
        /// The number of this run.
        run: RunId,
        /// What.
        errand: Errand,
    },
    /// Tell the person.
    Tell(News),
    /// End the program.
    Exit(Outcome),
}

/// What a front end tells the person.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A step has begun.
    Started(Step),
    /// A step is done.
    Done(Step),
    /// A step failed.
    Failed(Step, Failure),
    /// A step was stopped.
    Interrupted(Step),
    /// A probe was made: how the watch stands.
    Watched(Box<Watch>),
    /// What was asked for cannot be done now, and why.
    Refused(String),
    /// The checklist is open; the keys of what is missing.
    AwaitingSignOff(Vec<String>),
    /// An item was signed.
    Signed {
        /// The item's key.
        item: String,
        /// By whom.
        by: String,
        /// The earlier signature that it takes the place of.
        replaced: Option<Signature>,
    },
    /// What these items were signed for is made anew, or is another now: their signatures are gone. The
    /// items' keys.
    SignaturesWithdrawn(Vec<String>),
    /// How the application's files stand now.
    FilesStand(Settled),
    /// The application's files could not be switched, or put back.
    NotSwitched(Failure),
    /// A phase of a cutting over has begun.
    PhaseBegun(CutPhase),
    /// A phase of a cutting over was passed.
    PhasePassed(PassedPhase),
    /// A cutting over waits until a person has set the application's connection: what to set.
    SetByHand(Vec<String>),
    /// The application is over on the target.
    CutOver,
    /// A phase of a cutting over has failed, or was stopped.
    NotCutOver(CutPhase, Failure),
    /// Something of the target was saved, or the way back tried.
    Recovered(Recovered),
    /// It could not be.
    NotRecovered(Failure),
    /// The application leads to its old database again.
    RolledBack,
    /// It could not be taken back.
    NotRolledBack(Failure),
}
