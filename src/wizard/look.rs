//! Looks: what is read and shown without running a step. Nothing is changed by one, and nothing of
//! it is kept in the session.

use super::{Effect, Excerpt, RunId, Wizard, refused};
use crate::failure::Failure;
use crate::figures::counted;
use crate::session::Step;
use crate::session::report::{ComparedTable, KindCount, LeftOut, WayBack};

/// What a person wants to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// What the schema step would do on the target.
    Schema,
    /// A table on both sides: its columns, and a few rows.
    Table {
        /// Its schema.
        schema: String,
        /// Its name.
        table: String,
    },
    /// What the way back to the old database would undo, and lose.
    WayBack,
}

impl Look {
    /// The look at a compared table.
    pub fn at(table: &ComparedTable) -> Self {
        Self::Table {
            schema: table.schema.clone(),
            table: table.table.clone(),
        }
    }
}

/// What was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// What the schema step would do on the target.
    Schema(Preview),
    /// A table on both sides.
    Table(Excerpt),
    /// What the way back to the old database would undo, and lose.
    WayBack(Box<WayBack>),
}

/// What the schema step would do on the target as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Its statements, in their order.
    pub statements: Vec<Planned>,
    /// How many definitions of each kind it makes.
    pub created: Vec<KindCount>,
    /// What it does not make, and why.
    pub left_out: Vec<LeftOut>,
    /// What it drops or empties first, with consent: kinds and names.
    pub overwritten: Vec<String>,
}

impl Preview {
    /// What would happen on the target of this name, in words.
    pub fn in_words(&self, target: &str) -> String {
        let count = counted(self.statements.len() as u64, "statement");
        match self.statements.is_empty() {
            true => format!("The schema is on {target} already: nothing would be run."),
            false => format!(
                "{count} would run on {target}, all in one transaction: either all of it is made, or nothing."
            ),
        }
    }

    /// What would be lost, in words; `None` for nothing.
    pub fn loss(&self) -> Option<String> {
        let lost = self.overwritten.join(", ");
        (!lost.is_empty()).then(|| format!("Dropped first, once you have consented: {lost}"))
    }
}

/// A statement that would be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What it makes, for people: "table songs".
    pub what: String,
    /// Its SQL; may be several statements.
    pub sql: String,
}

/// A look that a person takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Looking {
    /// Its number, among those of the runs.
    pub run: RunId,
    /// At what.
    pub at: Look,
    /// What was seen; `None` while it is being read.
    pub seen: Option<Result<Box<Seen>, Failure>>,
}

impl Wizard {
    /// What a person looks at now.
    pub fn looking(&self) -> Option<&Looking> {
        self.looking.as_ref()
    }

    /// Why something cannot be looked at now; `None` when it can.
    pub fn obstacle_to_look(&self, at: &Look) -> Option<String> {
        match at {
            _ if self.is_busy() => self.busy(),
            Look::Schema | Look::Table { .. } => self.missing(&[Step::Connections], "it"),
            Look::WayBack => self.obstacle_to_roll_back(),
        }
    }

    pub(super) fn look(&mut self, at: Look) -> Vec<Effect> {
        if let Some(obstacle) = self.obstacle_to_look(&at) {
            return refused(obstacle);
        }
        let mut effects = self.look_away();
        self.counter += 1;
        let run = self.counter;
        self.looking = Some(Looking {
            run,
            at: at.clone(),
            seen: None,
        });
        effects.push(Effect::Look { run, at });
        effects
    }

    /// What would be lost is another thing once rows were taken over.
    pub(super) fn look_again(&mut self) -> Vec<Effect> {
        match &self.looking {
            Some(looking) if looking.at == Look::WayBack => self.look(Look::WayBack),
            _ => Vec::new(),
        }
    }

    pub(super) fn seen(&mut self, run: RunId, result: Result<Box<Seen>, Failure>) -> Vec<Effect> {
        if let Some(looking) = self.looking.as_mut().filter(|looking| looking.run == run) {
            looking.seen = Some(result);
        }
        Vec::new()
    }

    /// Ends a look; what is still being read is stopped.
    pub(super) fn look_away(&mut self) -> Vec<Effect> {
        let looking = self.looking.take();
        let unseen = looking.filter(|looking| looking.seen.is_none());
        unseen.map_or_else(Vec::new, |Looking { run, .. }| vec![Effect::Cancel { run }])
    }
}
