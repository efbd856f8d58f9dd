//! How each cause comes about, for somebody who asks about an error.

use super::Cause::{self, *};

impl Cause {
    /// How it comes about, in a sentence or two.
    pub fn reason(self) -> &'static str {
        match self {
            ConnectionRefused => {
                "The machine answers, but no server listens there: it is not running, listens at another port or address, or only on its socket."
            }
            HostNotFound => {
                "DNS knows no such name: a typing error, a deleted endpoint, or no network here."
            }
            NetworkUnreachable => {
                "This machine has no road to that address, often one of IPv6 without IPv6 here."
            }
            Timeout => {
                "A firewall drops the packets, the network is slow, or the server takes longer to answer than the client waits."
            }
            ConnectionLost => {
                "The server or something between ended the connection: a restart, a proxy or VPN that cuts idle connections, a network that broke."
            }
            SocketMissing => {
                "Without a host, clients look for a Unix socket; the server does not run, or keeps its socket elsewhere."
            }
            TlsRequired => "The client connected without TLS. Neon never takes such a connection.",
            TlsNotSupported => {
                "The connection string insists on TLS, and the server was built or configured without it (ssl = off)."
            }
            CertificateNotTrusted => {
                "The client checks certificates and does not know who signed this one."
            }
            CertificateForOtherHost => {
                "The client checks names, and the host that it was given is not among those in the certificate."
            }
            CertificateExpired => {
                "The certificate's days are over or not begun, or a clock is wrong."
            }
            RootCertificate => {
                "sslrootcert, or ~/.postgresql/root.crt, is missing, unreadable or no PEM file."
            }
            TlsFailed => {
                "Client and server could not agree on TLS, or something between them does not let it pass."
            }
            ChannelBinding => {
                "channel_binding=require ties the password to the TLS channel: the client library must know it (libpq 13 and later) and nothing may end the TLS between."
            }
            ToolWithoutTls => {
                "The tools were built without OpenSSL, as some that come with packages for Python or Java are."
            }
            WrongPassword => {
                "The server does not say which of the two is wrong; Neon answers so for an unknown user, too."
            }
            PasswordMissing => {
                "The server asked and the client had none: not in the string, not in PGPASSWORD, not in ~/.pgpass, or that file can be read by others."
            }
            LoginRefused => {
                "pg_hba.conf asks for another proof than a password, or the role may not log in."
            }
            NoHbaEntry => {
                "pg_hba.conf has no line for this user, database, address and kind of encryption."
            }
            UnsupportedLogin => {
                "The server's pg_hba.conf names GSSAPI, SSPI, LDAP or the like for this connection."
            }
            UnknownRole => "The name is mistyped, or a dump names a role that only the source has.",
            UnknownDatabase => {
                "The name is mistyped, or the database was not made yet. Without a name, clients take the user's."
            }
            DatabaseNotAccepting => "The database was made so that nobody connects to it.",
            EndpointNotNamed => {
                "Neon finds the endpoint by the host name that TLS sends along (SNI). Clients older than libpq 14, and those given an address, send none."
            }
            EndpointNotFound => {
                "The first label of the host name is the endpoint's id, and no endpoint has it."
            }
            EndpointDisabled => {
                "Somebody disabled it, or Neon did for a reason that the console shows."
            }
            BranchArchived => {
                "Neon archives branches that nobody used for long; the first connection unarchives them, which takes time."
            }
            AddressNotAllowed => {
                "The project lets in only the addresses on its list, and this machine's public one is not on it."
            }
            QuotaExceeded => {
                "Plans limit compute time, storage, written and transferred data in a month; beyond that Neon suspends the compute."
            }
            ComputeWaking => {
                "A compute sleeps after 5 minutes without work and is started by the next connection: mostly in under a second, sometimes in several."
            }
            NeonStorage => {
                "The compute reads its pages over the network; while that storage is redeployed, statements, long COPYs first, break off."
            }
            ControlPlane => {
                "Neon's proxy asks its control plane where the compute is, and that gave no answer."
            }
            WeakPassword => {
                "Neon takes a new role's password only as plain text of enough randomness (60 bits), and says so at COMMIT."
            }
            RoleConnections => {
                "A role or a database can have a limit of its own, below the server's (CONNECTION LIMIT, or the pooler's)."
            }
            TooManyConnections => {
                "Each application process, pool and tool holds connections; the server's max_connections is reached."
            }
            PoolExhausted => {
                "All connections of the pool are lent out and none came back in time: too many at once, slow queries, or connections that are never closed."
            }
            ServerStarting => {
                "It was restarted, or recovers from a crash, and lets nobody in before it has finished."
            }
            ServerStopped => {
                "An administrator, a restart or Neon's scaling to zero ended all sessions. An idle session does not keep a compute awake."
            }
            SessionTimedOut => {
                "Neon ends a transaction that idles for 5 minutes; other servers as they are configured."
            }
            StartupOption => {
                "The host is a -pooler: PgBouncer hands a connection to many clients and takes no options= of one. Dumps and migrations set such."
            }
            PooledSession => {
                "The host is a -pooler: each transaction may run in another session, so SET, SQL PREPARE, LISTEN, session advisory locks and WITH HOLD cursors do not last."
            }
            ReadOnly => {
                "It is a replica, default_transaction_read_only is on, or over a -pooler another client, pg_dump for one, left that on."
            }
            ReplicationRole => {
                "pg_restore --disable-triggers and some tools set it; Neon's roles are no superusers."
            }
            NotOwner => {
                "ALTER OWNER and the like need the role that is named: a restore with owners on a managed service fails so."
            }
            ExtensionRights => {
                "Most extensions may be created by superusers alone; on Neon by roles made in the console."
            }
            SchemaRights => {
                "Since PostgreSQL 15 not everybody may create in public. Neon's roles made in SQL get no rights by themselves."
            }
            RowSecurity => {
                "Row security is on and this role is not exempt; a copy of what it sees would be incomplete, so it is refused."
            }
            PermissionDenied => {
                "The object belongs to another role that granted nothing to this one; a restore with grants and owners fails so, too."
            }
            DefaultPrivileges => {
                "ALTER DEFAULT PRIVILEGES and GRANT of a dump speak for roles that the connected one is no member of."
            }
            RolesNotCopied => {
                "Roles' password hashes are in pg_authid, which superusers alone may read; Neon takes no hashes either."
            }
            Tablespace => "Neon keeps data in storage of its own, without folders of a server.",
            ExtensionUnavailable => {
                "The server offers a fixed set of extensions and versions; pgvector on the target may be older than the source's."
            }
            VectorMissing => {
                "The type, its operators and its index methods come with the extension, for each database anew."
            }
            ExtensionMissing => {
                "An extension that the server has still must be created in each database."
            }
            DimensionMismatch => {
                "The column is declared for another number of dimensions than the vectors have: often another embedding model."
            }
            TooManyDimensions => {
                "An index page holds so many dimensions at most, and the index must know their number."
            }
            IndexMemory => {
                "An HNSW graph that outgrows maintenance_work_mem is built many times slower; IVFFlat refuses."
            }
            SharedMemory => {
                "A parallel build puts the graph into shared memory, of which the compute or container has less than maintenance_work_mem."
            }
            SlowSearch => {
                "An index is missing or not used, statistics are missing after a load, the compute is small, its cache is cold after sleep, or it is far from the application."
            }
            ProjectSize => {
                "All databases of the branch together, indexes included, may not pass the plan's size. A load can meet it half-way."
            }
            DiskFull => {
                "Tables, indexes, temporary files or kept WAL (an unused replication slot) filled it."
            }
            OutOfMemory => {
                "Statements at work need more than the server has, or passed a limit of it."
            }
            LockTable => {
                "One transaction locks many tables, as pg_dump does: the table of locks has a fixed size."
            }
            LockTimeout => {
                "Another session holds the lock: ALTER, VACUUM FULL, REINDEX, or a transaction left open."
            }
            StatementTimeout => {
                "statement_timeout is set on the server, the database, the role or by the client."
            }
            Cancelled => {
                "Somebody pressed Ctrl-C, called pg_cancel_backend, or a replica had to go on."
            }
            Conflict => {
                "Two transactions wanted the same rows or locks in different order; the server ended one of them."
            }
            SnapshotGone => "A snapshot lives only as long as the session that exported it.",
            AlreadyExists => {
                "The target is not empty: an earlier attempt, or a schema made by the application's migrations."
            }
            NotEmpty => {
                "The same key is there already: rows loaded twice, or a sequence that was not set after a load."
            }
            ForeignKey => {
                "The rows that are referred to are not loaded yet, were left out, or are missing on the source, too."
            }
            Constraint => "A row does not satisfy NOT NULL, CHECK or the like of this table.",
            ObjectMissing => {
                "It was not created, its name is written in other case or quotes, or its schema is not on the search_path."
            }
            CollationMissing => {
                "Locales come from the operating system, and the two servers' differ."
            }
            Encoding => {
                "The bytes are in another encoding than the text claims, or the character does not exist in the target's."
            }
            TypeMismatch => {
                "The column has another type there: an earlier migration, a mapping between systems, another version."
            }
            UnknownSetting => {
                "Settings come with versions and extensions; a dump of a newer pg_dump sets ones that an older server lacks."
            }
            ToolTooOld => {
                "pg_dump refuses newer servers, and pg_restore archives of a newer pg_dump."
            }
            NothingMatches => {
                "The names and patterns of what is to be included fit nothing that the source has."
            }
            ArchiveDamaged => {
                "It is plain SQL, was cut off while it was written or copied, or is no dump at all."
            }
            SourceDamaged => {
                "A page or a catalogue entry cannot be read: a disk, a crash without fsync, an unsafe copy of the data folder."
            }
            LogicalReplication => {
                "It needs wal_level=logical and a free slot. Neon drops slots that nobody reads after about 40 hours, and cannot turn it off again."
            }
            Unsupported => {
                "The statement is for another version, or for rights and features that a managed service does not have."
            }
            Protocol => "Something other than PostgreSQL answers, or a proxy changes what passes.",
            Internal => {
                "The server itself does not expect this. Neon's proxy sends all errors of its own with this code, so that the text matters more."
            }
            NotConfigured => {
                "The program reads the connection from a variable, which is not set in this shell, service or container."
            }
            StorageBackend => {
                "The application chooses between Astra DB and PostgreSQL by this variable."
            }
            AstraCredentials => {
                "Astra DB's Data API wants an endpoint and a token, which belongs to one organisation, may expire, and has a role."
            }
            ImportAssistant => {
                "It copies from Neon's side, so a database on a laptop or behind a router is out of its reach."
            }
        }
    }
}
