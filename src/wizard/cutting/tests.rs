use super::super::tests::{any_event, at, driven, has_same_ground, looked, open_checklist};
use super::super::{ErrandEnd, Event, Look, Outcome, Recovery, RunId};
use super::*;
use crate::session::report::{
    ComparedTable, Comparison, CutoverLook, Recovered, Rehearsal, SourceLook,
};
use crate::session::{Session, Switched};
use crate::switch::EditedFiles;
use proptest::prelude::*;

fn signed() -> Wizard {
    let mut wizard = driven(Step::Cutover);
    for (side, name) in [
        (super::super::Side::Source, "old"),
        (super::super::Side::Target, "new"),
    ] {
        let url = format!("postgresql://u@h/{name}");
        wizard.handle(Event::Described { side, url }, at(3));
    }
    open_checklist(&mut wizard, 6);
    let open: Vec<_> = wizard.open_items().map(|item| item.key.clone()).collect();
    for item in open {
        let by = "Ada".to_owned();
        wizard.handle(Event::Sign { item, by }, at(7));
    }
    looked(&mut wizard, SourceLook::Quiet { at: at(8) }, 8);
    assert_eq!(wizard.outcome(), Outcome::Done);
    wizard
}

fn over(wizard: &mut Wizard, database: &str) -> Vec<Effect> {
    let (database, by) = (database.to_owned(), "Ada".to_owned());
    let options = CutOptions::default();
    wizard.handle(
        Event::CutOver {
            database,
            by,
            options,
        },
        at(10),
    )
}

/// The errand among the effects.
fn begun(effects: &[Effect]) -> Option<(RunId, Errand)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Errand { run, errand } => Some((*run, errand.clone())),
        _ => None,
    })
}

fn is_refused(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Tell(News::Refused(_))])
}

fn passes(wizard: &mut Wizard, effects: &[Effect], brought: Brought) -> Vec<Effect> {
    let (run, _) = begun(effects).expect("a phase");
    let end = PhaseEnd {
        found: Vec::new(),
        brought,
    };
    let result = Ok(Box::new(ErrandEnd::Phase(end)));
    wizard.handle(Event::ErrandEnded { run, result }, at(11))
}

fn look() -> Brought {
    Brought::Look(CutoverLook::from(SourceLook::Quiet { at: at(10) }))
}

fn files() -> Settled {
    Settled {
        switched: Some(Switched {
            folder: "shop".to_owned(),
            at: at(11),
            files: Vec::new(),
        }),
        ..Settled::default()
    }
}

/// Through the phases before the switch.
fn until_switch(wizard: &mut Wizard) -> Vec<Effect> {
    let mut effects = over(wizard, "new");
    effects = passes(wizard, &effects, look());
    for _ in [CutPhase::Quiet, CutPhase::Sequences, CutPhase::Compare] {
        effects = passes(wizard, &effects, Brought::Nothing);
    }
    assert_eq!(
        begun(&effects).map(|(_, errand)| errand),
        Some(Errand::CutOver(CutPhase::Switch))
    );
    effects
}

fn reopened(wizard: &Wizard) -> Wizard {
    let mut again = Wizard::new(wizard.session().clone());
    again.handle(Event::Opened, at(20));
    again
}

#[test]
fn a_locked_checklist_and_a_wrong_name_cut_nothing_over() {
    let mut open = driven(Step::Cutover);
    open_checklist(&mut open, 6);
    assert!(is_refused(&over(&mut open, "new")));
    let mut wizard = signed();
    for wrong in ["old", "", "new ", "NEW"] {
        assert!(is_refused(&over(&mut wizard, wrong)), "{wrong}");
    }
    assert_eq!(wizard.session().cutting, None);
}

#[test]
fn who_looks_elsewhere_meanwhile_is_not_called_back_by_the_next_phase() {
    let mut wizard = signed();
    wizard.handle(Event::Show(Step::Compare), at(9));
    let effects = over(&mut wizard, "new");
    assert_eq!(wizard.session().current, Step::Cutover);
    wizard.handle(Event::Show(Step::Watch), at(10));
    let effects = passes(&mut wizard, &effects, look());
    assert!(begun(&effects).is_some());
    assert_eq!(wizard.session().current, Step::Watch);
}

#[test]
fn each_phase_is_saved_before_it_begins() {
    let mut wizard = signed();
    let mut effects = over(&mut wizard, "new");
    for phase in CutPhase::ALL {
        assert_eq!(effects[0], Effect::Save, "{phase}");
        assert_eq!(
            begun(&effects).map(|(_, errand)| errand),
            Some(Errand::CutOver(phase))
        );
        let cutting = wizard.session().cutting.clone().expect("begun");
        assert_eq!((cutting.phase, cutting.state), (phase, State::Running));
        assert!(wizard.obstacle(Step::Compare).is_some());
        let brought = match phase {
            CutPhase::Checklist => look(),
            CutPhase::Switch => Brought::Files(files()),
            _ => Brought::Nothing,
        };
        effects = passes(&mut wizard, &effects, brought);
    }
    assert!(effects.contains(&Effect::Tell(News::CutOver)));
    assert!(wizard.session().is_cut_over());
    assert_eq!(wizard.outcome(), Outcome::Done);
    assert!(is_refused(&over(&mut wizard, "new")));
    let transfer = wizard.handle(Event::Run(Step::Transfer), at(12));
    assert!(
        is_refused(&transfer),
        "the application writes to the target"
    );
    // To compare takes nothing back of what was done.
    wizard.handle(Event::Run(Step::Compare), at(13));
    assert!(wizard.session().is_cut_over());
    assert_eq!(wizard.session().state(Step::Cutover), State::Done);
}

/// A comparison that found this, with the source's counters.
fn comparison(wizard: &Wizard, equal: bool, counters: &str) -> Comparison {
    let Some(Report::Compare(found)) = wizard.session().report(Step::Compare).cloned() else {
        panic!("a comparison")
    };
    let table = ComparedTable {
        counters: Some(counters.to_owned()),
        equal,
        ..ComparedTable::new("shop", "orders")
    };
    Comparison {
        equal,
        tables: vec![table],
        ..found
    }
}

/// Cut over; the last comparison began at second 11 and ended with the others.
fn cut_over() -> Wizard {
    let mut wizard = signed();
    let mut effects = over(&mut wizard, "new");
    for phase in CutPhase::ALL {
        let brought = match phase {
            CutPhase::Checklist => look(),
            CutPhase::Compare => {
                Brought::Comparison(Box::new(comparison(&wizard, true, "at the cutover")))
            }
            CutPhase::Switch => Brought::Files(files()),
            _ => Brought::Nothing,
        };
        effects = passes(&mut wizard, &effects, brought);
    }
    assert!(wizard.session().is_cut_over());
    wizard
}

fn compared(wizard: &mut Wizard, found: Comparison) {
    wizard.handle(Event::Run(Step::Compare), at(40));
    let super::super::Phase::Working { run, .. } = wizard.phase() else {
        panic!("it does not run")
    };
    let result = Ok(Box::new(Report::Compare(found)));
    wizard.handle(Event::Finished { run, result }, at(41));
}

fn noted(wizard: &Wizard) -> Vec<String> {
    let noted = wizard.session().noted_counters().into_iter();
    noted.map(|noted| noted.counters).collect()
}

#[test]
fn what_was_cut_over_is_looked_at_and_compared_without_being_touched() {
    let mut wizard = cut_over();
    let before = wizard.session().clone();
    let looked = wizard.handle(Event::Run(Step::Cutover), at(30));
    assert_eq!(looked, [Effect::Tell(News::CutOver)]);
    assert!(is_refused(
        &wizard.handle(Event::Again(Step::Cutover), at(30))
    ));
    let mut wizard = reopened(&wizard);
    assert_eq!(wizard.session().checklist, before.checklist);
    let differs = comparison(&wizard, false, "written since");
    compared(&mut wizard, differs);
    let session = wizard.session();
    assert_eq!(session.state(Step::Compare), State::Failed);
    assert_eq!(session.steps[&Step::Cutover], before.steps[&Step::Cutover]);
    assert_eq!(session.cutting, before.cutting);
    assert_eq!(session.checklist, before.checklist);
    assert_eq!(checklist::evaluated(session), before.checklist);
    assert_eq!(noted(&wizard), ["at the cutover"]);
    let effects = wizard.handle(Event::Run(Step::Cutover), at(50));
    assert_eq!(effects.last(), Some(&Effect::Tell(News::CutOver)));
    for afterwards in [Step::Watch, Step::Cleanup] {
        assert_eq!(wizard.obstacle(afterwards), None);
    }
}

/// Behind the switch, by a person's word, the application writes to the target already.
#[test]
fn a_cutting_over_that_has_switched_outlives_a_comparison() {
    let mut wizard = signed();
    let effects = until_switch(&mut wizard);
    let effects = passes(&mut wizard, &effects, Brought::Nothing);
    let (run, _) = begun(&effects).expect("the check");
    let result = Err(Failure::new("The application is not ready", "it fails"));
    wizard.handle(Event::ErrandEnded { run, result }, at(12));
    let refused = wizard.handle(Event::Run(Step::Cutover), at(13));
    assert!(is_refused(&refused), "{refused:?}");
    assert!(is_refused(
        &wizard.handle(Event::Run(Step::Transfer), at(13))
    ));
    let differs = comparison(&wizard, false, "written since");
    compared(&mut wizard, differs);
    let again = over(&mut wizard, "new");
    let (_, errand) = begun(&again).expect("it goes on");
    assert_eq!(errand, Errand::CutOver(CutPhase::Check));
    passes(&mut wizard, &again, Brought::Nothing);
    assert_eq!(wizard.session().state(Step::Cutover), State::Done);
    assert_eq!(wizard.obstacle(Step::Watch), None);
}

#[test]
fn the_last_comparison_tells_how_long_it_took() {
    let mut wizard = signed();
    let mut effects = over(&mut wizard, "new");
    for brought in [look(), Brought::Nothing, Brought::Nothing] {
        effects = passes(&mut wizard, &effects, brought);
    }
    let (run, _) = begun(&effects).expect("the comparison");
    let found = Brought::Comparison(Box::new(comparison(&wizard, true, "1")));
    let end = PhaseEnd {
        found: Vec::new(),
        brought: found,
    };
    let result = Ok(Box::new(ErrandEnd::Phase(end)));
    wizard.handle(Event::ErrandEnded { run, result }, at(18));
    let compared = &wizard.session().steps[&Step::Compare];
    assert_eq!(compared.seconds(), Some(7.0));
}

#[test]
fn killed_before_the_switch_it_begins_anew_and_behind_it_it_goes_on() {
    let mut wizard = signed();
    let effects = until_switch(&mut wizard);
    let mut killed = reopened(&wizard);
    assert_eq!(
        killed.session().cutting.as_ref().map(|cut| cut.state),
        Some(State::Interrupted)
    );
    let again = over(&mut killed, "new");
    assert_eq!(
        begun(&again).map(|(_, errand)| errand),
        Some(Errand::CutOver(CutPhase::Checklist))
    );
    passes(&mut wizard, &effects, Brought::Files(files()));
    let mut killed = reopened(&wizard);
    killed.handle(Event::FilesFound(Box::new(files())), at(21));
    let again = over(&mut killed, "new");
    assert_eq!(
        begun(&again).map(|(_, errand)| errand),
        Some(Errand::CutOver(CutPhase::Check))
    );
}

#[test]
fn a_difference_opens_the_checklist_and_switches_nothing() {
    let mut wizard = signed();
    let mut effects = over(&mut wizard, "new");
    effects = passes(&mut wizard, &effects, look());
    effects = passes(&mut wizard, &effects, Brought::Nothing);
    effects = passes(&mut wizard, &effects, Brought::Nothing);
    let Some(Report::Compare(found)) = wizard.session().report(Step::Compare).cloned() else {
        panic!("a comparison")
    };
    let differs = Comparison {
        equal: false,
        ..found
    };
    let effects = passes(
        &mut wizard,
        &effects,
        Brought::Comparison(Box::new(differs)),
    );
    assert_eq!(begun(&effects), None);
    assert_eq!(
        wizard.session().state(Step::Cutover),
        State::AwaitingSignOff
    );
    assert_eq!(wizard.session().state(Step::Compare), State::Failed);
    assert!(is_refused(&over(&mut wizard, "new")));
}

#[test]
fn without_files_it_waits_until_a_person_has_set_the_connection() {
    let mut wizard = signed();
    let effects = until_switch(&mut wizard);
    let effects = passes(&mut wizard, &effects, Brought::ByHand);
    assert!(begun(&effects).is_none() && wizard.waits_for_connection());
    let mut wizard = reopened(&wizard);
    assert!(
        wizard.waits_for_connection(),
        "it is waited for as long as it takes"
    );
    wizard.handle(Event::AskWhetherSet, at(22));
    let question = wizard.question().expect("a question").number;
    let answered = |answer| Event::Answer { question, answer };
    assert!(wizard.handle(answered(0), at(23)).is_empty());
    wizard.handle(Event::AskWhetherSet, at(24));
    let question = wizard.question().expect("a question").number;
    let effects = wizard.handle(
        Event::Answer {
            question,
            answer: 1,
        },
        at(25),
    );
    assert_eq!(
        begun(&effects).map(|(_, errand)| errand),
        Some(Errand::CutOver(CutPhase::Switch))
    );
    assert!(
        wizard
            .session()
            .cutting
            .as_ref()
            .is_some_and(|cut| cut.options.by_hand)
    );
}

#[test]
fn stopped_it_begins_no_further_phase() {
    let mut wizard = signed();
    let effects = over(&mut wizard, "new");
    let stopped = wizard.handle(Event::Stop, at(10));
    assert!(matches!(stopped[..], [Effect::Cancel { .. }]));
    let effects = passes(&mut wizard, &effects, look());
    assert_eq!(begun(&effects), None);
    let cutting = wizard.session().cutting.as_ref().expect("begun");
    assert_eq!(
        (cutting.phase, cutting.state),
        (CutPhase::Quiet, State::Interrupted)
    );
}

#[test]
fn what_is_unfinished_is_undone_and_what_is_done_is_not() {
    let mut wizard = signed();
    assert!(is_refused(&wizard.handle(Event::Abandon, at(9))));
    let effects = until_switch(&mut wizard);
    let effects = passes(&mut wizard, &effects, Brought::Files(files()));
    let (run, _) = begun(&effects).expect("the check");
    let result = Err(Failure::new("The application is not ready", "it fails"));
    wizard.handle(Event::ErrandEnded { run, result }, at(12));
    let effects = wizard.handle(Event::Abandon, at(13));
    let (run, errand) = begun(&effects).expect("the undoing");
    assert_eq!(errand, Errand::Abandon);
    let result = Ok(Box::new(ErrandEnd::Files(Settled::default())));
    wizard.handle(Event::ErrandEnded { run, result }, at(14));
    assert_eq!(
        (&wizard.session().cutting, &wizard.session().switched),
        (&None, &None)
    );
    assert_eq!(wizard.session().state(Step::Cutover), State::Done);
}

#[test]
fn the_way_back_needs_the_old_name_and_takes_the_signatures() {
    let mut wizard = signed();
    let back = |wizard: &mut Wizard, name: &str| {
        let (database, by) = (name.to_owned(), "Ada".to_owned());
        wizard.handle(
            Event::RollBack {
                database,
                by,
                edited: EditedFiles::Told,
            },
            at(30),
        )
    };
    assert!(is_refused(&back(&mut wizard, "new")));
    let effects = back(&mut wizard, "old");
    let (run, _) = begun(&effects).expect("the way back");
    assert_eq!(effects[0], Effect::Save, "saved before it begins");
    assert!(reopened(&wizard).session().is_half_way_back());
    let result = Ok(Box::new(ErrandEnd::RolledBack(
        Settled::default(),
        Vec::new(),
    )));
    wizard.handle(Event::ErrandEnded { run, result }, at(31));
    let session: &Session = wizard.session();
    assert!(!session.is_half_way_back() && session.rolled_back.is_some());
    assert_eq!(session.first_open(), Some(Step::Compare));
    assert!(
        session
            .checklist
            .iter()
            .all(|item| item.signature.is_none())
    );
}

#[test]
fn what_would_be_lost_is_read_again_once_something_was_saved() {
    let mut wizard = signed();
    let looks = |effects: &[Effect]| {
        let mut effects = effects.iter();
        effects.any(|effect| {
            matches!(
                effect,
                Effect::Look {
                    at: Look::WayBack,
                    ..
                }
            )
        })
    };
    assert!(looks(&wizard.handle(Event::Look(Look::WayBack), at(30))));
    let (recovery, database) = (Recovery::Apply { changed: false }, "old".to_owned());
    let effects = wizard.handle(Event::Recover { recovery, database }, at(31));
    let (run, _) = begun(&effects).expect("rows taken over");
    let (at_end, checks) = (at(32), Vec::new());
    let end = Recovered::Rehearsed(Rehearsal {
        at: at_end,
        checks,
        application: None,
    });
    let result = Ok(Box::new(ErrandEnd::Recovered(end)));
    assert!(looks(
        &wizard.handle(Event::ErrandEnded { run, result }, at(32))
    ));
}

/// Events of a cutting over and of the way back, and ends that fit the errand under way.
fn any_act() -> impl Strategy<Value = Event> {
    let name = prop_oneof![Just("new".to_owned()), Just("old".to_owned())];
    let brought = |brought| {
        let found = Vec::new();
        Just(ErrandEnd::Phase(PhaseEnd { found, brought }))
    };
    let ends = prop_oneof![
        brought(Brought::Nothing),
        brought(Brought::ByHand),
        brought(Brought::Files(files())),
        Just(ErrandEnd::Files(Settled::default())),
        Just(ErrandEnd::RolledBack(Settled::default(), Vec::new())),
    ];
    let ends = prop_oneof![
        4 => ends.prop_map(|end| Ok(Box::new(end))),
        1 => Just(Err(Failure::new("what", "why"))),
        1 => Just(Err(Failure::interrupted("what"))),
    ];
    let by = || "Ada".to_owned();
    prop_oneof![
        4 => ends.prop_map(|result| Event::ErrandEnded { run: 0, result }),
        2 => name.clone().prop_map(move |database| Event::CutOver {
            database,
            by: by(),
            options: CutOptions::default(),
        }),
        1 => name.prop_map(move |database| Event::RollBack { database, by: by(), edited: EditedFiles::Told }),
        1 => Just(Event::AskWhetherSet),
        1 => Just(Event::AskToAbandon),
        1 => Just(Event::Abandon),
        2 => any_event(),
    ]
}

/// Whether the event is an end that the errand under way can have.
fn fits(event: &Event, errand: Option<&Errand>) -> bool {
    let Event::ErrandEnded {
        result: Ok(end), ..
    } = event
    else {
        return true;
    };
    matches!(
        (errand, &**end),
        (Some(Errand::CutOver(_)), ErrandEnd::Phase(_))
            | (
                Some(Errand::Switch(_) | Errand::Abandon),
                ErrandEnd::Files(_)
            )
            | (Some(Errand::RollBack(_)), ErrandEnd::RolledBack(..))
            | (None, _)
    )
}

proptest! {
    #[test]
    fn whatever_happens_only_one_thing_is_at_work(events in prop::collection::vec(any_act(), 0..60)) {
        let mut wizard = signed();
        for mut event in events {
            if let (Event::ErrandEnded { run, .. }, Some(under_way)) = (&mut event, &wizard.errand) {
                *run = under_way.run;
            }
            if !fits(&event, wizard.errand()) {
                continue;
            }
            let (mut before, was_busy) = (wizard.session().clone(), wizard.is_busy());
            let is_end = !event.is_wish();
            let effects = wizard.handle(event, at(40));
            prop_assert!(is_end || !was_busy || has_same_ground(&before, wizard.session()));
            before.current = wizard.session().current;
            prop_assert_eq!(before != *wizard.session(), effects.first() == Some(&Effect::Save));
            let is_working = matches!(wizard.phase(), super::super::Phase::Working { .. });
            prop_assert!(!(is_working && wizard.errand().is_some()));
            let cutting = wizard.session().cutting.as_ref();
            let is_cutting = matches!(wizard.errand(), Some(Errand::CutOver(_)));
            prop_assert_eq!(is_cutting, cutting.is_some_and(|cut| cut.state == State::Running));
            if let Some(done) = cutting.filter(|cut| cut.is_done()) {
                let passed: Vec<CutPhase> = done.passed.iter().map(|passed| passed.phase).collect();
                prop_assert_eq!(passed, CutPhase::ALL);
            }
        }
    }
}
