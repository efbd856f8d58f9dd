//! What builds on what: the steps that a step needs, and those that it makes untrue.

use super::Wizard;
use crate::session::{State, Step};

impl Wizard {
    /// Which of these steps is not done yet, though `what` needs it.
    pub(super) fn missing(&self, needs: &[Step], what: &str) -> Option<String> {
        let course = self.session.course();
        let missing = needs
            .iter()
            .find(|need| course.contains(need) && self.session.state(**need) != State::Done)?;
        Some(format!("{what} needs {missing} to be done first"))
    }

    /// What built on a step is no longer true when it runs again. What was cut over stays so: people
    /// may compare and try again as they like.
    pub(super) fn forget_what_stood_on(&mut self, step: Step) {
        let is_over = self.session.leads_to_target();
        for stale in invalidates(step) {
            if !(is_over && *stale == Step::Cutover) {
                self.session.steps.remove(stale);
            }
        }
        if invalidates(step).contains(&Step::Cutover) && !is_over && self.session.switched.is_none()
        {
            self.session.cutting = None;
        }
    }
}

/// The steps that must be done before a step may run: those that it builds on, and before
/// anything is written, all.
pub fn needs(step: Step) -> &'static [Step] {
    match step {
        Step::Prerequisites | Step::Connections => &[],
        Step::Inventory => &[Step::Connections],
        Step::Backup => &[Step::Prerequisites, Step::Connections],
        Step::Schema | Step::Transfer | Step::Compare | Step::Application | Step::Cutover => {
            // The steps stand in ALL in the order of their numbers.
            &Step::ALL[..step as usize]
        }
        Step::Watch | Step::Cleanup => &[Step::Cutover],
    }
}

/// The steps whose reports are no longer true once a step runs again.
pub(super) fn invalidates(step: Step) -> &'static [Step] {
    use Step::{Application, Backup, Cleanup, Compare, Cutover, Schema, Transfer, Watch};
    match step {
        Schema => &[Transfer, Compare, Application, Cutover, Watch, Cleanup],
        Transfer => &[Compare, Application, Cutover, Watch, Cleanup],
        Compare | Application => &[Cutover],
        Backup => &[Cleanup],
        _ => &[],
    }
}
