//! What the tests stand on: practice servers, a home of one's own, the program under way.

mod program;
pub(crate) mod sql;

pub(crate) use program::{Ended, Running};
pub(crate) use sql::Database;

use crate::processes;
use neonlift::failure::Explain;
use neonlift::practice::relay::Faults;
use neonlift::practice::{Error, Options, Practice};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Nothing here takes longer, on a machine under load either.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// Documents enough for several chunks of a mebibyte, few enough to be quick.
pub(crate) const SEVERAL_CHUNKS: u64 = 2_000;

/// The steps that do something, in their order.
pub(crate) const STEPS: [&str; 8] = [
    "prerequisites",
    "connections",
    "inventory",
    "backup",
    "schema",
    "transfer",
    "compare",
    "application",
];

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until `condition` gives something; panics with `what` when it never does.
pub(crate) fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(began.elapsed() < DEADLINE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One of the two servers, by the name of its data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Target,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// Practice servers with the runtime that drives their relay.
struct Servers {
    practice: Option<Practice>,
    runtime: Runtime,
    /// Servers that `pg_ctl` started again: nobody else ends those.
    restarted: Mutex<Vec<Side>>,
}

impl Servers {
    fn start(documents: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let options = Options {
            documents: Some(documents),
            ..Options::default()
        };
        let cancel = CancellationToken::new();
        let started = runtime.block_on(Practice::start(&options, &|_| {}, &cancel));
        let practice = started.unwrap_or_else(|error| panic!("{}", explained(&error)));
        Self {
            practice: Some(practice),
            runtime,
            restarted: Mutex::default(),
        }
    }

    fn practice(&self) -> &Practice {
        self.practice.as_ref().expect("running until dropped")
    }

    /// `pg_ctl` on a server's data, as the user whose data it is.
    fn pg_ctl(&self, side: Side, arguments: &[&str]) -> Output {
        let data = self.practice().folder().join(side.name());
        let owner = fs::metadata(&data).expect("the data folder");
        let mut command = Command::new(self.practice().binaries().program("pg_ctl"));
        if owner.uid() != rustix::process::geteuid().as_raw() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        command
            .args(arguments)
            .args(["--mode=immediate", "--wait", "--timeout=60", "--pgdata"])
            .arg(&data)
            .current_dir(&data)
            // What it starts would keep a pipe of ours open.
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .expect("pg_ctl runs")
    }
}

/// Without servers nothing can be tested: the advice says how to get some.
fn explained(error: &Error) -> String {
    let failure = error.failure();
    let advice = failure.advice.join("\n  ");
    format!(
        "no practice servers. {} {}\n  {advice}",
        failure.what, failure.why
    )
}

impl Drop for Servers {
    fn drop(&mut self) {
        let restarted = std::mem::take(&mut *locked(&self.restarted));
        for side in restarted {
            self.pg_ctl(side, &["stop"]);
        }
        if let Some(practice) = self.practice.take() {
            // A test may have ended a server on purpose.
            let _ = self.runtime.block_on(practice.stop());
        }
    }
}

/// No test leaves a process behind.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // With the session's file, what a stopped transfer left for the next one has to go.
        let folder = self.folder.path();
        eventually("an empty place", || {
            (fs::remove_dir_all(folder).is_ok() || !folder.exists()).then_some(())
        });
        eventually("the end of all holders", || {
            self.holders().is_empty().then_some(())
        });
    }
}

/// Practice servers, and a folder that is home, state and working folder of the program.
pub(crate) struct World {
    servers: Arc<Servers>,
    folder: TempDir,
}

impl World {
    /// Servers of one's own, with this many documents.
    pub(crate) fn new(documents: u64) -> Self {
        Self::on(Arc::new(Servers::start(documents)))
    }

    /// Servers that other tests use at the same time: for tests that change nothing.
    pub(crate) fn sharing() -> Self {
        static SHARED: Mutex<Weak<Servers>> = Mutex::new(Weak::new());
        let mut shared = locked(&SHARED);
        // Weak: the last test that uses them ends them.
        let servers = shared
            .upgrade()
            .unwrap_or_else(|| Arc::new(Servers::start(10)));
        *shared = Arc::downgrade(&servers);
        Self::on(servers)
    }

    /// Another folder, with the same servers.
    pub(crate) fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.servers))
    }

    fn on(servers: Arc<Servers>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Servers of a demo have another user when the tests are run by root.
        let open = fs::Permissions::from_mode(0o711);
        fs::set_permissions(folder.path(), open).expect("rights");
        for inner in ["home", "work"] {
            fs::create_dir(folder.path().join(inner)).expect("a folder");
        }
        Self { servers, folder }
    }

    fn practice(&self) -> &Practice {
        self.servers.practice()
    }

    /// What drives the relay and the sessions of the tests.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.servers.runtime
    }

    /// Ends a server as a crash does, until [`World::restart`] starts it again.
    pub(crate) fn stop(&self, side: Side) {
        let done = self.servers.pg_ctl(side, &["stop"]);
        assert!(done.status.success(), "{side:?} does not stop");
    }

    /// Ends a server as a crash does, and starts it again: `pg_ctl restart -m immediate`.
    pub(crate) fn restart(&self, side: Side) {
        let done = self.servers.pg_ctl(side, &["restart"]);
        let mut restarted = locked(&self.servers.restarted);
        restarted.retain(|other| *other != side);
        restarted.push(side);
        assert!(done.status.success(), "{side:?} does not start again");
    }

    /// Everything that the program writes is somewhere in here.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program's working folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The session's file that [`World::neonlift`] names.
    pub(crate) fn session(&self) -> PathBuf {
        self.folder.path().join("session.toml")
    }

    /// The folder of the servers' data.
    pub(crate) fn practice_folder(&self) -> &Path {
        self.practice().folder()
    }

    pub(crate) fn source_url(&self) -> String {
        self.practice().source_url().expose().to_owned()
    }

    pub(crate) fn target_url(&self) -> String {
        self.practice().target_url().expose().to_owned()
    }

    /// The faults of the road to the target.
    pub(crate) fn faults(&self) -> Faults {
        self.practice().faults()
    }

    /// One of PostgreSQL's programs of the servers' version.
    pub(crate) fn postgres_program(&self, name: &str) -> PathBuf {
        self.practice().binaries().program(name)
    }

    /// The folder of PostgreSQL's programs of the servers' version.
    pub(crate) fn postgres_programs(&self) -> PathBuf {
        self.practice().binaries().bin.clone()
    }

    /// The source, as its superuser.
    pub(crate) fn source(&self) -> Database<'_> {
        Database::new(&self.servers.runtime, self.source_url())
    }

    /// The target as a superuser, past the relay.
    pub(crate) fn target(&self) -> Database<'_> {
        let url = self.practice().target_superuser_url();
        Database::new(&self.servers.runtime, url.expose().to_owned())
    }

    /// The program with an environment that holds nothing but what is given here. Arguments that
    /// name no session get the test's own.
    pub(crate) fn neonlift(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command
            .arg("--session")
            .arg(self.session())
            .env("NEONLIFT_SOURCE_URL", self.source_url())
            .env("NEONLIFT_TARGET_URL", self.target_url());
        command
    }

    /// As [`World::neonlift`], without session and connection strings.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Command {
        let home = self.folder.path().join("home");
        let mut command = Command::new(env!("CARGO_BIN_EXE_neonlift"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            // The servers' own pg_dump; so a demo does not fetch servers again, either.
            .env("NEONLIFT_PG_BIN", &self.practice().binaries().bin)
            .current_dir(self.work());
        command
    }

    /// Runs the program with `--json` to its end.
    pub(crate) fn json(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }

    /// Starts the program with `--json`.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.neonlift(arguments);
        command.arg("--json");
        Running::start(&mut command)
    }

    /// Writes a configuration file; its path.
    pub(crate) fn config(&self, text: &str) -> String {
        let file = self.folder.path().join("config.toml");
        fs::write(&file, text).expect("a configuration");
        file.display().to_string()
    }

    /// A session whose schema stands on the target under this configuration, and no row.
    pub(crate) fn until_schema(&self, config: &str) {
        self.json(&["run", "--until", "schema", "--config", config])
            .expect(0, "done");
    }

    /// As [`World::small_chunks`], and the snapshot ends with the program.
    pub(crate) fn small_chunks_unheld(&self) -> String {
        self.config("[transfer]\nchunk_mb = 1\njobs = 1\nhold_hours = 0\n")
    }

    /// The command lines of the processes that hold a snapshot for a session in this folder.
    pub(crate) fn holders(&self) -> Vec<String> {
        let folder = self.folder.path().to_string_lossy();
        let is_holder = |line: &String| line.contains(" hold ") && line.contains(&*folder);
        processes::arguments()
            .into_iter()
            .filter(is_holder)
            .collect()
    }

    /// A configuration under which the rows travel one after another in chunks of a mebibyte.
    pub(crate) fn small_chunks(&self) -> String {
        self.config("[transfer]\nchunk_mb = 1\njobs = 1\n")
    }

    /// The source as `pg_dump` sees it.
    pub(crate) fn dump_of_source(&self) -> Vec<u8> {
        sql::dump(&self.postgres_program("pg_dump"), &self.source_url(), &[])
    }

    /// Another database as `pg_dump` sees it.
    pub(crate) fn dump_of(&self, url: &str) -> Vec<u8> {
        sql::dump(&self.postgres_program("pg_dump"), url, &[])
    }

    /// The definitions of a database as `pg_dump` sees them.
    pub(crate) fn definitions(&self, url: &str) -> String {
        let program = self.postgres_program("pg_dump");
        let arguments = [
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--exclude-schema=neonlift",
        ];
        String::from_utf8(sql::dump(&program, url, &arguments)).expect("UTF-8")
    }

    /// The target's address as a superuser.
    pub(crate) fn target_superuser_url(&self) -> String {
        self.practice().target_superuser_url().expose().to_owned()
    }

    /// What the target holds besides its extensions: one name a row.
    pub(crate) fn target_holds(&self) -> Vec<String> {
        let rows = self.target().rows(
            "SELECT format('%s.%s', n.nspname, c.relname) FROM pg_class c
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1",
        );
        rows.into_iter().flatten().flatten().collect()
    }

    /// How many chunks of this session's ledger are loaded, and how many there are.
    pub(crate) fn chunks(&self) -> (u64, u64) {
        let target = self.target();
        if target.value("SELECT to_regclass('neonlift.chunks') IS NOT NULL") != "t" {
            return (0, 0);
        }
        let sql = "SELECT count(loaded_at), count(*) FROM neonlift.chunks";
        let row = target.rows(sql).remove(0);
        let number = |at: usize| {
            row[at]
                .as_deref()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0)
        };
        (number(0), number(1))
    }
}
