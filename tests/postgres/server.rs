//! Real PostgreSQL servers, shared by all tests: one for each installation on this machine. Where
//! there is none, one is fetched as for a practice.
//!
//! Each test takes databases and roles of its own. The servers end with the process that runs the
//! tests, however that ends.

use crate::certificates;
use neonlift::postgres::tools::Search;
use neonlift::postgres::{Connection, ConnectionString, Error, Retrying, quote};
use neonlift::practice::binaries;
use neonlift::secret::Secret;
use rustix::process::geteuid;
use std::fs::{File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_postgres::SimpleQueryMessage;
use tokio_util::sync::CancellationToken;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "canary p@ss:w/o#rd";

/// `tls_only` may come with TLS only, `plain_only` without only, members of `anyway` in both ways.
const RULES: &str = "\
    local all all scram-sha-256\n\
    hostssl all tls_only all scram-sha-256\n\
    hostnossl all plain_only all scram-sha-256\n\
    host all postgres,+anyway all scram-sha-256\n";

/// Runs the server until nobody holds the other end of this script's input any more.
const LIFELINE: &str = r#"folder=$1; shift; "$@" & cat; kill -QUIT $!; wait; rm -rf "$folder""#;

/// One attempt to connect.
pub(crate) async fn open(place: &ConnectionString) -> Result<Connection, Error> {
    Connection::open(place, &Retrying::never(), &CancellationToken::new()).await
}

/// A server without TLS. It always exists.
pub(crate) fn plain() -> &'static Server {
    &servers().plain
}

/// A server with TLS of its own, when one is installed that was built with it.
pub(crate) fn with_tls() -> Option<&'static Server> {
    servers().others.iter().find(|server| server.tls)
}

/// A server of each installation.
pub(crate) fn one_of_each() -> impl Iterator<Item = &'static Server> {
    let others = servers().others.iter();
    std::iter::once(plain()).chain(others.filter(|server| server.bin != plain().bin))
}

/// A running server with `postgres` as superuser.
pub(crate) struct Server {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Whether it was built with TLS, as its client programs then are too.
    built_with_tls: bool,
    /// Whether it offers TLS.
    tls: bool,
    /// Holds the other end of [`LIFELINE`].
    _guard: Child,
}

impl Server {
    /// Starts servers without TLS of these folders' programs, all at the same time.
    #[allow(
        dead_code,
        reason = "for the tests of everything, which choose their servers"
    )]
    pub(crate) async fn start_all<const N: usize>(bins: [&Path; N]) -> [Self; N] {
        let made = Data::make_all(&bins);
        let mut servers = Vec::with_capacity(N);
        for data in made {
            servers.push(data.serve(false).await);
        }
        servers.try_into().ok().expect("one for each")
    }

    /// The folder of its programs.
    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    /// The folder of its Unix socket and, with TLS, of its authority's `root.crt`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Whether its client programs speak TLS.
    pub(crate) fn tools_speak_tls(&self) -> bool {
        self.built_with_tls
    }

    /// The superuser's place, with more parameters (`sslmode=require`).
    pub(crate) fn place(&self, parameters: &str) -> ConnectionString {
        self.place_of("postgres", parameters)
    }

    pub(crate) fn place_of(&self, user: &str, parameters: &str) -> ConnectionString {
        place("localhost", self.port, user, parameters)
    }

    /// A session of the superuser's.
    pub(crate) async fn connect(&self, database: &str) -> Connection {
        let place = self.place("").with_database(database);
        open(&place).await.unwrap()
    }

    /// Makes a database.
    pub(crate) async fn create_database(&self, name: &str) {
        self.sql("postgres", &format!("CREATE DATABASE {name}"))
            .await;
    }

    /// Makes a role that may log in both with TLS and without.
    pub(crate) async fn create_role(&self, name: &str, options: &str) {
        let password = quote::literal(PASSWORD);
        let sql = format!("CREATE ROLE {name} LOGIN IN ROLE anyway PASSWORD {password} {options}");
        self.sql("postgres", &sql).await;
    }

    /// Runs SQL in a session of its own, and gives the first value that it returns.
    pub(crate) async fn sql(&self, database: &str, sql: &str) -> String {
        let session = self.connect(database).await;
        let messages = match session.simple_query(sql).await {
            Ok(messages) => messages,
            Err(error) => panic!("{error:?}\n{sql}"),
        };
        session.close().await;
        let first = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        first.unwrap_or_default().to_owned()
    }
}

/// A place on this machine, whatever name it has there.
pub(crate) fn place(host: &str, port: u16, user: &str, parameters: &str) -> ConnectionString {
    let text = format!(
        "host={host} hostaddr=127.0.0.1 port={port} user={user} dbname=postgres {parameters}"
    );
    let place = ConnectionString::parse(&text).unwrap();
    place.with_password(Secret::new(PASSWORD))
}

struct Servers {
    plain: Server,
    others: Vec<Server>,
}

fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| {
        // Tests have a runtime already; the servers' beginning needs one of its own.
        std::thread::scope(|scope| scope.spawn(start_all).join().unwrap())
    })
}

/// All of them at the same time. The first installation's goes without TLS, the others' with it
/// where they can; if that leaves none with TLS, the first one's has a second server.
#[tokio::main]
async fn start_all() -> Servers {
    let bins = installations().await;
    let paths: Vec<&Path> = bins.iter().map(PathBuf::as_path).collect();
    let made = Data::make_all(&paths);
    let first_again = made[0].built_with_tls && !made[1..].iter().any(|data| data.built_with_tls);
    let mut rest = made.into_iter();
    let plain = rest.next().unwrap().serve(false).await;
    let mut others = Vec::new();
    for data in rest {
        let tls = data.built_with_tls;
        others.push(data.serve(tls).await);
    }
    if first_again {
        others.push(Data::make(&bins[0]).serve(true).await);
    }
    Servers { plain, others }
}

/// The folders of server programs: those named in `NEONLIFT_PG_BIN` (several with `:` between
/// them), or else a practice's, fetched if need be; and all that are installed.
async fn installations() -> Vec<PathBuf> {
    let named = std::env::var_os(binaries::CHOSEN).filter(|named| !named.is_empty());
    let mut folders: Vec<_> = match named {
        Some(named) => std::env::split_paths(&named).collect(),
        None => vec![binaries::find(&|_| {}).await.unwrap().bin],
    };
    let found = Search::on_this_machine(&[]).all().await;
    folders.extend(
        found
            .into_iter()
            .flatten()
            .map(|tools| tools.folder().to_owned()),
    );
    let mut bins: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let real = folder.canonicalize().unwrap_or(folder);
        if real.join("initdb").exists() && !bins.contains(&real) {
            bins.push(real);
        }
    }
    assert!(
        !bins.is_empty(),
        "no server programs in {}",
        binaries::CHOSEN
    );
    bins
}

/// A data folder that nothing works on yet.
struct Data {
    bin: PathBuf,
    folder: TempDir,
    built_with_tls: bool,
}

impl Data {
    fn make_all(bins: &[&Path]) -> Vec<Self> {
        std::thread::scope(|scope| {
            let making = bins.iter().map(|bin| scope.spawn(|| Self::make(bin)));
            let making: Vec<_> = making.collect();
            let made = making.into_iter().map(|data| data.join().unwrap());
            made.collect()
        })
    }

    fn make(bin: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        certificates::write_server(folder.path());
        give(folder.path());
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            give(&entry.unwrap().path());
        }
        let data = folder.path().join("data");
        let mut initdb = unprivileged(&bin.join("initdb"));
        initdb
            .args(["--auth=scram-sha-256", "--username=postgres"])
            .args(["--encoding=UTF8", "--no-locale", "--no-sync"])
            .arg(format!("--pwfile={}", password.display()))
            .arg(&data);
        said(initdb);
        std::fs::write(data.join("pg_hba.conf"), RULES).unwrap();
        let mut ask = unprivileged(&bin.join("postgres"));
        ask.args(["-C", "ssl_library", "-D"]).arg(&data);
        Self {
            bin: bin.to_owned(),
            built_with_tls: !said(ask).is_empty(),
            folder,
        }
    }

    /// Starts the server and waits until it takes connections.
    async fn serve(self, tls: bool) -> Server {
        let port = free_port();
        let folder = self.folder.keep();
        let mut settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n",
            folder.display()
        );
        // Debian's place, and that of most others.
        let library = ["lib", "lib/postgresql"].map(|lib| self.bin.join("..").join(lib));
        if library
            .iter()
            .any(|lib| lib.join("pg_stat_statements.so").exists())
        {
            settings += "shared_preload_libraries = 'pg_stat_statements'\n";
        }
        if tls {
            settings +=
                "ssl = on\nssl_cert_file = '../server.crt'\nssl_key_file = '../server.key'\n";
        }
        std::fs::write(folder.join("data/postgresql.conf"), settings).unwrap();
        let log = File::create(folder.join("log")).unwrap();
        let guard = unprivileged(Path::new("sh"))
            .args(["-c", LIFELINE, "sh"])
            .args([&folder, &self.bin.join("postgres")])
            .arg("-D")
            .arg(folder.join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let server = Server {
            _guard: guard,
            bin: self.bin,
            folder,
            port,
            built_with_tls: self.built_with_tls,
            tls,
        };
        server.wait_until_ready().await;
        let password = quote::literal(PASSWORD);
        let roles = ["tls_only", "plain_only"]
            .map(|role| format!("CREATE ROLE {role} LOGIN PASSWORD {password};"));
        let sql = format!("CREATE ROLE anyway; {}", roles.concat());
        server.sql("postgres", &sql).await;
        server
    }
}

impl Server {
    async fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = open(&self.place("")).await {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap();
            let over = log.contains("database system is shut down") || Instant::now() > deadline;
            assert!(!over, "{error:?}\n{log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A port below those that systems give away by themselves, so that no connection and no other
/// test takes it before the server does.
fn free_port() -> u16 {
    let first = std::process::id() % 10_000;
    (first..first + 10_000)
        .map(|number| 20_000 + (number % 10_000) as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// What a program prints.
fn said(mut command: Command) -> String {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// PostgreSQL does not run as root: its servers are then nobody's (user and group).
fn nobody() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("nobody:"));
    let mut ids = line
        .unwrap()
        .split(':')
        .skip(2)
        .map(|id| id.parse().unwrap());
    ids.next().zip(ids.next())
}

fn give(path: &Path) {
    if let Some((user, group)) = nobody() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null());
    if let Some((user, group)) = nobody() {
        command.uid(user).gid(group);
    }
    command
}
