//! A cutting over and the way back as plain lines.

use super::{advice_lines, failure_lines};
use crate::invocation::{Invocation, quoted};
use crate::session::report::{LATE_WRITES, WayBack};
use crate::session::{CutPhase, Session};
use crate::wizard::{News, target_database};

/// What is told of a cutting over, or of the way back; `None` for other news.
pub(super) fn news(news: &News, session: &Session, invocation: &Invocation) -> Option<Vec<String>> {
    let indented = |lines: &[String]| lines.iter().map(|line| format!("    {line}")).collect();
    let failed = |failure| failure_lines(failure, &failure.why, invocation);
    Some(match news {
        News::PhaseBegun(phase) => vec![format!("▸ {}: {}", place(*phase), phase.title())],
        News::PhasePassed(passed) => {
            let mut lines: Vec<String> = indented(&passed.found);
            lines.push(format!("✓ {}: {}", place(passed.phase), passed.phase));
            lines
        }
        News::SetByHand(found) => by_hand(found, session, invocation),
        News::CutOver => vec![format!("✓ {}", stands(session))],
        News::NotCutOver(phase, failure) => {
            let mut lines = failed(failure);
            lines.push(format!("✗ {}: {phase}, not cut over", place(*phase)));
            lines
        }
        News::Recovered(recovered) => indented(&recovered.in_words()),
        News::RolledBack => {
            let back = session.rolled_back.as_ref();
            let mut lines: Vec<String> = indented(back.map_or(&[][..], |back| &back.done));
            lines.extend(back.map(|back| format!("✓ {}", back.in_words())));
            lines
        }
        News::NotRecovered(failure) | News::NotRolledBack(failure) => failed(failure),
        _ => return None,
    })
}

/// Which phase, of how many.
fn place(phase: CutPhase) -> String {
    format!(
        "cutting over, {} of {}",
        phase as usize + 1,
        CutPhase::ALL.len()
    )
}

fn stands(session: &Session) -> String {
    let cutting = session.cutting.as_ref();
    cutting.map_or_else(String::new, |cutting| cutting.in_words())
}

fn by_hand(found: &[String], session: &Session, invocation: &Invocation) -> Vec<String> {
    let mut lines: Vec<String> = found.iter().map(|line| format!("    {line}")).collect();
    lines.push(
        "‖ Nothing writes, and both sides are equal: set it now, everywhere. Then:".to_owned(),
    );
    let name = target_database(session).unwrap_or_default();
    let words = format!("cutover --confirm {} --by-hand", quoted(&name));
    lines.push(format!("        {}", invocation.command(&words)));
    lines
}

/// What the way back would undo and lose, and how to go it.
pub fn way_back(found: &WayBack, invocation: &Invocation) -> Vec<String> {
    let glyph = if found.is_open() { "✓" } else { "✗" };
    let mut lines = vec![format!(
        "{glyph} {} ({}): {}",
        found.alive.name, found.source, found.alive.found
    )];
    lines.push("Would be undone:".to_owned());
    lines.extend(found.undone().iter().map(|line| format!("    {line}")));
    lines.push("Would be lost, unless it is saved first:".to_owned());
    lines.extend(found.losses().iter().map(|line| format!("    {line}")));
    if let Some(written) = found.late_writes() {
        lines.push(format!("! {written}"));
        lines.extend(advice_lines(&LATE_WRITES.map(str::to_owned), invocation));
    }
    if !found.clients.is_empty() {
        let clients = found.clients.join("; ");
        lines.push(format!(
            "! Connected to the target, and may write to it: {clients}"
        ));
    }
    lines
}

/// The commands that save what would be lost, and go the way back.
pub(super) fn ways(found: &WayBack, invocation: &Invocation) -> Vec<String> {
    let name = quoted(&found.database);
    let apply = format!("rollback --recover-rows --apply-rows {name}");
    let back = format!("rollback --confirm {name}");
    let saves = [
        (
            "In a file, and taken over into the old database:",
            apply.as_str(),
        ),
        ("As a new database beside it:", "rollback --recover-dump"),
    ];
    let goes = [("To go back:", back.as_str())];
    let saves = saves
        .into_iter()
        .filter(|_| found.is_open() && found.loses());
    let goes = goes.into_iter().filter(|_| found.is_open());
    let ways = saves.chain(goes);
    ways.flat_map(|(text, words)| {
        [
            text.to_owned(),
            format!("        {}", invocation.command(words)),
        ]
    })
    .collect()
}
