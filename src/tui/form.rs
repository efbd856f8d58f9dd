//! The connection form: where the rows come from and where they go.

mod entry;
mod passwords;

pub use entry::Part;
pub use passwords::{Held, Origin, Passwords};

use super::field::Field;
use super::mask;
use crate::postgres::{Cause, ConnectionString, ParseError};
use crate::secret::Secret;
use crate::session::report::Report;
use crate::session::{Place, Session, Step};
use crate::wizard::Side;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use entry::Entry;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Focus {
    /// Of which side.
    pub side: Side,
    /// Which of its fields.
    pub part: Part,
}

impl Focus {
    /// All fields, in their order.
    fn all() -> impl DoubleEndedIterator<Item = Self> + Clone {
        let sides = [Side::Source, Side::Target].into_iter();
        sides.flat_map(|side| Part::ALL.into_iter().map(move |part| Self { side, part }))
    }
}

/// What a person entered, to be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Of which side.
    pub side: Side,
    /// The connection string as it was entered; it may hold a password.
    pub string: Secret,
    /// The password, when it was entered by itself.
    pub password: Option<Secret>,
}

/// The form.
#[derive(Debug, Clone)]
pub struct Form {
    focus: Focus,
    entries: [Entry; 2],
    passwords: Passwords,
    /// Where the passwords of the strings come from; looked up when a string changes, not when it
    /// is drawn: that reads a file.
    origins: [Origin; 2],
    revealed: bool,
}

impl Form {
    /// The form with what the session knows in it. The cursor is where something is missing: a
    /// string, else a password that is found nowhere.
    pub fn of(session: &Session, passwords: &Passwords) -> Self {
        let focus = |side, part| Focus { side, part };
        let entries = [&session.source, &session.target].map(|place| Entry::of(url(place)));
        let mut form = Self {
            focus: focus(Side::Source, Part::String),
            entries,
            passwords: passwords.clone(),
            origins: [Origin::Unknown, Origin::Unknown],
            revealed: false,
        };
        let sides = [Side::Source, Side::Target];
        sides.into_iter().for_each(|side| form.look_up(side));
        let without_string = sides
            .into_iter()
            .find(|side| form.entry(*side).known().is_empty());
        form.focus = match (without_string, form.lacks_password()) {
            (Some(side), _) => focus(side, Part::String),
            (None, Some(side)) => focus(side, Part::Password),
            (None, None) => form.focus,
        };
        form
    }

    /// Whether the session's connections are others than those that the form began with.
    pub fn is_stale(&self, session: &Session) -> bool {
        let known = [&session.source, &session.target].map(url);
        known != [0, 1].map(|side: usize| self.entries[side].known())
    }

    /// Puts the cursor where the last test failed: a refused password at the password.
    pub fn look_at_failure(&mut self, session: &Session) {
        let Some(Report::Unreached(found)) = session.report(Step::Connections) else {
            return;
        };
        let sides = [(Side::Source, &found.source), (Side::Target, &found.target)];
        let failed = sides
            .into_iter()
            .find_map(|(side, failure)| Some((side, failure.as_ref()?)));
        if let Some((side, failure)) = failed {
            let by_password = [Cause::WrongPassword, Cause::PasswordMissing]
                .iter()
                .any(|cause| failure.why.starts_with(cause.title()));
            let part = if by_password {
                Part::Password
            } else {
                Part::String
            };
            self.focus = Focus { side, part };
        }
    }

    /// The first side that is described and whose password is found nowhere.
    pub fn lacks_password(&self) -> Option<Side> {
        let mut sides = [Side::Source, Side::Target].into_iter();
        sides.find(|side| self.lacks_its_password(*side))
    }

    fn lacks_its_password(&self, side: Side) -> bool {
        matches!(self.origin(side), Origin::Nowhere | Origin::Refused(_))
            && match self.understood(side) {
                // There the server knows people by their login.
                Some(Ok(string)) => !string.is_unix_socket(),
                _ => false,
            }
    }

    /// What is typed behind a string from before is its password, or a mistake, unless it
    /// `goes_on` with the string: nothing of it is taken in, or shown.
    fn refuse_behind_known(&self, goes_on: bool) -> Result<(), &'static str> {
        let Focus { side, part } = self.focus;
        let entry = self.entry(side);
        let field = entry.field(Part::String);
        let text = field.text();
        let is_behind = part == Part::String
            && !text.is_empty()
            && text == entry.known()
            && field.cursor() == text.chars().count();
        match is_behind && (!goes_on || self.lacks_its_password(side)) {
            true => Err("the password has its own field below; Ctrl-U empties this one"),
            false => Ok(()),
        }
    }

    /// Where the password of a side comes from.
    pub fn origin(&self, side: Side) -> Origin {
        if !self.entry(side).field(Part::Password).is_empty() {
            return Origin::Typed;
        }
        self.origins[side as usize].clone()
    }

    fn look_up(&mut self, side: Side) {
        self.origins[side as usize] = match self.entry(side).understood() {
            Some(Ok(string)) => self.passwords.origin(side, string),
            _ => Origin::Unknown,
        };
    }

    /// Where the cursor is.
    pub fn focus(&self) -> Focus {
        self.focus
    }

    /// Puts the cursor into the field for a side's password.
    pub fn ask_password(&mut self, side: Side) {
        self.focus = Focus {
            side,
            part: Part::Password,
        };
    }

    /// A field, to look at; empty where it is a part of a string that is not understood.
    pub fn field(&self, focus: Focus) -> Option<&Field> {
        let entry = self.entry(focus.side);
        let is_part = !matches!(focus.part, Part::String | Part::Password);
        (!is_part || entry.has_parts()).then(|| entry.field(focus.part))
    }

    /// Whether the field with the cursor shows its password.
    pub fn is_revealed(&self, focus: Focus) -> bool {
        self.revealed && self.focus == focus
    }

    /// Shows the password in the field with the cursor, or hides it again. The error says why not.
    pub fn reveal(&mut self) -> Result<(), &'static str> {
        if !matches!(self.focus.part, Part::String | Part::Password) {
            return Err("there is no password in this field");
        }
        self.revealed = !self.revealed;
        Ok(())
    }

    /// Hides what was revealed.
    pub fn hide(&mut self) {
        self.revealed = false;
    }

    fn entry(&self, side: Side) -> &Entry {
        &self.entries[side as usize]
    }

    /// Edits the field with the cursor by a key; the error says why it cannot be edited now. What
    /// becomes a connection string in a part's field goes on in the string's.
    pub fn key(&mut self, key: KeyEvent) -> Result<(), &'static str> {
        let types = matches!(key.code, KeyCode::Char(_));
        if types && !key.modifiers.contains(KeyModifiers::CONTROL) {
            self.refuse_behind_known(true)?;
        }
        let before = self.entry(self.focus.side).field(self.focus.part).text();
        self.edit(|field| {
            field.key(key);
        })?;
        let text = self.entry(self.focus.side).field(self.focus.part).text();
        match text != before && self.is_string_in_part(&text) {
            true => self.take_as_string(&text),
            false => Ok(()),
        }
    }

    /// Pastes into the field with the cursor, a connection string always into the string's; the
    /// error says why it cannot be edited now.
    pub fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        if self.is_string_in_part(text) {
            return self.take_as_string(text);
        }
        if !mask::is_connection_string(text) {
            self.refuse_behind_known(text.starts_with(['?', '&', '/', ' ']))?;
        }
        self.edit(|field| field.paste(text))
    }

    /// Only the string's field hides the password of a string.
    fn is_string_in_part(&self, text: &str) -> bool {
        let is_part = !matches!(self.focus.part, Part::String | Part::Password);
        is_part && mask::is_connection_string(text)
    }

    fn take_as_string(&mut self, text: &str) -> Result<(), &'static str> {
        self.go(Focus {
            part: Part::String,
            ..self.focus
        });
        self.edit(|field| {
            *field = Field::default();
            field.paste(text);
        })
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Field)) -> Result<(), &'static str> {
        let Focus { side, part } = self.focus;
        let before = self.entry(side).string();
        let edited = self.entries[side as usize].edit(part, edit);
        if self.entry(side).string() != before {
            self.look_up(side);
        }
        edited
    }

    /// Goes to the next field, from the last one to the first; past those that a string has
    /// filled in, and past a string of which only the password is missing.
    pub fn next(&mut self) {
        let next = self.past_parts(self.around(Focus::all()), Part::Password);
        let is_other = next.side != self.focus.side && next.part == Part::String;
        let part = match is_other && self.lacks_its_password(next.side) {
            true => Part::Password,
            false => next.part,
        };
        self.go(Focus { part, ..next });
    }

    /// Goes to the field before, in the same way.
    pub fn previous(&mut self) {
        let previous = self.around(Focus::all().rev());
        self.go(self.past_parts(previous, Part::String));
    }

    /// Goes to the field below, whichever it is.
    pub fn down(&mut self) {
        self.go(self.around(Focus::all()));
    }

    /// Goes to the field above, whichever it is.
    pub fn up(&mut self) {
        self.go(self.around(Focus::all().rev()));
    }

    /// The field behind the one with the cursor in this order.
    fn around(&self, order: impl Iterator<Item = Focus> + Clone) -> Focus {
        let mut rest = order
            .clone()
            .skip_while(|focus| *focus != self.focus)
            .skip(1);
        rest.next()
            .or_else(|| order.clone().next())
            .unwrap_or(self.focus)
    }

    fn past_parts(&self, focus: Focus, part: Part) -> Focus {
        let from_outside = matches!(self.focus.part, Part::String | Part::Password);
        let into_parts = !matches!(focus.part, Part::String | Part::Password);
        if from_outside && into_parts && self.entry(focus.side).is_by_string() {
            return Focus { part, ..focus };
        }
        focus
    }

    fn go(&mut self, focus: Focus) {
        if self.focus.part == Part::String {
            self.entries[self.focus.side as usize].leave_string();
            self.look_up(self.focus.side);
        }
        self.revealed = false;
        self.focus = focus;
    }

    /// How a side is understood; `None` while there is nothing to tell yet.
    pub fn understood(&self, side: Side) -> Option<&Result<ConnectionString, ParseError>> {
        self.entry(side).understood()
    }

    /// The field of a side in which something is wrong, or missing.
    pub fn wrong(&self, side: Side) -> Option<(Part, &ParseError)> {
        self.entry(side).wrong()
    }

    /// Both sides as entered, those that changed alone; or which field has to be looked at again
    /// and why. The cursor goes there.
    pub fn submit(&mut self) -> Result<Vec<Entered>, String> {
        self.go(self.focus);
        for side in [Side::Source, Side::Target] {
            let entry = self.entry(side);
            let (part, why) = match (entry.wrong(), entry.understood()) {
                (Some((part, error)), _) => (part, format!("{}: {error}", side.name())),
                (None, None) => {
                    let why = format!("the {} has no connection string yet", side.name());
                    (Part::String, why)
                }
                (None, Some(_)) => continue,
            };
            self.focus = Focus { side, part };
            return Err(why);
        }
        let changed = [Side::Source, Side::Target].into_iter();
        Ok(changed
            .filter(|side| self.entry(*side).has_changed())
            .map(|side| self.entered(side))
            .collect())
    }

    fn entered(&self, side: Side) -> Entered {
        let entry = self.entry(side);
        Entered {
            side,
            string: entry.string(),
            password: entry.password(),
        }
    }
}

fn url(place: &Option<Place>) -> &str {
    place.as_ref().map_or("", |place| &place.url)
}

#[cfg(test)]
mod tests;
