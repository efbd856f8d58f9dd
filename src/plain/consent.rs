//! The consent to overwrite the target: what is lost is told, the database's name is typed.

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
    let prompt = format!("To consent, type the database's name, {database} (Enter alone: no): ");
    let typed = lines.person.ask(&prompt).await?;
    if typed.is_empty() {
        return Ok(false);
    }
    if let Err(why) = lines.runner.wizard().refuse_consent(&typed) {
        lines.person.say(format!("✗ {why}."));
        return Ok(false);
    }
    let by = lines.signer.clone();
    lines.dispatch(Event::Overwrite {
        database: typed,
        by,
    })?;
    Ok(true)
}
