//! What the report tells: derived from the session alone, and the form of `--format json`. It takes
//! over field by field, so that nothing comes in unseen: no secret, and of rows' values only the keys
//! of some that differ and the values of the grouping column.

mod compared;
mod left_out;
mod moved;
mod side;
mod times;
mod warnings;

pub use compared::{Compared, ReportedTable, TableVerdict};
pub use left_out::{Consented, LeftOutOfIt};
pub use moved::{Moved, MovedTable};
pub use side::Side;
pub use times::{PhaseTime, StepTime};
pub use warnings::{Warning, Weight};

use super::verdict::{Verdict, found};
use crate::session::report::{Backup, Connections, Report};
use crate::session::{Item, Session, State, Step};
use jiff::Timestamp;
use serde::Serialize;

/// The form of the JSON, raised when a field goes or changes its meaning; new ones may come.
pub const FORMAT: u32 = 1;

/// A migration as it is told.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// [`FORMAT`].
    pub format: u32,
    /// The program's version.
    pub neonlift: String,
    /// The session's id.
    pub session: String,
    /// When the migration was begun.
    pub created: Timestamp,
    /// When the session last changed: what the report shows.
    pub updated: Timestamp,
    /// Whether it ran on practice servers.
    pub practice: bool,
    /// What is proved.
    pub verdict: Verdict,
    /// Whether all is done and signed.
    pub finished: bool,
    /// What comes next, in words.
    pub next: String,
    /// Where the rows come from.
    pub source: Side,
    /// Where they go.
    pub target: Side,
    /// The dump.
    pub backup: Option<Backup>,
    /// What the transfer moved.
    pub moved: Option<Moved>,
    /// What the comparison found.
    pub comparison: Option<Compared>,
    /// What the target does not have as the source has it, and what of it was overwritten.
    pub left_out: LeftOutOfIt,
    /// Warnings of all steps, and failures that stand.
    pub warnings: Vec<Warning>,
    /// The checklist with its signatures.
    pub checklist: Vec<Item>,
    /// Each step with its time.
    pub steps: Vec<StepTime>,
    /// The migration guide's phases with its time for them, and the time here.
    pub phases: Vec<PhaseTime>,
}

impl Document {
    /// What a session tells.
    pub fn of(session: &Session) -> Self {
        let connections = connections(session);
        let (source, target) = (session.source.as_ref(), session.target.as_ref());
        Self {
            format: FORMAT,
            neonlift: env!("CARGO_PKG_VERSION").to_owned(),
            session: session.id.clone(),
            created: session.created,
            updated: session.updated,
            practice: session.practice,
            verdict: Verdict::of(session),
            finished: session.first_open().is_none(),
            next: session.whats_next(),
            source: Side::of(source, connections.map(|both| &both.source)),
            target: Side::of(target, connections.map(|both| &both.target)),
            backup: match session.report(Step::Backup) {
                Some(Report::Backup(made)) => Some(made.clone()),
                _ => None,
            },
            moved: Moved::of(session),
            comparison: found(session).map(Compared::of),
            left_out: LeftOutOfIt::of(session),
            warnings: warnings::all(session, connections),
            checklist: session.checklist.clone(),
            steps: StepTime::all(session),
            phases: PhaseTime::all(session),
        }
    }

    /// The report's title.
    pub fn title(&self) -> String {
        let kind = if self.practice {
            "Practice migration"
        } else {
            "Migration"
        };
        let (source, target) = (self.source.name(), self.target.name());
        format!("{kind} report: {source} → {target}")
    }

    /// Which session, and when.
    pub fn subtitle(&self) -> String {
        let (begun, updated) = (super::at(self.created), super::at(self.updated));
        format!(
            "Session {}, begun {begun}, as it stood {updated}",
            self.session
        )
    }

    /// How far the migration is: a sentence of its own beside the verdict.
    pub fn progress(&self) -> String {
        match self.finished {
            true => "✓ The migration is done and signed.".to_owned(),
            false => format!("! The migration is not finished: {}.", self.next),
        }
    }

    /// How a step stands.
    pub fn state(&self, step: Step) -> State {
        let of_it = self.steps.iter().find(|time| time.step == step);
        of_it.map_or(State::Waiting, |time| time.state)
    }
}

fn connections(session: &Session) -> Option<&Connections> {
    match session.report(Step::Connections) {
        Some(Report::Connections(found)) => Some(found),
        _ => None,
    }
}
