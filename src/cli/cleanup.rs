//! `neonlift cleanup`: what would be done; with consent, the step.

use super::args::{Cleanup, Common};
use super::opening::open_existing;
use super::{Error, ending, settled};
use crate::failure::Severity;
use crate::headless::{self, Ran, Voice};
use crate::session::{Cleaning, State, Step};
use crate::signals::Stops;
use crate::steps::Watching;
use crate::wizard::{Event, News, Outcome};

pub(super) async fn run(
    common: &Common,
    wanted: &Cleanup,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let mut signals = Stops::new()?;
    let mut runner = open_existing(common, Watching::default(), voice)?;
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
        return Ok(Ran::worked(outcome).tell(&runner, voice));
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
    let ran = headless::run_step(&mut runner, begin, voice, stop).await;
    let down = ending::safely(voice, runner.shut_down()).await?;
    let wizard = runner.wizard();
    let outcome = match wizard.session().state(Step::Cleanup) {
        State::Done => Outcome::Partial,
        _ => wizard.outcome_after(Step::Cleanup),
    };
    let ran = ran.map(|ended| Ran::worked(ended.unwrap_or(outcome)));
    let ran = settled(ran.map_err(Error::from), down, voice)?;
    Ok(ran.tell(&runner, voice))
}
