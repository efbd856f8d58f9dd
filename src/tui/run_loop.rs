//! The event loop: keys, signals and the ends of steps come in; the screen is drawn when
//! something has changed, and while a step is at work.

mod connect;
mod frames;

use super::screen;
use super::terminal::{self, Screen};
use super::theme::Theme;
use super::ui::{Intent, Ui};
use crate::config::Notify;
use crate::failure::{Explain, Failure, Severity};
use crate::figures;
use crate::invocation::Invocation;
use crate::progress::{Note, Sample, Tone};
use crate::runner::Runner;
use crate::session::{Record, Step, store};
use crate::signals::{Signals, Told};
use crate::wizard::{Effect, Event, Look, News, Outcome, Phase, Side};
use crossterm::event::Event as Input;
use frames::Frames;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Between two looks at the meters of a step at work.
const TICK: Duration = Duration::from_millis(100);

/// The same while the target is watched.
const SLOW_TICK: Duration = Duration::from_secs(1);

/// A step that took so many seconds was long enough to look elsewhere meanwhile.
const LONG: f64 = 10.0;

/// How the screen is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// The name offered under a signature when nobody has signed and the system names no user.
    pub signer: Option<String>,
    /// How commands that are advised lead to this session.
    pub invocation: Invocation,
    /// The log's file.
    pub log: PathBuf,
    /// How the end of a long step is told to somebody who looks elsewhere.
    pub notify: Notify,
    /// What was said while the session was opened: it goes to the messages.
    pub said: Vec<String>,
    /// The sides whose passwords are to be asked for first.
    pub ask: Vec<Side>,
}

/// Why the wizard could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no terminal, or it failed.
    #[error(transparent)]
    Terminal(#[from] terminal::Error),
    /// The session could not be saved.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system refused what is needed to hear of signals.
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Terminal(error) => error.failure(),
            Self::Store(error) => error.failure(),
            Self::Signals(error) => Failure::new("The wizard cannot start", error.to_string())
                .advise("Without a screen, all remaining steps are run by:")
                .advise("$ neonlift run"),
        }
    }
}

/// Fails when there is no terminal to draw on; `instead` is the command that needs none.
///
/// # Errors
/// Standard input or output is a pipe or a file.
pub fn require_terminal(instead: &'static str) -> Result<(), Error> {
    Ok(terminal::require(instead)?)
}

/// Runs the wizard on the screen, which is up, until the person leaves, or a signal ends it. The runner's
/// wizard must have been opened. Afterwards the terminal is as it was;
/// what still runs is for [`Runner::shut_down`].
///
/// # Errors
/// The terminal failed; the session cannot be saved.
pub async fn run(screen: Screen, runner: &mut Runner, options: &Options) -> Result<Outcome, Error> {
    let mut signals = Signals::new().map_err(Error::Signals)?;
    Loop::new(runner, options, screen).run(&mut signals).await
}

/// One run of the wizard on the terminal.
struct Loop<'a> {
    runner: &'a mut Runner,
    screen: Screen,
    ui: Ui,
    sample: Sample,
    notes_seen: u64,
    /// When the meters were looked at last.
    looked: Instant,
    frames: Frames,
    notify: Notify,
    outcome: Option<Outcome>,
    /// The step that a password was asked for before it can go on.
    interrupted: Option<Step>,
}

impl<'a> Loop<'a> {
    fn new(runner: &'a mut Runner, options: &Options, screen: Screen) -> Self {
        let session = runner.wizard().session();
        let signer = session.offered_signer(&|name| std::env::var(name).ok());
        let signer = signer
            .or_else(|| options.signer.clone())
            .unwrap_or_default();
        let theme = Theme {
            ascii: options.ascii,
        };
        let passwords = connect::passwords(runner);
        let mut ui = Ui::new(theme, TimeZone::system(), passwords, &signer, session);
        ui.invocation = options.invocation.on_screen(runner.session_file());
        ui.log = options.log.display().to_string();
        ui.report = report(runner);
        ui.comparison = runner.context().config.cutover.comparison;
        ui.follow(runner.wizard());
        ui.note(
            options.said.iter().map(|text| worth_a_look(text)).collect(),
            Timestamp::now(),
        );
        let current = Some(runner.wizard().session().current);
        if !options.ask.is_empty() {
            ui.ask_passwords(&options.ask, runner.wizard().session());
        }
        Self {
            runner,
            screen,
            ui,
            sample: Sample::default(),
            notes_seen: 0,
            looked: Instant::now(),
            frames: Frames::none(),
            notify: options.notify,
            outcome: None,
            interrupted: current.filter(|_| !options.ask.is_empty()),
        }
    }

    async fn run(mut self, signals: &mut Signals) -> Result<Outcome, Error> {
        loop {
            self.draw_if_due()?;
            let wake = self.wake();
            tokio::select! {
                input = self.screen.input() => match input {
                    Some(Ok(input)) => self.input(input, signals).await?,
                    Some(Err(error)) => return Err(terminal::Error::Io(error).into()),
                    None => return Ok(Outcome::Interrupted),
                },
                told = signals.next() => match told {
                    Told::End => return Ok(Outcome::Interrupted),
                    Told::Stop => self.dispatch(Event::Stop)?,
                    Told::Suspend => self.suspend(signals).await?,
                    Told::Resumed => self.resume()?,
                },
                ended = self.runner.finished() => self.dispatch(ended)?,
                () = until(wake) => self.look_at_meters(),
            }
            if let Some(outcome) = self.outcome {
                return Ok(outcome);
            }
        }
    }

    fn is_working(&self) -> bool {
        self.runner.wizard().is_busy()
    }

    /// When to wake without anything happening; never while nothing runs and all is drawn.
    fn wake(&self) -> Option<Instant> {
        let looks = self.is_working().then(|| self.looked + self.tick());
        self.frames.due(Instant::now()).or(looks)
    }

    /// How often meters are looked at: a watch, which runs for days, hardly has any.
    fn tick(&self) -> Duration {
        match self.runner.wizard().phase() {
            Phase::Working {
                step: Step::Watch, ..
            } => SLOW_TICK,
            _ => TICK,
        }
    }

    fn draw_if_due(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        if self.frames.due(now).is_none_or(|due| due > now) {
            return Ok(());
        }
        let title = self.title();
        let (wizard, ui, sample) = (self.runner.wizard(), &mut self.ui, &self.sample);
        let now = Timestamp::now();
        ui.keep_refusal(now);
        self.screen
            .draw(&title, |frame| screen::draw(frame, wizard, ui, sample, now))?;
        self.frames.drawn(Instant::now());
        Ok(())
    }

    /// The terminal's title: the step, and how far it is.
    fn title(&self) -> String {
        let Phase::Working { step, paused, .. } = self.runner.wizard().phase() else {
            let current = self.runner.wizard().session().current;
            return match self.runner.wizard().errand() {
                Some(errand) => format!("neonlift: {}", errand.in_words()),
                None => format!("neonlift: {current}"),
            };
        };
        let paused = if paused { ", paused" } else { "" };
        match self.sample.share() {
            Some(share) => format!("neonlift: {step} {}{paused}", figures::percent(share)),
            None => format!("neonlift: {step}{paused}"),
        }
    }

    fn look_at_meters(&mut self) {
        self.looked = Instant::now();
        let now = Timestamp::now();
        self.sample = self.runner.progress().sample();
        let (notes, seen) = self.runner.progress().notes_after(self.notes_seen);
        self.notes_seen = seen;
        self.ui.note(notes, now);
        if let Phase::Working { step, .. } = self.runner.wizard().phase() {
            let record = self.runner.wizard().session().steps.get(&step);
            let started = record.and_then(|record| record.started).unwrap_or(now);
            let milliseconds = now.as_millisecond() - started.as_millisecond();
            self.ui
                .gauges_mut()
                .feed(&self.sample, milliseconds as f64 / 1000.0);
        }
        self.frames.changed();
    }

    async fn input(&mut self, input: Input, signals: &mut Signals) -> Result<(), Error> {
        self.frames.pressed();
        let intents = match input {
            Input::Key(key) => self.ui.key(self.runner.wizard(), key),
            Input::Paste(text) => {
                self.ui.paste(self.runner.wizard(), &text);
                Vec::new()
            }
            _ => Vec::new(),
        };
        for intent in intents {
            match intent {
                Intent::Send(event) => self.dispatch(event)?,
                Intent::Suspend => self.suspend(signals).await?,
                Intent::Copy(text) => self.screen.copy(&text)?,
                Intent::Direct => self.take_direct_host()?,
                Intent::Connect(entered) => {
                    if let Err(wrong) = self.connect(&entered)? {
                        self.ui.say(wrong);
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn dispatch(&mut self, event: Event) -> Result<(), Error> {
        let effects = self.runner.dispatch(event)?;
        self.look_at_meters();
        self.notify(&effects)?;
        let behind = self.behind(&effects);
        self.told(effects);
        behind.map_or(Ok(()), |event| self.dispatch(event))
    }

    /// What the person would do next, and need not be asked for.
    fn behind(&mut self, effects: &[Effect]) -> Option<Event> {
        if effects.contains(&Effect::Tell(News::Done(Step::Connections))) {
            // Only a password was missing: on to what it was wanted for.
            return self.interrupted.take().map(Event::Show);
        }
        let refused = |effect: &Effect| {
            matches!(effect, Effect::Tell(News::NotRolledBack(why))
                if why.severity != Severity::Interrupted)
        };
        // Where nothing was begun, the pane tells why once the way back is looked at as it is now.
        let is_half_way = self.runner.wizard().session().is_half_way_back();
        let looks = !is_half_way && effects.iter().any(refused);
        looks.then_some(Event::Look(Look::WayBack))
    }

    /// Tells somebody who looks elsewhere that a long step has ended, or of an alarm.
    fn notify(&mut self, effects: &[Effect]) -> Result<(), Error> {
        let alarm = effects.iter().find_map(|effect| match effect {
            Effect::Tell(News::Watched(found)) => found.raised_now.first(),
            _ => None,
        });
        if let Some(alarm) = alarm {
            let text = format!("neonlift: alarm: {alarm}");
            self.screen.notify(self.notify, &text)?;
        }
        let ended = effects.iter().find_map(|effect| match effect {
            Effect::Tell(News::Done(step)) => Some((*step, "is done")),
            Effect::Tell(News::Failed(step, _)) => Some((*step, "failed")),
            _ => None,
        });
        let Some((step, how)) = ended else {
            return Ok(());
        };
        let record = self.runner.wizard().session().steps.get(&step);
        if record
            .and_then(Record::seconds)
            .is_some_and(|seconds| seconds >= LONG)
        {
            self.screen
                .notify(self.notify, &format!("neonlift: {step} {how}"))?;
        }
        Ok(())
    }

    fn told(&mut self, effects: Vec<Effect>) {
        let wizard = self.runner.wizard();
        for effect in effects {
            match effect {
                Effect::Tell(news) => self.ui.tell(&news, wizard, Timestamp::now()),
                Effect::Exit(outcome) => self.outcome = Some(outcome),
                // The runner has carried these out.
                Effect::Save
                | Effect::Start { .. }
                | Effect::Look { .. }
                | Effect::Errand { .. }
                | Effect::Cancel { .. }
                | Effect::Steer { .. } => {}
            }
        }
        self.ui.follow(wizard);
        self.ui.report = report(self.runner);
        self.frames.changed();
    }

    /// Goes to the background and waits there to be called back.
    async fn suspend(&mut self, signals: &mut Signals) -> Result<(), Error> {
        if let Err(why) = self.screen.suspend(signals).await? {
            self.ui.refuse(why);
        }
        self.frames.changed();
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Error> {
        self.screen.resume()?;
        self.frames.changed();
        Ok(())
    }
}

/// Where the report is; empty where there is none.
fn report(runner: &Runner) -> String {
    let file = Some(runner.report_file()).filter(|file| file.exists());
    file.map_or_else(String::new, |file| file.display().to_string())
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake).await,
        None => pending().await,
    }
}

fn worth_a_look(text: &str) -> Note {
    Note {
        tone: Tone::Warning,
        text: text.to_owned(),
    }
}
