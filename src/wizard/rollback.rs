//! The way back to the old database: looked at first, consented to with its name.

use super::errand::{Errand, Recovery};
use super::signing::named;
use super::{Effect, News, Wizard, refused, source_database};
use crate::failure::{Failure, Severity};
use crate::invocation::quoted;
use crate::session::report::Recovered;
use crate::session::{RolledBack, State, Step};
use crate::switch::{EditedFiles, Settled};
use jiff::Timestamp;

impl Wizard {
    /// Why the application cannot be taken back now; `None` when it can.
    pub fn obstacle_to_roll_back(&self) -> Option<String> {
        if let Some(busy) = self.busy() {
            return Some(busy);
        }
        let session = &self.session;
        let begun = session.state(Step::Application) == State::Done
            || session.switched.is_some()
            || session.cutting.is_some()
            || session.rolled_back.is_some();
        (!begun).then(|| "there is no way back to go: no application was switched, and the step application is not done".to_owned())
    }

    /// Why this name is no consent to go back.
    pub fn refuse_rollback(&self, typed: &str) -> Option<String> {
        match source_database(&self.session) {
            Some(name) if name == typed => None,
            Some(name) => Some(format!(
                "{typed:?} is not the name of the source's database: that is {name}"
            )),
            None => Some("the source is not known yet".to_owned()),
        }
    }

    /// Saves something of the target, or tries the way back on copies. Only what writes to the old
    /// database needs its name, typed.
    pub(super) fn recover(&mut self, recovery: Recovery, typed: &str) -> Vec<Effect> {
        let refusal = match recovery {
            Recovery::Apply { .. } => self.refuse_rollback(typed),
            Recovery::Database | Recovery::Rows | Recovery::Rehearse => None,
        };
        let obstacle = self.obstacle_to_roll_back().or(refusal);
        self.unless(obstacle, |wizard| {
            let typed = typed.to_owned();
            wizard.begin_errand(Errand::Recover { recovery, typed })
        })
    }

    /// Keeps what was saved. A rehearsal may tick its item.
    pub(super) fn recovered(&mut self, recovered: Recovered, now: Timestamp) -> Vec<Effect> {
        let is_rehearsal = matches!(recovered, Recovered::Rehearsed(_));
        self.session.recovered.push(recovered.clone());
        let mut effects = vec![Effect::Tell(News::Recovered(recovered))];
        let is_open = self.session.state(Step::Cutover) == State::AwaitingSignOff;
        if is_rehearsal && is_open {
            effects.push(Effect::Tell(self.open_checklist(now)));
        }
        effects
    }

    pub(super) fn roll_back(
        &mut self,
        typed: &str,
        by: &str,
        edited: EditedFiles,
        now: Timestamp,
    ) -> Vec<Effect> {
        let obstacle = self.obstacle_to_roll_back();
        if let Some(why) = obstacle.or_else(|| self.refuse_rollback(typed)) {
            return refused(why);
        }
        self.session.current = Step::Cutover;
        let cutting = self.session.cutting.as_ref();
        self.before_back = self.session.rolled_back.take();
        self.session.rolled_back = Some(RolledBack {
            state: State::Running,
            by: named(by).to_owned(),
            at: now,
            cut_over: cutting.and_then(|cutting| cutting.ended),
            done: Vec::new(),
            failure: None,
        });
        self.begin_errand(Errand::RollBack(edited))
    }

    /// The files are back: what builds on the comparison is to be done again, and signed again. A
    /// file that somebody has changed meanwhile stays, and with it the way back is not finished.
    pub(super) fn rolled_back(
        &mut self,
        stand: Settled,
        done: Vec<String>,
        now: Timestamp,
    ) -> Vec<Effect> {
        self.note_files(stand.switched.as_ref());
        if !stand.left.is_empty() {
            let mut effects = vec![Effect::Tell(News::FilesStand(stand))];
            let database = source_database(&self.session).unwrap_or_default();
            effects.extend(self.not_rolled_back(files_left(&database)));
            return effects;
        }
        let session = &mut self.session;
        session.steps.retain(|step, _| *step < Step::Compare);
        for item in &mut session.checklist {
            (item.ticked, item.signature) = (false, None);
        }
        (session.cutting, session.current) = (None, Step::Cutover);
        if let Some(back) = &mut session.rolled_back {
            (back.state, back.at, back.done) = (State::Done, now, done);
        }
        vec![Effect::Tell(News::RolledBack)]
    }

    /// Nothing was touched: the migration stands where it stood.
    pub(super) fn back_not_begun(&mut self, failure: Failure) -> Vec<Effect> {
        self.session.rolled_back = self.before_back.take();
        vec![Effect::Tell(News::NotRolledBack(failure))]
    }

    pub(super) fn not_rolled_back(&mut self, failure: Failure) -> Vec<Effect> {
        if let Some(back) = &mut self.session.rolled_back {
            back.state = match failure.severity {
                Severity::Interrupted => State::Interrupted,
                _ => State::Failed,
            };
            back.failure = Some(failure.clone());
        }
        vec![Effect::Tell(News::NotRolledBack(failure))]
    }
}

fn files_left(database: &str) -> Failure {
    let back = format!("$ neonlift rollback --confirm {}", quoted(database));
    Failure::new(
        "Not all of the application's files are back",
        "Somebody has changed some since they were switched, or a copy is gone; they were left as they are.",
    )
    .advise("Keep what was changed as a dated copy beside each, and put the old file back:")
    .advise(format!("{back} --edited-files aside"))
    .advise("Or set the old connection there yourself, keep the files so, and finish what is left:")
    .advise(format!("{back} --edited-files keep"))
}
