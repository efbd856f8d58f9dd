//! Names, values and defaults of parameters, the same for both forms of a connection string.

use super::{APPLICATION_NAME, ConnectionString, DEFAULT_PORT, ParseError};
use crate::secret::Secret;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

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
const USED: [&str; 14] = [
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
    "database",
];

/// Parameters of libpq 18 (and, last, of drivers whose strings stand in `DATABASE_URL`) that have
/// no meaning here: <https://www.postgresql.org/docs/current/libpq-connect.html>.
const IGNORED: [&str; 42] = [
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
    "tcp_user_timeout",
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
        ignored: given.ignored(),
        cautions: Vec::new(),
        listener: super::Listener::default(),
        host,
    })
}

struct Given(Vec<Setting>);

impl Given {
    /// The last non-empty value of a parameter and its position; empty means the default, as in libpq.
    fn value(&self, key: &str) -> Option<(&str, usize)> {
        let same = |name: &str| name == key || (name == "database" && key == "dbname");
        let setting = self.0.iter().rev().find(|setting| same(&setting.key))?;
        Some((setting.value.expose(), setting.position)).filter(|(text, _)| !text.is_empty())
    }

    fn text(&self, key: &str) -> Option<String> {
        self.value(key).map(|(text, _)| text.to_owned())
    }

    fn host(&self) -> Result<Option<String>, ParseError> {
        let Some((host, position)) = self.value("host") else {
            return Ok(None);
        };
        let at = |index: usize| position + host[..index].chars().count();
        if host.starts_with('/') {
            return Ok(Some(host.to_owned()));
        }
        if let Some(comma) = host.find(',') {
            return Err(ParseError::SeveralHosts {
                position: at(comma),
            });
        }
        let address = host.split('%').next().unwrap_or_default();
        if address.parse::<std::net::Ipv6Addr>().is_ok() {
            return Ok(Some(host.to_owned()));
        }
        let odd = |c: char| !(c.is_alphanumeric() || "-._".contains(c));
        match host.char_indices().find(|(_, c)| odd(*c)) {
            Some((index, character)) => Err(ParseError::BadHostCharacter {
                character,
                position: at(index),
            }),
            None => Ok(Some(host.to_owned())),
        }
    }

    fn port(&self) -> Result<u16, ParseError> {
        let Some((text, position)) = self.value("port") else {
            return Ok(DEFAULT_PORT);
        };
        if text.contains(',') {
            return Err(ParseError::SeveralHosts { position });
        }
        match text.trim().parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(ParseError::BadPort { position }),
        }
    }

    fn ssl_mode(&self, host: &str, root: Option<&SslRoot>) -> Result<SslMode, ParseError> {
        let expected = "disable, allow, prefer, require, verify-ca or verify-full";
        let mode = self.choice("sslmode", &SslMode::ALL, expected)?;
        // libpq refuses weaker modes with the system's roots: anyone can get a certificate there.
        match (mode, root) {
            (None, Some(SslRoot::System)) => Ok(SslMode::VerifyFull),
            (Some(weak), Some(SslRoot::System)) if weak != SslMode::VerifyFull => {
                let position = self.value("sslmode").map_or(1, |(_, position)| position);
                let expected = "verify-full, the only one that goes with sslrootcert=system";
                Err(ParseError::BadValue {
                    parameter: "sslmode",
                    expected,
                    position,
                })
            }
            (None, _) if is_neon_host(host) => Ok(SslMode::Require),
            (mode, _) => Ok(mode.unwrap_or(SslMode::Prefer)),
        }
    }

    fn choice<T: Copy>(
        &self,
        parameter: &'static str,
        all: &[(&str, T)],
        expected: &'static str,
    ) -> Result<Option<T>, ParseError> {
        let Some((text, position)) = self.value(parameter) else {
            return Ok(None);
        };
        let found = all
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value);
        found.map(Some).ok_or(ParseError::BadValue {
            parameter,
            expected,
            position,
        })
    }

    fn password(&self) -> Result<Option<Secret>, ParseError> {
        let Some((text, _)) = self.value("password") else {
            return Ok(None);
        };
        if text.chars().all(|c| c == '*' || c == '•') {
            return Err(ParseError::MaskedPassword);
        }
        Ok(Some(Secret::new(text)))
    }

    /// Zero and negative numbers mean "no limit" in libpq; here they leave the default in force.
    fn connect_timeout(&self) -> Result<Option<Duration>, ParseError> {
        let Some((text, position)) = self.value("connect_timeout") else {
            return Ok(None);
        };
        let seconds: i32 = text.trim().parse().map_err(|_| ParseError::BadValue {
            parameter: "connect_timeout",
            expected: "a whole number of seconds",
            position,
        })?;
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        Ok(seconds.map(Duration::from_secs))
    }

    fn ignored(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.iter().map(|setting| setting.key.clone()).collect();
        names.retain(|name| IGNORED.contains(&name.as_str()));
        names.sort();
        names.dedup();
        names
    }
}

/// libpq's default role: the name of the operating system's user.
fn login_name() -> Option<String> {
    ["USER", "LOGNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty())
}
