//! TOML: the values' places are the parser's.

use super::{Quoting, is_composed};
use crate::secret::Secret;
use crate::switch::setting::{Setting, Variable, line_start, on_line_below};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) fn settings(text: &str) -> Option<Vec<Setting>> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let document = DeTable::parse(&text[start..]).ok()?;
    let mut found = Vec::new();
    collect(document.get_ref(), (text, start), &mut found);
    found.sort_by_key(|setting| setting.span.start);
    Some(found)
}

fn collect(table: &DeTable<'_>, (text, start): (&str, usize), found: &mut Vec<Setting>) {
    for (key, value) in table {
        match (value.get_ref(), Variable::named(key.get_ref())) {
            (DeValue::Table(inner), _) => collect(inner, (text, start), found),
            (_, Some(variable)) => {
                let key = start + key.span().start;
                found.extend(setting(text, start, (variable, key), value));
            }
            _ => {}
        }
    }
}

fn setting(
    text: &str,
    start: usize,
    (variable, key): (Variable, usize),
    value: &Spanned<DeValue<'_>>,
) -> Option<Setting> {
    let span = start + value.span().start..start + value.span().end;
    let (value, quoting) = match value.get_ref() {
        DeValue::String(value) if text[span.clone()].starts_with('\'') => {
            (value.to_string(), Quoting::Single)
        }
        DeValue::String(value) => (value.to_string(), Quoting::Double),
        DeValue::Integer(_) => (text[span.clone()].to_owned(), Quoting::Bare),
        _ => return None,
    };
    let before = &text[line_start(text, key)..key];
    Some(Setting {
        variable,
        key,
        is_composed: is_composed(&value),
        value: Secret::new(value),
        quoting,
        sibling: on_line_below(text, span.end, before.trim_start_matches('\u{feff}'), " = "),
        span,
    })
}
