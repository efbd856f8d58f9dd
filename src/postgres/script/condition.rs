//! Whether a text is one SQL condition that can stand in parentheses behind `WHERE`.

use super::lexer::{Kind, tokens};

/// Words whose value is another one tomorrow, or in another session: rows chosen by them could not
/// be compared later.
const PASSING: [&str; 16] = [
    "now",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "random",
    "nextval",
    "setval",
    "currval",
    "gen_random_uuid",
    "txid_current",
];

/// A condition as it stands behind `WHERE`: a comment at its end ends with its line.
pub fn enclosed(condition: &str) -> String {
    format!("(\n{condition}\n)")
}

/// Why a person's text cannot be a condition; `None` when it can, as far as its form tells. The
/// server still has to say whether its names and types are right.
///
/// The text may not get out of its parentheses: then it could do anything that the connection may.
pub fn refuse_condition(text: &str) -> Option<&'static str> {
    // What is left open, a quote or a comment, swallows the closing parenthesis.
    let enclosed = enclosed(text);
    let mut depth = 0_u32;
    let mut is_empty = true;
    for token in tokens(&enclosed).filter(|token| !matches!(token.kind, Kind::Space)) {
        let is_last = token.end() == enclosed.len();
        match token.kind {
            Kind::Semicolon => return Some("it holds a semicolon"),
            Kind::PsqlCommand => return Some("it holds a backslash outside of quotes"),
            Kind::Open => depth += 1,
            Kind::Close if depth == 1 && !is_last => {
                return Some("it has a closing parenthesis too many");
            }
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_empty &= !token.is_sql() || token.start == 0 || is_last;
        if PASSING.iter().any(|word| token.is_word(word)) {
            return Some(
                "it depends on the time or on chance: write the value itself, so that it names the same rows tomorrow",
            );
        }
    }
    match depth {
        0 if is_empty => Some("it is empty"),
        0 => None,
        _ => Some("it leaves a parenthesis, a quote or a comment open"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a > 1")]
    #[case("name = 'a;b)' AND (b OR c)")]
    #[case("a > 1 -- since then")]
    #[case("id IN (SELECT id FROM public.b WHERE x = $$)$$)")]
    #[case("\"now\" > 1")]
    fn a_condition_is_taken(#[case] text: &str) {
        assert_eq!(refuse_condition(text), None);
    }

    #[rstest]
    #[case("", "empty")]
    #[case(" -- nothing", "empty")]
    #[case("true; DROP TABLE a", "semicolon")]
    #[case("true) OR (true", "too many")]
    #[case("true)", "too many")]
    #[case("(true", "open")]
    #[case("a = 'x", "open")]
    #[case("a = $q$ x", "open")]
    #[case("a /* x", "open")]
    #[case("\"a", "open")]
    #[case("a \\g", "backslash")]
    #[case("at > now() - interval '1 day'", "tomorrow")]
    #[case("at > CURRENT_DATE", "tomorrow")]
    fn anything_else_is_refused(#[case] text: &str, #[case] says: &str) {
        let why = refuse_condition(text).unwrap();
        assert!(why.contains(says), "{why}");
    }
}
