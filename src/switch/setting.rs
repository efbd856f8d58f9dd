//! A variable in a file, and what is known by its name.

use super::format::{Format, Quoting};
use crate::secret::Secret;
use std::ops::Range;

/// What a variable says about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    /// The whole, for the application.
    Url,
    /// The whole, for migrations.
    DirectUrl,
    Host,
    Port,
    Database,
    User,
    Password,
    SslMode,
    /// Which of its databases the application uses.
    Backend,
}

/// The variable that says how much TLS is asked for.
pub(super) const SSLMODE: &str = "POSTGRES_SSLMODE";

/// The migration guides' names.
pub(super) const NAMES: [(&str, Variable); 10] = [
    ("DATABASE_URL", Variable::Url),
    ("NEON_DATABASE_URL", Variable::DirectUrl),
    ("POSTGRES_HOST", Variable::Host),
    ("POSTGRES_PORT", Variable::Port),
    ("POSTGRES_DB", Variable::Database),
    ("POSTGRES_DATABASE", Variable::Database),
    ("POSTGRES_USER", Variable::User),
    ("POSTGRES_PASSWORD", Variable::Password),
    (SSLMODE, Variable::SslMode),
    ("STORAGE_BACKEND", Variable::Backend),
];

impl Variable {
    /// The variable of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, variable)| *variable)
    }

    /// All names.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Whether it is one part of a connection.
    pub(super) fn is_part(self) -> bool {
        !matches!(self, Self::Url | Self::DirectUrl | Self::Backend)
    }
}

/// A variable in a file.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) variable: Variable,
    /// Which part of the file it stands in: a table of TOML, an object of JSON, what is indented
    /// together in YAML. The parts of a connection belong together in it.
    pub(super) section: usize,
    /// Where its name begins, a quote before it included.
    pub(super) key: usize,
    /// Where its value stands, quotes included.
    pub(super) span: Range<usize>,
    /// The value as the application reads it.
    pub(super) value: Secret,
    pub(super) quoting: Quoting,
    /// Whether the value is put together of other variables, or stands in a way that is not
    /// understood: it is left alone.
    pub(super) is_composed: bool,
    pub(super) sibling: Sibling,
}

/// How a variable of the same kind is put beside another.
#[derive(Debug, Clone)]
pub(super) struct Sibling {
    /// Where.
    pub(super) at: usize,
    /// What stands before its name, between name and value, and behind the value.
    pub(super) before: String,
    pub(super) between: String,
    pub(super) after: String,
    /// Whether the name has quotes.
    pub(super) quoted: bool,
}

impl Sibling {
    /// The text to insert; `None` when the value cannot be written there.
    pub(super) fn text(&self, format: Format, quoting: Quoting, value: &str) -> Option<String> {
        let quote = if self.quoted { "\"" } else { "" };
        let (before, between, after) = (&self.before, &self.between, &self.after);
        let value = format.write(quoting, value)?;
        Some(format!(
            "{before}{quote}{SSLMODE}{quote}{between}{value}{after}"
        ))
    }
}

/// The line, from 1, of a byte.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where the line of a byte begins.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Where the line of a byte ends, its line end not included.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    match text[at..end].ends_with('\r') {
        true => end - 1,
        false => end,
    }
}

/// A sibling on the line below the value's, with this before its name.
pub(super) fn on_line_below(text: &str, value_end: usize, before: &str, between: &str) -> Sibling {
    let end = line_end(text, value_end);
    let line_break = match text[end..].starts_with("\r\n") || text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    };
    let is_last = end == text.len();
    let (at, before, after) = match is_last {
        true => (end, format!("{line_break}{before}"), String::new()),
        false => (
            end + text[end..].find('\n').map_or(0, |at| at + 1),
            before.to_owned(),
            line_break.to_owned(),
        ),
    };
    Sibling {
        at,
        before,
        between: between.to_owned(),
        after,
        quoted: false,
    }
}
