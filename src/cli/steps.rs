//! Steps without questions: `run`, and one step alone.

use super::args::{Common, Compare};
use super::opening::{begin, leading_back, open};
use super::sessions::{self, Choice, Which};
use super::{Error, ending, interruptible, report, settled};
use crate::failure::Explain;
use crate::headless::{self, Voice};
use crate::runner::Runner;
use crate::session::report::ComparedTable;
use crate::session::{State, Step};
use crate::signals::Stops;
use crate::steps::{Sampling, samples};
use crate::wizard::{Event, Outcome, Side};

/// One step, also when it is done already; what it needs runs first.
pub(super) async fn one(
    common: &Common,
    step: Step,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let options = headless::Options {
        until: Some(step),
        ..Default::default()
    };
    run(common, options, Some(step), voice).await
}

/// The comparison: of a migration, or of any two databases.
pub(super) async fn compare(
    common: &Common,
    wanted: &Compare,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let options = headless::Options {
        until: Some(Step::Compare),
        ..Default::default()
    };
    let which = sessions::to_compare(common)?;
    let again = Some(Step::Compare);
    work(common, which, options, (again, wanted.sampling()), voice).await
}

/// Steps without a screen. `again` is run again when it, and all before it, are done.
pub(super) async fn run(
    common: &Common,
    options: headless::Options,
    again: Option<Step>,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let choice = match again {
        Some(_) => Choice::Last,
        None => Choice::Next,
    };
    let which = Which::named_or(common, choice);
    work(common, which, options, (again, None), voice).await
}

async fn work(
    common: &Common,
    which: Which<'_>,
    mut options: headless::Options,
    (again, sampling): (Option<Step>, Option<Sampling>),
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let mut signals = Stops::new()?;
    let mut runner = open(common, which, &mut |text| voice.say(text))?;
    voice.invoked(leading_back(common, &runner));
    require_connections(&runner, options.until)?;
    begin(&mut runner, voice)?;
    let session = runner.wizard().session();
    if session.compares_only {
        voice.say("No migration is meant: both databases are only read, and no session is kept.");
    }
    options.from = options
        .from
        .or(again.filter(|step| session.state(*step) == State::Done));
    let stop = async |_: Option<&_>| {
        signals.next().await;
        Event::Stop
    };
    let ran = headless::run(&mut runner, &options, voice, stop).await;
    if let (Ok(_), Some(wanted)) = (&ran, sampling) {
        let stop = async || {
            signals.next().await;
        };
        sample(&runner, &wanted, voice, stop).await;
    }
    let down = ending::safely(voice, runner.shut_down()).await?;
    let ran = settled(ran.map_err(Error::from), down, voice)?;
    // One step alone is not the end of a run; the checklist is.
    if ran.worked && matches!(again, None | Some(Step::Cutover)) {
        report::leave(&runner, voice);
    }
    Ok(ran.tell(&runner, voice))
}

/// Tells sample rows of what was compared. The proof does not rest on them: where they cannot be
/// read, that is told, and the comparison's outcome stands.
async fn sample(
    runner: &Runner,
    wanted: &Sampling,
    voice: &mut dyn Voice,
    stop: impl AsyncFnMut(),
) {
    let session = runner.wizard().session();
    if session.report(Step::Compare).is_none() {
        return;
    }
    for pattern in wanted.unknown(session) {
        voice.say(&format!(
            "No compared table is called {pattern}: no samples of it."
        ));
    }
    let done = interruptible(stop, async |cancel| {
        let tell = |table: &ComparedTable, seen| voice.sample(table, &seen);
        samples(wanted, runner.context(), session, &cancel, tell).await
    });
    if let Err(error) = done.await {
        let failure = error.failure();
        voice.say(&format!(
            "No more samples. {}: {}",
            failure.what, failure.why
        ));
    }
}

/// Nobody can be asked for connections here. Found out before the first step, it leaves no
/// session behind that would have failed in the eyes of the next command.
fn require_connections(runner: &Runner, until: Option<Step>) -> Result<(), Error> {
    let needs_them = until.is_none_or(|last| last >= Step::Connections);
    let mut sides = [Side::Source, Side::Target].into_iter();
    let missing = sides.find(|side| runner.context().connection(*side).is_none());
    match missing.filter(|_| needs_them) {
        Some(side) => Err(Box::new(crate::steps::Error::NotGiven(side)).into()),
        None => Ok(()),
    }
}
