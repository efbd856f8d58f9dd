//! `neonlift` in plain lines: the start menu and the wizard as numbered questions.

use super::args::{Common, Demo};
use super::demo::{self, Opened};
use super::opening::{begin, leading_back, open};
use super::sessions::{self, Which};
use super::start::{chosen, is_practice, is_said, menu, which};
use super::{Error, connect, ending, log_file, settled};
use crate::failure::Explain;
use crate::headless::{Output, Plain, Ran, Voice};
use crate::plain::{self, Options, Person};
use crate::runner::Runner;
use crate::wizard::{Outcome, Side};
use jiff::tz::TimeZone;

/// The wizard as numbered questions.
pub(super) async fn run(common: &Common) -> Result<Outcome, Error> {
    let mut person = Person::new()?;
    let mut voice = voice(common);
    if is_said(common)? {
        let which = Which::named_or(common, sessions::Choice::Unfinished);
        let runner = open(common, which, &mut |text| voice.say(text))?;
        return migrate(&mut person, common, runner, &mut voice).await;
    }
    let folder = sessions::folder()?;
    loop {
        let mut shown = menu(&folder);
        let zone = TimeZone::system();
        let read = || menu(&folder);
        let Some(choice) = plain::choose(&mut person, &mut shown, read, &zone).await? else {
            return Ok(Outcome::Partial);
        };
        let common = chosen(common, &shown, &choice);
        let failed = if is_practice(&choice) {
            match practise(&mut person, &common, which(&choice), &mut voice).await {
                Err(Error::Practice(error)) => error.failure(),
                ended => return ended,
            }
        } else {
            match open(&common, which(&choice), &mut |text| voice.say(text)) {
                Ok(runner) => return migrate(&mut person, &common, runner, &mut voice).await,
                Err(error) => error.failure(),
            }
        };
        voice.failure(&failed);
    }
}

/// Tells as without questions, less often: every line is read out.
fn voice(common: &Common) -> Plain {
    let log = log_file(common).unwrap_or_default();
    Plain::new(Output::stdout(), common.quiet, log).seldom()
}

async fn migrate(
    person: &mut Person,
    common: &Common,
    mut runner: Runner,
    voice: &mut Plain,
) -> Result<Outcome, Error> {
    begin(&mut runner, voice)?;
    let ask = connect::unknown_passwords(&runner);
    let ran = wizard(person, common, &mut runner, voice, ask).await;
    let down = ending::safely(voice, runner.shut_down()).await?;
    Ok(settled(ran, down, voice)?.tell(&runner, voice))
}

async fn practise(
    person: &mut Person,
    common: &Common,
    which: Which<'_>,
    voice: &mut Plain,
) -> Result<Outcome, Error> {
    let demo = Demo::usual();
    let opened = Opened::of(common, which)?;
    if opened.is_over(&opened.servers(&demo)?) {
        return migrate(person, common, opened.alone(), voice).await;
    }
    person.say("Starting the practice servers; Ctrl-C stops that and goes back.");
    let stop = async || person.stops().await;
    let practice = opened.start(&demo, voice, stop).await?;
    let (mut runner, ready) = opened.with(&practice, common, voice);
    let ran = match ready {
        Ok(()) => wizard(person, common, &mut runner, voice, Vec::new()).await,
        Err(error) => Err(error),
    };
    demo::finish(runner, practice, ran, &demo, voice).await
}

async fn wizard(
    person: &mut Person,
    common: &Common,
    runner: &mut Runner,
    voice: &mut Plain,
    ask: Vec<Side>,
) -> Result<Ran, Error> {
    let invocation = leading_back(common, runner);
    voice.invoked(invocation.in_lines(runner.session_file()));
    let session = runner.wizard().session();
    let signer = session.offered_signer(&|name| std::env::var(name).ok());
    let options = Options {
        signer: signer.unwrap_or_default(),
        invocation: invocation.in_lines(runner.session_file()),
        log: log_file(common).unwrap_or_default(),
        ask,
    };
    let outcome = plain::run(person, runner, voice, &options).await;
    // What is advised from here on is read in the shell.
    voice.invoked(invocation);
    let outcome = outcome?;
    Ok(Ran::worked(outcome))
}
