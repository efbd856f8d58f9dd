//! The machine's last part: the checklist is opened, signed and, when the target changes, taken back.

use super::{Effect, News, Wizard, checklist, refused};
use crate::session::{Item, State, Step};
use jiff::Timestamp;

/// The name under what somebody has consented to.
pub(super) fn named(by: &str) -> &str {
    match by.trim() {
        "" => "somebody without a name",
        by => by,
    }
}

impl Wizard {
    /// Judges the checklist anew, now that the source was looked at.
    pub(super) fn open_checklist(&mut self, now: Timestamp) -> News {
        self.session.checklist = checklist::evaluated(&self.session);
        let open: Vec<String> = self.open_items().map(|item| item.key.clone()).collect();
        let record = self.session.steps.entry(Step::Cutover).or_default();
        if open.is_empty() {
            (record.state, record.finished) = (State::Done, Some(now));
            News::Done(Step::Cutover)
        } else {
            (record.state, record.finished) = (State::AwaitingSignOff, None);
            News::AwaitingSignOff(open)
        }
    }

    /// The items of the checklist that still lock the cutover.
    pub fn open_items(&self) -> impl Iterator<Item = &Item> {
        self.session
            .checklist
            .iter()
            .filter(|item| !item.is_closed())
    }

    /// Signs an item. With the last one the source is looked at once more before the cutover is done:
    /// it may have been written to since the checklist was opened.
    pub(super) fn sign(&mut self, key: &str, by: &str, now: Timestamp) -> Vec<Effect> {
        if let Some(why) = self.refuse_signing(key) {
            return refused(why);
        }
        match checklist::sign(&mut self.session.checklist, key, by, now) {
            Err(why) => refused(why),
            Ok(replaced) => {
                let (item, by) = (key.to_owned(), by.trim().to_owned());
                let mut effects = vec![Effect::Tell(News::Signed { item, by, replaced })];
                let open: Vec<String> = self.open_items().map(|item| item.key.clone()).collect();
                match open.is_empty() {
                    true => effects.extend(self.run(Step::Cutover, now)),
                    false => effects.push(Effect::Tell(News::AwaitingSignOff(open))),
                }
                effects
            }
        }
    }

    fn refuse_signing(&self, key: &str) -> Option<String> {
        match self.session.state(Step::Cutover) {
            State::AwaitingSignOff => self.obstacle(Step::Cutover),
            State::Done if self.session.checklist.iter().any(|item| item.key == key) => Some(
                "the checklist is complete; cutover, run again, looks at the source once more"
                    .to_owned(),
            ),
            State::Done => Some(checklist::unknown(&self.session.checklist, key)),
            _ => Some("the checklist is not open; run the step cutover first".to_owned()),
        }
    }

    /// People signed for the target as it was: a step that makes it anew takes that back.
    pub(super) fn withdraw_signatures(&mut self, step: Step) {
        if matches!(step, Step::Schema | Step::Transfer) {
            let items = self.session.checklist.iter_mut();
            items.for_each(|item| item.signature = None);
        }
    }
}

/// Tells of the signatures that are gone, if any are: nobody loses one without hearing of it.
pub(super) fn withdrawn(before: &[Item], now: &[Item]) -> Option<Effect> {
    let is_signed = |item: &&Item| item.signature.is_some();
    let signed: Vec<&str> = now
        .iter()
        .filter(is_signed)
        .map(|item| &*item.key)
        .collect();
    let before = before.iter().filter(is_signed).map(|item| &item.key);
    let gone: Vec<String> = before
        .filter(|key| !signed.contains(&key.as_str()))
        .cloned()
        .collect();
    (!gone.is_empty()).then_some(Effect::Tell(News::SignaturesWithdrawn(gone)))
}
