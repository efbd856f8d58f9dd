//! The checklist: told item by item, signed with a name.

use super::Break;
use super::wizard::Lines;
use crate::headless;
use crate::session::{Session, State, Step};
use crate::wizard::{Event, Outcome, checklist};

/// The items, what is closed and by whom, and what is open.
pub(super) fn lines(session: &Session) -> Vec<String> {
    let asked = match session.state(Step::Cutover) {
        State::AwaitingSignOff => "open: sign it below",
        _ => "open: to be signed at the cutover",
    };
    let items = checklist::evaluated(session).into_iter();
    items
        .map(|item| headless::item_line(&item, asked))
        .collect()
}

/// Asks for the name and signs.
pub(super) async fn sign(lines: &mut Lines<'_>, item: &str) -> Result<Option<Outcome>, Break> {
    let prompt = match lines.signer.as_str() {
        "" => "Your name, for the signature (Enter alone goes back): ".to_owned(),
        signer => format!("Your name, for the signature (Enter alone: {signer}): "),
    };
    let typed = lines.person.ask(&prompt).await?;
    if !typed.trim().is_empty() {
        lines.signer = typed.trim().to_owned();
    }
    if lines.signer.is_empty() {
        return Ok(None);
    }
    let (item, by) = (item.to_owned(), lines.signer.clone());
    lines.begun(Step::Cutover, Event::Sign { item, by }).await
}
