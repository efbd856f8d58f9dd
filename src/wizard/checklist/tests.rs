use super::*;
use crate::postgres::large_object;
use crate::session::report::{
    Application, Check, ComparedTable, ComparedVectors, NotMoved, OwnTest, Recovered, Rehearsal,
    RehearsedFiles, Schema, SearchSide, Searches, Share, SwitchedFile,
};
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
    moved_and_left(session, tables, &[])
}

/// And that left this out, up to its end.
fn moved_and_left(session: Session, tables: &[&str], left_out: &[&str]) -> Session {
    let named = |table: &&str| NotMoved {
        schema: "shop".to_owned(),
        table: (*table).to_owned(),
    };
    let transfer = Transfer {
        selection: None,
        some_rows: Vec::new(),
        tables: Vec::new(),
        built: Vec::new(),
        left_out: left_out.iter().map(left).collect(),
        large_objects: Default::default(),
        not_moved: tables.iter().map(named).collect(),
        snapshots: 1,
        retries: 0,
        row_seconds: 0.0,
        build_seconds: 0.0,
        throughput: None,
    };
    with_report(session, Step::Transfer, Report::Transfer(transfer))
}

fn left(what: &&str) -> LeftOut {
    LeftOut {
        what: (*what).to_owned(),
        why: "the target refuses it".to_owned(),
    }
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

#[test]
fn what_the_schema_leaves_out_and_the_target_refuses_at_the_end_is_named_and_counted() {
    let session = Session::new(at(0), 1);
    let schema = Schema {
        left_out: ["function spy()", "comment EXTENSION vector"]
            .iter()
            .map(left)
            .collect(),
        ..Schema::default()
    };
    let session = with_report(session, Step::Schema, Report::Schema(schema));
    let refused = ["table shop.orders", "event trigger watch", "policy own"];
    let session = moved_and_left(session, &["orders"], &refused);
    assert_eq!(
        left_out(&session).unwrap().evidence,
        "not moved: shop.orders; 3 left out or refused: function spy(), event trigger watch, policy own"
    );
    let session = moved_and_left(session, &[], &["comment TABLE t"]);
    assert!(
        left_out(&session)
            .unwrap()
            .evidence
            .starts_with("1 left out or refused: function")
    );
}

fn compared(schema: &str, table: &str, rows: u64) -> ComparedTable {
    ComparedTable {
        source_rows: Some(rows),
        target_rows: Some(rows),
        equal: true,
        written_since: Some(false),
        ..ComparedTable::new(schema, table)
    }
}

/// What no server counts writes to.
fn objects(count: u64) -> ComparedTable {
    ComparedTable {
        written_since: None,
        ..compared(large_object::SCHEMA, large_object::TABLE, count)
    }
}

fn comparison(tables: Vec<ComparedTable>) -> Comparison {
    Comparison {
        rows_compared: true,
        at: at(9),
        equal: tables.iter().all(|table| !table.differs()),
        method: String::new(),
        tables,
        collections: Vec::new(),
        definitions: Vec::new(),
        definitions_compared: 0,
        vectors: Vec::new(),
    }
}

/// The session after a comparison.
fn after(found: Comparison, before: Option<&Session>) -> Session {
    let session = before.cloned().unwrap_or_else(|| Session::new(at(0), 1));
    with_report(session, Step::Compare, Report::Compare(found))
}

/// The item about writes, after a comparison that found this.
fn quiet(equal: bool, written_since: Option<bool>, before: Option<&Session>) -> Session {
    let table = ComparedTable {
        equal,
        written_since,
        ..compared("shop", "orders", 1)
    };
    after(comparison(vec![table]), before)
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
fn large_objects_alone_ask_for_a_signature_and_say_why() {
    let session = after(
        comparison(vec![compared("shop", "orders", 1), objects(2)]),
        None,
    );
    let item = writes_item(&session);
    assert_eq!(item.kind, ItemKind::Person);
    assert!(
        item.evidence
            .starts_with("no server counts writes to large objects")
    );
}

#[test]
fn without_rows_nobody_has_to_sign_for_writes() {
    let table = ComparedTable {
        written_since: None,
        ..compared("shop", "orders", 0)
    };
    let found = Comparison {
        rows_compared: false,
        ..comparison(vec![table])
    };
    let session = after(found, None);
    let item = writes_item(&session);
    assert!(
        item.kind == ItemKind::Machine && item.is_closed(),
        "{item:?}"
    );
}

#[test]
fn the_proof_counts_what_is_equal_and_tells_what_is_left_out() {
    let not_moved = ComparedTable {
        target_rows: None,
        equal: false,
        left_out: true,
        ..compared("shop", "t", 4)
    };
    let found = comparison(vec![compared("shop", "s", 3), not_moved, objects(2)]);
    let proof = proof(&found);
    assert!(
        proof.starts_with("1 table, 3 rows, 2 large objects, counts and content equal"),
        "{proof}"
    );
    assert!(proof.ends_with("; 1 table left out"), "{proof}");
}

/// An item after this was found, when Ada had signed it before.
fn signed_before<'a>(now: &'a Session, key: &str) -> (&'a Item, bool) {
    let item = now.checklist.iter().find(|item| item.key == key).unwrap();
    (item, item.signature.is_some())
}

fn signed(mut session: Session, key: &str) -> Session {
    sign(&mut session.checklist, key, "Ada", at(10)).unwrap();
    session
}

/// The session after a comparison whose searches took so much longer on the target.
fn searched(before: Option<&Session>, target_p50: u64) -> Session {
    let side = |p50| SearchSide {
        p50,
        p95: p50,
        ..SearchSide::default()
    };
    let share = Share::default();
    let vectors = ComparedVectors {
        schema: "shop".to_owned(),
        table: "documents".to_owned(),
        column: "embedding".to_owned(),
        sql_type: "vector(3)".to_owned(),
        metric: "cosine".to_owned(),
        source: None,
        target: None,
        search: Some(Searches {
            searches: 1,
            neighbours: 1,
            exact: share,
            source: side(1000),
            target: side(target_p50),
        }),
        unmeasured: None,
    };
    let found = Comparison {
        vectors: vec![vectors],
        ..comparison(vec![compared("shop", "documents", 1)])
    };
    after(found, before)
}

#[test]
fn a_signature_for_the_speed_holds_for_the_figures_it_was_given_for() {
    let session = signed(searched(None, 2500), PERFORMANCE);
    let same = searched(Some(&session), 2500);
    assert!(signed_before(&same, PERFORMANCE).1);
    let slower = searched(Some(&same), 9000);
    let (item, is_signed) = signed_before(&slower, PERFORMANCE);
    assert!(!is_signed && item.evidence.contains("9.0 x"), "{item:?}");
    let fast = searched(Some(&signed(slower, PERFORMANCE)), 900);
    assert!(signed_before(&fast, PERFORMANCE).0.is_closed());
    let again = searched(Some(&fast), 9000);
    assert!(!signed_before(&again, PERFORMANCE).0.is_closed());
}

fn application_in(folder: Option<&str>, checks: Vec<Check>) -> Application {
    Application {
        at: at(8),
        endpoint: "h:5432/new".to_owned(),
        checks,
        folder: folder.map(str::to_owned),
        files: Vec::new(),
        left: Vec::new(),
        tests: Vec::new(),
    }
}

fn tried(session: &Session, found: Application) -> Session {
    let report = Report::Application(found);
    with_report(session.clone(), Step::Application, report)
}

#[test]
fn a_signature_for_the_application_holds_for_what_was_tried_where() {
    let first = tried(&Session::new(at(0), 1), application_in(Some("/a"), vec![]));
    let session = signed(first, APPLICATION);
    let mut later = application_in(Some("/a"), vec![Check::good("Connection", "in 2 ms")]);
    later.at = at(20);
    assert!(
        signed_before(&tried(&session, later), APPLICATION).1,
        "the same again"
    );
    let warned = vec![Check::warning(
        "Collections of t",
        "3 rows; the comparison counted 4",
    )];
    let tests = vec![OwnTest {
        command: "pytest".to_owned(),
        code: Some(1),
        milliseconds: 5,
        output: Vec::new(),
    }];
    let failed = Application {
        tests,
        ..application_in(Some("/a"), vec![])
    };
    for other in [
        application_in(Some("/b"), vec![]),
        application_in(None, vec![]),
        application_in(Some("/a"), warned),
        failed,
    ] {
        let now = tried(&session, other);
        let (item, is_signed) = signed_before(&now, APPLICATION);
        assert!(!is_signed && !item.is_closed(), "{item:?}");
    }
}

/// The session after a rehearsal of this folder's files.
fn rehearsed(session: &Session, second: i64, folder: &str, checks: Vec<Check>) -> Session {
    let mut session = session.clone();
    session.recovered.push(Recovered::Rehearsed(Rehearsal {
        at: at(second),
        checks,
        application: Some(RehearsedFiles {
            folder: folder.to_owned(),
            files: vec![".env".to_owned()],
        }),
    }));
    session.checklist = evaluated(&session);
    session
}

fn with_files(folder: &str, files: &[&str]) -> Application {
    let file = |file: &&str| SwitchedFile {
        file: (*file).to_owned(),
        lines: Vec::new(),
    };
    Application {
        files: files.iter().map(file).collect(),
        ..application_in(Some(folder), vec![])
    }
}

#[test]
fn a_rehearsal_ticks_its_item_only_for_the_application_and_the_rows_it_was_made_with() {
    let good = || vec![Check::good("Old database", "answers")];
    let session = tried(&Session::new(at(0), 1), with_files("/a", &[".env"]));
    let session = rehearsed(&session, 9, "/a", good());
    assert!(signed_before(&session, REHEARSED).0.is_closed());
    let switched = tried(&session, with_files("/a", &[]));
    assert!(
        signed_before(&switched, REHEARSED).0.is_closed(),
        "its files lead to the target by now"
    );
    for other in [
        with_files("/b", &[".env"]),
        with_files("/a", &[".env", "more.env"]),
        application_in(None, vec![]),
    ] {
        let now = tried(&session, other);
        let (item, _) = signed_before(&now, REHEARSED);
        assert!(!item.is_closed(), "{item:?}");
    }
    let mut filled = session.clone();
    let record = filled.steps.entry(Step::Transfer).or_default();
    record.finished = Some(at(10));
    filled.checklist = evaluated(&filled);
    let (item, _) = signed_before(&filled, REHEARSED);
    assert!(
        !item.is_closed() && item.evidence.contains("anew"),
        "{item:?}"
    );
    let again = rehearsed(&filled, 11, "/a", good());
    assert!(signed_before(&again, REHEARSED).0.is_closed());
}

#[test]
fn a_rehearsal_that_failed_and_was_accepted_is_judged_anew_when_another_fails() {
    let bad = |why: &str| vec![Check::bad("Old database", why)];
    let session = Session::new(at(0), 1);
    let session = signed(rehearsed(&session, 9, "/a", bad("a standby")), REHEARSED);
    let mut same = session.clone();
    same.checklist = evaluated(&same);
    assert!(signed_before(&same, REHEARSED).0.is_closed());
    let other = rehearsed(&session, 12, "/a", bad("does not answer"));
    assert!(!signed_before(&other, REHEARSED).0.is_closed());
}
