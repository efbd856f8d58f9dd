//! Servers of three versions, and a migration from a database of one to a database of another.

use crate::cases::Case;
use crate::fixture::{Ended, Running};
use crate::server::{PASSWORD, Server};
use neonlift::failure::Explain;
use neonlift::postgres::tools::{ClientTools, Search};
use neonlift::postgres::{Connection, ConnectionString, quote};
use neonlift::practice::binaries::{self, Carried};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The servers, started once for all tests.
pub(crate) struct Servers {
    /// Of a Linux distribution, with the contrib extensions and without pgvector.
    pub(crate) contrib: Server,
    /// PostgreSQL 16 with pgvector and without contrib.
    pub(crate) sixteen: Server,
    /// PostgreSQL 18 with pgvector and without contrib.
    pub(crate) eighteen: Server,
}

impl Servers {
    /// The lower of the two fetched servers that is not older than the installed one.
    pub(crate) fn not_older(&self) -> &Server {
        match version(self.contrib.bin()) {
            15 | 16 => &self.sixteen,
            _ => &self.eighteen,
        }
    }
}

/// The servers.
pub(crate) fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| {
        // Tests have a runtime already; the servers' beginning needs one of its own.
        std::thread::scope(|scope| scope.spawn(start).join().unwrap())
    })
}

#[tokio::main]
async fn start() -> Servers {
    let contrib = installed_with_contrib().await;
    let (sixteen, eighteen) = (
        fetched(Carried::Sixteen).await,
        fetched(Carried::Eighteen).await,
    );
    let [contrib, sixteen, eighteen] = Server::start_all([&contrib, &sixteen, &eighteen]).await;
    Servers {
        contrib,
        sixteen,
        eighteen,
    }
}

async fn fetched(version: Carried) -> PathBuf {
    let fetched = binaries::fetched(version, &|_| {}).await;
    fetched
        .unwrap_or_else(|error| panic!("{:#?}", error.failure()))
        .bin
}

/// The oldest that is installed: the longest way to go.
async fn installed_with_contrib() -> PathBuf {
    let found = Search::on_this_machine(&[]).all().await.unwrap_or_default();
    let bins = found.iter().map(ClientTools::folder);
    let has_contrib = |bin: &&Path| {
        let share = Command::new(bin.join("pg_config"))
            .arg("--sharedir")
            .output()
            .map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
            .unwrap_or_default();
        bin.join("initdb").exists() && Path::new(&share).join("extension/hstore.control").exists()
    };
    let mut bins: Vec<PathBuf> = bins.filter(has_contrib).map(Path::to_owned).collect();
    bins.sort_by_key(|bin| version(bin));
    let none = "no PostgreSQL server with contrib is installed: apt-get install postgresql";
    bins.into_iter().next().expect(none)
}

/// The major version of a folder's programs.
fn version(bin: &Path) -> u32 {
    let said = Command::new(bin.join("postgres")).arg("--version").output();
    let said = String::from_utf8(said.unwrap().stdout).unwrap();
    let number = said.split_whitespace().nth(2).unwrap();
    number.split('.').next().unwrap().parse().unwrap()
}

/// The role that owns a database on Neon: no superuser.
pub(crate) const OWNER: &str = "CREATEROLE CREATEDB BYPASSRLS REPLICATION";

/// A migration under way: a database on each of two servers.
pub(crate) struct Migration {
    from: &'static Server,
    to: &'static Server,
    name: String,
    owner: String,
    folder: TempDir,
}

impl Migration {
    /// Databases of this name; the target's belongs to a role with these options.
    pub(crate) async fn new(
        name: &str,
        from: &'static Server,
        to: &'static Server,
        options: &str,
    ) -> Self {
        let owner = format!("{name}_owner");
        from.create_database(&format!("{name}_source")).await;
        to.create_role(&owner, options).await;
        let create = format!("CREATE DATABASE {name}_target OWNER {owner}");
        to.sql("postgres", &create).await;
        Self {
            from,
            to,
            name: name.to_owned(),
            owner,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn place(server: &Server, user: &str, database: &str) -> ConnectionString {
        server
            .place_of(user, "sslmode=disable")
            .with_database(database)
    }

    /// The source's place, as its superuser.
    pub(crate) fn source_place(&self) -> ConnectionString {
        Self::place(self.from, "postgres", &format!("{}_source", self.name))
    }

    /// The target's place, as its server's superuser.
    pub(crate) fn target_place(&self) -> ConnectionString {
        Self::place(self.to, "postgres", &format!("{}_target", self.name))
    }

    /// A new, empty database of the target's server, where that is of another version.
    pub(crate) async fn reference(&self) -> Option<ConnectionString> {
        if version(self.from.bin()) == version(self.to.bin()) {
            return None;
        }
        let database = format!("{}_reference", self.name);
        self.to.create_database(&database).await;
        Some(Self::place(self.to, "postgres", &database))
    }

    /// A session on the source.
    pub(crate) async fn source(&self) -> Connection {
        self.from.connect(&format!("{}_source", self.name)).await
    }

    /// A session on the target, as its server's superuser.
    pub(crate) async fn target(&self) -> Connection {
        self.to.connect(&format!("{}_target", self.name)).await
    }

    /// Makes the cases on the source, each in its schema.
    pub(crate) async fn make(&self, cases: &[&Case]) {
        let source = self.source().await;
        let mut refused = Vec::new();
        for case in cases {
            let schema = quote::identifier(case.name);
            let path = format!("{schema}, public, \"Extensions\"");
            let begin = format!("CREATE SCHEMA {schema}; SET search_path = {path}");
            source.batch(case.name, &begin).await.unwrap();
            if let Err(error) = source.batch(case.name, case.sql).await {
                refused.push(format!("{}: {error:?}", case.name));
                source.batch("undoing", "ROLLBACK").await.unwrap();
            }
        }
        assert!(refused.is_empty(), "{refused:#?}");
    }

    /// Runs the program with `--json` and these arguments.
    pub(crate) fn neonlift(&self, arguments: &[&str]) -> Ended {
        self.neonlift_as("postgres", arguments)
    }

    /// As [`Migration::neonlift`], with this role on the source.
    pub(crate) fn neonlift_as(&self, reader: &str, arguments: &[&str]) -> Ended {
        let text = |user: &str, server: &Server, side: &str| {
            format!(
                "host=127.0.0.1 port={} user={user} dbname={}_{side} password='{PASSWORD}' sslmode=disable",
                server.port(),
                self.name
            )
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_neonlift"));
        command
            .args(arguments)
            .arg("--json")
            .arg("--session")
            .arg(self.folder.path().join("session.toml"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("NEONLIFT_SOURCE_URL", text(reader, self.from, "source"))
            .env("NEONLIFT_TARGET_URL", text(&self.owner, self.to, "target"))
            // The newest client, as on a machine whose tools are newer than its server.
            .env("NEONLIFT_PG_BIN", servers().eighteen.bin())
            .current_dir(self.folder.path());
        Running::start(&mut command).end()
    }

    /// The name of the role that owns the target.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// The report of a step.
    pub(crate) fn report(&self, step: &str) -> Value {
        let status = self.neonlift(&["status"]).only("status");
        status["session"]["steps"][step]["report"].clone()
    }
}
