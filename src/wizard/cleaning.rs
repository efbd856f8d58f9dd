//! Cleaning up: what would be done, asked for, and never done without consent.

use super::question::{Act, Answer};
use super::{Effect, Wizard, refused, target_database};
use crate::figures;
use crate::session::report::{LeftOut, Report};
use crate::session::standing::name;
use crate::session::{Cleaning, State, Step};
use jiff::Timestamp;

/// What cleaning up would do, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CleanupPlan {
    /// What is done, in its order; needs no more than a yes.
    pub does: Vec<String>,
    /// What is dropped, with the consent to it.
    pub drops: Vec<String>,
    /// What stays, and why.
    pub stays: Vec<LeftOut>,
    /// What speaks for waiting.
    pub cautions: Vec<String>,
}

impl Wizard {
    /// What cleaning up would do, as far as the session knows.
    pub fn cleanup_plan(&self) -> CleanupPlan {
        let session = &self.session;
        let mut plan = CleanupPlan::default();
        if let Some(Report::Backup(dump)) = session.report(Step::Backup) {
            let (file, size) = (&dump.file, figures::bytes(dump.bytes));
            plan.does.push(format!(
                "compress the backup {file} ({size}) with zstd, and prove the archive by reading it back; the dump stays, unless you want it removed then"
            ));
        }
        plan.does
            .push("note until when the backup is to be kept, and remind of it".to_owned());
        plan.does.push(
            "end the process that holds a snapshot of the source, if there is one".to_owned(),
        );
        if let Some(database) = target_database(session).filter(|_| !self.ledger_is_gone()) {
            plan.drops.push(format!(
                "the ledger, schema neonlift, in {database} on the target: after that no transfer is resumed"
            ));
        }
        if let Some(source) = &session.source {
            plan.stays.push(LeftOut {
                what: format!("the old database {}", name(&source.url)),
                why: "neonlift never drops it, and does not even connect to it for this".to_owned(),
            });
        }
        for file in session.switched.iter().flat_map(|switched| &switched.files) {
            plan.stays.push(LeftOut {
                what: file.copy.clone(),
                why: "a way back needs the application's old files".to_owned(),
            });
        }
        if !session.is_cut_over() && session.switched.is_none() {
            let text =
                "neonlift has not cut the application over: make sure that it is on the target";
            plan.cautions.push(text.to_owned());
        }
        if session.state(Step::Watch) != State::Done {
            let text = "watch has not ended: the target in use was not looked at for long enough";
            plan.cautions.push(text.to_owned());
        }
        plan
    }

    /// Whether this migration's ledger was dropped, as the last cleanup reported.
    pub(super) fn ledger_is_gone(&self) -> bool {
        matches!(self.session.report(Step::Cleanup), Some(Report::Cleanup(found)) if !found.has_ledger)
    }

    /// Why a step that would write rows again cannot run: nobody knows any more which are in.
    pub(super) fn lacks_ledger(&self, step: Step) -> Option<String> {
        let writes = matches!(step, Step::Schema | Step::Transfer);
        (writes && self.ledger_is_gone()).then(|| {
            format!("cleanup has dropped the ledger that {step} needs: begin a new session")
        })
    }

    /// Why nothing can be put away yet: the application is between its two databases.
    pub(super) fn half_way(&self, step: Step) -> Option<String> {
        let session = &self.session;
        let cutting = session.cutting.as_ref();
        match step {
            Step::Cleanup if session.is_half_way_back() => Some(
                "the way back to the old database is not finished: go it to its end".to_owned(),
            ),
            Step::Cleanup if cutting.is_some_and(|cutting| !cutting.is_done()) => {
                Some("the cutting over is not finished: go on with it, or undo it".to_owned())
            }
            _ => None,
        }
    }

    /// Asks before anything is put away or dropped.
    pub(super) fn ask_to_clean_up(&mut self) -> Vec<Effect> {
        let database = target_database(&self.session).filter(|_| !self.ledger_is_gone());
        let watched = match self.session.state(Step::Watch) {
            State::Done => "",
            _ => " Watch has not ended.",
        };
        let text =
            format!("Put away what the migration needs no more? The old database stays.{watched}");
        self.ask(text, answers(database.as_deref()))
    }

    /// Why this name is no consent to drop the ledger.
    pub fn refuse_to_drop(&self, typed: &str) -> Option<String> {
        match target_database(&self.session) {
            Some(database) if database == typed => None,
            Some(database) => Some(format!(
                "{typed:?} is not the name of the target's database: that is {database}"
            )),
            None => Some("the target is not known".to_owned()),
        }
    }

    /// A consent: with the name of the target's database its ledger goes.
    pub(super) fn consent_to_clean_up(
        &mut self,
        cleaning: Cleaning,
        now: Timestamp,
    ) -> Vec<Effect> {
        let typed = cleaning.ledger.as_deref();
        let refusal = typed.and_then(|typed| self.refuse_to_drop(typed));
        self.unless(refusal, |wizard| wizard.clean_up(cleaning, now))
    }

    /// Cleans up without asking: the consent was given.
    pub(super) fn clean_up(&mut self, mut cleaning: Cleaning, now: Timestamp) -> Vec<Effect> {
        if let Some(obstacle) = self.obstacle(Step::Cleanup) {
            return refused(obstacle);
        }
        if self.ledger_is_gone() {
            // It is looked for once more, and not found: the report goes on saying so.
            cleaning.ledger = cleaning.ledger.or_else(|| target_database(&self.session));
        }
        self.session.cleaning = Some(cleaning);
        self.start(Step::Cleanup, now)
    }
}

/// What can be answered; without the name of a database there is no ledger to drop.
fn answers(database: Option<&str>) -> Vec<Answer> {
    let clean = |remove_dump| match database {
        Some(_) => Act::DropLedger { remove_dump },
        None => Act::CleanUp(Cleaning {
            ledger: None,
            remove_dump,
        }),
    };
    let kept = "everything stays as it is";
    let mut answers = vec![Answer::new('n', "cancel", kept, Act::Nothing)];
    let alone = "the backup is archived; nothing is dropped or removed";
    let alone = Answer::new(
        'b',
        "backup alone",
        alone,
        Act::CleanUp(Cleaning::default()),
    );
    let removed = "and the dump is removed once its archive was read back";
    let (first, second) = match database {
        Some(name) => {
            let does = format!(
                "the backup is archived and stays; the ledger in {name} is dropped, once you type that name"
            );
            answers.push(Answer::new('y', "clean up", does, clean(false)));
            ("the same", Some(alone))
        }
        None => {
            answers.push(alone);
            ("the backup is archived", None)
        }
    };
    let does = format!("{first}, {removed}");
    answers.push(Answer::new('d', "and remove dump", does, clean(true)));
    answers.extend(second);
    answers
}

#[cfg(test)]
mod tests;
