//! The commands that are advised on the screen, to be copied.

use super::keys::Context;
use super::ui::{Layer, Ui, checked};
use crate::failure::Failure;
use crate::session::report::{Check, Report, Verdict};
use crate::session::{State, Step};
use crate::wizard::Wizard;

/// The commands that are seen now, in their order. None holds a password: advice never does.
pub(super) fn shown(context: Context, wizard: &Wizard, ui: &Ui) -> Vec<String> {
    let advice: Vec<&String> = match (context, ui.layers.last()) {
        (Context::Reading, Some(Layer::Messages)) => {
            // The newest stand where one looks first.
            let messages = ui.messages().all().rev();
            messages.flat_map(|message| &message.advice).collect()
        }
        // The help lists what lies beneath it.
        (Context::Reading, None | Some(Layer::Help)) => {
            let seen = wizard.looking().and_then(|looking| looking.seen.as_ref());
            let failure = seen.and_then(|seen| seen.as_ref().err());
            failure
                .into_iter()
                .flat_map(|failure| &failure.advice)
                .collect()
        }
        (Context::Checks, _) => {
            let checks = checked(wizard).unwrap_or_default();
            let marked = checks.get(ui.marked()).copied();
            marked.into_iter().flat_map(|check| &check.advice).collect()
        }
        (Context::Step | Context::Checklist | Context::Tree | Context::Tables, _) => {
            of_step(wizard)
        }
        _ => Vec::new(),
    };
    let advice = advice
        .into_iter()
        .map(|advice| ui.invocation.advice(advice));
    let commands = advice.filter_map(|advice| Some(advice.strip_prefix("$ ")?.to_owned()));
    let mending = matches!(context, Context::Step | Context::Tables).then(|| mending(wizard));
    mending.flatten().into_iter().chain(commands).collect()
}

/// All SQL that is shown below definitions that differ, as one script.
fn mending(wizard: &Wizard) -> Option<String> {
    let session = wizard.session();
    let Some(Report::Compare(found)) = session.report(session.current) else {
        return None;
    };
    let sql = found
        .differing_definitions()
        .filter_map(|found| found.sql.as_deref());
    let sql: Vec<&str> = sql.collect();
    (!sql.is_empty()).then(|| sql.join("\n"))
}

fn of_step(wizard: &Wizard) -> Vec<&String> {
    let session = wizard.session();
    if let Some(failure) = failed_cutting(wizard) {
        return failure.advice.iter().collect();
    }
    let Some(record) = session.steps.get(&session.current) else {
        return Vec::new();
    };
    let checks = match &record.report {
        Some(Report::Prerequisites(found)) => in_order(&found.checks),
        Some(Report::Connections(found)) => in_order(&found.checks),
        Some(Report::Unreached(found)) => in_order(&found.checks),
        Some(Report::Cleanup(found)) => in_order(&found.checks),
        _ => Vec::new(),
    };
    let of_failure = |failure: &'_ Failure| checks.is_empty() && !failure.advice.is_empty();
    match &record.failure {
        Some(failure) if of_failure(failure) => failure.advice.iter().collect(),
        _ => checks.into_iter().flat_map(|check| &check.advice).collect(),
    }
}

/// Why the cutting over that is looked at failed, where that is told with its advice.
fn failed_cutting(wizard: &Wizard) -> Option<&Failure> {
    let session = wizard.session();
    let is_shown = session.current == Step::Cutover && session.state(Step::Cutover) == State::Done;
    let cutting = session.cutting.as_ref().filter(|_| is_shown)?;
    cutting.failure.as_ref()
}

/// Checks as they are shown: those that are wrong first, then those that are worth a look.
pub(super) fn in_order(checks: &[Check]) -> Vec<&Check> {
    let mut sorted: Vec<&Check> = checks.iter().collect();
    sorted.sort_by_key(|check| match check.verdict {
        Verdict::Bad => 0,
        Verdict::Warning => 1,
        Verdict::Good => 2,
    });
    sorted
}
