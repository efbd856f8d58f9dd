//! The machine's part about what is moved, and onto what: chosen before the target is written to,
//! fixed from then on. Consent to overwrite is for one database, for one time and for what was listed,
//! and never goes over to another.

use super::{Effect, Phase, Wizard, refused};
use crate::config::{Onto, Select};
use crate::postgres::ConnectionString;
use crate::session::report::{Report, Stake};
use crate::session::{Consent, Session, State, Step};
use jiff::Timestamp;

impl Wizard {
    pub(super) fn choose(&mut self, select: Select, onto: Onto) -> Vec<Effect> {
        if (&self.session.select, self.session.onto) == (&select, onto) {
            return Vec::new();
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
        (self.session.select, self.session.onto) = (select, onto);
        if !self.may_have_begun() {
            // What was found out about another selection is no longer true; the backup is always
            // of everything.
            let kept = [Step::Prerequisites, Step::Backup];
            self.session.steps.retain(|step, _| kept.contains(step));
        }
        Vec::new()
    }

    /// Whether something may have been written to the target. The schema is made whole or not at
    /// all, so a failed one has written nothing.
    fn may_have_begun(&self) -> bool {
        let state = self.session.state(Step::Schema);
        !matches!(state, State::Waiting | State::Failed)
            || matches!(self.phase, Phase::Working { .. })
    }

    pub(super) fn consent(&mut self, typed: &str, by: &str, now: Timestamp) -> Vec<Effect> {
        if let Phase::Working { step, .. } = self.phase {
            return refused(format!("consent is not taken while {step} is running"));
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
        // Said again over what was made with it, it is not taken in store for a later time.
        let stands = |consent: &Consent| !consent.spent || self.may_have_begun();
        if known.is_some_and(|consent| consent.database == typed && stands(consent)) {
            return Vec::new();
        }
        let target = self.session.target.as_ref();
        self.session.consent = Some(Consent {
            database: typed.to_owned(),
            by: match by.trim() {
                "" => "somebody without a name".to_owned(),
                by => by.to_owned(),
            },
            at: now,
            identity: target.and_then(|place| place.identity.clone()),
            covers: self.listed().cloned(),
            spent: false,
        });
        Vec::new()
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

fn begun_otherwise(onto: Onto) -> String {
    format!(
        "the target was begun with another policy (onto = {onto}), and that cannot change half-way: begin a new session (--session FILE) for this one"
    )
}

/// The name of the target's database, as the server told it or as the connection string has it.
pub fn target_database(session: &Session) -> Option<String> {
    let place = session.target.as_ref()?;
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
