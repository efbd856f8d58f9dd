//! The cutover's checklist: the guide's items, what the machine knows of them, and signatures.

use crate::session::report::Report;
use crate::session::{Item, ItemKind, Session, Signature, Step};
use jiff::Timestamp;

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
            "application-tested",
            ItemKind::Person,
            "Application tested with the Neon connection",
        ),
        item("performance", ItemKind::Person, "Performance is acceptable"),
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
    items
}

fn evidence(session: &Session, key: &str) -> (bool, String) {
    match key {
        "data-verified" => match session.report(Step::Compare) {
            Some(Report::Compare(found)) if found.equal => {
                let rows: u64 = found
                    .tables
                    .iter()
                    .filter_map(|table| table.target_rows)
                    .sum();
                let tables = found.tables.len();
                let at = found.at.strftime("%F %H:%M UTC");
                (
                    true,
                    format!("{tables} tables, {rows} rows, counts and content equal at {at}"),
                )
            }
            Some(_) => (false, "the comparison found differences".to_owned()),
            None => (false, "the step compare has not been run".to_owned()),
        },
        "backup-made" => match session.report(Step::Backup) {
            Some(Report::Backup(dump)) => {
                let sum = dump.sha256.get(..12).unwrap_or(&dump.sha256);
                (
                    true,
                    format!("{} ({} bytes, sha256 {sum}…)", dump.file, dump.bytes),
                )
            }
            _ => (false, "the step backup has not been run".to_owned()),
        },
        _ => (false, "no evidence is known for this item".to_owned()),
    }
}

/// Signs an item. Refuses, saying why, what a person cannot sign.
pub fn sign(items: &mut [Item], key: &str, by: &str, at: Timestamp) -> Result<(), String> {
    let by = by.trim();
    if by.is_empty() {
        return Err("a signature needs a name".to_owned());
    }
    let known = items
        .iter()
        .map(|item| item.key.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let Some(item) = items.iter_mut().find(|item| item.key == key) else {
        return Err(format!("there is no item {key}; the checklist has {known}"));
    };
    if item.kind == ItemKind::Machine {
        return Err(format!(
            "{key} cannot be signed: the machine ticks it ({})",
            item.evidence
        ));
    }
    item.signature = Some(Signature {
        by: by.to_owned(),
        at,
    });
    Ok(())
}
