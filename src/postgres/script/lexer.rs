//! Where in SQL text a quote, a comment or a word begins and ends: as much of PostgreSQL's lexical
//! rules as splitting needs ("4.1. Lexical Structure" of its manual), with
//! `standard_conforming_strings` on. Whatever is left open runs to the end of the text.

/// What a piece of SQL text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Blanks and line ends.
    Space,
    /// `-- …` without its line end.
    LineComment,
    /// `/* … */`, nested ones included.
    BlockComment,
    /// A keyword or an unquoted name.
    Word,
    /// `"…"`.
    QuotedName,
    /// `'…'`, `E'…'` or `$tag$…$tag$`.
    Text,
    /// `;`
    Semicolon,
    /// `(`
    Open,
    /// `)`
    Close,
    /// A backslash outside of quotes and the rest of its line: a command to psql, no SQL.
    PsqlCommand,
    /// One character of anything else: an operator, a digit, a dot.
    Other,
}

/// A piece of SQL text with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// Byte offset in the text.
    pub(super) start: usize,
    pub(super) text: &'a str,
}

impl Token<'_> {
    /// Byte offset just behind it.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this keyword, in any case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether the server would act on it: neither blank, nor comment, nor meant for psql.
    pub(super) fn is_sql(&self) -> bool {
        use Kind::{BlockComment, LineComment, PsqlCommand, Space};
        !matches!(self.kind, Space | LineComment | BlockComment | PsqlCommand)
    }
}

/// The text's pieces in order; together they are the whole text.
pub(super) fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let (kind, length) = first(&sql[start..])?;
        let token = Token {
            kind,
            start,
            text: &sql[start..start + length],
        };
        start = token.end();
        Some(token)
    })
}

/// The kind and length in bytes of the text's first piece. All delimiters are ASCII, so every
/// length ends at a character's border.
fn first(rest: &str) -> Option<(Kind, usize)> {
    let found = match rest.chars().next()? {
        c if c.is_ascii_whitespace() => (Kind::Space, blanks(rest)),
        '-' if rest.starts_with("--") => (Kind::LineComment, line(rest)),
        '/' if rest.starts_with("/*") => (Kind::BlockComment, block_comment(rest)),
        '\\' => (Kind::PsqlCommand, line(rest)),
        'e' | 'E' if rest[1..].starts_with('\'') => (Kind::Text, 1 + escape_text(&rest[1..])),
        c if starts_word(c) => (Kind::Word, length_while(rest, continues_word)),
        '\'' => (Kind::Text, quoted(rest, b'\'')),
        '"' => (Kind::QuotedName, quoted(rest, b'"')),
        '$' => match dollar_tag(rest) {
            Some(tag) => (Kind::Text, dollar_text(rest, tag)),
            None => (Kind::Other, 1),
        },
        // A number, so that the `e` of `1e'` or the `$` of `1$a$` is not taken for a quote's begin.
        '0'..='9' => (Kind::Other, length_while(rest, continues_word)),
        ';' => (Kind::Semicolon, 1),
        '(' => (Kind::Open, 1),
        ')' => (Kind::Close, 1),
        other => (Kind::Other, other.len_utf8()),
    };
    Some(found)
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn continues_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

fn length_while(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(|b| !belongs(b)).unwrap_or(text.len())
}

fn blanks(text: &str) -> usize {
    length_while(text, |byte| byte.is_ascii_whitespace())
}

fn line(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let two = text.as_bytes().get(at..at + 2);
        match two {
            Some(b"/*") => depth += 1,
            Some(b"*/") => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// `'…''…'` or `"…""…"`.
fn quoted(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    text.len()
}

/// The `'…'` behind an `E`. It may go on behind a line end (`E'a'⏎'b\'c'`), and then the rules
/// for backslashes go on too.
fn escape_text(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => match continuation(&text[at + 1..]) {
                Some(skipped) => at += 1 + skipped,
                None => return at + 1,
            },
            _ => at += 1,
        }
    }
    // A backslash before the last character may have led past the end.
    text.len()
}

/// The bytes up to and with the quote that carries a literal on: blanks and comments, with at least
/// one line end before the quote.
fn continuation(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let skipped = if rest.starts_with("--") {
            line(rest)
        } else {
            blanks(rest)
        };
        if skipped == 0 {
            let goes_on = rest.starts_with('\'') && text[..at].contains(['\n', '\r']);
            return goes_on.then_some(at + 1);
        }
        at += skipped;
    }
}

/// The tag of a dollar quote that begins here, its dollars included: `$$`, `$body$`.
fn dollar_tag(text: &str) -> Option<&str> {
    let inner = text.get(1..)?;
    let length = length_while(inner, |b| continues_word(b) && b != b'$');
    let names = inner
        .chars()
        .next()
        .is_some_and(|c| c == '$' || starts_word(c));
    (names && inner[length..].starts_with('$')).then(|| &text[..length + 2])
}

fn dollar_text(text: &str, tag: &str) -> usize {
    match text[tag.len()..].find(tag) {
        Some(end) => end + 2 * tag.len(),
        None => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::doubled("'it''s'", Kind::Text)]
    #[case::backslash_is_plain(r"'\'", Kind::Text)]
    #[case::escaped_quote(r"E'it\'s \\'", Kind::Text)]
    #[case::escape_goes_on("e'a' -- b\n 'b\\'c'", Kind::Text)]
    #[case::escape_goes_on_behind_blank_lines("e'a'\n -- b\n\n 'b\\'c'", Kind::Text)]
    #[case::dollar("$a$ $b$ $$ ' $a$", Kind::Text)]
    #[case::dollar_umlaut("$ä$ ; $ä$", Kind::Text)]
    #[case::name("\"a\"\"b;\"", Kind::QuotedName)]
    #[case::nested("/* a /* b */ c */", Kind::BlockComment)]
    #[case::line("-- it's", Kind::LineComment)]
    #[case::word_with_dollar("a$b$c", Kind::Word)]
    #[case::psql("\\restrict it's", Kind::PsqlCommand)]
    fn one_piece_is_seen_as_one(#[case] sql: &str, #[case] kind: Kind) {
        let found: Vec<_> = tokens(sql).collect();
        assert_eq!(
            found,
            [Token {
                kind,
                start: 0,
                text: sql
            }]
        );
    }

    #[test]
    fn a_literal_does_not_go_on_in_its_own_line() {
        assert_eq!(tokens("e'a' 'b'").next().map(|t| t.text), Some("e'a'"));
    }

    #[rstest]
    #[case("'open")]
    #[case("E'open\\")]
    #[case("E'ä\\ä")]
    #[case("\"open")]
    #[case("$x$open$x")]
    #[case("/* open /* */")]
    fn what_is_left_open_runs_to_the_end(#[case] sql: &str) {
        assert_eq!(tokens(sql).next().map(|t| t.end()), Some(sql.len()));
    }

    #[test]
    fn a_parameter_is_no_dollar_quote() {
        let texts: Vec<_> = tokens("$1+$2;").map(|t| t.text).collect();
        assert_eq!(texts, ["$", "1", "+", "$", "2", ";"]);
    }
}
