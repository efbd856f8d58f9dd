//! The wizard without a screen and without questions: drives the same machine, tells what happens as plain lines or as
//! JSON, one object a line.

mod json;
mod output;
mod plain;

pub use json::Json;
pub use output::Output;
pub use plain::{
    Plain, advice_lines, cleanup_lines, compared_line, excerpt_lines, item_line, open_items,
    preview_lines, report_lines, way_back_lines,
};

use crate::failure::{Failure, Severity};
use crate::invocation::Invocation;
use crate::progress::{Note, Pace, Progress, Sample};
use crate::runner::Runner;
use crate::session::report::{ComparedTable, Recovered, WayBack};
use crate::session::{Session, State, Step, store};
use crate::wizard::{CleanupPlan, Effect, Event, Excerpt, News, Outcome, Question};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The last step to run; all when it is not given.
    pub until: Option<Step>,
    /// Run again from this step on, also what is done.
    pub from: Option<Step>,
    /// Signs the checklist's open items by this name: only for practice.
    pub signer: Option<String>,
}

/// A way of telling.
pub trait Voice: Send {
    /// The session is known: commands that are told from now on lead to it.
    fn invoked(&mut self, invocation: Invocation);
    /// The session in this file is open, and kept from now on.
    fn opened(&mut self, file: &Path);
    /// Something happened.
    fn news(&mut self, news: &News, session: &Session);
    /// The cutover was asked for, and a step before it failed: its checklist, with what is open.
    fn locked(&mut self, session: &Session);
    /// Cleaning up was asked for without consent: what it would do.
    fn planned(&mut self, plan: &CleanupPlan, session: &Session);
    /// What the way back to the old database would undo and lose, and how to go it unless it `goes` at
    /// once.
    fn way_back(&mut self, found: &WayBack, goes: bool);
    /// Sample rows of a compared table, for who asked for them; the failure where they cannot be
    /// read.
    fn sample(&mut self, table: &ComparedTable, seen: &Result<Excerpt, Failure>);
    /// How far the running step is.
    fn progress(&mut self, step: Step, gauge: &Gauge<'_>);
    /// A line left by the running step.
    fn note(&mut self, note: &Note);
    /// A failure outside of any step, which ends the program: a wrong option, practice servers
    /// that do not start. The last thing told.
    fn failure(&mut self, failure: &Failure);
    /// Something that happens outside of any step.
    fn say(&mut self, text: &str);
    /// The end of the run; the last thing told.
    fn end(&mut self, end: &End<'_>);
}

/// How far the running step is.
#[derive(Debug)]
pub struct Gauge<'a> {
    /// The meters.
    pub sample: &'a Sample,
    /// How fast it goes.
    pub pace: &'a Pace,
    /// Since the step was started.
    pub elapsed: Duration,
}

/// The end of a run.
#[derive(Debug)]
pub struct End<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether there was anything to do.
    pub worked: bool,
    /// The session as it stands.
    pub session: &'a Session,
    /// Its file; `None` where nothing is kept.
    pub file: Option<&'a Path>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether there was anything to do.
    pub worked: bool,
}

impl Ran {
    /// A run in which a person had the lead: whatever they did, nobody asked for more.
    pub fn worked(outcome: Outcome) -> Self {
        let worked = true;
        Self { outcome, worked }
    }

    /// Tells the end of the run: the last thing told, when everything is down.
    pub fn tell(self, runner: &Runner, voice: &mut dyn Voice) -> Outcome {
        let session = runner.wizard().session();
        voice.end(&End {
            outcome: self.outcome,
            worked: self.worked,
            session,
            file: (!session.compares_only).then(|| runner.session_file()),
        });
        self.outcome
    }
}

/// Runs the steps that are left; [`Ran::tell`] is the caller's. `person` resolves each time that the
/// person wants something; it is asked with the question that is open. It may be dropped and called
/// again.
pub async fn run(
    runner: &mut Runner,
    options: &Options,
    voice: &mut dyn Voice,
    mut person: impl AsyncFnMut(Option<&Question>) -> Event,
) -> Result<Ran, store::Error> {
    let steps = wanted(runner.wizard().session(), options);
    let (worked, last) = (!steps.is_empty(), steps.last().copied());
    let mut outcome = None;
    for step in steps {
        let mut driver = Driver::new(&mut *runner, &mut *voice);
        outcome = driver.step(step, &mut person).await?;
        // A step that was done before it heard of the wish to stop.
        let stopped = driver.stopped && Some(step) != last;
        outcome = outcome.or(stopped.then_some(Outcome::Interrupted));
        if outcome.is_some() {
            break;
        }
    }
    if let (None, Some(by)) = (outcome, &options.signer) {
        outcome = sign_all(runner, by, voice, &mut person).await?;
    }
    if let (Some(Outcome::Failed(_)), Some(Step::Cutover)) = (outcome, options.until) {
        voice.locked(runner.wizard().session());
    }
    let outcome = outcome.unwrap_or_else(|| reached(runner, options.until));
    Ok(Ran { outcome, worked })
}

/// Runs one step to its end, which the event begins, telling what happens; `Some` when the program
/// ends with it. `person` as in [`run`].
pub async fn run_step(
    runner: &mut Runner,
    (step, begin): (Step, Event),
    voice: &mut dyn Voice,
    mut person: impl AsyncFnMut(Option<&Question>) -> Event,
) -> Result<Option<Outcome>, store::Error> {
    let mut driver = Driver::new(runner, voice);
    driver.drive(step, begin, &mut person).await
}

/// What came of work outside of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrandRan {
    /// How it ended: [`Outcome::Partial`] when it succeeded.
    pub outcome: Outcome,
    /// How the program ends with it; `None` when it does not.
    pub left: Option<Outcome>,
}

/// Does something outside of the steps to its end, which the event begins, telling what happens, as of
/// the step that it belongs to. `person` as in [`run`].
pub async fn run_errand(
    runner: &mut Runner,
    (step, begin): (Step, Event),
    voice: &mut dyn Voice,
    mut person: impl AsyncFnMut(Option<&Question>) -> Event,
) -> Result<ErrandRan, store::Error> {
    let mut driver = Driver::new(runner, voice);
    let left = driver.drive(step, begin, &mut person).await?;
    let outcome = left.or(driver.errand_failed).unwrap_or(Outcome::Partial);
    Ok(ErrandRan { outcome, left })
}

/// The steps to run, in order.
fn wanted(session: &Session, options: &Options) -> Vec<Step> {
    if let Some(alone) = options.until.filter(|step| step.is_afterwards()) {
        // Who watches a target does not mean to migrate to it.
        return vec![alone];
    }
    if options.until == Some(Step::Cutover) && session.is_cut_over() {
        // Only looked at; a comparison of databases in use would find that they are.
        return vec![Step::Cutover];
    }
    let last = options.until.unwrap_or(Step::Cutover);
    let again = |step: Step| options.from.is_some_and(|from| step >= from);
    let steps = session.course().iter().copied();
    steps
        .filter(|step| *step <= last && (again(*step) || session.state(*step) != State::Done))
        .collect()
}

/// The outcome when nothing went wrong: the whole, or as far as was asked.
fn reached(runner: &Runner, until: Option<Step>) -> Outcome {
    let session = runner.wizard().session();
    let open = session.first_open();
    match (runner.wizard().outcome(), until) {
        // A comparison of databases in use speaks for itself.
        (_, Some(Step::Cutover)) if session.is_cut_over() => Outcome::Partial,
        (Outcome::Interrupted, Some(_)) => Outcome::Partial,
        // What failed before stands behind what was asked for.
        (Outcome::Failed(_), Some(until)) if open > Some(until) => Outcome::Partial,
        (outcome, _) => outcome,
    }
}

/// Signs what is open; `Some` when that cannot be brought to its end.
async fn sign_all(
    runner: &mut Runner,
    by: &str,
    voice: &mut dyn Voice,
    person: &mut impl AsyncFnMut(Option<&Question>) -> Event,
) -> Result<Option<Outcome>, store::Error> {
    let open: Vec<String> = runner
        .wizard()
        .open_items()
        .map(|item| item.key.clone())
        .collect();
    for item in open {
        let by = by.to_owned();
        let signed = (Step::Cutover, Event::Sign { item, by });
        let ended = run_step(runner, signed, voice, &mut *person).await?;
        if ended.is_some() {
            return Ok(ended);
        }
    }
    Ok(None)
}

/// Drives one step.
struct Driver<'a> {
    runner: &'a mut Runner,
    voice: &'a mut dyn Voice,
    pace: Pace,
    notes_seen: u64,
    started: Instant,
    stopped: bool,
    /// How an errand ended that did not succeed.
    errand_failed: Option<Outcome>,
}

impl<'a> Driver<'a> {
    fn new(runner: &'a mut Runner, voice: &'a mut dyn Voice) -> Self {
        let notes_seen = runner.progress().notes_after(u64::MAX).1;
        Self {
            runner,
            voice,
            pace: Pace::default(),
            notes_seen,
            started: Instant::now(),
            stopped: false,
            errand_failed: None,
        }
    }

    /// Runs a step to its end; `Some` when the run cannot go on behind it.
    async fn step(
        &mut self,
        step: Step,
        person: &mut impl AsyncFnMut(Option<&Question>) -> Event,
    ) -> Result<Option<Outcome>, store::Error> {
        let ended = self.drive(step, Event::Run(step), person).await?;
        let state = self.runner.wizard().session().state(step);
        let stays = state == State::Failed || state == State::Interrupted;
        Ok(ended.or(stays.then(|| self.runner.wizard().outcome_after(step))))
    }

    /// Runs a step to its end; `Some` when the program ends with it.
    async fn drive(
        &mut self,
        step: Step,
        begin: Event,
        person: &mut impl AsyncFnMut(Option<&Question>) -> Event,
    ) -> Result<Option<Outcome>, store::Error> {
        if let Some(outcome) = self.dispatch(begin)? {
            return Ok(Some(outcome));
        }
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.is_at_work(step) {
            let question = self.runner.wizard().question().cloned();
            let event = tokio::select! {
                event = self.runner.finished() => event,
                wish = person(question.as_ref()) => {
                    self.stopped |= wish == Event::Stop;
                    wish
                }
                _ = tick.tick() => {
                    self.tell_progress(step);
                    continue;
                }
            };
            self.tell_notes();
            if let Some(outcome) = self.dispatch(event)? {
                return Ok(Some(outcome));
            }
        }
        self.tell_notes();
        Ok(None)
    }

    fn is_at_work(&self, step: Step) -> bool {
        let wizard = self.runner.wizard();
        wizard.session().state(step) == State::Running || wizard.errand().is_some()
    }

    /// Tells what the machine answers; `Some` when that ends the run.
    fn dispatch(&mut self, event: Event) -> Result<Option<Outcome>, store::Error> {
        let mut outcome = None;
        for effect in self.runner.dispatch(event)? {
            match effect {
                Effect::Tell(news) => {
                    self.voice.news(&news, self.runner.wizard().session());
                    self.errand_failed = self.errand_failed.or(errand_failure(&news));
                    // What is refused while a step runs, more workers say, does not end it.
                    let is_idle = !self.runner.wizard().is_busy();
                    if matches!(news, News::Refused(_)) && is_idle {
                        outcome = Some(Outcome::Failed(Severity::Usage));
                    }
                }
                Effect::Exit(end) => outcome = Some(end),
                Effect::Save
                | Effect::Start { .. }
                | Effect::Look { .. }
                | Effect::Errand { .. }
                | Effect::Cancel { .. }
                | Effect::Steer { .. } => {}
            }
        }
        Ok(outcome)
    }

    fn tell_progress(&mut self, step: Step) {
        self.tell_notes();
        if step == Step::Watch {
            // It tells each of its probes; in between nothing happens.
            return;
        }
        let progress: &Progress = self.runner.progress();
        let (sample, elapsed) = (progress.sample(), self.started.elapsed());
        let all = sample.in_all();
        let left = all.rows_total.saturating_sub(all.rows);
        self.pace
            .feed(elapsed.as_secs_f64(), (all.rows, all.bytes), left);
        self.voice.progress(
            step,
            &Gauge {
                sample: &sample,
                pace: &self.pace,
                elapsed,
            },
        );
    }

    fn tell_notes(&mut self) {
        let (notes, seen) = self.runner.progress().notes_after(self.notes_seen);
        self.notes_seen = seen;
        notes.iter().for_each(|note| self.voice.note(note));
    }
}

/// How an errand ended that did not succeed.
fn errand_failure(news: &News) -> Option<Outcome> {
    match news {
        News::NotCutOver(_, failure)
        | News::NotRecovered(failure)
        | News::NotRolledBack(failure)
        | News::NotSwitched(failure) => Some(Outcome::Failed(failure.severity)),
        // Somebody has changed a file since: not all of it is back.
        News::FilesStand(stand) if !stand.left.is_empty() => {
            Some(Outcome::Failed(Severity::Failed))
        }
        News::Recovered(Recovered::Rehearsed(rehearsal)) if !rehearsal.passed() => {
            Some(Outcome::Failed(Severity::Failed))
        }
        _ => None,
    }
}
