//! The cutover's checklist: the guide's items, what the machine knows of them, and signatures.

mod evidence;
mod writes;

use evidence::{application, backup, performance, rehearsal};

use crate::figures;
use crate::session::report::{Comparison, CutoverLook, LeftOut, Report, Transfer};
use crate::session::{Item, ItemKind, Session, Signature, Step};
use jiff::Timestamp;

/// The item about what was not moved or not made; there only when there is something.
const LEFT_OUT: &str = "left-out-accepted";

/// The item about the rows, equal on both sides.
const DATA: &str = "data-verified";

/// The item about the dump of the source.
const BACKUP: &str = "backup-made";

/// The item about writes to the source since the copy began.
const SOURCE_QUIET: &str = "source-quiet";

/// The item about the application, tried with the target.
const APPLICATION: &str = "application-tested";

/// The item about the target's speed.
const PERFORMANCE: &str = "performance";

/// The item about the way back, tried before it is needed.
const REHEARSED: &str = "rollback-rehearsed";

/// The items that every migration has, in the guide's order and words.
pub fn standard() -> Vec<Item> {
    let item = |key: &str, kind, text: &str| Item {
        key: key.to_owned(),
        text: text.to_owned(),
        kind,
        evidence: String::new(),
        ticked: false,
        signature: None,
    };
    vec![
        item(DATA, ItemKind::Machine, "All data migrated and verified"),
        item(
            SOURCE_QUIET,
            ItemKind::Machine,
            "The source was not written to since the copy began",
        ),
        item(
            APPLICATION,
            ItemKind::Person,
            "Application tested with the Neon connection",
        ),
        item(PERFORMANCE, ItemKind::Person, "Performance is acceptable"),
        item(
            BACKUP,
            ItemKind::Machine,
            "Backup of the source made and checked",
        ),
        item(
            "rollback-plan",
            ItemKind::Person,
            "Rollback plan documented",
        ),
        item(REHEARSED, ItemKind::Person, "Rollback rehearsed"),
        item(
            "team-informed",
            ItemKind::Person,
            "Team told of the maintenance window",
        ),
    ]
}

/// A person's item from the configuration.
pub fn person_item(key: &str, text: &str) -> Item {
    let kind = ItemKind::Person;
    let (key, text) = (key.to_owned(), text.to_owned());
    Item {
        key,
        text,
        kind,
        evidence: String::new(),
        ticked: false,
        signature: None,
    }
}

/// What is known of an item: who can tell that it is true, whether the machine has ticked it, and why.
type Known = (ItemKind, bool, String);

/// The session's checklist with the machine's items ticked, or explained, from what the steps
/// reported. A session without one gets the standard items. Once the application leads to the target
/// it stays as it was when that was decided.
pub fn evaluated(session: &Session) -> Vec<Item> {
    let mut items = session.checklist.clone();
    if session.leads_to_target() {
        return items;
    }
    for standard in standard().into_iter().rev() {
        if !items.iter().any(|item| item.key == standard.key) {
            items.insert(0, standard);
        }
    }
    list_left_out(session, &mut items);
    for item in &mut items {
        if let Some(known) = known(session, item) {
            follow(item, known);
        }
    }
    items
}

/// Takes in what is known of an item now. A tick and a signature belong to the evidence that they were
/// given for: with other evidence, or where somebody else is to judge it, the signature goes.
fn follow(item: &mut Item, (kind, ticked, evidence): Known) {
    if (item.kind, &item.evidence) != (kind, &evidence) {
        item.signature = None;
    }
    (item.kind, item.ticked, item.evidence) = (kind, ticked, evidence);
}

/// What is known of an item; `None` where a person alone knows it.
fn known(session: &Session, item: &Item) -> Option<Known> {
    let machine = |(ticked, evidence)| (ItemKind::Machine, ticked, evidence);
    Some(match item.key.as_str() {
        DATA => machine(data(session)),
        BACKUP => machine(match session.report(Step::Backup) {
            Some(Report::Backup(dump)) => backup(session, dump),
            _ => (false, "the step backup has not been run".to_owned()),
        }),
        SOURCE_QUIET => writes::known(session),
        APPLICATION => application(session),
        PERFORMANCE => performance(session),
        REHEARSED => rehearsal(session),
        LEFT_OUT => (ItemKind::Person, false, left_out(session)),
        _ if item.kind == ItemKind::Machine => {
            machine((false, "no evidence is known for this item".to_owned()))
        }
        _ => return None,
    })
}

fn data(session: &Session) -> (bool, String) {
    match session.report(Step::Compare) {
        Some(Report::Compare(found)) if !found.rows_compared => (
            false,
            "definitions alone were moved: rows were not asked for".to_owned(),
        ),
        Some(Report::Compare(found)) if found.equal => (true, proof(found)),
        Some(_) => (false, "the comparison found differences".to_owned()),
        None => (false, "the step compare has not been run".to_owned()),
    }
}

/// What the last look at what the checklist rests on has found.
fn look(session: &Session) -> Option<&CutoverLook> {
    match session.report(Step::Cutover) {
        Some(Report::Cutover(look)) => Some(look),
        _ => None,
    }
}

fn proof(found: &Comparison) -> String {
    let at = found.at.strftime("%F %H:%M UTC");
    let mut proof = format!(
        "{}, counts and content equal at {at}",
        found.equal_in_words()
    );
    let left_out = found.tables.iter().filter(|table| table.left_out).count() as u64;
    if left_out > 0 {
        proof += &format!("; {} left out", figures::counted(left_out, "table"));
    }
    proof
}

/// The item about what was left out is there only when something was.
fn list_left_out(session: &Session, items: &mut Vec<Item>) {
    match left_out(session).is_empty() {
        true => items.retain(|item| item.key != LEFT_OUT),
        false if items.iter().any(|item| item.key == LEFT_OUT) => {}
        false => items.push(person_item(LEFT_OUT, "What was left out is accepted")),
    }
}

/// Tables and rows that were not moved, and what else the target did not get, in words; empty when
/// there is nothing.
fn left_out(session: &Session) -> String {
    let Some(Report::Transfer(transfer)) = session.report(Step::Transfer) else {
        return String::new();
    };
    let tables = transfer
        .not_moved
        .iter()
        .filter(|table| !table.is_large_objects());
    let names: Vec<String> = tables.map(ToString::to_string).collect();
    let mut parts = Vec::new();
    if !names.is_empty() {
        parts.push(format!("not moved: {}", names.join(", ")));
    }
    let some = transfer.some_rows.iter();
    parts.extend(some.map(|some| {
        let (schema, table, condition) = (&some.schema, &some.table, &some.condition);
        format!("of {schema}.{table} only the rows where {condition}")
    }));
    let others = others(session, transfer, &names);
    if !others.is_empty() {
        let (count, first) = (others.len(), others.iter().take(NAMED).copied());
        let first = first.collect::<Vec<_>>().join(", ");
        let more = match count.saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        parts.push(format!("{count} left out or refused: {first}{more}"));
    }
    parts.join("; ")
}

/// So many of what is no table are named.
const NAMED: usize = 8;

/// What else the schema left out, and the transfer, up to what the target refused at its end.
/// Without a comment nothing works otherwise: comments need no signature.
fn others<'a>(session: &'a Session, transfer: &'a Transfer, tables: &[String]) -> Vec<&'a str> {
    let of_schema = match session.report(Step::Schema) {
        Some(Report::Schema(schema)) => schema.left_out.as_slice(),
        _ => &[],
    };
    let is_table = |what: &str| {
        let name = what.strip_prefix("table ");
        name.is_some_and(|name| tables.iter().any(|table| table == name))
    };
    let all = of_schema.iter().chain(&transfer.left_out);
    let others = all.map(|LeftOut { what, .. }| what.as_str());
    others
        .filter(|what| !what.starts_with("comment ") && !is_table(what))
        .collect()
}

/// Signs an item. Refuses, saying why, what a person cannot sign.
pub fn sign(
    items: &mut [Item],
    key: &str,
    by: &str,
    at: Timestamp,
) -> Result<Option<Signature>, String> {
    let by = by.trim();
    if by.is_empty() {
        return Err("a signature needs a name".to_owned());
    }
    let Some(item) = items.iter_mut().find(|item| item.key == key) else {
        return Err(unknown(items, key));
    };
    if item.kind == ItemKind::Machine {
        return Err(format!(
            "{key} cannot be signed: the machine ticks it ({})",
            item.evidence
        ));
    }
    let signature = Signature {
        by: by.to_owned(),
        at,
    };
    Ok(item.signature.replace(signature))
}

/// That the checklist has no such item, and which it has.
pub(super) fn unknown(items: &[Item], key: &str) -> String {
    let known: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
    format!(
        "there is no item {key}; the checklist has {}",
        known.join(", ")
    )
}

#[cfg(test)]
mod tests;
