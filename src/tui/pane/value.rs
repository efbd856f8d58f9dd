//! A value of a row as it is shown on the screen.

use crate::tui::theme::{Meaning, Theme};
use crate::wizard::Value;
use crate::wizard::value::fitted;

/// A value in at most `cells` cells, from its character `from` on.
pub(super) fn shown(value: &Value, from: usize, cells: usize, theme: Theme) -> (String, Meaning) {
    let meaning = match value {
        Value::Absent | Value::Null => Meaning::Quiet,
        Value::Text { .. } => Meaning::Plain,
    };
    (fitted(value, from, cells, theme.ascii), meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wizard::Size;
    use crate::wizard::value::difference;

    fn text(beginning: &str) -> Value {
        let size = Size::Characters(beginning.chars().count() as u64);
        Value::Text {
            beginning: beginning.to_owned(),
            cut: false,
            size,
        }
    }

    fn in_cells(value: &Value, cells: usize) -> String {
        shown(value, 0, cells, Theme { ascii: false }).0
    }

    #[test]
    fn null_the_empty_text_and_texts_that_look_like_them_are_told_apart() {
        let values = [
            Value::Absent,
            Value::Null,
            text(""),
            text("NULL"),
            text("''"),
        ];
        let shown: Vec<String> = values.iter().map(|value| in_cells(value, 20)).collect();
        assert_eq!(shown, ["–", "NULL", "''", "'NULL'", "''''"]);
    }

    #[test]
    fn nothing_is_invisible() {
        assert_eq!(in_cells(&text(" a b \n"), 20), "␠a b ␊");
        assert_eq!(in_cells(&text("a b "), 20), "a b␠");
        assert_eq!(in_cells(&text("\u{1b}[31m\t"), 20), "\\x1b[31m␉");
        assert_eq!(
            in_cells(&text("x\u{202e}y\u{a0}"), 30),
            "x‹U+202E›y‹U+00A0›"
        );
    }

    #[test]
    fn a_long_value_says_how_long_it_is() {
        let long = Value::Text {
            beginning: "x".repeat(200),
            cut: true,
            size: Size::Bytes(10_485_760),
        };
        assert_eq!(
            in_cells(&long, 40),
            format!("{}… (10,485,760 bytes)", "x".repeat(20)).as_str()
        );
        assert_eq!(in_cells(&long, 10), "xxxxxxxxx…");
        let vector = Value::Text {
            beginning: "[1,2]".to_owned(),
            cut: false,
            size: Size::Dimensions(2),
        };
        assert_eq!(in_cells(&vector, 40), "[1,2] (2 dimensions)");
    }

    #[test]
    fn what_differs_is_brought_into_sight() {
        let (one, other) = (
            text(&("x".repeat(100) + "a")),
            text(&("x".repeat(100) + "b")),
        );
        assert_eq!(difference(&one, &other, 40), Some(92));
        assert_eq!(shown(&one, 92, 40, Theme { ascii: false }).0, "…xxxxxxxxa");
        assert_eq!(difference(&text("ab"), &text("ac"), 40), Some(0));
        assert_eq!(difference(&one, &one, 40), None);
        assert_eq!(difference(&one, &Value::Null, 40), Some(0));
    }
}
