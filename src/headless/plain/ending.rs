//! The checklist and the end of a run as plain lines.

use crate::failure::{Retry, Severity};
use crate::headless::End;
use crate::invocation::Invocation;
use crate::session::{Item, ItemKind, Session, State, Step};
use crate::wizard::{Outcome, checklist};

/// A session's checklist, however far it has come: what is closed, by whom, and what to do for what
/// is open.
pub(super) fn lines(session: &Session, invocation: &Invocation) -> Vec<String> {
    let items = checklist::evaluated(session);
    let items = items.iter();
    items.map(|item| told(item, session, invocation)).collect()
}

/// Of it, what is open.
pub fn open_items(session: &Session, invocation: &Invocation) -> Vec<String> {
    let items = checklist::evaluated(session).into_iter();
    let open = items.filter(|item| !item.is_closed());
    open.map(|item| told(&item, session, invocation)).collect()
}

fn told(item: &Item, session: &Session, invocation: &Invocation) -> String {
    item_line(item, &asked(item, session, invocation))
}

/// An item of the checklist: closed by whom or what, or still open; for a person's, `asked` says
/// what to do.
pub fn item_line(item: &Item, asked: &str) -> String {
    let glyph = if item.is_closed() { "✓" } else { "○" };
    let state = match (&item.signature, item.kind) {
        (Some(signature), _) => {
            let at = signature.at.strftime("%F %H:%M UTC");
            format!("signed by {} at {at}", signature.by)
        }
        (None, ItemKind::Machine) if item.ticked => item.evidence.clone(),
        (None, ItemKind::Machine) => format!("open: {}", item.evidence),
        (None, ItemKind::Person) if item.evidence.is_empty() => asked.to_owned(),
        (None, ItemKind::Person) => format!("{}; {asked}", item.evidence),
    };
    format!("{glyph} {}: {state}", item.text)
}

fn asked(item: &Item, session: &Session, invocation: &Invocation) -> String {
    match session.state(Step::Cutover) {
        State::AwaitingSignOff => {
            let words = format!("sign {} --by \"Your Name\"", item.key);
            format!("open: {}", invocation.command(&words))
        }
        _ => "open: to be signed at the cutover".to_owned(),
    }
}

/// What is said at the very end.
pub(super) fn ending(end: &End<'_>, invocation: &Invocation) -> Vec<String> {
    match end.outcome {
        _ if end.session.compares_only => vec![compared(end.outcome).to_owned()],
        Outcome::Done => vec!["✓ Done: migrated, proved equal, and signed.".to_owned()],
        Outcome::Partial if end.session.first_open().is_none() => {
            vec!["✓ Done as far as asked.".to_owned()]
        }
        Outcome::Partial if end.session.is_cut_over() => {
            vec!["✓ The application is over on the target. Start it, and watch it.".to_owned()]
        }
        Outcome::Partial => vec![format!(
            "✓ Done as far as asked; `{}` goes on.",
            invocation.command("run")
        )],
        Outcome::AwaitingSignOff => awaiting(end.session, invocation),
        Outcome::Interrupted => {
            vec!["‖ Stopped. Nothing is lost; the same command goes on from here.".to_owned()]
        }
        // Another command is needed, not the same.
        Outcome::Failed(Severity::Usage) => vec!["✗ Not done.".to_owned()],
        Outcome::Failed(_) => {
            let failed = end.session.steps.values();
            let mut failures = failed.filter_map(|record| record.failure.as_ref());
            let text = match failures.any(|failure| failure.retry == Retry::Never) {
                true => "✗ Not done.",
                false => {
                    "✗ Not done. When the cause is mended, the same command goes on from here."
                }
            };
            vec![text.to_owned()]
        }
    }
}

/// Of two databases that were compared, and nothing else: nothing goes on from there.
fn compared(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "✓ Compared: both databases are equal.",
        Outcome::Failed(Severity::Failed) => "✗ Compared: the databases differ.",
        Outcome::Interrupted => "‖ Stopped: nothing is proved.",
        _ => "✗ Not compared: nothing is proved.",
    }
}

fn awaiting(session: &Session, invocation: &Invocation) -> Vec<String> {
    let lines = lines(session, invocation).into_iter();
    let end = "✓ All that the machine can do is done; the checklist waits for signatures.";
    lines
        .map(|line| format!("    {line}"))
        .chain([end.to_owned()])
        .collect()
}
