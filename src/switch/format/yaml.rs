//! YAML, line by line: `NAME: value`, and `- NAME=value` as Compose files have it.

use super::{Quoting, is_composed, is_plain as is_plain_anywhere};
use crate::secret::Secret;
use crate::switch::setting::{Setting, Variable, line_end, on_line_below};

/// Words that are no texts.
const OTHERS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

/// Whether a value reads as itself without quotes; a number only where it was one before.
pub(super) fn is_plain(value: &str) -> bool {
    let is_word = OTHERS.contains(&value.to_ascii_lowercase().as_str());
    let number = value.bytes().all(|byte| byte.is_ascii_digit());
    let begins = value.starts_with(|c: char| c.is_ascii_alphabetic());
    is_plain_anywhere(value) && !is_word && (begins || number) && !value.ends_with(':')
}

pub(super) fn settings(text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    // The indentation of what has a text over several lines.
    let mut block: Option<usize> = None;
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let is_within = block.is_some_and(|outer| line.trim().is_empty() || indent > outer);
        if !is_within {
            block = None;
            let behind = line.split(": ").nth(1).unwrap_or(line[indent..].trim());
            if behind.trim_start().starts_with(['|', '>']) {
                block = Some(indent);
            } else {
                found.extend(setting(text, at, at + indent, end));
            }
        }
        at = text[end..]
            .find('\n')
            .map_or(text.len(), |next| end + next + 1);
    }
    found
}

fn setting(text: &str, line: usize, key: usize, end: usize) -> Option<Setting> {
    let open = text[key..end].starts_with(['"', '\'']);
    let name = key + usize::from(open);
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let name_end = end - text[name..end].trim_start_matches(is_name).len();
    let variable = Variable::named(&text[name..name_end])?;
    let rest = &text[name_end..end];
    if let Some(value) = rest.strip_prefix('=') {
        return Some(listed(
            text,
            (line, key),
            variable,
            (end - value.len(), end),
        ));
    }
    let rest = if open { rest.get(1..)? } else { rest };
    let value = rest.trim_start().strip_prefix(':')?;
    let at = end - value.trim_start().len();
    let (span, quoting, value) = scalar(text, at, end)?;
    // The first of a list's item has its dash before it; the next has blanks.
    let before = text[line..key].replace('-', " ");
    let unknown = text[at..].starts_with(['&', '*', '!', '{', '[', '|', '>']);
    let behind = text[span.end..end].trim();
    let is_odd = unknown || !behind.is_empty() && !behind.starts_with('#');
    Some(Setting {
        variable,
        key,
        is_composed: is_odd || is_composed(&value),
        value: Secret::new(value),
        quoting,
        sibling: on_line_below(text, span.end, before.trim_start_matches('\u{feff}'), ": "),
        span,
    })
}

/// `- NAME=value`, the whole in quotes or not.
fn listed(
    text: &str,
    (line, key): (usize, usize),
    variable: Variable,
    (at, end): (usize, usize),
) -> Setting {
    let quote = text[key..]
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\''));
    let inner = &text[at..end];
    let value = match quote {
        Some(quote) => inner.split(quote).next().unwrap_or_default(),
        None => inner.split(" #").next().unwrap_or_default().trim_end(),
    };
    let span = at..at + value.len();
    let closing = quote.map(String::from).unwrap_or_default();
    let before = format!("{}{closing}", &text[line..key]);
    let mut sibling = on_line_below(text, span.end, &before, "=");
    sibling.after = closing + &sibling.after;
    Setting {
        variable,
        key,
        is_composed: is_composed(value),
        value: Secret::new(value),
        quoting: Quoting::Within,
        sibling,
        span,
    }
}

/// A value on one line; `None` when there is none.
fn scalar(text: &str, at: usize, end: usize) -> Option<(std::ops::Range<usize>, Quoting, String)> {
    let line = &text[at..end];
    match line.chars().next()? {
        '\'' => {
            let inner = line[1..].replace("''", "\u{0}\u{0}");
            let close = inner.find('\'')?;
            let value = inner[..close].replace("\u{0}\u{0}", "'");
            Some((at..at + close + 2, Quoting::Single, value))
        }
        '"' => {
            let mut values = serde_json::Deserializer::from_str(line).into_iter::<String>();
            let value = values.next()?.ok()?;
            let close = values.byte_offset();
            Some((at..at + close, Quoting::Double, value))
        }
        '#' => None,
        _ => {
            let value = line.split(" #").next().unwrap_or_default().trim_end();
            Some((at..at + value.len(), Quoting::Bare, value.to_owned()))
        }
    }
}
