//! Both servers reached, known and fit for the migration. Changes nothing.

mod occupation;

use super::schema::overwrite::Loss;
use super::{Error, Work, identity, size};
use crate::config::Select;
use crate::failure::Explain;
use crate::figures::counted;
use crate::postgres::catalogue::{self, LEDGER_SCHEMA};
use crate::postgres::{
    Connection, ConnectionString, Error as PostgresError, Retrying, count, large_object, tls,
};
use crate::session::report::{Check, Connections, Server, TWO_DATABASES, Verdict};
use crate::session::{State, Step};
use crate::source::Selected;
use crate::target::Ledger;
use crate::wizard::Side;
use tokio_postgres::Row;

/// pgvector's first version with HNSW indexes, and the first with `halfvec` and `sparsevec`.
const HNSW_SINCE: &str = "0.5.0";

pub(super) async fn run(work: Work<'_>) -> Result<Connections, Error> {
    work.progress.begin("Connecting to the source");
    let (source, at_source) = visit(work, Side::Source).await?;
    work.progress.activity("Connecting to the target");
    let (target, at_target) = visit(work, Side::Target).await?;
    let mut checks = server_checks(Side::Source, &source);
    // What cannot be resolved, the inventory explains; until then it is everything.
    let selected = match Selected::resolve(&work.session.select, &at_source).await {
        Ok(selected) => selected,
        Err(_) => Selected::resolve(&Select::default(), &at_source).await?,
    };
    checks.extend(source_rights(&at_source, &selected).await?);
    checks.extend(server_checks(Side::Target, &target));
    let string = work.context.required(Side::Target)?;
    checks.push(pooled(&string));
    checks.push(target_rights(&at_target).await?);
    checks.push(vector(&source, &at_target).await?);
    checks.push(versions(&source, &target));
    checks.push(room(&at_target, source.database_bytes).await?);
    let apart = apart(&at_source, &at_target, &source, &target).await?;
    let are_apart = apart.verdict != Verdict::Bad;
    checks.push(apart);
    let at_stake = occupation::at_stake(&at_target, &selected).await?;
    let loss = Loss::find(&at_target, &selected).await?;
    let (stake, also_lost) = (loss.stake(), occupation::also_lost(&loss, &selected));
    let lost = (at_stake.as_slice(), also_lost.as_slice());
    let mut occupied = occupation::check(work, &at_target, &target.identity, &stake, lost).await?;
    if !are_apart {
        // What may be the source is not to be overwritten, whatever it holds.
        occupied.advice.clear();
    }
    checks.push(occupied);
    Ok(Connections {
        source,
        target,
        checks,
        at_stake,
        also_lost,
        stake,
    })
}

/// Connects to a side and asks what it is.
async fn visit(work: Work<'_>, side: Side) -> Result<(Server, Connection), Error> {
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
    let row = one(
        &connection,
        "SELECT current_user::text,
                (SELECT extversion FROM pg_extension WHERE extname = 'vector')",
    )
    .await?;
    let tls = tls::probe(&string).await?.map(|facts| facts.protocol);
    let server = Server {
        endpoint: string.endpoint(),
        identity: identity(&connection).await?,
        version: connection.server_version().await?,
        tls,
        round_trip_ms: connection.round_trip().await?.as_secs_f64() * 1000.0,
        database_bytes: count::database_bytes(&connection).await?,
        role: row.get(0),
        vector: row.get(1),
    };
    Ok((server, connection))
}

async fn one(connection: &Connection, sql: &str) -> Result<Row, PostgresError> {
    let failed = PostgresError::while_doing("asking the server what it is");
    connection.query_one(sql, &[]).await.map_err(failed)
}

fn server_checks(side: Side, server: &Server) -> Vec<Check> {
    let name = |what: &str| format!("{}: {what}", side.title());
    let version = format!(
        "PostgreSQL {}.{}",
        server.version / 10_000,
        server.version % 10_000
    );
    let mut checks = vec![Check::good(
        name("connection"),
        format!(
            "{}, {version}, as {}, {} in the database",
            server.endpoint,
            server.role,
            size(server.database_bytes)
        ),
    )];
    let trip = format!("round trip {:.1} ms", server.round_trip_ms);
    checks.push(match &server.tls {
        Some(protocol) => Check::good(name("encryption"), format!("{protocol}, {trip}")),
        None => Check::warning(name("encryption"), format!("none, {trip}")),
    });
    checks
}

async fn source_rights(source: &Connection, selected: &Selected) -> Result<Vec<Check>, Error> {
    const NAME: &str = "Source: right to read everything";
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
        return Ok(vec![
            Check::bad(NAME, format!("may not read {}", refused.join(", ")))
                .advise("Connect to the source as the tables' owner or as a superuser."),
        ]);
    }
    let unreadable = large_object::unreadable(source).await?;
    if unreadable > 0 && selected.select().takes_large_objects() {
        let found = format!("may not read {}", counted(unreadable, "large object"));
        return Ok(vec![
            Check::bad(NAME, found)
                .advise("Connect to the source as their owner or as a superuser.")
                .advise("Or let the role read them: GRANT SELECT ON LARGE OBJECT … TO …"),
        ]);
    }
    if !hidden.is_empty() {
        return Ok(vec![
            Check::bad(NAME, format!("row security hides rows of {}", hidden.join(", ")))
                .advise("Connect as a superuser or a role with BYPASSRLS, so that no row is left behind unseen."),
        ]);
    }
    Ok(vec![Check::good(
        NAME,
        format!("{} tables can be read", tables.len()),
    )])
}

fn pooled(string: &ConnectionString) -> Check {
    const NAME: &str = "Target: direct host";
    let Some(refusal) = Error::pooled(string) else {
        return Check::good(NAME, "no connection pooler in between");
    };
    let mut check = Check::bad(NAME, refusal.to_string());
    check.advice = refusal.failure().advice;
    check
}

async fn target_rights(target: &Connection) -> Result<Check, Error> {
    const NAME: &str = "Target: right to create";
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

/// Whether the target has, or can have, the pgvector that the source uses.
async fn vector(source: &Server, target: &Connection) -> Result<Check, Error> {
    const NAME: &str = "pgvector";
    let Some(used) = &source.vector else {
        return Ok(Check::good(NAME, "the source does not use it"));
    };
    let row = one(
        target,
        "SELECT max(extversion) FROM pg_extension WHERE extname = 'vector'",
    )
    .await?;
    let installed: Option<String> = row.get(0);
    let there = match installed {
        Some(version) => Some((version, "installed")),
        None => catalogue::available_extension(target, "vector")
            .await?
            .map(|v| (v, "available")),
    };
    Ok(match there {
        None => Check::bad(
            NAME,
            format!("{used} on the source, not available on the target"),
        )
        .advise("Use a target with pgvector: every Neon database has it."),
        Some((version, how)) => {
            let found = format!("{used} on the source, {version} {how} on the target");
            if numbers(&version) < numbers(HNSW_SINCE) {
                Check::bad(NAME, found).advise("HNSW indexes need pgvector 0.5 or newer.")
            } else if numbers(&version) < numbers(used) {
                Check::warning(NAME, found).advise(
                    "An older pgvector may lack types or index options that the source uses.",
                )
            } else {
                Check::good(NAME, found)
            }
        }
    })
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

fn versions(source: &Server, target: &Server) -> Check {
    const NAME: &str = "Versions";
    let (from, to) = (source.version / 10_000, target.version / 10_000);
    let found = format!("from PostgreSQL {from} to {to}");
    if to < from {
        Check::warning(NAME, found)
            .advise("The target is older: what only the newer version knows will be refused. A Neon project can be made with a newer version.")
    } else {
        Check::good(NAME, found)
    }
}

/// Whether the database fits under Neon's size limit, which a server tells beforehand.
async fn room(target: &Connection, needed: u64) -> Result<Check, Error> {
    const NAME: &str = "Target: room";
    let row = one(
        target,
        "SELECT pg_size_bytes(NULLIF(current_setting('neon.max_cluster_size', true), ''))",
    )
    .await?;
    let limit: Option<i64> = row.get(0);
    Ok(
        match limit
            .and_then(|limit| u64::try_from(limit).ok())
            .filter(|limit| *limit > 0)
        {
            None => Check::good(NAME, "the server names no size limit"),
            Some(limit) if limit < needed => Check::bad(
                NAME,
                format!("limit {}, the source has {}", size(limit), size(needed)),
            )
            .advise("Choose a larger plan for this project in Neon's console, or migrate less."),
            Some(limit) => Check::good(
                NAME,
                format!("limit {}, the source has {}", size(limit), size(needed)),
            ),
        },
    )
}

/// Source and target must be two databases, and the right way round.
async fn apart(
    at_source: &Connection,
    at_target: &Connection,
    source: &Server,
    target: &Server,
) -> Result<Check, Error> {
    const NAME: &str = TWO_DATABASES;
    if source.identity == target.identity {
        return Ok(Check::bad(NAME, "source and target are the same database")
            .advise("Give the connection string of the new, empty database as the target."));
    }
    let source_is_empty = catalogue::everything(at_source).await?.is_empty();
    let target_is_full = !catalogue::everything(at_target).await?.is_empty();
    let source_has_ledger = !Ledger::runs(at_source).await?.is_empty();
    if source_has_ledger || (source_is_empty && target_is_full) {
        let found = if source_has_ledger {
            format!("the source has a schema {LEDGER_SCHEMA}: it is the target of a migration")
        } else {
            "the source is empty and the target is not".to_owned()
        };
        return Ok(Check::bad(NAME, found).advise("Source and target look swapped: exchange them."));
    }
    if source_is_empty {
        return Ok(Check::bad(NAME, "the source has no tables")
            .advise("Check the name of the database in the source's connection string."));
    }
    Ok(Check::good(NAME, "source and target differ"))
}
