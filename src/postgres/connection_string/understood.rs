//! A connection string told back: to the person, and to PostgreSQL's own tools.

use super::{ChannelBinding, ConnectionString, SslMode, SslRoot, default_root_file};
use crate::secret::{MASK, Secret};
use std::ffi::OsString;

/// The variables that libpq reads: remove them all from a tool's environment before adding
/// [`ConnectionString::tool_environment`], or one from the person's shell changes where it connects.
pub const LIBPQ_VARIABLES: [&str; 35] = [
    "PGAPPNAME",
    "PGCHANNELBINDING",
    "PGCLIENTENCODING",
    "PGCONNECT_TIMEOUT",
    "PGDATABASE",
    "PGDATESTYLE",
    "PGGEQO",
    "PGGSSDELEGATION",
    "PGGSSENCMODE",
    "PGGSSLIB",
    "PGHOST",
    "PGHOSTADDR",
    "PGKRBSRVNAME",
    "PGLOADBALANCEHOSTS",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGPORT",
    "PGREQUIREAUTH",
    "PGREQUIREPEER",
    "PGREQUIRESSL",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLCERT",
    "PGSSLCERTMODE",
    "PGSSLCRL",
    "PGSSLCRLDIR",
    "PGSSLKEY",
    "PGSSLMODE",
    "PGSSLNEGOTIATION",
    "PGSSLROOTCERT",
    "PGSSLSNI",
    "PGTARGETSESSIONATTRS",
    "PGTZ",
    "PGUSER",
];

impl ConnectionString {
    /// How the string was read, as label and value, for showing beside the field.
    pub fn understood(&self) -> Vec<(&'static str, String)> {
        let password = match self.password() {
            Some(_) => MASK.to_owned(),
            None => "not given".to_owned(),
        };
        let mut lines = vec![("host", self.host().to_owned())];
        lines.extend(
            self.hostaddr()
                .map(|address| ("address", address.to_string())),
        );
        lines.extend([
            ("port", self.port().to_string()),
            ("database", self.database().to_owned()),
            ("user", self.user().to_owned()),
            ("password", password),
            ("encryption", self.encryption().to_owned()),
        ]);
        lines.extend(self.ssl_root().map(|root| match root {
            SslRoot::System => ("trusts", "the system's authorities".to_owned()),
            SslRoot::File(file) => ("trusts", file.display().to_string()),
        }));
        if self.channel_binding() != ChannelBinding::Prefer {
            lines.push(("channel binding", self.channel_binding().name().to_owned()));
        }
        lines.extend(
            self.options()
                .map(|options| ("options", options.to_owned())),
        );
        let timeout = self
            .connect_timeout()
            .map(|timeout| format!("{} s", timeout.as_secs()));
        lines.extend(timeout.map(|timeout| ("connect timeout", timeout)));
        let timeout = self
            .tcp_user_timeout()
            .map(|timeout| format!("{} ms", timeout.as_millis()));
        lines.extend(timeout.map(|timeout| ("TCP user timeout", timeout)));
        lines.extend(self.kind().map(|kind| ("kind", kind.to_owned())));
        if !self.ignored().is_empty() {
            lines.push(("without effect", self.ignored().join(", ")));
        }
        lines.extend(
            self.cautions()
                .iter()
                .map(|caution| ("caution", caution.clone())),
        );
        lines
    }

    fn encryption(&self) -> &'static str {
        if self.is_unix_socket() {
            return "none needed (Unix socket)";
        }
        match self.ssl_mode() {
            SslMode::Disable if self.is_on_this_machine() => {
                "off, not needed on this machine (sslmode=disable)"
            }
            SslMode::Disable => "off (sslmode=disable)",
            SslMode::Allow => "only if the server insists (sslmode=allow)",
            SslMode::Prefer => "if the server offers it (sslmode=prefer)",
            SslMode::Require => "always (sslmode=require)",
            SslMode::VerifyCa => "always, certificate verified (sslmode=verify-ca)",
            SslMode::VerifyFull => "always, certificate and host verified (sslmode=verify-full)",
        }
    }

    /// Whether it leads nowhere beyond this machine.
    fn is_on_this_machine(&self) -> bool {
        let host = self.host();
        let is_loopback = |address: std::net::IpAddr| address.is_loopback();
        host == "localhost" || host.parse().is_ok_and(is_loopback)
    }

    fn kind(&self) -> Option<&'static str> {
        match (self.is_neon(), self.is_pooled()) {
            (true, true) => Some("Neon, pooled"),
            (true, false) => Some("Neon, direct"),
            (false, true) => Some("pooled"),
            (false, false) => None,
        }
    }

    /// The environment with which `pg_dump` and the like connect to this place, so that nothing
    /// secret stands in their arguments. `PGSSLROOTCERT=system` needs their version 16 or newer.
    pub fn tool_environment(&self) -> Vec<(&'static str, OsString)> {
        let mut variables: Vec<(&'static str, OsString)> = vec![
            ("PGHOST", self.host().into()),
            ("PGPORT", self.port().to_string().into()),
            ("PGUSER", self.user().into()),
            ("PGDATABASE", self.database().into()),
            ("PGSSLMODE", self.ssl_mode().name().into()),
            ("PGCHANNELBINDING", self.channel_binding().name().into()),
            ("PGAPPNAME", self.application_name().into()),
        ];
        let password = self.password().map(Secret::expose);
        variables.extend(password.map(|password| ("PGPASSWORD", password.into())));
        variables.extend(
            self.hostaddr()
                .map(|address| ("PGHOSTADDR", address.to_string().into())),
        );
        let root = match self.ssl_root() {
            Some(SslRoot::System) => Some("system".into()),
            Some(SslRoot::File(file)) => Some(file.into()),
            // Without a file of authorities libpq has to be told what is the default here.
            None => (self.ssl_mode() == SslMode::VerifyFull && default_root_file().is_none())
                .then(|| "system".into()),
        };
        variables.extend(root.map(|root| ("PGSSLROOTCERT", root)));
        variables.extend(self.options().map(|options| ("PGOPTIONS", options.into())));
        variables.extend(self.passfile().map(|file| ("PGPASSFILE", file.into())));
        let timeout = self
            .connect_timeout()
            .map(|timeout| timeout.as_secs().to_string());
        variables.extend(timeout.map(|seconds| ("PGCONNECT_TIMEOUT", seconds.into())));
        variables
    }
}
