//! `neonlift cutover`: the checklist; with consent, the application cut over.

use super::args::{Common, Cutover};
use super::opening::{begin, leading_back, open};
use super::sessions::{Choice, Which};
use super::{Error, ending, settled, steps, voice};
use crate::config::LastComparison;
use crate::headless::{self, Ran, Voice};
use crate::runner::Runner;
use crate::session::{CutOptions, Step};
use crate::signals::Stops;
use crate::wizard::{Effect, Event, Outcome};

pub(super) async fn run(common: &Common, wanted: &Cutover) -> Result<Outcome, Error> {
    match (&wanted.confirm, wanted.undo) {
        (None, false) => steps::one(common, Step::Cutover).await,
        _ => over(common, wanted).await,
    }
}

async fn over(common: &Common, wanted: &Cutover) -> Result<Outcome, Error> {
    let mut voice = voice(common);
    let (mut runner, by) = opened(common, wanted.by.as_deref(), voice.as_mut())?;
    let config = &runner.context().config;
    let event = match &wanted.confirm {
        None => Event::Abandon,
        Some(database) => Event::CutOver {
            database: database.clone(),
            by,
            options: CutOptions {
                trusting: wanted.trust_comparison
                    || config.cutover.comparison == LastComparison::Trusted,
                by_hand: wanted.by_hand,
            },
        },
    };
    let is_locked = wanted.confirm.is_some() && runner.wizard().is_locked();
    if is_locked {
        voice.locked(runner.wizard().session());
    }
    let ran = carried_out(&mut runner, vec![event], voice.as_mut()).await?;
    Ok(ran.tell(&runner, voice.as_mut()))
}

/// A session opened for work outside of the steps, and who does it.
pub(super) fn opened(
    common: &Common,
    by: Option<&str>,
    voice: &mut dyn Voice,
) -> Result<(Runner, String), Error> {
    let which = Which::named_or(common, Choice::Last);
    let mut runner = open(common, which, &mut |text| voice.say(text))?;
    voice.invoked(leading_back(common, &runner));
    for effect in begin(&mut runner)? {
        if let Effect::Tell(news) = effect {
            voice.news(&news, runner.wizard().session());
        }
    }
    let offered = || {
        let session = runner.wizard().session();
        session.offered_signer(&|name| std::env::var(name).ok())
    };
    let by = by.map(str::to_owned).or_else(offered).unwrap_or_default();
    Ok((runner, by))
}

/// Carries out what these events begin, one after another, as long as it succeeds.
pub(super) async fn carried_out(
    runner: &mut Runner,
    events: Vec<Event>,
    voice: &mut dyn Voice,
) -> Result<Ran, Error> {
    let mut signals = Stops::new()?;
    let mut outcome = Ok(Outcome::Partial);
    for event in events {
        let stop = async |_: Option<&_>| {
            signals.next().await;
            Event::Stop
        };
        let ran = headless::run_errand(runner, event, voice, stop).await;
        outcome = ran.map(|ran| ran.outcome);
        if !matches!(outcome, Ok(Outcome::Partial)) {
            break;
        }
    }
    let down = ending::safely(voice, runner.shut_down()).await?;
    settled(outcome.map(Ran::worked).map_err(Error::from), down, voice)
}
