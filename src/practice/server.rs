//! One PostgreSQL server of ours: started with a new password, connected to, stopped.

use super::error::Error;
use super::plan::{Plan, last_lines};
use super::postmaster::{self, Manner};
use crate::figures::hex;
use crate::secret::Secret;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::Child;
use tokio_postgres::{Client, Config, NoTls};
use tokio_util::task::AbortOnDropHandle;

/// How long a server may take to accept connections; recovery after a crash is done before that.
const STARTUP: Duration = Duration::from_secs(60);
/// How long a fast shutdown may take before an immediate one.
const SHUTDOWN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

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
    Ok(Secret::new(hex(&bytes)))
}

fn free_address(place: &Path) -> Result<SocketAddr, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Error::io("find a free port for", place))
}
