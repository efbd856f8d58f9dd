//! A text field of one line: the text, the cursor, editing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A field. `Debug` leaves its text out: it may hold a password.
#[derive(Clone, Default)]
pub struct Field {
    text: Vec<char>,
    cursor: usize,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Field({} characters)", self.text.len())
    }
}

impl Field {
    /// A field with a text in it, the cursor behind it.
    pub fn with(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        let cursor = text.len();
        Self { text, cursor }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The cursor's place, in characters.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Takes pasted text in at the cursor, without line breaks and other control characters.
    pub fn paste(&mut self, text: &str) {
        let clean: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
        let count = clean.len();
        self.text.splice(self.cursor..self.cursor, clean);
        self.cursor += count;
    }

    /// Edits; `false` when the key is not one of a text field's.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return self.control(key.code);
        }
        match key.code {
            KeyCode::Char(character) => {
                self.text.insert(self.cursor, character);
                self.cursor += 1;
            }
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            KeyCode::Backspace | KeyCode::Delete => {}
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn control(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Char('u') => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('k') => self.text.truncate(self.cursor),
            KeyCode::Char('a') => self.cursor = 0,
            KeyCode::Char('e') => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(field: &mut Field, code: KeyCode) {
        field.key(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn editing_in_the_middle() {
        let mut field = Field::with("añc");
        press(&mut field, KeyCode::Left);
        press(&mut field, KeyCode::Backspace);
        press(&mut field, KeyCode::Char('b'));
        assert_eq!((field.text().as_str(), field.cursor()), ("abc", 2));
        field.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(field.text(), "c");
    }

    #[test]
    fn pasted_line_breaks_are_left_out() {
        let mut field = Field::with("><");
        press(&mut field, KeyCode::Left);
        field.paste("one\r\ntwo\u{1b}\n");
        assert_eq!((field.text().as_str(), field.cursor()), (">onetwo<", 7));
    }

    #[test]
    fn a_field_does_not_print_its_text() {
        assert!(!format!("{:?}", Field::with("canary")).contains("canary"));
    }
}
