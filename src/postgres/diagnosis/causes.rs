//! Every known cause: its title, whether it passes by itself, what to do about it.

use crate::failure::Retry;

macro_rules! causes {
    ($($name:ident, $retry:ident, $title:literal, [$($step:literal),* $(,)?];)*) => {
        /// Why something with a PostgreSQL server went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Cause {
            $(#[doc = $title] $name,)*
        }

        impl Cause {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The cause in one sentence, without its full stop.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Whether doing the same again can help.
            pub fn retry(self) -> Retry {
                match self { $(Self::$name => Retry::$retry,)* }
            }

            /// What to do, one step an entry; commands stand alone after `$ `.
            pub fn advice(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($step,)*],)* }
            }
        }
    };
}

causes! {
    // Reaching the server.
    ConnectionRefused, AfterChange, "Nothing accepts connections at this address and port",
        ["Check that the server runs and that host and port are right.", "$ pg_isready -h HOST -p PORT", "A server in a container has to publish its port; listen_addresses has to include this address."];
    HostNotFound, AfterChange, "The host's name cannot be resolved",
        ["Check the spelling of the host.", "Check this machine's network and DNS; a VPN may be needed."];
    NetworkUnreachable, AfterChange, "There is no way from this machine to that address",
        ["Check the network, VPN and firewall.", "If only IPv6 fails, give an IPv4 address with hostaddr=."];
    Timeout, Now, "The server did not answer in time",
        ["Check firewalls: outgoing TCP to port 5432 has to be allowed.", "See https://neonstatus.com; a sleeping Neon compute normally wakes within seconds.", "Raise connect_timeout in the connection string on a slow network."];
    ConnectionLost, Now, "The connection was cut",
        ["Try again; finished work is kept.", "If it repeats, look at the server's log and at proxies or VPNs that cut idle connections."];
    SocketMissing, AfterChange, "There is no Unix socket of a server in this folder",
        ["Check that the server runs and its unix_socket_directories, or use host=localhost."];

    // Encryption.
    TlsRequired, AfterChange, "The server takes encrypted connections only",
        ["Add sslmode=require to the connection string: …?sslmode=require"];
    TlsNotSupported, AfterChange, "The server does not offer encryption, but the connection string insists on it",
        ["For a local server use sslmode=prefer or sslmode=disable.", "For Neon check host and port: Neon always offers TLS."];
    CertificateNotTrusted, AfterChange, "The server's certificate is not signed by an authority that is trusted here",
        ["For Neon use sslrootcert=system with sslmode=verify-full.", "For a server of your own give its authority's file: sslrootcert=/path/to/root.crt"];
    CertificateForOtherHost, AfterChange, "The server's certificate is for another host name",
        ["Use the name in the certificate as host; an address goes in hostaddr=.", "sslmode=verify-ca leaves the name unchecked."];
    CertificateExpired, AfterChange, "The server's certificate is not valid at this time",
        ["Check this machine's clock, then have the certificate renewed."];
    RootCertificate, AfterChange, "The file of trusted authorities cannot be used",
        ["sslrootcert has to name a readable PEM file; sslrootcert=system uses the operating system's authorities."];
    TlsFailed, AfterChange, "The encrypted channel could not be set up",
        ["Check that host and port are those of a PostgreSQL server.", "A proxy that inspects TLS may stand between: try another network."];
    ChannelBinding, AfterChange, "The connection string insists on channel binding, and the server did not use it",
        ["Use sslmode=require together with channel_binding=require, directly to the server.", "Or write channel_binding=prefer."];
    ToolWithoutTls, AfterChange, "These client tools cannot speak TLS",
        ["Install your system's client tools (Debian: postgresql-client; macOS: brew install libpq), or name their folder in NEONLIFT_PG_BIN.", "Only for a server on this machine or in a trusted network: sslmode=disable. Neon takes none without TLS."];

    // Logging in.
    WrongPassword, AfterChange, "The password or the user name is wrong",
        ["On a server of your own: look for an old password in the string, PGPASSWORD and ~/.pgpass; ALTER ROLE … PASSWORD sets a new one.", "On Neon: copy the connection string again from the console; a password may have been reset.", "In a URL, special characters of the password are percent-encoded (@ is %40, # is %23)."];
    PasswordMissing, AfterChange, "The server asks for a password and none was given",
        ["Put it in the connection string, in PGPASSWORD, or in ~/.pgpass (mode 0600), or type it when asked."];
    LoginRefused, AfterChange, "The server does not let this user log in in this way",
        ["With peer or ident authentication use a Unix socket as that user, or give the user a password and use host=localhost.", "The rules are in pg_hba.conf:", "$ psql -c 'SHOW hba_file'"];
    NoHbaEntry, AfterChange, "No rule of the server's pg_hba.conf lets this user in from here",
        ["Add a line for this user, database and address, then SELECT pg_reload_conf().", "If the message says \"no encryption\", add sslmode=require."];
    UnsupportedLogin, AfterChange, "The server asks for a kind of authentication that neonlift does not know",
        ["Give the user a password and a scram-sha-256 rule in pg_hba.conf (GSSAPI, Kerberos and SSPI do not work here)."];
    UnknownRole, AfterChange, "The role does not exist",
        ["Check the user name; list roles with:", "$ psql -c '\\du'", "In statements of a dump, roles of the source do not exist on Neon: leave owners and grants out (--no-owner --no-acl)."];
    UnknownDatabase, AfterChange, "The database does not exist",
        ["Check the database's name; list them with:", "$ psql -l", "On Neon create it in the console or with CREATE DATABASE."];
    DatabaseNotAccepting, AfterChange, "The database does not accept connections",
        ["template0 and databases with ALLOW_CONNECTIONS off cannot be used: name another database."];

    // Neon's proxy and compute.
    EndpointNotNamed, AfterChange, "Neon could not tell which endpoint is meant, because the client sent no server name",
        ["Use the host name of the Neon console, not an address.", "For old clients name it: …?options=endpoint%3Dep-your-endpoint-id"];
    EndpointNotFound, Never, "Neon knows no such endpoint",
        ["Copy the connection string again from the console: the endpoint or its branch may have been deleted, or its name mistyped."];
    EndpointDisabled, AfterChange, "The Neon endpoint is disabled",
        ["Enable it in the console: Branches, Compute, Edit."];
    BranchArchived, Now, "The Neon branch is archived: unused for long, its data was moved to cheaper storage",
        ["Connect again in a minute: the first connection brings it back, a large branch takes longer.", "The console's Branches page shows its state; a branch of a plan's limit may have to be deleted first."];
    AddressNotAllowed, AfterChange, "Neon's IP allow list does not contain this machine's address",
        ["Add your public address in the console: Settings, Network security, IP Allow."];
    QuotaExceeded, Never, "A quota of the Neon account or project is used up",
        ["See the console's Billing page: wait for the next period, upgrade, or use another project."];
    ComputeWaking, Now, "Neon's compute is not ready yet",
        ["Wait some seconds and try again.", "If it stays so, see https://neonstatus.com and the project's Operations page."];
    NeonStorage, Now, "Neon's storage could not be reached for a moment",
        ["Try again: what was loaded is kept, and a transfer goes on with the chunk that broke.", "If it stays so, see https://neonstatus.com and the project's Operations page."];
    ControlPlane, Now, "Neon's control plane could not serve the request now",
        ["Try again in a minute.", "If it stays so, see https://neonstatus.com and the project's quotas."];
    WeakPassword, AfterChange, "Neon finds the new role's password too weak",
        ["Give the role a long random plain-text password; hashes cannot be copied from the source."];
    TooManyConnections, Now, "All of the server's connections are in use",
        ["Close other clients, or use fewer jobs (--jobs).", "Neon allows 104 connections at 0.25 CU, 209 at 0.5, 419 at 1: a larger compute allows more.", "Give the application the pooled host name (-pooler) and a smaller pool (5 on the free plan)."];
    RoleConnections, Now, "All connections that this role, or this database, may have are in use",
        ["Close other clients of this role, use fewer jobs (--jobs) and a smaller pool. Who is connected:", "$ psql -c 'SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3'", "The limit: ALTER ROLE name CONNECTION LIMIT -1 lifts a role's own, ALTER DATABASE a database's.", "Over -pooler it is PgBouncer's limit for one user and database: make the application's pools smaller."];
    PoolExhausted, Now, "The connection pool is exhausted",
        ["Make the application's pool smaller than the server's limit (5 on Neon's free plan), and look for connections that are never given back."];
    ServerStarting, Now, "The server is starting up, shutting down or recovering",
        ["Try again in some seconds."];
    ServerStopped, Now, "The server ended the connection, as it does when it restarts or a Neon compute goes to sleep",
        ["Try again: a Neon compute wakes with the next connection."];
    SessionTimedOut, Now, "The server ended a session that was idle for too long",
        ["Try again; raise idle_session_timeout or idle_in_transaction_session_timeout if it repeats."];
    StartupOption, AfterChange, "The connection pooler refuses this startup option",
        ["Use the direct host: drop -pooler from its name.", "Or take options= out of the connection string."];
    PooledSession, AfterChange, "The connection pooler lost a prepared statement or a setting between two transactions",
        ["Migrate over the direct host: drop -pooler from its name."];
    ReadOnly, AfterChange, "The session or the server is read-only",
        ["Do not use a replica or a read-only endpoint as target.", "Over a -pooler host another client may have left default_transaction_read_only on: use the direct host."];

    // Rights.
    ReplicationRole, Never, "Only a superuser may set session_replication_role",
        ["Do not use --disable-triggers: neonlift makes triggers and foreign keys after the rows."];
    NotOwner, AfterChange, "Only the owner of this object, or a member of the owning role, may do this",
        ["Restore without owners and grants:", "$ pg_restore --no-owner --no-acl …", "Or connect as the object's owner."];
    ExtensionRights, AfterChange, "This role may not create the extension",
        ["On Neon use a role made in the console (a member of neon_superuser).", "Elsewhere let an administrator run CREATE EXTENSION once."];
    SchemaRights, AfterChange, "This role may not use or create objects in the schema",
        ["Since PostgreSQL 15 only the database's owner may create in public. As the owner:", "$ psql -c 'GRANT USAGE, CREATE ON SCHEMA public TO your_role'"];
    RowSecurity, AfterChange, "A row security policy would hide rows, so the copy was refused",
        ["Connect to the source as the table's owner or a superuser, or let a superuser give the right to see all rows:", "$ psql -c 'ALTER ROLE your_role BYPASSRLS'"];
    PermissionDenied, AfterChange, "This role lacks a right",
        ["On the source let a role that may read everything (PostgreSQL 14 and later):", "$ psql -c 'GRANT pg_read_all_data TO your_role'", "Or leave the table or schema out.", "On Neon use a role made in the console, and restore with --no-owner --no-acl."];
    DefaultPrivileges, Never, "Default privileges and grants of other roles cannot be set by this role",
        ["Restore without owners and grants:", "$ pg_restore --no-owner --no-acl …", "Afterwards grant on the target, as its owner, what its own roles need."];
    RolesNotCopied, Never, "Roles and their passwords cannot be read or copied by this role",
        ["Do not use pg_dumpall: it reads pg_authid. Make the roles anew in Neon's console, or in SQL with a long random password each.", "Of pg_dumpall, what a role without superuser's rights can have:", "$ pg_dumpall --roles-only --no-role-passwords"];
    Tablespace, Never, "Neon has no tablespaces",
        ["Leave tablespaces out: pg_restore --no-tablespaces."];

    // Extensions and vectors.
    ExtensionUnavailable, Never, "The server does not have this extension, or not this version of it",
        ["Which there are:", "$ psql -c 'SELECT * FROM pg_available_extension_versions ORDER BY 1, 2'", "On a server of your own install its package (pgvector: postgresql-16-pgvector)."];
    VectorMissing, AfterChange, "The extension vector (pgvector) is not created in this database",
        ["$ psql -c 'CREATE EXTENSION IF NOT EXISTS vector'", "If it is in another schema, that schema has to be on the search_path. halfvec and sparsevec need pgvector 0.7, hnsw 0.5."];
    ExtensionMissing, AfterChange, "The extension is not created in this database",
        ["Create it first: CREATE EXTENSION IF NOT EXISTS name"];
    DimensionMismatch, AfterChange, "Vectors of different dimensions meet",
        ["Compare the column's dimensions on both sides with those of the embedding model:", "$ psql -c \"SELECT atttypmod FROM pg_attribute WHERE attrelid = 'vector_documents'::regclass AND attname = 'embedding'\""];
    TooManyDimensions, AfterChange, "The column has too many dimensions, or none declared, for this index",
        ["hnsw and ivfflat take vector up to 2,000 dimensions; with pgvector 0.7 halfvec up to 4,000.", "The column needs declared dimensions: vector(768)."];
    IndexMemory, AfterChange, "The index build needs more memory than it may use",
        ["Raise maintenance_work_mem for the build (on Neon up to about 60 % of the compute's memory), or enlarge the compute meanwhile."];
    SharedMemory, AfterChange, "The parallel index build could not get its shared memory",
        ["Build with fewer workers: SET max_parallel_maintenance_workers = 0", "A container needs more shared memory: --shm-size."];
    SlowSearch, AfterChange, "Queries are slower than they should be",
        ["Check that the indexes exist and are used (EXPLAIN ANALYZE), and run ANALYZE.", "For vectors look at hnsw.ef_search or ivfflat.probes, and at the size of the compute."];

    // Space and memory.
    ProjectSize, AfterChange, "The Neon project's size limit is reached",
        ["The free plan ends at 0.5 GB: upgrade, or move less.", "The limit is told by:", "$ psql -c 'SHOW neon.max_cluster_size'"];
    DiskFull, AfterChange, "The server's disk is full",
        ["Make room on the disk that is named: the server's, or this machine's."];
    OutOfMemory, AfterChange, "The server is out of memory",
        ["Use fewer jobs (--jobs) or a larger compute."];
    LockTable, AfterChange, "The server's lock table is full",
        ["Move fewer tables at once, or raise the limit on a server of your own, and restart it:", "$ psql -c 'ALTER SYSTEM SET max_locks_per_transaction = 1024'"];

    // Waiting for each other.
    LockTimeout, Now, "A lock was not given in time",
        ["Another session holds it: see pg_locks and pg_stat_activity, end it or wait, and try again."];
    StatementTimeout, AfterChange, "The statement took longer than statement_timeout allows",
        ["Lift it for this role: ALTER ROLE name SET statement_timeout = 0"];
    Cancelled, Now, "The statement was cancelled",
        ["Try again; if nobody cancelled it, see the server's log."];
    Conflict, Now, "Transactions got in each other's way (deadlock or serialization failure)",
        ["Try again."];
    SnapshotGone, AfterChange, "The source's snapshot is gone",
        ["The session that held it has ended. Run the step again: it takes a new one and goes on with what is missing."];

    // Objects and rows.
    AlreadyExists, AfterChange, "Something of this name exists on the target already",
        ["Use an empty database, or leave the object out. neonlift overwrites nothing unless you name the database."];
    NotEmpty, AfterChange, "The rows break a unique or exclusion constraint",
        ["Rows may be there already: use an empty table.", "If the source holds such rows itself, its index is damaged: REINDEX it there."];
    ForeignKey, AfterChange, "Rows refer to rows that are not there",
        ["Load the referenced tables too; keys that the source itself violates can be added NOT VALID."];
    Constraint, AfterChange, "Rows break a constraint of the table",
        ["Compare the table's definition on both sides; the target's may be stricter."];
    ObjectMissing, AfterChange, "A schema, table, column or function does not exist",
        ["Check that the schema was created before the rows, and the search_path."];
    CollationMissing, AfterChange, "The server does not have this locale",
        ["Use an ICU collation or C: Neon has few libc locales."];
    Encoding, AfterChange, "Text is not valid in the database's encoding",
        ["Neon stores UTF8: find and repair the text on the source, or check a SQL_ASCII source's client encoding."];
    TypeMismatch, AfterChange, "A column's type differs between the two sides",
        ["Binary rows need the same column types on both sides: compare the table's definitions."];
    UnknownSetting, AfterChange, "The server does not know a setting",
        ["The dump comes from a newer client: leave that SET out."];
    ToolTooOld, AfterChange, "pg_dump is older than the server",
        ["Install client tools at least as new as the source's server."];
    NothingMatches, AfterChange, "The source has no table or schema of these names",
        ["Check the names of what is to be included; they are case-sensitive in quotes."];
    ArchiveDamaged, AfterChange, "The file is no complete archive that this pg_restore understands",
        ["Make the backup again, with room on the disk, and read it back:", "$ pg_restore --list FILE", "A plain SQL file goes through psql instead: psql -f FILE"];
    SourceDamaged, Never, "The server's own files are damaged at this place",
        ["If it is the source, do not go on with the migration: copy its data folder away while it is stopped, then look for the cause.", "$ pg_amcheck --all"];
    LogicalReplication, AfterChange, "Logical replication is not on, or its slots are used up",
        ["Set wal_level=logical on the source and restart it; raise max_replication_slots or drop unused slots."];
    Unsupported, Never, "The server does not support this",
        ["Leave it out, or use a server version that supports it."];
    Protocol, AfterChange, "Client and server did not understand each other",
        ["Check that a PostgreSQL server is at this port, and that no proxy changes the stream."];
    Internal, AfterChange, "The server reports an error of its own",
        ["See the server's log; for Neon, https://neonstatus.com and its support."];

    // The application and the guides' own scripts.
    NotConfigured, AfterChange, "The connection to the database is not configured",
        ["Set the variable that is named, in the same shell or in the application's .env:", "$ export NEON_DATABASE_URL='postgresql://user@ep-….neon.tech/db?sslmode=require'", "An application reads DATABASE_URL, or POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER and POSTGRES_PASSWORD."];
    StorageBackend, AfterChange, "The application's STORAGE_BACKEND is not set to the database that is meant",
        ["For Neon: STORAGE_BACKEND=postgres, with POSTGRES_HOST, _PORT, _DATABASE, _USER, _PASSWORD and POSTGRES_SSLMODE=require; then restart the application.", "Back to Astra DB: STORAGE_BACKEND=astra. Nothing was deleted there."];
    AstraCredentials, AfterChange, "Astra DB does not accept these credentials, or they are missing",
        ["Set ASTRA_DB_API_ENDPOINT, ASTRA_DB_APPLICATION_TOKEN (it begins with AstraCS:) and ASTRA_DB_KEYSPACE from Astra's console.", "A migration needs both credentials at hand, Astra's and Neon's. An Astra database that sleeps is resumed in its console."];
    ImportAssistant, Never, "Neon's import assistant cannot reach, or cannot take, this database",
        ["It needs a source that Neon can reach, below 10 GB and one hour. neonlift pushes from your own machine and has no such limits:", "$ neonlift"];
}
