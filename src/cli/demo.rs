//! `neonlift demo`: practice servers, and the wizard on them.

use super::args::{Common, Demo};
use super::sessions::Choice;
use super::signals::Signals;
use super::{Error, context, interruptible, screen, sessions, settled, voice, without_screen};
use crate::config::{Backup, Config};
use crate::headless::{self, Ran, Voice};
use crate::practice::{self, Happening, Practice};
use crate::runner::Runner;
use crate::session::{Session, State};
use crate::steps::Context;
use crate::wizard::{Event, Outcome, Side};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// Who signs the checklist of a practice run without a screen.
const SIGNER: &str = "practice run";

pub(super) async fn run(common: &Common, demo: &Demo) -> Result<Outcome, Error> {
    let headless = demo.headless || without_screen(common);
    if !headless {
        crate::tui::require_terminal("demo --headless")?;
    }
    let mut config = Config::load(common.config.as_deref())?.0;
    let mut signals = Signals::listen()?;
    let mut voice = voice(common);
    let (store, session) = sessions::open(
        common.session.as_deref(),
        true,
        Choice::Unfinished,
        &config,
        |_| true,
    )?;
    voice.invoked(super::leading_to(common, store.file(), &session));
    if headless && session.first_open().is_none() {
        let (outcome, worked) = (Outcome::Done, false);
        let runner = Runner::new(session, store, Context::default());
        return Ok(Ran { outcome, worked }.tell(&runner, voice.as_mut()));
    }
    let mut practice = start(&session, demo, voice.as_mut(), &mut signals).await?;
    // A backup of practice data goes where it came from; one's own folder is for one's own.
    if config.backup == Backup::default() {
        config.backup.folder = practice.folder().join("backups");
    }
    let context = context(config, vec![practice.binaries().bin.clone()]);
    let mut runner = Runner::new(session, store, context);
    let ran = work(
        &mut runner,
        &mut practice,
        common,
        headless,
        voice.as_mut(),
        &mut signals,
    )
    .await;
    let down = runner.shut_down().await;
    let ran = settled(ran, down, voice.as_mut());
    let done = matches!(&ran, Ok(ran) if ran.outcome == Outcome::Done);
    let ended = end(practice, done && !demo.keep, voice.as_mut()).await;
    let ran = settled(ran, ended, voice.as_mut())?;
    Ok(ran.tell(&runner, voice.as_mut()))
}

/// Stops the servers; `remove` takes their data away, too.
async fn end(
    practice: Practice,
    remove: bool,
    voice: &mut dyn Voice,
) -> Result<(), practice::Error> {
    if !remove {
        return practice.stop().await;
    }
    practice.remove().await?;
    voice.say("The practice databases and their backup are removed; --keep would have kept them");
    Ok(())
}

async fn work(
    runner: &mut Runner,
    practice: &mut Practice,
    common: &Common,
    headless: bool,
    voice: &mut dyn Voice,
    signals: &mut Signals,
) -> Result<Ran, Error> {
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
    let config = runner.context().config.clone();
    super::choice::tell(runner, common, &config)?;
    runner.dispatch(Event::Opened)?;
    if headless {
        let signer = Some(SIGNER.to_owned());
        let options = headless::Options {
            signer,
            ..headless::Options::default()
        };
        let interrupted = async || signals.next().await;
        Ok(headless::run(runner, &options, voice, interrupted).await?)
    } else {
        screen(runner, common, Some(SIGNER.to_owned())).await
    }
}

/// Starts the servers in a folder that belongs to the session, so that a later start finds them.
async fn start(
    session: &Session,
    demo: &Demo,
    voice: &mut dyn Voice,
    signals: &mut Signals,
) -> Result<Practice, Error> {
    let begun = session
        .steps
        .values()
        .any(|record| record.state != State::Waiting);
    let options = practice::Options {
        folder: Some(practice::usual_folder()?.join(&session.id)),
        // Once a migration has begun, its source must stay what it is.
        documents: (!begun).then_some(demo.documents),
        ..practice::Options::default()
    };
    let teller = Mutex::new(Teller::new(voice));
    let say = |happening: Happening| {
        teller
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .tell(&happening);
    };
    Ok(interruptible(signals, async |cancel| {
        Practice::start(&options, &say, &cancel).await
    })
    .await?)
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
