use super::*;
use crate::failure::Failure;
use crate::session::report::{self, Report};
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

/// A schema step that failed may have met more than was listed: the connections list it anew.
#[test]
fn consent_after_a_failed_schema_is_to_a_new_list() {
    let mut wizard = wizard();
    wizard.handle(overwrite("neondb"), at(1));
    let consent = wizard.session.consent.as_mut().unwrap();
    consent.covers = Some(Stake::default());
    record(&mut wizard, Step::Connections, State::Done);
    wizard.handle(overwrite("neondb"), at(2));
    let covers = |wizard: &Wizard| wizard.session().consent.clone().unwrap().covers;
    assert_eq!(covers(&wizard), Some(Stake::default()), "it stands");
    assert_eq!(wizard.session().state(Step::Connections), State::Done);
    record(&mut wizard, Step::Schema, State::Failed);
    wizard.handle(overwrite("neondb"), at(3));
    assert_eq!(covers(&wizard), None);
    assert_eq!(wizard.session().state(Step::Connections), State::Waiting);
}
