//! What is entered for one side: its connection string and the parts of it, kept in step.

use crate::postgres::{ConnectionString, ParseError};
use crate::secret::Secret;
use crate::tui::field::Field;
use crate::tui::mask;

/// A field of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The connection string.
    String,
    /// The host in it.
    Host,
    /// The port in it.
    Port,
    /// The database in it.
    Database,
    /// The user in it.
    User,
    /// The password, when it is not in the string.
    Password,
}

impl Part {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 6] = [
        Self::String,
        Self::Host,
        Self::Port,
        Self::Database,
        Self::User,
        Self::Password,
    ];

    /// Where to look when this is wrong with the parts.
    fn of(error: &ParseError) -> Self {
        match error {
            ParseError::MissingDatabase => Self::Database,
            ParseError::MissingUser => Self::User,
            ParseError::BadPort { .. } => Self::Port,
            _ => Self::Host,
        }
    }
}

/// The fields of a side, and how its string is understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    fields: [Field; 6],
    /// What the session has.
    known: String,
    read: Option<Result<ConnectionString, ParseError>>,
    /// The string as it was last understood: what is no part has its parameters from here.
    base: Option<ConnectionString>,
    /// Whether the string was made of the parts, not the parts taken from the string.
    by_parts: bool,
}

impl Entry {
    pub(super) fn of(known: &str) -> Self {
        let mut entry = Self {
            known: known.to_owned(),
            ..Self::default()
        };
        entry.fields[Part::String as usize] = Field::with(known);
        entry.read();
        entry
    }

    pub(super) fn known(&self) -> &str {
        &self.known
    }

    pub(super) fn field(&self, part: Part) -> &Field {
        &self.fields[part as usize]
    }

    fn text(&self, part: Part) -> String {
        self.field(part).text()
    }

    /// How the string, or what was filled in, is understood; `None` while there is nothing to tell.
    pub(super) fn understood(&self) -> Option<&Result<ConnectionString, ParseError>> {
        self.read.as_ref()
    }

    /// Whether the parts are the string's: while it is not understood they are nobody's.
    pub(super) fn has_parts(&self) -> bool {
        self.by_parts || matches!(self.read, Some(Ok(_))) || self.field(Part::String).is_empty()
    }

    /// Whether the parts come from the string that stands there, understood or not.
    pub(super) fn is_by_string(&self) -> bool {
        !self.by_parts && !self.field(Part::String).is_empty()
    }

    /// The field in which something is wrong, or missing.
    pub(super) fn wrong(&self) -> Option<(Part, &ParseError)> {
        match &self.read {
            Some(Err(error)) if self.by_parts => Some((Part::of(error), error)),
            Some(Err(error)) => Some((Part::String, error)),
            _ => None,
        }
    }

    /// Edits a field; the others follow. The error says why it cannot be edited now.
    pub(super) fn edit(
        &mut self,
        part: Part,
        edit: impl FnOnce(&mut Field),
    ) -> Result<(), &'static str> {
        let is_part = !matches!(part, Part::String | Part::Password);
        if is_part && !self.has_parts() {
            return Err("mend the string first, or empty it with Ctrl-U");
        }
        let before = self.text(part);
        edit(&mut self.fields[part as usize]);
        if self.text(part) == before {
            return Ok(());
        }
        match part {
            Part::Password => {}
            Part::String if self.is_half_typed() => {
                self.by_parts = false;
                self.read = None;
            }
            Part::String => self.read(),
            _ => self.write(),
        }
        Ok(())
    }

    /// The cursor leaves the string: it is whole now.
    pub(super) fn leave_string(&mut self) {
        if self.read.is_none() {
            self.read();
        }
    }

    /// An address whose password may still go on is not read: a piece of it would be taken for a
    /// port or a host, and shown.
    fn is_half_typed(&self) -> bool {
        let text = self.text(Part::String);
        text.contains("://") && mask::is_open(&text)
    }

    /// From the string to the parts.
    fn read(&mut self) {
        let text = self.text(Part::String);
        self.by_parts = false;
        self.read = (!text.is_empty()).then(|| ConnectionString::parse(&text));
        let parts = match &self.read {
            None => Default::default(),
            Some(Err(_)) => return,
            Some(Ok(string)) => [
                string.host().to_owned(),
                string.port().to_string(),
                string.database().to_owned(),
                string.user().to_owned(),
            ],
        };
        self.base = self.read.clone().and_then(Result::ok);
        for (part, text) in Part::ALL[1..5].iter().zip(parts) {
            self.fields[*part as usize] = Field::with(&text);
        }
    }

    /// From the parts to the string.
    fn write(&mut self) {
        let [host, port, database, user] =
            [Part::Host, Part::Port, Part::Database, Part::User].map(|part| self.text(part));
        let (host, port) = (host.trim(), port.trim());
        let nothing = [host, port, &database, &user]
            .iter()
            .all(|text| text.is_empty());
        self.by_parts = !nothing;
        self.read = (!nothing).then(|| match &self.base {
            Some(base) => base.with_parts(&user, &database, host, port),
            None => ConnectionString::from_parts(&user, &database, host, port),
        });
        let text = match &self.read {
            Some(Ok(string)) => string.url_with_password(),
            _ => Secret::new(""),
        };
        self.fields[Part::String as usize] = Field::with(text.expose());
    }

    /// Whether it differs from what the session has.
    pub(super) fn has_changed(&self) -> bool {
        self.text(Part::String) != self.known || !self.field(Part::Password).is_empty()
    }

    pub(super) fn string(&self) -> Secret {
        Secret::new(self.text(Part::String))
    }

    pub(super) fn password(&self) -> Option<Secret> {
        let field = self.field(Part::Password);
        (!field.is_empty()).then(|| Secret::new(field.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fill(entry: &mut Entry, part: Part, text: &str) {
        entry
            .edit(part, |field| *field = Field::with(text))
            .unwrap();
    }

    fn parts(entry: &Entry) -> [String; 4] {
        [Part::Host, Part::Port, Part::Database, Part::User].map(|part| entry.text(part))
    }

    proptest! {
        #[test]
        fn from_the_parts_to_the_string_and_back_nothing_changes(
            host in "[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]{2,5})?",
            port in 1_u16..,
            database in "[^\\p{Cc}]{1,12}",
            user in "[^\\p{Cc}]{1,12}",
            password in "[^\\p{Cc}*•]{1,12}",
        ) {
            let mut filled = Entry::of("");
            let texts = [host, port.to_string(), database, user];
            for (part, text) in Part::ALL[1..5].iter().zip(&texts) {
                fill(&mut filled, *part, text);
            }
            prop_assert!(matches!(filled.understood(), Some(Ok(_))));
            let read = Entry::of(&filled.text(Part::String));
            prop_assert_eq!(parts(&read), texts.clone());

            // With a password in the string, a part changes alone.
            let string = read.base.unwrap().with_password(Secret::new(password.clone()));
            let mut whole = Entry::of(string.url_with_password().expose());
            fill(&mut whole, Part::Database, "another");
            let again = ConnectionString::parse(&whole.text(Part::String)).unwrap();
            prop_assert_eq!(again.database(), "another");
            prop_assert_eq!(again.user(), &*texts[3]);
            prop_assert_eq!(again.password().unwrap().expose(), &*password);
        }
    }

    #[test]
    fn parameters_stay_when_a_part_is_edited() {
        let mut entry = Entry::of(
            "postgresql://u:p%23w@a/d?sslmode=verify-full&channel_binding=require&hostaddr=10.0.0.1",
        );
        fill(&mut entry, Part::User, "v");
        let read = entry.understood().unwrap().as_ref().unwrap();
        assert_eq!(read.ssl_mode().name(), "verify-full");
        assert_eq!(read.channel_binding().name(), "require");
        assert!(read.hostaddr().is_some());
        assert_eq!(read.password().unwrap().expose(), "p#w");
        fill(&mut entry, Part::Host, "b");
        let read = entry.understood().unwrap().as_ref().unwrap();
        assert_eq!(read.hostaddr(), None, "the address was the other host's");
    }

    #[test]
    fn a_host_of_neon_gets_tls_while_it_is_typed() {
        let mut entry = Entry::of("");
        fill(&mut entry, Part::Database, "d");
        fill(&mut entry, Part::User, "u");
        for end in 1..="ep-x.neon.tech".len() {
            fill(&mut entry, Part::Host, &"ep-x.neon.tech"[..end]);
        }
        assert_eq!(
            entry.text(Part::String),
            "postgresql://u@ep-x.neon.tech:5432/d?sslmode=require"
        );
    }

    #[test]
    fn a_string_that_is_not_understood_is_not_overwritten_by_its_parts() {
        let mut entry = Entry::of("postgresql://u:p#w@h/d");
        let refused = entry.edit(Part::Host, |field| field.paste("x"));
        assert!(refused.unwrap_err().contains("mend"));
        assert_eq!(entry.text(Part::String), "postgresql://u:p#w@h/d");
        fill(&mut entry, Part::String, "");
        fill(&mut entry, Part::User, "u");
        assert_eq!(entry.wrong().unwrap().0, Part::Host);
        fill(&mut entry, Part::Host, "x");
        assert_eq!(entry.wrong().unwrap().0, Part::Database);
    }

    #[test]
    fn a_half_typed_string_is_not_read_aloud() {
        let mut entry = Entry::of("");
        fill(&mut entry, Part::String, "postgresql://alice:secret");
        assert!(entry.understood().is_none());
        fill(&mut entry, Part::String, "postgresql://alice:sec@ret");
        assert!(entry.understood().is_none() && !entry.has_parts());
        fill(&mut entry, Part::String, "postgresql://alice:secret@h/d");
        assert_eq!(parts(&entry)[0], "h");
        fill(&mut entry, Part::String, "postgresql://h:5432/d");
        entry.leave_string();
        assert_eq!(parts(&entry)[1], "5432");
    }
}
