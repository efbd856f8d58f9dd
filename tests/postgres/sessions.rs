//! Sessions: pinned, told things, ended, cancelled; and sessions of PostgreSQL's own tools.

use crate::doors::{Kind, doors, trusting};
use crate::server::{Server, one_of_each, open, plain};
use neonlift::failure::{Explain, chain};
use neonlift::postgres::connection_string::LIBPQ_VARIABLES;
use neonlift::postgres::{Cause, Connection, ConnectionString, Notice};
use std::process::Output;
use std::time::{Duration, Instant};
use tokio::process::Command;

#[tokio::test]
async fn a_pinned_session_reads_the_same_everywhere() {
    for server in one_of_each() {
        let session = server.connect("postgres").await;
        session.pin_for_reading().await.unwrap();
        assert_pinned(&session).await;
        assert!(session.round_trip().await.unwrap() > Duration::ZERO);
    }
}

async fn assert_pinned(session: &Connection) {
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
}

#[tokio::test]
async fn notices_are_kept_up_to_a_bound() {
    let session = plain().connect("postgres").await;
    let sql: String = (1..=250)
        .map(|n| format!("DROP TABLE IF EXISTS number_{n};"))
        .collect();
    session.batch("dropping", &sql).await.unwrap();
    let notices = session.take_notices();
    assert_eq!(notices.len(), 200);
    let last = Notice {
        severity: "NOTICE".into(),
        message: "table \"number_250\" does not exist, skipping".into(),
    };
    assert_eq!(notices.last(), Some(&last));
    assert!(session.take_notices().is_empty());
}

#[tokio::test]
async fn what_functions_say_of_rows_is_not_told() {
    for server in one_of_each() {
        let session = server.connect("postgres").await;
        let notices = "DO $$ BEGIN RAISE NOTICE 'canary'; RAISE WARNING 'hnsw canary';
            RAISE NOTICE USING MESSAGE = 'canary does not exist, skipping', ERRCODE = '42P01';
            END $$";
        session.batch("raising notices", notices).await.unwrap();
        let notices = session.take_notices();
        assert_eq!(notices.len(), 3);
        assert!(!format!("{notices:?}").contains("canary"), "{notices:?}");
        for raise in [
            "RAISE EXCEPTION 'canary' USING HINT = 'canary', DETAIL = 'canary'",
            "RAISE EXCEPTION 'canary' USING ERRCODE = '23505'",
            "RAISE EXCEPTION 'canary' USING ERRCODE = 'XX000', HINT = 'canary'",
            "ASSERT false, 'canary'",
        ] {
            let sql = format!("DO $$ BEGIN {raise}; END $$");
            let error = session.batch("raising", &sql).await.unwrap_err();
            let told = format!("{} {error:?} {:?}", chain(&error), error.failure());
            assert!(!told.contains("canary"), "{told}");
            assert!(told.contains("a function raised an error"), "{told}");
        }
    }
}

#[tokio::test]
async fn the_reason_a_session_ended_is_told_later() {
    let session = plain().connect("postgres").await;
    let other = plain().connect("postgres").await;
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

async fn assert_cancels(server: &Server, place: &ConnectionString) {
    let session = open(place).await.unwrap();
    let watcher = server.connect("postgres").await;
    let row = session
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap();
    let pid: i32 = row.get(0);
    let canceller = session.canceller();
    let cancelling = async {
        let sleeping = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
        let deadline = Instant::now() + Duration::from_secs(30);
        while watcher
            .query_opt(sleeping, &[&pid])
            .await
            .unwrap()
            .is_none()
        {
            assert!(Instant::now() < deadline, "the statement never ran");
        }
        canceller.cancel().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(session.batch("waiting", "SELECT pg_sleep(600)"), cancelling);
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.sqlstate(), error.cause()),
        (Some("57014"), Some(Cause::Cancelled))
    );
    assert!(!session.is_closed());
    session.close().await;
}

#[tokio::test]
async fn a_statement_is_cancelled_over_tls_and_without() {
    assert_cancels(plain(), &plain().place("sslmode=disable")).await;
    for door in doors().await {
        assert_cancels(door.server, &door.place("sslmode=require")).await;
    }
}

/// What psql says when it has nothing but the place's environment.
async fn psql(server: &Server, place: &ConnectionString) -> Output {
    let mut command = Command::new(server.bin().join("psql"));
    for variable in LIBPQ_VARIABLES {
        command.env_remove(variable);
    }
    let sql = "SELECT current_user, current_setting('application_name')";
    let command = command.envs(place.tool_environment());
    command.args(["-XAtc", sql]).output().await.unwrap()
}

#[tokio::test]
async fn tools_connect_by_their_environment_alone() {
    let mut places = vec![(plain().place(""), false)];
    let doors = doors().await;
    for door in &doors {
        let binding = match door.kind {
            Kind::Server => "require",
            Kind::Relay => "prefer",
        };
        let trusting = trusting("verify-full", &door.root());
        let place = door.place(&format!("{trusting} channel_binding={binding}"));
        places.push((place, true));
    }
    for server in one_of_each() {
        for (place, encrypted) in &places {
            let output = psql(server, place).await;
            let said = String::from_utf8_lossy(&output.stdout);
            let complained = String::from_utf8_lossy(&output.stderr);
            if *encrypted && !server.tools_speak_tls() {
                let cannot = "SSL support is not compiled in";
                assert!(complained.contains(cannot), "{said}{complained}");
            } else {
                assert_eq!(said.trim(), "postgres|neonlift", "{complained}");
            }
        }
    }
}
