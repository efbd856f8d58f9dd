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

    /// Takes in news of the wizard. A refusal is not kept: it answers a key that was pressed
    /// and stands in the status line.
    pub fn tell(&mut self, news: &News, at: Timestamp) {
        let (tone, text, advice) = match news {
            News::Watched(found) => return self.watched(found, at),
            News::Started(step) => (Tone::Info, format!("{step} started"), Vec::new()),
            News::Done(step) => (Tone::Info, format!("{step} is done"), Vec::new()),
            News::Failed(step, failure) => (
                Tone::Warning,
                format!(
                    "{step} failed: {}. {}",
                    failure.what.trim_end_matches('.'),
                    failure.why
                ),
                failure.advice.clone(),
            ),
            News::Interrupted(step) => (
                Tone::Warning,
                format!("{step} was stopped; it goes on from there"),
                Vec::new(),
            ),
            News::AwaitingSignOff(open) => (
                Tone::Info,
                format!("the checklist is open: {}", open.join(", ")),
                Vec::new(),
            ),
            News::Signed { item, by, replaced } => {
                let before = replaced.as_ref();
                let before = before.map(|before| format!(" in place of {}", before.by));
                let text = format!("{by} signed {item}{}", before.unwrap_or_default());
                (Tone::Info, text, Vec::new())
            }
            News::SignaturesWithdrawn(items) => (
                Tone::Warning,
                format!(
                    "signatures are withdrawn, as what they were given for has changed: {}",
                    items.join(", ")
                ),
                Vec::new(),
            ),
            News::FilesStand(stand) => {
                let tone = if stand.left.is_empty() {
                    Tone::Info
                } else {
                    Tone::Warning
                };
                let text = format!("the application's files: {}", stand.in_words().join("; "));
                (tone, text, Vec::new())
            }
            News::NotSwitched(failure)
            | News::NotCutOver(_, failure)
            | News::NotRecovered(failure)
            | News::NotRolledBack(failure) => return self.failed(failure, at),
            News::PhaseBegun(phase) => (Tone::Info, format!("cutting over: {phase}"), Vec::new()),
            News::PhasePassed(passed) => {
                let text = format!("{}: {}", passed.phase, passed.found.join("; "));
                (Tone::Info, text, Vec::new())
            }
            News::SetByHand(found) => (Tone::Info, found.join(" "), Vec::new()),
            News::CutOver => (
                Tone::Info,
                "the application is cut over".to_owned(),
                Vec::new(),
            ),
            News::Recovered(recovered) => (Tone::Info, recovered.in_words().join("; "), Vec::new()),
            News::RolledBack => {
                let text = "the application leads to its old database again".to_owned();
                (Tone::Info, text, Vec::new())
            }
            News::Refused(_) => return,
        };
        self.push(tone, text, advice, at);
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
        self.kept.push_back(Message {
            at,
            tone,
            text,
            advice,
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
