//! Building lines: cut to a width, wrapped, set in columns.

use super::theme::{Meaning, Theme};
use ratatui::text::{Line, Span};

/// The cells that a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text with a meaning.
pub(super) fn span(text: impl Into<String>, meaning: Meaning) -> Span<'static> {
    Span::styled(text.into(), meaning.style())
}

/// A line of one meaning.
pub(super) fn line(text: impl Into<String>, meaning: Meaning) -> Line<'static> {
    Line::from(span(text, meaning))
}

/// An empty line.
pub(super) fn blank() -> Line<'static> {
    Line::default()
}

/// A name cut to `cells` in its middle: names that begin alike are told apart by their ends.
pub(super) fn cut_name(name: &str, cells: usize, theme: Theme) -> String {
    let end = cells.saturating_sub(width(theme.ellipsis())) / 2;
    if width(name) <= cells || end == 0 {
        return cut(name, cells, theme);
    }
    let tail: String = name.chars().rev().collect();
    let tail: String = head(&tail, end).chars().rev().collect();
    cut(name, cells - width(&tail), theme) + &cut(&tail, end, theme)
}

/// The text cut to `cells`, with an ellipsis where it was cut. Control characters, which a
/// terminal would not show, become spaces.
pub(super) fn cut(text: &str, cells: usize, theme: Theme) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if width(&clean) <= cells {
        return clean;
    }
    let ellipsis = theme.ellipsis();
    let room = cells.saturating_sub(width(ellipsis));
    let mut cut = head(&clean, room).to_owned();
    if cells >= width(ellipsis) {
        cut.push_str(ellipsis);
    }
    cut
}

/// The longest beginning of a text that fits into `cells`.
fn head(text: &str, cells: usize) -> &str {
    let mut taken = 0;
    for (at, character) in text.char_indices() {
        taken += width(character.encode_utf8(&mut [0; 4]));
        if taken > cells {
            return &text[..at];
        }
    }
    text
}

/// The text in lines of at most `cells`, broken between words, or inside one that is too long.
pub(super) fn wrapped(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_ascii_whitespace() {
        let mut rest = word;
        let last = lines.len() - 1;
        let used = width(&lines[last]);
        if used > 0 && used + 1 + width(word) <= cells {
            lines[last].push(' ');
            lines[last].push_str(word);
            continue;
        }
        if used > 0 {
            lines.push(String::new());
        }
        while width(rest) > cells {
            let first = rest.chars().next().map_or(0, char::len_utf8);
            // A character wider than the line stands alone and is cut off when it is drawn.
            let part = &rest[..head(rest, cells).len().max(first)];
            rest = &rest[part.len()..];
            let last = lines.len() - 1;
            lines[last].push_str(part);
            if rest.is_empty() {
                break;
            }
            lines.push(String::new());
        }
        let last = lines.len() - 1;
        lines[last].push_str(rest);
    }
    lines
}

/// The text in lines of at most `cells`, broken wherever the line ends: for what is copied.
pub(super) fn hard_wrapped(text: &str, cells: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    // No character is wider than two cells, so each line takes one at least.
    let cells = cells.max(2);
    while width(rest) > cells {
        let part = head(rest, cells);
        lines.push(part.to_owned());
        rest = &rest[part.len()..];
    }
    lines.push(rest.to_owned());
    lines
}

/// Wrapped text as lines of one meaning, each after `indent` cells.
pub(super) fn paragraph(
    text: &str,
    indent: usize,
    cells: usize,
    meaning: Meaning,
) -> Vec<Line<'static>> {
    wrapped(text, cells.saturating_sub(indent))
        .into_iter()
        .map(|part| line(format!("{:indent$}{part}", ""), meaning))
        .collect()
}

/// A label and, beside it, a value that may take several lines.
pub(super) fn labelled(
    label: &str,
    label_cells: usize,
    value: &str,
    meaning: Meaning,
    cells: usize,
) -> Vec<Line<'static>> {
    wrapped(value, cells.saturating_sub(label_cells))
        .into_iter()
        .enumerate()
        .map(|(at, part)| {
            let label = if at == 0 { label } else { "" };
            Line::from(vec![
                span(padded(label, label_cells), Meaning::Quiet),
                span(part, meaning),
            ])
        })
        .collect()
}

/// The text with spaces after it up to `cells`.
pub(super) fn padded(text: &str, cells: usize) -> String {
    let missing = cells.saturating_sub(width(text));
    format!("{text}{:missing$}", "")
}

/// The text with spaces before it up to `cells`.
pub(super) fn right(text: &str, cells: usize) -> String {
    let missing = cells.saturating_sub(width(text));
    format!("{:missing$}{text}", "")
}

/// The part of a text around its cursor that fits into `cells`, and the cursor's cell in it.
pub(super) fn window(text: &[char], cursor: usize, cells: usize) -> (String, usize) {
    // The cursor itself needs a cell behind the text.
    let room = cells.saturating_sub(1);
    let before = |start: usize| text[start..cursor].iter().collect::<String>();
    let start = (0..cursor).find(|start| width(&before(*start)) <= room);
    let before = before(start.unwrap_or(cursor));
    let cell = width(&before);
    (before + &text[cursor..].iter().collect::<String>(), cell)
}

/// Short texts one after the other, `between` them, in as few rows as fit into `cells`. Only
/// one that is longer than a row is broken.
pub(super) fn flowed(texts: &[String], between: &str, cells: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for text in texts {
        match rows.last_mut() {
            Some(row) if width(row) + width(between) + width(text) <= cells => {
                row.push_str(between);
                row.push_str(text);
            }
            _ => rows.extend(wrapped(text, cells)),
        }
    }
    rows
}

/// A line with something at its left end and something at its right end. What is at the right
/// goes where there is no room for both.
pub(super) fn between(
    left: Vec<Span<'static>>,
    right: Vec<Span<'static>>,
    cells: usize,
) -> Line<'static> {
    let used = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let (left_cells, right_cells) = (used(&left), used(&right));
    let mut spans = left;
    if left_cells + right_cells < cells {
        spans.push(Span::raw(" ".repeat(cells - left_cells - right_cells)));
        spans.extend(right);
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    const THEME: Theme = Theme { ascii: false };

    #[test]
    fn a_name_keeps_its_end() {
        assert_eq!(cut_name("documents_title_idx", 11, THEME), "docum…e_idx");
        assert_eq!(cut_name("日本語テーブル", 8, THEME), "日本…ル");
        assert_eq!(cut_name("short", 5, THEME), "short");
        assert_eq!(cut_name("long", 1, THEME), "…");
    }

    #[test]
    fn a_text_is_cut_to_its_cells() {
        assert_eq!(cut("vector_documents", 8, THEME), "vector_…");
        assert_eq!(cut("日本語テーブル", 7, THEME), "日本語…");
        assert_eq!(cut("a\u{1b}[31mb", 20, THEME), "a [31mb");
        assert_eq!(cut("abc", 0, THEME), "");
    }

    #[test]
    fn words_are_wrapped_and_long_ones_broken() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("日本", 1), ["日", "本"]);
    }

    #[test]
    fn the_right_end_goes_first() {
        let ends =
            |cells| between(vec![Span::raw("left")], vec![Span::raw("right")], cells).to_string();
        assert_eq!(ends(11), "left  right");
        assert_eq!(ends(9), "left");
    }
}
