//! JSON: names and values are found as strings that stand before and behind a colon.

use super::{Quoting, is_composed};
use crate::secret::Secret;
use crate::switch::setting::{Setting, Sibling, Variable};

pub(super) fn settings(text: &str) -> Option<Vec<Setting>> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    serde_json::from_str::<serde_json::Value>(&text[start..]).ok()?;
    let mut found = Vec::new();
    let mut at = start;
    let mut objects = Vec::new();
    while let Some(open) = text[at..].find('"').map(|open| at + open) {
        let end = string_end(text, open)?;
        enclose(&text[at..open], at, &mut objects);
        at = end;
        let value = skip_space(text, skip_space(text, end) + 1);
        if !text[skip_space(text, end)..].starts_with(':') {
            continue;
        }
        let name: String = serde_json::from_str(&text[open..end]).ok()?;
        if let Some(variable) = Variable::named(&name) {
            let section = objects.last().copied().unwrap_or_default();
            found.extend(setting(text, (variable, section), open..end, value));
        }
        // A value that is a string is not the next name.
        at = match text[value..].starts_with('"') {
            true => string_end(text, value)?,
            false => value,
        };
    }
    Some(found)
}

/// The objects that are open behind a text outside of strings, by where they begin.
fn enclose(text: &str, start: usize, objects: &mut Vec<usize>) {
    for (at, character) in text.char_indices() {
        match character {
            '{' => objects.push(start + at),
            '}' => {
                objects.pop();
            }
            _ => {}
        }
    }
}

fn setting(
    text: &str,
    (variable, section): (Variable, usize),
    name: std::ops::Range<usize>,
    at: usize,
) -> Option<Setting> {
    let (end, quoting) = match text[at..].chars().next()? {
        '"' => (string_end(text, at)?, Quoting::Double),
        '0'..='9' => {
            let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_digit());
            (text.len() - rest.len(), Quoting::Bare)
        }
        _ => return None,
    };
    let value = match quoting {
        Quoting::Bare => text[at..end].to_owned(),
        _ => serde_json::from_str(&text[at..end]).ok()?,
    };
    // As far from the next name as this one is from what stands before it.
    let space = text[..name.start].len() - text[..name.start].trim_end().len();
    Some(Setting {
        variable,
        section,
        key: name.start,
        span: at..end,
        is_composed: is_composed(&value),
        value: Secret::new(value),
        quoting,
        sibling: Sibling {
            at: name.start,
            before: String::new(),
            between: text[name.end..at].to_owned(),
            after: format!(",{}", &text[name.start - space..name.start]),
            quoted: true,
        },
    })
}

fn skip_space(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.len() - rest.trim_start().len()
}

/// Behind the closing quote of the string that begins here.
fn string_end(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = open + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}
