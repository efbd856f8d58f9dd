//! The cutover's checklist: the guide's items, what the machine knows of them, and signatures.

mod evidence;

use evidence::{backup, follow_application, follow_performance, follow_rehearsal};

use crate::figures;
use crate::session::report::{
    ComparedTable, Comparison, CutoverLook, LeftOut, Report, SourceLook, Transfer,
};
use crate::session::{Item, ItemKind, Session, Signature, Step};
use jiff::Timestamp;

/// The item about what was not moved or not made; there only when there is something.
const LEFT_OUT: &str = "left-out-accepted";

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
        item(
            "data-verified",
            ItemKind::Machine,
            "All data migrated and verified",
        ),
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
            "backup-made",
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

/// The session's checklist with the machine's items ticked, or explained, from what the steps
/// reported. A session without one gets the standard items.
pub fn evaluated(session: &Session) -> Vec<Item> {
    let mut items = session.checklist.clone();
    for standard in standard().into_iter().rev() {
        if !items.iter().any(|item| item.key == standard.key) {
            items.insert(0, standard);
        }
    }
    for item in items
        .iter_mut()
        .filter(|item| item.kind == ItemKind::Machine)
    {
        (item.ticked, item.evidence) = evidence(session, &item.key);
    }
    if let Some(item) = items.iter_mut().find(|item| item.key == SOURCE_QUIET) {
        follow_writes(session, item);
    }
    if let Some(item) = items.iter_mut().find(|item| item.key == APPLICATION) {
        follow_application(session, item);
    }
    if let Some(item) = items.iter_mut().find(|item| item.key == PERFORMANCE) {
        follow_performance(session, item);
    }
    if let Some(item) = items.iter_mut().find(|item| item.key == REHEARSED) {
        follow_rehearsal(session, item);
    }
    follow_left_out(session, &mut items);
    items
}

fn evidence(session: &Session, key: &str) -> (bool, String) {
    match key {
        "data-verified" => match session.report(Step::Compare) {
            Some(Report::Compare(found)) if !found.rows_compared => (
                false,
                "definitions alone were moved: rows were not asked for".to_owned(),
            ),
            Some(Report::Compare(found)) if found.equal => (true, proof(found)),
            Some(_) => (false, "the comparison found differences".to_owned()),
            None => (false, "the step compare has not been run".to_owned()),
        },
        "backup-made" => match session.report(Step::Backup) {
            Some(Report::Backup(dump)) => backup(session, dump),
            _ => (false, "the step backup has not been run".to_owned()),
        },
        _ => (false, "no evidence is known for this item".to_owned()),
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

/// Keeps the item about writes to the source in step with what its counters said when it was
/// compared. They cannot prove everything: where the two sides are equal although the source
/// counted writes, or where it does not count, only a person knows whether anything still writes.
fn follow_writes(session: &Session, item: &mut Item) {
    let (kind, ticked, evidence) = seen_since(session, writes(session));
    if (item.kind, &item.evidence) != (kind, &evidence) {
        item.signature = None;
    }
    (item.kind, item.ticked, item.evidence) = (kind, ticked, evidence);
}

/// Who closes the item about writes, whether the machine has ticked it, and why.
type Writes = (ItemKind, bool, String);

const STOP: &str = "stop what writes to the source";

fn writes(session: &Session) -> Writes {
    let open = |why: String| (ItemKind::Machine, false, why);
    let asked = |why: String| (ItemKind::Person, false, why);
    let named = |tables: Vec<String>| match tables.join(", ") {
        none if none.is_empty() => None,
        some => Some(format!("written to since the copy began: {some}")),
    };
    let found = match (
        session.report(Step::Compare),
        session.report(Step::Transfer),
    ) {
        (Some(Report::Compare(found)), _) => found,
        (_, Some(Report::Transfer(moved))) => {
            return open(named(moved.changed_since()).map_or_else(
                || "the step compare has not been run".to_owned(),
                |written| format!("{written}; {STOP}, and run the step compare"),
            ));
        }
        _ => return open("the step transfer has not been run".to_owned()),
    };
    if !found.rows_compared {
        let why = "rows were not asked for: what is written to the source changes nothing here";
        return (ItemKind::Machine, true, why.to_owned());
    }
    let tables = found.tables.iter();
    let uncounted: Vec<&ComparedTable> = tables
        .filter(|table| table.written_since.is_none() && !table.left_out)
        .collect();
    match named(found.changed_since()) {
        Some(written) if found.equal => asked(format!(
            "{written}, although both sides are equal; {STOP}, compare again, then sign"
        )),
        Some(written) => open(format!("{written}; {STOP}")),
        None if !found.equal => open("the comparison found differences".to_owned()),
        None if uncounted.iter().any(|table| !table.is_large_objects()) => asked(format!(
            "this source does not count writes to all of its tables; {STOP}, compare again, then sign"
        )),
        None if !uncounted.is_empty() => asked(format!(
            "no server counts writes to large objects, so only you know whether something still writes to them; {STOP}, compare again, then sign"
        )),
        None => {
            let at = found.at.strftime("%F %H:%M UTC");
            let why = format!("no write was counted until {at}");
            (ItemKind::Machine, true, why)
        }
    }
}

/// What the look at the source before the cutover adds to what the comparison found.
fn seen_since(session: &Session, known: Writes) -> Writes {
    let (Some(Report::Compare(found)), Some(look)) = (session.report(Step::Compare), look(session))
    else {
        return known;
    };
    if !found.rows_compared || !found.equal {
        return known;
    }
    let (kind, ticked, until_compared) = known;
    let machine = kind == ItemKind::Machine && ticked;
    match &look.source {
        SourceLook::Written { tables } => {
            let tables = tables.join(", ");
            let why =
                format!("written to since it was compared: {tables}; {STOP}, and compare again");
            (ItemKind::Machine, false, why)
        }
        SourceLook::Quiet { at } if machine => {
            let at = at.strftime("%F %H:%M UTC");
            (kind, ticked, format!("no write was counted until {at}"))
        }
        SourceLook::NoPassword if machine => {
            let why = "the source was not looked at again: its password is not at hand";
            (kind, ticked, format!("{until_compared}; {why}"))
        }
        SourceLook::Unreached { why } if machine => {
            let why = format!(
                "{until_compared}, but the source could not be asked again ({why}); sign only if nothing writes to it any more"
            );
            (ItemKind::Person, false, why)
        }
        // A person vouches for it already.
        _ => (kind, ticked, until_compared),
    }
}

/// Keeps the item about what was left out in step with the last schema and transfer. A signature
/// holds for what it was given for: other things have to be signed again.
fn follow_left_out(session: &Session, items: &mut Vec<Item>) {
    let evidence = match session.report(Step::Transfer) {
        Some(Report::Transfer(transfer)) => left_out(session, transfer),
        _ => String::new(),
    };
    items
        .retain(|item| item.key != LEFT_OUT || (!evidence.is_empty() && item.evidence == evidence));
    if !evidence.is_empty() && !items.iter().any(|item| item.key == LEFT_OUT) {
        let mut item = person_item(LEFT_OUT, "What was left out is accepted");
        item.evidence = evidence;
        items.push(item);
    }
}

/// Tables and rows that were not moved, and what else the target did not get, in words; empty when
/// there is nothing.
fn left_out(session: &Session, transfer: &Transfer) -> String {
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
