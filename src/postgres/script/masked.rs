//! A statement's text for people to read, without any value in it.

use super::lexer::{Kind, tokens};

/// The statement on one line without comments, with every literal as `…` and every number as `?`;
/// parameters (`$1`) and names stay. At most `length` characters, of which the last is `…` where
/// something was cut off.
pub fn masked(sql: &str, length: usize) -> String {
    let mut text = String::new();
    let mut gap = false;
    for token in tokens(sql) {
        let piece = match token.kind {
            Kind::Space | Kind::LineComment | Kind::BlockComment | Kind::PsqlCommand => {
                gap = !text.is_empty();
                continue;
            }
            Kind::Text => "…",
            Kind::Other if token.text.starts_with(|c: char| c.is_ascii_digit()) => {
                match text.ends_with('$') && !gap {
                    true => token.text,
                    false => "?",
                }
            }
            _ => token.text,
        };
        if std::mem::take(&mut gap) {
            text.push(' ');
        }
        text.push_str(piece);
    }
    match text.char_indices().nth(length) {
        None => text,
        Some(_) => text
            .chars()
            .take(length.saturating_sub(1))
            .chain(['…'])
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("SELECT *\n  FROM t WHERE id = $1", "SELECT * FROM t WHERE id = $1")]
    #[case("SELECT 'secret', E'it\\'s', 42, 1.5", "SELECT …, …, ?, ?.?")]
    #[case("SELECT $a$secret$a$ /* secret */ -- secret", "SELECT …")]
    #[case("SELECT 'secret cut off", "SELECT …")]
    #[case("ALTER ROLE \"me\" PASSWORD 'secret'", "ALTER ROLE \"me\" PASSWORD …")]
    fn no_value_is_left(#[case] sql: &str, #[case] wanted: &str) {
        assert_eq!(masked(sql, 80), wanted);
    }

    #[test]
    fn a_long_one_is_cut() {
        assert_eq!(masked("SELECT abcdef", 8), "SELECT …");
    }

    proptest! {
        #[test]
        fn a_literal_never_shows(before in "[a-z ]{0,10}", secret in "[A-Z]{6,12}", length in 1..60_usize) {
            let text = masked(&format!("{before} '{secret}' /* {secret} */"), length);
            prop_assert!(!text.contains(&secret));
            prop_assert!(text.chars().count() <= length);
        }
    }
}
