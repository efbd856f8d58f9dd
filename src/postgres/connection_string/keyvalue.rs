//! libpq's `key=value` form: values in single quotes, `\` before a quote or another `\`.

use super::ParseError;
use super::parameters::{self, Setting};
use std::iter::Peekable;
use std::str::Chars;

pub(super) fn settings(text: &str) -> Result<Vec<Setting>, ParseError> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        position: 1,
    };
    let mut settings: Vec<Setting> = Vec::new();
    reader.skip_space();
    while reader.rest.peek().is_some() {
        let position = reader.position;
        let key = reader.take_while(|c| c != '=' && !c.is_whitespace());
        reader.skip_space();
        if reader.next() != Some('=') {
            return Err(ParseError::NoValue { position });
        }
        if !parameters::is_known(&key) {
            let after_password = settings.iter().any(|setting| setting.key() == "password");
            return Err(parameters::unknown(&key, position, after_password));
        }
        reader.skip_space();
        let position = reader.position;
        let value = reader.value()?;
        if value.contains('\0') {
            return Err(ParseError::NotText { position });
        }
        settings.push(Setting::new(&key, &value, position));
        reader.skip_space();
    }
    Ok(settings)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    position: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.position += usize::from(next.is_some());
        next
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.rest.peek().copied().filter(|c| wanted(*c)) {
            taken.push(c);
            self.next();
        }
        taken
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn value(&mut self) -> Result<String, ParseError> {
        let quote = self.position;
        let quoted = self.rest.peek() == Some(&'\'');
        if quoted {
            self.next();
        }
        let mut value = String::new();
        loop {
            match self.rest.peek().copied() {
                None if quoted => return Err(ParseError::OpenQuote { position: quote }),
                None => return Ok(value),
                Some('\'') if quoted => {
                    self.next();
                    return Ok(value);
                }
                Some(c) if !quoted && c.is_whitespace() => return Ok(value),
                Some('\\') => {
                    self.next();
                    value.extend(self.next());
                }
                Some(c) => {
                    value.push(c);
                    self.next();
                }
            }
        }
    }
}
