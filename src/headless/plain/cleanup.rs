//! The step `cleanup` in plain lines: what would be done; what was done, and what stays.

use super::report::checks;
use crate::invocation::{Invocation, quoted};
use crate::session::Session;
use crate::session::report::{Cleanup, LeftOut};
use crate::wizard::{CleanupPlan, target_database};

/// What cleaning up would do.
pub fn would_do(plan: &CleanupPlan) -> Vec<String> {
    let mut lines = vec!["cleaning up would".to_owned()];
    lines.extend(plan.does.iter().map(|does| format!("  {does}")));
    lines.extend(plan.drops.iter().map(|drops| format!("  drop {drops}")));
    lines.extend(stays(&plan.stays));
    lines.extend(plan.cautions.iter().map(|caution| format!("! {caution}")));
    lines
}

/// The same, with how it is consented to.
pub(super) fn plan(plan: &CleanupPlan, session: &Session, invocation: &Invocation) -> Vec<String> {
    let mut lines = would_do(plan);
    lines.push("This only shows it: nothing was changed.".to_owned());
    let command = |arguments: &str| invocation.command(arguments);
    lines.push(format!(
        "To do it, without dropping the ledger: {}",
        command("cleanup --yes")
    ));
    if let (Some(database), false) = (target_database(session), plan.drops.is_empty()) {
        let confirm = format!("cleanup --confirm {}", quoted(&database));
        lines.push(format!("To drop the ledger, too: {}", command(&confirm)));
    }
    lines.push("With --remove-dump the dump is removed once its archive was read back.".to_owned());
    lines
}

pub(super) fn lines(found: &Cleanup, invocation: &Invocation) -> Vec<String> {
    let mut lines = checks(&found.checks, invocation);
    lines.extend(
        found
            .archives
            .iter()
            .skip(1)
            .map(|file| format!("  beside it: {} ({})", file.archive, file.saving())),
    );
    lines.extend(
        found
            .restoring()
            .map(|how| format!("to use the backup: {how}")),
    );
    lines.extend(stays(&found.remains));
    lines.push(found.documents_in_words());
    lines.extend(found.documents.iter().map(|file| format!("  {file}")));
    lines.push(format!(
        "Keep the backup until {}: neonlift status reminds you.",
        found.keep_until
    ));
    lines
}

fn stays(stays: &[LeftOut]) -> Vec<String> {
    let told = stays.iter();
    told.map(|left| format!("· stays: {}: {}", left.what, left.why))
        .collect()
}
