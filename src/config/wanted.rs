//! Which two databases are meant: flags, then the environment, then the configuration file.

use super::Config;
use crate::secret::Secret;
use std::fmt;

/// The connection strings of the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--source`.
    pub source: Option<Secret>,
    /// `--target`.
    pub target: Option<Secret>,
}

/// A connection string and where it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The string as it was given, without spaces around it; it may hold a password.
    pub string: Secret,
    /// Where it was given.
    pub origin: Origin,
}

/// Where a connection string was given. Prints as people would call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This flag of the command line.
    Flag(&'static str),
    /// These variables of the environment; at least one.
    Environment(Vec<&'static str>),
    /// This key of the configuration file.
    Configuration(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Environment(names) => {
                write!(f, "the environment's ")?;
                for (position, name) in names.iter().enumerate() {
                    let joint = match position {
                        0 => "",
                        last if last + 1 == names.len() => " and ",
                        _ => ", ",
                    };
                    write!(f, "{joint}{name}")?;
                }
                Ok(())
            }
            Self::Configuration(key) => write!(f, "the configuration's `{key}`"),
        }
    }
}

/// The two databases as far as they were given anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The database to move.
    pub source: Option<Given>,
    /// The Neon database to move to.
    pub target: Option<Given>,
}

/// Finds both connection strings. For each, the first of these that is there and not empty:
/// the flag; `NEONLIFT_SOURCE_URL` or `NEONLIFT_TARGET_URL`; the migration guides' variables
/// (`NEON_DATABASE_URL` for the target, `LOCAL_DB_USER|NAME|HOST|PORT` for the source); the
/// configuration file.
///
/// The guides' source has no password: it is found where libpq finds it, in `PGPASSWORD` and
/// `~/.pgpass`.
pub fn connections(flags: &Flags, env: &dyn Fn(&str) -> Option<String>, config: &Config) -> Wanted {
    let flag = |value: &Option<Secret>, name| {
        let value = value.as_ref().map(|value| value.expose().to_owned());
        given(value, Origin::Flag(name))
    };
    let variable = |name| given(env(name), Origin::Environment(vec![name]));
    let key = |value: &Option<String>, name| given(value.clone(), Origin::Configuration(name));
    Wanted {
        source: flag(&flags.source, "--source")
            .or_else(|| variable("NEONLIFT_SOURCE_URL"))
            .or_else(|| local_database(env))
            .or_else(|| key(&config.source, "source")),
        target: flag(&flags.target, "--target")
            .or_else(|| variable("NEONLIFT_TARGET_URL"))
            .or_else(|| variable("NEON_DATABASE_URL"))
            .or_else(|| key(&config.target, "target")),
    }
}

fn given(value: Option<String>, origin: Origin) -> Option<Given> {
    let value = value?;
    let trimmed = value.trim();
    (!trimmed.is_empty()).then(|| Given {
        string: Secret::new(trimmed),
        origin,
    })
}

/// The guides' variables for the local database: variable, libpq's keyword, the guides' default.
const LOCAL: [(&str, &str, &str); 4] = [
    ("LOCAL_DB_USER", "user", "postgres"),
    ("LOCAL_DB_NAME", "dbname", "chat_pgvector"),
    ("LOCAL_DB_HOST", "host", "localhost"),
    ("LOCAL_DB_PORT", "port", "5432"),
];

/// The local database of the guides, when at least one of its variables is set. The form is
/// `key='value'`: it needs one rule of quoting, for sockets' folders and IPv6 addresses too.
fn local_database(env: &dyn Fn(&str) -> Option<String>) -> Option<Given> {
    let set = |name| {
        env(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    };
    let names: Vec<_> = LOCAL
        .iter()
        .map(|part| part.0)
        .filter(|name| set(name).is_some())
        .collect();
    if names.is_empty() {
        return None;
    }
    let parts = LOCAL.map(|(name, keyword, default)| {
        let value = set(name).unwrap_or_else(|| default.to_owned());
        format!(
            "{keyword}='{}'",
            value.replace('\\', r"\\").replace('\'', r"\'")
        )
    });
    given(Some(parts.join(" ")), Origin::Environment(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ALL: [(&str, &str); 4] = [
        ("NEONLIFT_SOURCE_URL", "env-source"),
        ("NEONLIFT_TARGET_URL", "env-target"),
        ("NEON_DATABASE_URL", "guide-target"),
        ("LOCAL_DB_NAME", "guide_source"),
    ];

    fn found(flags: &Flags, variables: &[(&str, &str)]) -> Wanted {
        let env = |name: &str| {
            let entry = variables.iter().find(|(key, _)| *key == name);
            entry.map(|(_, value)| (*value).to_owned())
        };
        let config = Config {
            source: Some("file-source".to_owned()),
            target: Some("file-target".to_owned()),
            ..Config::default()
        };
        connections(flags, &env, &config)
    }

    fn told(given: Option<Given>) -> (String, String) {
        let given = given.expect("a connection string");
        (given.string.expose().to_owned(), given.origin.to_string())
    }

    /// From which entry of [`ALL`] on the environment is set decides what is found.
    #[rstest]
    #[case(0, "env-source", "the environment's NEONLIFT_SOURCE_URL")]
    #[case(2, LOCAL_STRING, "the environment's LOCAL_DB_NAME")]
    #[case(4, "file-source", "the configuration's `source`")]
    fn the_source_is_the_first_given(
        #[case] from: usize,
        #[case] string: &str,
        #[case] origin: &str,
    ) {
        let wanted = found(&Flags::default(), &ALL[from..]);
        assert_eq!(told(wanted.source), (string.to_owned(), origin.to_owned()));
    }

    const LOCAL_STRING: &str = "user='postgres' dbname='guide_source' host='localhost' port='5432'";

    #[rstest]
    #[case(0, "env-target", "the environment's NEONLIFT_TARGET_URL")]
    #[case(2, "guide-target", "the environment's NEON_DATABASE_URL")]
    #[case(3, "file-target", "the configuration's `target`")]
    fn the_target_is_the_first_given(
        #[case] from: usize,
        #[case] string: &str,
        #[case] origin: &str,
    ) {
        let wanted = found(&Flags::default(), &ALL[from..]);
        assert_eq!(told(wanted.target), (string.to_owned(), origin.to_owned()));
    }

    #[test]
    fn flags_come_before_everything() {
        let flags = Flags {
            source: Some(Secret::new(" flag-source\n")),
            target: Some(Secret::new("flag-target")),
        };
        let wanted = found(&flags, &ALL);
        assert_eq!(
            told(wanted.source),
            ("flag-source".to_owned(), "--source".to_owned())
        );
        assert_eq!(
            told(wanted.target),
            ("flag-target".to_owned(), "--target".to_owned())
        );
    }

    #[test]
    fn what_is_empty_is_not_given() {
        let flags = Flags {
            source: Some(Secret::new("")),
            target: Some(Secret::new(" ")),
        };
        let empty = ALL.map(|(name, _)| (name, " "));
        let wanted = found(&flags, &empty);
        assert_eq!(told(wanted.source).0, "file-source");
        assert_eq!(told(wanted.target).0, "file-target");
    }

    #[test]
    fn nothing_given_is_nothing_wanted() {
        let wanted = connections(&Flags::default(), &|_| None, &Config::default());
        assert_eq!(wanted, Wanted::default());
    }

    #[test]
    fn the_guides_values_are_quoted_and_their_variables_named() {
        let variables = [
            ("LOCAL_DB_USER", r"it's\me"),
            ("LOCAL_DB_HOST", "/var/run/postgresql"),
            ("LOCAL_DB_PORT", "5433"),
        ];
        let (string, origin) = told(found(&Flags::default(), &variables).source);
        assert_eq!(
            string,
            r"user='it\'s\\me' dbname='chat_pgvector' host='/var/run/postgresql' port='5433'"
        );
        assert_eq!(
            origin,
            "the environment's LOCAL_DB_USER, LOCAL_DB_HOST and LOCAL_DB_PORT"
        );
    }

    #[test]
    fn a_string_that_was_found_prints_without_itself() {
        let wanted = found(
            &Flags {
                source: Some(Secret::new("canary")),
                target: None,
            },
            &[],
        );
        assert!(!format!("{wanted:?}").contains("canary"));
    }
}
