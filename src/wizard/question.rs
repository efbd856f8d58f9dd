//! The machine's questions: what is asked before work is stopped or done again, what each answer
//! does; and the pause, which is one of them.

use super::order::invalidates;
use super::{Effect, Phase, Steering, Switching, Wizard, refused, target_database};
use crate::config::Select;
use crate::figures::counted;
use crate::session::report::Report;
use crate::session::{Cleaning, State, Step};
use jiff::Timestamp;

/// A question that waits for an answer. It is state: a late answer to an older one is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its number.
    pub number: u64,
    /// What is asked.
    pub text: String,
    /// What can be answered. The first one is the default: it changes nothing.
    pub answers: Vec<Answer>,
}

impl Question {
    /// It with the letters of its answers, where there is room for no more.
    pub fn in_a_line(&self) -> String {
        let answers = self.answers.iter();
        let answers = answers.map(|answer| format!("{} {}", answer.key, answer.word));
        format!("{} {}", self.text, answers.collect::<Vec<_>>().join(", "))
    }
}

/// One answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Itself, in a word or two.
    pub word: &'static str,
    /// The letter that gives it, one of [`Answer::LETTERS`]; no other answer of the question has it.
    pub key: char,
    /// What it does, for the person.
    pub does: String,
    act: Act,
}

/// What is done on an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    Pick(Box<Select>),
    Steer(Steering),
    StopAndLeave,
    RunAgain(Step),
    Switch(Switching),
    CleanUp(Cleaning),
    /// As `CleanUp`, and the ledger is dropped: never by an answer alone.
    DropLedger {
        remove_dump: bool,
    },
    ConnectionSet,
    Abandon,
}

impl Answer {
    /// The letters that answers have: no and yes; keep, pause, go on and stop; more and fewer; dump and
    /// backup.
    pub const LETTERS: [char; 10] = ['n', 'y', 'k', 'p', 'g', 's', '+', '-', 'd', 'b'];

    pub(super) fn new(key: char, word: &'static str, does: impl Into<String>, act: Act) -> Self {
        let does = does.into();
        Self {
            word,
            key,
            does,
            act,
        }
    }
}

impl Answer {
    /// Whether it drops the ledger, which it never does alone: the name of the target's database is typed
    /// for it, and goes with [`Event::CleanUp`](super::Event::CleanUp). If so, whether the dump goes, too.
    pub fn drops_ledger(&self) -> Option<bool> {
        match self.act {
            Act::DropLedger { remove_dump } => Some(remove_dump),
            _ => None,
        }
    }
}

impl Wizard {
    pub(super) fn ask(&mut self, text: String, answers: Vec<Answer>) -> Vec<Effect> {
        self.counter += 1;
        self.question = Some(Question {
            number: self.counter,
            text,
            answers,
        });
        Vec::new()
    }

    /// Stops what runs, a second time also leaves, whether it has come to its end meanwhile or not;
    /// with nothing running it asks, and a second time leaves.
    pub(super) fn stop(&mut self) -> Vec<Effect> {
        let asked = self.question.take();
        if self.errand.is_some() {
            return self.stop_errand();
        }
        let leaves = |answer: &Answer| answer.act == Act::StopAndLeave;
        match &mut self.phase {
            Phase::Idle
                if self.stopped || asked.is_some_and(|asked| asked.answers.iter().any(leaves)) =>
            {
                vec![Effect::Exit(self.outcome())]
            }
            Phase::Idle => self.ask(
                "Leave? Pressing Ctrl-C again leaves too.".to_owned(),
                vec![
                    Answer::new('n', "stay", "everything stays as it is", Act::Nothing),
                    Answer::new(
                        'y',
                        "leave",
                        "all that was done is saved; the next start goes on from here",
                        Act::StopAndLeave,
                    ),
                ],
            ),
            Phase::Working { run, stopping, .. } if !*stopping => {
                *stopping = true;
                vec![Effect::Cancel { run: *run }]
            }
            Phase::Working { leaving, .. } => {
                *leaving = true;
                Vec::new()
            }
        }
    }

    /// Leaves; with work in progress it asks what becomes of it.
    pub(super) fn leave(&mut self) -> Vec<Effect> {
        self.ask_what_becomes(Vec::new())
    }

    /// As [`Wizard::leave`], with the number of workers among what can be changed. With nothing
    /// running there is nothing to ask: what was to be asked about has just ended.
    pub(super) fn inquire(&mut self) -> Vec<Effect> {
        if !self.is_busy() {
            return Vec::new();
        }
        let workers = match self.refuse_steering() {
            Some(_) => Vec::new(),
            None => vec![
                Answer::new(
                    '+',
                    "one worker more",
                    "rows are carried by one more at a time",
                    Act::Steer(Steering::MoreWorkers),
                ),
                Answer::new(
                    '-',
                    "one worker fewer",
                    "one ends after its chunk, which eases the servers",
                    Act::Steer(Steering::FewerWorkers),
                ),
            ],
        };
        self.ask_what_becomes(workers)
    }

    fn ask_what_becomes(&mut self, more: Vec<Answer>) -> Vec<Effect> {
        let Phase::Working { step, paused, .. } = self.phase else {
            return self.leave_errand();
        };
        if let Phase::Working {
            stopping: true,
            leaving,
            ..
        } = &mut self.phase
        {
            // It stops already: nothing is left to be asked.
            *leaving = true;
            return Vec::new();
        }
        let state = if paused { "paused" } else { "running" };
        let mut answers = match paused {
            true => answers_to_a_pause(),
            false => answers_to_work(step),
        };
        answers.extend(more);
        answers.push(Answer::new(
            's',
            "stop and leave",
            "it stops safely, the program ends, and the next start goes on from here",
            Act::StopAndLeave,
        ));
        self.ask(
            format!("{step} is {state}. What shall become of it?"),
            answers,
        )
    }

    /// Leaves; asks first when something outside of the steps is under way.
    fn leave_errand(&mut self) -> Vec<Effect> {
        let Some(errand) = self.errand() else {
            return vec![Effect::Exit(self.outcome())];
        };
        let does = "it stops safely, the program ends, and a later start finishes or undoes it";
        let answers = vec![
            Answer::new('k', "keep going", "it goes on", Act::Nothing),
            Answer::new('s', "stop and leave", does, Act::StopAndLeave),
        ];
        let text = format!(
            "{}. What shall become of it?",
            capitalised(errand.in_words())
        );
        self.ask(text, answers)
    }

    /// Takes everything; asks first, with how much was left out.
    pub(super) fn ask_for_all(&mut self, all: Box<Select>) -> Vec<Effect> {
        if let Some(why) = self.refuse_picking() {
            return refused(why);
        }
        let Some(found) = self.choosable() else {
            return refused("there is nothing to choose from".to_owned());
        };
        let left_out = found.tables.len() - found.selected().count();
        let text = format!(
            "{} left out now. Take all?",
            match left_out {
                1 => "1 table is".to_owned(),
                some => format!("{} are", counted(some as u64, "table")),
            }
        );
        let does = "every table is taken; what was left out is not remembered";
        let answers = vec![
            Answer::new('n', "cancel", "everything stays as it is", Act::Nothing),
            Answer::new('y', "take all", does, Act::Pick(all)),
        ];
        self.ask(text, answers)
    }

    /// Runs a step again; asks first when later steps build on what it made.
    pub(super) fn again(&mut self, step: Step, now: Timestamp) -> Vec<Effect> {
        if let Some(obstacle) = self.obstacle(step) {
            return refused(obstacle);
        }
        let built_upon = self.session.steps.keys().any(|later| *later > step);
        if step < Step::Schema || self.session.state(step) != State::Done || !built_upon {
            return self.run(step, now);
        }
        let text = self.what_again_costs(step);
        let done = |later: &&Step| self.session.steps.contains_key(later);
        let redone = invalidates(step).iter().filter(done);
        let redone: Vec<&str> = redone.map(|step| step.name()).collect();
        let does = match redone.is_empty() {
            true => format!("{step} is run again"),
            false => format!(
                "what builds on it is to be done again: {}",
                redone.join(", ")
            ),
        };
        let answers = vec![
            Answer::new('n', "cancel", "everything stays as it is", Act::Nothing),
            Answer::new('y', "run it again", does, Act::RunAgain(step)),
        ];
        self.ask(text, answers)
    }

    /// The question before a done step is run again: where, and how much is there already.
    fn what_again_costs(&self, step: Step) -> String {
        let session = &self.session;
        let place = match session.report(Step::Connections) {
            Some(Report::Connections(found)) => Some(found.target.endpoint.clone()),
            _ => None,
        };
        let database = target_database(session);
        let place = match (place, database) {
            (Some(place), Some(database)) if !place.ends_with(&format!("/{database}")) => {
                format!("{place}/{database}")
            }
            (Some(place), _) | (None, Some(place)) => place,
            (None, None) => "the target".to_owned(),
        };
        let there = |tables: usize, rows: u64, how: &str| {
            let (tables, rows) = (counted(tables as u64, "table"), counted(rows, "row"));
            format!("{tables}, {rows} are {how} already. ")
        };
        let moved = match session.report(Step::Transfer) {
            Some(Report::Transfer(moved)) => Some(moved),
            _ => None,
        };
        let amount = match session.report(Step::Compare) {
            Some(Report::Compare(found)) => {
                let tables = found.tables.iter();
                let tables = tables.filter(|table| !table.left_out && !table.is_large_objects());
                let rows = tables.clone().filter_map(|table| table.target_rows);
                there(tables.count(), rows.sum(), "compared")
            }
            _ => moved.map_or_else(String::new, |moved| {
                let rows = moved.tables.iter().map(|table| table.rows).sum();
                there(moved.tables.len(), rows, "in")
            }),
        };
        format!("{place}: {amount}Run {step} again?")
    }

    /// Carries out an answer to the question that is open.
    pub(super) fn answer(&mut self, number: u64, at: usize, now: Timestamp) -> Vec<Effect> {
        let open = self.question.as_ref().filter(|open| open.number == number);
        let Some(act) = open.and_then(|open| Some(open.answers.get(at)?.act.clone())) else {
            return Vec::new();
        };
        self.question = None;
        match (act, &mut self.phase) {
            (Act::Nothing, _) => Vec::new(),
            (Act::Pick(select), _) => self.pick(*select),
            (Act::Steer(steering), _) => self.steer(steering),
            (Act::RunAgain(step), _) => self.run(step, now),
            (Act::Switch(way), _) => self.switch(way),
            (Act::CleanUp(cleaning), _) => self.clean_up(cleaning, now),
            (Act::DropLedger { .. }, _) => {
                refused("the ledger is dropped once its database's name is typed".to_owned())
            }
            (Act::ConnectionSet, _) => self.connection_set(),
            (Act::Abandon, _) => self.abandon(),
            (Act::StopAndLeave, Phase::Idle) => vec![Effect::Exit(self.outcome())],
            (
                Act::StopAndLeave,
                Phase::Working {
                    run,
                    stopping,
                    leaving,
                    ..
                },
            ) => {
                (*stopping, *leaving) = (true, true);
                vec![Effect::Cancel { run: *run }]
            }
        }
    }

    /// Passes on how the running transfer is steered.
    pub(super) fn steer(&mut self, steering: Steering) -> Vec<Effect> {
        if let Some(why) = self.refuse_steering() {
            return refused(why);
        }
        let Phase::Working { run, paused, .. } = &mut self.phase else {
            return Vec::new();
        };
        match steering {
            Steering::Pause => *paused = true,
            Steering::GoOn => *paused = false,
            Steering::MoreWorkers | Steering::FewerWorkers => {}
        }
        let run = *run;
        vec![Effect::Steer { run, steering }]
    }

    /// Why nothing can be paused now, and no worker added; `None` while a transfer runs.
    pub fn refuse_steering(&self) -> Option<String> {
        match self.phase {
            Phase::Working { stopping: true, .. } => Some("it is stopping already".to_owned()),
            Phase::Working { step, .. } if can_pause(step) => None,
            Phase::Working { step, .. } => Some(format!(
                "{step} cannot be paused; Ctrl-C stops it safely, and it can be run again"
            )),
            Phase::Idle => Some("no transfer is running".to_owned()),
        }
    }
}

fn capitalised(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}", first.to_uppercase())
}

fn answers_to_a_pause() -> Vec<Answer> {
    let go_on = Act::Steer(Steering::GoOn);
    vec![
        Answer::new('n', "stay", "nothing moves until you go on", Act::Nothing),
        Answer::new('g', "go on", "the pause is over", go_on),
    ]
}

fn answers_to_work(step: Step) -> Vec<Answer> {
    let keep = format!("{step} goes on");
    let mut answers = vec![Answer::new('k', "keep going", keep, Act::Nothing)];
    if can_pause(step) {
        let does = "what is under way is finished, then nothing moves until you go on; the connections stay open, and changes of the source's tables (ALTER, DROP) wait meanwhile";
        let pause = Act::Steer(Steering::Pause);
        answers.push(Answer::new('p', "pause", does, pause));
    }
    answers
}

/// The steps whose work waits between its parts.
fn can_pause(step: Step) -> bool {
    step == Step::Transfer
}

#[cfg(test)]
mod tests;
