//! What somebody should know besides: warnings of all steps, and failures that stand.

use crate::session::report::{Connections, CutoverLook, Report, SourceLook, Verdict};
use crate::session::{Session, Step};
use serde::Serialize;

/// How much something weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// A step, or a check, has failed and was not mended yet.
    Failure,
    /// Worth knowing.
    Warning,
}

/// Something worth knowing.
#[derive(Debug, Clone, Serialize)]
pub struct Warning {
    /// How much it weighs.
    pub weight: Weight,
    /// What it is about.
    pub about: String,
    /// The warning.
    pub text: String,
}

impl Warning {
    fn new(weight: Weight, about: &str, text: impl Into<String>) -> Self {
        Self {
            weight,
            about: about.to_owned(),
            text: text.into(),
        }
    }
}

pub(super) fn all(session: &Session, connections: Option<&Connections>) -> Vec<Warning> {
    let mut told = failures(session);
    told.extend(checks(session, connections));
    let warning = |about: &str, text: String| Warning::new(Weight::Warning, about, text);
    if let Some(Report::Inventory(found)) = session.report(Step::Inventory) {
        let warnings = found.warnings.iter();
        told.extend(warnings.map(|text| warning("inventory", text.clone())));
    }
    let written = written(session).into_iter();
    told.extend(written.map(|(table, text)| warning(&table, text.to_owned())));
    told
}

fn failures(session: &Session) -> Vec<Warning> {
    let failed = session.steps.iter().filter_map(|(step, record)| {
        let failure = record.failure.as_ref()?;
        let text = format!("{}: {}", failure.what, failure.why);
        Some(Warning::new(Weight::Failure, step.name(), text))
    });
    failed.collect()
}

fn checks(session: &Session, connections: Option<&Connections>) -> Vec<Warning> {
    let prerequisites = match session.report(Step::Prerequisites) {
        Some(Report::Prerequisites(found)) => found.checks.as_slice(),
        _ => &[],
    };
    let both = connections.into_iter().flat_map(|found| &found.checks);
    let checks = prerequisites.iter().chain(both);
    let told = checks.filter_map(|check| {
        let weight = match check.verdict {
            Verdict::Good => return None,
            Verdict::Warning => Weight::Warning,
            Verdict::Bad => Weight::Failure,
        };
        Some(Warning::new(weight, &check.name, check.found.clone()))
    });
    told.collect()
}

/// The tables that the source was seen to write to, by whoever looked last, and what that means.
fn written(session: &Session) -> Vec<(String, &'static str)> {
    let (tables, text) = match (
        session.report(Step::Cutover),
        session.report(Step::Compare),
        session.report(Step::Transfer),
    ) {
        (
            Some(Report::Cutover(CutoverLook {
                source: SourceLook::Written { tables },
                ..
            })),
            ..,
        ) => (
            tables.clone(),
            "The source was written to after it was compared: that is not on the target.",
        ),
        (_, Some(Report::Compare(found)), _) => (
            found.changed_since(),
            "The source was written to since the copy began; the comparison tells whether its rows are still the same.",
        ),
        (.., Some(Report::Transfer(done))) => (
            done.changed_since(),
            "The source was written to since the copy began: what came later is not on the target.",
        ),
        _ => (Vec::new(), ""),
    };
    tables.into_iter().map(|table| (table, text)).collect()
}
