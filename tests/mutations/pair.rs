//! A source, and copies of what it was migrated to.

use crate::fixture::{Ended, Running};
use crate::server::{PASSWORD, Server};
use neonlift::failure::Explain;
use neonlift::postgres::tools::{ClientTools, Search};
use neonlift::practice::binaries::{self, Carried};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The servers, started once for all tests.
pub(crate) struct Servers {
    /// Of a Linux distribution: the contrib extensions, ICU and libxml, no pgvector.
    pub(crate) contrib: Server,
    /// PostgreSQL 16 with pgvector, without contrib.
    pub(crate) sixteen: Server,
    /// PostgreSQL 18.
    pub(crate) eighteen: Server,
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
    let sixteen = fetched(Carried::Sixteen).await;
    let eighteen = fetched(Carried::Eighteen).await;
    let [contrib, sixteen, eighteen] = Server::start_all([&contrib, &sixteen, &eighteen]).await;
    for server in [&contrib, &sixteen, &eighteen] {
        server.create_role("other", "").await;
    }
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

async fn installed_with_contrib() -> PathBuf {
    let found = Search::on_this_machine(&[]).all().await.unwrap_or_default();
    let has_contrib = |bin: &Path| {
        let share = Command::new(bin.join("pg_config"))
            .arg("--sharedir")
            .output();
        let share = share.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
        let hstore = "extension/hstore.control";
        bin.join("initdb").exists()
            && share.is_ok_and(|share| Path::new(&share).join(hstore).exists())
    };
    let bins = found.iter().map(ClientTools::folder);
    let none = "no PostgreSQL server with contrib is installed: apt-get install postgresql";
    let mut bins = bins.filter(|bin| has_contrib(bin)).map(Path::to_owned);
    bins.next().expect(none)
}

/// A database on a server.
#[derive(Clone)]
pub(crate) struct Place {
    server: &'static Server,
    pub(crate) database: String,
}

impl Place {
    /// A new database with all that these texts make.
    pub(crate) async fn made(server: &'static Server, database: &str, texts: &[&str]) -> Self {
        let place = Self {
            server,
            database: database.to_owned(),
        };
        server.create_database(database).await;
        for text in texts {
            place.run(text).await.unwrap();
        }
        place
    }

    /// Runs SQL; why it could not be run.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), String> {
        let session = self.server.connect(&self.database).await;
        let done = session.simple_query(sql).await;
        session.close().await;
        done.map(|_| ())
            .map_err(|error| format!("== {sql}\n  cannot be run: {error:?}"))
    }

    /// What every session of it begins with (`TimeZone = 'UTC'`); `None` for the server's own.
    pub(crate) async fn set(&self, setting: Option<&str>) {
        let what = setting.map_or_else(|| "RESET ALL".to_owned(), |what| format!("SET {what}"));
        let sql = format!("ALTER DATABASE {} {what}", self.database);
        self.server.sql("postgres", &sql).await;
    }

    /// A copy of it under another name, in place of an earlier one.
    pub(crate) async fn copy(&self, database: &str) -> Self {
        let make = |sql: String| async move { self.server.sql("postgres", &sql).await };
        make(format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await;
        let template = &self.database;
        make(format!("CREATE DATABASE {database} TEMPLATE {template}")).await;
        Self {
            server: self.server,
            database: database.to_owned(),
        }
    }

    fn text(&self) -> String {
        format!(
            "host=127.0.0.1 port={} user=postgres dbname={} password='{PASSWORD}' sslmode=disable",
            self.server.port(),
            self.database
        )
    }
}

/// Two databases, and a folder that is the program's home.
pub(crate) struct Pair {
    pub(crate) source: Place,
    pub(crate) target: Place,
    folder: TempDir,
}

impl Pair {
    pub(crate) fn new(source: Place, target: Place) -> Self {
        Self {
            source,
            target,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A database of these texts, and an empty one that it is migrated to.
    pub(crate) async fn migrated(server: &'static Server, name: &str, texts: &[&str]) -> Self {
        let source = Place::made(server, &format!("{name}_source"), texts).await;
        let target = Place::made(server, &format!("{name}_target"), &[]).await;
        let pair = Self::new(source, target);
        pair.neonlift(&["run"])
            .expect(0, "awaiting_sign_off")
            .expect_equal();
        pair
    }

    /// The same source with a copy of the target.
    pub(crate) async fn with_copy(&self, database: &str) -> Self {
        Self::new(self.source.clone(), self.target.copy(database).await)
    }

    /// The program with `--json`.
    pub(crate) fn neonlift(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neonlift"));
        command
            .args(arguments)
            .arg("--json")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("NEONLIFT_SOURCE_URL", self.source.text())
            .env("NEONLIFT_TARGET_URL", self.target.text())
            .env("NEONLIFT_PG_BIN", servers().eighteen.bin())
            .current_dir(self.folder.path());
        Running::start(&mut command).end()
    }
}
