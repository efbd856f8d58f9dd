//! Consents: a database's name is typed. To overwrite the target, what is lost is told before.

use super::Break;
use super::wizard::Lines;
use crate::figures::{counted, grouped};
use crate::session::Step;
use crate::session::report::{Report, cost_in_words};
use crate::wizard::{Event, target_database};

/// Asks for the consent; `true` when it was given.
pub(super) async fn ask(lines: &mut Lines<'_>) -> Result<bool, Break> {
    let session = lines.runner.wizard().session();
    let Some(Report::Connections(found)) = session.report(Step::Connections) else {
        return Ok(false);
    };
    let goes = session.select.takes_definitions();
    let cost = cost_in_words(&found.at_stake, goes);
    let mut told = vec![format!("On {}, {cost}", found.target.endpoint)];
    for table in found.tables_at_stake().0 {
        let rows = grouped(table.rows);
        told.push(format!("    {}.{}: {rows} rows", table.schema, table.table));
    }
    let lost = found.also_lost.iter();
    told.extend(lost.map(|lost| format!("    {}", counted(lost.count, &lost.kind))));
    let database = target_database(session).unwrap_or_default();
    told.iter().for_each(|line| lines.person.say(line));
    let Some(database) = typed(lines, &database).await? else {
        return Ok(false);
    };
    if let Err(why) = lines.runner.wizard().refuse_consent(&database) {
        lines.person.say(format!("✗ {why}."));
        return Ok(false);
    }
    let by = lines.signer.clone();
    lines.dispatch(Event::Overwrite { database, by })?;
    Ok(true)
}

/// What is typed as a consent, to the letter; `None` for nothing.
pub(super) async fn typed(lines: &mut Lines<'_>, name: &str) -> Result<Option<String>, Break> {
    let prompt = format!("To consent, type the database's name, {name} (Enter alone: no): ");
    let typed = lines.person.ask(&prompt).await?;
    Ok(Some(typed).filter(|typed| !typed.is_empty()))
}
