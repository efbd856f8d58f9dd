//! What is told, kept to be read again: a voice that speaks through another one and remembers.

use crate::failure::Failure;
use crate::headless::{End, Gauge, Voice, advice_lines};
use crate::invocation::Invocation;
use crate::messages::{Message, Messages};
use crate::progress::{Note, Tone};
use crate::session::report::{ComparedTable, WayBack};
use crate::session::{Session, State, Step};
use crate::wizard::{CleanupPlan, Excerpt, News};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::path::Path;

/// A voice and what it has told.
pub(super) struct Remembered<'a> {
    voice: &'a mut dyn Voice,
    messages: Messages,
}

impl<'a> Remembered<'a> {
    /// Speaks through this voice, and knows what has failed in the session before.
    pub(super) fn new(voice: &'a mut dyn Voice, session: &Session) -> Self {
        let mut messages = Messages::default();
        for (step, record) in &session.steps {
            if let (State::Failed, Some(failure)) = (record.state, &record.failure) {
                let at = record.finished.unwrap_or(session.updated);
                messages.tell(&News::Failed(*step, failure.clone()), at);
            }
        }
        Self { voice, messages }
    }

    /// Tells again what is remembered already.
    pub(super) fn again(&mut self, news: &News, session: &Session) {
        self.voice.news(news, session);
    }

    /// How many messages there are, and how many of them warn.
    pub(super) fn counts(&self) -> (usize, usize) {
        let warn = self.messages.all().filter(|m| m.tone == Tone::Warning);
        (self.messages.all().count(), warn.count())
    }

    /// The messages with their times and advice, the newest first.
    pub(super) fn lines(&self, invocation: &Invocation, zone: &TimeZone) -> Vec<String> {
        let now = Timestamp::now().to_zoned(zone.clone());
        let messages = self.messages.all().rev();
        messages
            .flat_map(|message| lines_of(message, invocation, &now))
            .collect()
    }
}

/// A message with its time; with its day, where that is not today.
fn lines_of(message: &Message, invocation: &Invocation, now: &Zoned) -> Vec<String> {
    let at = message.at.to_zoned(now.time_zone().clone());
    let format = match at.date() == now.date() {
        true => "%H:%M:%S",
        false => "%F %H:%M:%S",
    };
    let glyph = match message.tone {
        Tone::Info => "·",
        Tone::Warning => "!",
    };
    let mut lines = vec![format!(
        "{} {glyph} {}",
        at.strftime(format),
        message.in_words()
    )];
    lines.extend(advice_lines(&message.advice, invocation));
    lines
}

impl Voice for Remembered<'_> {
    fn news(&mut self, news: &News, session: &Session) {
        self.messages.tell(news, Timestamp::now());
        self.voice.news(news, session);
    }

    fn note(&mut self, note: &Note) {
        self.messages.note(vec![note.clone()], Timestamp::now());
        self.voice.note(note);
    }

    fn failure(&mut self, failure: &Failure) {
        self.messages.failed(failure, Timestamp::now());
        self.voice.failure(failure);
    }

    fn invoked(&mut self, invocation: Invocation) {
        self.voice.invoked(invocation);
    }

    fn opened(&mut self, file: &Path) {
        self.voice.opened(file);
    }

    fn locked(&mut self, session: &Session) {
        self.voice.locked(session);
    }

    fn planned(&mut self, plan: &CleanupPlan, session: &Session) {
        self.voice.planned(plan, session);
    }

    fn way_back(&mut self, found: &WayBack, goes: bool) {
        self.voice.way_back(found, goes);
    }

    fn sample(&mut self, table: &ComparedTable, seen: &Result<Excerpt, Failure>) {
        self.voice.sample(table, seen);
    }

    fn progress(&mut self, step: Step, gauge: &Gauge<'_>) {
        self.voice.progress(step, gauge);
    }

    fn say(&mut self, text: &str) {
        self.voice.say(text);
    }

    fn end(&mut self, end: &End<'_>) {
        self.voice.end(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headless::{Output, Plain};
    use crate::session::Record;

    #[test]
    fn what_scrolled_away_is_told_again_with_its_time_and_advice() {
        let day = Timestamp::from_second(1_790_000_000).unwrap();
        let mut session = Session::new(day, 1);
        let failure = |what: &str| Failure::new(what, "why").advise("$ neonlift run");
        let record = Record {
            state: State::Failed,
            finished: Some(day),
            failure: Some(failure("before")),
            ..Record::default()
        };
        session.steps.insert(Step::Backup, record);
        let mut plain = Plain::new(Output::new(Vec::new()), false, "log".into());
        let mut voice = Remembered::new(&mut plain, &session);
        voice.news(&News::Refused("it cannot be".to_owned()), &session);
        voice.news(&News::Failed(Step::Schema, failure("once")), &session);
        voice.news(&News::Done(Step::Schema), &session);
        voice.news(&News::NotRecovered(failure("an errand")), &session);
        let (tone, text) = (Tone::Info, "a note".to_owned());
        voice.note(&Note { tone, text });
        let lines = voice.lines(&Invocation::default(), &TimeZone::UTC);
        let order = [
            "a note",
            "an errand. why",
            "neonlift run",
            "schema is done",
            "schema failed: once",
            "neonlift run",
            "refused: it cannot be",
            "2026-09-21 14:13:20 ! backup failed: before",
            "neonlift run",
        ];
        assert_eq!(lines.len(), order.len(), "{lines:#?}");
        for (line, says) in lines.iter().zip(order) {
            assert!(line.contains(says), "{line} does not say {says}");
        }
        assert_eq!(voice.counts(), (6, 4));
    }
}
