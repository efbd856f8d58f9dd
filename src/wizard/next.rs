//! What brings the migration on from the step that is looked at: the one answer of every front end.

use super::Wizard;
use crate::session::{State, Step};
use std::fmt;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Source or target is entered.
    Connect,
    /// This step is run, tried again or gone on with.
    Run(Step),
    /// What the checklist leaves to people is signed.
    Sign,
    /// The application is cut over.
    CutOver,
    /// The cutting over that was begun goes on.
    GoOnCutting,
    /// The application's connection is set by a person, who says so.
    ConnectionSet,
    /// The way back that was begun is gone to its end.
    WayBack,
    /// This step is looked at.
    Show(Step),
    /// Nothing: all is done.
    Nothing,
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connections"),
            Self::Run(step) | Self::Show(step) => write!(f, "{step}"),
            Self::Sign => f.write_str("sign"),
            Self::CutOver => f.write_str("cut over"),
            Self::GoOnCutting => f.write_str("go on cutting over"),
            Self::ConnectionSet => f.write_str("set the connection"),
            Self::WayBack => f.write_str("finish the way back"),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

impl Wizard {
    /// What brings the migration on from the step that is looked at.
    pub fn next(&self) -> Next {
        let session = &self.session;
        let step = session.current;
        let over = (step == Step::Cutover).then(|| self.next_over()).flatten();
        match (session.state(step), step.next()) {
            _ if over.is_some() => over.unwrap_or(Next::Nothing),
            (State::Done, Some(next)) => Next::Show(next),
            (State::Done, None) => Next::Nothing,
            _ if self.needs_connections() => Next::Connect,
            _ => Next::Run(step),
        }
    }

    /// On the step cutover: what its checklist, the cutting over and the way back ask for.
    fn next_over(&self) -> Option<Next> {
        let session = &self.session;
        let state = session.state(Step::Cutover);
        let open = session.first_open().filter(|step| *step < Step::Cutover);
        if session.is_half_way_back() {
            return Some(Next::WayBack);
        }
        if self.waits_for_connection() {
            return Some(Next::ConnectionSet);
        }
        match &session.cutting {
            Some(cutting) if cutting.is_done() || cutting.state == State::Running => {
                Step::Cutover.next().map(Next::Show)
            }
            Some(_) if !self.is_locked() => Some(Next::GoOnCutting),
            None if state == State::Done => Some(Next::CutOver),
            _ if open.is_some() => open.map(Next::Show),
            _ => (state == State::AwaitingSignOff).then_some(Next::Sign),
        }
    }
}
