use super::*;
use crate::failure::{Failure, Severity};
use crate::session::report::{
    ChangedColumn, ComparedTable, Comparison, DefinitionDifference, DifferingRow, DifferingRows,
    Report, RowDifference, SourceLook, Stretch, Throughput,
};
use crate::session::{Place, Reached, Record, State, Step};

const FORMATS: [Format; 3] = [Format::Html, Format::Md, Format::Json];

fn finished() -> Session {
    toml::from_str(include_str!("../../tests/fixtures/sessions/finished.toml")).unwrap()
}

/// A snapshot does not change with the program's version.
fn told(session: &Session, format: Format) -> String {
    let text = render(session, format).unwrap();
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

fn record(session: &mut Session, step: Step) -> &mut Record {
    session.steps.entry(step).or_default()
}

fn comparison(session: &mut Session) -> &mut Comparison {
    match &mut record(session, Step::Compare).report {
        Some(Report::Compare(found)) => found,
        _ => panic!("no comparison"),
    }
}

/// As the step ends that has found this.
fn settle(session: &mut Session) {
    let failure = comparison(session).clone();
    let record = record(session, Step::Compare);
    record.failure = Report::Compare(failure).failure(true);
    record.state = match record.failure {
        Some(_) => State::Failed,
        None => State::Done,
    };
}

fn changed_row() -> DifferingRows {
    DifferingRows {
        changed: 1,
        missing: 1,
        key: vec!["id".to_owned()],
        columns: vec![ChangedColumn {
            column: "remark".to_owned(),
            rows: 1,
        }],
        examples: vec![
            DifferingRow {
                kind: RowDifference::Missing,
                key: Some(vec!["7".to_owned()]),
                columns: Vec::new(),
            },
            DifferingRow {
                kind: RowDifference::Changed,
                key: Some(vec!["12".to_owned()]),
                columns: vec!["remark".to_owned()],
            },
        ],
        ..DifferingRows::default()
    }
}

/// Rows and definitions differ, and of a table nothing is proved.
fn different() -> Session {
    let mut session = finished();
    let found = comparison(&mut session);
    found.equal = false;
    found.definitions_compared = 97;
    found.definitions = vec![
        DefinitionDifference {
            kind: "index".to_owned(),
            words: "index shop.orders_at is missing on the target".to_owned(),
            sql: Some("CREATE INDEX orders_at\n  ON shop.orders (at);".to_owned()),
            ..DefinitionDifference::default()
        },
        DefinitionDifference {
            kind: "extension".to_owned(),
            words: "version of extension vector: 0.8.0 on the source, 0.8.5 on the target"
                .to_owned(),
            expected: Some("a newer version is good".to_owned()),
            ..DefinitionDifference::default()
        },
    ];
    let named = |found: &mut Comparison, name: &str| {
        found
            .tables
            .iter()
            .position(|table| table.table == name)
            .unwrap()
    };
    let orders = named(found, "orders");
    found.tables[orders].equal = false;
    found.tables[orders].target_rows = Some(399);
    found.tables[orders].target_hash = Some("17".to_owned());
    found.tables[orders].differing = Some(changed_row());
    let products = named(found, "products");
    found.tables[products].equal = false;
    found.tables[products].unproved = Some("rows were written meanwhile".to_owned());
    settle(&mut session);
    session
}

#[test]
fn the_markdown_of_a_finished_session() {
    insta::assert_snapshot!(told(&finished(), Format::Md));
}

#[test]
fn the_json_of_a_finished_session() {
    insta::assert_snapshot!(told(&finished(), Format::Json));
}

#[test]
fn the_markdown_of_a_session_whose_sides_differ() {
    insta::assert_snapshot!(told(&different(), Format::Md));
}

#[test]
fn a_session_without_anything_says_what_is_missing() {
    let session = Session::new("2026-11-22T08:00:00Z".parse().unwrap(), 7);
    insta::assert_snapshot!(told(&session, Format::Md));
}

#[test]
fn names_from_the_database_are_never_markup() {
    let name = "<script>alert(1)</script>\"'|\u{202e}\u{5d0}\u{5d1}&amp;";
    let mut session = different();
    let found = comparison(&mut session);
    found.tables[0].table = name.to_owned();
    found.tables[0].condition = Some(name.to_owned());
    found.collections[0].value = Some(name.to_owned());
    found.definitions[0].words = name.to_owned();
    found.definitions[0].sql = Some(name.to_owned());
    let orders = found
        .tables
        .iter_mut()
        .find(|table| table.table == "orders");
    let differing = orders.unwrap().differing.as_mut().unwrap();
    differing.examples[0].key = Some(vec![name.to_owned()]);
    session.checklist[0].text = name.to_owned();
    let by = session.checklist[1].signature.as_mut().unwrap();
    by.by = name.to_owned();
    let url = "postgresql://u@h/%3Cscript%3E%22";
    for step in [Step::Connections, Step::Inventory] {
        session.steps.remove(&step);
    }
    session.target = Some(Place {
        url: url.to_owned(),
        identity: None,
    });
    let page = render(&session, Format::Html).unwrap();
    assert!(!page.contains("<script"), "it is text");
    assert!(!page.contains("\u{202e}"), "it is seen");
    // Within an attribute it ends nothing.
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;|‹U+202E›\u{5d0}"));
    let text = render(&session, Format::Md).unwrap();
    assert!(!text.contains("<script") && !text.contains("\u{202e}"));
    let told: serde_json::Value =
        serde_json::from_str(&render(&session, Format::Json).unwrap()).unwrap();
    let tables = told["comparison"]["tables"].as_array().unwrap();
    let is_it = |table: &serde_json::Value| table["name"] == format!("public.{name}");
    assert!(tables.iter().any(is_it), "as it is, for machines");
}

#[test]
fn the_page_asks_for_nothing_and_runs_nothing() {
    let page = render(&different(), Format::Html).unwrap();
    assert!(page.contains("default-src 'none'"));
    for outside in [
        "http://", "https://", "<script", "<iframe", "<img", "@import", "url(", "onload",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn no_part_of_a_connection_string_but_its_endpoint_is_told() {
    let mut session = Session::new(Timestamp::UNIX_EPOCH, 7);
    session.source = Some(Place {
        url: "postgresql://ada@db.example:5433/shop?sslkey=%2Fsecret%2Fkey".to_owned(),
        identity: None,
    });
    for format in FORMATS {
        let text = render(&session, format).unwrap();
        let plain = text.replace("<wbr>", "");
        assert!(plain.contains("db.example:5433/shop"), "{text}");
        assert!(!text.contains("secret") && !text.contains("ada@"), "{text}");
    }
}

#[test]
fn only_a_comparison_that_holds_proves_anything() {
    let standing = |session: &Session| Verdict::of(session).standing;
    let mut session = finished();
    assert_eq!(standing(&session), Standing::Equal);
    let written = SourceLook::Written {
        tables: vec!["shop.orders".to_owned()],
    };
    record(&mut session, Step::Cutover).report = Some(Report::Cutover(written.into()));
    assert_eq!(standing(&session), Standing::WrittenSince);
    for state in [State::Waiting, State::Running] {
        record(&mut session, Step::Compare).state = state;
        assert_eq!(standing(&session), Standing::NotCompared);
        assert!(Document::of(&session).comparison.is_none(), "{state:?}");
    }
    record(&mut session, Step::Compare).state = State::Interrupted;
    assert_eq!(standing(&session), Standing::NotProved);
    assert_eq!(standing(&different()), Standing::Differs);
    let mut session = finished();
    comparison(&mut session).rows_compared = false;
    assert_eq!(standing(&session), Standing::NotProved);
}

#[test]
fn nothing_unproved_is_said_to_be_equal() {
    let mut session = finished();
    let found = comparison(&mut session);
    found.equal = false;
    found.tables[0].equal = false;
    found.tables[0].unproved = Some("it was written to meanwhile".to_owned());
    let name = found.tables[0].name();
    settle(&mut session);
    let failure = record(&mut session, Step::Compare).failure.clone();
    assert_eq!(
        failure.map(|failure| failure.severity),
        Some(Severity::Unfinished)
    );
    let document = Document::of(&session);
    assert_eq!(document.verdict.standing, Standing::NotProved);
    let tables = &document.comparison.as_ref().unwrap().tables;
    assert_eq!(
        (&tables[0].name, tables[0].verdict),
        (&name, TableVerdict::NotProved)
    );
    let text = render(&session, Format::Md).unwrap();
    assert!(
        text.contains("! Not proved") || text.contains("\\! Not proved"),
        "{text}"
    );
    assert!(!text.contains("Proved equal") && !text.contains("done and signed"));
}

#[test]
fn a_session_that_stopped_says_so_first() {
    let mut session = finished();
    for step in [Step::Compare, Step::Cutover] {
        session.steps.remove(&step);
    }
    let transfer = record(&mut session, Step::Transfer);
    transfer.state = State::Interrupted;
    transfer.report = None;
    transfer.reached = Some(Reached {
        rows: 1_200,
        rows_total: 4_496,
        builds_left: 1,
    });
    let page = render(&session, Format::Html).unwrap();
    let (first, rest) = page.split_once("<section>").unwrap();
    assert!(first.contains("! Not compared yet"), "{first}");
    assert!(first.contains("! The migration is not finished: next: transfer, stopped half-way."));
    assert!(rest.contains("1,200 of 4,496 rows were in"));
    record(&mut session, Step::Backup).state = State::Failed;
    record(&mut session, Step::Backup).failure = Some(Failure::new("No dump", "the disk is full"));
    assert!(Verdict::of(&session).words.contains("the disk is full"));
}

#[test]
fn hundreds_of_equal_tables_are_folded_and_those_that_differ_are_not() {
    let mut session = different();
    let found = comparison(&mut session);
    for number in 0..400 {
        let mut table = ComparedTable::new("many", &format!("table_{number:03}"));
        table.equal = true;
        found.tables.push(table);
    }
    let page = render(&session, Format::Html).unwrap();
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    let folded = at("<details>");
    assert!(at("shop.<wbr>orders</th>") < folded, "open, and first");
    assert!(at("many.<wbr>table_<wbr>399") > folded);
    assert!(page.contains("(410)"), "the fold says how many there are");
}

#[test]
fn throughput_is_what_the_last_run_carried() {
    let mut session = finished();
    let Some(Report::Transfer(done)) = &mut record(&mut session, Step::Transfer).report else {
        panic!("no transfer")
    };
    let stretch = |rows| Stretch {
        seconds: 0.5,
        rows,
        bytes: rows * 100,
    };
    done.throughput = Some(Throughput {
        stretches: vec![stretch(1_000), stretch(500)],
    });
    let page = render(&session, Format::Html).unwrap();
    assert!(
        page.contains("Throughput: 1,500 rows/s on average"),
        "{page}"
    );
    assert!(page.contains("2,000 rows/s at most"));
    assert!(page.contains("It carried 1,500 of the 4,496 rows; the others were in already."));
    let Some(Report::Transfer(done)) = &mut record(&mut session, Step::Transfer).report else {
        panic!("no transfer")
    };
    done.throughput = Some(Throughput::default());
    assert!(
        !render(&session, Format::Html)
            .unwrap()
            .contains("Throughput")
    );
}

#[test]
fn a_report_takes_the_place_of_no_device_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r.html");
    write(&finished(), Format::Html, &file).unwrap();
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let device = folder.path().join("device");
    std::os::unix::fs::symlink("/dev/null", &device).unwrap();
    write(&finished(), Format::Html, &device).unwrap();
    assert!(fs::symlink_metadata(&device).unwrap().is_symlink());
    assert!(is_same(&folder.path().join("./r.html"), &file));
    assert!(!is_same(&folder.path().join("other"), &file));
    let error = write(&finished(), Format::Md, &folder.path().join("none/r.md")).unwrap_err();
    assert!(error.failure().what.contains("report"));
}
