//! Names with `*` and `?` in them, as in pg_dump's options, but with upper and lower case as they
//! are.

use std::fmt;

/// What a pattern can be.
const MANY: char = '*';
const ONE: char = '?';

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// This character.
    Exactly(char),
    /// Any one character.
    One,
    /// Any characters, also none.
    Many,
}

impl Piece {
    fn exactly(self) -> Option<char> {
        match self {
            Self::Exactly(character) => Some(character),
            Self::One | Self::Many => None,
        }
    }
}

/// A pattern for the name of a schema: `app_*`. In double quotes everything stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    text: String,
    pieces: Vec<Piece>,
    /// The only name that fits, when nothing in the pattern varies.
    only: Option<String>,
}

impl NamePattern {
    /// Reads a pattern; `None` when it is empty, or a quote is left open.
    pub fn parse(text: &str) -> Option<Self> {
        match split(text)?.as_slice() {
            [pieces] => Self::of(text, pieces),
            // A dot means nothing in a schema's name alone.
            _ => None,
        }
    }

    fn of(text: &str, pieces: &[Piece]) -> Option<Self> {
        (!pieces.is_empty()).then(|| Self {
            text: text.to_owned(),
            pieces: pieces.to_vec(),
            only: pieces.iter().map(|piece| piece.exactly()).collect(),
        })
    }

    /// Whether a name fits.
    pub fn matches(&self, name: &str) -> bool {
        if let Some(only) = &self.only {
            return only == name;
        }
        let name: Vec<char> = name.chars().collect();
        fits(&self.pieces, &name)
    }
}

/// The pattern that only this name fits: in quotes where a character of it could mean something.
pub fn exactly(name: &str) -> String {
    let speaks = |c: char| matches!(c, '.' | '"' | ',' | MANY | ONE) || c.is_whitespace();
    match name.is_empty() || name.contains(speaks) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}

/// The pattern that only this table of this schema fits.
pub fn exactly_table(schema: &str, name: &str) -> String {
    format!("{}.{}", exactly(schema), exactly(name))
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A pattern for tables: `public.logs_*`, or `logs_*` for those of every schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePattern {
    text: String,
    schema: Option<NamePattern>,
    name: NamePattern,
}

impl TablePattern {
    /// Reads a pattern; `None` when a part is empty, a quote is left open, or there are more than
    /// two parts.
    pub fn parse(text: &str) -> Option<Self> {
        let (schema, name) = match split(text)?.as_slice() {
            [name] => (None, NamePattern::of(text, name)?),
            [schema, name] => (
                Some(NamePattern::of(text, schema)?),
                NamePattern::of(text, name)?,
            ),
            _ => return None,
        };
        let text = text.to_owned();
        Some(Self { text, schema, name })
    }

    /// Whether a table fits.
    pub fn matches(&self, schema: &str, name: &str) -> bool {
        let of = self.schema.as_ref();
        of.is_none_or(|pattern| pattern.matches(schema)) && self.name.matches(name)
    }

    /// Whether it names a schema.
    pub fn is_qualified(&self) -> bool {
        self.schema.is_some()
    }
}

impl fmt::Display for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The parts between dots; `None` when a quote is left open.
fn split(text: &str) -> Option<Vec<Vec<Piece>>> {
    let mut parts = vec![Vec::new()];
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let piece = match character {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => Piece::Exactly('"'),
            '"' => {
                quoted = !quoted;
                continue;
            }
            '.' if !quoted => {
                parts.push(Vec::new());
                continue;
            }
            MANY if !quoted => Piece::Many,
            ONE if !quoted => Piece::One,
            other => Piece::Exactly(other),
        };
        if let Some(part) = parts.last_mut() {
            part.push(piece);
        }
    }
    (!quoted).then_some(parts)
}

/// Whether a name fits. On a mismatch the last `*` takes one character more: no more than
/// pieces × characters comparisons.
fn fits(pieces: &[Piece], name: &[char]) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut last_many: Option<(usize, usize)> = None;
    while at < name.len() {
        match pieces.get(piece) {
            Some(Piece::Many) => {
                last_many = Some((piece, at));
                piece += 1;
            }
            Some(Piece::One) => (piece, at) = (piece + 1, at + 1),
            Some(Piece::Exactly(character)) if *character == name[at] => {
                (piece, at) = (piece + 1, at + 1);
            }
            _ => match last_many {
                Some((many, from)) => {
                    last_many = Some((many, from + 1));
                    (piece, at) = (many + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pieces[piece..].iter().all(|piece| *piece == Piece::Many)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("logs_*", "public", "logs_2024", true)]
    #[case("logs_*", "other", "logs_", true)]
    #[case("logs_*", "public", "my_logs_1", false)]
    #[case("public.logs_??", "public", "logs_24", true)]
    #[case("public.logs_??", "public", "logs_2024", false)]
    #[case("public.logs_??", "app", "logs_24", false)]
    #[case("*.*", "a", "b", true)]
    #[case("a*b*c", "s", "a1b2b3c", true)]
    #[case("a*b*c", "s", "a1b2b3", false)]
    #[case("Orders", "s", "orders", false)]
    #[case(r#""a.b"."c*""#, "a.b", "c*", true)]
    #[case(r#""a.b"."c*""#, "a.b", "cd", false)]
    #[case(r#""say ""hi""".x"#, r#"say "hi""#, "x", true)]
    #[case("größ?", "s", "größe", true)]
    fn tables_fit_or_do_not(
        #[case] pattern: &str,
        #[case] schema: &str,
        #[case] name: &str,
        #[case] expected: bool,
    ) {
        let pattern = TablePattern::parse(pattern).unwrap();
        assert_eq!(pattern.matches(schema, name), expected);
    }

    #[rstest]
    #[case("")]
    #[case("a.")]
    #[case(".a")]
    #[case("a.b.c")]
    #[case("\"a")]
    fn what_names_no_table_is_refused(#[case] text: &str) {
        assert_eq!(TablePattern::parse(text), None);
    }

    #[test]
    fn a_schema_has_one_part() {
        assert!(NamePattern::parse("app_?").unwrap().matches("app_1"));
        assert_eq!(NamePattern::parse("a.b"), None);
    }

    #[test]
    fn an_exact_pattern_fits_its_name_alone() {
        for name in [
            "docs",
            "Docs",
            "a.b",
            "c*",
            "d?",
            "say \"hi\"",
            " e ",
            "größe, x",
        ] {
            let pattern = TablePattern::parse(&exactly_table(name, name)).unwrap();
            assert!(pattern.matches(name, name), "{name}");
            for other in ["docs", "a_b", "cd", "d1", "say hi", "e"] {
                assert!(other == name || !pattern.matches(other, other), "{name}");
            }
        }
        assert_eq!(exactly("docs"), "docs");
    }
}
