//! Carries out the wizard's effects: saves the session, starts and stops steps, feeds their ends
//! back as events. Both front ends sit on it and differ only in how they ask and tell.

mod beside;
mod kept_report;

use crate::failure::{Explain, Failure};
use crate::postgres::{ConnectionString, ParseError};
use crate::progress::{MeterSample, Progress, Sample, Stage, Tone};
use crate::session::report::{Report, Watch};
use crate::session::{Reached, Session, State, Step, store};
use crate::source::holder;
use crate::steps::{self, Context};
use crate::switch;
use crate::transfer::Throttle;
use crate::wizard::{Effect, ErrandEnd, Event, News, RunId, Seen, Side, Steering, Wizard};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What came of a task: a step that was run, or a look.
enum Ended {
    Run(RunId, Result<Box<Report>, Failure>),
    Look(RunId, Result<Box<Seen>, Failure>),
    Errand(RunId, Result<Box<ErrandEnd>, Failure>),
}

/// So many reports of a step that is not over wait for being taken.
const INTERIM: usize = 8;

/// The wizard with its hands.
#[derive(Debug)]
pub struct Runner {
    wizard: Wizard,
    store: store::Store,
    context: Arc<Context>,
    progress: Progress,
    running: JoinSet<Ended>,
    /// How to stop the step that runs.
    current: Option<(RunId, CancellationToken)>,
    /// How to stop the look that was begun last.
    looking: Option<(RunId, CancellationToken)>,
    /// The tasks of looks: one that breaks off must not be taken for the step's.
    looks: HashMap<tokio::task::Id, RunId>,
    /// How to stop the errand that was begun last, and its task.
    errand: Option<(RunId, CancellationToken, tokio::task::Id)>,
    throttle: Throttle,
    /// What a step that runs for long tells before its end.
    interim: Option<(RunId, mpsc::Receiver<Box<Watch>>)>,
    opened: bool,
    unsaved: bool,
}

impl Runner {
    /// A runner over an open session.
    pub fn new(session: Session, store: store::Store, mut context: Context) -> Self {
        context.session_file = store.file().to_owned();
        let progress = Progress::default();
        Self {
            wizard: Wizard::new(session),
            store,
            context: Arc::new(context),
            throttle: Throttle::new(&progress),
            progress,
            interim: None,
            running: JoinSet::new(),
            current: None,
            looking: None,
            looks: HashMap::new(),
            errand: None,
            opened: false,
            unsaved: false,
        }
    }

    /// The machine, to look at.
    pub fn wizard(&self) -> &Wizard {
        &self.wizard
    }

    /// What the running step shows.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// What the steps work with.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The session's file.
    pub fn session_file(&self) -> &std::path::Path {
        self.store.file()
    }

    /// Hands an event to the machine and carries out what it answers. Returns the effects that
    /// are the front end's: [`Effect::Tell`] and [`Effect::Exit`].
    ///
    /// Nothing is saved before [`Event::Opened`]: a command that is refused for what it was given
    /// leaves no session behind, and another's as it was. A comparison alone is never saved.
    pub fn dispatch(&mut self, event: Event) -> Result<Vec<Effect>, store::Error> {
        let mut for_front_end = Vec::new();
        let had_begun = self.has_begun_to_move();
        self.opened |= matches!(event, Event::Opened);
        let now = Timestamp::now();
        if let Event::Finished { run, .. } = event
            && let Some(reached) = reached(&self.progress.sample())
        {
            // Saved with the end that follows.
            self.wizard.handle(Event::Reached { run, reached }, now);
        }
        let opens = matches!(event, Event::Opened);
        let mut effects = self.wizard.handle(event, now);
        if opens {
            effects.extend(self.look_at_files(now));
        }
        if had_begun && !self.has_begun_to_move() {
            self.release_snapshot();
        }
        self.unsaved |= effects.contains(&Effect::Save);
        let is_kept = self.opened && !self.wizard.session().compares_only;
        if is_kept && self.unsaved {
            self.store.save(self.wizard.session())?;
            self.unsaved = false;
        }
        if is_kept && self.has_report(&effects) {
            self.keep_report();
        }
        for effect in effects {
            match effect {
                Effect::Save => {}
                Effect::Start { run, step, only } => self.start(run, step, only),
                Effect::Look { run, at } => self.look(run, at),
                Effect::Errand { run, errand } => self.errand(run, errand),
                Effect::Cancel { run } => self.cancel(run),
                Effect::Steer { run, steering } => {
                    for_front_end.extend(self.steer(run, steering).map(Effect::Tell));
                }
                Effect::Tell(_) | Effect::Exit(_) => for_front_end.push(effect),
            }
        }
        Ok(for_front_end)
    }

    /// How an earlier run left the application's files; one that was killed meanwhile is put right.
    fn look_at_files(&mut self, now: Timestamp) -> Vec<Effect> {
        match switch::settle(self.store.file()) {
            Ok(found) => {
                for line in found.in_words().into_iter().filter(|_| found.is_mended()) {
                    self.progress.note(Tone::Warning, line);
                }
                self.wizard.handle(Event::FilesFound(Box::new(found)), now)
            }
            Err(error) => {
                let failure = error.failure();
                let text = format!("{}. {}", failure.what, failure.why);
                self.progress.note(Tone::Warning, text);
                vec![Effect::Tell(News::NotSwitched(failure))]
            }
        }
    }

    fn has_begun_to_move(&self) -> bool {
        let session = self.wizard.session();
        session.state(Step::Transfer) != State::Waiting
    }

    /// The transfer begins anew, or with other databases: what it was read in burdens the source
    /// for nothing.
    fn release_snapshot(&self) {
        match holder::release(self.store.file()) {
            Ok(released) => tracing::info!(?released, "the held snapshot is not needed any more"),
            Err(error) => tracing::warn!(%error, "the held snapshot cannot be let go"),
        }
    }

    /// Takes a connection string in: the password stays in memory, the rest goes to the session.
    /// What the machine refuses changes nothing for what is at work.
    pub fn describe(
        &mut self,
        side: Side,
        string: ConnectionString,
    ) -> Result<Vec<Effect>, store::Error> {
        self.describe_found(side, string, None)
    }

    /// As [`Runner::describe`], with the place where the password was found; `None` when it was
    /// typed or pasted.
    pub fn describe_found(
        &mut self,
        side: Side,
        string: ConnectionString,
        origin: Option<String>,
    ) -> Result<Vec<Effect>, store::Error> {
        let is_taken = self.wizard.obstacle_to_describe().is_none();
        let url = string.url();
        let effects = self.dispatch(Event::Described { side, url })?;
        if is_taken {
            self.context.connect(side, string);
            self.context.password_is_from(side, origin);
        }
        Ok(effects)
    }

    /// What the session has of a side: everything but the password.
    pub fn known(&self, side: Side) -> Option<ConnectionString> {
        let session = self.wizard.session();
        let place = match side {
            Side::Source => session.source.as_ref(),
            Side::Target => session.target.as_ref(),
        };
        place.and_then(|place| ConnectionString::parse(&place.url).ok())
    }

    /// Takes the target's direct host in place of its pooled one, with the same password.
    pub fn take_direct_host(&mut self) -> Result<Vec<Effect>, store::Error> {
        let origin = self.context.password_origin(Side::Target);
        let pooled = self.context.connection(Side::Target);
        match pooled.or_else(|| self.known(Side::Target)) {
            Some(pooled) => self.describe_found(Side::Target, pooled.direct(), origin),
            None => Ok(Vec::new()),
        }
    }

    /// Takes a connection string in as a person wrote it.
    pub fn describe_text(&mut self, side: Side, text: &str) -> Result<Vec<Effect>, DescribeError> {
        let string = ConnectionString::parse(text)?;
        Ok(self.describe(side, string)?)
    }

    fn start(&mut self, run: RunId, step: Step, only: Option<String>) {
        let token = CancellationToken::new();
        self.current = Some((run, token.clone()));
        self.progress.start(step.purpose());
        self.throttle = Throttle::new(&self.progress);
        let (context, progress) = (Arc::clone(&self.context), self.progress.clone());
        let throttle = self.throttle.clone();
        let (interim, told) = mpsc::channel(INTERIM);
        self.interim = Some((run, told));
        let session = self.wizard.session().clone();
        self.running.spawn(async move {
            tracing::info!(%step, "started");
            let wanted = (step, only.as_deref());
            let told = (&progress, &throttle, &interim);
            let result = steps::run(wanted, &context, &session, told, &token).await;
            let result = match result {
                Ok(report) => Ok(Box::new(report)),
                Err(error) => {
                    let cause = crate::failure::chain(&error);
                    tracing::error!(%step, cause, "ended in an error");
                    Err(if token.is_cancelled() {
                        Failure::interrupted(format!("The step {step} was stopped"))
                    } else {
                        error.failure()
                    })
                }
            };
            Ended::Run(run, result)
        });
    }

    fn cancel(&self, run: RunId) {
        let known = [&self.current, &self.looking].into_iter().flatten();
        let errand = self.errand.iter().map(|(run, token, _)| (run, token));
        let known = known.map(|(run, token)| (run, token)).chain(errand);
        known
            .filter(|(known, _)| **known == run)
            .for_each(|(_, token)| token.cancel());
    }

    /// Steers the running transfer; the answer is why that cannot be.
    fn steer(&self, run: RunId, steering: Steering) -> Option<News> {
        let is_current = |(current, _): &&_| *current == run;
        self.current.as_ref().filter(is_current)?;
        let refused = match steering {
            Steering::Pause => {
                self.throttle.pause();
                None
            }
            Steering::GoOn => {
                self.throttle.go_on();
                None
            }
            Steering::MoreWorkers => self.throttle.more().err(),
            Steering::FewerWorkers => self.throttle.fewer().err(),
        };
        refused.map(News::Refused)
    }

    /// Waits for the running step, or a look, to end, or to tell how it stands; for ever when nothing
    /// runs. Safe to drop and
    /// call again.
    pub async fn finished(&mut self) -> Event {
        let ended = tokio::select! {
            // What a run told comes before its end.
            biased;
            Some(event) = told(&mut self.interim) => return event,
            ended = self.running.join_next_with_id() => ended,
        };
        match ended {
            Some(Ok((_, Ended::Run(run, result)))) => Event::Finished { run, result },
            Some(Ok((_, Ended::Errand(run, result)))) => Event::ErrandEnded { run, result },
            Some(Ok((task, Ended::Look(run, result)))) => {
                self.looks.remove(&task);
                Event::Seen { run, result }
            }
            // The panic hook has written where; the machine must hear that it is over.
            Some(Err(error)) => match self.looks.remove(&error.id()) {
                None if self.errand_of(&error).is_some() => {
                    let run = self.errand_of(&error).unwrap_or(0);
                    let result = Err(broken("What was begun broke off", &error));
                    Event::ErrandEnded { run, result }
                }
                Some(run) => {
                    let result = Err(broken("The step broke off", &error));
                    Event::Seen { run, result }
                }
                None => {
                    let run = self.current.as_ref().map_or(0, |(run, _)| *run);
                    let result = Err(broken("The step broke off", &error));
                    Event::Finished { run, result }
                }
            },
            None => std::future::pending().await,
        }
    }

    /// Stops what runs and waits until it has ended; its end goes into the session.
    pub async fn shut_down(&mut self) -> Result<(), store::Error> {
        for (_, token) in [&self.current, &self.looking].into_iter().flatten() {
            token.cancel();
        }
        if let Some((run, token, _)) = &self.errand {
            token.cancel();
            // Nothing that would follow it begins.
            self.wizard.stop_behind(*run);
        }
        while !self.running.is_empty() {
            let event = self.finished().await;
            self.dispatch(event)?;
        }
        Ok(())
    }
}

/// What a running step tells next; `None` when it tells nothing more.
async fn told(interim: &mut Option<(RunId, mpsc::Receiver<Box<Watch>>)>) -> Option<Event> {
    let (run, told) = interim.as_mut()?;
    let (run, report) = (*run, told.recv().await?);
    Some(Event::Watched { run, report })
}

/// How far a transfer came; `None` for other steps, and before it has begun to move rows.
fn reached(sample: &Sample) -> Option<Reached> {
    let is_left = |meter: &&MeterSample| meter.noun == "index row" && meter.stage != Stage::Done;
    let builds_left = sample.meters.iter().filter(is_left).count() as u64;
    let kinds = sample.kinds();
    let rows = kinds.iter().find(|kind| kind.noun == "row");
    let rows = rows.filter(|_| sample.pool.wanted > 0)?;
    Some(Reached {
        rows: rows.rows,
        rows_total: rows.rows_total.max(rows.rows),
        builds_left,
    })
}

/// What it means that a task panicked.
pub(crate) fn broken(what: &str, error: &tokio::task::JoinError) -> Failure {
    Failure::new(what, error.to_string())
        .advise("This is a fault in neonlift: please report it with the log. Your data is safe; running it again goes on where it was.")
}

/// Why a connection string was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// It cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The session could not be saved.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Explain for DescribeError {
    fn failure(&self) -> Failure {
        match self {
            Self::Parse(error) => error.failure(),
            Self::Store(error) => error.failure(),
        }
    }
}

#[cfg(test)]
mod tests;
