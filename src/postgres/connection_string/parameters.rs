//! Names, values and defaults of parameters, the same for both forms of a connection string.

mod given;

use super::{APPLICATION_NAME, ConnectionString, DEFAULT_PORT, ParseError};
use crate::secret::Secret;
use given::Given;
use std::fmt;
use std::path::PathBuf;

/// libpq's `sslmode`, with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// Without TLS first; with it when the server refuses.
    Allow,
    /// With TLS first; without it when that does not work. libpq's default.
    Prefer,
    /// Only with TLS. The certificate is verified only when there is a root certificate file.
    Require,
    /// Only with TLS, and the certificate comes from a trusted authority.
    VerifyCa,
    /// As `VerifyCa`, and the certificate names the host.
    VerifyFull,
}

impl SslMode {
    const ALL: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// As it is written in a connection string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `sslrootcert`: who is trusted to sign the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SslRoot {
    /// The authorities that the operating system trusts.
    System,
    /// A PEM file.
    File(PathBuf),
}

/// libpq's `channel_binding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// When the server offers it. The default.
    Prefer,
    /// Log in only with it.
    Require,
}

impl ChannelBinding {
    const ALL: [(&'static str, Self); 3] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
    ];

    /// As it is written in a connection string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
        }
    }
}

/// One `key=value` as read. No `Debug`: the value may be the password.
pub(super) struct Setting {
    key: String,
    value: Secret,
    /// Position of the value, in characters from 1.
    position: usize,
}

impl Setting {
    pub(super) fn new(key: &str, value: &str, position: usize) -> Self {
        Self {
            key: key.to_owned(),
            value: Secret::new(value),
            position,
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

/// Parameters that change what neonlift does.
const USED: [&str; 15] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "passfile",
    "sslmode",
    "sslrootcert",
    "channel_binding",
    "options",
    "application_name",
    "connect_timeout",
    "tcp_user_timeout",
    "database",
];

/// Parameters of libpq 18 (and, last, of drivers whose strings stand in `DATABASE_URL`) that have
/// no meaning here: <https://www.postgresql.org/docs/current/libpq-connect.html>.
const IGNORED: [&str; 41] = [
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslnegotiation",
    "sslpassword",
    "sslsni",
    "target_session_attrs",
    "pgbouncer",
    "connection_limit",
    "pool_timeout",
];

/// Whether a parameter of this name exists.
pub(super) fn is_known(name: &str) -> bool {
    USED.contains(&name) || IGNORED.contains(&name)
}

/// The error for a name that does not exist. The name itself is repeated only when it looks like
/// a parameter's and cannot be a piece of a password that was cut at a space or `&`.
pub(super) fn unknown(name: &str, position: usize, after_password: bool) -> ParseError {
    let nearest = USED
        .iter()
        .chain(&IGNORED)
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
        .map(|(_, known)| known);
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let shown = plain && (!after_password || nearest.is_some());
    ParseError::UnknownParameter {
        name: shown.then(|| name.to_owned()),
        nearest,
        position,
    }
}

/// libpq's file of trusted authorities when `sslrootcert` is not given, `~/.postgresql/root.crt`, if
/// there is one.
pub(in crate::postgres) fn default_root_file() -> Option<PathBuf> {
    let file = std::env::home_dir()?.join(".postgresql").join("root.crt");
    file.exists().then_some(file)
}

/// Whether a host belongs to Neon.
pub(super) fn is_neon_host(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "neon.tech" || host.ends_with(".neon.tech")
}

/// Puts the settings together; a later one wins, as in libpq.
pub(super) fn build(settings: Vec<Setting>) -> Result<ConnectionString, ParseError> {
    let given = Given(settings);
    let hostaddr: Option<std::net::IpAddr> = match given.value("hostaddr") {
        Some((text, position)) => Some(text.parse().map_err(|_| ParseError::BadValue {
            parameter: "hostaddr",
            expected: "an IP address",
            position,
        })?),
        None => None,
    };
    let host = given
        .host()?
        .or_else(|| hostaddr.map(|address| address.to_string()));
    let host = host.ok_or(ParseError::MissingHost)?;
    let ssl_root = given.value("sslrootcert").map(|(text, _)| match text {
        "system" => SslRoot::System,
        path => SslRoot::File(PathBuf::from(path)),
    });
    Ok(ConnectionString {
        ssl_mode: given.ssl_mode(&host, ssl_root.as_ref())?,
        hostaddr,
        port: given.port()?,
        user: given
            .text("user")
            .or_else(login_name)
            .ok_or(ParseError::MissingUser)?,
        database: given.text("dbname").ok_or(ParseError::MissingDatabase)?,
        password: given.password()?,
        passfile: given.text("passfile").map(PathBuf::from),
        ssl_root,
        channel_binding: given
            .choice(
                "channel_binding",
                &ChannelBinding::ALL,
                "disable, prefer or require",
            )?
            .unwrap_or(ChannelBinding::Prefer),
        options: given.text("options"),
        application_name: given
            .text("application_name")
            .unwrap_or_else(|| APPLICATION_NAME.into()),
        connect_timeout: given.connect_timeout()?,
        tcp_user_timeout: given.tcp_user_timeout()?,
        ignored: given.ignored(),
        cautions: Vec::new(),
        listener: super::Listener::default(),
        host,
    })
}

/// libpq's default role: the name of the operating system's user.
fn login_name() -> Option<String> {
    ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty())
}
