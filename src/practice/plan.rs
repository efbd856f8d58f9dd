//! How a server is made: its data folder, its settings, its password, its process.

use super::account::{self, Account};
use super::binaries::ServerBinaries;
use super::error::Error;
use super::server::password_statement;
use crate::secret::Secret;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// How long the last workers of a killed server may take to notice.
const AFTERMATH: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);

/// What makes one server different from another.
#[derive(Debug, Clone)]
pub(super) struct Plan<'a> {
    /// The name of its data folder and of its log.
    pub(super) name: &'static str,
    /// The folder that holds them.
    pub(super) place: &'a Path,
    /// The superuser's name.
    pub(super) superuser: &'static str,
    /// Lines for postgresql.conf.
    pub(super) settings: String,
    /// PostgreSQL's programs.
    pub(super) binaries: &'a ServerBinaries,
    /// Who runs it.
    pub(super) account: Option<&'a Account>,
}

/// The locale of a new Neon database; macOS did not know it for long, and `C` sorts alike.
const LOCALE: &str = if cfg!(target_os = "linux") {
    "C.UTF-8"
} else {
    "C"
};

/// Memory files for parallel work lie in the data folder, because a container's /dev/shm is
/// often too small for a parallel HNSW build.
const COMMON: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
shared_buffers = 128MB
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_statement = none
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
";

const RULES: &str = "\
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
";

impl Plan<'_> {
    fn data(&self) -> PathBuf {
        self.place.join(self.name)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.place.join(format!("{}.log", self.name))
    }

    fn command(&self, program: &str) -> Command {
        account::command(self.account, &self.binaries.program(program), self.place)
    }

    /// Makes the data folder when there is none. It appears whole or not at all.
    pub(super) async fn make_data(&self) -> Result<(), Error> {
        let data = self.data();
        if data.exists() {
            return self.check_version(&data);
        }
        let half_made = format!("{}.new-", self.name);
        self.remove_half_made(&half_made)?;
        let new = tempfile::Builder::new()
            .prefix(&half_made)
            .tempdir_in(self.place)
            .map_err(Error::io("create a folder in", self.place))?;
        account::give(self.account, new.path())?;
        self.initialize(new.path()).await?;
        fs::rename(new.path(), &data).map_err(Error::io("rename", new.path()))
    }

    async fn initialize(&self, data: &Path) -> Result<(), Error> {
        let output = self
            .command("initdb")
            .arg("-D")
            .arg(data)
            .args([
                "--auth=reject",
                "--encoding=UTF8",
                "--no-sync",
                "--no-instructions",
            ])
            .args([
                format!("--locale={LOCALE}"),
                format!("--username={}", self.superuser),
            ])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(Error::io("run", &self.binaries.program("initdb")))?;
        if output.status.success() {
            return Ok(());
        }
        let why = last_lines(&String::from_utf8_lossy(&output.stderr));
        Err(Error::Program {
            program: "initdb".into(),
            why,
        })
    }

    /// Removes what killed runs left. An `initdb` may still be writing there, hence new names.
    fn remove_half_made(&self, prefix: &str) -> Result<(), Error> {
        for entry in fs::read_dir(self.place).map_err(Error::io("read", self.place))? {
            let entry = entry.map_err(Error::io("read", self.place))?;
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                // What cannot be removed is in nobody's way; the next start tries again.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    }

    fn check_version(&self, data: &Path) -> Result<(), Error> {
        let file = data.join("PG_VERSION");
        let made_by = fs::read_to_string(&file).map_err(Error::io("read", &file))?;
        let server = self.binaries.version.0;
        if made_by.trim() == server.to_string() {
            return Ok(());
        }
        Err(Error::OtherVersion {
            folder: data.to_owned(),
            data: made_by.trim().to_owned(),
            server,
        })
    }

    /// Loopback only, passwords only, no socket; a log that holds neither statements nor rows.
    pub(super) fn write_settings(&self) -> Result<(), Error> {
        let settings = format!("{COMMON}{}", self.settings);
        for (name, text) in [
            ("postgresql.conf", settings.as_str()),
            ("pg_hba.conf", RULES),
        ] {
            let path = self.data().join(name);
            fs::write(&path, text).map_err(Error::io("write", &path))?;
            account::give(self.account, &path)?;
        }
        Ok(())
    }

    /// Gives the superuser a password while nothing listens: a server in single-user mode reads
    /// one statement, with a verifier instead of the password, from a pipe.
    pub(super) async fn set_password(&self, password: &Secret) -> Result<(), Error> {
        let statement = password_statement(self.superuser, password);
        let deadline = Instant::now() + AFTERMATH;
        loop {
            let output = self.run_single(&statement).await?;
            if output.status.success() {
                return Ok(());
            }
            let why = last_lines(&String::from_utf8_lossy(&output.stderr));
            // Workers of a server that was killed need a moment to notice.
            if !why.contains("still in use") || Instant::now() > deadline {
                return Err(Error::Program {
                    program: "postgres --single".into(),
                    why,
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn run_single(&self, statement: &str) -> Result<Output, Error> {
        let program = self.binaries.program("postgres");
        let mut child = self
            .command("postgres")
            .args(["--single", "-j", "-D"])
            .arg(self.data())
            .args([
                "-c",
                "exit_on_error=on",
                "-c",
                "log_checkpoints=off",
                "postgres",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::io("run", &program))?;
        if let Some(mut stdin) = child.stdin.take() {
            // If it ends before it reads, its exit status tells.
            let _ = stdin.write_all(statement.as_bytes()).await;
        }
        child
            .wait_with_output()
            .await
            .map_err(Error::io("run", &program))
    }

    pub(super) fn spawn(&self, port: u16) -> Result<Child, Error> {
        let path = self.log();
        let log = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io("create", &path))?;
        let copy = log.try_clone().map_err(Error::io("create", &path))?;
        self.command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(copy))
            // A group of its own: Ctrl-C in the terminal is for us, not for the server.
            .process_group(0)
            .spawn()
            .map_err(Error::io("run", &self.binaries.program("postgres")))
    }
}

/// The end of a program's output, for an error.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(4)..].join(" · ")
}
