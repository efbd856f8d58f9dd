//! What can be wrong with a connection string. No variant holds any of its values.

use crate::failure::{Explain, Failure, Severity};

/// Why a connection string cannot be used. Positions count characters from 1, line breaks left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing was given.
    #[error("the connection string is empty")]
    Empty,
    /// Another product's or protocol's URL.
    #[error("this is a {scheme} address; a PostgreSQL connection string starts with postgresql://")]
    OtherScheme {
        /// The scheme, one of those known by name.
        scheme: &'static str,
    },
    /// Neither a URL nor `key=value`.
    #[error("this is not a connection string: neither a postgresql:// address nor key=value pairs")]
    NotAConnectionString,
    /// A character that has to be percent-encoded in the user name or password.
    #[error(
        "the character `{character}` at position {position} stands unescaped in the user name or password"
    )]
    Unescaped {
        /// The character.
        character: char,
        /// Where it stands.
        position: usize,
    },
    /// `%` without two hexadecimal digits.
    #[error("the `%` at position {position} is not followed by two hexadecimal digits")]
    BadPercent {
        /// Where it stands.
        position: usize,
    },
    /// Percent-codes that make no text, or a zero byte.
    #[error("the percent-codes after position {position} do not make valid text")]
    NotText {
        /// Where the part starts.
        position: usize,
    },
    /// No host.
    #[error("the host is missing")]
    MissingHost,
    /// No database.
    #[error("the database name is missing")]
    MissingDatabase,
    /// No user, and the operating system's user is unknown.
    #[error("the user name is missing")]
    MissingUser,
    /// A port that is no number from 1 to 65535.
    #[error("the port at position {position} is not a number from 1 to 65535")]
    BadPort {
        /// Where it starts.
        position: usize,
    },
    /// More than one host.
    #[error("there are several hosts (a comma at position {position}); give one")]
    SeveralHosts {
        /// Where the second begins.
        position: usize,
    },
    /// A character that no host name has.
    #[error("the character `{character}` at position {position} cannot be part of a host name")]
    BadHostCharacter {
        /// The character.
        character: char,
        /// Where it stands.
        position: usize,
    },
    /// `[` of an IPv6 address without `]`.
    #[error("the `[` at position {position} has no `]`: an IPv6 address stands in brackets")]
    OpenBracket {
        /// Where it stands.
        position: usize,
    },
    /// A parameter that does not exist.
    #[error("unknown parameter{} at position {position}{}", quoted(.name.as_deref()), meant(*.nearest))]
    UnknownParameter {
        /// Its name; left out where it may be a piece of a password.
        name: Option<String>,
        /// The parameter that is written almost like it.
        nearest: Option<&'static str>,
        /// Where it stands.
        position: usize,
    },
    /// A parameter without `=`.
    #[error("the parameter at position {position} has no `=` and value")]
    NoValue {
        /// Where it stands.
        position: usize,
    },
    /// A value that its parameter does not take.
    #[error("the value of {parameter} at position {position} has to be {expected}")]
    BadValue {
        /// The parameter.
        parameter: &'static str,
        /// What it takes.
        expected: &'static str,
        /// Where the value starts.
        position: usize,
    },
    /// A quoted value without its end.
    #[error("the quote at position {position} is not closed")]
    OpenQuote {
        /// Where it opens.
        position: usize,
    },
    /// White space inside a URL.
    #[error("there is white space at position {position}")]
    Space {
        /// Where it stands.
        position: usize,
    },
    /// A console's dots in place of the password.
    #[error("the password is hidden: the string was copied with dots or asterisks in its place")]
    MaskedPassword,
}

fn quoted(name: Option<&str>) -> String {
    name.map(|name| format!(" `{name}`")).unwrap_or_default()
}

fn meant(nearest: Option<&str>) -> String {
    nearest
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

impl ParseError {
    /// The same error in a longer text with so many characters before.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        if let Some(position) = self.position_mut() {
            *position += by;
        }
        self
    }

    /// Where it is wrong, in characters from 1, when it is one place.
    pub fn position(&self) -> Option<usize> {
        self.clone().position_mut().copied()
    }

    fn position_mut(&mut self) -> Option<&mut usize> {
        match self {
            Self::Unescaped { position, .. }
            | Self::BadPercent { position }
            | Self::NotText { position }
            | Self::BadPort { position }
            | Self::SeveralHosts { position }
            | Self::BadHostCharacter { position, .. }
            | Self::OpenBracket { position }
            | Self::UnknownParameter { position, .. }
            | Self::NoValue { position }
            | Self::BadValue { position, .. }
            | Self::OpenQuote { position }
            | Self::Space { position } => Some(position),
            Self::Empty
            | Self::OtherScheme { .. }
            | Self::NotAConnectionString
            | Self::MissingHost
            | Self::MissingDatabase
            | Self::MissingUser
            | Self::MaskedPassword => None,
        }
    }

    /// What to write instead.
    pub fn advice(&self) -> String {
        match self {
            Self::Empty | Self::NotAConnectionString | Self::OtherScheme { .. } => {
                "Write it as postgresql://user:password@host:5432/database, or paste it from the Neon console (Connect).".into()
            }
            Self::Unescaped { character, .. } => format!(
                "Write {} for every `{character}` that belongs to the user name or password.",
                percent_code(*character)
            ),
            Self::BadPercent { .. } => "A `%` of the text itself is written %25.".into(),
            Self::NotText { .. } => "Encode the part again: UTF-8, no zero byte.".into(),
            Self::MissingHost => "Name it: postgresql://user@localhost/database, or host=localhost; for a Unix socket, host=/var/run/postgresql.".into(),
            Self::MissingDatabase => "Name it after the host: postgresql://user@host:5432/database, or dbname=database.".into(),
            Self::MissingUser => "Name it before the host: postgresql://user@host/database, or user=name.".into(),
            Self::BadPort { .. } => "PostgreSQL's port is 5432 unless it was changed. If this is part of the password, write its `/` as %2F and its `:` as %3A.".into(),
            Self::SeveralHosts { .. } => "A migration needs the one server that takes writes: leave the others out.".into(),
            Self::BadHostCharacter { .. } => "If it belongs to the password, percent-encode the password's special characters (@ %40, # %23, / %2F, : %3A).".into(),
            Self::OpenBracket { .. } => "Close it: postgresql://user@[::1]:5432/database. If it belongs to the password, write %5B.".into(),
            Self::UnknownParameter { .. } => "Correct it or leave it out. If it is part of the password: in a URL write `&` as %26, in the key=value form put the password in single quotes.".into(),
            Self::NoValue { .. } => "Write name=value. In the key=value form a value with spaces stands in single quotes.".into(),
            Self::BadValue { .. } => "Correct it, or leave the parameter out.".into(),
            Self::OpenQuote { .. } => "Close it with '; a quote inside a value is written \\'.".into(),
            Self::Space { .. } => "Remove it; if it belongs to a value, write %20.".into(),
            Self::MaskedPassword => "Use the console's button that shows the password, and copy again; or leave the password out and give it when asked.".into(),
        }
    }
}

/// How a character is written in a URL: `@` → `%40`.
pub fn percent_code(character: char) -> String {
    let mut bytes = [0; 4];
    character
        .encode_utf8(&mut bytes)
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect()
}

impl Explain for ParseError {
    fn failure(&self) -> Failure {
        Failure::new("The connection string cannot be used", self.to_string())
            .advise(self.advice())
            .severity(Severity::Usage)
    }
}
