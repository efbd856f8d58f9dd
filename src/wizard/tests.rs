use super::*;
use crate::config::{Onto, Select};
use crate::session::report::{Backup, Comparison, Prerequisites, SourceLook};
use crate::session::{Cleaning, Item, ItemKind};
use proptest::prelude::*;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(super) fn wizard() -> Wizard {
    let mut wizard = Wizard::new(Session::new(at(0), 1));
    wizard.handle(Event::Opened, at(0));
    wizard
}

fn some_report() -> Box<Report> {
    Box::new(Report::Prerequisites(Prerequisites { checks: Vec::new() }))
}

fn comparison(equal: bool) -> Report {
    let (tables, collections, method) = (Vec::new(), Vec::new(), "test".to_owned());
    Report::Compare(Comparison {
        rows_compared: true,
        at: at(5),
        equal,
        method,
        tables,
        collections,
        definitions: Vec::new(),
        definitions_compared: 0,
        vectors: Vec::new(),
    })
}

/// Runs every step before `until` to its end.
pub(super) fn driven(until: Step) -> Wizard {
    let mut wizard = wizard();
    for step in Step::ALL.into_iter().filter(|step| *step < until) {
        let report = match step {
            Step::Compare => comparison(true),
            Step::Backup => Report::Backup(Backup {
                file: "b.dump".into(),
                contents_file: "b.list".into(),
                bytes: 1,
                sha256: "ab".repeat(32),
                entries: 3,
            }),
            _ => *some_report(),
        };
        wizard.handle(Event::Run(step), at(1));
        let Phase::Working { run, .. } = wizard.phase() else {
            panic!("{step} does not run")
        };
        wizard.handle(
            Event::Finished {
                run,
                result: Ok(Box::new(report)),
            },
            at(2),
        );
    }
    wizard
}

/// Ends the look at the source that is under way.
pub(super) fn looked(wizard: &mut Wizard, found: SourceLook, second: i64) -> Vec<Effect> {
    let Phase::Working { run, .. } = wizard.phase() else {
        panic!("the source is not looked at")
    };
    let result = Ok(Box::new(Report::Cutover(found.into())));
    wizard.handle(Event::Finished { run, result }, at(second))
}

/// Opens the checklist of a source that is quiet.
pub(super) fn open_checklist(wizard: &mut Wizard, second: i64) {
    wizard.handle(Event::Run(Step::Cutover), at(second));
    looked(wizard, SourceLook::Quiet { at: at(second) }, second);
}

#[test]
fn enter_runs_the_step_then_goes_to_the_next() {
    let mut wizard = wizard();
    let effects = wizard.handle(Event::Proceed, at(1));
    assert_eq!(
        effects[0],
        Effect::Save,
        "the start is saved before the step begins"
    );
    assert!(effects.contains(&Effect::Start {
        run: 1,
        step: Step::Prerequisites,
        only: None
    }));
    wizard.handle(
        Event::Finished {
            run: 1,
            result: Ok(some_report()),
        },
        at(3),
    );
    assert_eq!(wizard.session().state(Step::Prerequisites), State::Done);
    wizard.handle(Event::Proceed, at(4));
    assert_eq!(wizard.session().current, Step::Connections);
}

#[test]
fn a_step_waits_for_what_it_needs() {
    let mut wizard = wizard();
    let effects = wizard.handle(Event::Run(Step::Transfer), at(1));
    assert!(matches!(&effects[..], [Effect::Tell(News::Refused(why))] if why.contains("needs")));
}

#[test]
fn a_killed_step_is_found_interrupted() {
    let mut wizard = driven(Step::Transfer);
    wizard.handle(Event::Run(Step::Transfer), at(5));
    let mut again = Wizard::new(wizard.session().clone());
    again.handle(Event::Opened, at(6));
    assert_eq!(again.session().state(Step::Transfer), State::Interrupted);
    assert_eq!(again.session().current, Step::Transfer);
}

#[test]
fn news_of_an_older_run_is_ignored() {
    let mut wizard = wizard();
    wizard.handle(Event::Run(Step::Prerequisites), at(1));
    assert!(
        wizard
            .handle(
                Event::Finished {
                    run: 99,
                    result: Ok(some_report())
                },
                at(2)
            )
            .is_empty()
    );
    assert_eq!(wizard.session().state(Step::Prerequisites), State::Running);
}

#[test]
fn the_cutover_stays_locked_until_everything_is_signed() {
    let mut wizard = driven(Step::Cutover);
    wizard.handle(Event::Proceed, at(6));
    wizard.handle(Event::Proceed, at(6));
    looked(&mut wizard, SourceLook::Quiet { at: at(6) }, 6);
    assert_eq!(wizard.outcome(), Outcome::AwaitingSignOff);
    let open: Vec<_> = wizard.open_items().map(|item| item.key.clone()).collect();
    assert_eq!(open.len(), 5, "the machine's two items tick themselves");
    for (n, item) in open.into_iter().enumerate() {
        assert_eq!(
            wizard.outcome(),
            Outcome::AwaitingSignOff,
            "locked before signature {n}"
        );
        wizard.handle(
            Event::Sign {
                item,
                by: "Ada".into(),
            },
            at(7),
        );
    }
    assert_eq!(
        wizard.outcome(),
        Outcome::Interrupted,
        "not before the look"
    );
    looked(&mut wizard, SourceLook::Quiet { at: at(8) }, 8);
    assert_eq!(wizard.outcome(), Outcome::Done);
}

#[test]
fn nobody_signs_for_the_machine() {
    let mut wizard = driven(Step::Cutover);
    open_checklist(&mut wizard, 6);
    let sign = Event::Sign {
        item: "data-verified".into(),
        by: "Ada".into(),
    };
    assert!(matches!(
        &wizard.handle(sign, at(7))[..],
        [Effect::Tell(News::Refused(_))]
    ));
}

#[test]
fn comparing_again_takes_the_cutover_back() {
    let mut wizard = driven(Step::Cutover);
    open_checklist(&mut wizard, 6);
    wizard.handle(Event::Run(Step::Compare), at(7));
    assert_eq!(wizard.session().state(Step::Cutover), State::Waiting);
}

fn source_quiet(wizard: &Wizard) -> &Item {
    let mut items = wizard.session().checklist.iter();
    items.find(|item| item.key == "source-quiet").unwrap()
}

#[test]
fn a_source_that_was_written_to_unticks_itself_also_after_the_last_signature() {
    let written = || SourceLook::Written {
        tables: vec!["shop.products".to_owned()],
    };
    let mut wizard = signed();
    wizard.handle(Event::Again(Step::Cutover), at(11));
    looked(&mut wizard, written(), 12);
    assert_eq!(wizard.outcome(), Outcome::AwaitingSignOff);
    let item = source_quiet(&wizard);
    assert!(!item.is_closed());
    assert!(item.evidence.contains("shop.products"), "{}", item.evidence);
    assert!(item.evidence.contains("compare again"), "{}", item.evidence);
    wizard.handle(Event::Run(Step::Cutover), at(13));
    looked(&mut wizard, SourceLook::Quiet { at: at(13) }, 13);
    assert_eq!(wizard.outcome(), Outcome::Done, "signatures stand");

    let mut wizard = driven(Step::Cutover);
    open_checklist(&mut wizard, 9);
    let open: Vec<_> = wizard.open_items().map(|item| item.key.clone()).collect();
    for item in open {
        let by = "Ada".into();
        wizard.handle(Event::Sign { item, by }, at(10));
    }
    looked(&mut wizard, written(), 11);
    assert_eq!(wizard.outcome(), Outcome::AwaitingSignOff);
}

#[test]
fn a_source_that_cannot_be_asked_is_a_persons_matter_whatever_the_reason() {
    let gone = SourceLook::Unreached {
        why: "no route".to_owned(),
    };
    for (look, told) in [(SourceLook::NoPassword, "password"), (gone, "no route")] {
        let mut wizard = signed();
        wizard.handle(Event::Again(Step::Cutover), at(11));
        looked(&mut wizard, look.clone(), 12);
        assert_eq!(wizard.outcome(), Outcome::AwaitingSignOff);
        let item = source_quiet(&wizard);
        assert_eq!((item.kind, item.is_closed()), (ItemKind::Person, false));
        assert!(item.evidence.contains(told), "{}", item.evidence);
        let (item, by) = ("source-quiet".to_owned(), "Ada".to_owned());
        wizard.handle(Event::Sign { item, by }, at(13));
        looked(&mut wizard, look, 14);
        assert_eq!(
            wizard.outcome(),
            Outcome::Done,
            "the signature holds for the same answer"
        );
    }
}

#[test]
fn a_complete_checklist_knows_its_items() {
    let mut wizard = signed();
    let by = || "Ada".to_owned();
    let mut refusal = |item: &str| {
        let item = item.to_owned();
        let by = by();
        match &wizard.handle(Event::Sign { item, by }, at(11))[..] {
            [Effect::Tell(News::Refused(why))] => why.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert!(refusal("nonsense").contains("no item nonsense"));
    assert!(refusal("performance").contains("complete"));
}

/// Everything done and signed, at second 10.
pub(super) fn signed() -> Wizard {
    let mut wizard = driven(Step::Cutover);
    open_checklist(&mut wizard, 9);
    let open: Vec<_> = wizard.open_items().map(|item| item.key.clone()).collect();
    for item in open {
        let by = "Ada".into();
        wizard.handle(Event::Sign { item, by }, at(10));
    }
    looked(&mut wizard, SourceLook::Quiet { at: at(10) }, 10);
    assert_eq!(wizard.outcome(), Outcome::Done);
    wizard
}

#[test]
fn signatures_are_withdrawn_aloud() {
    for step in [Step::Schema, Step::Transfer] {
        let mut wizard = signed();
        let effects = wizard.handle(Event::Run(step), at(11));
        let told = effects.iter().find_map(|effect| match effect {
            Effect::Tell(News::SignaturesWithdrawn(items)) => Some(items.len()),
            _ => None,
        });
        assert_eq!(told, Some(5), "{effects:?}");
    }
    let mut wizard = signed();
    wizard.handle(Event::Run(Step::Compare), at(11));
    assert_eq!(signatures(&wizard).len(), 5, "comparing changes nothing");
}

fn signatures(wizard: &Wizard) -> Vec<Timestamp> {
    let items = wizard.session().checklist.iter();
    items
        .filter_map(|item| Some(item.signature.as_ref()?.at))
        .collect()
}

#[test]
fn a_look_changes_nothing_and_ends_where_the_person_turns_away() {
    let mut wizard = driven(Step::Schema);
    let session = wizard.session().clone();
    let effects = wizard.handle(Event::Look(Look::Schema), at(9));
    let [
        Effect::Look {
            run,
            at: Look::Schema,
        },
    ] = effects[..]
    else {
        panic!("no look: {effects:?}")
    };
    let seen = Ok(Box::new(Seen::Schema(Preview::default())));
    let other = Event::Seen {
        run: run + 1,
        result: seen.clone(),
    };
    wizard.handle(other, at(9));
    assert_eq!(
        wizard.looking().map(|looking| looking.seen.clone()),
        Some(None)
    );
    wizard.handle(
        Event::Seen {
            run,
            result: seen.clone(),
        },
        at(9),
    );
    assert_eq!(
        wizard.looking().and_then(|looking| looking.seen.clone()),
        Some(seen)
    );
    assert_eq!(*wizard.session(), session);
    assert_eq!(
        wizard.handle(Event::LookAway, at(9)),
        [],
        "it was read to its end"
    );
    let again = wizard.handle(Event::Look(Look::Schema), at(9));
    let effects = wizard.handle(Event::Run(Step::Schema), at(9));
    assert_eq!(wizard.looking(), None);
    let [Effect::Look { run, .. }] = again[..] else {
        panic!("no look: {again:?}")
    };
    assert!(
        effects.contains(&Effect::Cancel { run }),
        "what is run may change what is seen"
    );
    let refused = wizard.handle(Event::Look(Look::Schema), at(9));
    assert!(matches!(refused[..], [Effect::Tell(News::Refused(_))]));
}

pub(super) fn any_event() -> impl Strategy<Value = Event> {
    let step = (0..Step::ALL.len()).prop_map(|n| Step::ALL[n]);
    let outcome = prop_oneof![
        Just(Ok(some_report())),
        Just(Err(Failure::new("what", "why"))),
        Just(Err(Failure::interrupted("what"))),
    ];
    prop_oneof![
        Just(Event::Opened),
        any::<bool>().prop_map(|is_source| Event::Described {
            side: if is_source {
                Side::Source
            } else {
                Side::Target
            },
            url: "postgresql://u@h/new".to_owned(),
        }),
        Just(Event::Proceed),
        any::<bool>().prop_map(|everything| Event::Chosen {
            select: Box::new(Select {
                tables: if everything {
                    Vec::new()
                } else {
                    vec!["a".into()]
                },
                ..Select::default()
            }),
            onto: Onto::Existing,
        }),
        Just(Event::Overwrite {
            database: "neondb".into(),
            by: "Ada".into()
        }),
        step.clone().prop_map(Event::Run),
        step.clone().prop_map(Event::Again),
        step.prop_map(Event::Show),
        Just(Event::CleanUp(Cleaning::default())),
        Just(Event::Stop),
        Just(Event::Leave),
        Just(Event::Look(Look::Schema)),
        Just(Event::Look(Look::Table {
            schema: "public".to_owned(),
            table: "songs".to_owned(),
        })),
        (0..6u64).prop_map(|run| Event::Seen {
            run,
            result: Ok(Box::new(Seen::Schema(Preview::default()))),
        }),
        Just(Event::LookAway),
        Just(Event::Inquire),
        Just(Event::Recheck("pg_dump".into())),
        (0..6u64, 0..4usize).prop_map(|(question, answer)| Event::Answer { question, answer }),
        prop_oneof![
            Just(Steering::Pause),
            Just(Steering::GoOn),
            Just(Steering::MoreWorkers),
            Just(Steering::FewerWorkers)
        ]
        .prop_map(Event::Steer),
        (0..6u64, outcome).prop_map(|(run, result)| Event::Finished { run, result }),
        Just(Event::Sign {
            item: "performance".into(),
            by: "Ada".into()
        }),
    ]
}

#[test]
fn what_comes_after_the_migration_never_takes_back_that_it_is_done() {
    let mut session = signed().session().clone();
    assert_eq!(session.state(Step::Cutover), State::Done);
    let record = Record {
        state: State::Failed,
        failure: Some(Failure::new("what", "why")),
        ..Record::default()
    };
    session.steps.insert(Step::Watch, record);
    let mut wizard = Wizard::new(session);
    wizard.handle(Event::Opened, at(20));
    assert_eq!(wizard.session().first_open(), None);
    assert_eq!(wizard.outcome(), Outcome::Done);
    let failed = Outcome::Failed(Severity::Failed);
    assert_eq!(wizard.outcome_after(Step::Watch), failed);
    assert_eq!(wizard.outcome_after(Step::Cutover), Outcome::Done);
    assert_eq!(wizard.session().current, Step::Watch);
}

#[test]
fn what_comes_after_the_migration_needs_its_end() {
    let wizard = driven(Step::Cutover);
    for step in [Step::Watch, Step::Cleanup] {
        assert!(wizard.obstacle(step).is_some());
        assert_eq!(needs(step), [Step::Cutover]);
        assert!(order::invalidates(Step::Transfer).contains(&step));
    }
}

/// Whether what a step or an errand works on is the same: both databases, what is moved, and onto what.
pub(super) fn has_same_ground(one: &Session, other: &Session) -> bool {
    let url = |place: &Option<Place>| place.as_ref().map(|place| place.url.clone());
    let places = |session: &Session| (url(&session.source), url(&session.target));
    places(one) == places(other)
        && (&one.select, one.onto, &one.consent) == (&other.select, other.onto, &other.consent)
}

proptest! {
    #[test]
    fn whatever_happens_the_machine_stays_sound(events in prop::collection::vec(any_event(), 0..60)) {
        let mut wizard = wizard();
        for event in events {
            let (mut before, was_busy) = (wizard.session().clone(), wizard.is_busy());
            let is_end = !event.is_wish();
            let effects = wizard.handle(event, at(9));
            prop_assert!(is_end || !was_busy || has_same_ground(&before, wizard.session()));
            // What is merely looked at is worth no save.
            before.current = wizard.session().current;
            prop_assert_eq!(before != *wizard.session(), effects.first() == Some(&Effect::Save));
            let running = wizard.session().steps.values().filter(|r| r.state == State::Running);
            let working = matches!(wizard.phase(), Phase::Working { .. });
            prop_assert_eq!(running.count(), usize::from(working));
            prop_assert!(!working || wizard.looking().is_none());
            if wizard.session().state(Step::Cutover) == State::Done {
                prop_assert_eq!(wizard.session().state(Step::Compare), State::Done);
            }
        }
    }
    #[test]
    fn no_signature_is_older_than_what_it_vouches_for(events in prop::collection::vec(any_event(), 0..40)) {
        let mut wizard = signed();
        for (second, mut event) in (11..).zip(events) {
            if let (Event::Finished { run, .. }, Phase::Working { run: current, .. }) = (&mut event, wizard.phase()) {
                *run = current;
            }
            let before = signatures(&wizard).len();
            let effects = wizard.handle(event, at(second));
            let signed = signatures(&wizard);
            let told = effects.iter().any(|effect| matches!(effect, Effect::Tell(News::SignaturesWithdrawn(_))));
            prop_assert_eq!(signed.len() < before, told);
            for step in [Step::Schema, Step::Transfer] {
                let started = wizard.session().steps.get(&step).and_then(|record| record.started);
                prop_assert!(signed.iter().all(|at| Some(*at) >= started));
            }
        }
    }
}
