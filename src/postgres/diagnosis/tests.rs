use super::*;
use Cause::*;
use rstest::rstest;
use std::collections::HashSet;

#[rstest]
#[case(
    "XX000",
    "connection is insecure (try using `sslmode=require`)",
    TlsRequired
)]
#[case(
    "XX000",
    "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support or pass the endpoint ID (first part of the domain name) as a parameter: '?options=endpoint%3D<endpoint-id>'.",
    EndpointNotNamed
)]
#[case("XX000", "password authentication failed for user 'x'", WrongPassword)]
#[case(
    "XX000",
    "This IP address 1.2.3.4 is not allowed to connect to this endpoint.",
    AddressNotAllowed
)]
#[case(
    "XX000",
    "Too many connections to this endpoint. Please try again later.",
    TooManyConnections
)]
#[case(
    "XX000",
    "Failed to acquire permit to connect to the database. Too many database connection attempts are currently ongoing.",
    ComputeWaking
)]
#[case("XX000", "Couldn't connect to compute node", ComputeWaking)]
#[case("XX000", "Control plane request failed", ControlPlane)]
#[case(
    "XX000",
    "Control plane request failed: endpoint cannot be found",
    EndpointNotFound
)]
#[case(
    "XX000",
    "Control plane request failed: endpoint is disabled",
    EndpointDisabled
)]
#[case(
    "XX000",
    "Control plane request failed. Check your quotas and try again",
    QuotaExceeded
)]
#[case(
    "XX000",
    "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
    QuotaExceeded
)]
#[case(
    "XX000",
    "Your project has exceeded the data transfer quota.",
    QuotaExceeded
)]
#[case(
    "XX000",
    "Your project has exceeded the logical size quota.",
    QuotaExceeded
)]
#[case(
    "XX000",
    "Your project has exceeded the written data quota.",
    QuotaExceeded
)]
#[case(
    "XX000",
    "Your project has exceeded the active time quota.",
    QuotaExceeded
)]
#[case("XX000", "endpoint has running operations, try again", ComputeWaking)]
#[case(
    "53100",
    "could not extend file because project size limit (512 MB) has been exceeded",
    ProjectSize
)]
#[case(
    "08P01",
    "unsupported startup parameter in options: search_path",
    StartupOption
)]
#[case(
    "57P01",
    "terminating connection due to administrator command",
    ServerStopped
)]
#[case("25006", "cannot execute INSERT in a read-only transaction", ReadOnly)]
#[case(
    "28P01",
    "password authentication failed for user \"x\"",
    WrongPassword
)]
#[case("3D000", "database \"x\" does not exist", UnknownDatabase)]
#[case("28000", "role \"x\" does not exist", UnknownRole)]
#[case(
    "28000",
    "no pg_hba.conf entry for host \"1.2.3.4\", user \"x\", database \"y\", no encryption",
    NoHbaEntry
)]
#[case(
    "28000",
    "Peer authentication failed for user \"postgres\"",
    LoginRefused
)]
#[case("53300", "sorry, too many clients already", TooManyConnections)]
#[case("57P03", "the database system is starting up", ServerStarting)]
#[case(
    "57P02",
    "terminating connection because of crash of another server process",
    ServerStopped
)]
#[case("53100", "could not write to file: No space left on device", DiskFull)]
#[case(
    "42501",
    "permission denied to create extension \"vector\"",
    ExtensionRights
)]
#[case("42501", "must be owner of table x", NotOwner)]
#[case("42501", "permission denied for schema public", SchemaRights)]
#[case("42501", "permission denied for table x", PermissionDenied)]
#[case(
    "42501",
    "permission denied to set parameter \"session_replication_role\"",
    ReplicationRole
)]
#[case(
    "42501",
    "query would be affected by row-level security policy for table \"x\"",
    RowSecurity
)]
#[case("0A000", "extension \"vector\" is not available", ExtensionUnavailable)]
#[case(
    "58P01",
    "could not open extension control file \"/usr/share/x.control\": No such file or directory",
    ExtensionUnavailable
)]
#[case("42704", "type \"vector\" does not exist", VectorMissing)]
#[case("42704", "access method \"hnsw\" does not exist", VectorMissing)]
#[case("22000", "expected 384 dimensions, not 3", DimensionMismatch)]
#[case("22000", "different vector dimensions 384 and 3", DimensionMismatch)]
#[case(
    "54000",
    "column cannot have more than 2000 dimensions for hnsw index",
    TooManyDimensions
)]
#[case(
    "40001",
    "could not serialize access due to concurrent update",
    Conflict
)]
#[case("40P01", "deadlock detected", Conflict)]
#[case(
    "57014",
    "canceling statement due to statement timeout",
    StatementTimeout
)]
#[case("57014", "canceling statement due to user request", Cancelled)]
#[case("55P03", "canceling statement due to lock timeout", LockTimeout)]
#[case("53200", "out of memory", OutOfMemory)]
#[case("53200", "out of shared memory", LockTable)]
#[case(
    "53100",
    "could not resize shared memory segment \"/PostgreSQL.1\" to 67128576 bytes: No space left on device",
    SharedMemory
)]
#[case(
    "00000",
    "hnsw graph no longer fits into maintenance_work_mem after 1000 tuples",
    IndexMemory
)]
#[case(
    "54000",
    "memory required is 70 MB, maintenance_work_mem is 64 MB",
    IndexMemory
)]
#[case("08P01", "insufficient data left in message", TypeMismatch)]
#[case("08P01", "invalid frontend message type 71", Protocol)]
#[case(
    "25P03",
    "terminating connection due to idle-in-transaction timeout",
    SessionTimedOut
)]
#[case("42P07", "relation \"x\" already exists", AlreadyExists)]
#[case(
    "42704",
    "collation \"de_DE\" for encoding \"UTF8\" does not exist",
    CollationMissing
)]
#[case(
    "42704",
    "unrecognized configuration parameter \"transaction_timeout\"",
    UnknownSetting
)]
#[case("22023", "invalid snapshot identifier: \"1\"", SnapshotGone)]
#[case(
    "57014",
    "canceling statement due to conflict with recovery",
    Cancelled
)]
#[case(
    "53300",
    "remaining connection slots are reserved for roles with the SUPERUSER attribute",
    TooManyConnections
)]
fn servers_texts_are_understood(#[case] state: &str, #[case] text: &str, #[case] cause: Cause) {
    assert_eq!(diagnose(Some(state), text), Some(cause));
}

#[rstest]
#[case("SSL connection required", TlsRequired)]
#[case("Connection timeout", Timeout)]
#[case("FATAL: too many connections", TooManyConnections)]
#[case("ERROR: extension \"vector\" does not exist", VectorMissing)]
#[case("Permission denied", PermissionDenied)]
#[case("Vector dimension mismatch", DimensionMismatch)]
#[case("Slow queries", SlowSearch)]
#[case("Connection pool exhausted", PoolExhausted)]
#[case(
    "QueuePool limit of size 10 overflow 0 reached, connection timed out",
    PoolExhausted
)]
#[case("Connection refused (os error 111)", ConnectionRefused)]
#[case(
    "failed to lookup address information: Name or service not known",
    HostNotFound
)]
#[case("connection timed out", Timeout)]
#[case(
    "certificate verify failed:... (self-signed certificate in certificate chain)",
    CertificateNotTrusted
)]
#[case(
    "certificate verify failed:... (hostname mismatch)",
    CertificateForOtherHost
)]
#[case(
    "certificate verify failed:... (certificate has expired)",
    CertificateExpired
)]
#[case("server does not support TLS", TlsNotSupported)]
#[case("server did not use channel binding", ChannelBinding)]
#[case("password missing", PasswordMissing)]
#[case(
    "pg_dump: error: aborting because of server version mismatch",
    ToolTooOld
)]
#[case("53300", TooManyConnections)]
#[case("ERROR [SQLSTATE 42p01]", ObjectMissing)]
fn texts_alone_are_understood(#[case] text: &str, #[case] cause: Cause) {
    assert_eq!(diagnose(None, text), Some(cause));
}

#[test]
fn what_is_unknown_stays_unknown() {
    assert_eq!(diagnose(Some("P0001"), "raised by a function"), None);
    assert_eq!(diagnose(None, "hello"), None);
    assert_eq!(diagnose(Some("é"), ""), None);
}

#[test]
fn every_cause_can_be_found_and_has_advice() {
    let found: HashSet<_> = texts::TEXTS
        .iter()
        .map(|(_, cause)| *cause)
        .chain(texts::SQLSTATES.iter().map(|(_, cause)| *cause))
        .collect();
    for cause in Cause::ALL {
        assert!(found.contains(cause), "{cause:?} is never found");
        assert!(
            !cause.advice().is_empty() && !cause.title().ends_with('.'),
            "{cause:?}"
        );
    }
}

#[test]
fn no_line_of_the_table_is_hidden_by_an_earlier_one() {
    for (parts, cause) in texts::TEXTS {
        assert_eq!(diagnose(None, &parts.join(" ")), Some(*cause), "{parts:?}");
    }
}

#[rstest]
#[case(WrongPassword)]
#[case(EndpointNotFound)]
#[case(EndpointDisabled)]
#[case(AddressNotAllowed)]
#[case(QuotaExceeded)]
#[case(UnknownDatabase)]
#[case(ConnectionRefused)]
fn what_does_not_pass_is_not_tried_again(#[case] cause: Cause) {
    assert!(!cause.is_passing());
}

#[rstest]
#[case("22P02", "invalid input syntax for type integer: \"canary\"")]
#[case("22P02", "invalid input value for enum mood: \"canary \"and\" more\"")]
#[case("22003", "value \"canary\" is out of range for type integer")]
#[case("22P02", "malformed array literal: \"canary")]
#[case("22021", "invalid byte sequence for encoding \"UTF8\": canary")]
#[case("P0001", "row canary is bad")]
#[case("P0004", "canary is not positive")]
fn values_in_messages_are_left_out(#[case] state: &str, #[case] message: &str) {
    let shown = without_values(state, message);
    assert!(!shown.contains("canary") && shown.len() > 5, "{shown}");
}

#[test]
fn other_messages_stay_as_they_are() {
    let message = "relation \"x\" does not exist";
    assert_eq!(without_values("42P01", message), message);
}
