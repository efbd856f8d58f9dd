//! The person at a terminal of lines: what is told and asked, and the lines that are typed.

use super::Break;
use super::echo::EchoOff;
use crate::headless::Output;
use crate::secret::Secret;
use crate::signals::{Signals, Told, refuse_suspension};
use crate::wizard::{Event, Question, Steering};
use futures_util::{FutureExt, StreamExt};
use rustix::process::{Signal as Unix, getpid, kill_process};
use rustix::termios::{QueueSelector, tcflush};
use std::future::pending;
use std::io;
use tokio::io::{Stdin, stdin};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

/// The longest line that is taken, in bytes; a terminal gives no longer one.
const LONGEST: usize = 8192;

/// The person.
pub struct Person {
    output: Output,
    lines: FramedRead<Stdin, LinesCodec>,
    signals: Signals,
    hidden: Option<EchoOff>,
    /// What was asked last, to be asked again behind what the shell has said meanwhile.
    prompt: String,
    /// The question that was told last.
    asked: Option<u64>,
    gone: bool,
}

/// What came from the person.
enum Heard {
    /// A line.
    Line(String),
    /// Ctrl-C.
    Stop,
    /// The end of the input, or of the terminal.
    End,
}

impl Person {
    /// Begins to listen to the terminal and to signals.
    ///
    /// # Errors
    /// The system refuses to tell of signals.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            output: Output::stdout(),
            lines: FramedRead::new(stdin(), LinesCodec::new_with_max_length(LONGEST)),
            signals: Signals::new()?,
            hidden: None,
            prompt: String::new(),
            asked: None,
            gone: false,
        })
    }

    /// Tells a line.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.output.line(text.as_ref());
    }

    /// Whether nobody is there any more.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Waits for Ctrl-C or the end; what is typed meanwhile is not listened to.
    pub async fn stops(&mut self) {
        loop {
            match self.signals.next().await {
                told @ (Told::Stop | Told::End) => {
                    self.gone |= told == Told::End;
                    // Behind the terminal's own `^C`.
                    self.say("");
                    return;
                }
                Told::Suspend => self.suspend().await,
                Told::Resumed => {}
            }
        }
    }

    /// What comes next. May be dropped and called again: no line gets lost.
    async fn heard(&mut self) -> Heard {
        if self.gone {
            return pending().await;
        }
        loop {
            let heard = tokio::select! {
                line = self.lines.next() => match line {
                    Some(Ok(line)) => Heard::Line(line),
                    Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                        self.say("✗ That line is too long to be an answer.");
                        continue;
                    }
                    Some(Err(LinesCodecError::Io(_))) | None => Heard::End,
                },
                told = self.signals.next() => match told {
                    Told::Stop => Heard::Stop,
                    Told::End => Heard::End,
                    Told::Suspend => {
                        self.suspend().await;
                        continue;
                    }
                    Told::Resumed => continue,
                },
            };
            self.gone |= matches!(heard, Heard::End);
            return heard;
        }
    }

    /// Goes to the background, with the terminal as the shell knows it.
    async fn suspend(&mut self) {
        if let Some(why) = refuse_suspension() {
            // Behind the terminal's own `^Z`.
            self.say("");
            self.say(format!("✗ It cannot be suspended: {why}."));
            self.output.prompt(&self.prompt);
            return;
        }
        let was_hidden = self.hidden.take().is_some();
        // SIGTSTP is ours now, so its default is carried out by the signal behind it.
        if kill_process(getpid(), Unix::STOP).is_ok() {
            self.signals.resumed().await;
        }
        if was_hidden {
            self.hidden = EchoOff::new().ok();
        }
        self.output.prompt(&self.prompt);
    }

    /// Forgets what was typed for a question that is not asked any more.
    pub(super) fn forget_typed(&mut self) {
        // Where this is refused, there is no terminal that keeps anything.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        while let Some(Some(Ok(_))) = self.lines.next().now_or_never() {}
    }

    /// Asks for a line; it comes to the letter, blanks and all: it may be a password, or a name.
    pub(super) async fn ask(&mut self, prompt: &str) -> Result<String, Break> {
        self.prompt = prompt.to_owned();
        self.output.prompt(prompt);
        let heard = self.heard().await;
        self.prompt.clear();
        match heard {
            Heard::Line(line) => Ok(line),
            Heard::Stop | Heard::End => {
                // The prompt's line is still open.
                self.say("");
                Err(Break::Left)
            }
        }
    }

    /// Asks for a line that is not shown while it is typed.
    pub(super) async fn ask_secretly(&mut self, prompt: &str) -> Result<Secret, Break> {
        // Before the prompt: whoever reads it may type at once.
        self.hidden = Some(EchoOff::new()?);
        let line = self.ask(prompt).await;
        self.hidden = None;
        Ok(Secret::new(line?))
    }

    /// Lets the person choose one of these by its number; Enter alone takes the default. Gives its
    /// place.
    pub(super) async fn choose(
        &mut self,
        answers: &[String],
        default: usize,
    ) -> Result<usize, Break> {
        self.tell_answers(answers);
        loop {
            let prompt = format!("Number (Enter alone: {}): ", default + 1);
            let line = self.ask(&prompt).await?;
            match numbered(line.trim(), answers.len(), default) {
                Some(place) => return Ok(place),
                None => self.say(format!("✗ Type a number from 1 to {}.", answers.len())),
            }
        }
    }

    fn tell_answers(&mut self, answers: &[String]) {
        for (at, answer) in answers.iter().enumerate() {
            self.say(format!("  {}. {answer}", at + 1));
        }
    }

    /// What the person wants while a step runs: Enter asks what becomes of it, `+` and `-` change the
    /// number of workers at once, Ctrl-C stops it; an open question is asked once and answered by number. May be dropped and called again.
    pub(super) async fn wish(&mut self, question: Option<&Question>) -> Event {
        if let Some(question) = question
            && self.asked != Some(question.number)
        {
            self.asked = Some(question.number);
            self.tell_question(question);
        }
        loop {
            match (self.heard().await, question) {
                (Heard::Stop | Heard::End, _) => return Event::Stop,
                (Heard::Line(line), None) => return wished(&line),
                (Heard::Line(line), Some(question)) => {
                    let Some(answer) = answered(question, &line) else {
                        self.tell_question(question);
                        continue;
                    };
                    self.say(format!("▸ {}.", question.answers[answer].word));
                    let question = question.number;
                    return Event::Answer { question, answer };
                }
            }
        }
    }

    fn tell_question(&mut self, question: &Question) {
        self.say(&question.text);
        self.tell_answers(&answers(question));
        self.output.prompt("Number (Enter alone: 1): ");
    }
}

/// What a line means that is typed while a step runs, and nothing was asked.
fn wished(line: &str) -> Event {
    match line.trim() {
        "+" => Event::Steer(Steering::MoreWorkers),
        "-" => Event::Steer(Steering::FewerWorkers),
        _ => Event::Inquire,
    }
}

/// A question's answers, the default first.
pub(super) fn answers(question: &Question) -> Vec<String> {
    let answers = question.answers.iter();
    answers
        .map(|answer| format!("{}: {}", answer.word, answer.does))
        .collect()
}

/// The place of the answer that a typed line gives to a question; `None` when it is none.
fn answered(question: &Question, line: &str) -> Option<usize> {
    numbered(line.trim(), question.answers.len(), 0)
}

/// The place that a typed number from 1 means; nothing typed means the default.
fn numbered(line: &str, count: usize, default: usize) -> Option<usize> {
    if line.is_empty() {
        return Some(default);
    }
    let number: usize = line.trim_end_matches('.').parse().ok()?;
    (1..=count).contains(&number).then(|| number - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Session, Step};
    use crate::wizard::Wizard;
    use jiff::Timestamp;

    #[test]
    fn a_number_is_one_of_those_that_were_told() {
        assert_eq!(numbered("", 3, 1), Some(1));
        assert_eq!(numbered("3", 3, 1), Some(2));
        assert_eq!(numbered("2.", 3, 1), Some(1));
        for wrong in ["0", "4", "-1", "yes", "1 2", "99999999999999999999"] {
            assert_eq!(numbered(wrong, 3, 1), None, "{wrong}");
        }
    }

    #[test]
    fn a_question_is_answered_no_by_enter_alone() {
        let now = Timestamp::UNIX_EPOCH;
        let mut wizard = Wizard::new(Session::new(now, 1));
        wizard.handle(Event::Opened, now);
        wizard.handle(Event::Run(Step::Prerequisites), now);
        wizard.handle(Event::Leave, now);
        let question = wizard.question().unwrap();
        assert_eq!(answered(question, " "), Some(0));
        assert_eq!(question.answers[0].word, "keep going");
        assert_eq!(answered(question, "2"), Some(1));
        assert_eq!(answered(question, "y"), None);
    }
}
