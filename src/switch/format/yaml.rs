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
    let mut sections = Sections::default();
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let is_within = block.is_some_and(|outer| line.trim().is_empty() || indent > outer);
        if !is_within {
            block = None;
            sections.enter(line, at, indent);
            let behind = line.split(": ").nth(1).unwrap_or(line[indent..].trim());
            if behind.trim_start().starts_with(['|', '>']) {
                block = Some(indent);
            } else {
                found.extend(setting(text, &sections, (at, at + indent), end));
            }
        }
        at = text[end..]
            .find('\n')
            .map_or(text.len(), |next| end + next + 1);
    }
    found
}

/// The lines that those below them are indented under, each with its indentation.
#[derive(Default)]
struct Sections {
    open: Vec<(usize, usize)>,
    /// What a line stands under: a mapping's, and a list's item as a whole.
    mapping: usize,
    list: usize,
}

impl Sections {
    /// Goes on to a line, which begins at a byte; dashes count as indentation, too.
    fn enter(&mut self, line: &str, at: usize, indent: usize) {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            return;
        }
        let blanks = line.len() - line.trim_start_matches(' ').len();
        self.open.retain(|(outer, _)| *outer < blanks);
        let under = |open: &[(usize, usize)]| open.last().map_or(0, |(_, line)| line + 1);
        self.list = under(&self.open);
        // A dash begins a mapping of its own.
        if blanks < indent {
            self.open.push((blanks, at));
        }
        self.mapping = under(&self.open);
        self.open.push((indent, at));
    }
}

fn setting(
    text: &str,
    sections: &Sections,
    (line, key): (usize, usize),
    end: usize,
) -> Option<Setting> {
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
            (variable, sections.list),
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
        section: sections.mapping,
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
    (variable, section): (Variable, usize),
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
        section,
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
