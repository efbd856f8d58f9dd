//! The machine while the target is watched: its time counts from its first start, and every probe is
//! in the session at once.

use super::{Effect, News, Phase, RunId, Wizard};
use crate::session::report::{Report, Watch};
use crate::session::{Record, State, Step};
use jiff::Timestamp;

/// The record of a step that begins. A watch goes on with what an earlier run found, unless that was
/// done: then it begins anew.
pub(super) fn begun(step: Step, before: Option<Record>, now: Timestamp) -> Record {
    let record = Record {
        state: State::Running,
        started: Some(now),
        ..Record::default()
    };
    if step != Step::Watch {
        return record;
    }
    let before = before.filter(|before| before.state != State::Done);
    Record {
        since: before
            .as_ref()
            .and_then(|before| before.since)
            .or(Some(now)),
        report: before.and_then(|before| before.report),
        ..record
    }
}

impl Wizard {
    pub(super) fn watched(&mut self, told: RunId, report: Box<Watch>) -> Vec<Effect> {
        match self.phase {
            Phase::Working { run, step, .. } if run == told => {
                let record = self.session.steps.entry(step).or_default();
                record.report = Some(Report::Watch(report.clone()));
                vec![Effect::Tell(News::Watched(report))]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::session::report::Check;
    use crate::wizard::tests::{at, signed};
    use crate::wizard::{Event, Outcome};

    fn report(second: i64, checks: Vec<Check>) -> Box<Watch> {
        Box::new(Watch {
            since: at(20),
            until: at(100),
            at: at(second),
            next: None,
            probes: 1,
            missed: 0,
            woken: 0,
            checks,
            raised_now: Vec::new(),
            over_now: Vec::new(),
            alarms: Vec::new(),
            figures: Vec::new(),
            latency: Vec::new(),
            connections: Vec::new(),
            hits: Vec::new(),
            last: None,
            cost: String::new(),
            history: String::new(),
        })
    }

    fn running(wizard: &mut Wizard, second: i64) -> RunId {
        wizard.handle(Event::Run(Step::Watch), at(second));
        match wizard.phase() {
            Phase::Working { run, .. } => run,
            Phase::Idle => panic!("it does not run"),
        }
    }

    fn ended(wizard: &mut Wizard, run: RunId, report: Box<Watch>) -> State {
        let result = Ok(Box::new(Report::Watch(report)));
        wizard.handle(Event::Finished { run, result }, at(99));
        wizard.session().state(Step::Watch)
    }

    fn since(wizard: &Wizard) -> Option<Timestamp> {
        wizard.session().steps[&Step::Watch].since
    }

    #[test]
    fn its_time_counts_from_its_first_start_until_it_is_done() {
        let mut wizard = signed();
        let run = running(&mut wizard, 20);
        let report_20 = report(20, Vec::new());
        wizard.handle(
            Event::Watched {
                run,
                report: report_20,
            },
            at(20),
        );
        let result = Err(Failure::interrupted("stopped"));
        wizard.handle(Event::Finished { run, result }, at(21));
        assert_eq!(wizard.session().state(Step::Watch), State::Interrupted);
        assert!(
            wizard.session().report(Step::Watch).is_some(),
            "what it saw stays"
        );
        assert_eq!(wizard.outcome(), Outcome::Done, "the migration stays done");

        let run = running(&mut wizard, 50);
        assert_eq!(since(&wizard), Some(at(20)));
        let bad = vec![Check::bad("Size", "full")];
        assert_eq!(ended(&mut wizard, run, report(100, bad)), State::Failed);
        let run = running(&mut wizard, 110);
        assert_eq!(since(&wizard), Some(at(20)), "looked at once more");
        assert_eq!(
            ended(&mut wizard, run, report(110, Vec::new())),
            State::Done
        );
        running(&mut wizard, 200);
        assert_eq!(since(&wizard), Some(at(200)), "a new watch");
    }

    #[test]
    fn one_probe_of_many_is_not_the_end() {
        let mut wizard = signed();
        let run = running(&mut wizard, 20);
        let state = ended(&mut wizard, run, report(30, Vec::new()));
        assert_eq!(state, State::Interrupted);
    }

    #[test]
    fn a_probe_is_saved_and_told_at_once_and_an_older_runs_is_ignored() {
        let mut wizard = signed();
        let run = running(&mut wizard, 20);
        let told = |wizard: &mut Wizard, run| {
            let report = report(30, Vec::new());
            wizard.handle(Event::Watched { run, report }, at(30))
        };
        let effects = told(&mut wizard, run);
        assert!(matches!(
            effects[..],
            [Effect::Save, Effect::Tell(News::Watched(_))]
        ));
        assert_eq!(told(&mut wizard, run - 1), []);
    }
}
