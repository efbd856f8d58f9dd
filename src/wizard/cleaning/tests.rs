use super::*;
use crate::session::report::{Cleanup, SourceLook};
use crate::session::{CutOptions, CutOver, Place, Record, RolledBack};
use crate::wizard::tests::{at, driven};
use crate::wizard::{Event, News, Phase, Side};

/// Everything done and signed, the target called neondb.
fn done() -> Wizard {
    let mut session = driven(Step::Cutover).session().clone();
    let record = Record {
        state: State::Done,
        report: Some(Report::Cutover(SourceLook::Quiet { at: at(5) }.into())),
        ..Record::default()
    };
    session.steps.insert(Step::Cutover, record);
    let place = |url: &str| {
        let (url, identity) = (url.to_owned(), None);
        Some(Place { url, identity })
    };
    session.source = place("postgresql://me@localhost:5432/old");
    session.target = place("postgresql://me@ep-1.neon.tech/neondb");
    let mut wizard = Wizard::new(session);
    wizard.handle(Event::Opened, at(6));
    wizard
}

fn refusal(effects: &[Effect]) -> &str {
    match effects {
        [Effect::Tell(News::Refused(why))] => why,
        other => panic!("{other:?}"),
    }
}

fn answered(wizard: &mut Wizard, key: char) -> Vec<Effect> {
    let question = wizard.question().cloned().unwrap();
    let mut answers = question.answers.iter();
    let answer = answers.position(|answer| answer.key == key).unwrap();
    let question = question.number;
    wizard.handle(Event::Answer { question, answer }, at(8))
}

/// Ends the running cleanup.
fn ended(wizard: &mut Wizard, has_ledger: bool) {
    let Phase::Working { run, .. } = wizard.phase() else {
        panic!("nothing runs")
    };
    let report = Cleanup {
        at: at(9),
        keep_until: "2026-12-22".parse().unwrap(),
        archives: Vec::new(),
        checks: Vec::new(),
        has_ledger,
        remains: Vec::new(),
        documents: Vec::new(),
        more_documents: false,
        folder: None,
    };
    let result = Ok(Box::new(Report::Cleanup(report)));
    wizard.handle(Event::Finished { run, result }, at(9));
}

#[test]
fn nothing_is_put_away_before_the_cutover() {
    let mut wizard = driven(Step::Cutover);
    let effects = wizard.handle(Event::Run(Step::Cleanup), at(7));
    assert!(refusal(&effects).contains("needs cutover"), "{effects:?}");
    let effects = wizard.handle(Event::CleanUp(Cleaning::default()), at(7));
    assert!(refusal(&effects).contains("needs cutover"), "{effects:?}");
    assert!(wizard.session().cleaning.is_none());
}

#[test]
fn it_asks_first_and_the_default_changes_nothing() {
    for begin in [Event::Run(Step::Cleanup), Event::Again(Step::Cleanup)] {
        let mut wizard = done();
        wizard.handle(begin, at(7));
        let letters: String = wizard
            .question()
            .unwrap()
            .answers
            .iter()
            .map(|a| a.key)
            .collect();
        assert_eq!(letters, "nydb");
        let before = wizard.session().clone();
        assert_eq!(answered(&mut wizard, 'n'), []);
        assert_eq!((wizard.session(), wizard.phase()), (&before, Phase::Idle));
    }
}

#[test]
fn each_answer_consents_to_what_it_says() {
    let name = || Some("neondb".to_owned());
    for (key, ledger, remove_dump) in [
        ('y', name(), false),
        ('d', name(), true),
        ('b', None, false),
    ] {
        let mut wizard = done();
        wizard.handle(Event::Show(Step::Cleanup), at(7));
        wizard.handle(Event::Proceed, at(7));
        let question = wizard.question().cloned().unwrap();
        let answer = question.answers.iter().find(|answer| answer.key == key);
        let drops = answer.and_then(|answer| answer.drops_ledger());
        assert_eq!(drops, ledger.as_ref().map(|_| remove_dump));
        let mut effects = answered(&mut wizard, key);
        if ledger.is_some() {
            assert!(refusal(&effects).contains("typed"), "{effects:?}");
            assert_eq!(
                (wizard.phase(), &wizard.session().cleaning),
                (Phase::Idle, &None)
            );
            let ledger = ledger.clone();
            effects = wizard.handle(
                Event::CleanUp(Cleaning {
                    ledger,
                    remove_dump,
                }),
                at(8),
            );
        }
        let starts = |effect: &Effect| {
            matches!(
                effect,
                Effect::Start {
                    step: Step::Cleanup,
                    ..
                }
            )
        };
        assert!(effects.iter().any(starts), "{effects:?}");
        assert_eq!(effects[0], Effect::Save, "the consent is saved first");
        let wanted = Cleaning {
            ledger,
            remove_dump,
        };
        assert_eq!(wizard.session().cleaning, Some(wanted));
    }
}

#[test]
fn the_command_lines_consent_is_the_name_to_the_letter() {
    let mut wizard = done();
    let typed = |name: &str| {
        let ledger = Some(name.to_owned());
        Event::CleanUp(Cleaning {
            ledger,
            remove_dump: false,
        })
    };
    let effects = wizard.handle(typed("NeonDB"), at(7));
    assert!(refusal(&effects).contains("that is neondb"), "{effects:?}");
    wizard.handle(typed("neondb"), at(7));
    assert!(matches!(
        wizard.phase(),
        Phase::Working {
            step: Step::Cleanup,
            ..
        }
    ));
    ended(&mut wizard, false);
    assert_eq!(wizard.session().state(Step::Cleanup), State::Done);
}

#[test]
fn without_the_ledger_no_rows_are_written_again() {
    let mut wizard = done();
    wizard.handle(Event::CleanUp(Cleaning::default()), at(7));
    ended(&mut wizard, true);
    assert_eq!(wizard.obstacle(Step::Transfer), None, "the ledger is there");
    let ledger = Some("neondb".to_owned());
    wizard.handle(
        Event::CleanUp(Cleaning {
            ledger,
            remove_dump: false,
        }),
        at(7),
    );
    ended(&mut wizard, false);
    for step in [Step::Schema, Step::Transfer] {
        for event in [Event::Run(step), Event::Again(step)] {
            let effects = wizard.handle(event, at(10));
            assert!(refusal(&effects).contains("new session"), "{effects:?}");
        }
    }
    assert_eq!(wizard.session().state(Step::Transfer), State::Done);
    assert_eq!(wizard.obstacle(Step::Compare), None);
    assert!(wizard.cleanup_plan().drops.is_empty());
    wizard.handle(Event::Again(Step::Cleanup), at(10));
    let answers = wizard.question().unwrap().answers.iter();
    assert_eq!(answers.map(|answer| answer.key).collect::<String>(), "nbd");
    // Cleaned up once more, it is looked for, and still not there.
    wizard.handle(Event::CleanUp(Cleaning::default()), at(11));
    assert!(wizard.session().cleaning.as_ref().unwrap().ledger.is_some());
}

#[test]
fn another_target_takes_the_consent_back() {
    let mut wizard = done();
    let ledger = Some("neondb".to_owned());
    wizard.handle(
        Event::CleanUp(Cleaning {
            ledger,
            remove_dump: false,
        }),
        at(7),
    );
    ended(&mut wizard, true);
    let (side, url) = (
        Side::Target,
        "postgresql://me@ep-2.neon.tech/neondb".to_owned(),
    );
    wizard.handle(Event::Described { side, url }, at(10));
    assert_eq!(wizard.session().cleaning, None);
}

#[test]
fn the_plan_says_what_stays_and_that_watch_has_not_ended() {
    let plan = done().cleanup_plan();
    assert!(plan.does[0].contains("b.dump"), "{plan:?}");
    assert!(plan.drops[0].contains("neondb"), "{plan:?}");
    assert!(
        plan.stays[0].what.contains("localhost:5432/old"),
        "{plan:?}"
    );
    assert!(plan.cautions[0].contains("has not cut"), "{plan:?}");
    assert!(plan.cautions[1].contains("watch"), "{plan:?}");
}

#[test]
fn nothing_is_put_away_while_the_application_is_between_its_databases() {
    let by = "Ada".to_owned();
    let mut cutting = done().session().clone();
    cutting.cutting = Some(CutOver::new(&by, CutOptions::default(), at(6)));
    let mut back = done().session().clone();
    back.rolled_back = Some(RolledBack {
        state: State::Interrupted,
        by,
        at: at(6),
        cut_over: None,
        done: Vec::new(),
        failure: None,
    });
    for session in [cutting, back] {
        let mut wizard = Wizard::new(session);
        let effects = wizard.handle(Event::CleanUp(Cleaning::default()), at(7));
        assert!(refusal(&effects).contains("not finished"), "{effects:?}");
    }
}
