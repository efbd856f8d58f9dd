//! The PostgreSQL server behind the relay under test, one for all tests that run at a time.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::{fs::chown, process::CommandExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

pub(super) const USER: &str = "owner";
pub(super) const PASSWORD: &str = "open sesame";
const NOBODY: u32 = 65_534;
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

pub(super) struct Server {
    pub(super) address: SocketAddr,
    postmaster: Child,
    _folder: tempfile::TempDir,
}

/// A program of PostgreSQL, run as somebody whom the server accepts.
fn program(name: &str) -> Command {
    let folder = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .unwrap()
        .stdout;
    let folder = PathBuf::from(String::from_utf8(folder).unwrap().trim());
    let mut command = Command::new(folder.join(name));
    if rustix::process::getuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The shared server, started if none runs.
pub(super) fn postgres() -> Arc<Server> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    if rustix::process::getuid().is_root() {
        for path in [folder.path(), &password] {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let data = folder.path().join("data");
    let made = program("initdb")
        .args([
            "--no-sync",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "-U",
            USER,
        ])
        .arg("-D")
        .arg(&data)
        .arg("--pwfile")
        .arg(&password)
        .status()
        .unwrap();
    assert!(made.success(), "initdb failed");
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let postmaster = program("postgres")
        .arg("-D")
        .arg(&data)
        .args([
            "-h",
            "127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
            "-p",
        ])
        .arg(free.port().to_string())
        .spawn()
        .unwrap();
    let server = Arc::new(Server {
        address: free,
        postmaster,
        _folder: folder,
    });
    let deadline = Instant::now() + Duration::from_secs(60);
    let port = free.port().to_string();
    while !program("pg_isready")
        .args(["-h", "127.0.0.1", "-p", &port])
        .status()
        .unwrap()
        .success()
    {
        assert!(Instant::now() < deadline, "PostgreSQL does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    *shared = Arc::downgrade(&server);
    server
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.postmaster.id() as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
        let _ = self.postmaster.wait();
    }
}
