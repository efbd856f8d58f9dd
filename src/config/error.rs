//! What can be wrong with a configuration file, and its explanation.

use super::check::{Mistake, Problem, line_of};
use super::keys;
use crate::failure::{Explain, Failure, Severity};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where a person reads about all keys.
const EXAMPLE: &str = "config.example.toml documents every key and its default.";

/// Why a configuration cannot be used. Holds no text of the file's but the names of keys.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration {} is not valid TOML: line {line}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says, without the file's text.
        #[source]
        source: toml::de::Error,
    },
    /// The file has keys that there are not, or values that cannot be.
    #[error("the configuration {} cannot be used: {}", path.display(), listed(problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, in the order of the lines; at least one.
        problems: Vec<Problem>,
    },
}

impl Error {
    /// Keeps a parser's error without the line that it would quote: a password may stand there.
    pub(super) fn syntax(path: &Path, text: &str, mut source: toml::de::Error) -> Self {
        let line = line_of(text, source.span().map_or(0, |span| span.start));
        source.set_input(None);
        Self::Syntax {
            path: path.to_owned(),
            line,
            source,
        }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let failure = match self {
            Self::Read { path, source } => unreadable(path, source),
            Self::Syntax { path, line, source } => Failure::new(
                format!("The configuration {} is not valid TOML.", path.display()),
                format!("Line {line}: {}.", source.message()),
            )
            .advise(format!(
                "Correct line {line}; a text stands in quotes: folder = \"backups\"."
            )),
            Self::Invalid { path, problems } => invalid(path, problems),
        };
        failure.advise(EXAMPLE).severity(Severity::Usage)
    }
}

fn unreadable(path: &Path, source: &std::io::Error) -> Failure {
    let advice = match source.kind() {
        ErrorKind::NotFound => "Check the path after --config, or leave --config out.",
        ErrorKind::PermissionDenied => "Give your user the right to read this file.",
        ErrorKind::InvalidData => "Save the file as text in UTF-8.",
        ErrorKind::IsADirectory => "Name the file, not its folder.",
        _ => "Check that the file can be read.",
    };
    let what = format!("Cannot read the configuration {}.", path.display());
    Failure::new(what, source.to_string()).advise(advice)
}

fn invalid(path: &Path, problems: &[Problem]) -> Failure {
    let count = match problems.len() {
        1 => "one mistake".to_owned(),
        many => format!("{many} mistakes"),
    };
    let what = format!("The configuration {} has {count}.", path.display());
    problems
        .iter()
        .fold(Failure::new(what, listed(problems)), |failure, problem| {
            failure.advise(format!("Line {}: {}", problem.line, problem.advice()))
        })
}

fn listed(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, mistake } = self;
        write!(f, "line {line}: ")?;
        match mistake {
            Mistake::Unknown { .. } => write!(f, "there is no key `{key}`"),
            Mistake::WrongType { wanted, found } => {
                write!(f, "`{key}` has to be {wanted}, and is {found}")
            }
            Mistake::OutOfRange { min, max } => {
                write!(f, "`{key}` is not between {min} and {max}")
            }
            Mistake::Empty => write!(f, "`{key}` is empty"),
            Mistake::Password => write!(f, "`{key}` holds a password, which a file must not"),
            Mistake::BadName => {
                write!(
                    f,
                    "`{key}` has more in it than lower-case letters, digits, `-` and `_`"
                )
            }
            Mistake::DoubledName => write!(f, "this `{key}` stands in the list already"),
            Mistake::Missing => write!(f, "`{key}` is missing"),
            Mistake::Choice(_) => write!(f, "`{key}` is none of the words that it can be"),
            Mistake::BadPattern => write!(f, "`{key}` has something that cannot be a name"),
            Mistake::BadCondition(why) => write!(f, "`{key}` cannot be a condition: {why}"),
        }
    }
}

impl Problem {
    /// What to do about it.
    fn advice(&self) -> String {
        let key = &self.key;
        match &self.mistake {
            Mistake::Unknown {
                nearest: Some(nearest),
            } => {
                format!("did you mean `{nearest}`?{}", placing(key, nearest))
            }
            Mistake::Unknown { nearest: None } => match known_beside(key) {
                known if known.is_empty() => format!("take `{key}` out."),
                known => format!("take `{key}` out; known here: {known}."),
            },
            Mistake::WrongType { wanted, .. } => format!("write {wanted} behind `{key}`."),
            Mistake::OutOfRange { min, max } => {
                format!("write a number from {min} to {max} behind `{key}`.")
            }
            Mistake::Empty => format!("write something behind `{key}`, or take the line out."),
            Mistake::Password => format!(
                "take the password out of `{key}` and put it into ~/.pgpass, or give the whole \
                 connection string in the environment: NEONLIFT_{}_URL.",
                key.to_uppercase()
            ),
            Mistake::BadName => format!("shorten `{key}` to a word like \"backup-offsite\"."),
            Mistake::DoubledName => format!("give this item another `{key}`."),
            Mistake::Missing => format!("add `{key}` to this item."),
            Mistake::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                format!("write one of these behind `{key}`: {}.", words.join(", "))
            }
            Mistake::BadCondition(_) => {
                format!("write behind `{key}` what would stand behind WHERE.")
            }
            Mistake::BadPattern => format!(
                "write names behind `{key}`, with * and ? for what varies; a name with a dot in it stands in double quotes: '\"a.b\".c'."
            ),
        }
    }
}

/// Where to write `nearest` when that is another table than the wrong key stands in.
fn placing(key: &str, nearest: &str) -> String {
    match (nearest.rsplit_once('.'), key.rsplit_once('.')) {
        (Some((table, name)), written) if written.map(|(table, _)| table) != Some(table) => {
            format!(" `{name}` belongs under [{table}].")
        }
        _ => String::new(),
    }
}

/// The keys of the table that an unknown key stands in.
fn known_beside(key: &str) -> String {
    let table = key.rsplit_once('.').map_or("", |(table, _)| table);
    keys::inside(table)
        .map(|key| format!("`{key}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
