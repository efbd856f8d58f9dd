//! What is looked at without running a step: the schema before it is made, a compared table.

use super::Break;
use super::listing::{self, Answer, Place};
use super::wizard::Lines;
use crate::headless::{compared_line, excerpt_lines, preview_lines, way_back_lines};
use crate::session::Step;
use crate::session::report::{Comparison, Report, WayBack};
use crate::session::standing::name;
use crate::wizard::{Event, Look, Seen};

/// What the schema step would do, in pages.
pub(super) async fn schema(lines: &mut Lines<'_>) -> Result<(), Break> {
    look(lines, Look::Schema).await
}

/// Lets the person open tables of the comparison until they go back.
pub(super) async fn tables(lines: &mut Lines<'_>) -> Result<(), Break> {
    lines.person.say(
        "Type the number of a table to open it; or a word: find TEXT searches, list tells the list again, back ends.",
    );
    let mut place = Place::default();
    loop {
        let Some(found) = comparison(lines) else {
            return Ok(());
        };
        let wanted = place.search.to_lowercase();
        let mut tables = found.differing_first();
        tables.retain(|table| table.name().to_lowercase().contains(&wanted));
        let told = tables.iter();
        let entries: Vec<String> = told
            .map(|table| compared_line(table, found.rows_compared))
            .collect();
        let looks: Vec<Look> = tables.into_iter().map(Look::at).collect();
        match place.ask(lines.person, &entries).await? {
            Some(Answer::Entries(places)) => {
                for at in places {
                    look(lines, looks[at].clone()).await?;
                }
            }
            Some(Answer::All) => lines.person.say("✗ Tables are opened by their numbers."),
            Some(_) => return Ok(()),
            None => {}
        }
    }
}

fn comparison<'a>(lines: &'a Lines<'_>) -> Option<&'a Comparison> {
    match lines.runner.wizard().session().report(Step::Compare) {
        Some(Report::Compare(found)) => Some(found),
        _ => None,
    }
}

/// Reads something and tells it in pages; Ctrl-C goes back.
async fn look(lines: &mut Lines<'_>, at: Look) -> Result<(), Break> {
    read(lines, &at).await?;
    tell(lines, &at).await
}

/// As [`look`], at the way back to the old database; what was found, `None` where that could not be.
pub(super) async fn way_back(lines: &mut Lines<'_>) -> Result<Option<WayBack>, Break> {
    read(lines, &Look::WayBack).await?;
    let looking = lines.runner.wizard().looking();
    let found = match looking.and_then(|looking| looking.seen.as_ref()) {
        Some(Ok(seen)) => match &**seen {
            Seen::WayBack(found) => Some((**found).clone()),
            Seen::Schema(_) | Seen::Table(_) => None,
        },
        Some(Err(_)) | None => None,
    };
    tell(lines, &Look::WayBack).await?;
    Ok(found)
}

/// Reads something, until it is seen or the person goes back.
async fn read(lines: &mut Lines<'_>, at: &Look) -> Result<(), Break> {
    lines.dispatch(Event::Look(at.clone()))?;
    if lines.runner.wizard().looking().is_some() {
        let text = "Reading both sides; nothing is changed. Ctrl-C goes back.";
        lines.person.say(text);
    }
    let is_reading = |lines: &Lines<'_>| {
        let looking = lines.runner.wizard().looking();
        looking.is_some_and(|looking| looking.seen.is_none())
    };
    while is_reading(lines) {
        let event = tokio::select! {
            event = lines.runner.finished() => event,
            () = lines.person.stops() => Event::LookAway,
        };
        lines.dispatch(event)?;
        if lines.person.is_gone() {
            return Err(Break::Left);
        }
    }
    Ok(())
}

/// Tells what was seen, in pages.
async fn tell(lines: &mut Lines<'_>, at: &Look) -> Result<(), Break> {
    let told = told(lines, at);
    // What was seen of rows is kept no longer than it is told.
    lines.dispatch(Event::LookAway)?;
    listing::read(lines.person, &told).await
}

/// What was seen; why nothing was is told here.
fn told(lines: &mut Lines<'_>, at: &Look) -> Vec<String> {
    let wizard = lines.runner.wizard();
    let seen = wizard.looking().and_then(|looking| looking.seen.as_ref());
    match seen.map(|seen| seen.as_deref()) {
        Some(Ok(Seen::Schema(preview))) => {
            let target = wizard.session().target.as_ref();
            let target = target.map_or("the target", |place| name(&place.url));
            preview_lines(preview, target)
        }
        Some(Ok(Seen::WayBack(found))) => way_back_lines(found, &lines.invocation),
        Some(Ok(Seen::Table(excerpt))) => excerpt_lines(excerpt, wizard.compared(at)),
        Some(Err(failure)) => {
            let failure = failure.clone();
            lines.fail(&failure);
            Vec::new()
        }
        None => Vec::new(),
    }
}
