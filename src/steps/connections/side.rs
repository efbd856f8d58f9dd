//! One side by itself: reached, asked what it is, and whether its role may do what it has to.

use super::selected;
use crate::failure::Explain;
use crate::figures::counted;
use crate::postgres::catalogue;
use crate::postgres::{
    Connection, ConnectionString, Error as PostgresError, Retrying, count, large_object, tls,
};
use crate::session::report::{Check, Server};
use crate::session::{State, Step};
use crate::source::Selected;
use crate::steps::{Error, Work, identity, size};
use crate::wizard::Side;
use std::net::IpAddr;
use tokio_postgres::Row;

/// Fewer free connections than these are worth a look: a migration works with some at a time.
const FEW_CONNECTIONS: u32 = 4;

/// A side that was reached.
pub(super) struct Visited {
    /// What it is.
    pub(super) server: Server,
    /// An open session with it.
    pub(super) connection: Connection,
    /// What was looked at.
    pub(super) checks: Vec<Check>,
}

/// Connects to a side, asks what it is, and checks what can be said of it alone.
pub(super) async fn visit(work: Work<'_>, side: Side) -> Result<Visited, Error> {
    // Until the target has been written to, the person may still choose other databases. The
    // schema is made whole or not at all, so a failed one has written nothing.
    let string = match work.session.state(Step::Schema) {
        State::Waiting | State::Failed => work.given(side)?,
        _ => work.recognised(side).await?,
    };
    let connection = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    // Behind a pooler, settings of a session would reach other clients.
    if !string.is_pooled() {
        connection.pin().await?;
    }
    let server = server(&string, &connection).await?;
    let mut checks = known(side, &string, &server);
    match side {
        Side::Source => {
            let selected = selected(work, &connection).await?;
            checks.push(source_rights(&connection, &selected).await?);
        }
        Side::Target => {
            checks.push(pooled(&string));
            checks.push(target_rights(&connection).await?);
        }
    }
    checks.extend(limits(side, &string, &connection).await?);
    Ok(Visited {
        server,
        connection,
        checks,
    })
}

async fn server(string: &ConnectionString, connection: &Connection) -> Result<Server, Error> {
    let row = one(
        connection,
        "SELECT current_user::text,
                (SELECT extversion FROM pg_extension WHERE extname = 'vector')",
    )
    .await?;
    let tls = tls::probe(string).await?.map(|facts| facts.protocol);
    Ok(Server {
        endpoint: string.endpoint(),
        identity: identity(connection).await?,
        version: connection.server_version().await?,
        tls,
        round_trip_ms: connection.round_trip().await?.as_secs_f64() * 1000.0,
        database_bytes: count::database_bytes(connection).await?,
        role: row.get(0),
        vector: row.get(1),
    })
}

pub(super) async fn one(connection: &Connection, sql: &str) -> Result<Row, PostgresError> {
    let failed = PostgresError::while_doing("asking the server what it is");
    connection.query_one(sql, &[]).await.map_err(failed)
}

/// A check's name: its side before it.
pub(super) fn name(side: Side, what: &str) -> String {
    format!("{}: {what}", side.title())
}

/// What the server is, each fact with its verdict.
fn known(side: Side, string: &ConnectionString, server: &Server) -> Vec<Check> {
    let good = |what: &str, found: String| Check::good(name(side, what), found);
    let version = server.version;
    vec![
        good(
            "connection",
            format!("{} as {}", server.endpoint, server.role),
        ),
        good(
            "version",
            format!("PostgreSQL {}.{}", version / 10_000, version % 10_000),
        ),
        encryption(side, string, server.tls.as_deref()),
        good("round trip", milliseconds(server.round_trip_ms)),
        good("size", size(server.database_bytes)),
        good(
            "pgvector",
            server
                .vector
                .clone()
                .unwrap_or_else(|| "not installed".to_owned()),
        ),
    ]
}

fn milliseconds(time: f64) -> String {
    match time < 0.1 {
        true => "under 0.1 ms".to_owned(),
        false => format!("{time:.1} ms"),
    }
}

/// Whether what passes can be read on the way.
fn encryption(side: Side, string: &ConnectionString, protocol: Option<&str>) -> Check {
    let name = name(side, "encryption");
    match protocol {
        Some(protocol) => Check::good(name, protocol),
        None if stays_here(string) => Check::good(
            name,
            "none needed: it is on this machine",
        ),
        None => Check::warning(name, "none: others on the way can read what passes").advise(
            "Let the server offer TLS (ssl = on in postgresql.conf) and insist on it: add sslmode=require to the connection string. On a network of your own it may stay as it is.",
        ),
    }
}

/// Whether what is sent there never leaves this machine.
fn stays_here(string: &ConnectionString) -> bool {
    let address = string.hostaddr().or_else(|| string.host().parse().ok());
    string.is_unix_socket()
        || address.map_or(string.host() == "localhost", |ip: IpAddr| ip.is_loopback())
}

/// How many connections the server takes, how many of them are free, and what that tells of a
/// compute's size.
async fn limits(
    side: Side,
    string: &ConnectionString,
    connection: &Connection,
) -> Result<Vec<Check>, Error> {
    let room = count::connections(connection).await?;
    let (free, most, kept) = (room.free(), room.most, room.kept);
    let found = format!("{free} of {most} free, {kept} reserved");
    let free = match free < FEW_CONNECTIONS {
        true => Check::warning(name(side, "connections"), found)
            .advise("Close other clients, or work with fewer at a time:")
            .advise("$ neonlift run --jobs 1"),
        false => Check::good(name(side, "connections"), found),
    };
    let units = f64::from(most) / f64::from(count::CONNECTIONS_OF_A_UNIT);
    let units = (units * 4.0).round() / 4.0;
    let compute = string.is_neon().then(|| {
        let found = format!("up to {units} CU, by its number of connections");
        Check::good(name(side, "compute"), found)
    });
    Ok([free].into_iter().chain(compute).collect())
}

async fn source_rights(source: &Connection, selected: &Selected) -> Result<Check, Error> {
    const NAME: &str = "Source: rights";
    let tables = selected.apply(&catalogue::tables(source).await?);
    let hidden: Vec<String> = tables
        .iter()
        .filter(|table| table.row_security)
        .map(|table| table.name.to_string())
        .collect();
    let oids: Vec<u32> = tables.iter().map(|table| table.oid).collect();
    let sql =
        "SELECT oid FROM unnest($1::oid[]) t(oid) WHERE NOT has_table_privilege(oid, 'SELECT')";
    let rows = source
        .query(sql, &[&oids])
        .await
        .map_err(PostgresError::while_doing(
            "asking for rights on the source",
        ))?;
    let refused: Vec<u32> = rows.iter().map(|row| row.get(0)).collect();
    let refused: Vec<String> = tables
        .iter()
        .filter(|table| refused.contains(&table.oid))
        .map(|table| table.name.to_string())
        .collect();
    if !refused.is_empty() {
        return Ok(
            Check::bad(NAME, format!("may not read {}", refused.join(", ")))
                .advise("Connect to the source as the tables' owner or as a superuser."),
        );
    }
    let unreadable = large_object::unreadable(source).await?;
    if unreadable > 0 && selected.select().takes_large_objects() {
        let found = format!("may not read {}", counted(unreadable, "large object"));
        return Ok(Check::bad(NAME, found)
            .advise("Connect to the source as their owner or as a superuser.")
            .advise("Or let the role read them: GRANT SELECT ON LARGE OBJECT … TO …"));
    }
    if !hidden.is_empty() {
        return Ok(Check::bad(NAME, format!("row security hides rows of {}", hidden.join(", ")))
                .advise("Connect as a superuser or a role with BYPASSRLS, so that no row is left behind unseen."));
    }
    Ok(Check::good(
        NAME,
        match tables.len() {
            1 => "may read the one table".to_owned(),
            many => format!("may read all {many} tables"),
        },
    ))
}

fn pooled(string: &ConnectionString) -> Check {
    const NAME: &str = "Target: direct host";
    let Some(refusal) = Error::pooled(string) else {
        return Check::good(NAME, "no connection pooler in between");
    };
    let failure = refusal.failure();
    let mut check = Check::bad(NAME, failure.why);
    check.advice = failure.advice;
    check
}

async fn target_rights(target: &Connection) -> Result<Check, Error> {
    const NAME: &str = "Target: rights";
    let row = one(
        target,
        "SELECT has_database_privilege(current_database(), 'CREATE'),
                COALESCE(has_schema_privilege(to_regnamespace('public'), 'CREATE'), true)",
    )
    .await?;
    let (in_database, in_public): (bool, bool) = (row.get(0), row.get(1));
    Ok(if in_database && in_public {
        Check::good(NAME, "may create schemas and tables")
    } else {
        let what = if in_database {
            "the schema public"
        } else {
            "the database"
        };
        Check::bad(NAME, format!("may not create anything in {what}"))
            .advise("Connect as the owner of the database, the role that Neon's console shows.")
    })
}
