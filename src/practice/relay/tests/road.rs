//! What happens on the way.

use super::*;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::pin::pin;
use std::time::Instant;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use tokio_util::task::AbortOnDropHandle;

const TERMINATED: &str = "terminating connection due to administrator command";

/// Sends `chunks` chunks of 100 lines of 100 bytes each.
async fn copy_in(client: &Client, table: &str, chunks: usize) -> Result<u64, Error> {
    let sink = client
        .copy_in::<_, Bytes>(&format!("COPY {table} FROM STDIN"))
        .await?;
    let mut sink = pin!(sink);
    let chunk = Bytes::from(format!("{:099}\n", 7).repeat(100));
    for _ in 0..chunks {
        sink.send(chunk.clone()).await?;
    }
    sink.finish().await
}

/// The number of bytes that a query's rows have as COPY sends them.
async fn copy_out(client: &Client, query: &str) -> Result<usize, Error> {
    let stream = client
        .copy_out(&format!("COPY ({query}) TO STDOUT"))
        .await?;
    let mut stream = pin!(stream);
    let mut bytes = 0;
    while let Some(chunk) = stream.next().await {
        bytes += chunk?.len();
    }
    Ok(bytes)
}

async fn rows(client: &Client, table: &str) -> i64 {
    client
        .query_one(&format!("SELECT count(*) FROM {table}"), &[])
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn fifty_megabytes_come_through_both_ways() {
    let practice = practice().await;
    let Session { client, .. } = practice.connect().await.unwrap();
    client
        .batch_execute("CREATE TEMP TABLE freight (line text)")
        .await
        .unwrap();
    assert_eq!(
        within(copy_in(&client, "freight", 5_000)).await.unwrap(),
        500_000
    );
    practice.relay.faults().delay(Duration::from_millis(10));
    let sql = "SELECT line FROM freight";
    assert_eq!(within(copy_out(&client, sql)).await.unwrap(), 50_000_000);
    let sql = "SELECT count(*) FROM freight WHERE line = lpad('7', 99, '0')";
    assert_eq!(
        client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0),
        500_000
    );
}

#[tokio::test]
async fn a_query_is_cancelled_through_the_relay() {
    let practice = practice().await;
    let session = practice.connect().await.unwrap();
    let watcher = practice.connect().await.unwrap();
    let cancel = session.client.cancel_token();
    let slow = session
        .client
        .batch_execute("SELECT pg_sleep(600) /* cancelled */");
    let cancelled = async {
        let sql = "SELECT FROM pg_stat_activity WHERE query LIKE '%/* cancelled */' \
                   AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()";
        while watcher.client.query_opt(sql, &[]).await.unwrap().is_none() {}
        cancel.cancel_query(tls()).await.unwrap();
    };
    let (ended, ()) = within(async { tokio::join!(slow, cancelled) }).await;
    assert_eq!(ended.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
    assert_eq!(session.answer().await.unwrap(), 42, "the session goes on");
}

#[tokio::test]
async fn sleep_ends_idle_sessions_and_delays_the_next() {
    let practice = practice().await;
    let idle = practice.connect().await.unwrap();
    assert_eq!(idle.answer().await.unwrap(), 42);
    let asleep = Instant::now();
    practice.relay.faults().command("sleep 300ms").unwrap();
    let error = within(idle.end).await.unwrap().unwrap_err();
    let error = error.as_db_error().expect("told by the server");
    assert_eq!(
        (error.code(), error.message()),
        (&SqlState::ADMIN_SHUTDOWN, TERMINATED)
    );
    let next = practice.connect().await.unwrap();
    // A lower bound: however slow the machine is, it cannot wake earlier.
    assert!(asleep.elapsed() >= Duration::from_millis(300));
    assert_eq!(next.answer().await.unwrap(), 42);
    assert_eq!(
        practice.connect().await.unwrap().answer().await.unwrap(),
        42
    );
}

#[tokio::test]
async fn sleep_in_the_middle_of_a_message_waits_for_its_end() {
    let practice = practice().await;
    let Session { client, .. } = practice.connect().await.unwrap();
    let sql = "COPY (SELECT repeat('x', 3000000) FROM generate_series(1, 200)) TO STDOUT";
    let stream = client.copy_out(sql).await.unwrap();
    let mut stream = pin!(stream);
    within(stream.next()).await.unwrap().unwrap();
    practice.relay.faults().sleep(Duration::ZERO);
    let error = within(async {
        loop {
            match stream.next().await.expect("an error before the end") {
                Ok(row) => assert_eq!(row.len(), 3_000_001, "rows stay whole"),
                Err(error) => break error,
            }
        }
    })
    .await;
    assert_eq!(error.code(), Some(&SqlState::ADMIN_SHUTDOWN));
}

/// Falls asleep once a COPY into `table` has come some way, and says what that left there.
async fn sleep_during_copy(practice: &Practice, table: &str) -> i64 {
    // Beside the relay, so that this one stays awake.
    let (keeper, connection) = Config::new()
        .host("127.0.0.1")
        .port(practice.server.address().port())
        .user(USER)
        .password(practice.server.password())
        .dbname("postgres")
        .connect(NoTls)
        .await
        .unwrap();
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let sql = format!(
        "SELECT FROM pg_stat_progress_copy WHERE bytes_processed > 1000000 \
         AND relid = '{table}'::regclass"
    );
    while keeper.query_opt(&sql, &[]).await.unwrap().is_none() {}
    practice.relay.faults().sleep(Duration::ZERO);
    // A COPY holds a lock on its table until it ends.
    let sql = format!("BEGIN; LOCK TABLE {table}");
    keeper.batch_execute(&sql).await.unwrap();
    rows(&keeper, table).await
}

async fn create(practice: &Practice, table: &str) {
    let Session { client, .. } = practice.connect().await.unwrap();
    let sql = format!("CREATE TABLE {table} (line text)");
    client.batch_execute(&sql).await.unwrap();
}

#[tokio::test]
async fn sleep_in_the_middle_of_a_copy_ends_it() {
    let practice = practice().await;
    create(&practice, "slept").await;
    let session = practice.connect().await.unwrap();
    let endless = copy_in(&session.client, "slept", usize::MAX);
    let asleep = sleep_during_copy(&practice, "slept");
    let (copied, left) = within(async { tokio::join!(endless, asleep) }).await;
    // This driver reads nothing while it sends, so it knows only that the session has ended.
    assert!(copied.unwrap_err().is_closed());
    assert!(within(session.end).await.unwrap().is_err());
    assert_eq!(left, 0);
}

#[tokio::test]
async fn sleep_in_the_middle_of_psqls_copy_is_heard_by_psql() {
    let practice = practice().await;
    create(&practice, "psql_slept").await;
    let endless = practice.psql("", "\\copy psql_slept FROM PROGRAM 'yes'");
    let (psql, left, expected) = if practice.server.psql.speaks_tls {
        let asleep = sleep_during_copy(&practice, "psql_slept");
        let (psql, left) = within(async { tokio::join!(endless, asleep) }).await;
        (psql, left, format!("FATAL:  {TERMINATED}"))
    } else {
        (within(endless).await, 0, WITHOUT_TLS.to_owned())
    };
    let complaint = String::from_utf8_lossy(&psql.stderr).into_owned();
    assert!(complaint.contains(&expected), "{complaint}");
    assert_eq!(left, 0);
}

#[tokio::test]
async fn stall_holds_everything_until_go() {
    let practice = practice().await;
    let session = practice.connect().await.unwrap();
    practice.relay.faults().command("stall").unwrap();
    let answer = session.answer();
    let newcomer = practice.connect();
    let (mut answer, mut newcomer) = (pin!(answer), pin!(newcomer));
    // What is stalled cannot come, however long one waits; a moment shows a relay that leaks.
    let moment = Duration::from_millis(200);
    assert!(
        timeout(moment, &mut answer).await.is_err(),
        "an answer came through"
    );
    assert!(
        timeout(moment, &mut newcomer).await.is_err(),
        "a newcomer came through"
    );
    practice.relay.faults().command("go").unwrap();
    assert_eq!(answer.await.unwrap(), 42);
    assert_eq!(newcomer.await.unwrap().answer().await.unwrap(), 42);
}

#[tokio::test]
async fn cut_drops_one_session_in_the_middle_of_its_copy() {
    let practice = practice().await;
    let Session { client, .. } = practice.connect().await.unwrap();
    client
        .batch_execute("CREATE TABLE cut (line text)")
        .await
        .unwrap();
    assert_eq!(copy_in(&client, "cut", 20).await.unwrap(), 2_000);
    practice.relay.faults().command("cut 100000").unwrap();
    // What was sent before the order does not count.
    assert_eq!(copy_in(&client, "cut", 5).await.unwrap(), 500);
    let error = within(copy_in(&client, "cut", 1_000)).await.unwrap_err();
    assert!(
        error.as_db_error().is_none(),
        "dropped without a word, not: {error}"
    );
    let next = practice.connect().await.unwrap().client;
    assert_eq!(
        within(copy_in(&next, "cut", 100)).await.unwrap(),
        10_000,
        "only once"
    );
    assert_eq!(rows(&next, "cut").await, 12_500);
    next.batch_execute("DROP TABLE cut").await.unwrap();
}

/// The server's transaction fails, too, and its session lives on, as on Neon.
#[tokio::test]
async fn full_lets_copies_find_no_room_until_there_is_some_again() {
    let practice = practice().await;
    let Session { client, .. } = practice.connect().await.unwrap();
    for sql in [
        "CREATE TEMP TABLE full_of (line text)",
        "BEGIN",
        "INSERT INTO full_of VALUES ('x')",
    ] {
        client.batch_execute(sql).await.unwrap();
    }
    practice.relay.faults().command("full 2").unwrap();
    let no_room = |error: Error| {
        let error = error.as_db_error().expect("the server's error").clone();
        assert_eq!(error.code(), &SqlState::DISK_FULL);
        assert!(error.message().contains("project size limit"), "{error}");
    };
    no_room(
        within(copy_in(&client, "full_of", 1_000))
            .await
            .unwrap_err(),
    );
    let error = client.batch_execute("SELECT 1").await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
    client.batch_execute("ROLLBACK").await.unwrap();
    // What is read is not what is written.
    assert_eq!(copy_out(&client, "SELECT 'x'").await.unwrap(), 2);
    no_room(within(copy_in(&client, "full_of", 1)).await.unwrap_err());
    assert_eq!(within(copy_in(&client, "full_of", 3)).await.unwrap(), 300);
    assert_eq!(rows(&client, "full_of").await, 300);
}

#[tokio::test]
async fn delay_makes_a_round_trip_longer() {
    let practice = practice().await;
    let session = practice.connect().await.unwrap();
    practice.relay.faults().command("delay 60ms").unwrap();
    let asked = Instant::now();
    assert_eq!(session.answer().await.unwrap(), 42);
    // Lower bounds; a connection is TCP, SSLRequest, TLS, startup and SCRAM's two exchanges.
    assert!(asked.elapsed() >= Duration::from_millis(60));
    let asked = Instant::now();
    practice.connect().await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(6 * 60));
}

#[tokio::test]
async fn stop_ends_everything() {
    let practice = practice().await;
    let session = practice.connect().await.unwrap();
    let address = practice.relay.address();
    let faults = practice.relay.faults();
    practice.relay.stop().await;
    assert!(within(session.end).await.unwrap().is_err() || session.client.is_closed());
    assert!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
    faults.stall(true);
}
