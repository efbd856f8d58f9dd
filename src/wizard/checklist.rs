//! The cutover's checklist: the guide's items, what the machine knows of them, and signatures.

use crate::figures;
use crate::session::report::{ComparedTable, Report, Transfer};
use crate::session::{Item, ItemKind, Session, Signature, Step};
use jiff::Timestamp;

/// The item about tables that were not moved; there only when some were not.
const LEFT_OUT: &str = "left-out-accepted";

/// The item about writes to the source after the copy.
const SOURCE_QUIET: &str = "source-quiet";

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
            "The source was not written to since the copy",
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
    if let Some(item) = items.iter_mut().find(|item| item.key == SOURCE_QUIET) {
        follow_writes(session, item);
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
            Some(Report::Compare(found)) if found.equal => (true, proof(&found.tables, found.at)),
            Some(_) => (false, "the comparison found differences".to_owned()),
            None => (false, "the step compare has not been run".to_owned()),
        },
        "backup-made" => match session.report(Step::Backup) {
            Some(Report::Backup(dump)) => {
                let sum = dump.sha256.get(..12).unwrap_or(&dump.sha256);
                (
                    true,
                    format!(
                        "{} ({}, sha256 {sum}…)",
                        dump.file,
                        figures::bytes(dump.bytes)
                    ),
                )
            }
            _ => (false, "the step backup has not been run".to_owned()),
        },
        _ => (false, "no evidence is known for this item".to_owned()),
    }
}

fn proof(tables: &[ComparedTable], at: Timestamp) -> String {
    let equal: Vec<&ComparedTable> = tables.iter().filter(|table| table.equal).collect();
    let rows: u64 = equal.iter().filter_map(|table| table.target_rows).sum();
    let at = at.strftime("%F %H:%M UTC");
    let mut proof = format!(
        "{}, {}, counts and content equal at {at}",
        figures::counted(equal.len() as u64, "table"),
        figures::counted(rows, "row"),
    );
    let left_out = tables.iter().filter(|table| table.left_out).count() as u64;
    if left_out > 0 {
        proof += &format!("; {} left out", figures::counted(left_out, "table"));
    }
    proof
}

/// Keeps the item about writes to the source in step with what its counters said when it was
/// compared. They cannot prove everything: where the two sides are equal although the source
/// counted writes, or where it does not count, only a person knows whether anything still writes.
fn follow_writes(session: &Session, item: &mut Item) {
    let (kind, ticked, evidence) = writes(session);
    if (item.kind, &item.evidence) != (kind, &evidence) {
        item.signature = None;
    }
    (item.kind, item.ticked, item.evidence) = (kind, ticked, evidence);
}

fn writes(session: &Session) -> (ItemKind, bool, String) {
    const STOP: &str = "stop what writes to the source";
    let open = |why: String| (ItemKind::Machine, false, why);
    let asked = |why: String| (ItemKind::Person, false, why);
    let named = |tables: Vec<String>| match tables.join(", ") {
        none if none.is_empty() => None,
        some => Some(format!("written to since the copy: {some}")),
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
    let uncounted = |table: &&ComparedTable| table.written_since.is_none() && !table.left_out;
    match named(found.changed_since()) {
        Some(written) if found.equal => asked(format!(
            "{written}, although both sides are equal; {STOP}, compare again, then sign"
        )),
        Some(written) => open(format!("{written}; {STOP}")),
        None if !found.equal => open("the comparison found differences".to_owned()),
        None if found.tables.iter().any(|table| uncounted(&table)) => asked(format!(
            "this source does not count writes to all of its tables; {STOP}, compare again, then sign"
        )),
        None => {
            let at = found.at.strftime("%F %H:%M UTC");
            let why = format!("no write was counted until {at}");
            (ItemKind::Machine, true, why)
        }
    }
}

/// Keeps the item about tables that were not moved in step with the last transfer. A signature
/// holds for what it was given for: other tables have to be signed again.
fn follow_left_out(session: &Session, items: &mut Vec<Item>) {
    let evidence = match session.report(Step::Transfer) {
        Some(Report::Transfer(transfer)) => not_moved(transfer),
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

/// Tables and rows that were not moved, in words; empty when there are none.
fn not_moved(transfer: &Transfer) -> String {
    let tables = transfer.not_moved.iter();
    let names: Vec<String> = tables
        .map(|table| format!("{}.{}", table.schema, table.table))
        .collect();
    let mut parts = Vec::new();
    if !names.is_empty() {
        parts.push(format!("not moved: {}", names.join(", ")));
    }
    let some = transfer.some_rows.iter();
    parts.extend(some.map(|some| {
        let (schema, table, condition) = (&some.schema, &some.table, &some.condition);
        format!("of {schema}.{table} only the rows where {condition}")
    }));
    parts.join("; ")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::{Comparison, NotMoved, Transfer};
    use crate::session::{Record, State};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    /// The session after a step that found this.
    fn with_report(mut session: Session, step: Step, report: Report) -> Session {
        let record = Record {
            state: State::Done,
            report: Some(report),
            ..Record::default()
        };
        session.steps.insert(step, record);
        session.checklist = evaluated(&session);
        session
    }

    /// The session after a transfer that did not move these tables.
    fn moved_without(session: Session, tables: &[&str]) -> Session {
        let named = |table: &&str| NotMoved {
            schema: "shop".to_owned(),
            table: (*table).to_owned(),
        };
        let transfer = Transfer {
            selection: None,
            some_rows: Vec::new(),
            tables: Vec::new(),
            built: Vec::new(),
            left_out: Vec::new(),
            large_objects: Default::default(),
            not_moved: tables.iter().map(named).collect(),
            snapshots: 1,
            retries: 0,
            row_seconds: 0.0,
            build_seconds: 0.0,
        };
        with_report(session, Step::Transfer, Report::Transfer(transfer))
    }

    fn left_out(session: &Session) -> Option<&Item> {
        session.checklist.iter().find(|item| item.key == LEFT_OUT)
    }

    #[test]
    fn tables_left_out_have_to_be_accepted_by_a_person() {
        let session = moved_without(Session::new(at(0), 1), &["orders", "customers"]);
        let item = left_out(&session).unwrap();
        assert_eq!(item.kind, ItemKind::Person);
        assert_eq!(item.evidence, "not moved: shop.orders, shop.customers");
        assert!(!item.is_closed());
        let session = moved_without(session, &[]);
        assert_eq!(left_out(&session), None);
        assert_eq!(session.checklist.len(), standard().len());
    }

    #[test]
    fn a_signature_holds_for_the_tables_it_was_given_for() {
        let mut session = moved_without(Session::new(at(0), 1), &["orders"]);
        sign(&mut session.checklist, LEFT_OUT, "Ada", at(1)).unwrap();
        let session = moved_without(session, &["orders"]);
        assert!(left_out(&session).unwrap().is_closed());
        let session = moved_without(session, &["customers"]);
        assert!(!left_out(&session).unwrap().is_closed());
    }

    /// The item about writes, after a comparison that found this.
    fn quiet(equal: bool, written_since: Option<bool>, before: Option<&Session>) -> Session {
        let table = ComparedTable {
            source_rows: Some(1),
            target_rows: Some(1),
            equal,
            written_since,
            ..ComparedTable::new("shop", "orders")
        };
        let found = Comparison {
            rows_compared: true,
            at: at(9),
            equal,
            method: String::new(),
            tables: vec![table],
            collections: Vec::new(),
        };
        let session = before.cloned().unwrap_or_else(|| Session::new(at(0), 1));
        with_report(session, Step::Compare, Report::Compare(found))
    }

    fn writes_item(session: &Session) -> &Item {
        let mut items = session.checklist.iter();
        items.find(|item| item.key == SOURCE_QUIET).unwrap()
    }

    #[test]
    fn a_source_without_writes_is_ticked_by_the_machine() {
        let session = quiet(true, Some(false), None);
        assert!(writes_item(&session).is_closed());
        let session = quiet(false, Some(true), Some(&session));
        let item = writes_item(&session);
        assert!(!item.is_closed() && item.kind == ItemKind::Machine);
        assert!(item.evidence.contains("shop.orders; stop what writes"));
    }

    #[test]
    fn what_the_counters_cannot_tell_is_signed_by_a_person_for_as_long_as_it_holds() {
        for unclear in [Some(true), None] {
            let mut session = quiet(true, unclear, None);
            assert_eq!(writes_item(&session).kind, ItemKind::Person);
            sign(&mut session.checklist, SOURCE_QUIET, "Ada", at(10)).unwrap();
            let session = quiet(true, unclear, Some(&session));
            assert!(writes_item(&session).is_closed());
            let session = quiet(false, unclear, Some(&session));
            assert!(!writes_item(&session).is_closed());
        }
    }

    #[test]
    fn the_proof_counts_what_is_equal_and_tells_what_is_left_out() {
        let table = |rows, left_out: bool| ComparedTable {
            source_rows: Some(rows),
            target_rows: (!left_out).then_some(rows),
            equal: !left_out,
            left_out,
            ..ComparedTable::new("shop", "t")
        };
        let proof = proof(&[table(3, false), table(4, true)], at(0));
        assert!(proof.starts_with("1 table, 3 rows, counts and content equal"));
        assert!(proof.ends_with("; 1 table left out"));
    }
}
