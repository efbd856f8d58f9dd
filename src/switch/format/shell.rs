//! `.env` files and shell scripts.

use super::{Quoting, is_composed, is_plain};
use crate::secret::Secret;
use crate::switch::setting::{Setting, Variable, line_end, on_line_below};

pub(super) fn settings(text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    while at < text.len() {
        let mut end = line_end(text, at);
        if let Some(assignment) = Assignment::at(text, at, end) {
            end = line_end(text, assignment.end());
            found.extend(assignment.setting(end));
        }
        at = text[end..]
            .find('\n')
            .map_or(text.len(), |next| end + next + 1);
    }
    found
}

/// `NAME=value` on a line; a quoted value may go over several.
struct Assignment<'a> {
    text: &'a str,
    line: usize,
    name: usize,
    name_end: usize,
    value: usize,
    /// The closing quote, where there is one.
    close: Option<usize>,
}

impl<'a> Assignment<'a> {
    fn at(text: &'a str, line: usize, end: usize) -> Option<Self> {
        let skip = |from: usize| {
            let rest = &text[from..end];
            end - rest.trim_start_matches([' ', '\t']).len()
        };
        let mut name = skip(line);
        if let Some(rest) = text[name..end].strip_prefix("export")
            && rest.starts_with([' ', '\t'])
        {
            name = skip(end - rest.len());
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name_end = end - text[name..end].trim_start_matches(is_name).len();
        let equals = skip(name_end);
        if name_end == name || !text[equals..end].starts_with('=') {
            return None;
        }
        let value = match skip(equals + 1) {
            // A comment needs its blank before it, also when there will be a value.
            comment if text[comment..end].starts_with('#') => equals + 1,
            value => value,
        };
        let close = close(text, value);
        Some(Self {
            text,
            line,
            name,
            name_end,
            value,
            close,
        })
    }

    /// Where the value's last line has to be looked for.
    fn end(&self) -> usize {
        self.close.unwrap_or(self.value)
    }

    fn setting(&self, line_end: usize) -> Option<Setting> {
        let text = self.text;
        let variable = Variable::named(&text[self.name..self.name_end])?;
        let (quoting, span, value, is_odd) = match self.close {
            Some(close) => {
                let inner = &text[self.value + 1..close];
                let rest = text[close + 1..line_end].trim_start();
                let is_odd = !rest.is_empty() && !rest.starts_with('#');
                match text[self.value..].starts_with('"') {
                    true => (Quoting::Double, close + 1, unescaped(inner), is_odd),
                    false => (Quoting::Single, close + 1, inner.to_owned(), is_odd),
                }
            }
            None => {
                let inner = bare(&text[self.value..line_end]);
                let is_odd = inner.contains([' ', '\t', ';', '\\', '\'', '"']);
                // For some readers it is a comment.
                let is_odd = is_odd || inner.starts_with('#');
                (
                    Quoting::Bare,
                    self.value + inner.len(),
                    inner.to_owned(),
                    is_odd,
                )
            }
        };
        let is_literal = quoting == Quoting::Single && !value.contains("${");
        let before = &text[self.line..self.name];
        let between = &text[self.name_end..self.value];
        let is_composed = is_odd || !is_literal && is_composed(&value);
        let before = before.trim_start_matches('\u{feff}');
        Some(Setting {
            variable,
            section: 0,
            key: self.name,
            span: self.value..span,
            value: Secret::new(value),
            quoting,
            is_composed,
            sibling: on_line_below(text, span, before, between),
        })
    }
}

/// Where the quote that begins here ends; `None` without one.
fn close(text: &str, at: usize) -> Option<usize> {
    let quote = text[at..]
        .chars()
        .next()
        .filter(|c| matches!(c, '\'' | '"'))?;
    let mut escaped = false;
    let inner = text[at + 1..].char_indices();
    let mut ends = inner.filter(|(_, character)| {
        let is_end = *character == quote && !escaped;
        escaped = quote == '"' && *character == '\\' && !escaped;
        is_end
    });
    ends.next().map(|(end, _)| at + 1 + end)
}

/// A value without quotes, up to a comment.
fn bare(rest: &str) -> &str {
    let comment = rest
        .match_indices('#')
        .find(|(at, _)| rest[..*at].ends_with([' ', '\t']));
    rest[..comment.map_or(rest.len(), |(at, _)| at)].trim_end()
}

fn unescaped(inner: &str) -> String {
    let mut value = String::new();
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (character, next) {
            ('\\', Some(next @ ('"' | '\\' | '$' | '`'))) => {
                value.push(next);
                characters.next();
            }
            _ => value.push(character),
        }
    }
    value
}

/// In its own quotes, or, where a character has a meaning there, in the other ones.
pub(super) fn write(quoting: Quoting, value: &str) -> Option<String> {
    if quoting == Quoting::Bare && is_plain(value) {
        return Some(value.to_owned());
    }
    let single = (!value.contains(['\'', '\\'])).then(|| format!("'{value}'"));
    let double = (!value.contains(['"', '\\', '$', '`'])).then(|| format!("\"{value}\""));
    match quoting {
        Quoting::Double => double.or(single),
        _ => single.or(double),
    }
}
