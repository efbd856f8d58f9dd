//! Values told: where two of them differ, and texts with nothing in them that cannot be seen.

use super::{Size, Value};
use crate::figures::{counted, grouped};
use std::fmt;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// So many characters before the first difference are shown with it.
const BEFORE: usize = 8;

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Characters(count) => f.write_str(&counted(count, "character")),
            Self::Bytes(count) => f.write_str(&counted(count, "byte")),
            Self::Dimensions(count) => write!(f, "{} dimensions", grouped(count)),
        }
    }
}

/// From which character on two values are to be shown in so much `room`, so that where they differ is seen; `None` when that is
/// beyond what was read of them.
pub fn difference(one: &Value, other: &Value, room: usize) -> Option<usize> {
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
    Some(if same < room / 2 {
        0
    } else {
        same - BEFORE.min(same)
    })
}

/// A value in at most `cells` cells of a terminal, from its character `from` on, with how long it is
/// where it is cut; `ascii` with signs of ASCII alone.
pub fn fitted(value: &Value, from: usize, cells: usize, ascii: bool) -> String {
    let (ellipsis, nothing) = if ascii { ("...", "-") } else { ("…", "–") };
    let (beginning, is_cut, size) = match value {
        Value::Absent => return nothing.to_owned(),
        Value::Null => return cut("NULL", cells, ellipsis),
        Value::Text {
            beginning,
            cut,
            size,
        } => (beginning, *cut, *size),
    };
    let mut text = match from {
        0 => visible(beginning, is_cut, ascii),
        _ => {
            let rest: String = beginning.chars().skip(from).collect();
            ellipsis.to_owned() + &seen(&rest, (true, is_cut), ascii)
        }
    };
    if is_cut {
        text.push_str(ellipsis);
    }
    let tells_size = is_cut || matches!(size, Size::Dimensions(_));
    let size = format!(" ({size})");
    // Half of the place at most is for how long it is.
    if tells_size && 2 * size.width() <= cells {
        return cut(&text, cells - size.width(), ellipsis) + &size;
    }
    cut(&text, cells, ellipsis)
}

/// A text in at most `cells` cells, with the ellipsis where it is cut.
pub fn cut(text: &str, cells: usize, ellipsis: &str) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let Some(room) = cells.checked_sub(ellipsis.width()) else {
        return String::new();
    };
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken <= room
    };
    text.chars()
        .take_while(fits)
        .chain(ellipsis.chars())
        .collect()
}

/// A text with everything in it visible, `ascii` with signs of ASCII alone; quoted where it could be taken for something else.
pub fn visible(text: &str, is_cut: bool, ascii: bool) -> String {
    if text.is_empty() || text == "NULL" || text.starts_with('\'') {
        return format!("'{}'", seen(text, (false, is_cut), ascii));
    }
    seen(text, (false, is_cut), ascii)
}

/// As [`visible`], never quoted. Blanks are told where a text begins and ends, unless it goes on
/// there.
pub fn seen(text: &str, goes_on: (bool, bool), ascii: bool) -> String {
    let pick = |drawn: &'static str, plain: &'static str| if ascii { plain } else { drawn };
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
            ' ' if at < first || at >= last => seen.push_str(pick("␠", "\\s")),
            '\n' => seen.push_str(pick("␊", "\\n")),
            '\r' => seen.push_str(pick("␍", "\\r")),
            '\t' => seen.push_str(pick("␉", "\\t")),
            c if c.is_control() => seen.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if is_unseen(c) => {
                let (open, close) = (pick("‹", "<"), pick("›", ">"));
                seen.push_str(&format!("{open}U+{:04X}{close}", u32::from(c)));
            }
            c => seen.push(c),
        }
    }
    seen
}

/// Blanks that look like others, and marks of Unicode that are not seen or turn what follows.
pub(crate) fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
