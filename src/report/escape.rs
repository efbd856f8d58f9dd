//! What comes from a database, made harmless in the document that it is put into.

use crate::wizard::value::is_unseen;
use std::fmt::Write;

/// Text for an HTML element or a quoted attribute. Controls, and what is not seen, become visible, so
/// that a name cannot turn the text around.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => visible(other, &mut escaped),
        }
    }
    escaped
}

/// Text for a line of Markdown or a cell of its tables: what would be markup is only shown.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => visible(other, &mut escaped),
        }
    }
    escaped
}

fn visible(character: char, escaped: &mut String) {
    match character {
        '\n' | '\r' | '\t' => escaped.push(' '),
        // Writing into a String cannot fail.
        other if other.is_control() || is_unseen(other) => {
            let _ = write!(escaped, "‹U+{:04X}›", u32::from(other));
        }
        other => escaped.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_only_text() {
        assert_eq!(
            html("<script>alert(\"1\")</script>&'"),
            "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"
        );
        assert_eq!(markdown("a|b\n<i>[x](y)"), "a\\|b &lt;i&gt;\\[x\\](y)");
    }

    #[test]
    fn what_is_not_seen_is_told() {
        assert_eq!(html("a\u{202e}b\u{1b}"), "a‹U+202E›b‹U+001B›");
        assert_eq!(markdown("a\u{200b}\u{a0}"), "a‹U+200B›‹U+00A0›");
    }
}
