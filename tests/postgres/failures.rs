//! Why there is no session, and how long one tries.

use crate::doors::relayed;
use crate::server::{PASSWORD, open, plain};
use neonlift::failure::{Explain, Retry, Severity, chain};
use neonlift::postgres::{Cause, Connection, ConnectionString, Error, Retrying};
use neonlift::secret::Secret;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

async fn error_of(place: &ConnectionString) -> Error {
    open(place).await.unwrap_err()
}

/// Everything in which an error can be shown.
fn shown(error: &Error) -> String {
    format!(
        "{error} {error:?} {error:#?} {} {:?}",
        chain(error),
        error.failure()
    )
}

async fn assert_refused(place: &ConnectionString, cause: Cause) {
    let strict = place
        .clone()
        .telling(|notice| panic!("retries {:?}", notice.error));
    let error = Connection::open(&strict, &Retrying::default(), &CancellationToken::new())
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(cause), "{error:?}");
    assert!(error.failure().what.contains(&place.endpoint()));
    assert!(!shown(&error).contains(PASSWORD));
}

#[tokio::test]
async fn refused_logins_say_why_and_are_not_tried_again() {
    let place = plain().place("");
    let without = ConnectionString::parse(&place.url()).unwrap();
    let wrong = place.clone().with_password(Secret::new("wrong"));
    let setting = plain().place("options='-c no_such_setting=1'");
    for (place, cause) in [
        (wrong, Cause::WrongPassword),
        (place.with_database("nowhere"), Cause::UnknownDatabase),
        (plain().place_of("nobody_known", ""), Cause::NoHbaEntry),
        (without, Cause::PasswordMissing),
        (setting, Cause::UnknownSetting),
    ] {
        assert_refused(&place, cause).await;
    }
}

/// A proxy like Neon's keeps an error's text and none of its codes.
#[tokio::test]
async fn logins_refused_through_the_relay_say_why_too() {
    let door = relayed().await;
    let place = door.place("sslmode=require");
    let without = ConnectionString::parse(&place.url()).unwrap();
    let wrong = place.clone().with_password(Secret::new("wrong"));
    let setting = door.place("sslmode=require options='-c no_such_setting=1'");
    for (place, cause) in [
        (wrong, Cause::WrongPassword),
        (place.with_database("nowhere"), Cause::UnknownDatabase),
        (
            door.place_of("nobody_known", "sslmode=require"),
            Cause::NoHbaEntry,
        ),
        (without, Cause::PasswordMissing),
        (setting, Cause::UnknownSetting),
        (door.place("sslmode=disable"), Cause::TlsRequired),
    ] {
        assert_refused(&place, cause).await;
    }
}

#[tokio::test]
async fn unreachable_places_say_why() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = format!("postgresql://u:p@127.0.0.1:{closed}/d");
    let error = error_of(&ConnectionString::parse(&text).unwrap()).await;
    assert_eq!(error.cause(), Some(Cause::ConnectionRefused), "{error:?}");
    let nowhere = ConnectionString::parse("postgresql://u:p@no-such-host.invalid/d").unwrap();
    let error = error_of(&nowhere).await;
    assert_eq!(error.cause(), Some(Cause::HostNotFound), "{error:?}");
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("host={} user=u dbname=d", folder.path().display());
    let error = error_of(&ConnectionString::parse(&socket).unwrap()).await;
    assert_eq!(
        error.failure().what,
        format!("Cannot connect to {}:5432/d", folder.path().display())
    );
    assert_eq!(error.cause(), Some(Cause::SocketMissing), "{error:?}");
}

#[tokio::test]
async fn a_connection_cut_while_it_opens_is_tried_again() {
    let cutting = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = cutting.local_addr().unwrap().port();
    for mode in ["require", "disable", "prefer"] {
        let text = format!("postgresql://u:p@127.0.0.1:{port}/d?sslmode={mode}");
        let place = ConnectionString::parse(&text).unwrap();
        let (error, accepted) =
            tokio::join!(error_of(&place), async { cutting.accept().await.map(drop) });
        accepted.unwrap();
        assert_eq!(
            error.cause(),
            Some(Cause::ConnectionLost),
            "{mode} {error:?}"
        );
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_connection_cut_amid_the_tls_handshake_is_tried_again() {
    let cutting = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = cutting.local_addr().unwrap().port();
    let text = format!("postgresql://u:p@127.0.0.1:{port}/d?sslmode=require");
    let place = ConnectionString::parse(&text).unwrap();
    let cut = async {
        let (mut client, _) = cutting.accept().await.unwrap();
        client.read_exact(&mut [0; 8]).await.unwrap();
        client.write_all(b"S").await.unwrap();
        // All of its hello is read: what is left unread would end in a reset.
        assert!(client.read(&mut [0; 4096]).await.unwrap() > 0);
    };
    let (error, ()) = tokio::join!(error_of(&place), cut);
    assert_eq!(error.cause(), Some(Cause::ConnectionLost), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let text = format!("postgresql://u:p@127.0.0.1:{port}/d?connect_timeout=1");
    let error = error_of(&ConnectionString::parse(&text).unwrap()).await;
    assert!(matches!(error, Error::Timeout { after, .. } if after == Duration::from_secs(1)));
    assert_eq!(error.failure().retry, Retry::Now);
}

#[tokio::test]
async fn a_full_server_is_tried_again_until_there_is_room() {
    plain().create_role("crowded", "CONNECTION LIMIT 1").await;
    let place = plain().place_of("crowded", "");
    let first = open(&place).await.unwrap();
    assert_eq!(error_of(&place).await.cause(), Some(Cause::RoleConnections));
    let first = Mutex::new(Some(first));
    let retrying = Retrying {
        first_pause: Duration::from_millis(10),
        ..Retrying::default()
    };
    let place = place.telling(move |notice| {
        assert_eq!(notice.error.sqlstate(), Some("53300"));
        first.lock().unwrap().take();
    });
    let second = Connection::open(&place, &retrying, &CancellationToken::new()).await;
    assert!(second.is_ok(), "{second:?}");
}

#[tokio::test]
async fn a_retry_ends_with_its_attempts_or_when_cancelled() {
    plain().create_role("taken", "CONNECTION LIMIT 1").await;
    let place = plain().place_of("taken", "");
    let first = open(&place).await.unwrap();
    let quick = Retrying {
        attempts: 3,
        first_pause: Duration::from_millis(1),
        ..Retrying::default()
    };
    let error = Connection::open(&place, &quick, &CancellationToken::new())
        .await
        .unwrap_err();
    assert_eq!(error.sqlstate(), Some("53300"));
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let patient = Retrying {
        first_pause: Duration::from_secs(3600),
        longest_pause: Duration::from_secs(3600),
        within: Duration::from_secs(9999),
        ..Retrying::default()
    };
    let place = place.telling(move |_| stop.cancel());
    let error = Connection::open(&place, &patient, &cancel)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Cancelled));
    assert_eq!(error.failure().severity, Severity::Interrupted);
    drop(first);
}

#[tokio::test]
async fn no_error_shows_a_rows_values() {
    plain().create_database("canaries").await;
    let session = plain().connect("canaries").await;
    session
        .batch(
            "making a table",
            "CREATE TABLE t (a text PRIMARY KEY, n int)",
        )
        .await
        .unwrap();
    let insert = "INSERT INTO t VALUES ('canary', 1)";
    session.batch("inserting", insert).await.unwrap();
    for (sql, state) in [
        (insert, "23505"),
        ("SELECT 'canary'::int", "22P02"),
        (
            "DO $$ BEGIN RAISE 'x' USING DETAIL = 'canary'; END $$",
            "P0001",
        ),
    ] {
        let error = session.batch("inserting", sql).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some(state));
        assert!(!shown(&error).contains("canary"), "{}", shown(&error));
    }
    let error = session.batch("inserting", insert).await.unwrap_err();
    assert!(
        shown(&error).contains("table public.t, constraint t_pkey"),
        "{}",
        shown(&error)
    );
}
