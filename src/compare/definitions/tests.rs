use super::difference::{Found, Side, differences};
use super::expected::Expected;
use super::object::{Id, Object};
use super::wording::Wording;
use super::{repair, words};
use crate::session::report::LeftOut;
use std::collections::HashMap;

fn object(kind: &str, table: Option<&str>, name: &str, aspects: &[(&str, &str)]) -> Object {
    let own = |(aspect, value): &(&str, &str)| ((*aspect).to_owned(), (*value).to_owned());
    Object {
        id: Id {
            schema: Some("shop".to_owned()),
            table: table.map(str::to_owned),
            kind: kind.to_owned(),
            name: name.to_owned(),
        },
        follows_parent: false,
        sql: None,
        aspects: aspects.iter().map(own).collect(),
    }
}

fn side(objects: &[Object]) -> Side {
    let objects = objects.iter().cloned();
    objects.map(|object| (object.id.clone(), object)).collect()
}

fn told(source: &[Object], target: &[Object], wording: Wording) -> Vec<String> {
    let (source, target) = (side(source), side(target));
    let found = differences(&source, &target, wording);
    found.iter().map(words::words).collect()
}

#[test]
fn what_is_lost_with_a_table_is_not_told_again() {
    let orders = object("table", None, "orders", &[]);
    let id = object("column", Some("orders"), "id", &[]);
    let key = object("primary key", Some("orders"), "orders_pkey", &[]);
    let sequence = object(
        "sequence",
        None,
        "orders_id_seq",
        &[("owner", "shop.orders.id")],
    );
    let all = [orders.clone(), id.clone(), key, sequence];
    assert_eq!(
        told(&all, &[], Wording::Same),
        ["table shop.orders is missing on the target"]
    );
    assert_eq!(
        told(&[], &all, Wording::Same),
        ["table shop.orders is only on the target"]
    );
    assert_eq!(
        told(&all, &[orders, id], Wording::Same),
        [
            "sequence shop.orders_id_seq is missing on the target",
            "primary key orders_pkey on shop.orders is missing on the target"
        ]
    );
}

#[test]
fn what_follows_a_parent_is_told_with_it() {
    let days = object("table", None, "days_1", &[]);
    let mut index = object("index", Some("days_1"), "days_1_n_idx", &[]);
    index.follows_parent = true;
    assert_eq!(
        told(&[days.clone(), index], &[days], Wording::Same),
        [""; 0]
    );
}

#[test]
fn other_words_of_another_version_are_no_difference() {
    let view = |definition| object("view", None, "v", &[("definition", definition)]);
    let (old, new) = (
        view("SELECT items.id FROM shop.items"),
        view("SELECT id FROM shop.items"),
    );
    let (old, new) = ([old], [new]);
    assert_eq!(told(&old, &new, Wording::Other), [""; 0]);
    assert_eq!(told(&old, &new, Wording::Same).len(), 1);
    assert_eq!(Wording::between(150_004, 150_017), Wording::Same);
    assert_eq!(Wording::between(150_004, 160_002), Wording::Other);
}

#[test]
fn long_texts_and_options_are_not_shown() {
    let changed = |aspect, here: &str, there: &str| {
        let server = |value| object("server", None, "far", &[(aspect, value)]);
        told(&[server(here)], &[server(there)], Wording::Same)
    };
    assert_eq!(
        changed("options", "a", "b"),
        ["options of server shop.far differ"]
    );
    assert_eq!(
        changed("body", "SELECT\n1", "SELECT\n2"),
        ["body of server shop.far: another one on the target"]
    );
}

fn left_out(what: &str) -> LeftOut {
    LeftOut {
        what: what.to_owned(),
        why: "as reported".to_owned(),
    }
}

fn reasons(found: &[Found<'_>], left_out: &[LeftOut]) -> Vec<Option<String>> {
    let expected = Expected {
        left_out,
        rows: true,
        ..Expected::default()
    };
    expected.reasons(found)
}

#[test]
fn a_left_out_item_excuses_no_more_than_itself() {
    let policy = |table| object("policy", Some(table), "own", &[]);
    let (one, other) = (policy("orders"), policy("items"));
    let items = [left_out("policy own"), left_out("fk constraint own")];
    let why = || Some("as reported".to_owned());
    assert_eq!(reasons(&[Found::Missing(&one)], &items), [why()]);
    let both = [Found::Missing(&one), Found::Missing(&other)];
    assert_eq!(reasons(&both, &items), [None, None]);
    let twice = [left_out("policy own"), left_out("policy own")];
    assert_eq!(reasons(&both, &twice), [why(), why()]);
    // More than the source has was never left out.
    assert_eq!(reasons(&[Found::Extra(&one)], &items), [None]);
}

#[test]
fn a_check_that_was_left_out_is_expected() {
    let key = |state| object("foreign key", Some("a"), "of_b", &[("validity", state)]);
    let (source, target) = (key("valid"), key("not checked on rows that were there"));
    let found = Found::Changed {
        source: &source,
        target: &target,
        aspect: "validity",
    };
    let items = [left_out("check of fk constraint of_b")];
    assert!(reasons(&[found], &items)[0].is_some());
    assert_eq!(reasons(&[found], &[]), [None]);
    assert_eq!(
        repair::sql(&found).unwrap(),
        "ALTER TABLE \"shop\".\"a\" VALIDATE CONSTRAINT \"of_b\";"
    );
}

#[test]
fn extensions_may_be_newer_and_never_older_without_need() {
    let vector = |version| object("extension", None, "vector", &[("version", version)]);
    let versions = |offered: &[&str], here: &'static str, there: &'static str| {
        let offered = offered.iter().map(|&version| version.to_owned()).collect();
        let expected = Expected {
            offers: HashMap::from([("vector".to_owned(), offered)]),
            ..Expected::default()
        };
        let (source, target) = (vector(here), vector(there));
        let found = Found::Changed {
            source: &source,
            target: &target,
            aspect: "version",
        };
        expected.reasons(&[found]).remove(0)
    };
    assert!(versions(&["0.10.0"], "0.9.1", "0.10.0").is_some());
    assert_eq!(versions(&["0.8.0", "0.5.0"], "0.8.0", "0.5.0"), None);
    assert!(versions(&["0.5.0"], "0.8.0", "0.5.0").is_some());
}

#[test]
fn what_neon_cannot_have_is_expected() {
    let mut function = object("function", None, "f()", &[]);
    function.sql = Some("CREATE FUNCTION shop.f() RETURNS int LANGUAGE c AS 'x'".to_owned());
    let class = object("operator class", None, "own USING btree", &[]);
    let extension = object("extension", None, "pg_cron", &[]);
    let found = [&function, &class, &extension].map(Found::Missing);
    assert!(reasons(&found, &[]).iter().all(Option::is_some));
    function.sql = Some("CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'c'".to_owned());
    assert_eq!(reasons(&[Found::Missing(&function)], &[]), [None]);
}

#[test]
fn names_are_quoted_and_nothing_with_rows_is_dropped() {
    let odd = object("trigger", Some("my \"t\""), "it's", &[]);
    assert_eq!(
        repair::sql(&Found::Extra(&odd)).unwrap(),
        "DROP TRIGGER \"it's\" ON \"shop\".\"my \"\"t\"\"\";"
    );
    for kind in ["table", "materialized view", "sequence", "schema", "type"] {
        let extra = object(kind, None, "x", &[]);
        assert_eq!(repair::sql(&Found::Extra(&extra)), None, "{kind}");
    }
    let column = object("column", Some("t"), "x", &[]);
    assert_eq!(repair::sql(&Found::Extra(&column)), None);
}
