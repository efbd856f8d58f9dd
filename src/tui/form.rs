//! The connection form: where the rows come from and where they go.

use super::field::Field;
use crate::secret::Secret;
use crate::session::Session;
use crate::wizard::Side;

/// How a connection string was understood, as label and value, or what is wrong with it. Neither
/// may hold the password.
pub type Understood = Result<Vec<(&'static str, String)>, String>;

/// Reads a connection string.
pub type Understand = fn(&str) -> Understood;

/// The form's fields, from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The connection string of a side.
    String(Side),
    /// The password of a side, when it is not in the string.
    Password(Side),
}

impl Focus {
    /// All fields, in their order.
    pub const ALL: [Self; 4] = [
        Self::String(Side::Source),
        Self::Password(Side::Source),
        Self::String(Side::Target),
        Self::Password(Side::Target),
    ];

    fn place(self) -> usize {
        Self::ALL
            .iter()
            .position(|focus| *focus == self)
            .unwrap_or(0)
    }
}

/// What was entered for one side.
#[derive(Debug, Clone, Default)]
struct Entry {
    string: Field,
    password: Field,
    known: String,
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
    source: Entry,
    target: Entry,
}

impl Form {
    /// The form with what the session knows in it.
    pub fn of(session: &Session) -> Self {
        let entry = |place: &Option<crate::session::Place>| {
            let known = place.as_ref().map_or("", |place| &place.url);
            Entry {
                string: Field::with(known),
                password: Field::default(),
                known: known.to_owned(),
            }
        };
        let (source, target) = (entry(&session.source), entry(&session.target));
        let focus = if source.string.is_empty() || !target.string.is_empty() {
            Side::Source
        } else {
            Side::Target
        };
        Self {
            focus: Focus::String(focus),
            source,
            target,
        }
    }

    /// Whether the session's connections are others than those that the form began with.
    pub fn is_stale(&self, session: &Session) -> bool {
        let url = |place: &Option<crate::session::Place>| {
            place
                .as_ref()
                .map(|place| place.url.clone())
                .unwrap_or_default()
        };
        url(&session.source) != self.source.known || url(&session.target) != self.target.known
    }

    /// Where the cursor is.
    pub fn focus(&self) -> Focus {
        self.focus
    }

    /// Puts the cursor into a field.
    pub fn ask(&mut self, focus: Focus) {
        self.focus = focus;
    }

    /// A field, to look at.
    pub fn field(&self, focus: Focus) -> &Field {
        match focus {
            Focus::String(side) => &self.entry(side).string,
            Focus::Password(side) => &self.entry(side).password,
        }
    }

    /// The field with the cursor.
    pub fn field_mut(&mut self) -> &mut Field {
        let (Focus::String(side) | Focus::Password(side)) = self.focus;
        let entry = match side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        };
        match self.focus {
            Focus::String(_) => &mut entry.string,
            Focus::Password(_) => &mut entry.password,
        }
    }

    fn entry(&self, side: Side) -> &Entry {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Goes to the next field, from the last one to the first.
    pub fn next(&mut self) {
        self.focus = Focus::ALL[(self.focus.place() + 1) % Focus::ALL.len()];
    }

    /// Goes to the field before, from the first one to the last.
    pub fn previous(&mut self) {
        self.focus = Focus::ALL[(self.focus.place() + Focus::ALL.len() - 1) % Focus::ALL.len()];
    }

    /// How a side's string is understood; `None` while there is nothing to tell yet.
    ///
    /// A string without `@` that is still being typed is not read aloud: its password would be
    /// taken for a port or a host and shown.
    pub fn understood(&self, side: Side, understand: Understand) -> Option<Understood> {
        let text = self.entry(side).string.text();
        let half_typed = self.focus == Focus::String(side)
            && !text.contains('@')
            && text != self.entry(side).known;
        (!text.is_empty() && !half_typed).then(|| understand(&text))
    }

    /// Both sides as entered, those that changed alone; or which field has to be looked at again
    /// and why. The cursor goes there.
    pub fn submit(&mut self, understand: Understand) -> Result<Vec<Entered>, String> {
        for side in [Side::Source, Side::Target] {
            let text = self.entry(side).string.text();
            let wrong = if text.is_empty() {
                Some(format!("the {} has no connection string yet", side.name()))
            } else {
                understand(&text)
                    .err()
                    .map(|why| format!("{}: {why}", side.name()))
            };
            if let Some(wrong) = wrong {
                self.focus = Focus::String(side);
                return Err(wrong);
            }
        }
        let changed = [Side::Source, Side::Target].into_iter().filter(|side| {
            let entry = self.entry(*side);
            entry.string.text() != entry.known || !entry.password.is_empty()
        });
        Ok(changed.map(|side| self.entered(side)).collect())
    }

    fn entered(&self, side: Side) -> Entered {
        let entry = self.entry(side);
        let password = (!entry.password.is_empty()).then(|| Secret::new(entry.password.text()));
        Entered {
            side,
            string: Secret::new(entry.string.text()),
            password,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Place;
    use jiff::Timestamp;

    fn understand(text: &str) -> Understood {
        match text.split_once('@') {
            Some((_, host)) => Ok(vec![("host", host.to_owned())]),
            None => Ok(vec![("host", text.to_owned())]),
        }
    }

    fn known() -> Session {
        let mut session = Session::new(Timestamp::UNIX_EPOCH, 1);
        let place = |url: &str| {
            Some(Place {
                url: url.to_owned(),
                identity: None,
            })
        };
        session.source = place("postgresql://u@a/d");
        session.target = place("postgresql://u@b/d");
        session
    }

    #[test]
    fn only_what_changed_is_handed_over() {
        let mut form = Form::of(&known());
        assert_eq!(form.submit(understand), Ok(Vec::new()));
        form.previous();
        form.field_mut().paste("new password");
        let entered = form.submit(understand).unwrap();
        assert_eq!(entered.len(), 1);
        assert_eq!(entered[0].side, Side::Target);
        assert_eq!(entered[0].password, Some(Secret::new("new password")));
    }

    #[test]
    fn the_cursor_goes_to_what_is_missing() {
        let mut session = known();
        session.target = None;
        let mut form = Form::of(&session);
        form.previous();
        assert!(form.submit(understand).unwrap_err().contains("target"));
        assert_eq!(form.focus(), Focus::String(Side::Target));
    }

    #[test]
    fn a_half_typed_string_is_not_read_aloud() {
        let mut form = Form::of(&Session::new(Timestamp::UNIX_EPOCH, 1));
        form.field_mut().paste("postgresql://alice:secret");
        assert_eq!(form.understood(Side::Source, understand), None);
        form.field_mut().paste("@h");
        assert!(form.understood(Side::Source, understand).is_some());
    }
}
