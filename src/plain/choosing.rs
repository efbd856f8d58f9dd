//! What is moved, chosen by number: schemas and tables are taken or left out.

use super::Break;
use super::listing::{Answer, Place};
use super::wizard::Lines;
use crate::config::Select;
use crate::session::report::{Estimate, Inventory};
use crate::source::Part;
use crate::source::tree::{self, Row, Taken, refuse_unseen};
use crate::wizard::Event;

const HOW: &str = "Type the numbers of what is to be taken or left out, several in a line; or a word: \
                   all takes everything, find TEXT searches, list tells the list again, back ends.";

/// Lets the person choose until they go back.
pub(super) async fn choose(lines: &mut Lines<'_>) -> Result<(), Break> {
    lines.person.say(HOW);
    let mut place = Place::default();
    loop {
        let Some(found) = lines.runner.wizard().choosable() else {
            return Ok(());
        };
        let rows = rows(found, &place.search);
        let entries: Vec<String> = rows.iter().map(entry).collect();
        let refusals: Vec<_> = (0..rows.len()).map(|at| refuse_unseen(&rows, at)).collect();
        let parts: Vec<Part> = rows.into_iter().map(|row| row.part).collect();
        match place.ask(lines.person, &entries).await? {
            Some(Answer::Entries(places)) => {
                let refused = places.iter().find_map(|at| refusals[*at].as_ref());
                if let Some(why) = refused {
                    lines.person.say(format!("✗ {why}."));
                    continue;
                }
                let chosen = places.into_iter().map(|at| (at, &parts[at])).collect();
                toggle(lines, chosen)?;
            }
            Some(Answer::All) => take_all(lines)?,
            Some(_) => return Ok(()),
            None => {}
        }
    }
}

fn rows<'a>(found: &'a Inventory, search: &str) -> Vec<Row<'a>> {
    tree::rows(found, search, &|_| false)
}

fn entry(row: &Row<'_>) -> String {
    let what = match row.depth {
        2 => "partition ",
        _ => "",
    };
    // How many tables there are is among the words for a part of them.
    let told = usize::from(row.taken() == Taken::Some);
    let (name, figures) = (row.name(), row.figures()[told..].join(", "));
    format!("{what}{name}: {}; {figures}", row.taken_in_words())
}

/// Takes these, or leaves them out, one after the other; what came of it is told.
fn toggle(lines: &mut Lines<'_>, chosen: Vec<(usize, &Part)>) -> Result<(), Break> {
    let before = warnings(lines);
    for (at, part) in chosen {
        let Some(selected) = lines.runner.wizard().selected() else {
            return Ok(());
        };
        match selected.toggled(part) {
            Ok(select) => pick(lines, select)?,
            Err(why) => lines.person.say(format!("✗ {why}.")),
        }
        let found = lines.runner.wizard().choosable();
        let mut rows = found
            .map_or_else(Vec::new, |found| rows(found, ""))
            .into_iter();
        let told = rows
            .find(|row| row.part == *part)
            .map(|row| format!("  {}. {}: {}", at + 1, row.name(), row.taken_in_words()));
        told.iter().for_each(|line| lines.person.say(line));
    }
    tell_result(lines, &before);
    Ok(())
}

fn take_all(lines: &mut Lines<'_>) -> Result<(), Break> {
    let before = warnings(lines);
    if let Some(selected) = lines.runner.wizard().selected() {
        pick(lines, selected.everything())?;
    }
    tell_result(lines, &before);
    Ok(())
}

fn pick(lines: &mut Lines<'_>, select: Select) -> Result<(), Break> {
    lines.dispatch(Event::Picked(Box::new(select))).map(|_| ())
}

fn warnings(lines: &Lines<'_>) -> Vec<String> {
    let found = lines.runner.wizard().choosable();
    found.map_or_else(Vec::new, |found| found.warnings.clone())
}

/// What is moved now, what that takes, and what it cuts that was not cut `before`.
fn tell_result(lines: &mut Lines<'_>, before: &[String]) {
    let wizard = lines.runner.wizard();
    let Some(found) = wizard.choosable() else {
        return;
    };
    let estimate = Estimate::of(found);
    let mut told = vec![format!("Chosen: {}.", found.sums_in_words().join(", "))];
    let estimates = estimate.time().into_iter().chain(estimate.room_left());
    told.extend(estimates.map(|text| format!("  estimate: {text}")));
    let warnings = found.warnings.iter();
    let new = warnings.filter(|warning| !before.contains(warning));
    told.extend(new.map(|warning| format!("  ! {warning}")));
    let notes = wizard.choice_in_words("running inventory again looks at the rest of it");
    told.extend(notes.into_iter().map(|note| format!("  ! {note}")));
    told.iter().for_each(|line| lines.person.say(line));
}
