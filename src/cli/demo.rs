//! `neonlift demo`: practice servers, and the wizard on them.

use super::args::{Common, Demo};
use super::opening::{begin_silently, configured, context, leading_back, leading_to};
use super::sessions::{self, Choice, Which};
use super::start::{migrate, start_screen};
use super::{Error, Front, ending, front, interruptible, settled};
use crate::config::{Backup, Config};
use crate::headless::{self, Ran, Voice};
use crate::practice::{self, Happening, Practice};
use crate::runner::Runner;
use crate::session::store::Store;
use crate::session::{Session, State};
use crate::signals::Stops;
use crate::start::Menu;
use crate::steps::Context;
use crate::tui;
use crate::tui::Prepared;
use crate::tui::start::Start;
use crate::tui::terminal::Screen;
use crate::wizard::{Event, Outcome, Side};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Who signs the checklist of a practice run without a screen.
const SIGNER: &str = "practice run";

/// `neonlift demo`.
pub(super) async fn run(
    common: &Common,
    demo: &Demo,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let which = Which::named_or(common, Choice::Unfinished);
    if demo.headless || front(common) != Front::Screen {
        return in_lines(common, demo, which, voice).await;
    }
    tui::require_terminal("demo --headless")?;
    let screen = Screen::enter().map_err(tui::Error::from)?;
    let mut start = start_screen(common, Menu::default())?;
    match on_screen(screen, &mut start, (common, demo, which), voice).await? {
        Ended::With(outcome) => Ok(outcome),
        Ended::Before(screen, error) => {
            drop(screen);
            Err(error)
        }
    }
}

/// How a practice run on the screen ended.
pub(super) enum Ended {
    /// The wizard was left.
    With(Outcome),
    /// It did not begin; the screen is still up.
    Before(Box<Screen>, Error),
}

/// A practice run on the screen, which shows also how its servers start.
pub(super) async fn on_screen(
    mut screen: Screen,
    start: &mut Start,
    (common, demo, which): (&Common, &Demo, Which<'_>),
    voice: &mut dyn Voice,
) -> Result<Ended, Error> {
    let opened = Opened::of(common, which)
        .and_then(|opened| opened.servers(demo).map(|options| (opened, options)));
    let (opened, options) = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(Ended::Before(Box::new(screen), error)),
    };
    if opened.is_over(&options) {
        let runner = opened.alone();
        let ended = migrate(screen, common, (runner, Vec::new()), voice).await?;
        return Ok(Ended::With(ended));
    }
    let starting =
        |say: tui::Say, cancel| async move { Practice::start(&options, &*say, &cancel).await };
    let started = match tui::prepare(&mut screen, start, starting).await? {
        Prepared::Done(started) => started.map_err(Error::Broken),
        Prepared::Left(task) => {
            drop(screen);
            ending::safely(voice, left(task)).await??;
            return Ok(Ended::With(Outcome::Interrupted));
        }
    };
    let practice = match started.and_then(|started| Ok(started?)) {
        Ok(practice) => practice,
        Err(error) => return Ok(Ended::Before(Box::new(screen), error)),
    };
    let (mut runner, ready) = opened.with(&practice, common, voice);
    let options = tui::Options {
        ascii: common.ascii,
        signer: Some(SIGNER.to_owned()),
        invocation: leading_back(common, &runner),
        log: super::log_file(common)?,
        notify: runner.context().config.screen.notify,
        ..tui::Options::default()
    };
    voice.invoked(options.invocation.clone());
    let ran = match ready {
        Ok(()) => tui::run(screen, &mut runner, &options)
            .await
            .map_err(Error::from),
        Err(error) => {
            // What follows is told in lines.
            drop(screen);
            Err(error)
        }
    };
    let ran = ran.map(Ran::worked);
    let ended = finish(runner, practice, ran, demo, voice).await;
    ended.map(Ended::With)
}

/// The end of a start that nobody waits for any more: servers that run nevertheless are stopped.
async fn left(task: JoinHandle<Result<Practice, practice::Error>>) -> Result<(), Error> {
    match task.await.map_err(Error::Broken)? {
        Ok(practice) => Ok(practice.stop().await?),
        // It was stopped.
        Err(_) => Ok(()),
    }
}

async fn in_lines(
    common: &Common,
    demo: &Demo,
    which: Which<'_>,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let mut signals = Stops::new()?;
    let opened = Opened::of(common, which)?;
    voice.invoked(leading_to(common, opened.store.file(), &opened.session));
    if opened.session.first_open().is_none() {
        let (outcome, worked) = (Outcome::Done, false);
        let runner = Runner::new(opened.session, opened.store, Context::default());
        return Ok(Ran { outcome, worked }.tell(&runner, voice));
    }
    let practice = {
        let stop = async || {
            signals.next().await;
        };
        opened.start(demo, voice, stop).await?
    };
    let (mut runner, ready) = opened.with(&practice, common, voice);
    let options = headless::Options {
        signer: Some(SIGNER.to_owned()),
        ..headless::Options::default()
    };
    let stop = async |_: Option<&_>| {
        signals.next().await;
        Event::Stop
    };
    let ran = match ready {
        Ok(()) => headless::run(&mut runner, &options, voice, stop)
            .await
            .map_err(Error::from),
        Err(error) => Err(error),
    };
    finish(runner, practice, ran, demo, voice).await
}

/// Everything is shut down, and the end of the run told. A finished practice is taken away.
pub(super) async fn finish(
    mut runner: Runner,
    practice: Practice,
    ran: Result<Ran, Error>,
    demo: &Demo,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let down = ending::safely(voice, runner.shut_down()).await?;
    let ran = settled(ran, down, voice);
    let done = matches!(&ran, Ok(ran) if ran.outcome == Outcome::Done);
    if matches!(&ran, Ok(ran) if ran.worked) {
        super::report::leave(&runner, voice);
    }
    let ended = end(practice, done && !demo.keep, voice).await;
    let ran = settled(ran, ended, voice)?;
    Ok(ran.tell(&runner, voice))
}

/// Stops the servers; `remove` takes their data away, too.
async fn end(practice: Practice, remove: bool, voice: &mut dyn Voice) -> Result<(), Error> {
    if !remove {
        return Ok(
            ending::telling(voice, "Stopping the practice servers", practice.stop()).await??,
        );
    }
    ending::telling(voice, "Removing the practice servers", practice.remove()).await??;
    voice.say("The practice databases and their backup are removed; --keep would have kept them");
    Ok(())
}

/// A practice session that is open, before its servers run.
pub(super) struct Opened {
    store: Store,
    session: Session,
    config: Config,
}

impl Opened {
    pub(super) fn of(common: &Common, which: Which<'_>) -> Result<Self, Error> {
        let config = configured(common)?;
        let (store, mut session) = sessions::open(which, true, &config, |_| true)?;
        session.application = session.application.filter(|_| common.app.is_none());
        Ok(Self {
            store,
            session,
            config,
        })
    }

    /// Servers in a folder that belongs to the session, so that a later start finds them.
    pub(super) fn servers(&self, demo: &Demo) -> Result<practice::Options, Error> {
        let mut records = self.session.steps.values();
        let begun = records.any(|record| record.state != State::Waiting);
        Ok(practice::Options {
            folder: Some(practice::usual_folder()?.join(&self.session.id)),
            // Once a migration has begun, its source must stay what it is.
            documents: (!begun).then_some(demo.documents),
            ..practice::Options::default()
        })
    }

    /// Whether everything is done and the servers are taken away: there is only the session to be
    /// looked at.
    pub(super) fn is_over(&self, servers: &practice::Options) -> bool {
        let gone = servers
            .folder
            .as_ref()
            .is_some_and(|folder| !folder.exists());
        gone && self.session.first_open().is_none()
    }

    /// A runner for the session alone, without servers.
    pub(super) fn alone(self) -> Runner {
        let context = context(self.config, Vec::new());
        Runner::new(self.session, self.store, context)
    }

    /// Starts the servers, telling how far that is; a wish to `stop` ends it safely.
    pub(super) async fn start(
        &self,
        demo: &Demo,
        voice: &mut dyn Voice,
        stop: impl AsyncFnMut(),
    ) -> Result<Practice, Error> {
        let options = self.servers(demo)?;
        let teller = Mutex::new(Teller::new(voice));
        let say = |happening: Happening| {
            teller
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .tell(&happening);
        };
        let start = async |cancel| Practice::start(&options, &say, &cancel).await;
        Ok(interruptible(stop, start).await?)
    }

    /// A runner that knows the servers, and whether the session could be begun with them.
    pub(super) fn with(
        self,
        practice: &Practice,
        common: &Common,
        voice: &mut dyn Voice,
    ) -> (Runner, Result<(), Error>) {
        let mut config = self.config;
        // A backup of practice data goes where it came from; one's own folder is for one's own.
        if config.backup == Backup::default() {
            config.backup.folder = practice.folder().join("backups");
        }
        let context = context(config.clone(), vec![practice.binaries().bin.clone()]);
        let mut runner = Runner::new(self.session, self.store, context);
        let ready = connected(&mut runner, practice, (common, &config), voice);
        (runner, ready)
    }
}

fn connected(
    runner: &mut Runner,
    practice: &Practice,
    (common, config): (&Common, &Config),
    voice: &mut dyn Voice,
) -> Result<(), Error> {
    let failed = |source| Error::Connection {
        origin: "practice".to_owned(),
        source,
    };
    for (side, url) in [
        (Side::Source, practice.source_url()),
        (Side::Target, practice.target_url()),
    ] {
        runner.describe_text(side, url.expose()).map_err(failed)?;
    }
    super::choice::tell(runner, common, config)?;
    begin_silently(runner, voice)?;
    Ok(())
}

/// Tells each happening once, and the progress of long ones now and then.
pub(super) struct Teller<'a> {
    voice: &'a mut dyn Voice,
    last: Option<(String, Instant)>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(voice: &'a mut dyn Voice) -> Self {
        Self { voice, last: None }
    }

    pub(super) fn tell(&mut self, happening: &Happening) {
        const EVERY: Duration = Duration::from_secs(2);
        let same = self
            .last
            .as_ref()
            .filter(|(doing, _)| *doing == happening.doing);
        if same.is_some_and(|(_, told)| told.elapsed() < EVERY) {
            return;
        }
        let text = match happening.progress {
            Some((done, total)) if total > 0 && done > 0 => {
                let share = crate::figures::percent(done as f64 / total as f64);
                format!("{}: {share}", happening.doing)
            }
            _ => happening.doing.clone(),
        };
        self.voice.say(&text);
        self.last = Some((happening.doing.clone(), Instant::now()));
    }
}
