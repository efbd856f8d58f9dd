//! How long the steps took, and the migration guide's phases beside it.

use crate::session::report::{Estimate, Inventory, Phase, Report};
use crate::session::{Reached, Record, Session, State, Step};
use jiff::Timestamp;
use serde::Serialize;

/// A step with its time.
#[derive(Debug, Clone, Serialize)]
pub struct StepTime {
    /// The step.
    pub step: Step,
    /// How it stands.
    pub state: State,
    /// When it was last started.
    pub started: Option<Timestamp>,
    /// From the last start to the last end.
    pub seconds: Option<f64>,
    /// How far a transfer was when it was stopped.
    pub reached: Option<Reached>,
}

/// A phase of the migration guide.
#[derive(Debug, Clone, Serialize)]
pub struct PhaseTime {
    /// Its name; the last one is all of them.
    pub phase: &'static str,
    /// The least and the most minutes that the guide gives it, by hand.
    pub guide_minutes: (u32, u32),
    /// The same in words.
    #[serde(skip)]
    pub guide: String,
    /// The least and the most seconds that were estimated after the inventory.
    pub estimated_seconds: Option<(f64, f64)>,
    /// The same in words.
    #[serde(skip)]
    pub estimated: Option<String>,
    /// The seconds that its steps took here; null where one is not done, or none does it.
    pub seconds: Option<f64>,
}

impl StepTime {
    pub(super) fn all(session: &Session) -> Vec<Self> {
        Step::ALL.map(|step| Self::of(session, step)).to_vec()
    }

    fn of(session: &Session, step: Step) -> Self {
        let record = session.steps.get(&step);
        Self {
            step,
            state: session.state(step),
            started: record.and_then(|record| record.started),
            seconds: record.and_then(Record::seconds),
            reached: record.and_then(|record| record.reached),
        }
    }
}

impl PhaseTime {
    pub(super) fn all(session: &Session) -> Vec<Self> {
        let counted = match session.report(Step::Inventory) {
            Some(Report::Inventory(found)) => Estimate::of(found),
            _ => Estimate::of(&Inventory::default()),
        };
        let phases = counted.phases();
        phases
            .iter()
            .map(|phase| Self::of(session, phase))
            .collect()
    }

    fn of(session: &Session, phase: &Phase) -> Self {
        let taken = phase.steps.iter().map(|step| {
            let done = session.state(*step) == State::Done;
            let record = session.steps.get(step).filter(|_| done);
            record.and_then(Record::seconds)
        });
        let taken: Option<f64> = taken.sum();
        Self {
            phase: phase.name,
            guide_minutes: phase.guide_minutes,
            guide: phase.guide(),
            estimated_seconds: phase.seconds(),
            estimated: phase.seconds().map(|_| phase.here()),
            seconds: taken.filter(|_| !phase.steps.is_empty()),
        }
    }
}
