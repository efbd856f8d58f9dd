//! What comes next, for every front end: the status line, the keys and the numbered questions say the same.

use super::{Errand, Phase, Wizard};
use crate::session::{State, Step};

/// What brings the migration on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A step is gone to.
    Step(Step),
    /// The application is cut over, or that is gone on with.
    CutOver,
}

impl Wizard {
    /// What comes behind the step that runs or is looked at; `None` behind the last one, and amid a way
    /// back.
    pub fn next(&self) -> Option<Next> {
        let session = &self.session;
        let from = match self.phase {
            Phase::Working { step, .. } => step,
            Phase::Idle => session.current,
        };
        let before = session.first_open().filter(|open| *open < Step::Cutover);
        match (from, before) {
            _ if from != Step::Cutover => from.next().map(Next::Step),
            _ if session.is_half_way_back() => None,
            _ if session.is_cut_over() || self.is_cutting_over() => from.next().map(Next::Step),
            (_, Some(open)) => Some(Next::Step(open)),
            (_, None) => Some(Next::CutOver),
        }
    }

    /// Whether what comes next is the cutting over, and nothing is to be signed before it.
    pub fn is_ready_to_cut_over(&self) -> bool {
        let session = &self.session;
        let is_signed = session.state(Step::Cutover) == State::Done;
        session.current == Step::Cutover && is_signed && self.next() == Some(Next::CutOver)
    }

    fn is_cutting_over(&self) -> bool {
        matches!(self.errand(), Some(Errand::CutOver(_)))
    }
}
