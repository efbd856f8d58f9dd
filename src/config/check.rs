//! Holds a parsed file against the list of keys and tells everything that is wrong with it.
//!
//! No problem holds a value of the file's but numbers: a password may stand anywhere.

use super::keys::{self, Kind};
use super::password::holds_password;
use super::pattern::{NamePattern, TablePattern};
use crate::postgres::script::refuse_condition;
use std::collections::HashSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// One mistake in a file and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The key's path as the file has it.
    pub key: String,
    /// What is wrong with it.
    pub mistake: Mistake,
}

/// What can be wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// There is no such key.
    Unknown {
        /// The key or table that was probably meant.
        nearest: Option<&'static str>,
    },
    /// The value is of another type.
    WrongType {
        /// What it has to be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A number outside its range.
    OutOfRange {
        /// The smallest that is possible.
        min: i64,
        /// The largest that is possible.
        max: i64,
    },
    /// A text that may not be empty is.
    Empty,
    /// A connection string with a password in it.
    Password,
    /// A short name with characters that it may not have.
    BadName,
    /// A short name that stands in its list already.
    DoubledName,
    /// A key that this table must have is not there.
    Missing,
    /// A word that is not one of these.
    Choice(&'static [&'static str]),
    /// A text that cannot be a pattern of names.
    BadPattern,
    /// A text that cannot be an SQL condition, and why.
    BadCondition(&'static str),
}

/// All problems of a document, in the order of the lines.
pub(super) fn problems(text: &str, document: &DeTable<'_>) -> Vec<Problem> {
    let mut check = Check {
        text,
        problems: Vec::new(),
    };
    check.table("", document);
    check.problems.sort_by_key(|problem| problem.line);
    check.problems
}

struct Check<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn table(&mut self, path: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let at = name.span();
            let name = shown(name.get_ref());
            let key = if path.is_empty() {
                name
            } else {
                format!("{path}.{name}")
            };
            match keys::find(&key) {
                Some(known) => self.value(&key, known.kind, value),
                None if keys::is_table(&key) => match value.get_ref().as_table() {
                    Some(inner) => self.table(&key, inner),
                    None => self.wrong_type(&key, "a table", value),
                },
                None => {
                    let nearest = keys::nearest(&key);
                    self.add(at, key, Mistake::Unknown { nearest });
                }
            }
        }
    }

    fn value(&mut self, key: &str, kind: Kind, value: &Spanned<DeValue<'_>>) {
        match (kind, value.get_ref()) {
            (Kind::Number { min, max }, DeValue::Integer(number)) => {
                if !as_i64(number).is_some_and(|number| (min..=max).contains(&number)) {
                    self.add(value.span(), key, Mistake::OutOfRange { min, max });
                }
            }
            (Kind::Tables, DeValue::Array(items)) => self.tables(key, items),
            (Kind::Schemas | Kind::TablePatterns | Kind::FilledTexts, DeValue::Array(items)) => {
                items.iter().for_each(|item| match item.get_ref().as_str() {
                    Some(text) => self.text(key, kind, text, item.span()),
                    None => self.wrong_type(key, "a list of texts", item),
                });
            }
            (Kind::Schemas | Kind::TablePatterns | Kind::FilledTexts, _) => {
                self.wrong_type(key, "a list of texts", value);
            }
            (Kind::Number { .. }, _) => self.wrong_type(key, "a whole number", value),
            (Kind::Tables, _) => self.wrong_type(key, "a list of tables", value),
            (_, DeValue::String(text)) => self.text(key, kind, text, value.span()),
            (_, _) => self.wrong_type(key, "a text in quotes", value),
        }
    }

    fn text(&mut self, key: &str, kind: Kind, text: &str, at: Range<usize>) {
        if let Some(mistake) = text_mistake(kind, text) {
            self.add(at, key, mistake);
        }
    }

    fn tables(&mut self, key: &str, items: &[Spanned<DeValue<'_>>]) {
        let mut names = HashSet::new();
        for item in items {
            let Some(table) = item.get_ref().as_table() else {
                self.wrong_type(key, "a list of tables", item);
                continue;
            };
            self.table(key, table);
            for path in keys::inside(key) {
                let name = &path[key.len() + 1..];
                let Some(value) = table.get(name) else {
                    self.add(item.span(), path, Mistake::Missing);
                    continue;
                };
                let text = value.get_ref().as_str().unwrap_or_default();
                let named = keys::find(path).is_some_and(|key| key.kind == Kind::Name);
                if named && !text.is_empty() && !names.insert(text) {
                    self.add(value.span(), path, Mistake::DoubledName);
                }
            }
        }
    }

    fn wrong_type(&mut self, key: &str, wanted: &'static str, value: &Spanned<DeValue<'_>>) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.add(value.span(), key, Mistake::WrongType { wanted, found });
    }

    fn add(&mut self, at: Range<usize>, key: impl Into<String>, mistake: Mistake) {
        let line = line_of(self.text, at.start);
        self.problems.push(Problem {
            line,
            key: key.into(),
            mistake,
        });
    }
}

/// A key as TOML would write it: in quotes unless it is bare.
fn shown(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let bare = !name.is_empty() && name.chars().all(is_bare);
    if bare {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// The line, from 1, of a byte position.
pub(super) fn line_of(text: &str, position: usize) -> usize {
    let before = &text.as_bytes()[..position.min(text.len())];
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn text_mistake(kind: Kind, text: &str) -> Option<Mistake> {
    let is_name_char =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    match kind {
        Kind::Text => None,
        _ if text.trim().is_empty() => Some(Mistake::Empty),
        Kind::Connection if holds_password(text) => Some(Mistake::Password),
        Kind::Condition => refuse_condition(text).map(Mistake::BadCondition),
        Kind::Choice(words) if !words.contains(&text) => Some(Mistake::Choice(words)),
        Kind::Schemas if NamePattern::parse(text).is_none() => Some(Mistake::BadPattern),
        Kind::TablePatterns | Kind::TablePattern if TablePattern::parse(text).is_none() => {
            Some(Mistake::BadPattern)
        }
        Kind::Name if !text.chars().all(is_name_char) => Some(Mistake::BadName),
        _ => None,
    }
}

fn as_i64(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
