//! The cutting over and the way back in lines: told, consented to by a typed name, carried out.

use super::consent::typed;
use super::person::answers;
use super::wizard::Lines;
use super::{Break, look};
use crate::config::LastComparison;
use crate::failure::Severity;
use crate::headless;
use crate::session::report::WayBack;
use crate::session::{CutOptions, Step};
use crate::switch::EditedFiles;
use crate::wizard::{Event, Outcome, Recovery, source_database, target_database};

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
    let ran = headless::run_errand(lines.runner, begin, &mut lines.voice, wish).await?;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Nowhere,
    Recover(Recovery),
    Back,
}

const WAYS: [(Way, &str); 6] = [
    (Way::Nowhere, "nothing: back to the steps"),
    (
        Way::Recover(Recovery::Rows),
        "write the rows that only the target has into a file",
    ),
    (
        Way::Recover(Recovery::Database),
        "dump the target, and restore that into a new database beside the old one",
    ),
    (
        Way::Recover(Recovery::Apply { changed: false }),
        "take the rows that only the target has over into the old database",
    ),
    (
        Way::Recover(Recovery::Rehearse),
        "try the way back on copies",
    ),
    (Way::Back, "go back: put the application's files back"),
];

/// Shows what the way back would undo and lose, and goes it if that is wished. Without that being seen
/// nothing is offered, and the way itself only to a database that answers.
pub(super) async fn back(lines: &mut Lines<'_>) -> Result<Option<Outcome>, Break> {
    let Some(found) = look::way_back(lines).await? else {
        return Ok(None);
    };
    if let Some(why) = found.obstacle() {
        lines.person.say(format!("✗ {why}."));
    }
    let ways = offered(&found);
    let texts: Vec<String> = ways.iter().map(|(_, text)| (*text).to_owned()).collect();
    let (way, _) = ways[lines.person.choose(&texts, 0).await?];
    let database = match way {
        Way::Nowhere => return Ok(None),
        Way::Recover(Recovery::Apply { .. }) | Way::Back => match consent(lines).await? {
            Some(database) => database,
            None => return Ok(None),
        },
        Way::Recover(_) => String::new(),
    };
    let event = match way {
        Way::Recover(recovery) => Event::Recover { recovery, database },
        Way::Back | Way::Nowhere => Event::RollBack {
            database,
            by: lines.signer.clone(),
            edited: EditedFiles::Told,
        },
    };
    carried_out(lines, event).await
}

fn offered(found: &WayBack) -> Vec<(Way, &'static str)> {
    let is_open = found.obstacle().is_none();
    let ways = WAYS.into_iter();
    ways.filter(|(way, _)| is_open || *way != Way::Back)
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::session::report::Check;
    use jiff::Timestamp;

    #[test]
    fn there_is_no_way_back_to_a_database_that_does_not_answer() {
        let ways = |alive| {
            offered(&WayBack {
                at: Timestamp::UNIX_EPOCH,
                source: "localhost:5432/old".to_owned(),
                database: "old".to_owned(),
                alive,
                switched: None,
                put_back: Vec::new(),
                cut_over: None,
                lost: Err(Failure::new("what", "why")),
                clients: Vec::new(),
            })
        };
        let answers = ways(Check::good("old database", "it answers"));
        assert_eq!(answers.last().map(|(way, _)| *way), Some(Way::Back));
        let is_dead = ways(Check::bad("old database", "no answer"));
        assert_eq!(is_dead[..], answers[..answers.len() - 1]);
    }
}
