//! `neonlift explain`: every trouble of the guides and of Neon as programs print it, and as real
//! servers and tools say it here.

use crate::fixture::World;
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What the program says, with its standard input.
fn explain(arguments: &[&str], input: &str) -> (i32, String) {
    let home = TempDir::new().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_neonlift"))
        .arg("explain")
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("its end");
    let said = String::from_utf8(stdout).expect("text");
    assert!(stderr.is_empty() || status.code() == Some(2), "{said}");
    (status.code().expect("no signal"), said)
}

/// The first cause's name, as `--json` has it, and all of the answer.
fn first_cause(text: &str) -> (String, Value) {
    let (code, said) = explain(&["--json", "-"], text);
    let answer: Value = serde_json::from_str(&said).expect("one object");
    assert_eq!(code, i32::from(answer["known"] == false), "{said}");
    let cause = answer["causes"][0]["cause"].as_str().unwrap_or_default();
    (cause.to_owned(), answer)
}

/// A cause and texts that lead to it.
const TROUBLES: &[(&str, &[&str])] = &[
    // Guide 1.
    (
        "TlsRequired",
        &[
            "SSL connection required",
            "psql: error: connection to server at \"ep-cool-1.eu-central-1.aws.neon.tech\" (3.1.2.3), port 5432 failed: ERROR:  connection is insecure (try using `sslmode=require`)",
        ],
    ),
    (
        "Timeout",
        &[
            "Connection timeout",
            "psycopg2.OperationalError: connection to server at \"ep-x.neon.tech\" (3.1.2.3), port 5432 failed: timeout expired",
            "Error: connect ETIMEDOUT 3.1.2.3:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16)",
        ],
    ),
    (
        "TooManyConnections",
        &[
            "Too many connections",
            "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
            "error: sorry, too many clients already\n    at Parser.parseErrorMessage {\n  length: 85,\n  severity: 'FATAL',\n  code: '53300' }",
        ],
    ),
    (
        "VectorMissing",
        &[
            "Extension \"vector\" does not exist",
            "ERROR:  type \"vector\" does not exist\nLINE 1: CREATE TABLE t (e vector(3));\n                          ^",
            "sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedFunction) operator does not exist: vector <=> unknown",
        ],
    ),
    (
        "PermissionDenied",
        &[
            "Permission denied",
            "psycopg2.errors.InsufficientPrivilege: permission denied for table vector_documents",
        ],
    ),
    (
        "DimensionMismatch",
        &[
            "Vector dimension mismatch",
            "psycopg2.errors.DataException: expected 384 dimensions, not 1536",
        ],
    ),
    (
        "SlowSearch",
        &[
            "Slow queries",
            "Vector search is slow",
            "slow vector search",
        ],
    ),
    (
        "PoolExhausted",
        &[
            "Connection pool exhausted",
            "Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\n    conn = pool.getconn()\npsycopg2.pool.PoolError: connection pool exhausted",
            "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00 (Background on this error at: https://sqlalche.me/e/20/3o7r)",
            "Error: timeout exceeded when trying to connect",
        ],
    ),
    (
        "NotConfigured",
        &[
            "ERROR: NEON_DATABASE_URL not set",
            "KeyError: 'DATABASE_URL'",
        ],
    ),
    // Guide 2.
    (
        "AddressNotAllowed",
        &[
            "ERROR:  This IP address 1.2.3.4 is not allowed to connect to this endpoint. Please add it to the allowed list in the Neon console.",
        ],
    ),
    (
        "StorageBackend",
        &["ValueError: STORAGE_BACKEND must be one of astra, postgres"],
    ),
    (
        "AstraCredentials",
        &["ASTRA_DB_APPLICATION_TOKEN is missing"],
    ),
    (
        "ExtensionRights",
        &["ERROR:  permission denied to create extension \"postgis\""],
    ),
    (
        "TypeMismatch",
        &["column \"id\" is of type uuid but expression is of type text"],
    ),
    (
        "ObjectMissing",
        &["psycopg2.errors.UndefinedTable: relation \"songs\" does not exist"],
    ),
    // Neon.
    (
        "EndpointNotNamed",
        &[
            "ERROR:  Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support or pass the endpoint ID (first part of the domain name) as a parameter: '?options=endpoint%3D<endpoint-id>'.",
        ],
    ),
    (
        "WrongPassword",
        &[
            "FATAL:  password authentication failed for user 'neondb_owner'",
            "28p01",
            "SASL authentication failed",
        ],
    ),
    (
        "ComputeWaking",
        &[
            "Couldn't connect to compute node",
            "Failed to acquire permit to connect to the database. Too many database connection attempts are currently ongoing.",
        ],
    ),
    (
        "EndpointNotFound",
        &["ERROR: Control plane request failed: endpoint cannot be found"],
    ),
    ("EndpointDisabled", &["The requested endpoint is disabled"]),
    (
        "QuotaExceeded",
        &[
            "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
            "Your project has exceeded the data transfer quota.",
        ],
    ),
    ("BranchArchived", &["The branch is archived"]),
    (
        "ServerStopped",
        &[
            "FATAL:  terminating connection due to administrator command\nSSL connection has been closed unexpectedly",
        ],
    ),
    (
        "SessionTimedOut",
        &["FATAL:  terminating connection due to idle-in-transaction timeout"],
    ),
    (
        "StartupOption",
        &[
            "pg_dump: error: connection to server at \"ep-x-pooler.neon.tech\" (3.1.2.3), port 5432 failed: ERROR:  unsupported startup parameter in options: search_path",
        ],
    ),
    (
        "ReadOnly",
        &[
            "25006",
            "ERROR:  cannot execute INSERT in a read-only transaction",
        ],
    ),
    (
        "PooledSession",
        &[
            "asyncpg.exceptions.InvalidSQLStatementNameError: prepared statement \"__asyncpg_stmt_1__\" does not exist",
            "prepared statement \"s0\" already exists",
            "WARNING:  you don't own a lock of type ExclusiveLock",
        ],
    ),
    (
        "ChannelBinding",
        &[
            "channel binding required, but server did not use it",
            "invalid connection option \"channel_binding\"",
            "psql: error: invalid URI query parameter: \"channel_binding\"",
        ],
    ),
    (
        "RoleConnections",
        &["FATAL:  too many connections for role \"app\""],
    ),
    (
        "ReplicationRole",
        &["ERROR:  permission denied to set parameter \"session_replication_role\""],
    ),
    (
        "Tablespace",
        &["ERROR:  permission denied to create tablespace \"fast\""],
    ),
    (
        "NotOwner",
        &[
            "pg_restore: error: could not execute query: ERROR:  must be able to SET ROLE \"postgres\"\nCommand was: ALTER TABLE public.songs OWNER TO postgres;",
        ],
    ),
    (
        "DefaultPrivileges",
        &["ERROR:  permission denied to change default privileges"],
    ),
    (
        "RolesNotCopied",
        &["pg_dumpall: error: query failed: ERROR:  permission denied for table pg_authid"],
    ),
    (
        "WeakPassword",
        &["insecure password, please use a stronger one"],
    ),
    (
        "ExtensionUnavailable",
        &[
            "ERROR:  extension \"vector\" has no installation script nor update path for version \"0.8.0\"",
            "ERROR:  extension \"timescaledb\" is not available",
        ],
    ),
    (
        "IndexMemory",
        &[
            "NOTICE:  hnsw graph no longer fits into maintenance_work_mem after 1000 tuples",
            "ERROR:  memory required is 70 MB, maintenance_work_mem is 64 MB",
        ],
    ),
    (
        "SharedMemory",
        &[
            "ERROR:  could not resize shared memory segment \"/PostgreSQL.1\" to 67128576 bytes: No space left on device",
        ],
    ),
    (
        "CollationMissing",
        &["ERROR:  collation \"de_DE.utf8\" for encoding \"UTF8\" does not exist"],
    ),
    (
        "ProjectSize",
        &["ERROR:  could not extend file because project size limit (512 MB) has been exceeded"],
    ),
    (
        "NeonStorage",
        &[
            "ERROR:  [NEON_SMGR] [shard 0, reqid 1] could not read block 7 in rel 1663/16389/16400.0 from page server at lsn 0/1",
        ],
    ),
    (
        "LogicalReplication",
        &["ERROR:  replication slot \"neonlift\" does not exist"],
    ),
    (
        "ImportAssistant",
        &["Import Data Assistant: we could not connect to your database"],
    ),
    (
        "ToolWithoutTls",
        &["psql: error: sslmode value \"require\" invalid when SSL support is not compiled in"],
    ),
    (
        "ToolTooOld",
        &[
            "pg_dump: error: aborting because of server version mismatch\npg_dump: detail: server version: 17.2; pg_dump version: 15.18",
        ],
    ),
    (
        "HostNotFound",
        &["Error: getaddrinfo ENOTFOUND ep-x.neon.tech"],
    ),
];

#[test]
fn every_trouble_of_the_guides_and_of_neon_has_its_advice() {
    let mut wrong = Vec::new();
    for (cause, texts) in TROUBLES {
        for text in *texts {
            let (found, answer) = first_cause(text);
            let first = &answer["causes"][0];
            let is_advised = first["advice"]
                .as_array()
                .is_some_and(|steps| !steps.is_empty());
            if found != *cause || !is_advised || first["why"].is_null() {
                wrong.push(format!("{cause}, not {found}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arguments_are_read_with_or_without_quotes() {
    for arguments in [
        &["FATAL:  sorry, too many clients already"][..],
        &["FATAL:", "sorry,", "too", "many", "clients", "already"],
        &["53300"],
        &["--", "-- sorry, too many clients already"],
    ] {
        let (code, said) = explain(arguments, "");
        assert_eq!(code, 0, "{said}");
        assert!(said.starts_with("All of the server's connections are in use."));
        assert!(
            said.contains("    Why: ") && said.contains("    Do:  "),
            "{said}"
        );
    }
}

#[test]
fn what_is_not_known_is_said_to_be_so() {
    let (code, said) = explain(&["the", "flux", "capacitor", "is", "empty"], "");
    assert!(
        code == 1 && said.contains("not known") && said.contains("VERBOSITY"),
        "{said}"
    );
    let (code, said) = explain(&["-"], "ERROR:  22012: division by zero\n");
    assert!(
        code == 1 && said.contains("class 22: data exception"),
        "{said}"
    );
    let (code, said) = explain(&[], "");
    assert!(code == 1 && said.contains("not known"), "{said}");
}

#[test]
fn a_secret_in_the_text_is_not_told_again() {
    let text = "app.py: cannot use postgresql://ada:s3cretcanary@ep-x.neon.tech/db?password=s3cretcanary\nPGPASSWORD=s3cretcanary\nFATAL: password authentication failed for user \"ada\"\ns3cretcanary";
    for arguments in [&["-"][..], &["--json", "-"], &[text], &["-vv", text]] {
        let (code, said) = explain(arguments, text);
        assert!(code == 0 && !said.contains("s3cretcanary"), "{said}");
    }
    let (_, said) = explain(&["unheard of: postgres://a:s3cretcanary@h/d"], "");
    assert!(!said.contains("canary"), "{said}");
}

/// What `psql` says on standard error about a statement.
fn psql(url: &str, sql: &str) -> String {
    let mut command = Command::new("psql");
    command.args(["-X", "-d", url, "-c", sql]);
    let output = command.output().expect("psql is installed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_real_servers_and_tools_say_is_understood() {
    let world = World::new(10);
    let source = world.source_url();
    let wrong = "postgresql://nobody:wrong@127.0.0.1:1/db";
    let cases = [
        ("ConnectionRefused", psql(wrong, "SELECT 1")),
        (
            "HostNotFound",
            psql("host=no-such-host.invalid", "SELECT 1"),
        ),
        ("UnknownDatabase", psql(&source, "\\c nowhere")),
        (
            "DimensionMismatch",
            psql(&source, "SELECT '[1,2]'::vector <-> '[1]'"),
        ),
        (
            "DimensionMismatch",
            psql(&source, "SELECT '[1,2]'::vector::vector(3)"),
        ),
        (
            "ExtensionUnavailable",
            psql(&source, "CREATE EXTENSION nonesuch"),
        ),
        ("ObjectMissing", psql(&source, "SELECT * FROM nowhere")),
        (
            "AlreadyExists",
            psql(
                &source,
                "CREATE TABLE pg_temp.a (); CREATE TABLE pg_temp.a ()",
            ),
        ),
        ("UnknownRole", psql(&source, "SET ROLE nobody_at_all")),
        (
            "ReadOnly",
            psql(&source, "BEGIN READ ONLY; CREATE TABLE a ()"),
        ),
        (
            "StatementTimeout",
            psql(&source, "SET statement_timeout = 1; SELECT pg_sleep(9)"),
        ),
        (
            "SnapshotGone",
            psql(
                &source,
                "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT 'x'",
            ),
        ),
        (
            "CollationMissing",
            psql(&source, "SELECT 'a' COLLATE \"xx_XX\""),
        ),
    ];
    let mut wrong = Vec::new();
    for (cause, said) in cases {
        let (found, _) = first_cause(&said);
        if found != cause {
            wrong.push(format!("{cause}, not {found}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
