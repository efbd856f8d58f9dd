//! One probe: a connection of its own, opened, asked and closed. It only reads, each statement under
//! a time limit; what it may not read, or what is not there, is told and is no error.

use crate::figures::percentile;
use crate::postgres::script::masked;
use crate::postgres::{Connection, ConnectionString, Error, count, quote};
use crate::session::report::{Sample, Statement};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// So many round trips are timed at most,
const ROUND_TRIPS: usize = 20;

/// for so long at most,
const TIMING: Duration = Duration::from_secs(3);

/// but so many at least.
const FEW: usize = 5;

/// So many statements are told apart: those that took most time in all.
const STATEMENTS: usize = 20;

/// Characters of a statement's text.
const TEXT: usize = 70;

/// A server that is no older than this was started for us.
const FRESH: Duration = Duration::from_secs(10);

/// A transaction that reads, and waits for nothing for long. It ends with COMMIT: a ROLLBACK would be
/// counted among the application's.
const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY; \
    SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '1s'";

/// Sessions, waits and counters. Neon's own agents connect as `cloud_admin` (its `compute_tools`) and
/// are nobody's use of the database. Columns that older servers do not have read as null.
const FIGURES: &str = "\
    SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8,
           current_setting('max_connections')::int8
             - current_setting('superuser_reserved_connections')::int8,
           a.used, a.others, a.idle, w.waiting, w.longest,
           (d.j->>'xact_commit')::int8, (d.j->>'xact_rollback')::int8, (d.j->>'deadlocks')::int8,
           (d.j->>'sessions_fatal')::int8, (d.j->>'blks_hit')::int8, (d.j->>'blks_read')::int8,
           concat_ws(' ', pg_postmaster_start_time(), d.j->>'stats_reset'),
           pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
    FROM (SELECT count(*) AS used,
                 count(*) FILTER (WHERE pid <> pg_backend_pid()
                                    AND usename IS DISTINCT FROM 'cloud_admin') AS others,
                 coalesce(max(extract(epoch FROM clock_timestamp() - state_change))
                   FILTER (WHERE state LIKE 'idle in transaction%'), 0)::float8 AS idle
          FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend') a,
         (SELECT count(DISTINCT l.pid) AS waiting,
                 coalesce(max(extract(epoch FROM clock_timestamp()
                   - coalesce((to_jsonb(l)->>'waitstart')::timestamptz, s.query_start))), 0)::float8
                   AS longest
          FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity s USING (pid)
          WHERE NOT l.granted) w,
         (SELECT to_jsonb(s) AS j FROM pg_catalog.pg_stat_database s
          WHERE s.datname = current_database()) d";

/// The schema of `pg_stat_statements`, whether its time is called so since version 1.8, and whether
/// the server has loaded it.
const INSTALLED: &str = "\
    SELECT n.nspname::text,
           EXISTS (SELECT FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid
                   WHERE c.relname = 'pg_stat_statements' AND c.relnamespace = n.oid
                     AND t.attname = 'total_exec_time'),
           current_setting('pg_stat_statements.max', true) IS NOT NULL
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_stat_statements'";

/// Reads everything over a connection that took `connecting` to open to a target that `sleeps` when
/// nobody uses it.
///
/// # Errors
/// The server's.
pub async fn read(
    connection: &Connection,
    connecting: Duration,
    sleeps: bool,
) -> Result<Sample, Error> {
    let began = Instant::now();
    connection.batch("beginning a probe", BEGIN).await?;
    let times = round_trips(connection).await?;
    let mut sample = figures(connection, connecting + began.elapsed(), sleeps).await?;
    (sample.p50_us, sample.p95_us) = (percentile(&times, 50), percentile(&times, 95));
    sample.connect_ms = u64::try_from(connecting.as_millis()).unwrap_or(u64::MAX);
    let (limit, bytes) = count::cluster_room(connection).await?;
    (sample.bytes, sample.bytes_limit) = (bytes, limit);
    connection.batch("ending a probe", "COMMIT").await?;
    match statements(connection).await? {
        Ok(found) => sample.statements = Some(found),
        Err(why) => sample.unread = Some(why),
    }
    Ok(sample)
}

/// Sorted, in microseconds.
async fn round_trips(connection: &Connection) -> Result<Vec<u64>, Error> {
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < FEW || (times.len() < ROUND_TRIPS && began.elapsed() < TIMING) {
        let asked = Instant::now();
        connection.batch("timing a round trip", "SELECT 1").await?;
        times.push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    times.sort_unstable();
    Ok(times)
}

async fn figures(
    connection: &Connection,
    elapsed: Duration,
    sleeps: bool,
) -> Result<Sample, Error> {
    let row = connection.query_one(FIGURES, &[]).await;
    let row = row.map_err(|error| connection.failed("reading the target's figures", error))?;
    let number = |at: usize| {
        let number: Option<i64> = row.get(at);
        number.and_then(|number| u64::try_from(number).ok())
    };
    let counted = |at: usize| number(at).unwrap_or_default();
    let age: f64 = row.get(0);
    Ok(Sample {
        at: Timestamp::now(),
        connect_ms: 0,
        woken: sleeps && age < (elapsed + FRESH).as_secs_f64(),
        p50_us: 0,
        p95_us: 0,
        connections: counted(2),
        connection_limit: counted(1),
        others: counted(3),
        idle_in_transaction_s: row.get(4),
        waiting: counted(5),
        waiting_s: row.get(6),
        commits: counted(7),
        rollbacks: counted(8),
        deadlocks: counted(9),
        fatal: number(10),
        hits: counted(11),
        reads: counted(12),
        counted_since: row.get(13),
        bytes: 0,
        bytes_limit: None,
        statements: None,
        unread: None,
        sees_others: row.get(14),
    })
}

/// The statements that took most time; or why they cannot be told. Only those that ask for rows or
/// change them: the others' texts hold values, and they are rare.
async fn statements(connection: &Connection) -> Result<Result<Vec<Statement>, String>, Error> {
    let rows = connection.query(INSTALLED, &[]).await;
    let rows = rows.map_err(|error| connection.failed("looking for pg_stat_statements", error))?;
    let Some(row) = rows.first() else {
        return Ok(Err("pg_stat_statements is not installed".to_owned()));
    };
    let (schema, is_new, is_loaded): (String, bool, bool) = (row.get(0), row.get(1), row.get(2));
    if !is_loaded {
        return Ok(Err(
            "the server has not loaded pg_stat_statements (shared_preload_libraries)".to_owned(),
        ));
    }
    let time = if is_new {
        "total_exec_time"
    } else {
        "total_time"
    };
    let sql = format!(
        "SELECT s.queryid::text, s.calls, s.{time}, left(s.query, 2000)
         FROM {} s
         WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
           AND s.queryid IS NOT NULL
           AND s.query ~* '^\\s*(select|insert|update|delete|merge|with|values)\\y'
         ORDER BY s.{time} DESC LIMIT {STATEMENTS}",
        quote::qualified(&schema, "pg_stat_statements")
    );
    connection.batch("reading statements", BEGIN).await?;
    let found = connection.query(&sql, &[]).await;
    let found = found.map_err(|error| connection.failed("reading pg_stat_statements", error));
    let found = match found {
        Ok(rows) => Ok(rows.iter().map(statement).collect()),
        Err(error) if connection.is_closed() => return Err(error),
        Err(error) => Err(format!(
            "pg_stat_statements cannot be read (SQLSTATE {})",
            error.sqlstate().unwrap_or("unknown")
        )),
    };
    connection.batch("ending a probe", "COMMIT").await?;
    Ok(found)
}

fn statement(row: &tokio_postgres::Row) -> Statement {
    let (calls, text): (i64, String) = (row.get(1), row.get(3));
    Statement {
        id: row.get(0),
        calls: u64::try_from(calls).unwrap_or_default(),
        total_ms: row.get(2),
        text: masked(&text, TEXT),
    }
}

/// The place to probe: the direct host, whatever was given. Through a pooler the waits would be the
/// pooler's.
pub fn place(given: &ConnectionString) -> ConnectionString {
    given.direct()
}
