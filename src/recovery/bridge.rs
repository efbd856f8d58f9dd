//! A way for PostgreSQL's own tools to the target that needs neither TLS nor a password of theirs.

use super::Error;
use crate::failure::chain;
use crate::postgres::login::{LoggedIn, log_in, pass_on};
use crate::postgres::opening::{Opening, Startup};
use crate::postgres::wire::{error_response, malformed, message};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying};
use std::ffi::OsString;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncWriteExt, copy_bidirectional_with_sizes};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The number in the socket's name: any would do, in a folder of its own.
const PORT: u16 = 5432;

/// Bytes that are under way at most, in each direction of a session.
const BUFFER: usize = 64 * 1024;

/// Sessions at a time; further ones wait to be accepted. `pg_dump -j` takes one more than its jobs.
const SESSIONS: usize = 64;

/// A socket's path is no longer than this on every system (`sun_path`, less its last byte).
const LONGEST_PATH: usize = 103;

/// Until connections are accepted again when the system could not: for want of file handles, most likely.
const BREATHER: Duration = Duration::from_millis(100);

/// Protocol 3.0: the only one that everybody speaks.
const PROTOCOL: u32 = 3 << 16;

/// A Unix socket in a folder that only its owner may enter. Who connects to it speaks with the target,
/// over a connection of ours: encrypted as its string says, and logged in already. It is open until it is
/// closed or dropped.
#[derive(Debug)]
pub struct Bridge {
    folder: TempDir,
    target: Arc<ConnectionString>,
    stop: CancellationToken,
    accepting: AbortOnDropHandle<()>,
}

impl Bridge {
    /// Opens it, after a session of our own has reached the target (which wakes a sleeping compute).
    /// The token's end ends all sessions over it.
    ///
    /// # Errors
    /// [`Error::Target`] when the target cannot be reached, [`Error::File`] when there is no socket.
    pub async fn open(
        target: &ConnectionString,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        let reached = Connection::open(target, &Retrying::default(), cancel).await;
        reached.map_err(Error::Target)?.close().await;
        let folder = own_folder()?;
        let socket = socket(folder.path());
        let listener = UnixListener::bind(&socket).map_err(Error::file("open", &socket))?;
        let target = Arc::new(target.clone());
        let stop = cancel.child_token();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&target), stop.clone()));
        Ok(Self {
            folder,
            target,
            stop,
            accepting: AbortOnDropHandle::new(accepting),
        })
    }

    /// What a tool needs in its environment to go over it: no password among it.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("PGHOST", self.folder.path().into()),
            ("PGPORT", PORT.to_string().into()),
            ("PGUSER", self.target.user().into()),
            ("PGDATABASE", self.target.database().into()),
            ("PGAPPNAME", self.target.application_name().into()),
            ("PGSSLMODE", "disable".into()),
        ]
    }

    /// The folder of the socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends all sessions over it and waits for their end; the folder goes.
    pub async fn close(self) {
        self.stop.cancel();
        if let Err(error) = self.accepting.await {
            tracing::debug!(%error, "the bridge did not end well");
        }
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

/// A new folder that only its owner may enter, where the name of a socket in it is not too long.
fn own_folder() -> Result<TempDir, Error> {
    let usual = std::env::temp_dir();
    let fits = |folder: &Path| socket(folder).as_os_str().len() <= LONGEST_PATH;
    let made = |at: &Path| {
        tempfile::Builder::new()
            .prefix("neonlift-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(at)
            .map_err(Error::file("make a folder in", at))
    };
    match made(&usual)? {
        folder if fits(folder.path()) => Ok(folder),
        _ => made(Path::new("/tmp")),
    }
}

async fn accept(listener: UnixListener, target: Arc<ConnectionString>, stop: CancellationToken) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
            accepted = listener.accept(), if sessions.len() < SESSIONS => match accepted {
                Ok((tool, _)) => {
                    let (target, stop) = (Arc::clone(&target), stop.clone());
                    sessions.spawn(async move { session(tool, &target, &stop).await });
                }
                Err(error) => {
                    tracing::info!(%error, "the bridge cannot accept a connection");
                    tokio::time::sleep(BREATHER).await;
                }
            },
        }
    }
    sessions.shutdown().await;
}

/// One connection of a tool, from its first byte to its last.
async fn session(mut tool: UnixStream, target: &ConnectionString, stop: &CancellationToken) {
    if let Err(error) = relay(&mut tool, target, stop).await {
        tracing::debug!(%error, "a session over the bridge has ended");
    }
}

async fn relay(
    tool: &mut UnixStream,
    target: &ConnectionString,
    stop: &CancellationToken,
) -> io::Result<()> {
    // Nobody else can enter the folder; this holds where a file system has no rights.
    let own = rustix::process::geteuid().as_raw();
    if tool.peer_cred()?.uid() != own {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let Some(startup) = greeted(tool, target).await? else {
        return Ok(());
    };
    if let Err(text) = acceptable(&startup, target) {
        return tool
            .write_all(&error_response("FATAL", "08004", &text))
            .await;
    }
    let parameters = startup.parameters.iter();
    let parameters: Vec<(&str, &str)> = parameters
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| PASSED_ON.contains(name))
        .collect();
    let LoggedIn { mut stream, said } = match log_in(target, &parameters, stop).await {
        Ok(entered) => entered,
        Err(error) => return tool.write_all(&refusal(&error)).await,
    };
    tool.write_all(&message(b'R', &[0; 4])).await?;
    tool.write_all(&said).await?;
    copy_bidirectional_with_sizes(tool, &mut stream, BUFFER, BUFFER)
        .await
        .map(drop)
}

/// What of a tool's startup message reaches the target.
const PASSED_ON: [&str; 3] = ["application_name", "client_encoding", "options"];

/// A tool's startup message; `None` when it only wanted a statement cancelled.
async fn greeted(tool: &mut UnixStream, target: &ConnectionString) -> io::Result<Option<Startup>> {
    loop {
        match Opening::read(tool).await? {
            // Nothing leaves the machine unencrypted; here it need not be.
            Opening::Tls | Opening::Gss => tool.write_all(b"N").await?,
            Opening::Cancel(packet) => {
                let passed = pass_on(target, &packet).await;
                return passed
                    .map(|()| None)
                    .map_err(|error| io::Error::other(chain(&error)));
            }
            Opening::Startup(startup) => return Ok(Some(startup)),
        }
    }
}

/// The bridge leads one role to one database. Whoever wants another would get this one.
fn acceptable(startup: &Startup, target: &ConnectionString) -> Result<(), String> {
    let user = startup.get("user").unwrap_or_default();
    let database = startup.get("database").unwrap_or(user);
    if startup.version != PROTOCOL {
        return Err(malformed("the protocol's version").to_string());
    }
    match (user, database) == (target.user(), target.database())
        && startup.get("replication").is_none()
    {
        true => Ok(()),
        false => Err(format!(
            "this leads to the database {} as {}, and nowhere else",
            target.database(),
            target.user()
        )),
    }
}

/// Why the target was not reached, in the words that a tool shows.
fn refusal(error: &PostgresError) -> bytes::Bytes {
    let sqlstate = error.sqlstate().unwrap_or("08006");
    error_response("FATAL", sqlstate, &chain(error))
}
