//! A value of a row as it is shown: cut to its place, with nothing in it that cannot be seen, and
//! null told apart from texts.

use crate::figures::{counted, grouped};
use crate::tui::lines::{cut, width};
use crate::tui::theme::{Meaning, Theme};
use crate::wizard::{Size, Value};

/// So many characters before the first difference are shown with it.
const BEFORE: usize = 8;

/// A value in at most `cells` cells, from its character `from` on.
pub(super) fn shown(value: &Value, from: usize, cells: usize, theme: Theme) -> (String, Meaning) {
    let (beginning, is_cut, size) = match value {
        Value::Absent => return (theme.pick("–", "-").to_owned(), Meaning::Quiet),
        Value::Null => return (cut("NULL", cells, theme), Meaning::Quiet),
        Value::Text {
            beginning,
            cut,
            size,
        } => (beginning, *cut, *size),
    };
    let mut text = match from {
        0 => visible(beginning, is_cut, theme),
        _ => {
            let rest: String = beginning.chars().skip(from).collect();
            theme.ellipsis().to_owned() + &seen(&rest, (true, is_cut), theme)
        }
    };
    if is_cut {
        text.push_str(theme.ellipsis());
    }
    let tells_size = is_cut || matches!(size, Size::Dimensions(_));
    let size = format!(" ({})", told(size));
    // Half of the place at most is for how long it is.
    if tells_size && 2 * width(&size) <= cells {
        text = cut(&text, cells - width(&size), theme) + &size;
    }
    (cut(&text, cells, theme), Meaning::Plain)
}

fn told(size: Size) -> String {
    match size {
        Size::Characters(count) => counted(count, "character"),
        Size::Bytes(count) => counted(count, "byte"),
        Size::Dimensions(count) => format!("{} dimensions", grouped(count)),
    }
}

/// Where two values are to be shown from, so that where they differ is seen; `None` when that is
/// beyond what was read of them.
pub(super) fn difference(one: &Value, other: &Value, cells: usize) -> Option<usize> {
    let (
        Value::Text { beginning: one, .. },
        Value::Text {
            beginning: other, ..
        },
    ) = (one, other)
    else {
        return Some(0);
    };
    if one == other {
        return None;
    }
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let same = same.count();
    // Within the first part that is shown in any case.
    Some(if same < cells / 2 {
        0
    } else {
        same - BEFORE.min(same)
    })
}

/// The text with everything in it visible, and quoted where it could be taken for something else.
fn visible(text: &str, is_cut: bool, theme: Theme) -> String {
    if text.is_empty() || text == "NULL" || text.starts_with('\'') {
        return format!("'{}'", seen(text, (false, is_cut), theme));
    }
    seen(text, (false, is_cut), theme)
}

/// Blanks are told where a text begins and ends, unless it goes on there.
fn seen(text: &str, goes_on: (bool, bool), theme: Theme) -> String {
    let first = match goes_on.0 {
        true => 0,
        false => text.len() - text.trim_start_matches(' ').len(),
    };
    let last = match goes_on.1 {
        true => text.len(),
        false => text.trim_end_matches(' ').len(),
    };
    let mut seen = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            ' ' if at < first || at >= last => seen.push_str(theme.pick("␠", "\\s")),
            '\n' => seen.push_str(theme.pick("␊", "\\n")),
            '\r' => seen.push_str(theme.pick("␍", "\\r")),
            '\t' => seen.push_str(theme.pick("␉", "\\t")),
            c if c.is_control() => seen.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if is_unseen(c) => {
                let (open, close) = (theme.pick("‹", "<"), theme.pick("›", ">"));
                seen.push_str(&format!("{open}U+{:04X}{close}", u32::from(c)));
            }
            c => seen.push(c),
        }
    }
    seen
}

/// Blanks that look like others, and marks of Unicode that are not seen or turn what follows.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

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
