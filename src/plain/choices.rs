//! What can be done now, derived from the machine: the numbered answers to "what now?".

use crate::session::report::Report;
use crate::session::{ItemKind, Signature, State, Step};
use crate::wizard::{Look, Next, Side, Switching, Wizard};

/// What the person may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Run this step.
    Run(Step),
    /// Run this step again, though later ones build on it.
    RunAgain(Step),
    /// Look at one of the prerequisites again.
    Recheck,
    /// Look at this step.
    Show(Step),
    /// Enter the connections that are missing.
    Connect,
    /// Enter a connection anew.
    Change(Side),
    /// Take the target's direct host in place of its pooled one.
    Direct,
    /// Consent to overwriting what the target holds.
    Consent,
    /// Choose what is moved.
    Choose,
    /// Read what would run on the target.
    Preview,
    /// Open a compared table.
    Open,
    /// Name the application's folder.
    Application,
    /// Switch the application's files, or put them back.
    Switch(Switching),
    /// Cut the application over, or go on with that.
    CutOver,
    /// Say that the application's connection is set.
    ConnectionSet,
    /// Undo a cutting over that is not finished.
    Abandon,
    /// Look at the way back to the old database.
    WayBack,
    /// Sign this item.
    Sign(String),
    /// Read what the step found.
    Report,
    /// Look at another step.
    Steps,
    /// Read what happened.
    Messages,
    /// Read how the wizard works.
    Help,
    /// Leave.
    Leave,
}

/// Everything that can be done now, in words, what comes next first; and the place of what Enter
/// alone does.
pub(super) fn of(wizard: &Wizard) -> (Vec<(Act, String)>, usize) {
    let session = wizard.session();
    let step = session.current;
    let mut found = next(wizard);
    for (act, text) in at_step(wizard) {
        if found.iter().all(|(known, _)| *known != act) {
            found.push((act, text));
        }
    }
    found.extend(again(wizard));
    if step == Step::Cutover {
        found.push((Act::Report, "read the checklist".to_owned()));
    } else if session.report(step).is_some() {
        found.push((Act::Report, format!("read what {step} found or did")));
    }
    found.push((Act::Steps, "look at another step".to_owned()));
    found.push((Act::Messages, "read the messages".to_owned()));
    found.push((Act::Help, "how this works, and where the log is".to_owned()));
    let is_done = session.first_open().is_none() && !begins_afterwards(wizard);
    let leave = match is_done {
        true => "leave: everything is done and signed",
        false => "leave; it goes on from here next time",
    };
    found.push((Act::Leave, leave.to_owned()));
    // A signature is given by its number, never by Enter alone.
    let harmless = |(act, _): &(Act, String)| !matches!(act, Act::Sign(_));
    let default = match is_done {
        true => found.len() - 1,
        false => found.iter().position(harmless).unwrap_or_default(),
    };
    (found, default)
}

/// Whether a step that comes after the migration is looked at and can run.
fn begins_afterwards(wizard: &Wizard) -> bool {
    let session = wizard.session();
    let step = session.current;
    let is_open = session.state(step) != State::Done;
    step.is_afterwards() && is_open && wizard.obstacle(step).is_none()
}

/// What brings the migration on.
fn next(wizard: &Wizard) -> Vec<(Act, String)> {
    let session = wizard.session();
    let run = |step: Step| {
        let text = match session.state(step) {
            State::Failed => format!("try {step} again"),
            State::Interrupted => format!("go on with {step}"),
            _ if step == Step::Cutover => "open the checklist".to_owned(),
            _ => format!("run {step}"),
        };
        let can = wizard.obstacle(step).is_none();
        can.then_some((Act::Run(step), text))
    };
    let next = match wizard.next() {
        Next::Connect => Some((Act::Connect, "enter source and target".to_owned())),
        Next::Run(step) => run(step),
        Next::Show(step) => Some((Act::Show(step), format!("go to {step}"))),
        Next::CutOver | Next::GoOnCutting | Next::ConnectionSet => cut_over(wizard),
        Next::WayBack => way_back(wizard),
        Next::Sign | Next::Nothing => None,
    };
    let is_open =
        session.current == Step::Cutover && session.state(Step::Cutover) == State::AwaitingSignOff;
    let sign = match is_open {
        true => signatures(wizard),
        false => Vec::new(),
    };
    next.into_iter().chain(sign).collect()
}

fn signatures(wizard: &Wizard) -> Vec<(Act, String)> {
    // All of them, also those that are signed: each keeps its number.
    let items = wizard.session().checklist.iter();
    let sign = items
        .filter(|item| item.kind == ItemKind::Person)
        .map(|item| {
            let text = match &item.signature {
                None => format!("sign: {}", item.text),
                Some(Signature { by, .. }) => format!("sign anew, {by} has signed: {}", item.text),
            };
            (Act::Sign(item.key.clone()), text)
        });
    let look = (
        Act::Run(Step::Cutover),
        "look again at what the machine ticks".to_owned(),
    );
    sign.chain([look]).collect()
}

/// A done step once more.
fn again(wizard: &Wizard) -> Option<(Act, String)> {
    let session = wizard.session();
    let step = session.current;
    let is_done = session.state(step) == State::Done;
    let built_upon = session.steps.keys().any(|later| *later > step);
    let act = match step >= Step::Schema && built_upon {
        true => Act::RunAgain(step),
        false => Act::Run(step),
    };
    let text = match step {
        Step::Cutover => "look again at what was written to the source".to_owned(),
        _ => format!("run {step} again"),
    };
    is_done.then_some((act, text))
}

/// What belongs to the step that is looked at.
fn at_step(wizard: &Wizard) -> Vec<(Act, String)> {
    let session = wizard.session();
    let mut found = Vec::new();
    if session.current == Step::Connections && !wizard.needs_connections() {
        found.extend(wizard.direct_host().map(|host| {
            let text = format!("use the direct host {host}, which a migration needs");
            (Act::Direct, text)
        }));
        let change = |side: Side| (Act::Change(side), format!("change the {}", side.name()));
        found.extend([change(Side::Source), change(Side::Target)]);
        if wizard.offers_overwriting() {
            let text = "consent to replace what the target holds";
            found.push((Act::Consent, text.to_owned()));
        }
    }
    if wizard.rechecks().is_some() {
        let text = "make one of the checks again";
        found.push((Act::Recheck, text.to_owned()));
    }
    if wizard.choosable().is_some() && wizard.refuse_picking().is_none() {
        let text = "choose what is moved: take or leave out schemas and tables";
        found.push((Act::Choose, text.to_owned()));
    }
    let schema = session.current == Step::Schema && session.state(Step::Schema) != State::Done;
    if schema && wizard.obstacle_to_look(&Look::Schema).is_none() {
        let text = "read what would run on the target, before it runs";
        found.push((Act::Preview, text.to_owned()));
    }
    if session.current == Step::Application {
        if wizard.obstacle_to_name_application().is_none() {
            let text = "name the application's folder, and look at its files";
            found.push((Act::Application, text.to_owned()));
        }
        let ways = [
            (
                Switching::Write,
                "let the application's files lead to the target",
            ),
            (
                Switching::Undo,
                "put the application's files back as they were",
            ),
        ];
        let ways = ways.into_iter();
        let can = ways.filter(|(way, _)| wizard.obstacle_to_switch(*way).is_none());
        found.extend(can.map(|(way, text)| (Act::Switch(way), text.to_owned())));
    }
    found.extend(over_and_back(wizard));
    if can_open(wizard) {
        let text = "open a table: its columns, and rows of both sides";
        found.push((Act::Open, text.to_owned()));
    }
    found
}

/// What can be done about the cutting over, and the way back.
fn over_and_back(wizard: &Wizard) -> Vec<(Act, String)> {
    let is_here = wizard.session().current == Step::Cutover;
    let mut found = Vec::new();
    if is_here {
        found.extend(cut_over(wizard));
    }
    if is_here && wizard.obstacle_to_abandon().is_none() {
        let text = "undo the cutting over that was begun";
        found.push((Act::Abandon, text.to_owned()));
    }
    found.extend(way_back(wizard));
    found
}

fn cut_over(wizard: &Wizard) -> Option<(Act, String)> {
    let (act, text) = match &wizard.session().cutting {
        _ if wizard.waits_for_connection() => (
            Act::ConnectionSet,
            "the application's connection is set: try it",
        ),
        _ if wizard.obstacle_to_cut_over().is_some() => return None,
        Some(_) => (Act::CutOver, "go on with cutting the application over"),
        None => (Act::CutOver, "cut the application over to the target"),
    };
    Some((act, text.to_owned()))
}

fn way_back(wizard: &Wizard) -> Option<(Act, String)> {
    let is_open =
        wizard.session().current >= Step::Application && wizard.obstacle_to_roll_back().is_none();
    let text = "look at the way back to the old database, and rehearse or go it";
    is_open.then(|| (Act::WayBack, text.to_owned()))
}

/// Whether the comparison is looked at, and its tables can be opened.
fn can_open(wizard: &Wizard) -> bool {
    let session = wizard.session();
    match session.report(Step::Compare) {
        Some(Report::Compare(found)) if session.current == Step::Compare => {
            let look = found.tables.first().map(Look::at);
            look.is_some_and(|look| wizard.obstacle_to_look(&look).is_none())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Record, Session};
    use crate::wizard::Event;
    use jiff::Timestamp;

    fn wizard(states: &[State], connected: bool) -> Wizard {
        let at = Timestamp::UNIX_EPOCH;
        let mut session = Session::new(at, 1);
        for (step, state) in Step::ALL.into_iter().zip(states) {
            let state = *state;
            let record = Record {
                state,
                ..Record::default()
            };
            session.steps.insert(step, record);
        }
        let mut wizard = Wizard::new(session);
        for side in [Side::Source, Side::Target]
            .into_iter()
            .filter(|_| connected)
        {
            let url = format!("postgresql://u@{}/d", side.name());
            wizard.handle(Event::Described { side, url }, at);
        }
        wizard.handle(Event::Opened, at);
        wizard
    }

    fn acts(wizard: &Wizard) -> Vec<Act> {
        of(wizard).0.into_iter().map(|(act, _)| act).collect()
    }

    #[test]
    fn what_brings_it_on_is_first_and_leaving_last() {
        let begun = wizard(&[State::Done], false);
        assert_eq!(acts(&begun)[0], Act::Connect);
        let connected = wizard(&[State::Done], true);
        assert_eq!(acts(&connected)[0], Act::Run(Step::Connections));
        assert_eq!(acts(&connected)[1], Act::Change(Side::Source));
        let stopped = wizard(&[State::Done, State::Done, State::Interrupted], true);
        let (found, default) = of(&stopped);
        assert_eq!(found[default].1, "go on with inventory");
        assert_eq!(found.last().unwrap().0, Act::Leave);
    }

    #[test]
    fn what_cannot_be_done_is_not_offered() {
        let mut early = wizard(&[State::Done, State::Done], true);
        early.handle(Event::Show(Step::Transfer), Timestamp::UNIX_EPOCH);
        let found = acts(&early);
        assert!(!found.contains(&Act::Run(Step::Transfer)), "{found:?}");
        assert_eq!(found[0], Act::Steps);
    }

    #[test]
    fn what_is_signed_keeps_its_number() {
        let mut states = [State::Done; 9];
        states[8] = State::AwaitingSignOff;
        let mut wizard = wizard(&states, true);
        let session = Session {
            checklist: crate::wizard::checklist::standard(),
            ..wizard.session().clone()
        };
        wizard = Wizard::new(session);
        let signatures = |wizard: &Wizard| {
            let acts = acts(wizard).into_iter();
            acts.take_while(|act| matches!(act, Act::Sign(_)))
                .collect::<Vec<_>>()
        };
        let before = signatures(&wizard);
        assert_eq!(before.len(), 5);
        let (item, by) = ("performance".to_owned(), "Ada".to_owned());
        wizard.handle(Event::Sign { item, by }, Timestamp::UNIX_EPOCH);
        assert_eq!(signatures(&wizard), before);
        assert!(of(&wizard).0[1].1.contains("Ada has signed"));
    }

    #[test]
    fn a_step_that_others_build_on_is_run_again_only_after_a_question() {
        let mut done = wizard(&[State::Done; 8], true);
        done.handle(Event::Show(Step::Schema), Timestamp::UNIX_EPOCH);
        assert_eq!(
            acts(&done)[..2],
            [Act::Show(Step::Transfer), Act::RunAgain(Step::Schema)]
        );
    }

    #[test]
    fn what_a_step_has_to_offer_is_offered_there_alone() {
        let mut wizard = wizard(&[State::Done; 4], true);
        assert!(acts(&wizard).contains(&Act::Preview));
        wizard.handle(Event::Show(Step::Backup), Timestamp::UNIX_EPOCH);
        let found = acts(&wizard);
        for act in [Act::Preview, Act::Choose, Act::Open, Act::Direct] {
            assert!(!found.contains(&act), "{act:?}");
        }
    }

    #[test]
    fn the_direct_host_is_offered_where_the_pooled_one_failed() {
        let at = Timestamp::UNIX_EPOCH;
        let mut wizard = wizard(&[State::Done, State::Failed], true);
        assert!(!acts(&wizard).contains(&Act::Direct));
        let url = "postgresql://u@ep-cool-1-pooler.eu-central-1.aws.neon.tech/d".to_owned();
        let side = Side::Target;
        wizard.handle(Event::Described { side, url }, at);
        let (found, _) = of(&wizard);
        let direct = found.iter().find(|(act, _)| *act == Act::Direct).unwrap();
        assert!(direct.1.contains("ep-cool-1.eu-central-1.aws.neon.tech"));
        assert_eq!(found[0].0, Act::Run(Step::Connections));
    }
}
