//! Messages: what happened, with its time, kept to be read again, on the screen and in plain lines.

use crate::failure::Failure;
use crate::progress::{Note, Tone};
use crate::session::report::Watch;
use crate::wizard::News;
use jiff::Timestamp;
use std::collections::VecDeque;

/// How many are kept; older ones stand in the log.
const KEPT: usize = 500;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When.
    pub at: Timestamp,
    /// How serious.
    pub tone: Tone,
    /// What happened.
    pub text: String,
    /// What to do about it.
    pub advice: Vec<String>,
    /// How often in a row; `at` is the last time.
    pub times: u32,
}

impl Message {
    /// What happened, and how often when that is more than once.
    pub fn in_words(&self) -> String {
        match self.times {
            1 => self.text.clone(),
            times => format!("{} ({times} times)", self.text),
        }
    }
}

/// All messages, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    kept: VecDeque<Message>,
    unread_warnings: usize,
}

impl Messages {
    /// Takes in notes of the running step.
    pub fn note(&mut self, notes: Vec<Note>, at: Timestamp) {
        for Note { tone, text } in notes {
            self.push(tone, text, Vec::new(), at);
        }
    }

    /// Takes in a failure outside of the steps.
    pub fn failed(&mut self, failure: &Failure, at: Timestamp) {
        let text = format!("{}. {}", failure.what, failure.why);
        self.push(Tone::Warning, text, failure.advice.clone(), at);
    }

    /// Takes in why something that was asked for is not done. It is read where it is asked, so that it
    /// does not count as unread; asked again and again, it stands here once.
    pub fn refused(&mut self, why: &str, at: Timestamp) {
        let text = format!("refused: {why}");
        match self.kept.back_mut().filter(|last| last.text == text) {
            Some(same) => (same.at, same.times) = (at, same.times.saturating_add(1)),
            None => self.keep(Tone::Warning, text, Vec::new(), at),
        }
    }

    /// Takes in news of the wizard.
    pub fn tell(&mut self, news: &News, at: Timestamp) {
        if let Some((tone, text)) = in_words(news) {
            return self.push(tone, text, Vec::new(), at);
        }
        match news {
            News::Watched(found) => self.watched(found, at),
            News::Refused(why) => self.refused(why, at),
            News::Failed(step, failure) => {
                let what = failure.what.trim_end_matches('.');
                let text = format!("{step} failed: {what}. {}", failure.why);
                self.push(Tone::Warning, text, failure.advice.clone(), at);
            }
            News::NotSwitched(failure)
            | News::NotCutOver(_, failure)
            | News::NotRecovered(failure)
            | News::NotRolledBack(failure) => self.failed(failure, at),
            _ => {}
        }
    }

    /// Of a probe, only what turns is a message.
    fn watched(&mut self, found: &Watch, at: Timestamp) {
        for alarm in found.new_alarms() {
            let text = format!("{}. {}", alarm.what, alarm.why);
            self.push(Tone::Warning, text, alarm.advice, at);
        }
        for name in &found.over_now {
            self.push(Tone::Info, format!("Over: {name}"), Vec::new(), at);
        }
    }

    fn push(&mut self, tone: Tone, text: String, advice: Vec<String>, at: Timestamp) {
        self.unread_warnings += usize::from(tone == Tone::Warning);
        self.keep(tone, text, advice, at);
    }

    fn keep(&mut self, tone: Tone, text: String, advice: Vec<String>, at: Timestamp) {
        self.kept.push_back(Message {
            at,
            tone,
            text,
            advice,
            times: 1,
        });
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }

    /// The messages, the oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.kept.iter()
    }

    /// Warnings since the pane was last open.
    pub fn unread_warnings(&self) -> usize {
        self.unread_warnings
    }

    /// The pane was opened.
    pub fn read(&mut self) {
        self.unread_warnings = 0;
    }
}

/// News that are a line; `None` for those that are told in more, or not each time.
fn in_words(news: &News) -> Option<(Tone, String)> {
    let info = |text: String| Some((Tone::Info, text));
    let warning = |text: String| Some((Tone::Warning, text));
    match news {
        News::Started(step) => info(format!("{step} started")),
        News::Done(step) => info(format!("{step} is done")),
        News::Interrupted(step) => warning(format!("{step} was stopped; it goes on from there")),
        News::AwaitingSignOff(open) => info(format!("the checklist is open: {}", open.join(", "))),
        News::Signed { item, by, replaced } => {
            let before = replaced.as_ref();
            let before = before.map(|before| format!(" in place of {}", before.by));
            info(format!("{by} signed {item}{}", before.unwrap_or_default()))
        }
        News::SignaturesWithdrawn(items) => warning(format!(
            "signatures are withdrawn, as what they were given for has changed: {}",
            items.join(", ")
        )),
        News::FilesStand(stand) => {
            let text = format!("the application's files: {}", stand.in_words().join("; "));
            match stand.left.is_empty() {
                true => info(text),
                false => warning(text),
            }
        }
        News::PhaseBegun(phase) => info(format!("cutting over: {phase}")),
        News::PhasePassed(passed) => info(format!("{}: {}", passed.phase, passed.found.join("; "))),
        News::SetByHand(found) => info(found.join(" ")),
        News::CutOver => info("the application is cut over".to_owned()),
        News::Recovered(recovered) => info(recovered.in_words().join("; ")),
        News::RolledBack => info("the application leads to its old database again".to_owned()),
        News::Watched(_)
        | News::Refused(_)
        | News::Failed(..)
        | News::NotSwitched(_)
        | News::NotCutOver(..)
        | News::NotRecovered(_)
        | News::NotRolledBack(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Step;

    #[test]
    fn messages_are_bounded_and_warnings_counted_until_read() {
        let mut messages = Messages::default();
        let note = |n| Note {
            tone: Tone::Warning,
            text: format!("note {n}"),
        };
        messages.note((0..KEPT + 2).map(note).collect(), Timestamp::UNIX_EPOCH);
        assert_eq!(messages.all().count(), KEPT);
        assert_eq!(messages.unread_warnings(), KEPT + 2);
        messages.read();
        assert_eq!(messages.unread_warnings(), 0);
    }

    #[test]
    fn what_is_refused_again_and_again_stands_there_once_with_its_last_time() {
        let mut messages = Messages::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        for second in 1..=3 {
            messages.refused("check first", at(second));
        }
        messages.tell(&News::Done(Step::Backup), at(4));
        messages.tell(&News::Refused("check first".to_owned()), at(5));
        let told: Vec<_> = messages.all().map(|m| (m.at, m.in_words())).collect();
        assert_eq!(
            told,
            [
                (at(3), "refused: check first (3 times)".to_owned()),
                (at(4), "backup is done".to_owned()),
                (at(5), "refused: check first".to_owned()),
            ]
        );
        assert_eq!(messages.unread_warnings(), 0, "they were read at once");
    }
}
