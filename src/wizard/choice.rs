//! The machine's part about what is moved, and onto what: chosen before the target is written to,
//! fixed from then on. Consent to overwrite is for one database, for one time and for what was listed,
//! and never goes over to another.

use super::signing::named;
use super::{Effect, Phase, Wizard, refused};
use crate::config::{Onto, Select};
use crate::failure::chain;
use crate::postgres::ConnectionString;
use crate::session::report::{Inventory, Report, Stake};
use crate::session::{Consent, Place, Session, State, Step};
use crate::source::{Selected, SelectionError};
use jiff::Timestamp;

impl Wizard {
    pub(super) fn choose(&mut self, select: Select, onto: Onto) -> Vec<Effect> {
        if (&self.session.select, self.session.onto) == (&select, onto) {
            return Vec::new();
        }
        if let Some(busy) = self.busy() {
            return refused(fixed_while(&busy));
        }
        if self.session.select != select && self.may_have_begun() {
            return refused(format!(
                "the target was begun with another selection ({}), and a selection cannot change half-way: begin a new session (--session FILE) for this one",
                self.session.select
            ));
        }
        if self.session.onto != onto && self.may_have_begun() {
            return refused(begun_otherwise(self.session.onto));
        }
        let marked = match self.marked(&select) {
            Some(Err(error)) => return refused(chain(&error)),
            Some(Ok(marked)) => Some(marked),
            None => None,
        };
        let mut kept = vec![Step::Prerequisites, Step::Backup];
        if let Some(marked) = marked.filter(|_| self.session.onto == onto) {
            kept.push(Step::Inventory);
            if self.overwrites_nothing() {
                kept.push(Step::Connections);
            }
            if let Some(record) = self.session.steps.get_mut(&Step::Inventory) {
                record.report = Some(Report::Inventory(marked));
            }
        }
        (self.session.select, self.session.onto) = (select, onto);
        if !self.may_have_begun() {
            // What was found out about another selection is no longer true; the backup is always
            // of everything.
            self.session.steps.retain(|step, _| kept.contains(step));
        }
        Vec::new()
    }

    pub(super) fn pick(&mut self, select: Select) -> Vec<Effect> {
        let effects = self.choose(select, self.session.onto);
        self.session.picked |= effects.is_empty();
        effects
    }

    /// Why nothing can be taken or left out now; `None` when it can.
    pub fn refuse_picking(&self) -> Option<String> {
        if let Some(busy) = self.busy() {
            return Some(fixed_while(&busy));
        }
        if self
            .choosable()
            .is_some_and(|found| found.relations.is_empty())
        {
            let why =
                "an older neonlift counted this: it can be chosen from when inventory is run again";
            return Some(why.to_owned());
        }
        self.may_have_begun().then(|| {
            "the target was begun with this selection, and it cannot change half-way: begin a new session for another one".to_owned()
        })
    }

    /// The inventory with the marks of another selection of whole tables, when it was made and
    /// knows what to choose from. Other rows have to be counted.
    fn marked(&self, select: &Select) -> Option<Result<Inventory, SelectionError>> {
        let session = &self.session;
        if (select.what, &select.rows) != (session.select.what, &session.select.rows) {
            return None;
        }
        let Some(Report::Inventory(found)) = session.report(Step::Inventory) else {
            return None;
        };
        let known = session.state(Step::Inventory) == State::Done && !found.relations.is_empty();
        known.then(|| {
            let selected = Selected::of(select, found.relations.clone())?;
            let mut marked = found.clone();
            selected.mark(&mut marked);
            marked.chosen_since = true;
            Ok(marked)
        })
    }

    /// Whether what the connections found out holds for any selection: nothing stands on the
    /// target that another one could cost.
    fn overwrites_nothing(&self) -> bool {
        let Some(Report::Connections(found)) = self.session.report(Step::Connections) else {
            return false;
        };
        let stands_empty = found.at_stake.is_empty() && found.also_lost.is_empty();
        stands_empty && self.session.target_policy() == Onto::Empty
    }

    /// Whether something may have been written to the target. The schema is made whole or not at
    /// all, so a failed one has written nothing.
    fn may_have_begun(&self) -> bool {
        let state = self.session.state(Step::Schema);
        !matches!(state, State::Waiting | State::Failed)
            || matches!(self.phase, Phase::Working { .. })
    }

    pub(super) fn consent(&mut self, typed: &str, by: &str, now: Timestamp) -> Vec<Effect> {
        if let Some(busy) = self.busy() {
            return refused(format!("consent is not taken while {busy}"));
        }
        if let Err(why) = self.refuse_consent(typed) {
            return refused(why);
        }
        if self.session.state(Step::Schema) == State::Failed {
            // It may have met more than was listed then: what it is now, is listed again.
            self.session.steps.remove(&Step::Connections);
            self.session.consent = None;
        }
        let known = self.session.consent.as_ref();
        if known.is_some_and(|consent| consent.database == typed && self.stands(consent)) {
            return Vec::new();
        }
        let target = self.session.target.as_ref();
        self.session.consent = Some(Consent {
            database: typed.to_owned(),
            by: named(by).to_owned(),
            at: now,
            identity: target.and_then(|place| place.identity.clone()),
            covers: self.listed().cloned(),
            spent: false,
        });
        Vec::new()
    }

    /// Whether saying it again changes nothing. Said over what was made with it, it is not taken in
    /// store for a later time; one that more is listed than it covers, or whose list another
    /// selection has done away with, is given anew.
    fn stands(&self, consent: &Consent) -> bool {
        let is_covered = match (&consent.covers, self.listed()) {
            (Some(covers), Some(listed)) => listed.beyond(covers).is_none(),
            (Some(_), None) => self.session.state(Step::Connections) != State::Waiting,
            (None, _) => true,
        };
        self.may_have_begun() || !consent.spent && is_covered
    }

    /// The schema is made: whatever is on the target later, nobody has consented to its loss.
    pub(super) fn spend_consent(&mut self, done: Step) {
        if let (Step::Schema, Some(consent)) = (done, &mut self.session.consent) {
            consent.spent = true;
        }
    }

    /// Whether what was typed is the target database's name, to the letter, and not too late;
    /// otherwise why it is no consent.
    pub fn refuse_consent(&self, typed: &str) -> Result<(), String> {
        match target_database(&self.session) {
            None => {
                Err("the target is not known yet, so nothing of it can be overwritten".to_owned())
            }
            Some(name) if name == typed => match self.session.target_policy() {
                Onto::Overwrite => Ok(()),
                begun if self.may_have_begun() => Err(begun_otherwise(begun)),
                Onto::Empty | Onto::Existing => Ok(()),
            },
            Some(name) => Err(format!(
                "{typed:?} is not the name of the target's database: that is {name}"
            )),
        }
    }

    /// What the last test of the connections has listed.
    fn listed(&self) -> Option<&Stake> {
        match self.session.report(Step::Connections) {
            Some(Report::Connections(found)) => Some(&found.stake),
            _ => None,
        }
    }

    /// Both databases are known now: a consent that was given for this one is tied to it, and to
    /// what it holds; one that was given for another is gone.
    pub(super) fn tie_consent(&mut self) {
        let listed = self.listed().cloned();
        let target = self.session.target.as_ref();
        let found = target.and_then(|place| place.identity.clone());
        let (Some(consent), Some(found)) = (&mut self.session.consent, found) else {
            return;
        };
        let same = match &consent.identity {
            Some(identity) => *identity == found,
            None => consent.database == found.database,
        };
        match same {
            true => {
                consent.identity = Some(found);
                consent.covers = consent.covers.take().or(listed);
            }
            false => self.session.consent = None,
        }
    }
}

fn fixed_while(busy: &str) -> String {
    format!("what is moved cannot change while {busy}")
}

fn begun_otherwise(onto: Onto) -> String {
    format!(
        "the target was begun with another policy (onto = {onto}), and that cannot change half-way: begin a new session (--session FILE) for this one"
    )
}

/// The name of the target's database, as the server told it or as the connection string has it.
pub fn target_database(session: &Session) -> Option<String> {
    database(session.target.as_ref())
}

/// The name of the source's database, as the server told it or as the connection string has it.
pub fn source_database(session: &Session) -> Option<String> {
    database(session.source.as_ref())
}

/// The name of a side's database, as the server told it or as the connection string has it.
fn database(place: Option<&Place>) -> Option<String> {
    let place = place?;
    match &place.identity {
        Some(identity) => Some(identity.database.clone()),
        None => {
            let string = ConnectionString::parse(&place.url).ok()?;
            Some(string.database().to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
