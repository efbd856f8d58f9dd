//! One PostgreSQL server of ours: made, started with a new password, connected to, stopped.

use super::account::{self, Account};
use super::binaries::ServerBinaries;
use super::error::Error;
use super::postmaster::{self, Manner};
use crate::secret::Secret;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::process::Child;
use tokio_postgres::{Client, Config, NoTls};
use tokio_util::task::AbortOnDropHandle;

/// How long a server may take to accept connections; recovery after a crash is done before that.
const STARTUP: Duration = Duration::from_secs(60);
/// How long a fast shutdown may take before an immediate one.
const SHUTDOWN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

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

/// A running server. Dropped without [`Server::stop`], it is ended at once.
#[derive(Debug)]
pub(super) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
    superuser: &'static str,
    password: Secret,
    address: SocketAddr,
}

/// A connection to a server of ours; it closes when dropped.
pub(super) struct Connection {
    pub(super) client: Client,
    _driver: AbortOnDropHandle<()>,
}

impl Plan<'_> {
    fn data(&self) -> PathBuf {
        self.place.join(self.name)
    }

    fn log(&self) -> PathBuf {
        self.place.join(format!("{}.log", self.name))
    }

    fn command(&self, program: &str) -> tokio::process::Command {
        account::command(self.account, &self.binaries.program(program), self.place)
    }

    /// Makes the data folder when there is none. It appears whole or not at all.
    async fn make_data(&self) -> Result<(), Error> {
        let data = self.data();
        if data.exists() {
            return self.check_version(&data);
        }
        let raw = self.place.join(format!("{}.new", self.name));
        if raw.exists() {
            fs::remove_dir_all(&raw).map_err(Error::io("delete", &raw))?;
        }
        fs::create_dir(&raw).map_err(Error::io("create", &raw))?;
        account::give(self.account, &raw)?;
        let output = self
            .command("initdb")
            .arg("-D")
            .arg(&raw)
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
        if !output.status.success() {
            let why = last_lines(&String::from_utf8_lossy(&output.stderr));
            return Err(Error::Program {
                program: "initdb".into(),
                why,
            });
        }
        fs::rename(&raw, &data).map_err(Error::io("rename", &raw))
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
    fn write_settings(&self) -> Result<(), Error> {
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
    async fn set_password(&self, password: &Secret) -> Result<(), Error> {
        let statement = password_statement(self.superuser, password);
        let deadline = Instant::now() + STARTUP;
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
            tokio::time::sleep(PAUSE * 10).await;
        }
    }

    async fn run_single(&self, statement: &str) -> Result<std::process::Output, Error> {
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

    fn spawn(&self, port: u16) -> Result<Child, Error> {
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

impl Server {
    /// Starts a server, making its data first where there is none. A server that still works on
    /// the data must have been ended before.
    pub(super) async fn start(plan: &Plan<'_>) -> Result<Self, Error> {
        plan.make_data().await?;
        let password = new_password()?;
        plan.write_settings()?;
        plan.set_password(&password).await?;
        loop {
            let address = free_address(plan.place)?;
            let mut server = Self {
                name: plan.name,
                child: plan.spawn(address.port())?,
                log: plan.log(),
                superuser: plan.superuser,
                password: password.clone(),
                address,
            };
            match server.ready().await {
                // Between our look and its start another process took the port.
                Err(Error::ServerEnded { why, .. }) if why.contains("Address already in use") => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(server),
            }
        }
    }

    async fn ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + STARTUP;
        loop {
            let attempt = self.connect("postgres").await;
            if self.has_ended() {
                return Err(self.ended_error());
            }
            match attempt {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Connects as the superuser.
    pub(super) async fn connect(&self, database: &str) -> Result<Connection, Error> {
        connect(self.address, self.superuser, &self.password, database).await
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The superuser's password, made at this start.
    pub(super) fn password(&self) -> &Secret {
        &self.password
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn ended_error(&self) -> Error {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        Error::ServerEnded {
            name: self.name,
            why: last_lines(&log),
        }
    }

    /// Waits until the server ends by itself, or by another hand (`practice down`).
    pub(super) async fn ended(&mut self) -> Error {
        // The only failure to wait is that there is nothing to wait for.
        let _ = self.child.wait().await;
        self.ended_error()
    }

    /// Ends the server in good order.
    pub(super) async fn stop(mut self) -> Result<(), Error> {
        let Some(pid) = self.pid() else { return Ok(()) };
        for manner in [Manner::Fast, Manner::Immediate] {
            postmaster::tell(pid, manner);
            if tokio::time::timeout(SHUTDOWN, self.child.wait())
                .await
                .is_ok()
            {
                return Ok(());
            }
        }
        Err(Error::Immortal {
            pid: pid.as_raw_nonzero().get(),
        })
    }

    /// The process id while it has not been seen to end.
    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        let Some(pid) = self.pid() else { return };
        postmaster::tell(pid, Manner::Immediate);
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.has_ended() {
            if Instant::now() > deadline {
                let _ = kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(PAUSE);
        }
    }
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

/// Connects to a server on this machine.
pub(super) async fn connect(
    address: SocketAddr,
    user: &str,
    password: &Secret,
    database: &str,
) -> Result<Connection, Error> {
    let (client, connection) = Config::new()
        .hostaddr(address.ip())
        .port(address.port())
        .user(user)
        .password(password.expose())
        .dbname(database)
        .application_name("neonlift practice")
        .connect(NoTls)
        .await
        .map_err(Error::sql("connecting"))?;
    let driver = tokio::spawn(async move {
        // What breaks a connection is told by the client's next call.
        let _ = connection.await;
    });
    Ok(Connection {
        client,
        _driver: AbortOnDropHandle::new(driver),
    })
}

/// Gives a role a password without naming it: only its SCRAM verifier is sent.
pub(super) fn password_statement(role: &str, password: &Secret) -> String {
    let verifier = postgres_protocol::password::scram_sha_256(password.expose().as_bytes());
    let role = crate::postgres::quote::identifier(role);
    format!("ALTER ROLE {role} PASSWORD '{verifier}'\n")
}

/// 192 random bits, in hex.
pub(super) fn new_password() -> Result<Secret, Error> {
    let mut bytes = [0; 24];
    openssl::rand::rand_bytes(&mut bytes).map_err(Error::NoRandomness)?;
    Ok(Secret::new(
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>(),
    ))
}

fn free_address(place: &Path) -> Result<SocketAddr, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Error::io("find a free port for", place))
}

/// The end of a program's output, for an error.
fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(4)..].join(" · ")
}
