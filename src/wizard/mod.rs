//! The wizard: a pure machine. It holds the session, takes events and answers with effects.
//!
//! No I/O, no clock, no async: time comes with each event, work is an effect that somebody else
//! carries out. Both front ends drive this same machine, and its tests need neither.

pub mod checklist;
mod choice;
mod cleaning;
mod cutting;
mod errand;
mod event;
mod excerpt;
mod look;
mod next;
mod offer;
mod order;
mod outcome;
mod question;
mod rollback;
mod signing;
mod switching;
mod watching;

pub use choice::{source_database, target_database};
pub use cleaning::CleanupPlan;
pub use errand::{Brought, Errand, ErrandEnd, PhaseEnd, Recovery};
pub use event::{Effect, Event, News, RunId, Side, Steering};
pub use excerpt::{Excerpt, ExcerptCell, ExcerptColumn, ExcerptRow, Pairing, Size, Value, value};
pub use look::{Look, Looking, Planned, Preview, Seen};
pub use next::Next;
pub use order::needs;
pub use outcome::Outcome;
pub use question::{Answer, Question};
pub use switching::Switching;

use errand::UnderWay;

use crate::failure::{Failure, Severity};
use crate::session::report::Report;
use crate::session::{Place, Reached, Record, RolledBack, Session, State, Step};
use jiff::Timestamp;

/// What the machine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for the person.
    Idle,
    /// A step is running.
    Working {
        /// The number of its run.
        run: RunId,
        /// Which step.
        step: Step,
        /// Whether it moves nothing until it is told to go on.
        paused: bool,
        /// Whether it has been told to stop.
        stopping: bool,
        /// Whether the program ends when it has stopped.
        leaving: bool,
    },
}

/// The machine.
#[derive(Debug, Clone)]
pub struct Wizard {
    session: Session,
    phase: Phase,
    question: Option<Question>,
    looking: Option<Looking>,
    /// What is under way outside of the steps.
    errand: Option<UnderWay>,
    /// What was known of a way back before the one that is under way.
    before_back: Option<RolledBack>,
    /// What ran has ended because the person stopped it, and nothing else was wanted since.
    stopped: bool,
    counter: u64,
}

impl Wizard {
    /// A wizard over a session. The first event must be [`Event::Opened`].
    pub fn new(session: Session) -> Self {
        Self {
            session,
            phase: Phase::Idle,
            question: None,
            looking: None,
            errand: None,
            before_back: None,
            stopped: false,
            counter: 0,
        }
    }

    /// The session as it stands.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What the machine is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The question that waits for an answer.
    pub fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// How the program would end if it ended now.
    pub fn outcome(&self) -> Outcome {
        match self.session.first_open() {
            Some(open) => self.outcome_of(open),
            None => Outcome::Done,
        }
    }

    /// How the program would end if it ended now that this step has run. One that comes after the
    /// migration speaks for itself: the migration stays done.
    pub fn outcome_after(&self, step: Step) -> Outcome {
        match step.is_afterwards() {
            true => self.outcome_of(step),
            false => self.outcome(),
        }
    }

    fn outcome_of(&self, step: Step) -> Outcome {
        match self.session.steps.get(&step) {
            Some(Record {
                state: State::Done, ..
            }) => Outcome::Done,
            Some(Record {
                state: State::AwaitingSignOff,
                ..
            }) => Outcome::AwaitingSignOff,
            Some(Record {
                state: State::Failed,
                failure: Some(failure),
                ..
            }) => Outcome::Failed(failure.severity),
            _ => Outcome::Interrupted,
        }
    }

    /// Why a step cannot run now; `None` when it can.
    pub fn obstacle(&self, step: Step) -> Option<String> {
        if let Some(busy) = self.busy() {
            return Some(busy);
        }
        if self.session.leads_to_target() && matches!(step, Step::Schema | Step::Transfer) {
            let why = "the application was cut over and writes to the target: roll back first";
            return Some(why.to_owned());
        }
        if step == Step::Cutover && self.session.leads_to_target() {
            let why =
                "the application leads to the target already: its checklist is judged no more";
            return Some(why.to_owned());
        }
        if let Some(why) = self.lacks_ledger(step).or_else(|| self.half_way(step)) {
            return Some(why);
        }
        self.missing(needs(step), step.name())
    }

    /// Why the connections cannot change now; `None` when they can.
    pub fn obstacle_to_describe(&self) -> Option<String> {
        let busy = self.busy()?;
        Some(format!("the connections cannot change while {busy}"))
    }

    /// Takes an event in at the time `now`; answers with what has to be done, in order.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        let before = self.session.clone();
        let mut effects = match event.ends_a_look() {
            true => self.look_away(),
            false => Vec::new(),
        };
        self.stopped &= !event.is_wish() || matches!(event, Event::Stop);
        effects.extend(match event {
            Event::Opened => self.opened(),
            Event::Described { side, url } => self.described(side, url),
            Event::Chosen { select, onto } => self.choose(*select, onto),
            Event::Picked(select) => self.pick(*select),
            Event::PickAll(select) => self.ask_for_all(select),
            Event::Overwrite { database, by } => self.consent(&database, &by, now),
            Event::Proceed => self.proceed(now),
            Event::Run(step) => self.run(step, now),
            Event::Show(step) => self.show(step),
            Event::Again(step) => self.again(step, now),
            Event::Recheck(check) => self.recheck(check, now),
            Event::Stop => self.stop(),
            Event::Leave => self.leave(),
            Event::Inquire => self.inquire(),
            Event::Steer(steering) => self.steer(steering),
            Event::Answer { question, answer } => self.answer(question, answer, now),
            Event::Sign { item, by } => self.sign(&item, &by, now),
            Event::Reached { run, reached } => self.reached(run, reached),
            Event::Watched { run, report } => self.watched(run, report),
            Event::Finished { run, result } => self.finished(run, result, now),
            Event::Look(at) => self.look(at),
            Event::Seen { run, result } => self.seen(run, result),
            Event::LookAway => self.look_away(),
            Event::Application(folder) => self.name_application(folder),
            Event::Switch(way) => self.ask_to_switch(way),
            Event::SwitchFolder(name) => self.consent_to_switch(&name),
            Event::SwitchBack => self.switch(Switching::Undo),
            Event::FilesFound(stand) => self.found_files(*stand),
            Event::CleanUp(cleaning) => self.consent_to_clean_up(cleaning, now),
            Event::CutOver {
                database,
                by,
                options,
            } => self.cut_over(&database, &by, options, now),
            Event::AskWhetherSet => self.ask_whether_set(),
            Event::AskToAbandon => self.ask_to_abandon(),
            Event::Abandon => self.abandon(),
            Event::Recover { recovery, database } => self.recover(recovery, &database),
            Event::RollBack {
                database,
                by,
                edited,
            } => self.roll_back(&database, &by, edited, now),
            Event::ErrandEnded { run, result } => self.errand_ended(run, result, now),
        });
        let withdrawn = signing::withdrawn(&before.checklist, &self.session.checklist);
        effects.splice(0..0, withdrawn);
        let looked = Session {
            current: self.session.current,
            ..before
        };
        // To look at another step changes nothing: a session that is opened goes on with what is next.
        if self.session != looked {
            self.session.updated = now;
            effects.insert(0, Effect::Save);
        }
        effects
    }

    fn opened(&mut self) -> Vec<Effect> {
        if self.is_busy() {
            return Vec::new();
        }
        self.session.stop_running();
        let next = self.session.first_open();
        self.session.current = next.unwrap_or_else(|| self.begun_afterwards());
        Vec::new()
    }

    /// Once the migration is done: what was begun after it and is not done, else its last step.
    fn begun_afterwards(&self) -> Step {
        let begun = self.session.steps.iter().find_map(|(step, record)| {
            (step.is_afterwards() && record.state != State::Done).then_some(*step)
        });
        begun.unwrap_or(Step::Cutover)
    }

    fn described(&mut self, side: Side, url: String) -> Vec<Effect> {
        if let Some(why) = self.obstacle_to_describe() {
            return refused(why);
        }
        let place = match side {
            Side::Source => &mut self.session.source,
            Side::Target => &mut self.session.target,
        };
        let before = place.take();
        // A consent is not carried over to what may be another target.
        if side == Side::Target && before.as_ref().is_some_and(|place| place.url != url) {
            (self.session.consent, self.session.cleaning) = (None, None);
        }
        let identity = before.and_then(|place| place.identity);
        *place = Some(Place { url, identity });
        Vec::new()
    }

    fn proceed(&mut self, now: Timestamp) -> Vec<Effect> {
        let step = self.session.current;
        match (self.session.state(step), step.next()) {
            (State::Done, Some(next)) => self.show(next),
            (State::Done, None) => Vec::new(),
            _ => self.run(step, now),
        }
    }

    fn run(&mut self, step: Step, now: Timestamp) -> Vec<Effect> {
        if step == Step::Cutover && self.session.is_cut_over() && !self.is_busy() {
            // Only a look: the checklist that it was decided on is judged no more.
            self.session.current = step;
            return vec![Effect::Tell(News::CutOver)];
        }
        if let Some(obstacle) = self.obstacle(step) {
            return refused(obstacle);
        }
        match step {
            Step::Cleanup => {
                self.session.current = step;
                self.ask_to_clean_up()
            }
            _ => self.start(step, now),
        }
    }

    /// Starts a step that nothing stands in the way of.
    fn start(&mut self, step: Step, now: Timestamp) -> Vec<Effect> {
        self.session.current = step;
        self.forget_what_stood_on(step);
        let before = self.session.steps.remove(&step);
        let record = watching::begun(step, before, now);
        self.session.steps.insert(step, record);
        self.begin(step, None)
    }

    /// Looks at one of the prerequisites again. What was found of the others stays in the record, and
    /// the step builds its report on it.
    fn recheck(&mut self, check: String, now: Timestamp) -> Vec<Effect> {
        const STEP: Step = Step::Prerequisites;
        if let Some(obstacle) = self.obstacle(STEP) {
            return refused(obstacle);
        }
        let known = self.session.steps.get_mut(&STEP).filter(|record| {
            let report = record.report.as_ref();
            matches!(report, Some(Report::Prerequisites(found)) if found.has(&check))
        });
        let Some(record) = known else {
            return refused(format!("{check} is none of the checks that were made"));
        };
        *record = Record {
            state: State::Running,
            started: Some(now),
            report: record.report.take(),
            ..Record::default()
        };
        self.session.current = STEP;
        self.begin(STEP, Some(check))
    }

    /// Starts a step whose record says that it is running.
    fn begin(&mut self, step: Step, only: Option<String>) -> Vec<Effect> {
        self.counter += 1;
        let run = self.counter;
        self.phase = Phase::Working {
            run,
            step,
            paused: false,
            stopping: false,
            leaving: false,
        };
        self.withdraw_signatures(step);
        vec![
            Effect::Tell(News::Started(step)),
            Effect::Start { run, step, only },
        ]
    }

    fn show(&mut self, step: Step) -> Vec<Effect> {
        self.session.current = step;
        Vec::new()
    }

    fn reached(&mut self, ended: RunId, reached: Reached) -> Vec<Effect> {
        if let Phase::Working { run, step, .. } = self.phase
            && run == ended
            && let Some(record) = self.session.steps.get_mut(&step)
        {
            record.reached = Some(reached);
        }
        Vec::new()
    }

    fn finished(
        &mut self,
        finished: RunId,
        result: Result<Box<Report>, Failure>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Phase::Working {
            run,
            step,
            stopping,
            leaving,
            ..
        } = self.phase
        else {
            return Vec::new();
        };
        if run != finished {
            return Vec::new();
        }
        (self.phase, self.stopped) = (Phase::Idle, stopping);
        self.question = None;
        let news = self.settle(step, result, now);
        let mut effects = vec![Effect::Tell(news)];
        if leaving {
            effects.push(Effect::Exit(self.outcome_after(step)));
        }
        effects
    }

    fn settle(&mut self, step: Step, result: Result<Box<Report>, Failure>, now: Timestamp) -> News {
        let migrated = !self.session.compares_only;
        let record = self.session.steps.entry(step).or_default();
        record.finished = Some(now);
        match result {
            Ok(report) if step == Step::Cutover => {
                record.report = Some(*report);
                self.open_checklist(now)
            }
            Ok(report) => {
                record.reached = None;
                let failure = report.failure(migrated);
                record.state = match &failure {
                    Some(_) => State::Failed,
                    None if report.goes_on() => State::Interrupted,
                    None => State::Done,
                };
                let goes_on = record.state == State::Interrupted;
                record.failure.clone_from(&failure);
                record.report = Some(*report);
                match failure {
                    Some(failure) => News::Failed(step, failure),
                    None if goes_on => News::Interrupted(step),
                    None => {
                        self.learn_identities();
                        self.spend_consent(step);
                        News::Done(step)
                    }
                }
            }
            Err(failure) if failure.severity == Severity::Interrupted => {
                record.state = State::Interrupted;
                News::Interrupted(step)
            }
            Err(failure) => {
                record.state = State::Failed;
                record.failure = Some(failure.clone());
                News::Failed(step, failure)
            }
        }
    }

    /// Both databases are known now. What was found out about others before is no longer true.
    fn learn_identities(&mut self) {
        let session = &mut self.session;
        let record = session.steps.get(&Step::Connections);
        let Some(Report::Connections(found)) = record.and_then(|record| record.report.as_ref())
        else {
            return;
        };
        let sides = [
            (&mut session.source, found.source.identity.clone()),
            (&mut session.target, found.target.identity.clone()),
        ];
        let mut others = false;
        for (place, identity) in sides {
            if let Some(place) = place {
                let before = place.identity.replace(identity);
                others |= before.is_some() && before != place.identity;
            }
        }
        if others {
            session.steps.retain(|step, _| *step <= Step::Connections);
        }
        self.tie_consent();
    }
}

fn refused(why: String) -> Vec<Effect> {
    vec![Effect::Tell(News::Refused(why))]
}

#[cfg(test)]
mod tests;
