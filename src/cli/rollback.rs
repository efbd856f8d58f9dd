//! `neonlift rollback`: what the way back would undo and lose; with consent, the way itself.

use super::Error;
use super::args::{Common, Rollback};
use super::cutover::{carried_out, opened};
use crate::failure::Severity;
use crate::headless::{Ran, Voice};
use crate::runner::Runner;
use crate::session::Step;
use crate::signals::Stops;
use crate::wizard::{Effect, Event, Look, News, Outcome, Recovery, Seen};

pub(super) async fn run(
    common: &Common,
    wanted: &Rollback,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let (mut runner, by) = opened(common, wanted.by.as_deref(), voice)?;
    let typed = wanted.confirm.iter().chain(&wanted.apply_rows);
    let is_refused = typed
        .filter_map(|name| runner.wizard().refuse_rollback(name))
        .next()
        .is_some();
    // A wrong name is told at once, and a rehearsal loses nothing.
    if !wanted.rehearse && !is_refused {
        let looked = look(&mut runner, wanted.confirm.is_some(), voice).await?;
        if let Some(outcome) = looked {
            return Ok(Ran::worked(outcome).tell(&runner, voice));
        }
    }
    let mut events = events(wanted, &by);
    if is_refused {
        events.retain(|event| refuses(event, &runner));
    }
    let ran = carried_out(&mut runner, (Step::Cutover, events), voice).await?;
    Ok(ran.tell(&runner, voice))
}

/// Whether the machine refuses an event for the name that was typed.
fn refuses(event: &Event, runner: &Runner) -> bool {
    match event {
        Event::RollBack { database, .. }
        | Event::Recover {
            recovery: Recovery::Apply { .. },
            database,
        } => runner.wizard().refuse_rollback(database).is_some(),
        _ => false,
    }
}

/// What is done, in order: saved first, gone back last.
fn events(wanted: &Rollback, by: &str) -> Vec<Event> {
    let recover = |recovery| Event::Recover {
        recovery,
        database: wanted.apply_rows.clone().unwrap_or_default(),
    };
    let changed = wanted.changed_too;
    let wishes = [
        (wanted.rehearse, Recovery::Rehearse),
        (wanted.recover_dump, Recovery::Database),
        (wanted.recover_rows, Recovery::Rows),
        (wanted.apply_rows.is_some(), Recovery::Apply { changed }),
    ];
    let wishes = wishes
        .into_iter()
        .filter(|(wished, _)| *wished && !wanted.dry_run);
    let mut events: Vec<Event> = wishes.map(|(_, recovery)| recover(recovery)).collect();
    events.extend(wanted.confirm.as_ref().map(|database| Event::RollBack {
        database: database.clone(),
        by: by.to_owned(),
        edited: wanted.edited_files.unwrap_or_default(),
    }));
    events
}

/// Looks and tells, also how to go back unless it `goes` at once; `Some` when the command ends with it.
async fn look(
    runner: &mut Runner,
    goes: bool,
    voice: &mut dyn Voice,
) -> Result<Option<Outcome>, Error> {
    let mut signals = Stops::new()?;
    for effect in runner.dispatch(Event::Look(Look::WayBack))? {
        if let Effect::Tell(news @ News::Refused(_)) = effect {
            voice.news(&news, runner.wizard().session());
            return Ok(Some(Outcome::Failed(Severity::Usage)));
        }
    }
    voice.say("Looking at both sides; nothing is changed.");
    loop {
        let looking = runner.wizard().looking();
        match looking.map(|looking| &looking.seen) {
            None => return Ok(Some(Outcome::Interrupted)),
            Some(Some(Err(failure))) => {
                voice.news(
                    &News::NotRolledBack(failure.clone()),
                    runner.wizard().session(),
                );
                return Ok(Some(Outcome::Failed(failure.severity)));
            }
            Some(Some(Ok(seen))) => {
                if let Seen::WayBack(found) = &**seen {
                    voice.way_back(found, goes);
                }
                runner.dispatch(Event::LookAway)?;
                return Ok(None);
            }
            Some(None) => {}
        }
        let event = tokio::select! {
            event = runner.finished() => event,
            _ = signals.next() => Event::LookAway,
        };
        runner.dispatch(event)?;
    }
}
