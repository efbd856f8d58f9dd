//! What is wanted: the configuration file, and the connection strings from wherever they were given.
//!
//! [`Config`] is plain data with defaults. The file is TOML; `config.example.toml` at the top of
//! the repository documents every key. [`KEYS`] lists the keys there are, and a file is checked
//! against that list as a whole, so that a person hears about all mistakes at once.

mod application;
mod check;
mod cleanup;
mod cutover;
mod error;
mod keys;
mod password;
mod pattern;
mod screen;
mod selection;
mod wanted;
mod watch;

pub use application::Application;
pub use check::{Mistake, Problem};
pub use cleanup::Cleanup;
pub use cutover::{Cutover, LastComparison};
pub use error::Error;
pub use keys::{KEYS, Key, Kind};
pub use password::holds_password;
pub use pattern::{NamePattern, TablePattern, exactly, exactly_table};
pub use screen::{Notify, Screen};
pub use selection::{BadPattern, Onto, Patterns, Rows, Select, What};
pub use wanted::{Flags, Given, Origin, Wanted, connections};
pub use watch::Watch;

use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that can be configured. A default one is what a missing file means.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Connection string of the database to move, without a password. A flag or the environment
    /// takes precedence: see [`connections`].
    pub source: Option<String>,
    /// Connection string of the Neon database to move to, without a password.
    pub target: Option<String>,
    /// What of the source is moved.
    pub select: Select,
    /// How rows are moved.
    pub transfer: Transfer,
    /// Where the backup goes.
    pub backup: Backup,
    /// Where the target's schema comes from.
    pub schema: Schema,
    /// How both sides are compared.
    pub compare: Compare,
    /// The application that uses the database.
    pub application: Application,
    /// What people have to confirm before the cutover.
    pub checklist: Checklist,
    /// How the target is watched after the cutover.
    pub watch: Watch,
    /// What follows the migration.
    pub cleanup: Cleanup,
    /// How the application is cut over.
    pub cutover: Cutover,
    /// How the full-screen wizard behaves.
    pub screen: Screen,
}

/// How many connections at a time may move rows.
pub const JOBS: RangeInclusive<usize> = 1..=64;

/// `[transfer]`: how rows are moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transfer {
    /// How many chunks are moved at the same time, one of [`JOBS`]. `None`: chosen from the processors
    /// and the connections that both servers have free.
    pub jobs: Option<usize>,
    /// Size of a chunk in mebibytes, 1 to 4096. A chunk is what one transaction moves, so it is
    /// also what is done again after an interruption.
    pub chunk_mb: u32,
    /// How long the source's snapshot is held for a transfer that was stopped or killed, in hours,
    /// 0 to 168. 0: it ends with the program.
    pub hold_hours: u32,
}

impl Default for Transfer {
    fn default() -> Self {
        Self {
            jobs: None,
            chunk_mb: 64,
            hold_hours: 12,
        }
    }
}

impl Transfer {
    /// [`hold_hours`](Self::hold_hours) as a time.
    pub fn hold_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.hold_hours) * 3600)
    }

    /// [`chunk_mb`](Self::chunk_mb) in bytes.
    pub fn chunk_bytes(&self) -> u64 {
        u64::from(self.chunk_mb) * 1024 * 1024
    }
}

/// `[backup]`: where the backup goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Backup {
    /// Folder for dumps and statistics; a relative one lies in the working folder.
    pub folder: PathBuf,
    /// So many days a dump counts as the backup of a cutover, 1 to 365.
    pub valid_days: u32,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("backups"),
            valid_days: 7,
        }
    }
}

/// `[schema]`: where the target's schema comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Schema {
    /// The source database, or a folder of SQL files.
    pub from: SchemaFrom,
    /// What may happen to what the target holds already.
    pub onto: Onto,
}

/// Where the target's schema comes from. In the file: `"source"`, or a folder's path
/// (`"./source"` for a folder of that name).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SchemaFrom {
    /// The source database's own schema, as `pg_dump` tells it.
    #[default]
    Source,
    /// The `*.sql` files of this folder, run in the order of their names. A relative folder lies
    /// in the working folder.
    Folder(PathBuf),
}

impl From<String> for SchemaFrom {
    fn from(text: String) -> Self {
        match text.as_str() {
            "source" => Self::Source,
            _ => Self::Folder(PathBuf::from(text)),
        }
    }
}

impl From<SchemaFrom> for String {
    fn from(from: SchemaFrom) -> Self {
        match from {
            SchemaFrom::Source => "source".to_owned(),
            SchemaFrom::Folder(path) => path.to_string_lossy().into_owned(),
        }
    }
}

/// `[compare]`: how both sides are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Compare {
    /// A table with a column of this name is also counted by that column's values. Empty: no
    /// such counts; [`grouping`](Self::grouping) tells.
    pub group_by: String,
    /// Connections to each side at most; fewer where a server has few to spare.
    pub jobs: usize,
    /// How many vectors of each column are searched for on both sides, 0 to 100. Fewer where the
    /// table is large; 0: none.
    pub searches: u32,
    /// How many neighbours each search finds, 1 to 100.
    pub neighbours: u32,
}

impl Default for Compare {
    fn default() -> Self {
        Self {
            group_by: "collection_name".to_owned(),
            jobs: 4,
            searches: 20,
            neighbours: 10,
        }
    }
}

impl Compare {
    /// The column to count by, if any.
    pub fn grouping(&self) -> Option<&str> {
        Some(self.group_by.as_str()).filter(|column| !column.is_empty())
    }
}

/// `[checklist]`: what people have to confirm before the cutover.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Checklist {
    /// Items of one's own, after the built-in ones.
    pub items: Vec<ChecklistItem>,
}

/// One item that a person signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistItem {
    /// Its short name, for `neonlift sign KEY`: lower-case letters, digits, `-` and `_`.
    pub key: String,
    /// What is confirmed by signing it.
    pub text: String,
}

impl Config {
    /// Reads `explicit`, or the user's own file when there is one; tells which file it was.
    ///
    /// # Errors
    /// When the explicit file is missing, when a file cannot be read, or when it has mistakes.
    pub fn load(explicit: Option<&Path>) -> Result<(Self, Option<PathBuf>), Error> {
        match explicit {
            Some(path) => Ok((Self::read(path)?, Some(path.to_owned()))),
            None => Self::load_default(Self::default_path()),
        }
    }

    /// Where the user's own file is looked for: `config.toml` in the configuration folder of this
    /// operating system (`~/.config/neonlift` on Linux). `None` when there is no home folder.
    pub fn default_path() -> Option<PathBuf> {
        let folders = directories::ProjectDirs::from("", "", "neonlift")?;
        Some(folders.config_dir().join("config.toml"))
    }

    fn load_default(path: Option<PathBuf>) -> Result<(Self, Option<PathBuf>), Error> {
        let Some(path) = path else {
            return Ok((Self::default(), None));
        };
        match Self::read(&path) {
            Ok(config) => Ok((config, Some(path))),
            Err(Error::Read { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Ok((Self::default(), None))
            }
            Err(error) => Err(error),
        }
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// The configuration in a file's text; `path` is named in errors.
    ///
    /// # Errors
    /// When the text is not TOML, or has unknown keys or values that cannot be.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let syntax = |source| Error::syntax(path, text, source);
        let document = toml::de::DeTable::parse(text).map_err(syntax)?;
        let problems = check::problems(text, document.get_ref());
        if !problems.is_empty() {
            return Err(Error::Invalid {
                path: path.to_owned(),
                problems,
            });
        }
        Self::deserialize(toml::Deserializer::from(document)).map_err(syntax)
    }
}

#[cfg(test)]
mod tests;
