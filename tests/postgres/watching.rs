//! A probe of the step `watch` against every server: what is there is read, what is not is said.

use crate::server::{Server, one_of_each, open};
use neonlift::postgres::Connection;
use neonlift::session::report::Sample;
use neonlift::watch::probe;
use std::time::Duration;

const CANARY: &str = "canary-of-a-statement-4714";

async fn probed(session: &Connection) -> Sample {
    probe::read(session, Duration::from_millis(5), true)
        .await
        .unwrap()
}

async fn is_available(server: &Server) -> bool {
    let sql = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'";
    server.sql("postgres", sql).await == "1"
}

#[tokio::test]
async fn every_server_answers_a_probe() {
    for server in one_of_each() {
        server.create_database("watched").await;
        let session = server.connect("watched").await;
        let sample = probed(&session).await;
        assert!(sample.p50_us > 0 && sample.p95_us >= sample.p50_us);
        assert!(sample.connections >= 1 && sample.connection_limit >= sample.connections);
        assert!(sample.bytes > 0 && sample.sees_others);
        assert_eq!(sample.bytes_limit, None, "only Neon names one");
        assert_eq!((sample.rollbacks, sample.waiting), (0, 0));
        assert!(sample.statements.is_none() && sample.unread.is_some());
        // The next one finds the session as it was.
        assert!(probed(&session).await.commits >= sample.commits);
        assert_eq!(
            probed(&session).await.rollbacks,
            0,
            "a probe rolls nothing back"
        );
    }
}

#[tokio::test]
async fn statements_are_told_without_their_values() {
    let mut read = 0;
    for server in one_of_each() {
        if !is_available(server).await {
            continue;
        }
        server.create_database("statements").await;
        // In a schema that has to be quoted.
        let sql =
            "CREATE SCHEMA \"of \"\"it\"; CREATE EXTENSION pg_stat_statements SCHEMA \"of \"\"it\"";
        server.sql("statements", sql).await;
        let slow = format!("SELECT pg_sleep(0.2), '{CANARY}', 4714");
        server.sql("statements", &slow).await;
        let utility = format!("COMMENT ON SCHEMA public IS '{CANARY}'");
        server.sql("statements", &utility).await;
        let session = server.connect("statements").await;
        let sample = probed(&session).await;
        let statements = sample.statements.expect("they are there");
        let slow = statements
            .iter()
            .find(|found| found.text.contains("pg_sleep"));
        let slow = slow.unwrap_or_else(|| panic!("{statements:?}"));
        assert!(slow.calls == 1 && slow.total_ms >= 200.0, "{slow:?}");
        assert!(
            !format!("{statements:?}").contains("4714"),
            "{statements:?}"
        );
        read += 1;
    }
    assert!(
        read > 0,
        "one of the servers has it (Debian: postgresql-15)"
    );
}

#[tokio::test]
async fn a_role_without_rights_is_told_what_it_cannot_see() {
    for server in one_of_each() {
        server.create_database("unseen").await;
        server.create_role("blind", "").await;
        let place = server.place_of("blind", "").with_database("unseen");
        let session = open(&place).await.unwrap();
        let sample = probed(&session).await;
        assert!(!sample.sees_others);
        assert!(sample.connections >= 1);
    }
}
