//! What the target does not have as the source has it, and what it had before.

use crate::session::report::{LeftOut, Report, SomeRows};
use crate::session::{Session, Step};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashSet;

/// What was left out, and what was overwritten.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LeftOutOfIt {
    /// What was selected, in words; null when it is everything.
    pub selection: Option<String>,
    /// What the target does not have as the source has it, and why. Before the schema was made: what
    /// the inventory says of it.
    pub items: Vec<LeftOut>,
    /// The tables of which only some rows were moved.
    pub some_rows: Vec<SomeRows>,
    /// What of the target was dropped or emptied.
    pub overwritten: Vec<String>,
    /// Who consented to that.
    pub consent: Option<Consented>,
}

/// A person's consent to overwrite what the target held.
#[derive(Debug, Clone, Serialize)]
pub struct Consented {
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl LeftOutOfIt {
    pub(super) fn of(session: &Session) -> Self {
        let mut found = Self::default();
        if let Some(Report::Schema(made)) = session.report(Step::Schema) {
            found.items.extend(made.left_out.iter().cloned());
            found.overwritten.clone_from(&made.overwritten);
        }
        if let Some(Report::Transfer(done)) = session.report(Step::Transfer) {
            found.items.extend(done.left_out.iter().cloned());
            found.some_rows.clone_from(&done.some_rows);
            found.selection.clone_from(&done.selection);
        }
        if let Some(Report::Inventory(counted)) = session.report(Step::Inventory) {
            found.items.extend(counted.left_out.iter().cloned());
            let behind = counted.left_behind.iter().map(|behind| LeftOut {
                what: behind.what.clone(),
                why: behind.happens.clone(),
            });
            found.items.extend(behind);
            found.selection = found.selection.or_else(|| counted.selection.clone());
        }
        // The steps name the same things; the later one knows more of them.
        let mut seen = HashSet::new();
        found.items.retain(|item| seen.insert(item.what.clone()));
        let consent = session.consent.as_ref().filter(|consent| consent.spent);
        found.consent = consent.map(|consent| Consented {
            by: consent.by.clone(),
            at: consent.at,
        });
        found
    }
}
