//! The machine's last part: the checklist is opened, signed and, when the target changes, taken back.

use super::{Effect, News, Wizard, checklist, refused};
use crate::session::{Item, State, Step};
use jiff::Timestamp;

impl Wizard {
    pub(super) fn open_checklist(&mut self, now: Timestamp) -> Vec<Effect> {
        self.session.checklist = checklist::evaluated(&self.session);
        let mut effects = vec![Effect::Tell(News::Started(Step::Cutover))];
        effects.extend(self.settle_checklist(now));
        effects
    }

    /// The cutover is done when nothing on the checklist is open.
    fn settle_checklist(&mut self, now: Timestamp) -> Vec<Effect> {
        let open: Vec<String> = self.open_items().map(|item| item.key.clone()).collect();
        let Some(record) = self.session.steps.get_mut(&Step::Cutover) else {
            return Vec::new();
        };
        if open.is_empty() {
            record.state = State::Done;
            record.finished = Some(now);
            vec![Effect::Tell(News::Done(Step::Cutover))]
        } else {
            record.state = State::AwaitingSignOff;
            vec![Effect::Tell(News::AwaitingSignOff(open))]
        }
    }

    /// The items of the checklist that still lock the cutover.
    pub fn open_items(&self) -> impl Iterator<Item = &Item> {
        self.session
            .checklist
            .iter()
            .filter(|item| !item.is_closed())
    }

    pub(super) fn sign(&mut self, key: &str, by: &str, now: Timestamp) -> Vec<Effect> {
        if self.session.state(Step::Cutover) != State::AwaitingSignOff {
            return refused("the checklist is not open; run the step cutover first".to_owned());
        }
        match checklist::sign(&mut self.session.checklist, key, by, now) {
            Err(why) => refused(why),
            Ok(replaced) => {
                let (item, by) = (key.to_owned(), by.trim().to_owned());
                let signed = News::Signed { item, by, replaced };
                let mut effects = vec![Effect::Tell(signed)];
                effects.extend(self.settle_checklist(now));
                effects
            }
        }
    }

    /// People signed for the target as it was: a step that makes it anew takes that back.
    pub(super) fn withdraw_signatures(&mut self, step: Step) -> Option<Effect> {
        if !matches!(step, Step::Schema | Step::Transfer) {
            return None;
        }
        let signed = |item: &mut Item| item.signature.take().map(|_| item.key.clone());
        let withdrawn: Vec<String> = self
            .session
            .checklist
            .iter_mut()
            .filter_map(signed)
            .collect();
        (!withdrawn.is_empty()).then_some(Effect::Tell(News::SignaturesWithdrawn(withdrawn)))
    }
}
