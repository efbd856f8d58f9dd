//! Encryption with libpq's `sslmode` meanings, and a look at what a server offers.

use super::connection::{KEEPALIVE, unanswered};
use super::connection_string::{ConnectionString, SslMode, SslRoot, default_root_file};
use super::diagnosis::{Cause, diagnose};
use super::error::Error;
use crate::failure::{Explain, Failure, chain};
use native_tls::{Certificate, Protocol, TlsConnector};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::ssl::{Ssl, SslConnector, SslMethod, SslRef, SslVerifyMode, SslVersion};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509NameRef, X509VerifyResult};
use postgres_native_tls::MakeTlsConnector;
use rustix::net::sockopt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// Why encryption does not work.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// `sslrootcert` names a file that cannot be read.
    #[error("the root certificate file {} cannot be read", .file.display())]
    RootUnreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// `sslrootcert` names a file without certificates.
    #[error("the root certificate file {} holds no PEM certificate", .0.display())]
    RootEmpty(PathBuf),
    /// `sslmode=verify-ca` without `sslrootcert`.
    #[error("sslmode=verify-ca needs a root certificate: sslrootcert is not given")]
    RootNotGiven,
    /// The TLS library refused its configuration.
    #[error("the TLS library cannot be set up")]
    Setup(#[source] native_tls::Error),
    /// OpenSSL refused its configuration.
    #[error("the TLS library cannot be set up")]
    Library(#[from] openssl::error::ErrorStack),
    /// The server has no TLS and `sslmode` insists.
    #[error("server does not support TLS")]
    NotOffered,
    /// The handshake failed; `reason` is OpenSSL's word on the certificate.
    #[error("TLS handshake failed ({reason})")]
    Handshake {
        /// "hostname mismatch", "self-signed certificate", "ok".
        reason: &'static str,
        /// What OpenSSL said.
        #[source]
        source: openssl::ssl::Error,
    },
    /// The network failed meanwhile.
    #[error("the network failed")]
    Io(#[from] io::Error),
}

impl TlsError {
    /// What is known to be behind it.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::RootUnreadable { .. } | Self::RootEmpty(_) | Self::RootNotGiven => {
                Some(Cause::RootCertificate)
            }
            Self::NotOffered => Some(Cause::TlsNotSupported),
            Self::Setup(_) | Self::Library(_) => Some(Cause::TlsFailed),
            Self::Handshake { .. } => {
                Some(diagnose(None, &chain(self)).unwrap_or(Cause::TlsFailed))
            }
            Self::Io(source) => diagnose(None, &source.to_string()),
        }
    }
}

impl Explain for TlsError {
    fn failure(&self) -> Failure {
        let what = "The encrypted connection cannot be set up";
        match self.cause() {
            Some(cause) => cause.failure(what, &chain(self)),
            None => Failure::new(what, chain(self)).advise("Check the network and try again."),
        }
    }
}

/// Whom to trust, as libpq decides it.
#[derive(Debug, PartialEq, Eq)]
enum Trust {
    /// Anyone: encryption without verification.
    Anyone,
    /// The system's authorities, host name included.
    System,
    /// The authorities in a PEM text.
    Authorities {
        pem: Vec<u8>,
        file: PathBuf,
        check_host: bool,
    },
}

/// libpq verifies whenever there is a root certificate file, whatever `sslmode` says, and its
/// default file is `~/.postgresql/root.crt`. Beyond libpq, `verify-full` without any file trusts
/// the system's authorities, where libpq asks for `sslrootcert=system`.
fn trust(place: &ConnectionString) -> Result<Trust, TlsError> {
    let mode = place.ssl_mode();
    let insists = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
    let file = match place.ssl_root() {
        Some(SslRoot::System) => return Ok(Trust::System),
        Some(SslRoot::File(file)) => Some(file.clone()).filter(|file| insists || file.exists()),
        None => default_root_file(),
    };
    match (file, mode) {
        (Some(file), _) => match std::fs::read(&file) {
            Ok(pem) => Ok(Trust::Authorities {
                pem,
                file,
                check_host: mode == SslMode::VerifyFull,
            }),
            Err(source) => Err(TlsError::RootUnreadable { file, source }),
        },
        (None, SslMode::VerifyFull) => Ok(Trust::System),
        (None, SslMode::VerifyCa) => Err(TlsError::RootNotGiven),
        (None, _) => Ok(Trust::Anyone),
    }
}

/// Connectors that were made, by whom they trust. Making one parses all of the system's
/// certificates and keeps them, about a megabyte: sessions that trust alike share one.
static MADE: Mutex<Vec<(Trust, MakeTlsConnector)>> = Mutex::new(Vec::new());

/// The connector for a place: it sends the host's name (SNI), also when `hostaddr` is given.
///
/// # Errors
/// Root certificates that are wanted and cannot be used.
pub fn connector(place: &ConnectionString) -> Result<MakeTlsConnector, TlsError> {
    let trust = trust(place)?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, connector)) = made.iter().find(|(known, _)| *known == trust) {
        return Ok(connector.clone());
    }
    let connector = MakeTlsConnector::new(trusting(&trust)?);
    made.push((trust, connector.clone()));
    Ok(connector)
}

fn trusting(trust: &Trust) -> Result<TlsConnector, TlsError> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    match trust {
        Trust::System => {}
        Trust::Anyone => {
            builder
                .disable_built_in_roots(true)
                .danger_accept_invalid_certs(true)
                .danger_accept_invalid_hostnames(true);
        }
        Trust::Authorities {
            pem,
            file,
            check_host,
        } => {
            builder
                .disable_built_in_roots(true)
                .danger_accept_invalid_hostnames(!check_host);
            let certificates = Certificate::stack_from_pem(pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(TlsError::RootEmpty(file.clone()));
            }
            for certificate in certificates {
                builder.add_root_certificate(certificate);
            }
        }
    }
    builder.build().map_err(TlsError::Setup)
}

/// What a TLS handshake with a server showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// The protocol's version: "TLSv1.3".
    pub protocol: String,
    /// The cipher's name.
    pub cipher: String,
    /// Whom the certificate is for: "CN=*.eu-central-1.aws.neon.tech".
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// When it ends, as OpenSSL writes it: "Nov 22 07:30:00 2026 GMT".
    pub expires: String,
    /// Days until then; negative when it has ended.
    pub expires_in_days: i32,
    /// Whether `sslmode` and `sslrootcert` made the certificate be verified.
    pub verified: bool,
    /// Why `sslmode=verify-full` with these authorities would fail; `None` when it would pass.
    pub distrusted: Option<&'static str>,
}

/// Looks at a server's encryption with a handshake of its own, without logging in. `None` when a
/// session would not be encrypted: a Unix socket, `sslmode=disable`, or a server without TLS where
/// `sslmode` does not insist on it.
///
/// # Errors
/// The server cannot be reached in time, has no TLS, or its certificate is not trusted.
pub async fn probe(place: &ConnectionString) -> Result<Option<TlsFacts>, Error> {
    if place.is_unix_socket() || place.ssl_mode() == SslMode::Disable {
        return Ok(None);
    }
    let limit = super::connection::time_limit(place);
    match tokio::time::timeout(limit, handshake(place)).await {
        Ok(facts) => facts.map_err(|source| Error::Tls {
            endpoint: place.endpoint(),
            source,
        }),
        Err(_) => Err(Error::Timeout {
            endpoint: place.endpoint(),
            after: limit,
        }),
    }
}

async fn handshake(place: &ConnectionString) -> Result<Option<TlsFacts>, TlsError> {
    let Some((stream, verified)) = encrypted(place).await? else {
        return Ok(None);
    };
    Ok(Some(facts(stream.ssl(), verified)?))
}

/// A connection of its own to a server's port, by the address that the string names, if any.
pub(super) async fn dialled(place: &ConnectionString) -> io::Result<TcpStream> {
    let address = place.hostaddr().map(|address| address.to_string());
    let host = address.as_deref().unwrap_or_else(|| place.host());
    let stream = TcpStream::connect((host, place.port())).await?;
    stream.set_nodelay(true)?;
    let (idle, interval, times) = KEEPALIVE;
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, idle)?;
    sockopt::set_tcp_keepintvl(&stream, interval)?;
    sockopt::set_tcp_keepcnt(&stream, times)?;
    #[cfg(target_os = "linux")]
    {
        let limit = u32::try_from(unanswered(place).as_millis()).unwrap_or(u32::MAX);
        sockopt::set_tcp_user_timeout(&stream, limit)?;
    }
    Ok(stream)
}

/// An encrypted connection before anything is said on it, and whether the certificate was verified.
/// `None` when the server has no TLS and `sslmode` does not insist on it.
pub(super) async fn encrypted(
    place: &ConnectionString,
) -> Result<Option<(SslStream<TcpStream>, bool)>, TlsError> {
    let (ssl, verified) = session(place)?;
    let mut stream = dialled(place).await?;
    // SSLRequest: its length and the code 80877103, both as four bytes.
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await?;
    if stream.read_u8().await? != b'S' {
        return match place.ssl_mode() {
            SslMode::Prefer | SslMode::Allow => Ok(None),
            _ => Err(TlsError::NotOffered),
        };
    }
    let mut stream = SslStream::new(ssl, stream)?;
    let outcome = Pin::new(&mut stream).connect().await;
    outcome.map_err(|source| TlsError::Handshake {
        reason: stream.ssl().verify_result().error_string(),
        source,
    })?;
    Ok(Some((stream, verified)))
}

/// What a login is bound to (`tls-server-end-point`, RFC 5929): the certificate's digest, by the
/// algorithm that it was signed with; `None` for a certificate without one (Ed25519).
pub(super) fn end_point(ssl: &SslRef) -> Option<Vec<u8>> {
    let certificate = ssl.peer_certificate()?;
    let signed = certificate.signature_algorithm().object().nid();
    let digest = match signed.signature_algorithms()?.digest {
        Nid::MD5 | Nid::SHA1 => MessageDigest::sha256(),
        other => MessageDigest::from_nid(other)?,
    };
    Some(certificate.digest(digest).ok()?.to_vec())
}

/// The client's side of a handshake, and whether it verifies the certificate.
fn session(place: &ConnectionString) -> Result<(Ssl, bool), TlsError> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    let trust = trust(place)?;
    let check_host = match &trust {
        Trust::Anyone | Trust::System => {
            load_system_roots(&mut builder);
            true
        }
        Trust::Authorities {
            pem,
            file,
            check_host,
        } => {
            let mut store = X509StoreBuilder::new()?;
            let certificates = X509::stack_from_pem(pem)?;
            if certificates.is_empty() {
                return Err(TlsError::RootEmpty(file.clone()));
            }
            for certificate in certificates {
                store.add_cert(certificate)?;
            }
            builder.set_cert_store(store.build());
            *check_host
        }
    };
    let mut configuration = builder.build().configure()?.verify_hostname(check_host);
    // Without verification OpenSSL still notes what it would have found.
    if trust == Trust::Anyone {
        configuration.set_verify(SslVerifyMode::NONE);
    }
    Ok((
        configuration.into_ssl(place.host())?,
        trust != Trust::Anyone,
    ))
}

/// An OpenSSL built from source does not know where the system keeps its authorities.
fn load_system_roots(builder: &mut openssl::ssl::SslConnectorBuilder) {
    let places = openssl_probe::probe();
    let file = places.cert_file.as_deref().map(|file| (Some(file), None));
    let folders = places
        .cert_dir
        .iter()
        .map(|folder| (None, Some(folder.as_path())));
    for (file, folder) in file.into_iter().chain(folders) {
        let file: Option<&Path> = file;
        if let Err(error) = builder.load_verify_locations(file, folder) {
            tracing::debug!(%error, "system certificates not loaded");
        }
    }
}

fn facts(ssl: &SslRef, verified: bool) -> Result<TlsFacts, TlsError> {
    let certificate = ssl.peer_certificate();
    let name = |name: Option<&X509NameRef>| name.map(described).unwrap_or_default();
    let expiry = certificate
        .as_ref()
        .map(|certificate| certificate.not_after());
    let days = match expiry {
        Some(expiry) => Asn1Time::days_from_now(0)?.diff(expiry)?.days,
        None => 0,
    };
    let result = ssl.verify_result();
    Ok(TlsFacts {
        protocol: ssl.version_str().to_owned(),
        cipher: ssl
            .current_cipher()
            .map(|cipher| cipher.name().to_owned())
            .unwrap_or_default(),
        subject: name(
            certificate
                .as_ref()
                .map(|certificate| certificate.subject_name()),
        ),
        issuer: name(
            certificate
                .as_ref()
                .map(|certificate| certificate.issuer_name()),
        ),
        expires: expiry.map(ToString::to_string).unwrap_or_default(),
        expires_in_days: days,
        verified,
        distrusted: (result != X509VerifyResult::OK).then(|| result.error_string()),
    })
}

fn described(name: &X509NameRef) -> String {
    let entries = name.entries().map(|entry| {
        let key = entry.object().nid().short_name().unwrap_or("?").to_owned();
        let value = entry.data().to_string().unwrap_or_default();
        format!("{key}={value}")
    });
    entries.collect::<Vec<_>>().join(", ")
}
