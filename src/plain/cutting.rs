//! The cutting over and the way back in lines: told, consented to by a typed name, carried out.

use super::Break;
use super::person::answers;
use super::wizard::Lines;
use crate::config::LastComparison;
use crate::failure::Severity;
use crate::headless;
use crate::session::{CutOptions, Step};
use crate::wizard::{Event, Look, Outcome, Recovery, source_database, target_database};

/// What is asked for, and what it does.
const CUT_OVER: &str = "Stop the application first, every instance of it. Then the source is watched until nothing writes, both sides are compared for the last time, the application's files are switched, and the target is tried. Each is undone until the end.";

/// Asks for the target database's name, and cuts over.
pub(super) async fn over(lines: &mut Lines<'_>) -> Result<Option<Outcome>, Break> {
    lines.person.say(CUT_OVER);
    let name = target_database(lines.runner.wizard().session()).unwrap_or_default();
    let Some(database) = typed(lines, &name).await? else {
        return Ok(None);
    };
    if let Some(why) = lines.runner.wizard().refuse_cutting(&database) {
        lines.person.say(format!("✗ {why}."));
        return Ok(None);
    }
    let trusting = lines.runner.context().config.cutover.comparison == LastComparison::Trusted;
    let by = lines.signer.clone();
    let options = CutOptions {
        trusting,
        by_hand: false,
    };
    let event = Event::CutOver {
        database,
        by,
        options,
    };
    carried_out(lines, event).await
}

/// What is typed as a consent; `None` for nothing.
async fn typed(lines: &mut Lines<'_>, name: &str) -> Result<Option<String>, Break> {
    let prompt = format!("To consent, type the database's name, {name} (Enter alone: no): ");
    let typed = lines.person.ask(&prompt).await?;
    Ok(Some(typed).filter(|typed| !typed.is_empty()))
}

/// Asks a question of the machine, and carries out what is answered.
pub(super) async fn asked(lines: &mut Lines<'_>, event: Event) -> Result<Option<Outcome>, Break> {
    lines.dispatch(event)?;
    let Some(question) = lines.runner.wizard().question().cloned() else {
        return Ok(None);
    };
    lines.person.say(&question.text);
    let answer = lines.person.choose(&answers(&question), 0).await?;
    let question = question.number;
    carried_out(lines, Event::Answer { question, answer }).await
}

/// Carries out what an event begins. How it ended is told; the wizard goes on, unless the person left.
async fn carried_out(lines: &mut Lines<'_>, event: Event) -> Result<Option<Outcome>, Break> {
    let person = &mut *lines.person;
    let wish = async |question: Option<&_>| person.wish(question).await;
    let begin = (Step::Cutover, event);
    let ran = headless::run_errand(lines.runner, begin, lines.voice, wish).await?;
    if lines.person.is_gone() {
        return Err(Break::Left);
    }
    lines.person.forget_typed();
    // What is refused ends nothing here.
    Ok(ran
        .left
        .filter(|left| *left != Outcome::Failed(Severity::Usage)))
}

/// What can be done once the way back was looked at.
const WAYS: [&str; 6] = [
    "nothing: back to the steps",
    "write the rows that only the target has into a file",
    "dump the target, and restore that into a new database beside the old one",
    "take the rows that only the target has over into the old database",
    "try the way back on copies",
    "go back: put the application's files back",
];

/// Shows what the way back would undo and lose, and goes it if that is wished.
pub(super) async fn back(lines: &mut Lines<'_>) -> Result<Option<Outcome>, Break> {
    super::look::look(lines, Look::WayBack).await?;
    let recover = |recovery| Event::Recover {
        recovery,
        database: String::new(),
    };
    let ways = WAYS.map(str::to_owned);
    let event = match lines.person.choose(&ways, 0).await? {
        1 => recover(Recovery::Rows),
        2 => recover(Recovery::Database),
        3 => match consent(lines).await? {
            Some(database) => Event::Recover {
                recovery: Recovery::Apply { changed: false },
                database,
            },
            None => return Ok(None),
        },
        4 => recover(Recovery::Rehearse),
        5 => match consent(lines).await? {
            Some(database) => {
                let by = lines.signer.clone();
                Event::RollBack { database, by }
            }
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    carried_out(lines, event).await
}

/// The old database's name, typed.
async fn consent(lines: &mut Lines<'_>) -> Result<Option<String>, Break> {
    let name = source_database(lines.runner.wizard().session()).unwrap_or_default();
    let Some(database) = typed(lines, &name).await? else {
        return Ok(None);
    };
    match lines.runner.wizard().refuse_rollback(&database) {
        Some(why) => {
            lines.person.say(format!("✗ {why}."));
            Ok(None)
        }
        None => Ok(Some(database)),
    }
}
