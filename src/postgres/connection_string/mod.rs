//! Connection strings: read like libpq reads them, explained, and never printed with a password.

mod application;
mod keyvalue;
mod parameters;
mod parse_error;
mod pasted;
mod understood;
mod url;

pub(super) use parameters::default_root_file;
pub use parameters::{ChannelBinding, SslMode, SslRoot};
pub use parse_error::{ParseError, percent_code};
pub use understood::LIBPQ_VARIABLES;

use super::connection::{OnRetry, RetryNotice};
use crate::secret::Secret;
use parameters::Setting;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The name under which neonlift appears in `pg_stat_activity` unless the string says otherwise.
pub const APPLICATION_NAME: &str = "neonlift";

/// PostgreSQL's port when none is given.
pub const DEFAULT_PORT: u16 = 5432;

/// Where a database is and how to reach it. `Debug` and `Display` leave the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionString {
    host: String,
    hostaddr: Option<IpAddr>,
    port: u16,
    user: String,
    database: String,
    password: Option<Secret>,
    passfile: Option<PathBuf>,
    ssl_mode: SslMode,
    ssl_root: Option<SslRoot>,
    channel_binding: ChannelBinding,
    options: Option<String>,
    application_name: String,
    connect_timeout: Option<Duration>,
    tcp_user_timeout: Option<Duration>,
    ignored: Vec<String>,
    cautions: Vec<String>,
    listener: Listener,
}

/// Who hears of retries on the way there. No part of what a place is: all are equal.
#[derive(Clone, Default)]
struct Listener(Option<OnRetry>);

impl PartialEq for Listener {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Listener {}

impl ConnectionString {
    /// Reads a URL (`postgresql://…`) or libpq's `key=value` form, also as it is pasted from a
    /// `.env` file, a `psql` command line or a console: with quotes, line breaks, a name before it.
    ///
    /// # Errors
    /// What is wrong and at which character; never with the string itself.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let pasted = pasted::clean(text)?;
        let read = match pasted.form {
            pasted::Form::Url { after_scheme } => url::read(&pasted.text, after_scheme),
            pasted::Form::KeyValue => keyvalue::settings(&pasted.text).and_then(parameters::build),
        };
        read.map_err(|error| error.shifted(pasted.characters_before))
    }

    /// The parts that `LOCAL_DB_USER`, `LOCAL_DB_NAME`, `LOCAL_DB_HOST`, `LOCAL_DB_PORT` hold.
    ///
    /// # Errors
    /// An empty part, a port that is none, a host name that cannot be one.
    pub fn from_parts(
        user: &str,
        database: &str,
        host: &str,
        port: &str,
    ) -> Result<Self, ParseError> {
        let parts = [
            ("user", user),
            ("dbname", database),
            ("host", host),
            ("port", port),
        ];
        parameters::build(
            parts
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(key, value)| Setting::new(key, value, 1))
                .collect(),
        )
    }

    /// These parts in place of this string's, with its password and parameters. What belongs to the
    /// host goes with it: `hostaddr`, and TLS that is only tried where Neon insists on it.
    ///
    /// # Errors
    /// As [`ConnectionString::from_parts`].
    pub fn with_parts(
        &self,
        user: &str,
        database: &str,
        host: &str,
        port: &str,
    ) -> Result<Self, ParseError> {
        let parts = Self::from_parts(user, database, host, port)?;
        let moved = parts.host != self.host;
        let tries_only = self.ssl_mode == SslMode::Prefer;
        Ok(Self {
            ssl_mode: match tries_only {
                true => parts.ssl_mode,
                false => self.ssl_mode,
            },
            hostaddr: self.hostaddr.filter(|_| !moved),
            host: parts.host,
            port: parts.port,
            user: parts.user,
            database: parts.database,
            ..self.clone()
        })
    }

    /// The host's name, address, or the folder of a Unix socket.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address to connect to in place of looking the host up.
    pub fn hostaddr(&self) -> Option<IpAddr> {
        self.hostaddr
    }

    /// The TCP port, or the number in the Unix socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The role to log in as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The password, when the string held one or it was added.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The password file named by the string, in place of `~/.pgpass`.
    pub fn passfile(&self) -> Option<&Path> {
        self.passfile.as_deref()
    }

    /// How much TLS is asked for.
    pub fn ssl_mode(&self) -> SslMode {
        self.ssl_mode
    }

    /// Which authorities are trusted, when the string says it.
    pub fn ssl_root(&self) -> Option<&SslRoot> {
        self.ssl_root.as_ref()
    }

    /// Whether the login has to be bound to the TLS channel.
    pub fn channel_binding(&self) -> ChannelBinding {
        self.channel_binding
    }

    /// Command-line options for the server process.
    pub fn options(&self) -> Option<&str> {
        self.options.as_deref()
    }

    /// The name shown in `pg_stat_activity`.
    pub fn application_name(&self) -> &str {
        &self.application_name
    }

    /// The limit for one attempt to connect, when the string sets one.
    pub fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// How long what is sent may stay unanswered by the other end's TCP, when the string says so; zero
    /// is the operating system's own limit.
    pub fn tcp_user_timeout(&self) -> Option<Duration> {
        self.tcp_user_timeout
    }

    /// Names of parameters that were accepted and have no effect here.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// What works here but is likely to fail elsewhere (an unescaped `$` in a shell).
    pub fn cautions(&self) -> &[String] {
        &self.cautions
    }

    /// The same place with another password.
    #[must_use]
    pub fn with_password(mut self, password: Secret) -> Self {
        self.password = Some(password);
        self
    }

    /// The same server with another database.
    #[must_use]
    pub fn with_database(mut self, database: &str) -> Self {
        self.database = database.to_owned();
        self
    }

    /// The same place, whose visitor tells this of each retry, before its pause.
    #[must_use]
    pub fn telling(mut self, told: impl Fn(&RetryNotice<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Listener(Some(Arc::new(told)));
        self
    }

    /// Whom to tell of retries.
    pub(super) fn listener(&self) -> Option<&OnRetry> {
        self.listener.0.as_ref()
    }

    /// `host:port/database`, for messages.
    pub fn endpoint(&self) -> String {
        let host = &self.host;
        if host.contains(':') {
            format!("[{host}]:{}/{}", self.port, self.database)
        } else {
            format!("{host}:{}/{}", self.port, self.database)
        }
    }

    /// Whether the host is the folder of a Unix socket. TLS does not apply then.
    pub fn is_unix_socket(&self) -> bool {
        self.host.starts_with('/') && self.hostaddr.is_none()
    }

    /// Whether this is Neon: its domain, or its endpoint named in `options` or in the password.
    pub fn is_neon(&self) -> bool {
        parameters::is_neon_host(&self.host)
            || self
                .options()
                .is_some_and(|options| options.contains("endpoint=ep-"))
            || self
                .password()
                .is_some_and(|password| password.expose().starts_with("endpoint=ep-"))
    }

    /// Whether the host is Neon's connection pooler (its first label ends in `-pooler`).
    pub fn is_pooled(&self) -> bool {
        self.first_label().ends_with("-pooler")
    }

    /// The same database without the pooler: `-pooler` dropped from the host's name.
    #[must_use]
    pub fn direct(&self) -> Self {
        let mut direct = self.clone();
        if let Some(endpoint) = self.first_label().strip_suffix("-pooler") {
            direct.host = format!("{endpoint}{}", &self.host[self.first_label().len()..]);
        }
        direct
    }

    fn first_label(&self) -> &str {
        self.host.split('.').next().unwrap_or_default()
    }

    /// The URL without the password; [`ConnectionString::parse`] reads it back.
    pub fn url(&self) -> String {
        url::write(self, None)
    }

    /// The whole URL, password included: only for a file or a child that needs it.
    pub fn url_with_password(&self) -> Secret {
        Secret::new(url::write(self, self.password.as_ref().map(Secret::expose)))
    }
}

impl fmt::Display for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mask = self.password.as_ref().map(|_| crate::secret::MASK);
        f.write_str(&url::masked(self, mask))
    }
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionString({self})")
    }
}

#[cfg(test)]
mod tests;
