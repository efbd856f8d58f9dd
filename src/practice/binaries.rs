//! Where PostgreSQL's server programs are: named, installed, or fetched.

use super::account::{self, Account};
use super::error::Error;
use super::{Say, fetch};

pub use super::wheel::Carried;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The environment variable that names a `bin` folder.
pub const CHOSEN: &str = "NEONLIFT_PG_BIN";
/// `DROP DATABASE … (FORCE)` and the sample's DDL need no more; older versions are out of support.
const OLDEST_SERVER: u32 = 14;
/// HNSW came with pgvector 0.5.
const OLDEST_VECTOR: (u32, u32) = (0, 5);

/// PostgreSQL's programs, pgvector among its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerBinaries {
    /// The folder of `postgres`, `initdb`, `pg_dump`, `pg_restore`, `psql` …
    pub bin: PathBuf,
    /// The server's version: major and minor, 16 and 14 for "16.14".
    pub version: (u32, u32),
    /// Whether a role that is no superuser may create the extension `vector`.
    pub vector_trusted: bool,
}

impl ServerBinaries {
    /// The path of one program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Looks a `bin` folder over. `Err` says what is missing there.
    async fn inspect(bin: &Path) -> Result<Self, String> {
        let banner = first_line(&bin.join("postgres"), "--version").await?;
        first_line(&bin.join("initdb"), "--version").await?;
        let version = version_in(&banner).ok_or_else(|| format!("unknown version: {banner}"))?;
        if version.0 < OLDEST_SERVER {
            return Err(format!("{banner} is older than {OLDEST_SERVER}"));
        }
        let share = first_line(&bin.join("pg_config"), "--sharedir").await?;
        let control = Path::new(&share).join("extension/vector.control");
        let text = fs::read_to_string(&control).map_err(|_| {
            format!(
                "pgvector is not installed ({} is missing)",
                control.display()
            )
        })?;
        let vector = setting(&text, "default_version").and_then(|value| version_in(&value));
        if vector.is_none_or(|vector| vector < OLDEST_VECTOR) {
            return Err("its pgvector is older than 0.5".into());
        }
        let vector_trusted = setting(&text, "trusted").is_some_and(|value| value == "true");
        Ok(Self {
            bin: bin.to_owned(),
            version,
            vector_trusted,
        })
    }
}

/// Finds server programs with pgvector: those of [`CHOSEN`], else the newest installed ones, else
/// fetched ones.
///
/// # Errors
/// When the chosen folder cannot serve, or nothing is installed and nothing can be fetched.
pub async fn find(say: &Say<'_>) -> Result<ServerBinaries, Error> {
    find_for(Account::for_servers()?.as_ref(), say).await
}

pub(super) async fn find_for(
    account: Option<&Account>,
    say: &Say<'_>,
) -> Result<ServerBinaries, Error> {
    if let Some(folder) = std::env::var_os(CHOSEN).filter(|value| !value.is_empty()) {
        return chosen(Path::new(&folder), account).await;
    }
    if let Some(installed) = installed(account).await {
        return Ok(installed);
    }
    fetched_for(account, Carried::Sixteen, say).await
}

/// The server programs of a version that can be fetched, whatever is installed: for whoever needs
/// this version and no other.
///
/// # Errors
/// When it cannot be fetched, or does not run here.
pub async fn fetched(version: Carried, say: &Say<'_>) -> Result<ServerBinaries, Error> {
    fetched_for(Account::for_servers()?.as_ref(), version, say).await
}

async fn fetched_for(
    account: Option<&Account>,
    version: Carried,
    say: &Say<'_>,
) -> Result<ServerBinaries, Error> {
    let cache = account::cache_folder(account)?;
    let bin = fetch::server(&cache, version, say)
        .await
        .map_err(Error::NoBinaries)?;
    ServerBinaries::inspect(&bin)
        .await
        .map_err(|why| Error::NoBinaries(fetch::FetchError::DoesNotRun { why }))
}

async fn chosen(folder: &Path, account: Option<&Account>) -> Result<ServerBinaries, Error> {
    let refused = |lacks| Error::ChosenBinaries {
        folder: folder.to_owned(),
        lacks,
    };
    let absolute = folder
        .canonicalize()
        .map_err(|source| refused(source.to_string()))?;
    account::check_reachable(account, &absolute)?;
    ServerBinaries::inspect(&absolute).await.map_err(refused)
}

/// The newest installed server that has pgvector and is open to the servers' user.
async fn installed(account: Option<&Account>) -> Option<ServerBinaries> {
    let mut found: Vec<ServerBinaries> = Vec::new();
    let on_path = first_line(Path::new("pg_config"), "--bindir")
        .await
        .ok()
        .map(PathBuf::from);
    for bin in on_path.into_iter().chain(usual_folders()) {
        if account::check_reachable(account, &bin).is_ok()
            && let Ok(binaries) = ServerBinaries::inspect(&bin).await
        {
            found.push(binaries);
        }
    }
    // Of equals the last one wins, so the one on PATH is put there.
    found.reverse();
    found.into_iter().max_by_key(|binaries| binaries.version)
}

/// Debian and its kin; Homebrew on both kinds of Mac; Postgres.app.
fn usual_folders() -> Vec<PathBuf> {
    [
        ("/usr/lib/postgresql", ""),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ]
    .into_iter()
    .flat_map(|(parent, prefix)| children(Path::new(parent), prefix))
    .map(|folder| folder.join("bin"))
    .collect()
}

fn children(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let named = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(prefix);
    entries
        .filter_map(Result::ok)
        .filter(named)
        .map(|entry| entry.path())
        .collect()
}

async fn first_line(program: &Path, argument: &str) -> Result<String, String> {
    let name = program
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    let output = Command::new(program)
        .arg(argument)
        .output()
        .await
        .map_err(|source| format!("{name} cannot be run: {source}"))?;
    let said = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    let line = String::from_utf8_lossy(said)
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    if output.status.success() {
        Ok(line)
    } else {
        Err(format!("{name} does not run: {line}"))
    }
}

/// The first `major.minor` in a text: "postgres (PostgreSQL) 17beta1" is (17, 0).
fn version_in(text: &str) -> Option<(u32, u32)> {
    let word = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = word.split('.').map(|part| {
        let digits = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        part[..digits].parse().unwrap_or(0)
    });
    Some((parts.next()?, parts.next().unwrap_or(0)))
}

/// The value of a key in an extension's control file, without quotes.
fn setting(control: &str, key: &str) -> Option<String> {
    control.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches('\'').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_banners() {
        assert_eq!(
            version_in("postgres (PostgreSQL) 16.14 (Debian 16.14-1)"),
            Some((16, 14))
        );
        assert_eq!(version_in("postgres (PostgreSQL) 18beta1"), Some((18, 0)));
        assert_eq!(version_in("0.8.5"), Some((0, 8)));
        assert_eq!(version_in("nothing"), None);
    }

    #[test]
    fn a_control_file_is_read() {
        let control = "comment = 'x'\ndefault_version = '0.8.5'\ntrusted = true\n";
        assert_eq!(
            setting(control, "default_version").as_deref(),
            Some("0.8.5")
        );
        assert_eq!(setting(control, "trusted").as_deref(), Some("true"));
        assert_eq!(setting(control, "superuser"), None);
    }

    #[tokio::test]
    async fn a_chosen_folder_without_a_server_is_refused() {
        let empty = tempfile::tempdir().expect("a folder");
        let refused = chosen(empty.path(), None).await;
        assert!(
            matches!(refused, Err(Error::ChosenBinaries { lacks, .. }) if lacks.contains("postgres"))
        );
    }

    #[tokio::test]
    async fn what_is_found_runs_and_has_vector() {
        let found = find(&|_| {}).await.expect("server programs");
        assert!(found.version.0 >= OLDEST_SERVER);
        for program in ["pg_dump", "pg_restore", "psql"] {
            first_line(&found.program(program), "--version")
                .await
                .expect("it runs");
        }
    }
}
