//! What a person is offered at this moment, apart from steps: derived from the session.

use super::{Look, Wizard};
use crate::postgres::ConnectionString;
use crate::session::report::{Check, ComparedTable, Connections, Inventory, Report};
use crate::session::{State, Step};
use crate::source::Selected;

impl Wizard {
    /// Whether the step that is looked at is `connections`, with a side of it unknown.
    pub fn needs_connections(&self) -> bool {
        let session = &self.session;
        session.current == Step::Connections
            && (session.source.is_none() || session.target.is_none())
    }

    /// The first step before this one that has failed, and what failed; `None` when none has.
    pub fn failed_before(&self, step: Step) -> Option<(Step, &str)> {
        let mut before = self.session.steps.range(..step);
        before.find_map(|(failed, record)| {
            let is_failed = record.state == State::Failed;
            let failure = record.failure.as_ref().filter(|_| is_failed)?;
            Some((*failed, failure.what.as_str()))
        })
    }

    /// The checks of the prerequisites that can be made again, while they are looked at.
    pub fn rechecks(&self) -> Option<&[Check]> {
        let session = &self.session;
        let is_over = matches!(
            session.state(Step::Prerequisites),
            State::Done | State::Failed
        );
        match session.report(Step::Prerequisites) {
            Some(Report::Prerequisites(found))
                if is_over && session.current == Step::Prerequisites =>
            {
                Some(&found.checks)
            }
            _ => None,
        }
    }

    /// What the test of the connections found, while it is looked at.
    pub fn found_on_target(&self) -> Option<&Connections> {
        match self.session.report(Step::Connections) {
            Some(Report::Connections(found)) if self.session.current == Step::Connections => {
                Some(found)
            }
            _ => None,
        }
    }

    /// Whether the step that is looked at has found something on the target that stands in the way.
    pub fn offers_overwriting(&self) -> bool {
        self.found_on_target()
            .is_some_and(Connections::target_is_occupied)
            && !self.is_busy()
    }

    /// The target's direct host, when the test that is looked at has failed with its pooled one.
    pub fn direct_host(&self) -> Option<String> {
        let session = &self.session;
        let failed = session.current == Step::Connections
            && session.state(Step::Connections) == State::Failed
            && !self.is_busy();
        let target = session.target.as_ref().filter(|_| failed)?;
        let target = ConnectionString::parse(&target.url).ok()?;
        target
            .is_pooled()
            .then(|| target.direct().host().to_owned())
    }

    /// The inventory that is looked at, when there is something to choose from.
    pub fn choosable(&self) -> Option<&Inventory> {
        let session = &self.session;
        let shown =
            session.current == Step::Inventory && session.state(Step::Inventory) == State::Done;
        match session.report(Step::Inventory) {
            Some(Report::Inventory(found)) if shown && !found.tables.is_empty() => Some(found),
            _ => None,
        }
    }

    /// The selection held against that inventory.
    pub fn selected(&self) -> Option<Selected> {
        let found = self.choosable()?;
        // What the session holds was accepted with this inventory, or made it.
        Selected::of(&self.session.select, found.relations.clone()).ok()
    }

    /// What is to be known of the choice as it stands, in words; `again` says how to look again.
    pub fn choice_in_words(&self, again: &str) -> Vec<String> {
        let Some(found) = self.choosable() else {
            return Vec::new();
        };
        let untested = self.session.state(Step::Connections) != State::Done;
        let notes = [
            (
                found.selected().next().is_none(),
                "no table is taken".to_owned(),
            ),
            (found.chosen_since, format!("chosen anew: {again}")),
            (untested, "connections have to be tested again".to_owned()),
        ];
        let holds = notes.into_iter().filter(|(is_so, _)| *is_so);
        holds.map(|(_, note)| note).collect()
    }

    /// What the comparison has found of the table that a look is at.
    pub fn compared(&self, at: &Look) -> Option<&ComparedTable> {
        let Look::Table { schema, table } = at else {
            return None;
        };
        match self.session.report(Step::Compare) {
            Some(Report::Compare(found)) => found.table(schema, table),
            _ => None,
        }
    }
}
