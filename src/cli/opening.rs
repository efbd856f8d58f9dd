//! A session opened for work, and how later commands find it again.

use super::args::Common;
use super::sessions::Which;
use super::{Error, choice, connect, sessions};
use crate::config::Config;
use crate::headless::Voice;
use crate::invocation::Invocation;
use crate::runner::Runner;
use crate::session::Session;
use crate::steps::{Context, Watching};
use crate::wizard::{Effect, Event};
use std::path::{Path, PathBuf};

/// What is said meanwhile to the person.
pub(super) type Say<'a> = dyn FnMut(&str) + 'a;

/// Opens a session of a real migration and tells it the connections. Nothing of it is saved
/// before [`begin`].
pub(super) fn open(common: &Common, which: Which<'_>, say: &mut Say<'_>) -> Result<Runner, Error> {
    open_watching(common, which, Watching::default(), say)
}

/// As [`open`], for a run that watches the target in its own way.
pub(super) fn open_watching(
    common: &Common,
    which: Which<'_>,
    watching: Watching,
    say: &mut Say<'_>,
) -> Result<Runner, Error> {
    let config = configured(common)?;
    let wanted = connect::given(common, &config);
    let fits = |session: &Session| connect::fits(session, &wanted);
    let (store, mut session) = sessions::open(which, false, &config, fits)?;
    if let Some(named) = &common.config {
        // A session is a text: a path that is none would keep it from being saved.
        let path = std::path::absolute(named).ok();
        session.config = path.filter(|path| path.to_str().is_some());
    }
    // What is named now goes before what was named in the wizard.
    session.application = session.application.filter(|_| common.app.is_none());
    let mut context = context(config.clone(), Vec::new());
    context.watching = watching;
    let mut runner = Runner::new(session, store, context);
    connect::describe(&mut runner, &wanted, common.yes, say)?;
    choice::tell(&mut runner, common, &config)?;
    Ok(runner)
}

/// The configuration, with what the command line says in place of it.
pub(super) fn configured(common: &Common) -> Result<Config, Error> {
    let (mut config, _) = Config::load(common.config.as_deref())?;
    if let Some(folder) = &common.app {
        config.application.folder = Some(folder.clone());
    }
    config.transfer.jobs = common.jobs.or(config.transfer.jobs);
    Ok(config)
}

/// Opens the session of a command that begins no migration, and begins: there has to be one, so that a
/// refused command leaves none behind.
pub(super) fn open_existing(
    common: &Common,
    watching: Watching,
    voice: &mut dyn Voice,
) -> Result<Runner, Error> {
    let file = sessions::existing(common)?;
    let say = &mut |text: &str| voice.say(text);
    let mut runner = open_watching(common, Which::File(&file), watching, say)?;
    voice.invoked(leading_back(common, &runner));
    begin(&mut runner, voice)?;
    Ok(runner)
}

/// All that was given is accepted: from now on the session is saved. Tells what was put right of an
/// earlier run.
pub(super) fn begin(runner: &mut Runner, voice: &mut dyn Voice) -> Result<(), Error> {
    for effect in begin_silently(runner, voice)? {
        if let Effect::Tell(news) = effect {
            voice.news(&news, runner.wizard().session());
        }
    }
    Ok(())
}

/// As [`begin`], where a screen is up: what was put right is among its messages.
pub(super) fn begin_silently(
    runner: &mut Runner,
    voice: &mut dyn Voice,
) -> Result<Vec<Effect>, Error> {
    if !runner.wizard().session().compares_only {
        voice.opened(runner.session_file());
    }
    Ok(runner.dispatch(Event::Opened)?)
}

/// How a later command is led to a session: by its name where it was named, and where a command
/// without this one's options would find another.
pub(super) fn leading_to(common: &Common, file: &Path, session: &Session) -> Invocation {
    let given = [&common.source, &common.target];
    let found_again =
        common.session.is_none() && !session.practice && given.into_iter().all(Option::is_none);
    let file = (!found_again && !session.compares_only).then_some(file);
    let config = common.config.as_ref().or(session.config.as_ref());
    Invocation::new(config.map(PathBuf::as_path), file, session.practice)
}

/// As [`leading_to`], for the session that a runner works on.
pub(super) fn leading_back(common: &Common, runner: &Runner) -> Invocation {
    leading_to(common, runner.session_file(), runner.wizard().session())
}

/// What the steps work with, this program included.
pub(super) fn context(config: Config, tool_folders: Vec<PathBuf>) -> Context {
    let mut context = Context::new(config, tool_folders);
    context.program = std::env::current_exe().ok();
    context
}
