//! Who runs: each contender with the commands that people would type.

use crate::Result;
use crate::data::Data;
use crate::program::{Folder, client, program};
use crate::servers::{Login, Servers};
use crate::{migration, pipe};
use std::ffi::OsString;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// One of the contenders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Neonlift,
    /// neonlift into tables that are there and have no index: rows alone.
    Rows,
    /// pgcopydb as it is.
    Pgcopydb,
    /// pgcopydb with `--use-copy-binary`, where its version has that.
    PgcopydbBinary,
    /// The guide's way: one archive, one job.
    Guide,
    /// A folder, several jobs.
    Directory,
    /// Binary COPY from psql to psql, rows alone.
    Pipe,
}

impl Contender {
    pub(crate) const ALL: [Self; 7] = [
        Self::Neonlift,
        Self::Rows,
        Self::Pgcopydb,
        Self::PgcopydbBinary,
        Self::Guide,
        Self::Directory,
        Self::Pipe,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Neonlift => "neonlift",
            Self::Rows => "rows",
            Self::Pgcopydb => "pgcopydb",
            Self::PgcopydbBinary => "pgcopydbbinary",
            Self::Guide => "guide",
            Self::Directory => "directory",
            Self::Pipe => "pipe",
        }
    }

    /// Runs with the empty target that it is given. Only what people wait for is timed.
    pub(crate) async fn run(self, job: &Job<'_>) -> Result<Timing> {
        match self {
            Self::Neonlift => migration::run(job, &[]).await,
            Self::Rows => migration::rows_alone(job).await,
            Self::Pgcopydb => job.timed(job.pgcopydb(&[])).await,
            Self::PgcopydbBinary => job.timed(job.pgcopydb(&["--use-copy-binary"])).await,
            Self::Guide => job.timed(job.guide()).await,
            Self::Directory => job.timed(job.directory()).await,
            Self::Pipe => pipe::run(job).await,
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) servers: &'a Servers,
    pub(crate) data: &'a Data,
    /// The empty database, over the road that is measured.
    pub(crate) target: &'a Login,
    /// Jobs of tools that have to be told how many.
    pub(crate) jobs: usize,
    pub(crate) folder: &'a Folder,
}

/// What a run took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timing {
    pub(crate) seconds: f64,
    /// Parts of it that the contender tells: `schema`, `rows`, `indexes`.
    pub(crate) parts: Vec<(&'static str, f64)>,
    /// Its peak resident memory in kB, where that was watched.
    pub(crate) peak: Option<u64>,
}

impl Timing {
    pub(crate) fn of(elapsed: Duration) -> Self {
        Self {
            seconds: elapsed.as_secs_f64(),
            ..Self::default()
        }
    }
}

impl Job<'_> {
    async fn timed(&self, work: impl Future<Output = Result<()>>) -> Result<Timing> {
        self.servers.settle().await?;
        let began = Instant::now();
        work.await?;
        Ok(Timing::of(began.elapsed()))
    }

    pub(crate) fn client(&self, name: &str, login: &Login) -> Command {
        client(self.servers.program(name), login)
    }

    /// As the migration guide has it.
    async fn guide(&self) -> Result<()> {
        let file = self.folder.path("local_db.dump");
        let mut dump = self.client("pg_dump", &self.data.login);
        dump.args(["-F", "c", "-b", "-v", "-f"]).arg(&file);
        self.folder.run(&mut dump).await?;
        let mut restore = self.client("pg_restore", self.target);
        restore.args(["--no-owner", "--no-acl", "-v"]).arg(&file);
        self.folder.run(&mut restore).await
    }

    async fn directory(&self) -> Result<()> {
        let folder = self.folder.path("dump");
        let jobs = format!("-j{}", self.jobs);
        let mut dump = self.client("pg_dump", &self.data.login);
        dump.args(["-F", "d", &jobs, "-f"]).arg(&folder);
        self.folder.run(&mut dump).await?;
        let mut restore = self.client("pg_restore", self.target);
        restore.args([&jobs, "--no-owner", "--no-acl"]).arg(&folder);
        self.folder.run(&mut restore).await
    }

    async fn pgcopydb(&self, options: &[&str]) -> Result<()> {
        let mut command = program(PGCOPYDB);
        command
            .args(["clone", "--no-owner", "--no-acl", "--dir"])
            .arg(self.folder.path("pgcopydb"))
            .args(options)
            .env("PATH", self.path_with_tools()?)
            .env(
                "PGCOPYDB_SOURCE_PGURI",
                self.data.login.whole_url().expose(),
            )
            .env("PGCOPYDB_TARGET_PGURI", self.target.whole_url().expose());
        self.folder.run(&mut command).await
    }

    /// pgcopydb calls pg_dump and pg_restore, which have to be of the servers' version.
    fn path_with_tools(&self) -> Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.servers.bin().to_owned());
        Ok(std::env::join_paths(
            folders.chain(std::env::split_paths(&path)),
        )?)
    }
}

const PGCOPYDB: &str = "pgcopydb";

/// The pgcopydb that is installed.
#[derive(Debug, Clone)]
pub(crate) struct Pgcopydb {
    pub(crate) version: String,
    pub(crate) has_binary: bool,
}

impl Pgcopydb {
    /// `None` when there is none.
    pub(crate) async fn find() -> Result<Option<Self>> {
        let asked = |arguments: &'static [&'static str]| async move {
            let output = program(PGCOPYDB).args(arguments).output().await;
            output.map(|output| {
                let both = [output.stdout, output.stderr].concat();
                String::from_utf8_lossy(&both).into_owned()
            })
        };
        let version = match asked(&["--version"]).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            said => said?,
        };
        let version = version
            .lines()
            .find_map(|line| line.trim().strip_prefix("pgcopydb version "));
        Ok(Some(Self {
            version: version.ok_or("pgcopydb tells no version")?.to_owned(),
            has_binary: asked(&["clone", "--help"])
                .await?
                .contains("--use-copy-binary"),
        }))
    }
}
