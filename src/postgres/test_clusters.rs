//! A real PostgreSQL server for the tests of this floor, one for each installation that is found.

use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of its own on a Unix socket in a temporary folder, with `postgres` as superuser; it
/// ends when dropped.
pub(crate) struct TestServer {
    bin: PathBuf,
    folder: tempfile::TempDir,
    server: Child,
}

/// Debian's user without rights, for when the tests run as root.
const NOBODY: u32 = 65534;

impl TestServer {
    /// A running server for every installation with `initdb`: those named in `NEONLIFT_PG_BIN`
    /// (several with `:` between them) and Debian's.
    pub(crate) fn one_of_each_installed() -> Vec<Self> {
        installed().iter().map(|bin| Self::start(bin)).collect()
    }

    /// One running server, where the version makes no difference.
    pub(crate) fn of_any_version() -> Self {
        Self::start(&installed()[0])
    }

    fn start(bin: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let data = folder.path().join("data");
        let mut initdb = unprivileged(bin.join("initdb"));
        initdb.args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ]);
        let made = initdb.arg(&data).output().unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let mut postgres = unprivileged(bin.join("postgres"));
        postgres
            .args(["-F", "-c", "listen_addresses=", "-k"])
            .arg(folder.path())
            .arg("-D")
            .arg(&data);
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let server = postgres.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let server = Self {
            bin: bin.to_owned(),
            folder,
            server,
        };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self
            .client("psql")
            .args(["-c", "SELECT 1", "postgres"])
            .output()
            .unwrap()
            .status
            .success()
        {
            assert!(
                Instant::now() < deadline,
                "{}",
                std::fs::read_to_string(self.folder.path().join("log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn client(&self, tool: &str) -> Command {
        let mut command = Command::new(self.bin.join(tool));
        command
            .envs(self.environment())
            .env("PGCLIENTENCODING", "UTF8");
        command
    }

    /// The folder of its programs.
    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    /// What a libpq client needs to connect, but for the database.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("PGHOST", self.folder.path().into()),
            ("PGUSER", "postgres".into()),
        ]
    }

    /// `postgres (PostgreSQL) 16.14`.
    pub(crate) fn version(&self) -> String {
        let output = Command::new(self.bin.join("postgres"))
            .arg("--version")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs SQL and gives what it returns, unaligned. Panics with the server's message.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = self.client("psql");
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            database,
            "-c",
            sql,
        ]);
        let output = psql.output().unwrap();
        assert!(
            output.status.success(),
            "{}\n{sql}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// A session, with the connection that has to be polled for it.
    pub(crate) async fn connect(
        &self,
        database: &str,
    ) -> (
        tokio_postgres::Client,
        impl Future<Output = Result<(), tokio_postgres::Error>> + use<>,
    ) {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(self.folder.path())
            .user("postgres")
            .dbname(database);
        config.connect(tokio_postgres::NoTls).await.unwrap()
    }

    /// What its `pg_dump` writes.
    pub(crate) fn dump(&self, database: &str, flags: &[&str]) -> String {
        let output = self
            .client("pg_dump")
            .args(flags)
            .args(["-d", database])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Installs an extension that this server has beside `plpgsql`, and says which.
    pub(crate) fn create_an_extension(&self, database: &str) -> String {
        let name = self.sql(
            database,
            "SELECT name FROM pg_available_extensions WHERE name IN ('vector', 'hstore', 'citext') LIMIT 1",
        );
        self.sql(database, &format!("CREATE EXTENSION {name}"));
        name
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let pid = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // SIGQUIT: at once, without a checkpoint.
            kill_process(pid, Signal::QUIT).ok();
        }
        self.server.wait().ok();
    }
}

fn installed() -> Vec<PathBuf> {
    let named = std::env::var_os("NEONLIFT_PG_BIN").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&named).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    folders.retain(|bin| bin.join("initdb").exists());
    assert!(
        !folders.is_empty(),
        "no PostgreSQL server is installed: set NEONLIFT_PG_BIN"
    );
    folders
}

/// PostgreSQL refuses to run as root.
fn unprivileged(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).current_dir("/");
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}
