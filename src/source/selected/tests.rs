use super::*;

fn name(text: &str) -> TableName {
    let (schema, name) = text.split_once('.').unwrap();
    let (schema, name) = (schema.to_owned(), name.to_owned());
    TableName { schema, name }
}

fn relation(text: &str, kind: RelationKind) -> Relation {
    Relation {
        name: name(text),
        kind,
        partition_of: None,
        inherits: Vec::new(),
        owner: None,
        used_by: Vec::new(),
    }
}

/// A small source: documents with a sequence of their own and one that is shared, a partitioned
/// table, and one that inherits.
fn source() -> Vec<Relation> {
    use RelationKind::{Other, Partitioned, Sequence, Table};
    vec![
        relation("public.docs", Table),
        Relation {
            owner: Some(name("public.docs")),
            used_by: vec![name("public.docs"), name("app.users")],
            ..relation("public.docs_id_seq", Sequence)
        },
        relation("public.free_seq", Sequence),
        relation("public.view", Other),
        relation("app.users", Table),
        relation("app.events", Partitioned),
        Relation {
            partition_of: Some(name("app.events")),
            ..relation("parts.events_1", Table)
        },
        Relation {
            inherits: vec![name("app.users")],
            ..relation("app.staff", Table)
        },
    ]
}

fn select(text: &str) -> Result<Selected, SelectionError> {
    Selected::of(&toml::from_str(text).unwrap(), source())
}

fn taken(text: &str) -> Vec<String> {
    let taken: BTreeSet<TableName> = select(text).unwrap().taken.into_iter().collect();
    let full = |name: TableName| format!("{}.{}", name.schema, name.name);
    taken.into_iter().map(full).collect()
}

#[test]
fn a_table_brings_its_sequences_and_its_partitions() {
    assert_eq!(
        taken("tables = ['docs']"),
        ["public.docs", "public.docs_id_seq"]
    );
    assert_eq!(
        taken("tables = ['events']"),
        ["app.events", "parts.events_1"]
    );
    assert_eq!(
        taken("tables = ['app.users']"),
        ["app.users", "public.docs_id_seq"]
    );
}

#[test]
fn what_is_left_out_takes_its_own_along() {
    assert_eq!(
        taken("exclude_tables = ['app.*', 'docs']"),
        ["public.free_seq", "public.view"]
    );
    let left_out = select("exclude_tables = ['app.*']").unwrap().left_out();
    assert_eq!(
        left_out,
        ["app.staff", "app.users", "parts.events_1"].map(name)
    );
}

#[test]
fn what_fits_nothing_is_refused_with_the_nearest_name() {
    let nearest = |text| match select(text) {
        Err(SelectionError::NoMatch { nearest, .. }) => nearest,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        nearest("tables = ['public.doc']").as_deref(),
        Some("public.docs")
    );
    assert_eq!(
        nearest("exclude_tables = ['user']").as_deref(),
        Some("users")
    );
    assert_eq!(nearest("schemas = ['publik']").as_deref(), Some("public"));
    assert_eq!(nearest("schemas = ['zzzz_*']"), None);
}

#[test]
fn a_child_needs_its_parent() {
    let refused = select("tables = ['staff']").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "app.staff inherits from app.users, which is left out"
    );
    assert!(select("what = 'data'\ntables = ['staff']").is_ok());
    assert!(matches!(
        select("tables = ['docs']\nexclude_tables = ['docs']"),
        Err(SelectionError::Nothing)
    ));
}

#[test]
fn rows_are_of_tables_that_are_moved_and_chosen_once() {
    let rows = |table, and: &str| {
        select(&format!(
            "{and}\n[[rows]]\ntable = '{table}'\nwhere = 'id > 1'"
        ))
    };
    let found = rows("events", "").unwrap();
    assert_eq!(
        found.rows_of().keys().collect::<Vec<_>>(),
        [&name("parts.events_1")]
    );
    assert!(matches!(
        rows("docs", "tables = ['users']"),
        Err(SelectionError::RowsOfNothing { .. })
    ));
    let twice =
        "[[rows]]\ntable = 'public.docs'\nwhere = 'true'\n[[rows]]\ntable = 'doc?'\nwhere = 'true'";
    assert!(matches!(
        select(twice),
        Err(SelectionError::TwoConditions(_))
    ));
}
