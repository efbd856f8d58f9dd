//! `neonlift cutover`: the checklist; with consent, the application cut over.

use super::args::{Common, Cutover};
use super::opening::open_existing;
use super::{Error, ending, settled, steps};
use crate::config::LastComparison;
use crate::headless::{self, Ran, Voice};
use crate::runner::Runner;
use crate::session::{CutOptions, Step};
use crate::signals::Stops;
use crate::steps::Watching;
use crate::wizard::{Event, Outcome};

pub(super) async fn run(
    common: &Common,
    wanted: &Cutover,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    match (&wanted.confirm, wanted.undo) {
        (None, false) => steps::one(common, Step::Cutover, voice).await,
        _ => over(common, wanted, voice).await,
    }
}

async fn over(common: &Common, wanted: &Cutover, voice: &mut dyn Voice) -> Result<Outcome, Error> {
    let (mut runner, by) = opened(common, wanted.by.as_deref(), voice)?;
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
    let ran = carried_out(&mut runner, (Step::Cutover, vec![event]), voice).await?;
    Ok(ran.tell(&runner, voice))
}

/// A session opened for work outside of the steps, and who does it.
pub(super) fn opened(
    common: &Common,
    by: Option<&str>,
    voice: &mut dyn Voice,
) -> Result<(Runner, String), Error> {
    let runner = open_existing(common, Watching::default(), voice)?;
    let offered = || {
        let session = runner.wizard().session();
        session.offered_signer(&|name| std::env::var(name).ok())
    };
    let by = by.map(str::to_owned).or_else(offered).unwrap_or_default();
    Ok((runner, by))
}

/// Carries out what these events begin, one after another, as long as it succeeds and nobody stops
/// it. It belongs to this step.
pub(super) async fn carried_out(
    runner: &mut Runner,
    (step, events): (Step, Vec<Event>),
    voice: &mut dyn Voice,
) -> Result<Ran, Error> {
    let mut signals = Stops::new()?;
    let (mut outcome, mut stopped) = (Ok(Outcome::Partial), false);
    for event in events {
        if stopped {
            // What came before was done before it heard of the wish to stop.
            outcome = Ok(Outcome::Interrupted);
            break;
        }
        let stop = async |_: Option<&_>| {
            signals.next().await;
            stopped = true;
            Event::Stop
        };
        let ran = headless::run_errand(runner, (step, event), voice, stop).await;
        outcome = ran.map(|ran| ran.outcome);
        if !matches!(outcome, Ok(Outcome::Partial)) {
            break;
        }
    }
    let down = ending::safely(voice, runner.shut_down()).await?;
    settled(outcome.map(Ran::worked).map_err(Error::from), down, voice)
}
