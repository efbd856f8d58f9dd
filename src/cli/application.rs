//! `neonlift application`: the step alone; with consent, the application's files switched or put back.

use super::args::{Application, Common};
use super::opening::{begin, leading_back, open};
use super::sessions::{Choice, Which};
use super::{Error, steps, voice};
use crate::failure::Severity;
use crate::headless::Ran;
use crate::session::Step;
use crate::wizard::{Effect, Event, News, Outcome};

pub(super) async fn run(common: &Common, wanted: &Application) -> Result<Outcome, Error> {
    match (&wanted.switch, wanted.undo) {
        (Some(folder), _) => switch(common, Event::SwitchFolder(folder.clone())).await,
        (None, true) => switch(common, Event::SwitchBack).await,
        (None, false) => steps::one(common, Step::Application).await,
    }
}

async fn switch(common: &Common, event: Event) -> Result<Outcome, Error> {
    let mut voice = voice(common);
    let which = Which::named_or(common, Choice::Last);
    let mut runner = open(common, which, &mut |text| voice.say(text))?;
    voice.invoked(leading_back(common, &runner));
    let mut effects = begin(&mut runner)?;
    effects.extend(runner.dispatch(event)?);
    while runner.wizard().errand().is_some() {
        let ended = runner.finished().await;
        effects.extend(runner.dispatch(ended)?);
    }
    let mut outcome = Outcome::Partial;
    for effect in effects {
        let Effect::Tell(news) = effect else { continue };
        voice.news(&news, runner.wizard().session());
        outcome = match news {
            News::Refused(_) => Outcome::Failed(Severity::Usage),
            News::NotSwitched(failure) => Outcome::Failed(failure.severity),
            // Somebody has changed a file since: not all of it is back.
            News::FilesStand(stand) if !stand.left.is_empty() => Outcome::Failed(Severity::Failed),
            _ => outcome,
        };
    }
    Ok(Ran::worked(outcome).tell(&runner, voice.as_mut()))
}
