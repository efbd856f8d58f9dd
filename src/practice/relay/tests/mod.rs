//! The relay in front of a real PostgreSQL server, used by real clients.

mod doors;
mod road;
mod server;

use super::Relay;
use postgres_native_tls::MakeTlsConnector;
use server::{Server, USER, WITHOUT_TLS, postgres};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};

const ENDPOINT: &str = "ep-quiet-dawn-123456";
/// No test waits longer than this for anything.
const DEADLINE: Duration = Duration::from_secs(60);

struct Practice {
    relay: Relay,
    server: Arc<Server>,
}

/// A session, and what its connection ends with.
struct Session {
    client: Client,
    end: JoinHandle<Result<(), Error>>,
}

async fn practice() -> Practice {
    let server = postgres().await;
    let relay = Relay::start(server.address(), ENDPOINT).await.unwrap();
    Practice { relay, server }
}

fn tls() -> MakeTlsConnector {
    let connector = native_tls::TlsConnector::builder()
        .danger_accept_invalid_certs(true)
        .danger_accept_invalid_hostnames(true)
        .build()
        .unwrap();
    MakeTlsConnector::new(connector)
}

impl Practice {
    /// What a client has to know to reach the endpoint.
    fn config(&self) -> Config {
        let address = self.relay.address();
        let mut config = Config::new();
        config
            .host(self.relay.host_name())
            .hostaddr(address.ip())
            .port(address.port())
            .user(USER)
            .password(self.server.password())
            .dbname("postgres")
            .ssl_mode(tokio_postgres::config::SslMode::Require);
        config
    }

    async fn connect(&self) -> Result<Session, Error> {
        connect(&self.config()).await
    }

    /// psql's output for one command, with `parameters` on top of the endpoint's.
    async fn psql(&self, parameters: &str, sql: &str) -> Output {
        let address = self.relay.address();
        let conninfo = format!(
            "host={} hostaddr={} port={} user={USER} dbname=postgres sslmode=require \
             connect_timeout=30 {parameters}",
            self.relay.host_name(),
            address.ip(),
            address.port(),
        );
        tokio::process::Command::new(&self.server.psql.path)
            .args(["-X", "-A", "-t", "-d", &conninfo, "-c", sql])
            .env("PGPASSWORD", self.server.password())
            .env("PGTZ", "Asia/Tokyo")
            .kill_on_drop(true)
            .output()
            .await
            .unwrap()
    }

    /// psql complains of this; without TLS, of that as soon as it is asked for.
    async fn psql_complains(&self, parameters: &str, expected: &str) {
        let output = self.psql(parameters, "SELECT 1").await;
        assert!(!output.status.success(), "psql got in with {parameters}");
        let able = self.server.psql.speaks_tls || parameters.contains("sslmode=disable");
        let expected = if able { expected } else { WITHOUT_TLS };
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains(expected), "{complaint}");
    }

    /// psql gets this answer; without TLS it says that it cannot ask.
    async fn psql_answers(&self, parameters: &str, sql: &str, expected: &str) {
        let output = self.psql(parameters, sql).await;
        let complaint = String::from_utf8(output.stderr).unwrap();
        if self.server.psql.speaks_tls {
            let answer = String::from_utf8(output.stdout).unwrap();
            assert_eq!(answer.trim(), expected, "{parameters}: {complaint}");
        } else {
            assert!(complaint.contains(WITHOUT_TLS), "{complaint}");
        }
    }
}

async fn connect(config: &Config) -> Result<Session, Error> {
    let (client, connection) = within(config.connect(tls())).await?;
    Ok(Session {
        client,
        end: tokio::spawn(connection),
    })
}

impl Session {
    /// Asks something that leaves nothing behind, as a prepared statement would.
    async fn answer(&self) -> Result<i32, Error> {
        let messages = within(self.client.simple_query("SELECT 42")).await?;
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        Ok(row.expect("a row").parse().unwrap())
    }
}

/// The refusal that a connection met.
async fn refusal(config: &Config) -> (SqlState, String) {
    let Err(error) = connect(config).await else {
        panic!("the relay let it in")
    };
    let error = error
        .as_db_error()
        .unwrap_or_else(|| panic!("not the server's error: {error:?}"));
    (error.code().clone(), error.message().to_owned())
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .expect("done before the deadline")
}
