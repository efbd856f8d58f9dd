//! Finds a password where libpq would: in the string, in the environment, in a password file; and
//! in the system's keyring.

use super::connection_string::ConnectionString;
use super::keyring;
use crate::failure::{Explain, Failure, chain};
use crate::secret::Secret;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Where a password was found. Prints as people would call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the connection string.
    ConnectionString,
    /// In the variable `PGPASSWORD`.
    Environment,
    /// In a password file, on this line (from 1).
    PasswordFile(PathBuf, usize),
    /// In the operating system's keyring.
    Keyring,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionString => f.write_str("the connection string"),
            Self::Environment => f.write_str("PGPASSWORD"),
            Self::Keyring => f.write_str("the keyring"),
            Self::PasswordFile(file, line) => write!(f, "{}, line {line}", called(file)),
        }
    }
}

/// A file as people call it: below the home folder with `~`.
fn called(file: &Path) -> String {
    let home = std::env::home_dir();
    match home.and_then(|home| file.strip_prefix(home).ok()) {
        Some(file) => format!("~/{}", file.display()),
        None => file.display().to_string(),
    }
}

/// Why a password file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Others may read it.
    #[error("{} was not read: its mode is {mode:04o}, must be 0600", called(.file))]
    Readable {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A folder, pipe or the like.
    #[error("{} was not read: it is not a plain file", called(.0))]
    NotAFile(PathBuf),
    /// It cannot be read.
    #[error("{} cannot be read", called(.file))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl Explain for Refused {
    fn failure(&self) -> Failure {
        let advice = match self {
            Self::Readable { file, .. } => format!("$ chmod 600 {}", file.display()),
            Self::NotAFile(_) | Self::Unreadable { .. } => {
                "Name another file in PGPASSFILE, or type the password when asked.".to_owned()
            }
        };
        Failure::new("The password file was not used", chain(self)).advise(advice)
    }
}

/// The outcome of a search.
#[derive(Debug)]
pub struct Search {
    /// The password and where it was.
    pub found: Option<(Secret, Origin)>,
    /// The password file that was there and was not used: tell the person.
    pub refused: Option<Refused>,
}

/// Looks for the password of this place; `env` reads a variable. The order is libpq's: the string,
/// `PGPASSWORD`, then the string's `passfile`, `PGPASSFILE` or `~/.pgpass`, whichever is named first.
pub fn find(place: &ConnectionString, env: &dyn Fn(&str) -> Option<String>) -> Search {
    let set = |name| env(name).filter(|value| !value.is_empty());
    if let Some(password) = place.password() {
        let found = Some((password.clone(), Origin::ConnectionString));
        return Search {
            found,
            refused: None,
        };
    }
    if let Some(password) = set("PGPASSWORD") {
        let found = Some((Secret::new(password), Origin::Environment));
        return Search {
            found,
            refused: None,
        };
    }
    let file = place
        .passfile()
        .map(Path::to_owned)
        .or_else(|| set("PGPASSFILE").map(PathBuf::from))
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".pgpass")));
    match file.map(|file| in_file(place, &file)) {
        None => Search {
            found: None,
            refused: None,
        },
        Some(Ok(found)) => Search {
            found,
            refused: None,
        },
        Some(Err(refused)) => Search {
            found: None,
            refused: Some(refused),
        },
    }
}

/// As [`find`], and where that finds nothing, in the keyring of the operating system. That may take
/// seconds, while somebody unlocks it: it is for when the password is needed, not for every key.
pub fn find_or_ask_keyring(
    place: &ConnectionString,
    env: &dyn Fn(&str) -> Option<String>,
) -> Search {
    let mut search = find(place, env);
    // Behind a socket none is needed as a rule.
    if search.found.is_none() && !place.is_unix_socket() {
        let found = keyring::look_up(place, env);
        search.found = found.map(|password| (password, Origin::Keyring));
    }
    search
}

fn in_file(place: &ConnectionString, file: &Path) -> Result<Option<(Secret, Origin)>, Refused> {
    let unreadable = |source| Refused::Unreadable {
        file: file.to_owned(),
        source,
    };
    let metadata = match std::fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata.map_err(unreadable)?,
    };
    if !metadata.is_file() {
        return Err(Refused::NotAFile(file.to_owned()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Refused::Readable {
                file: file.to_owned(),
                mode,
            });
        }
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let line = text.lines().enumerate().find_map(|(index, line)| {
        let password = password_of(place, line.trim_end_matches('\r'))?;
        Some((password, Origin::PasswordFile(file.to_owned(), index + 1)))
    });
    Ok(line)
}

/// The password of a line `host:port:database:user:password` that fits the place.
fn password_of(place: &ConnectionString, line: &str) -> Option<Secret> {
    if line.starts_with('#') {
        return None;
    }
    // libpq looks for a Unix socket in its usual folders under the name localhost.
    let usual_socket = ["/var/run/postgresql", "/run/postgresql", "/tmp"].contains(&place.host());
    let host = if usual_socket {
        "localhost"
    } else {
        place.host()
    };
    let port = place.port().to_string();
    let mut rest = line;
    for wanted in [host, &port, place.database(), place.user()] {
        let (field, after) = field(rest)?;
        if field != *wanted && rest[..rest.len() - after.len()] != *"*:" {
            return None;
        }
        rest = after;
    }
    let password = unescaped(rest);
    (!password.is_empty()).then(|| Secret::new(password))
}

/// The first field without its escapes, and what follows its colon.
fn field(line: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let ends = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((unescaped(&line[..end]), &line[end + 1..]))
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::os::unix::fs::PermissionsExt;

    fn place(text: &str) -> ConnectionString {
        ConnectionString::parse(text).unwrap()
    }

    fn file(content: &str, mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode)).unwrap();
        file
    }

    fn search(place: &ConnectionString, variables: &[(&str, &str)]) -> Search {
        find(place, &|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_string_comes_before_the_environment_and_that_before_the_file() {
        let passfile = file("*:*:*:*:filed", 0o600);
        let path = passfile.path().to_str().unwrap();
        let variables = [("PGPASSWORD", "exported"), ("PGPASSFILE", path)];
        let (password, origin) = search(&place("postgresql://u:own@h/d"), &variables)
            .found
            .unwrap();
        assert_eq!(
            (password.expose(), origin),
            ("own", Origin::ConnectionString)
        );
        let bare = place("postgresql://u@h/d");
        let (password, origin) = search(&bare, &variables).found.unwrap();
        assert_eq!(
            (password.expose(), origin),
            ("exported", Origin::Environment)
        );
        let (password, origin) = search(&bare, &variables[1..]).found.unwrap();
        assert_eq!(password.expose(), "filed");
        assert_eq!(origin, Origin::PasswordFile(path.into(), 1));
        assert!(search(&bare, &[]).found.is_none());
    }

    #[test]
    fn the_file_is_found_in_the_home_folder() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".pgpass");
        std::fs::write(&path, "h:5432:d:u:homely\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let variables = [("HOME", home.path().to_str().unwrap())];
        let found = search(&place("postgresql://u@h/d"), &variables)
            .found
            .unwrap();
        assert_eq!(found.0.expose(), "homely");
    }

    #[rstest]
    #[case(
        "# h:5432:d:u:no\nother:*:*:*:no\nh:5432:d:u:first\n*:*:*:*:second",
        Some("first")
    )]
    #[case("*:*:d:*:wild\r\n", Some("wild"))]
    #[case(r"h:5432:d:u:a\:b\\c", Some(r"a:b\c"))]
    #[case(r"\h:5432:d:u:yes", Some("yes"))]
    #[case(r"\*:*:*:*:literal star", None)]
    #[case("h:5432:d:u:with:colon", Some("with:colon"))]
    #[case("h:5433:d:u:no", None)]
    #[case("h:5432:d:u:", None)]
    #[case("h:5432:d", None)]
    #[case("", None)]
    fn lines_are_read_like_libpq(#[case] content: &str, #[case] expected: Option<&str>) {
        let passfile = file(content, 0o600);
        let variables = [("PGPASSFILE", passfile.path().to_str().unwrap())];
        let found = search(&place("postgresql://u@h/d"), &variables).found;
        assert_eq!(
            found.as_ref().map(|(password, _)| password.expose()),
            expected
        );
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_its_mode() {
        let passfile = file("*:*:*:*:canary", 0o640);
        let variables = [("PGPASSFILE", passfile.path().to_str().unwrap())];
        let search = search(&place("postgresql://u@h/d"), &variables);
        assert!(search.found.is_none());
        let failure = search.refused.unwrap().failure();
        assert!(failure.why.contains("0640"), "{failure:?}");
        assert!(failure.advice[0].starts_with("$ chmod 600 "), "{failure:?}");
    }

    #[test]
    fn a_usual_socket_folder_is_localhost() {
        let passfile = file("localhost:5432:d:u:local", 0o600);
        let variables = [("PGPASSFILE", passfile.path().to_str().unwrap())];
        let place = place("host=/var/run/postgresql user=u dbname=d");
        assert_eq!(
            search(&place, &variables).found.unwrap().0.expose(),
            "local"
        );
    }
}
