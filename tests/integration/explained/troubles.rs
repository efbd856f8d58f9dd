//! Every trouble of the migration guides and of Neon, as programs print it.

/// A cause and texts that lead to it.
pub(super) const TROUBLES: &[(&str, &[&str])] = &[
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
