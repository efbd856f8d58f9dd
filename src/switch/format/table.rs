//! TOML: the values' places are the parser's.

use super::{Quoting, is_composed};
use crate::secret::Secret;
use crate::switch::setting::{Setting, Variable, line_start, on_line_below};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) fn settings(text: &str) -> Option<Vec<Setting>> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let document = DeTable::parse(&text[start..]).ok()?;
    let mut reading = Reading {
        text,
        start,
        tables: 0,
        found: Vec::new(),
    };
    reading.table(document.get_ref());
    let mut found = reading.found;
    found.sort_by_key(|setting| setting.span.start);
    Some(found)
}

struct Reading<'a> {
    text: &'a str,
    /// Where the text begins behind a mark of its encoding.
    start: usize,
    /// How many tables were read.
    tables: usize,
    found: Vec<Setting>,
}

impl Reading<'_> {
    fn table(&mut self, table: &DeTable<'_>) {
        self.tables += 1;
        let section = self.tables;
        for (key, value) in table {
            if let Some(variable) = Variable::named(key.get_ref()) {
                let key = self.start + key.span().start;
                let found = setting((self.text, self.start), (variable, section), key, value);
                self.found.extend(found);
            }
            self.value(value.get_ref());
        }
    }

    fn value(&mut self, value: &DeValue<'_>) {
        match value {
            DeValue::Table(inner) => self.table(inner),
            DeValue::Array(items) => items.iter().for_each(|item| self.value(item.get_ref())),
            _ => {}
        }
    }
}

fn setting(
    (text, start): (&str, usize),
    (variable, section): (Variable, usize),
    key: usize,
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
        section,
        key,
        is_composed: is_composed(&value),
        value: Secret::new(value),
        quoting,
        sibling: on_line_below(text, span.end, before.trim_start_matches('\u{feff}'), " = "),
        span,
    })
}
