//! Encrypted ways to a server: its own TLS, and the practice relay's in front of a plain server.

use crate::certificates::{NEON_HOST, wrong_authority};
use crate::server::{self, Server};
use neonlift::postgres::{Cause, ConnectionString, Error};
use neonlift::practice::relay::Relay;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ENDPOINT: &str = "ep-quiet-dawn-123456";

/// What encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The server itself.
    Server,
    /// The relay. It lets nobody in without TLS, and knows no channel binding.
    Relay,
}

/// An encrypted way in.
pub(crate) struct Door {
    pub(crate) kind: Kind,
    /// The server behind it.
    pub(crate) server: &'static Server,
    host: String,
    /// Another name in its certificate.
    pub(crate) other_name: String,
    port: u16,
    roots: TempDir,
    _relay: Option<Relay>,
}

impl Door {
    /// The superuser's place, with more parameters (`sslmode=require`).
    pub(crate) fn place(&self, parameters: &str) -> ConnectionString {
        self.place_of("postgres", parameters)
    }

    pub(crate) fn place_of(&self, user: &str, parameters: &str) -> ConnectionString {
        server::place(&self.host, self.port, user, parameters)
    }

    /// The superuser's place under another name of the host.
    pub(crate) fn place_named(&self, host: &str, parameters: &str) -> ConnectionString {
        server::place(host, self.port, "postgres", parameters)
    }

    /// The certificate of the right authority.
    pub(crate) fn root(&self) -> PathBuf {
        self.roots.path().join("right.crt")
    }

    /// The certificate of an authority that signed nothing.
    pub(crate) fn wrong_root(&self) -> PathBuf {
        self.roots.path().join("wrong.crt")
    }

    /// A file that is not there.
    pub(crate) fn missing_root(&self) -> PathBuf {
        self.roots.path().join("missing.crt")
    }

    /// Whether a session through this door is encrypted, or the cause why there is none.
    pub(crate) async fn outcome(&self, place: &ConnectionString) -> Result<bool, Option<Cause>> {
        self.is_encrypted(place)
            .await
            .map_err(|error| error.cause())
    }

    async fn is_encrypted(&self, place: &ConnectionString) -> Result<bool, Error> {
        let session = server::open(place).await?;
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row = session
            .query_one(sql, &[])
            .await
            .map_err(Error::while_doing("asking for TLS"))?;
        session.close().await;
        // The relay's own way to the server is plain, and nobody comes to the relay without TLS.
        Ok(self.kind == Kind::Relay || row.get(0))
    }
}

/// All that this machine has: the relay always, and a server's own TLS where one is installed.
pub(crate) async fn doors() -> Vec<Door> {
    let mut doors = vec![relayed().await];
    doors.extend(server::with_tls().map(own));
    doors
}

/// The way to the plain server through the relay.
pub(crate) async fn relayed() -> Door {
    let server = server::plain();
    let upstream = ([127, 0, 0, 1], server.port()).into();
    let relay = Relay::start(upstream, ENDPOINT).await.unwrap();
    Door {
        kind: Kind::Relay,
        server,
        host: relay.host_name(),
        other_name: relay.pooled_host_name(),
        port: relay.address().port(),
        roots: roots(relay.certificate_pem().as_bytes()),
        _relay: Some(relay),
    }
}

fn own(server: &'static Server) -> Door {
    Door {
        kind: Kind::Server,
        server,
        host: "localhost".into(),
        other_name: NEON_HOST.into(),
        port: server.port(),
        roots: roots(&std::fs::read(server.folder().join("root.crt")).unwrap()),
        _relay: None,
    }
}

fn roots(right: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("right.crt"), right).unwrap();
    std::fs::write(folder.path().join("wrong.crt"), wrong_authority()).unwrap();
    folder
}

/// `sslmode` with a file of authorities.
pub(crate) fn trusting(mode: &str, root: &Path) -> String {
    format!("sslmode={mode} sslrootcert={}", root.display())
}
