use super::*;
use crate::failure::Failure;
use crate::postgres::catalogue::{ForeignKey, KeyDoubt, Relation, RelationKind, TableName};
use crate::session::report::{self, Inventory, Report};
use crate::session::{Identity, Place};
use crate::wizard::{Event, News, Side};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn wizard() -> Wizard {
    let mut wizard = Wizard::new(Session::new(at(0), 1));
    let url = "postgresql://me@host/neondb".to_owned();
    let side = Side::Target;
    wizard.handle(Event::Described { side, url }, at(0));
    wizard.handle(Event::Opened, at(0));
    wizard
}

fn chosen(table: &str) -> Event {
    let select = Select {
        tables: vec![table.to_owned()],
        ..Select::default()
    };
    Event::Chosen {
        select: Box::new(select),
        onto: Onto::Empty,
    }
}

fn overwrite(database: &str) -> Event {
    let (database, by) = (database.to_owned(), "Ada".to_owned());
    Event::Overwrite { database, by }
}

fn is_refused(effects: &[Effect]) -> bool {
    let refused = |effect: &Effect| matches!(effect, Effect::Tell(News::Refused(_)));
    effects.iter().any(refused)
}

fn found(wizard: &mut Wizard, oid: u32) {
    if let Some(Place { identity, .. }) = &mut wizard.session.target {
        *identity = Some(Identity {
            system: "s".to_owned(),
            database: "neondb".to_owned(),
            oid,
            branch: None,
        });
    }
    wizard.tie_consent();
}

fn record(wizard: &mut Wizard, step: Step, state: State) {
    wizard.session.steps.entry(step).or_default().state = state;
}

#[test]
fn a_selection_is_fixed_once_the_target_may_have_been_written_to() {
    let mut wizard = wizard();
    record(&mut wizard, Step::Inventory, State::Done);
    record(&mut wizard, Step::Schema, State::Failed);
    assert!(!is_refused(&wizard.handle(chosen("a"), at(1))));
    assert_eq!(wizard.session().state(Step::Inventory), State::Waiting);
    for state in [State::Done, State::Interrupted, State::Running] {
        record(&mut wizard, Step::Schema, state);
        assert!(is_refused(&wizard.handle(chosen("b"), at(2))), "{state:?}");
        assert_eq!(
            wizard.handle(chosen("a"), at(2)),
            [],
            "the same is no change"
        );
    }
    assert_eq!(wizard.session().select.tables, ["a"]);
}

#[test]
fn consent_is_the_name_to_the_letter() {
    let mut wizard = wizard();
    for typed in ["", "Neondb", "neondb ", "yes"] {
        assert!(
            is_refused(&wizard.handle(overwrite(typed), at(1))),
            "{typed:?}"
        );
        assert_eq!(wizard.session().target_policy(), Onto::Empty);
    }
    assert_eq!(wizard.handle(overwrite("neondb"), at(1)), [Effect::Save]);
    assert_eq!(wizard.session().target_policy(), Onto::Overwrite);
    assert_eq!(wizard.handle(overwrite("neondb"), at(9)), [], "given once");
}

#[test]
fn consent_is_for_the_database_that_it_was_given_for() {
    let mut wizard = wizard();
    wizard.handle(overwrite("neondb"), at(1));
    found(&mut wizard, 7);
    let tied = wizard.session().consent.clone().unwrap();
    assert_eq!(tied.identity.unwrap().oid, 7);
    found(&mut wizard, 7);
    assert!(wizard.session().consent.is_some());
    found(&mut wizard, 8);
    assert_eq!(
        wizard.session().consent,
        None,
        "another database of that name"
    );

    wizard.handle(overwrite("neondb"), at(2));
    let url = "postgresql://me@other/neondb".to_owned();
    let side = Side::Target;
    wizard.handle(Event::Described { side, url }, at(3));
    assert_eq!(wizard.session().consent, None, "another place");
}

#[test]
fn the_policy_is_fixed_once_the_target_may_have_been_written_to() {
    let mut wizard = wizard();
    let onto = |onto| Event::Chosen {
        select: Box::default(),
        onto,
    };
    record(&mut wizard, Step::Schema, State::Failed);
    assert!(!is_refused(&wizard.handle(onto(Onto::Existing), at(1))));
    for state in [State::Done, State::Interrupted, State::Running] {
        record(&mut wizard, Step::Schema, state);
        for other in [
            onto(Onto::Empty),
            onto(Onto::Overwrite),
            overwrite("neondb"),
        ] {
            assert!(is_refused(&wizard.handle(other, at(2))), "{state:?}");
        }
        assert_eq!(wizard.handle(onto(Onto::Existing), at(2)), []);
    }
    assert_eq!(wizard.session().target_policy(), Onto::Existing);
}

#[test]
fn consent_is_for_one_time() {
    let mut wizard = wizard();
    let spent = |wizard: &Wizard| wizard.session().consent.as_ref().unwrap().spent;
    wizard.handle(overwrite("neondb"), at(1));
    let failure = Failure::new("refused", "why");
    wizard.settle(Step::Schema, Err(failure), at(2));
    assert!(!spent(&wizard));
    let report = Report::Schema(report::Schema::default());
    wizard.settle(Step::Schema, Ok(Box::new(report)), at(3));
    assert!(spent(&wizard));
    assert_eq!(wizard.handle(overwrite("neondb"), at(4)), []);
    assert!(spent(&wizard), "it is not taken in store");
    assert_eq!(wizard.session().target_policy(), Onto::Overwrite);
    record(&mut wizard, Step::Schema, State::Failed);
    wizard.handle(overwrite("neondb"), at(5));
    assert!(!spent(&wizard));
}

/// A session that has come to the inventory: two tables, one of which refers to the other.
fn counted_wizard() -> Wizard {
    let name = |name: &str| TableName {
        schema: "public".to_owned(),
        name: name.to_owned(),
    };
    let table = |table: &str, rows: u64| {
        let text = format!(
            "schema = 'public'\nname = '{table}'\nrows = {rows}\nrow_bytes = 10\nindex_bytes = 5"
        );
        toml::from_str::<report::Table>(&text).unwrap()
    };
    let relation = |table: &str| Relation {
        name: name(table),
        kind: RelationKind::Table,
        partition_of: None,
        inherits: Vec::new(),
        owner: None,
        used_by: Vec::new(),
    };
    let found = Inventory {
        tables: vec![table("a", 3), table("b", 4)],
        relations: vec![relation("a"), relation("b")],
        foreign_keys: vec![ForeignKey {
            name: "a_b_fkey".to_owned(),
            table: name("a"),
            refers_to: name("b"),
            doubt: KeyDoubt::None,
        }],
        ..Inventory::default()
    };
    let mut wizard = wizard();
    for step in [Step::Connections, Step::Inventory, Step::Backup] {
        record(&mut wizard, step, State::Done);
    }
    let record = wizard.session.steps.get_mut(&Step::Inventory).unwrap();
    record.report = Some(Report::Inventory(found));
    wizard
}

fn leaving_out(table: &str) -> Box<Select> {
    Box::new(Select {
        exclude_tables: vec![table.to_owned()],
        ..Select::default()
    })
}

fn inventory(wizard: &Wizard) -> &Inventory {
    match wizard.session().report(Step::Inventory) {
        Some(Report::Inventory(found)) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn picking_keeps_what_was_found_and_tells_what_it_cuts() {
    let mut wizard = counted_wizard();
    let effects = wizard.handle(Event::Picked(leaving_out("b")), at(1));
    assert_eq!(effects, [Effect::Save]);
    let found = inventory(&wizard);
    assert_eq!((found.sum(|table| table.rows), found.tables.len()), (3, 2));
    assert!(
        found.warnings[0].contains("a_b_fkey"),
        "{:?}",
        found.warnings
    );
    assert_eq!(found.left_out[0].what, "table b");
    assert!(wizard.session().picked && found.chosen_since);
    assert_eq!(wizard.session().state(Step::Backup), State::Done);

    wizard.handle(Event::Picked(Box::default()), at(2));
    assert_eq!(inventory(&wizard).sum(|table| table.rows), 7);
    assert_eq!(inventory(&wizard).warnings, Vec::<String>::new());
}

#[test]
fn what_cannot_be_moved_is_not_picked() {
    let mut wizard = counted_wizard();
    for (pattern, why) in [("*", "nothing is left to move"), ("c", "fits c")] {
        let effects = wizard.handle(Event::Picked(leaving_out(pattern)), at(1));
        let told = format!("{effects:?}");
        assert!(is_refused(&effects) && told.contains(why), "{told}");
    }
    assert!(!wizard.session().picked);
    record(&mut wizard, Step::Schema, State::Done);
    let effects = wizard.handle(Event::Picked(leaving_out("b")), at(1));
    assert!(is_refused(&effects) && wizard.refuse_picking().is_some());
    assert_eq!(wizard.session().state(Step::Schema), State::Done);
}

#[test]
fn other_rows_are_counted_again_and_what_may_be_lost_is_looked_at_again() {
    let mut wizard = counted_wizard();
    let mut select = leaving_out("b");
    select.rows = vec![crate::config::Rows {
        table: "a".to_owned(),
        condition: "true".to_owned(),
    }];
    wizard.handle(Event::Picked(select), at(1));
    assert_eq!(wizard.session().state(Step::Inventory), State::Waiting);

    let mut wizard = counted_wizard();
    wizard.handle(overwrite("neondb"), at(1));
    wizard.handle(Event::Picked(leaving_out("b")), at(2));
    assert_eq!(wizard.session().state(Step::Inventory), State::Done);
}

/// A schema step that failed may have met more than was listed: the connections list it anew.
#[test]
fn consent_after_a_failed_schema_is_to_a_new_list() {
    let mut wizard = wizard();
    wizard.handle(overwrite("neondb"), at(1));
    let consent = wizard.session.consent.as_mut().unwrap();
    consent.covers = Some(Stake::default());
    record(&mut wizard, Step::Connections, State::Done);
    assert_eq!(wizard.handle(overwrite("neondb"), at(2)), []);
    let covers = |wizard: &Wizard| wizard.session().consent.clone().unwrap().covers;
    assert_eq!(covers(&wizard), Some(Stake::default()), "it stands");
    assert_eq!(wizard.session().state(Step::Connections), State::Done);
    record(&mut wizard, Step::Schema, State::Failed);
    wizard.handle(overwrite("neondb"), at(3));
    assert_eq!(covers(&wizard), None);
    assert_eq!(wizard.session().state(Step::Connections), State::Waiting);
}

/// What the test of the connections lists as lost.
fn lists(wizard: &mut Wizard, tables: &[&str]) {
    let identity = r#"{ system = "s", database = "neondb", oid = 7 }"#;
    let server = format!(
        "endpoint = 'host'\nversion = 160000\ntls = ''\nround_trip_ms = 1\ndatabase_bytes = 1\nrole = 'me'\nidentity = {identity}"
    );
    let objects: Vec<String> = tables
        .iter()
        .map(|name| format!("'table {name}'"))
        .collect();
    let text = format!(
        "checks = []\n[source]\n{server}\n[target]\n{server}\n[stake]\nobjects = [{}]",
        objects.join(", ")
    );
    let found: report::Connections = toml::from_str(&text).unwrap();
    record(wizard, Step::Connections, State::Failed);
    let listed = wizard.session.steps.get_mut(&Step::Connections).unwrap();
    listed.report = Some(Report::Connections(Box::new(found)));
}

/// Otherwise nobody could ever consent to what came after.
#[test]
fn consent_is_given_anew_when_more_is_listed() {
    let covers = |wizard: &Wizard| {
        let consent = wizard.session().consent.clone().unwrap();
        consent.covers.map(|stake| stake.objects.len())
    };
    let mut wizard = wizard();
    lists(&mut wizard, &["a"]);
    wizard.handle(overwrite("neondb"), at(1));
    assert_eq!(covers(&wizard), Some(1));
    lists(&mut wizard, &["a", "b"]);
    found(&mut wizard, 7);
    assert_eq!(covers(&wizard), Some(1), "not by the way");
    wizard.handle(overwrite("neondb"), at(2));
    assert_eq!(covers(&wizard), Some(2));
    lists(&mut wizard, &["b"]);
    assert_eq!(
        wizard.handle(overwrite("neondb"), at(3)),
        [],
        "less is covered"
    );

    // Another selection: its list is not there yet, and is not consented to before it is.
    wizard.handle(chosen("c"), at(4));
    assert_eq!(wizard.session().state(Step::Connections), State::Waiting);
    lists(&mut wizard, &["b", "c"]);
    found(&mut wizard, 7);
    assert_eq!(covers(&wizard), Some(2));
    let before = wizard.session().consent.clone().unwrap().covers;
    assert!(!before.unwrap().objects.contains("table c"));
    wizard.handle(overwrite("neondb"), at(5));
    let now = wizard.session().consent.clone().unwrap().covers.unwrap();
    assert!(now.objects.contains("table c"));
}

#[test]
fn a_selection_is_fixed_while_a_step_runs_and_that_is_the_reason() {
    let mut wizard = wizard();
    wizard.handle(Event::Run(Step::Prerequisites), at(1));
    let told = format!("{:?}", wizard.handle(chosen("a"), at(2)));
    assert!(told.contains("while prerequisites is running"), "{told}");
}
