//! The one place where names and texts become part of SQL.

/// An identifier, always in double quotes: `Straße "x"` → `"Straße ""x"""`.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A schema-qualified name: `"schema"."name"`.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(name))
}

/// A text literal that reads the same whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// A statement that runs a PL/pgSQL block. Its body is a literal: dollar quotes would end at a name
/// that has them in it.
pub fn block(body: &str) -> String {
    format!("DO {}", literal(body))
}

/// Identifiers as a list: `"a", "b"`.
pub fn identifiers<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(identifier)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_inside_names_are_doubled() {
        assert_eq!(qualified("My \"S\"", "t"), "\"My \"\"S\"\"\".\"t\"");
    }

    #[test]
    fn a_backslash_makes_an_escape_string() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'b"), r" E'a\\''b'");
    }

    #[test]
    fn a_literal_within_a_block_is_quoted_twice() {
        let body = format!("BEGIN PERFORM {}; END", literal("$$it's"));
        assert_eq!(block(&body), "DO 'BEGIN PERFORM ''$$it''''s''; END'");
    }
}
