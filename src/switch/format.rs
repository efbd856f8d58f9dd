//! The forms that an application's files have: how variables are found in each, and how a value is
//! written back so that everybody reads it the same.

mod json;
mod shell;
mod table;
mod yaml;

use super::setting::{Setting, Variable, line_start};
use std::path::Path;

/// A file's form, told by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `.env` and shell scripts: `export NAME=value`.
    Shell,
    Toml,
    Json,
    Yaml,
}

/// How a value was written, and is written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    Bare,
    Single,
    Double,
    /// Part of a longer quoted text: only what needs no quotes.
    Within,
}

impl Format {
    /// By the file's extension; whatever is none of the others is read as a shell would.
    pub(super) fn of(file: &Path) -> Self {
        let extension = file.extension().and_then(|extension| extension.to_str());
        match extension.unwrap_or_default() {
            "toml" => Self::Toml,
            "json" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            _ => Self::Shell,
        }
    }

    /// The variables that a text sets, in their order; `None` when it cannot be read.
    pub(super) fn settings(self, text: &str) -> Option<Vec<Setting>> {
        match self {
            Self::Shell => Some(shell::settings(text)),
            Self::Toml => table::settings(text),
            Self::Json => json::settings(text),
            Self::Yaml => Some(yaml::settings(text)),
        }
    }

    /// Names of known variables, each with its place, that get a value in a way that is not among
    /// the settings that were found.
    pub(super) fn unread(self, text: &str, settings: &[Setting]) -> Vec<(usize, &'static str)> {
        if !matches!(self, Self::Shell | Self::Yaml) {
            return Vec::new();
        }
        let is_read = |at: usize| {
            let mut settings = settings.iter();
            settings.any(|setting| (setting.key..setting.span.end).contains(&at))
        };
        let of_name = |name: &'static str| {
            let places = text.match_indices(name);
            let places = places.filter(move |(at, _)| self.is_set_there(text, *at, name));
            places.map(move |(at, _)| (at, name))
        };
        let mut found: Vec<_> = Variable::names().flat_map(of_name).collect();
        found.retain(|(at, _)| !is_read(*at));
        found.sort_unstable();
        found
    }

    /// Whether a name is whole, outside of comments, and before what gives it a value.
    fn is_set_there(self, text: &str, at: usize, name: &str) -> bool {
        let before = &text[line_start(text, at)..at];
        let rest = text[at + name.len()..].trim_start_matches(['"', '\'', ' ']);
        let is_within = |c: char| c.is_ascii_alphanumeric() || "_$".contains(c);
        let is_set = rest.starts_with('=') || self == Self::Yaml && rest.starts_with(':');
        let is_taken = before.ends_with(is_within) || before.ends_with("${");
        is_set && !before.contains('#') && !is_taken
    }

    /// A value as it is to be written; `None` when there is no way that all readers understand.
    pub(super) fn write(self, quoting: Quoting, value: &str) -> Option<String> {
        if value.contains(['\n', '\r', '\0']) || value.contains("${") {
            return None;
        }
        // Compose would put a variable there.
        if self == Self::Yaml && value.contains('$') {
            return None;
        }
        match (self, quoting) {
            // Within a word of YAML, quoted or not, this one has no meaning.
            (_, Quoting::Within) => is_plain(&value.replace('&', "")).then(|| value.to_owned()),
            (Self::Shell, _) => shell::write(quoting, value),
            (Self::Toml | Self::Json, Quoting::Bare) if is_number(value) => Some(value.to_owned()),
            (Self::Toml, Quoting::Single) if !value.contains('\'') => Some(format!("'{value}'")),
            (Self::Yaml, Quoting::Bare) if yaml::is_plain(value) => Some(value.to_owned()),
            (Self::Yaml, Quoting::Bare | Quoting::Single) => {
                Some(format!("'{}'", value.replace('\'', "''")))
            }
            // JSON's escapes are TOML's and YAML's, too.
            (Self::Toml | Self::Json | Self::Yaml, _) => serde_json::to_string(value).ok(),
        }
    }
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && !value.starts_with('0') && value.bytes().all(|b| b.is_ascii_digit())
}

/// Whether no reader takes a character of it for something else.
fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./?-~".contains(&byte);
    !value.is_empty() && value.bytes().all(plain)
}

/// Whether a value takes something from other variables or from commands.
fn is_composed(value: &str) -> bool {
    let named = value.match_indices('$').any(|(at, _)| {
        let rest = &value.as_bytes()[at + 1..];
        matches!(rest.first(), Some(b'{' | b'('))
            || rest.len() > 1 && rest[..2].iter().all(|b| b.is_ascii_uppercase())
    });
    named || value.contains('`')
}
