//! `neonlift` without a command: what to begin with, where nobody said it, and the wizard on it.

use super::args::{Common, Demo};
use super::demo::{self, Ended};
use super::opening::{begin_silently, leading_back, open};
use super::sessions::{self, Which};
use super::{Error, Front, connect, ending, front, settled, steps};
use crate::config::Config;
use crate::failure::Explain;
use crate::headless::{self, Ran, Voice};
use crate::practice;
use crate::runner::Runner;
use crate::session::found;
use crate::start::{Choice, Menu};
use crate::tui::start::Start;
use crate::tui::terminal::Screen;
use crate::tui::theme::Theme;
use crate::tui::{self, Options};
use crate::wizard::Outcome;
use jiff::tz::TimeZone;
use std::path::Path;

/// The wizard, on the screen or in plain lines.
pub(super) async fn run(common: &Common, voice: &mut dyn Voice) -> Result<Outcome, Error> {
    match front(common) {
        Front::Lines => steps::run(common, headless::Options::default(), None, voice).await,
        Front::Questions => super::questions::run(common).await,
        Front::Screen => on_screen(common, voice).await,
    }
}

/// What there is to go on with, in the folder of sessions, and to begin.
pub(super) fn menu(sessions: &Path) -> Menu {
    Menu::of(found::all(sessions))
}

/// Whether it was said what to begin with: a session's file, a database among the arguments, or
/// both databases in the environment and the configuration.
pub(super) fn is_said(common: &Common) -> Result<bool, Error> {
    let (config, _) = Config::load(common.config.as_deref())?;
    let wanted = connect::given(common, &config);
    let named = common.session.is_some() || common.source.is_some() || common.target.is_some();
    Ok(named || (wanted.source.is_some() && wanted.target.is_some()))
}

/// The options under which the session of a choice is opened, and advised to be opened again: by
/// its file, unless it is the one that a command without it means, too.
pub(super) fn chosen(common: &Common, menu: &Menu, choice: &Choice) -> Common {
    let mut common = common.clone();
    if let Choice::GoOn { file, .. } = choice
        && menu.choose(menu.likely()).as_ref() != Ok(choice)
    {
        common.session = Some(file.clone());
    }
    common
}

/// The session that a choice means.
pub(super) fn which(choice: &Choice) -> Which<'_> {
    match choice {
        Choice::GoOn { file, .. } => Which::File(file),
        Choice::Migration | Choice::Practice => Which::New,
    }
}

async fn on_screen(common: &Common, voice: &mut dyn Voice) -> Result<Outcome, Error> {
    tui::require_terminal("run")?;
    if is_said(common)? {
        let mut said = Vec::new();
        let which = Which::named_or(common, sessions::Choice::Unfinished);
        let runner = open(common, which, &mut |text| {
            voice.say(text);
            said.push(text.to_owned());
        })?;
        let screen = Screen::enter().map_err(tui::Error::from)?;
        return migrate(screen, common, (runner, said), voice).await;
    }
    let mut screen = Screen::enter().map_err(tui::Error::from)?;
    let folder = sessions::folder()?;
    let mut start = start_screen(common, menu(&folder))?;
    loop {
        start.list(menu(&folder));
        let choice = match tui::choose(&mut screen, &mut start, || menu(&folder)).await? {
            Ok(choice) => choice,
            Err(outcome) => return Ok(outcome),
        };
        let common = chosen(common, start.menu(), &choice);
        let mut said = Vec::new();
        let failed = if is_practice(&choice) {
            let wanted = (&common, &Demo::usual(), which(&choice));
            match demo::on_screen(screen, &mut start, wanted, voice).await? {
                Ended::With(outcome) => return Ok(outcome),
                Ended::Before(before, error) => {
                    screen = *before;
                    error
                }
            }
        } else {
            match open(&common, which(&choice), &mut |text| {
                said.push(text.to_owned())
            }) {
                Ok(runner) => return migrate(screen, &common, (runner, said), voice).await,
                Err(error) => error,
            }
        };
        match failed {
            Error::Practice(practice::Error::Cancelled) => {
                start.say("the practice run was stopped")
            }
            error => start.fail(error.failure()),
        }
    }
}

pub(super) fn is_practice(choice: &Choice) -> bool {
    match choice {
        Choice::GoOn { practice, .. } => *practice,
        Choice::Practice => true,
        Choice::Migration => false,
    }
}

/// The start screen over a menu.
pub(super) fn start_screen(common: &Common, menu: Menu) -> Result<Start, Error> {
    let ascii = common.ascii;
    let mut start = Start::new(Theme { ascii }, TimeZone::system(), menu);
    start.log = super::log_file(common)?.display().to_string();
    Ok(start)
}

/// A session on the screen whose databases are the person's own.
pub(super) async fn migrate(
    screen: Screen,
    common: &Common,
    (mut runner, said): (Runner, Vec<String>),
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let invocation = leading_back(common, &runner);
    voice.invoked(invocation.clone());
    begin_silently(&mut runner, voice)?;
    let options = Options {
        ascii: common.ascii,
        signer: None,
        invocation,
        log: super::log_file(common)?,
        notify: runner.context().config.screen.notify,
        said,
        ask: connect::unknown_passwords(&runner),
    };
    let ran = tui::run(screen, &mut runner, &options).await;
    let ran = ran.map_err(Error::from).map(Ran::worked);
    let down = ending::safely(voice, runner.shut_down()).await?;
    Ok(settled(ran, down, voice)?.tell(&runner, voice))
}
