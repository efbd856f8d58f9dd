//! What the variables of an application get: the target, as an application should reach it.

use super::setting::{NAMES, Variable};
use crate::postgres::{ConnectionString, ParseError};
use crate::secret::Secret;

/// Parameters of a connection string that say how its server is reached: they are the target's own.
const OF_THE_SERVER: [&str; 17] = [
    "channel_binding",
    "dbname",
    "gssencmode",
    "host",
    "hostaddr",
    "options",
    "passfile",
    "password",
    "port",
    "requiressl",
    "service",
    "ssl",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslpassword",
    "sslrootcert",
];

/// Where an application leads now, and where it is to lead.
#[derive(Debug, Clone)]
pub struct Goal {
    source: ConnectionString,
    /// For the application: through the pooler where there is one.
    application: ConnectionString,
    /// For migrations.
    direct: ConnectionString,
}

impl Goal {
    /// From the one database to the other, which has its password.
    pub fn new(source: ConnectionString, target: &ConnectionString) -> Self {
        let direct = target.direct().encrypted();
        Self {
            source,
            application: direct.pooled().unwrap_or_else(|| direct.clone()),
            direct,
        }
    }

    /// The target as the application reaches it.
    pub fn application(&self) -> &ConnectionString {
        &self.application
    }

    /// Whether host, port and database are the source's. Containers and this machine call a server
    /// by other names; of two names of this machine the ports tell whether it is the same.
    pub(super) fn is_source(&self, host: &str, port: u16, database: Option<&str>) -> bool {
        let source = &self.source;
        let same_port = port == source.port();
        let same_host = match (host == source.host(), loops(host), loops(source.host())) {
            (true, ..) | (_, true, true) => same_port,
            (_, _, ours) => ours && is_container(host),
        };
        same_host && database.is_none_or(|database| database == source.database())
    }

    /// Whether the variable has to be changed at all: a string that leads to the target already, as
    /// the application should, has not.
    pub(super) fn is_reached(&self, variable: Variable, found: &ConnectionString) -> bool {
        let goal = self.of(variable);
        let place = |string: &ConnectionString| {
            let (host, database) = (string.host().to_owned(), string.database().to_owned());
            (host, string.port(), database, string.user().to_owned())
        };
        let password = |string: &ConnectionString| string.password().cloned();
        place(goal) == place(found)
            && password(goal) == password(found)
            && found.ssl_mode() >= goal.ssl_mode()
    }

    fn of(&self, variable: Variable) -> &ConnectionString {
        match variable {
            Variable::DirectUrl => &self.direct,
            _ => &self.application,
        }
    }

    /// The value that a variable gets in place of the old one; `None` when the password that it needs
    /// is not known.
    pub(super) fn value(&self, variable: Variable, old: &str) -> Option<Secret> {
        let goal = self.of(variable);
        Some(match variable {
            Variable::Url | Variable::DirectUrl => {
                goal.password()?;
                url(goal, old)
            }
            Variable::Host => Secret::new(goal.host()),
            Variable::Port => Secret::new(goal.port().to_string()),
            Variable::Database => Secret::new(goal.database()),
            Variable::User => Secret::new(goal.user()),
            Variable::Password => goal.password()?.clone(),
            Variable::SslMode => Secret::new(goal.ssl_mode().name()),
            Variable::Backend => Secret::new("postgres"),
        })
    }
}

/// The variables under which the migration guides' applications look for their database, with the
/// target's values: for the environment of a child, never for its arguments.
pub fn connection_variables(goal: &Goal) -> Vec<(&'static str, Secret)> {
    let connection = NAMES.into_iter();
    connection
        .filter(|(_, variable)| *variable != Variable::Backend)
        .filter_map(|(name, variable)| Some((name, goal.value(variable, "postgresql://")?)))
        .collect()
}

/// Whether a name is this machine's own.
fn loops(host: &str) -> bool {
    host.is_empty() || host.starts_with('/') || ["localhost", "127.0.0.1", "::1"].contains(&host)
}

/// Whether a name is one that containers call a neighbour, or their machine, by.
fn is_container(host: &str) -> bool {
    !host.contains(['.', ':']) || host == "host.docker.internal"
}

/// A connection string taken apart as far as an application's may go further than PostgreSQL's own:
/// `postgresql+psycopg2://…`. `None` for what is no such string.
pub(super) fn driver(url: &str) -> Option<(&str, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let base = scheme.split('+').next()?;
    matches!(base, "postgres" | "postgresql").then(|| (scheme, format!("postgresql://{rest}")))
}

/// The connection string in a value.
pub(super) fn parsed(url: &str) -> Option<Result<ConnectionString, ParseError>> {
    let (scheme, plain) = driver(url)?;
    let plain = match scheme.ends_with("+asyncpg") {
        true => plain.replace("ssl=", "sslmode="),
        false => plain,
    };
    // What only the application's own library knows is not our business.
    let (address, query) = plain.split_once('?').unwrap_or((&plain, ""));
    let ours = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        OF_THE_SERVER.contains(&name)
    });
    let query = ours.collect::<Vec<_>>().join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    Some(ConnectionString::parse(&format!("{address}{mark}{query}")))
}

/// The goal under the old string's scheme, with those of its parameters that are the application's.
fn url(goal: &ConnectionString, old: &str) -> Secret {
    let whole = goal.url_with_password();
    let rest = whole.expose().trim_start_matches("postgresql://");
    let scheme = driver(old).map_or("postgresql", |(scheme, _)| scheme);
    let mut url = match scheme.ends_with("+asyncpg") {
        true => format!("{scheme}://{}", rest.replace("?sslmode=", "?ssl=")),
        false => format!("{scheme}://{rest}"),
    };
    let query = old.split_once('?').map_or("", |(_, query)| query);
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && !OF_THE_SERVER.contains(&name)
    });
    kept.for_each(|pair| {
        url.push('&');
        url.push_str(pair);
    });
    Secret::new(url)
}
