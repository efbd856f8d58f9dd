use super::*;
use proptest::prelude::*;

fn name(text: &str) -> TableName {
    let (schema, name) = text.split_once('/').unwrap();
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

/// Awkward names, a partitioned table with a partition elsewhere, one that inherits, a view.
fn source() -> Vec<Relation> {
    use RelationKind::{Other, Partitioned, Table};
    vec![
        relation("public/docs", Table),
        relation("public/Docs", Table),
        relation("public/a.b*\"c\"", Table),
        relation("public/log_1", Table),
        relation("public/log_2", Table),
        relation("public/log_view", Other),
        relation("my app.?/users", Table),
        relation("my app.?/events", Partitioned),
        Relation {
            partition_of: Some(name("my app.?/events")),
            ..relation("my app.?/events_1", Table)
        },
        Relation {
            partition_of: Some(name("my app.?/events")),
            ..relation("parts/events_2", Table)
        },
        Relation {
            inherits: vec![name("my app.?/users")],
            ..relation("my app.?/staff", Table)
        },
    ]
}

fn of(select: &Select) -> Selected {
    Selected::of(select, source()).unwrap()
}

fn selecting(text: &str) -> Selected {
    of(&toml::from_str(text).unwrap())
}

/// The tables that are taken, with views.
fn taken(selected: &Selected) -> Vec<String> {
    let full = |name: TableName| format!("{}/{}", name.schema, name.name);
    selected.names().into_iter().map(full).collect()
}

fn toggled(selected: &Selected, part: &Part) -> Selected {
    of(&selected.toggled(part).unwrap())
}

fn table(text: &str) -> Part {
    Part::Table(name(text))
}

#[test]
fn one_table_is_left_out_whatever_it_is_called() {
    let all = taken(&selecting(""));
    let tables = [
        "public/docs",
        "public/Docs",
        "public/a.b*\"c\"",
        "public/log_1",
    ];
    for left in tables {
        let without = toggled(&selecting(""), &table(left));
        let rest: Vec<&String> = all.iter().filter(|name| *name != left).collect();
        assert_eq!(taken(&without).iter().collect::<Vec<_>>(), rest, "{left}");
        assert_eq!(toggled(&without, &table(left)).select, Select::default());
    }
}

#[test]
fn parts_go_with_the_whole() {
    let without = toggled(&selecting(""), &table("my app.?/events"));
    let is_event = |name: &String| name.contains("events");
    assert!(!taken(&without).iter().any(is_event));
    let refused = without.toggled(&table("parts/events_2")).unwrap_err();
    assert!(refused.to_string().contains("my app.?.events"), "{refused}");
    let without = toggled(&selecting(""), &table("my app.?/users"));
    assert!(!without.has(&name("my app.?/staff")));
    assert!(without.toggled(&table("my app.?/staff")).is_err());
    let without = toggled(&selecting(""), &table("parts/events_2"));
    assert!(without.has(&name("my app.?/events_1")) && !without.has(&name("parts/events_2")));
}

#[test]
fn a_schema_goes_and_comes_back_as_it_was() {
    let schema = Part::Schema("public".to_owned());
    let some = toggled(&selecting(""), &table("public/docs"));
    let none = toggled(&some, &schema);
    assert!(taken(&none).iter().all(|name| !name.starts_with("public/")));
    assert_eq!(taken(&toggled(&none, &schema)), taken(&some));
    // One table of it: the others stay out, the view too.
    let one = toggled(&none, &table("public/log_1"));
    let of_public: Vec<String> = taken(&one)
        .into_iter()
        .filter(|name| name.starts_with("public/"))
        .collect();
    assert_eq!(of_public, ["public/log_1"]);
}

#[test]
fn what_a_pattern_leaves_out_can_be_taken_alone() {
    let without = selecting("exclude_tables = ['public.log_*']");
    let one = toggled(&without, &table("public/log_1"));
    assert!(one.has(&name("public/log_1")));
    assert!(!one.has(&name("public/log_2")) && !one.has(&name("public/log_view")));
}

#[test]
fn what_is_named_grows_and_shrinks() {
    let docs = selecting("tables = ['public.docs']");
    let both = toggled(&docs, &table("public/log_1"));
    assert_eq!(taken(&both), ["public/docs", "public/log_1"]);
    assert_eq!(toggled(&both, &table("public/log_1")).select, docs.select);
    // The last one that is named is not taken from the list: an empty list means everything.
    let nothing = docs.toggled(&table("public/docs")).unwrap();
    assert!(Selected::of(&nothing, source()).is_err());
    let schema = toggled(&docs, &Part::Schema("parts".to_owned()));
    assert_eq!(taken(&schema), ["parts/events_2", "public/docs"]);
}

#[test]
fn one_alone_and_all() {
    let staff = of(&selecting("").only(&table("my app.?/staff")));
    assert_eq!(taken(&staff), ["my app.?/staff", "my app.?/users"]);
    let parts = of(&selecting("").only(&Part::Schema("parts".to_owned())));
    assert_eq!(taken(&parts), ["parts/events_2"]);
    assert!(parts.everything().is_everything());
}

fn parts() -> impl Strategy<Value = Part> {
    let tables = source()
        .into_iter()
        .filter(|relation| relation.kind != RelationKind::Other);
    let schemas = ["public", "my app.?", "parts"].map(|name| Part::Schema(name.to_owned()));
    let all: Vec<Part> = tables
        .map(|relation| Part::Table(relation.name))
        .chain(schemas)
        .collect();
    prop::sample::select(all)
}

fn begun() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "exclude_tables = ['public.log_*']",
        "tables = ['public.docs', '*.events']",
        "schemas = ['p*']\nexclude_tables = ['docs']",
        "exclude_schemas = ['my*']",
        "what = 'data'\ntables = ['users', 'Docs']",
    ])
}

proptest! {
    /// From wherever a person has come: twice the same key, and the same is moved as before.
    #[test]
    fn twice_is_as_before(begun in begun(), way in prop::collection::vec(parts(), 0..8), part in parts()) {
        let mut selected = selecting(begun);
        for step in way {
            if let Ok(next) = selected.toggled(&step)
                && let Ok(next) = Selected::of(&next, source())
            {
                selected = next;
            }
        }
        // Without any table there may be nothing to go back to, and nothing is refused.
        prop_assume!(!tables(&selected).is_empty());
        if let Ok(once) = selected.toggled(&part)
            && let Ok(once) = Selected::of(&once, source())
        {
            prop_assert_ne!(tables(&once), tables(&selected));
            let twice = once.toggled(&part).unwrap();
            let twice = Selected::of(&twice, source()).unwrap();
            prop_assert_eq!(tables(&twice), tables(&selected));
        }
    }
}

/// The tables that hold rows and are taken.
fn tables(selected: &Selected) -> Vec<TableName> {
    let holds = |name: &TableName| selected.relation(name).unwrap().kind.holds_rows();
    selected.names().into_iter().filter(holds).collect()
}
