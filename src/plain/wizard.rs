//! The exchange itself: where the migration stands, what can be done, what was chosen.

use super::choices::{self, Act};
use super::messages::Remembered;
use super::person::answers;
use super::{
    Break, Options, Person, checklist, choosing, connections, consent, cutting, help, listing, look,
};
use crate::failure::Failure;
use crate::figures::counted;
use crate::headless::{self, Voice};
use crate::invocation::Invocation;
use crate::runner::Runner;
use crate::session::report::{Check, Verdict};
use crate::session::{Cleaning, State, Step};
use crate::switch::named_folder;
use crate::watch::spacing::BEFORE;
use crate::wizard::{Effect, Event, News, Outcome, Side, target_database};
use jiff::tz::TimeZone;

/// The steps whose result is worth a choice: the person goes on from there.
const LOOKED_AT: [Step; 5] = [
    Step::Inventory,
    Step::Compare,
    Step::Application,
    Step::Cutover,
    Step::Cleanup,
];

/// The wizard in lines.
pub(super) struct Lines<'a> {
    pub(super) person: &'a mut Person,
    pub(super) runner: &'a mut Runner,
    pub(super) voice: Remembered<'a>,
    pub(super) signer: String,
    pub(super) invocation: Invocation,
    log: String,
    said_how_to_stop: bool,
    /// What was told in full last.
    told: Option<(Step, State)>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(
        person: &'a mut Person,
        runner: &'a mut Runner,
        voice: &'a mut dyn Voice,
        options: &Options,
    ) -> Self {
        Self {
            person,
            voice: Remembered::new(voice, runner.wizard().session()),
            runner,
            signer: options.signer.clone(),
            invocation: options.invocation.clone(),
            log: options.log.display().to_string(),
            said_how_to_stop: false,
            told: None,
        }
    }

    /// Goes on until the person leaves; the passwords of the sides in `ask` are asked for first.
    pub(super) async fn go(&mut self, ask: &[Side]) -> Result<Outcome, Break> {
        self.tell_failure();
        for side in ask {
            connections::ask_password(self, *side).await?;
        }
        loop {
            self.tell_step();
            let (found, default) = choices::of(self.runner.wizard());
            let (acts, texts): (Vec<Act>, Vec<String>) = found.into_iter().unzip();
            self.person.say("What now?");
            let chosen = self.person.choose(&texts, default).await?;
            if let Some(outcome) = self.carry_out(&acts[chosen]).await? {
                return Ok(outcome);
            }
        }
    }

    /// Says again why a step failed that failed when the session was open before.
    fn tell_failure(&mut self) {
        let session = self.runner.wizard().session();
        let step = session.current;
        let failure = session.steps.get(&step).and_then(|r| r.failure.clone());
        if let (State::Failed, Some(failure)) = (session.state(step), failure) {
            self.voice.again(&News::Failed(step, failure), session);
        }
    }

    /// Where it stands; all that is to be known of it once, not after every answer.
    fn tell_step(&mut self) {
        let session = self.runner.wizard().session();
        let (step, state) = (session.current, session.state(session.current));
        let place = Step::COURSE.iter().position(|other| *other == step);
        let place = match place {
            Some(place) => format!("Step {} of {}", place + 1, Step::COURSE.len()),
            None => "Afterwards".to_owned(),
        };
        let open = match state {
            State::AwaitingSignOff => self.runner.wizard().open_items().count(),
            _ => 0,
        };
        let open = match open {
            0 => String::new(),
            open => format!("; {} still open", counted(open as u64, "item")),
        };
        let word = state.word();
        let mut lines = vec![String::new(), format!("{place}, {step}: {word}{open}.")];
        if self.told.replace((step, state)) != Some((step, state)) {
            lines.extend(self.about_step(step, state));
        }
        lines.iter().for_each(|line| self.person.say(line));
    }

    fn about_step(&self, step: Step, state: State) -> Vec<String> {
        let wizard = self.runner.wizard();
        let session = wizard.session();
        let report = self.runner.report_file();
        let report = (step == Step::Cutover && report.exists())
            .then(|| format!("  The report to hand over: {}", report.display()));
        if state == State::Done {
            return report.into_iter().collect();
        }
        let mut lines = vec![format!("  {}", step.purpose())];
        if step == Step::Connections {
            let sides = [Side::Source, Side::Target];
            lines.extend(sides.map(|side| format!("  {}", connections::known(self.runner, side))));
        }
        let obstacle = wizard.obstacle(step);
        let obstacle = obstacle.filter(|_| state != State::AwaitingSignOff);
        lines.extend(obstacle.map(|why| format!("  Not yet: {why}.")));
        if let Some((failed, failure)) = wizard.failed_before(step) {
            lines.push(format!(
                "  ✗ {failed}, before this step, has failed: {failure}."
            ));
        }
        if step == Step::Cleanup {
            let plan = headless::cleanup_lines(&wizard.cleanup_plan());
            lines.extend(plan.into_iter().map(|line| format!("  {line}")));
        }
        if step == Step::Watch {
            lines.extend(BEFORE.map(|text| format!("  {text}")));
        }
        if step == Step::Cutover {
            lines.extend(
                session
                    .cutting
                    .iter()
                    .map(|cutting| format!("  {}.", cutting.in_words())),
            );
            let items = checklist::lines(session).into_iter();
            lines.extend(items.map(|item| format!("    {item}")));
        }
        lines.extend(report);
        lines
    }

    /// Does what was chosen; `Some` when the program ends with it.
    async fn carry_out(&mut self, act: &Act) -> Result<Option<Outcome>, Break> {
        match act {
            Act::Run(Step::Cleanup) => {
                return self.asked(Step::Cleanup, Event::Run(Step::Cleanup)).await;
            }
            Act::Run(step) => return self.run(*step).await,
            Act::RunAgain(step) => return self.asked(*step, Event::Again(*step)).await,
            Act::Recheck => return self.recheck().await,
            Act::Show(step) => return self.dispatch(Event::Show(*step)),
            Act::Connect => return self.connect(&[Side::Source, Side::Target]).await,
            Act::Change(side) => return self.connect(&[*side]).await,
            Act::Direct => {
                let effects = self.runner.take_direct_host()?;
                self.told(effects);
                return self.run(Step::Connections).await;
            }
            Act::Consent => {
                if consent::ask(self).await? {
                    return self.run(Step::Connections).await;
                }
            }
            Act::Application => return self.name_application().await,
            Act::Switch(way) => return cutting::asked(self, Event::Switch(*way)).await,
            Act::CutOver => return cutting::over(self).await,
            Act::ConnectionSet => return cutting::asked(self, Event::AskWhetherSet).await,
            Act::Abandon => return cutting::asked(self, Event::AskToAbandon).await,
            Act::WayBack => return cutting::back(self).await,
            Act::Sign(item) => return checklist::sign(self, item).await,
            Act::Report => self.tell_report(),
            Act::Steps => return self.look_elsewhere().await,
            Act::Messages => self.tell_messages().await?,
            Act::Choose => choosing::choose(self).await?,
            Act::Preview => look::schema(self).await?,
            Act::Open => look::tables(self).await?,
            Act::Help => help::lines(&self.log)
                .iter()
                .for_each(|line| self.person.say(line)),
            Act::Leave => return self.dispatch(Event::Leave),
        }
        Ok(None)
    }

    /// Hands an event to the machine and tells what it answers; `Some` when the program ends.
    pub(super) fn dispatch(&mut self, event: Event) -> Result<Option<Outcome>, Break> {
        let effects = self.runner.dispatch(event)?;
        Ok(self.told(effects))
    }

    pub(super) fn told(&mut self, effects: Vec<Effect>) -> Option<Outcome> {
        let mut outcome = None;
        for effect in effects {
            match effect {
                Effect::Tell(news) => self.voice.news(&news, self.runner.wizard().session()),
                Effect::Exit(end) => outcome = Some(end),
                // The runner has carried these out.
                Effect::Save
                | Effect::Start { .. }
                | Effect::Look { .. }
                | Effect::Errand { .. }
                | Effect::Cancel { .. }
                | Effect::Steer { .. } => {}
            }
        }
        outcome
    }

    /// Tells why something could not be done outside of a step.
    pub(super) fn fail(&mut self, failure: &Failure) {
        self.voice.failure(failure);
    }

    /// Runs a step; when it is done, the next one is looked at, unless there is something to be
    /// done with what it found.
    async fn run(&mut self, step: Step) -> Result<Option<Outcome>, Break> {
        self.begun(step, Event::Run(step)).await
    }

    /// As [`Lines::run`], for a step that this event begins.
    pub(super) async fn begun(
        &mut self,
        step: Step,
        begin: Event,
    ) -> Result<Option<Outcome>, Break> {
        if !self.said_how_to_stop {
            self.said_how_to_stop = true;
            self.person.say(
                "While a step runs, Enter asks what shall become of it, and Ctrl-C stops it safely.",
            );
        }
        let person = &mut *self.person;
        let wish = async |question: Option<&_>| person.wish(question).await;
        let ended = headless::run_step(self.runner, (step, begin), &mut self.voice, wish).await?;
        if self.person.is_gone() {
            return Err(Break::Left);
        }
        self.person.forget_typed();
        let next = step.next();
        match (ended, self.runner.wizard().session().state(step), next) {
            (None, State::Done, Some(next)) if !LOOKED_AT.contains(&step) => {
                self.dispatch(Event::Show(next))
            }
            (ended, ..) => Ok(ended),
        }
    }

    /// Runs a step that is not begun without a question.
    async fn asked(&mut self, step: Step, begin: Event) -> Result<Option<Outcome>, Break> {
        self.dispatch(begin)?;
        let Some(question) = self.runner.wizard().question().cloned() else {
            return Ok(None);
        };
        self.person.say(&question.text);
        let answer = self.person.choose(&answers(&question), 0).await?;
        let drops_ledger = question.answers[answer].drops_ledger();
        let question = question.number;
        if let Some(remove_dump) = drops_ledger {
            self.dispatch(Event::Answer {
                question,
                answer: 0,
            })?;
            return self.drop_ledger(remove_dump).await;
        }
        let answered = Event::Answer { question, answer };
        match answer {
            0 => self.dispatch(answered),
            _ => self.begun(step, answered).await,
        }
    }

    /// Cleans up, and drops the ledger, once its database's name is typed.
    async fn drop_ledger(&mut self, remove_dump: bool) -> Result<Option<Outcome>, Break> {
        let name = target_database(self.runner.wizard().session()).unwrap_or_default();
        let Some(typed) = super::consent::typed(self, &name).await? else {
            return Ok(None);
        };
        if let Some(why) = self.runner.wizard().refuse_to_drop(&typed) {
            self.person.say(format!("✗ {why}."));
            return Ok(None);
        }
        let cleaning = Cleaning {
            ledger: Some(typed),
            remove_dump,
        };
        self.begun(Step::Cleanup, Event::CleanUp(cleaning)).await
    }

    /// Lets the person choose a check, and makes it again.
    async fn recheck(&mut self) -> Result<Option<Outcome>, Break> {
        let checks = self.runner.wizard().rechecks().unwrap_or_default().to_vec();
        let told = |check: &Check| format!("{}: {}", check.name, check.found);
        let texts: Vec<String> = checks.iter().map(told).collect();
        let worst = checks
            .iter()
            .position(|check| check.verdict == Verdict::Bad);
        let chosen = self
            .person
            .choose(&texts, worst.unwrap_or_default())
            .await?;
        let again = Event::Recheck(checks[chosen].name.clone());
        self.begun(Step::Prerequisites, again).await
    }

    /// Asks where the application is, and looks at it.
    async fn name_application(&mut self) -> Result<Option<Outcome>, Break> {
        let prompt = "The application's folder (Enter alone: none): ";
        let typed = self.person.ask(prompt).await?;
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        match named_folder(typed) {
            Err(wrong) => {
                self.person.say(format!("✗ {wrong}."));
                Ok(None)
            }
            Ok(folder) => {
                self.dispatch(Event::Application(folder))?;
                self.run(Step::Application).await
            }
        }
    }

    /// Asks for connections and tests them.
    async fn connect(&mut self, sides: &[Side]) -> Result<Option<Outcome>, Break> {
        for side in sides {
            if !connections::ask(self, *side).await? {
                return Ok(None);
            }
        }
        if self.runner.wizard().needs_connections() {
            return Ok(None);
        }
        self.run(Step::Connections).await
    }

    fn tell_report(&mut self) {
        let session = self.runner.wizard().session();
        let report = session.report(session.current);
        let lines = report.map(|report| headless::report_lines(report, &self.invocation));
        let lines = lines.unwrap_or_default();
        lines
            .iter()
            .for_each(|line| self.person.say(format!("    {line}")));
    }

    async fn look_elsewhere(&mut self) -> Result<Option<Outcome>, Break> {
        let session = self.runner.wizard().session();
        let told = |step: Step| format!("{step}: {}", session.state(step).word());
        let steps = Step::ALL.map(told);
        let here = Step::ALL.iter().position(|step| *step == session.current);
        let chosen = self.person.choose(&steps, here.unwrap_or_default()).await?;
        self.dispatch(Event::Show(Step::ALL[chosen]))
    }

    /// What happened, the newest first.
    async fn tell_messages(&mut self) -> Result<(), Break> {
        let lines = self.voice.lines(&self.invocation, &TimeZone::system());
        listing::read(self.person, &lines).await?;
        let (all, warnings) = self.voice.counts();
        self.person.say(match all {
            0 => "There are no messages.".to_owned(),
            _ => {
                let warnings = counted(warnings as u64, "warning");
                format!("These are all messages, the newest first, with {warnings}.")
            }
        });
        self.person.say(format!("More is in the log: {}", self.log));
        Ok(())
    }
}
