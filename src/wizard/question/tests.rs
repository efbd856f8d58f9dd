use super::super::tests::{any_event, at, driven, wizard};
use super::*;
use crate::failure::Failure;
use crate::wizard::{Event, News, Outcome};
use proptest::prelude::*;

#[test]
fn ctrl_c_stops_the_step_and_a_second_one_leaves() {
    let mut wizard = wizard();
    wizard.handle(Event::Run(Step::Prerequisites), at(1));
    assert_eq!(
        wizard.handle(Event::Stop, at(2)),
        [Effect::Cancel { run: 1 }]
    );
    wizard.handle(Event::Stop, at(2));
    let end = Event::Finished {
        run: 1,
        result: Err(Failure::interrupted("x")),
    };
    let effects = wizard.handle(end, at(3));
    assert_eq!(effects.last(), Some(&Effect::Exit(Outcome::Interrupted)));
}

#[test]
fn a_second_ctrl_c_leaves_though_the_step_has_ended_meanwhile() {
    for turned_away in [false, true] {
        let mut wizard = wizard();
        wizard.handle(Event::Run(Step::Prerequisites), at(1));
        wizard.handle(Event::Stop, at(2));
        let result = Err(Failure::interrupted("x"));
        wizard.handle(Event::Finished { run: 1, result }, at(3));
        if turned_away {
            wizard.handle(Event::Show(Step::Inventory), at(4));
        }
        let leaves = wizard.handle(Event::Stop, at(5)) == [Effect::Exit(Outcome::Interrupted)];
        assert_eq!(leaves, !turned_away);
        assert_eq!(wizard.question().is_some(), turned_away);
    }
}

#[test]
fn leaving_while_working_asks_first() {
    let mut wizard = wizard();
    wizard.handle(Event::Run(Step::Prerequisites), at(1));
    assert!(wizard.handle(Event::Leave, at(2)).is_empty());
    let question = wizard.question().unwrap().clone();
    assert_eq!(
        words(&question),
        ["keep going", "stop and leave"],
        "no pause"
    );
    assert!(answer(&mut wizard, question.number + 1, 1).is_empty());
    assert!(answer(&mut wizard, question.number, 2).is_empty());
    assert_eq!(wizard.question(), Some(&question));
    assert_eq!(
        answer(&mut wizard, question.number, 1),
        [Effect::Cancel { run: 1 }]
    );
}

fn words(question: &Question) -> Vec<&'static str> {
    question.answers.iter().map(|answer| answer.word).collect()
}

fn answer(wizard: &mut Wizard, question: u64, answer: usize) -> Vec<Effect> {
    wizard.handle(Event::Answer { question, answer }, at(2))
}

#[test]
fn a_transfer_can_be_paused_instead_of_left_and_goes_on() {
    let mut wizard = driven(Step::Transfer);
    wizard.handle(Event::Run(Step::Transfer), at(5));
    wizard.handle(Event::Leave, at(6));
    let question = wizard.question().unwrap().clone();
    assert_eq!(words(&question), ["keep going", "pause", "stop and leave"]);
    let Phase::Working { run, .. } = wizard.phase() else {
        panic!("nothing runs")
    };
    let steer = |steering| vec![Effect::Steer { run, steering }];
    assert_eq!(
        answer(&mut wizard, question.number, 1),
        steer(Steering::Pause)
    );
    assert!(matches!(
        wizard.phase(),
        Phase::Working { paused: true, .. }
    ));
    wizard.handle(Event::Leave, at(7));
    assert_eq!(
        words(wizard.question().unwrap()),
        ["stay", "go on", "stop and leave"]
    );
    assert_eq!(
        wizard.handle(Event::Steer(Steering::GoOn), at(7)),
        steer(Steering::GoOn)
    );
    assert!(matches!(
        wizard.phase(),
        Phase::Working { paused: false, .. }
    ));
    wizard.handle(Event::Stop, at(8));
    wizard.handle(Event::Leave, at(8));
    assert_eq!(wizard.question(), None, "it stops already");
    assert!(matches!(
        wizard.phase(),
        Phase::Working { leaving: true, .. }
    ));
    let late = wizard.handle(Event::Steer(Steering::Pause), at(8));
    assert!(matches!(&late[..], [Effect::Tell(News::Refused(_))]));
}

#[test]
fn only_a_transfer_is_steered() {
    let mut wizard = wizard();
    for running in [false, true] {
        let effects = wizard.handle(Event::Steer(Steering::MoreWorkers), at(1));
        assert!(
            matches!(&effects[..], [Effect::Tell(News::Refused(_))]),
            "{running}"
        );
        wizard.handle(Event::Run(Step::Prerequisites), at(1));
    }
}

#[test]
fn ctrl_c_with_nothing_running_asks_once() {
    let mut wizard = wizard();
    assert!(wizard.handle(Event::Stop, at(1)).is_empty());
    let question = wizard.question().unwrap().number;
    assert!(answer(&mut wizard, question, 0).is_empty());
    wizard.handle(Event::Stop, at(1));
    assert_eq!(
        wizard.handle(Event::Stop, at(1)),
        [Effect::Exit(Outcome::Interrupted)]
    );
    // A question about something else is no first time.
    let mut wizard = driven(Step::Cutover);
    wizard.handle(Event::Again(Step::Transfer), at(6));
    assert!(wizard.handle(Event::Stop, at(6)).is_empty());
    let question = wizard.question().unwrap().number;
    assert_eq!(
        answer(&mut wizard, question, 1),
        [Effect::Exit(Outcome::Interrupted)]
    );
}

#[test]
fn what_others_build_on_is_run_again_only_after_a_question() {
    let mut wizard = driven(Step::Cutover);
    assert!(wizard.handle(Event::Again(Step::Schema), at(6)).is_empty());
    let question = wizard.question().unwrap().clone();
    assert!(
        question
            .text
            .contains("0 tables, 0 rows are compared already"),
        "{}",
        question.text
    );
    assert!(question.answers[1].does.contains("transfer, compare"));
    answer(&mut wizard, question.number, 0);
    assert_eq!(wizard.session().state(Step::Schema), State::Done);
    wizard.handle(Event::Again(Step::Schema), at(6));
    let question = wizard.question().unwrap().number;
    answer(&mut wizard, question, 1);
    assert_eq!(wizard.session().state(Step::Schema), State::Running);
    let mut wizard = driven(Step::Cutover);
    wizard.handle(Event::Again(Step::Application), at(6));
    assert_eq!(
        wizard.session().state(Step::Application),
        State::Running,
        "nothing builds on it yet"
    );
}

/// The wizard after any events, from the beginning or with everything but the cutover done. News of
/// runs and answers hit what is there, as they do with people.
fn after(events: Vec<Event>, from_the_beginning: bool) -> Wizard {
    let mut wizard = match from_the_beginning {
        true => wizard(),
        false => driven(Step::Cutover),
    };
    events.into_iter().for_each(|event| {
        handle(&mut wizard, event);
    });
    wizard
}

fn handle(wizard: &mut Wizard, mut event: Event) -> Vec<Effect> {
    match (&mut event, wizard.phase(), wizard.question()) {
        (Event::Finished { run, .. }, Phase::Working { run: current, .. }, _) => *run = current,
        (Event::Answer { question, .. }, _, Some(open)) => *question = open.number,
        _ => {}
    }
    wizard.handle(event, at(9))
}

fn some_events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(any_event(), 0..40)
}

proptest! {
    #[test]
    fn the_first_answer_changes_nothing(events in some_events(), fresh: bool) {
        let mut wizard = after(events, fresh);
        prop_assume!(wizard.question().is_some());
        let open = wizard.question().unwrap().clone();
        let (session, phase) = (wizard.session().clone(), wizard.phase());
        prop_assert!(open.answers.len() > 1);
        for (at, answer) in open.answers.iter().enumerate() {
            prop_assert!(Answer::LETTERS.contains(&answer.key));
            prop_assert!(open.answers[..at].iter().all(|other| other.key != answer.key));
        }
        prop_assert!(answer(&mut wizard, open.number, 0).is_empty());
        prop_assert_eq!(wizard.question(), None);
        prop_assert_eq!((wizard.session(), wizard.phase()), (&session, phase));
    }

    #[test]
    fn what_others_build_on_is_made_anew_only_when_told_so(events in some_events()) {
        let mut wizard = driven(Step::Cutover);
        for event in events {
            let told = matches!(event, Event::Run(_) | Event::Answer { answer: 1.., .. });
            let before = wizard.session().clone();
            handle(&mut wizard, event);
            for step in [Step::Schema, Step::Transfer] {
                let built_upon = before.steps.keys().any(|later| *later > step);
                let anew = before.state(step) == State::Done && wizard.session().state(step) == State::Running;
                prop_assert!(told || !(built_upon && anew));
            }
        }
    }

    #[test]
    fn work_is_stopped_only_when_told_so(events in some_events(), fresh: bool) {
        let mut wizard = after(Vec::new(), fresh);
        for event in events {
            let told = matches!(event, Event::Stop | Event::Answer { answer: 1.., .. });
            let working = match wizard.phase() {
                Phase::Working { run, .. } => Some(run),
                Phase::Idle => None,
            };
            let left = told || matches!(event, Event::Leave | Event::Finished { .. });
            for effect in handle(&mut wizard, event) {
                let (cancels, exits) = match effect {
                    // A look may end at any time.
                    Effect::Cancel { run } => (working == Some(run), false),
                    Effect::Exit(_) => (false, true),
                    _ => (false, false),
                };
                prop_assert!(told || !cancels);
                prop_assert!(left || !exits);
            }
            if let Phase::Working { step, paused: true, .. } = wizard.phase() {
                prop_assert_eq!(step, Step::Transfer);
            }
        }
    }

    #[test]
    fn every_state_can_be_left(events in some_events(), fresh: bool) {
        let mut wizard = after(events, fresh);
        let interrupted = Err(Failure::interrupted("stopped"));
        let told = [Event::Stop, Event::Stop, Event::Finished { run: 0, result: interrupted }];
        let left = told.into_iter().any(|event| {
            let effects = handle(&mut wizard, event);
            effects.iter().any(|effect| matches!(effect, Effect::Exit(_)))
        });
        prop_assert!(left);
    }
}
