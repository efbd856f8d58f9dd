//! The two servers that every contender works with: databases made and dropped, contents counted.

use crate::Result;
use neonlift::postgres::quote;
use neonlift::practice::{self, Practice};
use neonlift::secret::Secret;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How a tool gets into a database. No TLS anywhere: the clients that come with fetched servers
/// have none, and the road has to be the same for all.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: Secret,
    pub(crate) database: String,
}

impl Login {
    fn of(url: &Secret) -> Result<Self> {
        let config: Config = url.expose().parse()?;
        let password = config.get_password().ok_or("no password in a URL")?;
        let port = match config.get_hosts() {
            [Host::Tcp(_)] => config.get_ports().first(),
            _ => None,
        };
        Ok(Self {
            port: *port.ok_or("no port in a URL")?,
            user: config.get_user().ok_or("no user in a URL")?.to_owned(),
            password: Secret::new(String::from_utf8(password.to_vec())?),
            database: config.get_dbname().unwrap_or("postgres").to_owned(),
        })
    }

    /// The same server's other database.
    pub(crate) fn database(&self, name: &str) -> Self {
        Self {
            database: name.to_owned(),
            ..self.clone()
        }
    }

    /// The same server by another port: over a longer road.
    pub(crate) fn port(&self, port: u16) -> Self {
        Self {
            port,
            ..self.clone()
        }
    }

    fn written(&self, password: &str) -> String {
        let (user, host) = (&self.user, IpAddr::from(Ipv4Addr::LOCALHOST));
        let (port, database) = (self.port, &self.database);
        format!("postgresql://{user}{password}@{host}:{port}/{database}?sslmode=disable")
    }

    /// The connection string without its password, for arguments.
    pub(crate) fn url(&self) -> String {
        self.written("")
    }

    /// The connection string with its password, for a program's environment.
    pub(crate) fn whole_url(&self) -> Secret {
        // Passwords of practice servers are hexadecimal.
        Secret::new(self.written(&format!(":{}", self.password.expose())))
    }

    /// Connects; the connection closes when the handle is dropped.
    pub(crate) async fn connect(&self) -> Result<Connected> {
        let config: Config = self.whole_url().expose().parse()?;
        let (client, connection) = config.connect(NoTls).await?;
        let driver = AbortOnDropHandle::new(tokio::spawn(async move {
            // Whoever used the client has heard of it.
            let _ = connection.await;
        }));
        Ok(Connected {
            client,
            _driver: driver,
        })
    }
}

pub(crate) struct Connected {
    pub(crate) client: Client,
    _driver: AbortOnDropHandle<()>,
}

/// What a database holds, as far as it tells whether a migration did its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Rows of each table.
    pub(crate) rows: BTreeMap<String, i64>,
    pub(crate) indexes: i64,
    pub(crate) keys: i64,
}

/// Practice servers, reached without the practice relay.
pub(crate) struct Servers {
    practice: Practice,
    /// Its superuser.
    pub(crate) source: Login,
    /// The role that migrates, as on Neon no superuser.
    pub(crate) target: Login,
    superuser: Login,
}

/// The target's database of every contender.
const ARRIVAL: &str = "arrival";

impl Servers {
    pub(crate) async fn start() -> Result<Self> {
        let options = practice::Options {
            documents: Some(1),
            vector_index: false,
            ..practice::Options::default()
        };
        let practice = Practice::start(&options, &|_| {}, &CancellationToken::new()).await?;
        let superuser = Login::of(&practice.target_superuser_url())?;
        // What one contender has left must not be vacuumed while the next one works.
        let admin = superuser.connect().await?;
        let sql = "ALTER SYSTEM SET autovacuum = off";
        admin.client.batch_execute(sql).await?;
        let sql = "SELECT pg_reload_conf()";
        admin.client.batch_execute(sql).await?;
        Ok(Self {
            source: Login::of(&practice.source_url())?,
            target: Login::of(&practice.target_url())?.port(superuser.port),
            superuser,
            practice,
        })
    }

    pub(crate) async fn stop(self) -> Result<()> {
        Ok(self.practice.stop().await?)
    }

    /// One of PostgreSQL's programs, of the servers' version.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.practice.binaries().program(name)
    }

    pub(crate) fn bin(&self) -> &Path {
        &self.practice.binaries().bin
    }

    /// `16.14`.
    pub(crate) fn version(&self) -> String {
        let (major, minor) = self.practice.binaries().version;
        format!("{major}.{minor}")
    }

    /// A folder that goes with the servers.
    pub(crate) fn folder(&self) -> &Path {
        self.practice.folder()
    }

    /// Makes a database on the source.
    pub(crate) async fn create_on_source(&self, name: &str, sql: &[String]) -> Result<Login> {
        let create = format!("CREATE DATABASE {}", quote::identifier(name));
        self.source
            .connect()
            .await?
            .client
            .batch_execute(&create)
            .await?;
        let login = self.source.database(name);
        let connected = login.connect().await?;
        for sql in sql {
            connected.client.batch_execute(sql).await?;
        }
        // Outside of any transaction, and so that no autovacuum comes in between.
        connected.client.batch_execute("VACUUM ANALYZE").await?;
        Ok(login)
    }

    /// An empty target. What an earlier contender left is set aside, not dropped: for minutes after
    /// many files were deleted, ext4 looks at each of them before it makes a new one
    /// (`recently_deleted` in its `ialloc.c`), and whoever comes next would pay for it.
    pub(crate) async fn fresh_target(&self) -> Result<Login> {
        let admin = self.superuser.connect().await?;
        let owner = quote::identifier(&self.target.user);
        let left = self.left().await?;
        if left.iter().any(|name| name == ARRIVAL) {
            let aside = quote::identifier(&format!("{ARRIVAL}_{}", left.len()));
            let ending = format!(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{ARRIVAL}'"
            );
            admin.client.batch_execute(&ending).await?;
            let setting = format!("ALTER DATABASE {ARRIVAL} RENAME TO {aside}");
            admin.client.batch_execute(&setting).await?;
        }
        for sql in [
            format!("CREATE DATABASE {ARRIVAL} OWNER {owner}"),
            // The practice Neon says that it is one of the free plan, too small for this.
            format!("ALTER DATABASE {ARRIVAL} SET neon.max_cluster_size = '16GB'"),
        ] {
            admin.client.batch_execute(&sql).await?;
        }
        Ok(self.target.database(ARRIVAL))
    }

    /// The databases that contenders have left.
    async fn left(&self) -> Result<Vec<String>> {
        let sql = format!("SELECT datname FROM pg_database WHERE datname ~ '^{ARRIVAL}'");
        let rows = self
            .superuser
            .connect()
            .await?
            .client
            .query(&sql, &[])
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Drops what all contenders have left.
    pub(crate) async fn drop_left(&self) -> Result<()> {
        let admin = self.superuser.connect().await?;
        for name in self.left().await? {
            let name = quote::identifier(&name);
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            admin.client.batch_execute(&sql).await?;
        }
        Ok(())
    }

    /// Brings what is written to the disks, so that nobody pays for those who came before.
    pub(crate) async fn settle(&self) -> Result<()> {
        for login in [&self.source, &self.superuser] {
            login
                .connect()
                .await?
                .client
                .batch_execute("CHECKPOINT")
                .await?;
        }
        Ok(())
    }

    /// What a database holds; the wizard's ledger does not count.
    pub(crate) async fn contents(&self, login: &Login) -> Result<Contents> {
        let connected = login.connect().await?;
        let client = &connected.client;
        let tables = client
            .query(
                "SELECT oid::regclass::text FROM pg_class
                 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
                &[],
            )
            .await?;
        let mut rows = BTreeMap::new();
        for table in tables {
            // As regclass writes it, quoted where it has to be.
            let table: String = table.get(0);
            let count = client
                .query_one(&format!("SELECT count(*) FROM {table}"), &[])
                .await?;
            rows.insert(table, count.get(0));
        }
        let counted = client
            .query_one(
                "SELECT (SELECT count(*) FROM pg_class
                         WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace),
                        (SELECT count(*) FROM pg_constraint
                         WHERE connamespace = 'public'::regnamespace AND convalidated)",
                &[],
            )
            .await?;
        Ok(Contents {
            rows,
            indexes: counted.get(0),
            keys: counted.get(1),
        })
    }

    /// Its size in bytes.
    pub(crate) async fn size(&self, login: &Login) -> Result<u64> {
        let connected = login.connect().await?;
        let row = connected
            .client
            .query_one("SELECT pg_database_size(current_database())", &[])
            .await?;
        Ok(u64::try_from(row.get::<_, i64>(0))?)
    }
}
