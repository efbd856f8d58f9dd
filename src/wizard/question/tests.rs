use super::super::tests::{at, driven, wizard};
use super::*;
use crate::failure::Failure;
use crate::wizard::{Event, News, Outcome};

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
        ["stay", "stop and leave"]
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
    wizard.handle(Event::Again(Step::Compare), at(6));
    assert_eq!(
        wizard.session().state(Step::Compare),
        State::Running,
        "nothing builds on it yet"
    );
}
