use super::*;
use crate::session::{Place, Step};

fn finished() -> Session {
    toml::from_str(include_str!("../../tests/fixtures/sessions/finished.toml")).unwrap()
}

/// A snapshot does not change with the program's version.
fn told(session: &Session, format: Format) -> String {
    let text = render(session, format).unwrap();
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
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
fn a_session_without_anything_says_what_is_missing() {
    let session = Session::new("2026-11-22T08:00:00Z".parse().unwrap(), 7);
    insta::assert_snapshot!(told(&session, Format::Md));
}

#[test]
fn names_from_the_database_are_never_markup() {
    let mut session = finished();
    let record = session.steps.get_mut(&Step::Compare).unwrap();
    let Some(crate::session::report::Report::Compare(found)) = &mut record.report else {
        panic!("no comparison")
    };
    found.tables[0].table = "<script>alert(1)</script>".to_owned();
    let page = render(&session, Format::Html).unwrap();
    assert!(!page.contains("<script"), "it is text");
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!render(&session, Format::Md).unwrap().contains("<script"));
}

#[test]
fn no_part_of_a_connection_string_but_its_endpoint_is_told() {
    let mut session = Session::new(Timestamp::UNIX_EPOCH, 7);
    session.source = Some(Place {
        url: "postgresql://ada@db.example:5433/shop?sslkey=%2Fsecret%2Fkey".to_owned(),
        identity: None,
    });
    for format in [Format::Html, Format::Md, Format::Json] {
        let text = render(&session, format).unwrap();
        assert!(text.contains("db.example:5433/shop"));
        assert!(!text.contains("secret"));
    }
}

#[test]
fn a_comparison_that_no_longer_holds_proves_nothing() {
    let mut session = finished();
    assert_eq!(Verdict::of(&session).standing, Standing::Equal);
    session.steps.get_mut(&Step::Compare).unwrap().state = crate::session::State::Waiting;
    assert_eq!(Verdict::of(&session).standing, Standing::NotCompared);
}

#[test]
fn a_table_of_which_nothing_is_proved_is_not_said_to_differ() {
    let mut session = finished();
    let record = session.steps.get_mut(&Step::Compare).unwrap();
    let Some(crate::session::report::Report::Compare(found)) = &mut record.report else {
        panic!("no comparison")
    };
    found.tables[0].equal = false;
    found.tables[0].unproved = Some("rows were written meanwhile".to_owned());
    let name = found.tables[0].name();
    let compared = Document::of(&session).comparison.unwrap();
    let table = compared.tables.iter().find(|table| table.name == name);
    assert_eq!(table.unwrap().verdict, TableVerdict::NotProved);
}
