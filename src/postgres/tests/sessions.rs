use crate::postgres::connection_string::LIBPQ_VARIABLES;
use crate::postgres::test_server::{binary, start};
use crate::postgres::{Cause, Notice};
use std::time::{Duration, Instant};
use tokio::process::Command;

#[tokio::test]
async fn a_pinned_session_reads_the_same_everywhere() {
    let server = start().await;
    let session = server.connect().await;
    session.pin_for_reading().await.unwrap();
    for (name, value) in [
        ("client_encoding", "UTF8"),
        ("extra_float_digits", "3"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("TimeZone", "UTC"),
        ("bytea_output", "hex"),
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("idle_session_timeout", "0"),
        ("search_path", ""),
        ("row_security", "off"),
        ("default_transaction_read_only", "off"),
        ("application_name", "neonlift"),
    ] {
        let row = session
            .query_one("SELECT current_setting($1)", &[&name])
            .await
            .unwrap();
        assert_eq!(row.get::<_, String>(0), value, "{name}");
    }
    assert!(session.round_trip().await.unwrap() > Duration::ZERO);
}

#[tokio::test]
async fn notices_are_kept_up_to_a_bound() {
    let server = start().await;
    let session = server.connect().await;
    let sql = "DO $$ BEGIN FOR i IN 1..250 LOOP RAISE WARNING 'number %', i; END LOOP; END $$";
    session.batch("warning", sql).await.unwrap();
    let notices = session.take_notices();
    assert_eq!(notices.len(), 200);
    let last = Notice {
        severity: "WARNING".into(),
        message: "number 250".into(),
    };
    assert_eq!(notices.last(), Some(&last));
    assert!(session.take_notices().is_empty());
}

#[tokio::test]
async fn the_reason_a_session_ended_is_told_later() {
    let server = start().await;
    let (session, other) = (server.connect().await, server.connect().await);
    let row = session
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap();
    let sql = "SELECT pg_terminate_backend($1)";
    other
        .query_one(sql, &[&row.get::<_, i32>(0)])
        .await
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !session.is_closed() {
        assert!(Instant::now() < deadline, "the session stayed open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let error = session.batch("reading", "SELECT 1").await.unwrap_err();
    assert_eq!(
        (error.sqlstate(), error.cause()),
        (Some("57P01"), Some(Cause::ServerStopped))
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_statement_is_cancelled_over_tls_and_without() {
    let server = start().await;
    let watcher = server.connect().await;
    for mode in ["sslmode=require", "sslmode=disable"] {
        let session = crate::postgres::test_server::open(&server.place(mode))
            .await
            .unwrap();
        let canceller = session.canceller();
        let cancelling = async {
            let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
            let deadline = Instant::now() + Duration::from_secs(30);
            while watcher
                .query_one(sleeping, &[])
                .await
                .unwrap()
                .get::<_, i64>(0)
                == 0
            {
                assert!(Instant::now() < deadline, "the statement never ran");
            }
            canceller.cancel().await.unwrap();
        };
        let (outcome, ()) =
            tokio::join!(session.batch("waiting", "SELECT pg_sleep(600)"), cancelling);
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.sqlstate(), error.cause()),
            (Some("57014"), Some(Cause::Cancelled))
        );
        assert!(!session.is_closed());
        session.close().await;
    }
}

#[tokio::test]
async fn tools_connect_by_their_environment_alone() {
    let server = start().await;
    let root = server.root().display().to_string();
    let place = server.place(&format!(
        "sslmode=verify-full sslrootcert={root} channel_binding=require"
    ));
    let mut command = Command::new(binary("psql"));
    for variable in LIBPQ_VARIABLES {
        command.env_remove(variable);
    }
    let output = command
        .envs(place.tool_environment())
        .args([
            "-XAtc",
            "SELECT current_user, current_setting('application_name')",
        ])
        .output()
        .await
        .unwrap();
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(said.trim(), "postgres|neonlift", "{complained}");
}
