//! The format of a session's file: which versions this neonlift reads.

use super::{Session, VERSION};
use std::io;

/// Why a text is not taken for a session.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is damaged.
    #[error(transparent)]
    Damaged(#[from] Box<toml::de::Error>),
    /// It is something else.
    #[error("it is not a session of neonlift")]
    Foreign,
    /// A newer neonlift wrote it: what is new in it must not get lost.
    #[error("a newer neonlift wrote it, in format {0}; this one reads up to format {VERSION}")]
    Newer(i64),
}

/// Reads a session. The version is looked at before anything else, so that what a newer neonlift
/// has added is not taken for damage. One of an older format becomes one of this, and is written as
/// such when it is saved.
pub(super) fn parse(text: &str) -> Result<Session, Unread> {
    let table: toml::Table = text.parse().map_err(Box::new)?;
    let version = table.get("version").and_then(toml::Value::as_integer);
    let version = version.filter(|version| *version >= 1);
    let (Some(version), true) = (version, table.contains_key("steps")) else {
        return Err(Unread::Foreign);
    };
    if version > i64::from(VERSION) {
        return Err(Unread::Newer(version));
    }
    let session: Session = toml::from_str(text).map_err(Box::new)?;
    Ok(Session {
        version: VERSION,
        ..session
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn an_older_format_is_read_and_a_newer_one_told() {
        let session = Session::new(Timestamp::UNIX_EPOCH, 7);
        let text = toml::to_string_pretty(&session).unwrap();
        let version = format!("version = {VERSION}");
        assert!(text.contains(&version), "{text}");
        assert_eq!(parse(&text).unwrap(), session);
        assert_eq!(
            parse(&text.replace(&version, "version = 1")).unwrap(),
            session
        );
        let newer = text.replace(&version, "version = 99\nunheard_of = true");
        let refused = parse(&newer).unwrap_err();
        assert!(matches!(refused, Unread::Newer(99)), "{refused}");
        assert!(matches!(parse("a = 1"), Err(Unread::Foreign)));
        let none = parse(&text.replace(&version, "version = 0"));
        assert!(matches!(none, Err(Unread::Foreign)));
        assert!(matches!(parse("a ="), Err(Unread::Damaged(_))));
    }
}
