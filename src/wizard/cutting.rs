//! The cutting over: asked for with the target database's name, carried out phase by phase. Each
//! phase is in the session, which is saved, before it begins.

use super::errand::{Brought, Errand, PhaseEnd};
use super::question::{Act, Answer};
use super::signing::named;
use super::{Effect, News, Wizard, checklist, refused, target_database};
use crate::failure::{Failure, Severity};
use crate::figures::counted;
use crate::session::report::Report;
use crate::session::{CutOptions, CutOver, CutPhase, PassedPhase, State, Step};
use crate::switch::Settled;
use jiff::Timestamp;

impl Wizard {
    /// Why the application cannot be cut over now; `None` when it can, or an unfinished cutting over
    /// can go on.
    pub fn obstacle_to_cut_over(&self) -> Option<String> {
        if let Some(busy) = self.busy() {
            return Some(busy);
        }
        if let Some(done) = self.session.cutting.as_ref().filter(|cut| cut.is_done()) {
            return Some(done.in_words());
        }
        if self.session.state(Step::Cutover) == State::Done || self.goes_on_switched() {
            return None;
        }
        let open = checklist::evaluated(&self.session);
        let open: Vec<&str> = open
            .iter()
            .filter(|item| !item.is_closed())
            .map(|item| item.key.as_str())
            .collect();
        Some(match open.is_empty() {
            true => "cutting over needs the step cutover to be done first".to_owned(),
            false => format!(
                "the checklist locks the cutting over: {} open, {}",
                counted(open.len() as u64, "item"),
                open.join(", ")
            ),
        })
    }

    /// Whether open items of the checklist stand against cutting over.
    pub fn is_locked(&self) -> bool {
        let is_done = self.session.state(Step::Cutover) == State::Done;
        !is_done && !self.goes_on_switched() && !self.session.is_cut_over()
    }

    /// Why this name is no consent to cut over.
    pub fn refuse_cutting(&self, typed: &str) -> Option<String> {
        match target_database(&self.session) {
            Some(name) if name == typed => None,
            Some(name) => Some(format!(
                "{typed:?} is not the name of the target's database: that is {name}"
            )),
            None => Some("the target is not known yet".to_owned()),
        }
    }

    /// Whether an unfinished cutting over has come past its switch: it goes on behind it.
    fn goes_on_switched(&self) -> bool {
        self.session.leads_to_target() && !self.session.is_cut_over()
    }

    /// Begins, or goes on with what was begun: behind the switch where the application leads to the
    /// target already, else from the start, because the source may have been written to since.
    pub(super) fn cut_over(
        &mut self,
        typed: &str,
        by: &str,
        options: CutOptions,
        now: Timestamp,
    ) -> Vec<Effect> {
        let obstacle = self.obstacle_to_cut_over();
        if let Some(why) = obstacle.or_else(|| self.refuse_cutting(typed)) {
            return refused(why);
        }
        self.session.current = Step::Cutover;
        let waits = |cut: &&mut CutOver| cut.state == State::AwaitingSignOff;
        let switched = self.goes_on_switched();
        if let Some(cutting) = self.session.cutting.as_mut().filter(waits)
            && options.by_hand
        {
            cutting.options.by_hand = true;
            return self.begin_phase(CutPhase::Switch);
        }
        if switched {
            return self.begin_phase(CutPhase::Check);
        }
        self.session.cutting = Some(CutOver::new(named(by), options, now));
        self.begin_phase(CutPhase::Checklist)
    }

    /// A person is asked whether the connection is set.
    pub(super) fn ask_whether_set(&mut self) -> Vec<Effect> {
        let waits = self.waits_for_connection();
        self.unless(
            (!waits).then(|| "no cutting over waits for a connection".to_owned()),
            |wizard| {
                let answers = vec![
                    Answer::new('n', "not yet", "it goes on waiting", Act::Nothing),
                    Answer::new(
                        'y',
                        "it is set",
                        "the target is tried, and the application is cut over",
                        Act::ConnectionSet,
                    ),
                ];
                wizard.ask(
                    "Does the application, and all that belongs to it, lead to the target now?"
                        .to_owned(),
                    answers,
                )
            },
        )
    }

    /// Whether a cutting over waits until a person has set the application's connection.
    pub fn waits_for_connection(&self) -> bool {
        let cutting = self.session.cutting.as_ref();
        cutting.is_some_and(|cut| cut.state == State::AwaitingSignOff) && !self.is_busy()
    }

    /// The person says that it is set.
    pub(super) fn connection_set(&mut self) -> Vec<Effect> {
        if !self.waits_for_connection() {
            return Vec::new();
        }
        self.session.current = Step::Cutover;
        if let Some(cutting) = &mut self.session.cutting {
            cutting.options.by_hand = true;
        }
        self.begin_phase(CutPhase::Switch)
    }

    /// Who looks at another step meanwhile is left there.
    fn begin_phase(&mut self, phase: CutPhase) -> Vec<Effect> {
        let Some(cutting) = &mut self.session.cutting else {
            return Vec::new();
        };
        cutting.passed.retain(|passed| passed.phase < phase);
        (cutting.state, cutting.phase, cutting.failure) = (State::Running, phase, None);
        let mut effects = vec![Effect::Tell(News::PhaseBegun(phase))];
        effects.extend(self.begin_errand(Errand::CutOver(phase)));
        effects
    }

    pub(super) fn phase_ended(
        &mut self,
        phase: CutPhase,
        end: PhaseEnd,
        now: Timestamp,
        stopping: bool,
    ) -> Vec<Effect> {
        if matches!(end.brought, Brought::ByHand) {
            return self.wait_for_connection(end.found);
        }
        if let Some(failure) = self.take_in(end.brought, now) {
            return self.phase_failed(failure);
        }
        let counters = self.session.noted_counters();
        let Some(cutting) = &mut self.session.cutting else {
            return Vec::new();
        };
        let passed = PassedPhase {
            phase,
            at: now,
            found: end.found,
        };
        cutting.passed.push(passed.clone());
        if phase == CutPhase::Switch {
            cutting.counters = counters;
        }
        let mut effects = vec![Effect::Tell(News::PhasePassed(passed))];
        match phase.next() {
            Some(next) if stopping => {
                cutting.phase = next;
                let what = "The cutting over was stopped".to_owned();
                effects.extend(self.phase_failed(Failure::interrupted(what)));
            }
            Some(next) => effects.extend(self.begin_phase(next)),
            None => {
                (cutting.state, cutting.ended) = (State::Done, Some(now));
                self.session.rolled_back = None;
                effects.push(Effect::Tell(News::CutOver));
            }
        }
        effects
    }

    /// Keeps what a phase brought; the answer is why it is not passed.
    fn take_in(&mut self, brought: Brought, now: Timestamp) -> Option<Failure> {
        let cutting = self.session.cutting.as_ref();
        let began = cutting.map(CutOver::phase_began);
        match brought {
            Brought::Nothing | Brought::ByHand => None,
            Brought::Refused(failure) => Some(failure),
            Brought::Files(stand) => {
                self.note_files(stand.switched.as_ref());
                None
            }
            Brought::Look(look) => {
                let record = self.session.steps.entry(Step::Cutover).or_default();
                (record.started, record.report) = (began, Some(Report::Cutover(look)));
                match self.open_checklist(now) {
                    News::AwaitingSignOff(open) => Some(opened_again(&open)),
                    _ => None,
                }
            }
            Brought::Comparison(found) => {
                let report = Report::Compare(*found);
                let record = self.session.steps.entry(Step::Compare).or_default();
                record.started = began;
                match self.settle(Step::Compare, Ok(Box::new(report)), now) {
                    News::Failed(_, failure) => {
                        self.open_checklist(now);
                        Some(failure)
                    }
                    _ => None,
                }
            }
        }
    }

    fn wait_for_connection(&mut self, found: Vec<String>) -> Vec<Effect> {
        if let Some(cutting) = &mut self.session.cutting {
            cutting.state = State::AwaitingSignOff;
            cutting.to_set.clone_from(&found);
        }
        vec![Effect::Tell(News::SetByHand(found))]
    }

    pub(super) fn phase_failed(&mut self, failure: Failure) -> Vec<Effect> {
        let Some(cutting) = &mut self.session.cutting else {
            return Vec::new();
        };
        cutting.state = match failure.severity {
            Severity::Interrupted => State::Interrupted,
            _ => State::Failed,
        };
        cutting.failure = Some(failure.clone());
        vec![Effect::Tell(News::NotCutOver(cutting.phase, failure))]
    }

    /// Why there is no unfinished cutting over to be undone.
    pub fn obstacle_to_abandon(&self) -> Option<String> {
        match &self.session.cutting {
            _ if self.is_busy() => self.busy(),
            None => Some("no cutting over was begun".to_owned()),
            Some(cutting) if cutting.is_done() => Some(format!(
                "{}: rollback takes the application back",
                cutting.in_words()
            )),
            Some(_) => None,
        }
    }

    pub(super) fn ask_to_abandon(&mut self) -> Vec<Effect> {
        self.unless(self.obstacle_to_abandon(), |wizard| {
            let does = match wizard.may_be_used() {
                true => {
                    "the files go back, if nothing that was written to the target would be lost"
                }
                false => "nothing was switched: it is only forgotten",
            };
            let answers = vec![
                Answer::new('n', "cancel", "everything stays as it is", Act::Nothing),
                Answer::new('y', "undo it", does, Act::Abandon),
            ];
            wizard.ask("Undo the cutting over that was begun?".to_owned(), answers)
        })
    }

    /// Undoes without asking.
    pub(super) fn abandon(&mut self) -> Vec<Effect> {
        let obstacle = self.obstacle_to_abandon();
        self.unless(obstacle, |wizard| match wizard.may_be_used() {
            true => wizard.begin_errand(Errand::Abandon),
            false => wizard.abandoned(Settled::default()),
        })
    }

    /// Whether the application may have written to the target: its files are switched, or a person sets
    /// its connection.
    fn may_be_used(&self) -> bool {
        let cutting = self.session.cutting.as_ref();
        self.session.switched.is_some() || cutting.is_some_and(|cut| cut.phase >= CutPhase::Switch)
    }

    pub(super) fn abandoned(&mut self, stand: Settled) -> Vec<Effect> {
        self.note_files(stand.switched.as_ref());
        if stand.left.is_empty() {
            self.session.cutting = None;
        }
        vec![Effect::Tell(News::FilesStand(stand))]
    }
}

fn opened_again(open: &[String]) -> Failure {
    let why = format!(
        "{} open: {}.",
        counted(open.len() as u64, "item"),
        open.join(", ")
    );
    Failure::new("The checklist is open again", why)
        .advise("Nothing was switched. See what is open, and close it:")
        .advise("$ neonlift cutover")
}

#[cfg(test)]
mod tests;
