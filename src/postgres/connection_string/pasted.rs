//! Takes off what comes along when a connection string is copied: quotes, line breaks, `psql`,
//! `export DATABASE_URL=`.

use super::ParseError;

/// A connection string without its wrapping.
pub(super) struct Pasted {
    /// The string.
    pub(super) text: String,
    /// How many characters (line breaks apart) were taken off before it.
    pub(super) characters_before: usize,
    /// How it is written.
    pub(super) form: Form,
}

pub(super) enum Form {
    /// A URL; its scheme and `://` end before this byte.
    Url { after_scheme: usize },
    /// `key=value key='other value'`.
    KeyValue,
}

/// Schemes that people paste by mistake and that may be named in an error.
const OTHER_SCHEMES: [&str; 12] = [
    "mysql",
    "mariadb",
    "mongodb",
    "mongodb+srv",
    "redis",
    "rediss",
    "sqlite",
    "sqlserver",
    "http",
    "https",
    "cassandra",
    "cockroachdb",
];

pub(super) fn clean(text: &str) -> Result<Pasted, ParseError> {
    let inner = unwrapped(text);
    if inner.is_empty() {
        return Err(ParseError::Empty);
    }
    // `unwrapped` returns a part of `text`, so it occurs there.
    let before = text.find(inner).map_or(0, |start| start);
    let characters_before = text[..before]
        .chars()
        .filter(|c| !is_line_break(*c))
        .count();
    let (text, form) = match scheme(inner) {
        Some(scheme) if is_postgres(scheme) => {
            let text = inner.replace(is_line_break, "");
            let after_scheme = text.find("://").map_or(0, |colon| colon + 3);
            (text, Form::Url { after_scheme })
        }
        Some(scheme) => {
            let known = OTHER_SCHEMES.into_iter().find(|other| *other == scheme);
            return Err(known.map_or(ParseError::NotAConnectionString, |scheme| {
                ParseError::OtherScheme { scheme }
            }));
        }
        None if inner.contains('=') => (inner.to_owned(), Form::KeyValue),
        None => return Err(ParseError::NotAConnectionString),
    };
    Ok(Pasted {
        text,
        characters_before,
        form,
    })
}

fn is_line_break(c: char) -> bool {
    c == '\n' || c == '\r'
}

fn unwrapped(text: &str) -> &str {
    let mut inner = text;
    loop {
        let next =
            without_quotes(without_prefix(inner.trim_matches(|c: char| {
                c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}'
            })));
        if next == inner {
            return inner;
        }
        inner = next;
    }
}

fn without_prefix(text: &str) -> &str {
    for word in ["psql", "-d", "export", "set"] {
        if let Some(rest) = text.strip_prefix(word)
            && rest.starts_with(char::is_whitespace)
        {
            return rest.trim_start();
        }
    }
    if let Some(rest) = text.strip_prefix("jdbc:") {
        return rest;
    }
    without_variable(text).unwrap_or(text)
}

/// `DATABASE_URL=…`, `$env:DATABASE_URL = …`, `DATABASE_URL: …`. Parameters of the key=value form
/// are in small letters, so nothing of the string itself is taken for a variable.
fn without_variable(text: &str) -> Option<&str> {
    let text = text.strip_prefix("$env:").unwrap_or(text);
    let name_end =
        text.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
    let rest = text[name_end..].trim_start().strip_prefix(['=', ':'])?;
    (name_end >= 3 && !rest.starts_with("//")).then(|| rest.trim_start())
}

fn without_quotes(text: &str) -> &str {
    const PAIRS: [(char, char); 5] = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’')];
    let ended = text.strip_suffix([';', ',']).unwrap_or(text);
    PAIRS
        .into_iter()
        .find_map(|(open, close)| ended.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(text)
}

/// What stands before `://`, when it can be a scheme.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(allowed))
        .then_some(scheme)
}

/// `postgres`, `postgresql`, and with a driver's name as SQLAlchemy writes it (`postgresql+psycopg2`).
fn is_postgres(scheme: &str) -> bool {
    let base = scheme.split('+').next().unwrap_or_default();
    base.eq_ignore_ascii_case("postgres") || base.eq_ignore_ascii_case("postgresql")
}
