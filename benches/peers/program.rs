//! A program run to its end, with what it says kept in a file.

use crate::Result;
use crate::servers::Login;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tokio::process::Command;

/// Lines of a failed program's output that are shown.
const LAST_LINES: usize = 6;

/// A program that will not read from the terminal and dies with us; passwords go into its
/// environment only.
pub(crate) fn program(path: impl AsRef<Path>) -> Command {
    let mut command = Command::new(path.as_ref());
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// One of PostgreSQL's programs, with its way into a database.
pub(crate) fn client(path: impl AsRef<Path>, login: &Login) -> Command {
    let mut command = program(path);
    command
        .env("PGPASSWORD", login.password.expose())
        .args(["-d", &login.url()]);
    command
}

/// Where a contender leaves its files and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    pub(crate) fn fresh(within: &Path) -> Result<Self> {
        let path = within.join("work");
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn log(&self) -> Result<Stdio> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))?;
        Ok(Stdio::from(file))
    }

    /// Runs a program; what it says goes into the log.
    pub(crate) async fn run(&self, command: &mut Command) -> Result<()> {
        let status = command
            .current_dir(&self.0)
            .stdout(self.log()?)
            .stderr(self.log()?)
            .status()
            .await?;
        self.succeeded(status)
    }

    /// An error with the log's end when a program did not succeed.
    pub(crate) fn succeeded(&self, status: ExitStatus) -> Result<()> {
        if status.success() {
            return Ok(());
        }
        let log = fs::read(self.path("log"))?;
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join(" · ");
        Err(format!("{status}: {last}").into())
    }
}
