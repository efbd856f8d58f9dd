//! `neonlift cleanup`: what would be done; with consent, the step.

use super::args::{Cleanup, Common};
use super::opening::{begin, leading_back, open};
use super::sessions::{self, Which};
use super::{Error, ending, settled, voice};
use crate::failure::Severity;
use crate::headless::{self, Ran};
use crate::session::{Cleaning, State, Step};
use crate::signals::Stops;
use crate::wizard::{Effect, Event, News, Outcome};

pub(super) async fn run(common: &Common, wanted: &Cleanup) -> Result<Outcome, Error> {
    let mut signals = Stops::new()?;
    let mut voice = voice(common);
    // Nothing is begun by it: without a migration there is nothing to clean up.
    let file = sessions::existing(common)?;
    let mut runner = open(common, Which::File(&file), &mut |text| voice.say(text))?;
    voice.invoked(leading_back(common, &runner));
    for effect in begin(&mut runner)? {
        if let Effect::Tell(news) = effect {
            voice.news(&news, runner.wizard().session());
        }
    }
    let consented = common.yes || wanted.remove_dump || wanted.confirm.is_some();
    if !consented {
        let outcome = match runner.wizard().obstacle(Step::Cleanup) {
            Some(why) => {
                voice.news(&News::Refused(why), runner.wizard().session());
                Outcome::Failed(Severity::Usage)
            }
            None => {
                voice.planned(&runner.wizard().cleanup_plan(), runner.wizard().session());
                Outcome::Partial
            }
        };
        return Ok(Ran::worked(outcome).tell(&runner, voice.as_mut()));
    }
    let cleaning = Cleaning {
        ledger: wanted.confirm.clone(),
        remove_dump: wanted.remove_dump,
    };
    let stop = async |_: Option<&_>| {
        signals.next().await;
        Event::Stop
    };
    let begin = (Step::Cleanup, Event::CleanUp(cleaning));
    let ran = headless::run_step(&mut runner, begin, voice.as_mut(), stop).await;
    let down = ending::safely(voice.as_mut(), runner.shut_down()).await?;
    let wizard = runner.wizard();
    let outcome = match wizard.session().state(Step::Cleanup) {
        State::Done => Outcome::Partial,
        _ => wizard.outcome_after(Step::Cleanup),
    };
    let ran = ran.map(|ended| Ran::worked(ended.unwrap_or(outcome)));
    let ran = settled(ran.map_err(Error::from), down, voice.as_mut())?;
    Ok(ran.tell(&runner, voice.as_mut()))
}
