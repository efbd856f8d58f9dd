//! `neonlift status`, `sessions` and `sign`.

use super::args::{Common, Sign};
use super::opening::{begin, leading_to};
use super::{Error, connect, sessions};
use crate::config::Config;
use crate::figures;
use crate::headless::{self, Output, Ran, Voice};
use crate::invocation::Invocation;
use crate::practice;
use crate::report;
use crate::runner::Runner;
use crate::session::{CutOver, Record, RolledBack, Session, State, Step, store};
use crate::signals::Stops;
use crate::source::holder::{self, Held, NoteFile};
use crate::steps::Context;
use crate::wizard::{Event, Outcome};
use jiff::{Timestamp, Zoned};
use serde_json::json;

/// Where a session stands.
pub(super) fn status(common: &Common) -> Result<Outcome, Error> {
    let file = sessions::existing(common)?;
    let found = store::look(&file)?;
    let (mut session, in_use) = found.ok_or_else(|| Error::NoSuchSession(file.clone()))?;
    if !in_use {
        session.stop_running();
    }
    let invocation = leading_to(common, &file, &session);
    let held = holder::find(&file).filter(NoteFile::is_alive);
    let held = held.map(NoteFile::read);
    let report = Some(report::beside(&file)).filter(|report| report.exists());
    let mut output = Output::stdout();
    if common.json {
        let held = held.as_ref().map(|held| match held {
            Ok(held) => json!({
                "since": held.note.since, "until": held.until(), "process": held.note.process,
                "source": held.note.endpoint,
            }),
            Err(unread) => json!({ "unreadable_note": unread.path().display().to_string() }),
        });
        let event = json!({
            "event": "status", "file": file.display().to_string(), "session": session,
            "in_use": in_use, "snapshot_held": held, "report": report,
            "backup": session.backup_reminder(Zoned::now().date()),
        });
        output.line(&event.to_string());
        return Ok(Outcome::Partial);
    }
    output.line(&sessions::summary(&session));
    for step in Step::ALL {
        let line = step_line(&session, step, &invocation);
        output.line(&format!("  {line}"));
    }
    let cutting = session.cutting.iter().map(CutOver::in_words);
    let back = session.rolled_back.iter().map(RolledBack::in_words);
    for line in cutting.chain(back) {
        output.line(&format!("  {line}"));
    }
    for line in headless::open_items(&session, &invocation) {
        output.line(&format!("  {line}"));
    }
    match &held {
        Some(Ok(held)) => held_lines(held).for_each(|line| output.line(&format!("  {line}"))),
        Some(Err(unread)) => output.line(&format!(
            "  A snapshot of the source is held, but its note cannot be read: another version of neonlift may have written it. To end it, remove {}.",
            unread.path().display()
        )),
        None => {}
    }
    let reminder = session.backup_reminder(Zoned::now().date());
    if let Some(reminder) = reminder {
        output.line(&format!("  Cleaned up: {reminder}."));
    }
    output.line(&format!("  {}", file.display()));
    if let Some(report) = report {
        output.line(&format!("  Report: {}", report.display()));
    }
    Ok(Outcome::Partial)
}

/// That a snapshot is held, what that costs the source, and how it ends.
fn held_lines(held: &Held) -> impl Iterator<Item = String> {
    let clock = |at: Timestamp| at.strftime("%F %H:%M UTC");
    [
        format!(
            "Snapshot of the source held since {} until {} (process {}).",
            clock(held.note.since),
            clock(held.until()),
            held.note.process
        ),
        "  Until then VACUUM on the source cannot clean up rows that died since, and TRUNCATE, VACUUM FULL and most kinds of ALTER TABLE wait."
            .to_owned(),
        format!(
            "  It ends with the transfer. To end it now, remove {}: the transfer then goes on in a new snapshot.",
            held.file().display()
        ),
    ]
    .into_iter()
}

fn step_line(session: &Session, step: Step, invocation: &Invocation) -> String {
    let going_on = || {
        let command = if step.is_afterwards() {
            step.name()
        } else {
            "run"
        };
        format!("interrupted (go on with {})", invocation.command(command))
    };
    let (glyph, word) = match session.state(step) {
        State::Waiting => ("·", "waiting".to_owned()),
        State::Running => ("▸", "running".to_owned()),
        State::Done => ("✓", "done".to_owned()),
        State::Failed => ("✗", "failed".to_owned()),
        State::Interrupted => ("‖", going_on()),
        State::AwaitingSignOff => ("!", "waits for signatures".to_owned()),
    };
    let record = session.steps.get(&step);
    let seconds = record
        .and_then(Record::seconds)
        .filter(|_| session.state(step) == State::Done);
    let time = seconds.map_or_else(String::new, |s| format!(", {}", figures::duration(s)));
    let why = record.and_then(|record| record.failure.as_ref());
    let why = why.map_or_else(String::new, |failure| format!(": {}", failure.what));
    format!("{glyph} {step}: {word}{time}{why}")
}

/// Which sessions there are.
pub(super) fn list(common: &Common) -> Result<Outcome, Error> {
    let found = sessions::all()?;
    let today = Zoned::now().date();
    let mut output = Output::stdout();
    if common.json {
        for (file, session) in &found {
            let file = file.display().to_string();
            let next = session.first_open();
            let event = json!({
                "event": "session", "file": file, "id": session.id, "practice": session.practice,
                "updated": session.updated, "next": next, "servers_removed": servers_are_gone(session),
                "backup": session.backup_may_go(today),
            });
            output.line(&event.to_string());
        }
        return Ok(Outcome::Partial);
    }
    if found.is_empty() {
        output.line("There are no sessions yet.");
    }
    for (file, session) in &found {
        output.line(&sessions::summary(session));
        if servers_are_gone(session) {
            output.line("  Its practice servers are removed: it can only be read.");
        }
        if let Some(reminder) = session.backup_may_go(today) {
            output.line(&format!("  Of this migration {reminder}."));
        }
        output.line(&format!("  {}", file.display()));
    }
    output.line(&format!(
        "Sessions are kept in {}. What was begun with --session FILE elsewhere is not listed.",
        sessions::folder()?.display()
    ));
    Ok(Outcome::Partial)
}

/// Whether it is a practice run that is done and whose servers were taken away.
fn servers_are_gone(session: &Session) -> bool {
    let folder = practice::usual_folder().map(|folder| folder.join(&session.id));
    session.practice
        && session.first_open().is_none()
        && folder.is_ok_and(|folder| !folder.exists())
}

/// Signs an item of the checklist; with the last one the source is looked at again.
pub(super) async fn sign(
    common: &Common,
    sign: &Sign,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let mut signals = Stops::new()?;
    let (store, session) = sessions::open_existing(common)?;
    voice.invoked(leading_to(common, store.file(), &session));
    let (config, _) = Config::load(common.config.as_deref())?;
    let mut runner = Runner::new(session, store, Context::default());
    connect::source_at_hand(&mut runner, common, &config, &mut |text| voice.say(text))?;
    begin(&mut runner, voice)?;
    let (item, by) = (sign.item.clone(), sign.by.clone());
    let signed = (Step::Cutover, Event::Sign { item, by });
    let stop = async |_: Option<&_>| {
        signals.next().await;
        Event::Stop
    };
    let ended = headless::run_step(&mut runner, signed, voice, stop).await?;
    let outcome = ended.unwrap_or_else(|| runner.wizard().outcome());
    if ended.is_none() {
        super::report::leave(&runner, voice);
    }
    let worked = true;
    Ok(Ran { outcome, worked }.tell(&runner, voice))
}
