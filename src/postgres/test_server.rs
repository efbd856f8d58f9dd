//! A real PostgreSQL server with TLS for this floor's tests: [`start`] is the one way to get it.

use super::{Connection, ConnectionString, Retrying};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The superuser's password.
pub(super) const PASSWORD: &str = "canary p@ss:w/o#rd";

/// A name in the server's certificate beside `localhost`.
pub(super) const NEON_HOST: &str = "ep-practice-1.eu-central-1.aws.neon.tech";

/// The server: ends when dropped. `tls_only` may come with TLS only, `plain_only` without only;
/// both have the superuser's password.
pub(super) struct TestServer {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl TestServer {
    /// The superuser's place, with more parameters (`sslmode=require`).
    pub(super) fn place(&self, parameters: &str) -> ConnectionString {
        self.place_of("postgres", parameters)
    }

    pub(super) fn place_of(&self, user: &str, parameters: &str) -> ConnectionString {
        let port = self.port;
        let text = format!(
            "host=localhost hostaddr=127.0.0.1 port={port} user={user} dbname=postgres {parameters} password='{PASSWORD}'"
        );
        ConnectionString::parse(&text).unwrap()
    }

    /// The right authority's certificate.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("root.crt")
    }

    /// The certificate of an authority that signed nothing.
    pub(super) fn wrong_root(&self) -> PathBuf {
        self.folder.path().join("wrong.crt")
    }

    /// The folder of its Unix socket.
    pub(super) fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// A session of the superuser's.
    pub(super) async fn connect(&self) -> Connection {
        open(&self.place("")).await.unwrap()
    }
}

/// One attempt to connect.
pub(super) async fn open(place: &ConnectionString) -> Result<Connection, super::Error> {
    Connection::open(place, &Retrying::never(), &CancellationToken::new()).await
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.process.id().cast_signed()) {
            let _ = kill_process(pid, Signal::INT);
        }
        let _ = self.process.wait();
    }
}

/// Starts a server and waits until it takes connections.
pub(super) async fn start() -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    write_certificates(folder.path());
    std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        give(&entry.unwrap().path());
    }
    give(folder.path());
    let initialised = server_command("initdb")
        .args([
            "--auth=scram-sha-256",
            "--username=postgres",
            "--encoding=UTF8",
            "--no-locale",
        ])
        .arg("--no-sync")
        .arg(format!(
            "--pwfile={}",
            folder.path().join("password").display()
        ))
        .arg(&data)
        .output()
        .unwrap();
    assert!(
        initialised.status.success(),
        "{}",
        String::from_utf8_lossy(&initialised.stderr)
    );
    let rules = "local all all scram-sha-256\n\
        hostssl all tls_only all scram-sha-256\n\
        hostnossl all plain_only all scram-sha-256\n\
        host all postgres,limited all scram-sha-256\n";
    std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let settings = format!(
        "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n\
         fsync = off\nssl = on\nssl_cert_file = '../server.crt'\nssl_key_file = '../server.key'\n",
        folder.path().display()
    );
    std::fs::write(data.join("postgresql.conf"), settings).unwrap();
    let process = server_command("postgres")
        .arg("-D")
        .arg(&data)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = TestServer {
        process,
        folder,
        port,
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    let session = loop {
        match open(&server.place("")).await {
            Ok(session) => break session,
            Err(error) => assert!(Instant::now() < deadline, "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let password = super::quote::literal(PASSWORD);
    let roles = ["tls_only", "plain_only", "limited"]
        .map(|role| format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1 PASSWORD {password};"));
    session
        .batch("making roles", &roles.concat())
        .await
        .unwrap();
    server
}

/// PostgreSQL does not run as root.
fn unprivileged() -> Option<u32> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let nobody = users
        .lines()
        .find(|line| line.starts_with("nobody:"))
        .unwrap();
    let id = nobody.split(':').nth(2).unwrap().parse().unwrap();
    rustix::process::geteuid().is_root().then_some(id)
}

fn give(path: &Path) {
    if let Some(user) = unprivileged() {
        chown(path, Some(user), None).unwrap();
    }
}

/// `NEONLIFT_PG_BIN`, or Debian's newest.
pub(super) fn binary(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("NEONLIFT_PG_BIN") {
        return Path::new(&folder).join(name);
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").unwrap();
    let newest = versions
        .map(|version| version.unwrap().path())
        .max()
        .unwrap();
    newest.join("bin").join(name)
}

fn server_command(name: &str) -> Command {
    let mut command = Command::new(binary(name));
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(user) = unprivileged() {
        command.uid(user);
    }
    command
}

fn write_certificates(folder: &Path) {
    let (root, root_key) = certificate("Test Authority", None);
    let (wrong, _) = certificate("Wrong Authority", None);
    let (server, server_key) = certificate("localhost", Some((&root, &root_key)));
    std::fs::write(folder.join("root.crt"), root.to_pem().unwrap()).unwrap();
    std::fs::write(folder.join("wrong.crt"), wrong.to_pem().unwrap()).unwrap();
    std::fs::write(folder.join("server.crt"), server.to_pem().unwrap()).unwrap();
    let key = folder.join("server.key");
    std::fs::write(&key, server_key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
}

/// A certificate and its key: an authority's, or a server's signed by one.
fn certificate(name: &str, issuer: Option<(&X509, &PKey<Private>)>) -> (X509, PKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut serial = BigNum::new().unwrap();
    serial.rand(100, MsbOption::MAYBE_ZERO, false).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(30).unwrap())
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    let (issuer_name, signer) = match issuer {
        Some((certificate, signer)) => {
            let context = builder.x509v3_context(Some(certificate), None);
            let mut names = SubjectAlternativeName::new();
            let names = names
                .dns("localhost")
                .dns(NEON_HOST)
                .build(&context)
                .unwrap();
            builder.append_extension(names).unwrap();
            (certificate.subject_name(), signer)
        }
        None => {
            let authority = BasicConstraints::new().critical().ca().build().unwrap();
            builder.append_extension(authority).unwrap();
            (&*subject, &key)
        }
    };
    builder.set_issuer_name(issuer_name).unwrap();
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    (builder.build(), key)
}
