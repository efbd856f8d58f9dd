//! Who is let in, and what the others are told.

use super::*;
use crate::failure::chain;
use native_tls::{Certificate, Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_postgres::NoTls;
use tokio_postgres::config::{SslMode, SslNegotiation};

#[tokio::test]
async fn plain_text_is_refused() {
    let practice = practice().await;
    let text = "connection is insecure (try using `sslmode=require`)";
    let mut config = practice.config();
    let Err(error) = config.ssl_mode(SslMode::Disable).connect(NoTls).await else {
        panic!("plain text was let in")
    };
    let error = error.as_db_error().expect("an error of the relay");
    assert_eq!(
        (error.code(), error.message()),
        (&SqlState::INTERNAL_ERROR, text)
    );
    practice.psql_complains("sslmode=disable", text).await;
}

#[tokio::test]
async fn an_unknown_endpoint_is_refused() {
    let practice = practice().await;
    let text = "Control plane request failed: endpoint cannot be found";
    let mut config = Config::new();
    config
        .host("ep-other.practice.localhost")
        .hostaddr(practice.relay.address().ip());
    config
        .port(practice.relay.address().port())
        .user(USER)
        .password(practice.server.password());
    assert_eq!(
        refusal(&config).await,
        (SqlState::INTERNAL_ERROR, text.to_owned())
    );
    practice
        .psql_complains("host=ep-other.practice.localhost", text)
        .await;
}

#[tokio::test]
async fn without_a_server_name_the_option_says_the_endpoint() {
    let practice = practice().await;
    let address = practice.relay.address();
    let mut config = Config::new();
    config
        .host("127.0.0.1")
        .port(address.port())
        .user(USER)
        .password(practice.server.password())
        .dbname("postgres");
    let (code, text) = refusal(&config).await;
    assert_eq!(code, SqlState::INTERNAL_ERROR);
    assert!(
        text.starts_with("Endpoint ID is not specified. Either please upgrade"),
        "{text}"
    );
    let hint = "'?options=endpoint%3D<endpoint-id>'";
    practice.psql_complains("sslsni=0", hint).await;

    config.options(format!("-c geqo=off endpoint={ENDPOINT}"));
    let session = connect(&config).await.unwrap();
    let row = session.client.query_one("SHOW geqo", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "off");
    let parameters = format!("sslsni=0 options='endpoint={ENDPOINT} -cgeqo=off'");
    practice.psql_answers(&parameters, "SHOW geqo", "off").await;
    let mut config = practice.config();
    config.options("endpoint=ep-other");
    let inconsistent = "Inconsistent project name";
    assert!(refusal(&config).await.1.starts_with(inconsistent));
    practice
        .psql_complains("options=endpoint=ep-other", inconsistent)
        .await;
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_neons_words() {
    let practice = practice().await;
    let mut config = practice.config();
    config.password("wrong");
    let text = format!("password authentication failed for user '{USER}'");
    assert_eq!(refusal(&config).await, (SqlState::INTERNAL_ERROR, text));
    let text = "ERROR:  password authentication failed for user 'stranger'";
    practice.psql_complains("user=stranger", text).await;
}

#[tokio::test]
async fn other_errors_before_a_session_begins_keep_only_their_text() {
    let practice = practice().await;
    let mut config = practice.config();
    config.dbname("nowhere");
    let text = "database \"nowhere\" does not exist".to_owned();
    assert_eq!(refusal(&config).await, (SqlState::INTERNAL_ERROR, text));
    let session = practice.connect().await.unwrap();
    let error = session
        .client
        .query("SELECT nowhere", &[])
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        Some(&SqlState::UNDEFINED_COLUMN),
        "a session's errors stay as they are"
    );
}

#[tokio::test]
async fn the_pooled_name_refuses_options() {
    let practice = practice().await;
    let pooled = practice.relay.pooled_host_name();
    let mut config = Config::new();
    config
        .host(&pooled)
        .hostaddr(practice.relay.address().ip())
        .port(practice.relay.address().port())
        .user(USER)
        .password(practice.server.password())
        .dbname("postgres");
    let session = connect(&config).await.unwrap();
    assert_eq!(session.answer().await.unwrap(), 42);
    let options = "-c DateStyle=ISO -c search_path=public";
    let text =
        "unsupported startup parameter in options: search_path. Please use unpooled connection";
    let (_, refused) = refusal(config.options(options)).await;
    assert!(refused.starts_with(text), "{refused}");
    let host = format!("host={pooled}");
    practice.psql_answers(&host, "SELECT 42", "42").await;
    let parameters = format!("{host} options='{options}'");
    practice.psql_complains(&parameters, text).await;
}

/// Connects with one protocol version, trusting nothing but the relay's certificate.
async fn verified(practice: &Practice, config: &Config, version: Protocol) -> Result<i32, String> {
    let root = Certificate::from_pem(practice.relay.certificate_pem().as_bytes()).unwrap();
    let connector = native_tls::TlsConnector::builder()
        .disable_built_in_roots(true)
        .add_root_certificate(root)
        .min_protocol_version(Some(version))
        .max_protocol_version(Some(version))
        .build()
        .unwrap();
    let connecting = within(config.connect(MakeTlsConnector::new(connector)));
    let (client, connection) = connecting.await.map_err(|error| chain(&error))?;
    let end = tokio::spawn(connection);
    Ok(Session { client, end }.answer().await.unwrap())
}

#[tokio::test]
async fn the_certificate_can_be_verified() {
    let practice = practice().await;
    for version in [Protocol::Tlsv12, Protocol::Tlsv13] {
        assert_eq!(
            verified(&practice, &practice.config(), version).await,
            Ok(42)
        );
    }
    let mut config = Config::new();
    config
        .host("practice.example")
        .hostaddr(practice.relay.address().ip())
        .port(practice.relay.address().port())
        .user(USER)
        .ssl_mode(SslMode::Require);
    let error = verified(&practice, &config, Protocol::Tlsv13).await;
    let error = error.unwrap_err();
    assert!(error.contains("hostname mismatch"), "{error}");
}

#[tokio::test]
async fn psql_verifies_the_certificate_and_gets_an_answer() {
    let practice = practice().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.pem");
    std::fs::write(&path, practice.relay.certificate_pem()).unwrap();
    let verified = format!("sslmode=verify-full sslrootcert={}", path.display());
    for version in ["TLSv1.2", "TLSv1.3"] {
        let parameters = format!(
            "{verified} ssl_min_protocol_version={version} ssl_max_protocol_version={version}"
        );
        practice.psql_answers(&parameters, "SELECT 42", "42").await;
    }
    let elsewhere = format!("{verified} host=practice.example");
    practice
        .psql_complains(&elsewhere, "does not match host name")
        .await;
    let old = "ssl_min_protocol_version=TLSv1.1 ssl_max_protocol_version=TLSv1.1";
    practice.psql_complains(old, "SSL error").await;
}

#[tokio::test]
async fn only_neons_startup_parameters_are_forwarded() {
    let practice = practice().await;
    let sql =
        "SELECT current_setting('application_name'), current_setting('TimeZone') = 'Asia/Tokyo'";
    practice
        .psql_answers("application_name=knock", sql, "knock|f")
        .await;
    let mut config = practice.config();
    let Session { client, .. } = connect(config.application_name("knock")).await.unwrap();
    let row = client
        .query_one("SHOW application_name", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, String>(0), "knock");
}

#[tokio::test]
async fn tls_may_come_first() {
    let practice = practice().await;
    let mut builder = native_tls::TlsConnector::builder();
    builder.danger_accept_invalid_certs(true);
    postgres_native_tls::set_postgresql_alpn(&mut builder);
    let connector = MakeTlsConnector::new(builder.build().unwrap());
    let mut config = practice.config();
    config.ssl_negotiation(SslNegotiation::Direct);
    let (client, connection) = within(config.connect(connector)).await.unwrap();
    let end = tokio::spawn(connection);
    assert_eq!(Session { client, end }.answer().await.unwrap(), 42);
}

#[tokio::test]
async fn refuse_counts_down() {
    let practice = practice().await;
    assert!(practice.relay.faults().command("refuse 2").is_ok());
    for _ in 0..2 {
        let text = "Too many connections to this endpoint. Please try again later.".to_owned();
        assert_eq!(
            refusal(&practice.config()).await,
            (SqlState::INTERNAL_ERROR, text)
        );
    }
    assert_eq!(
        practice.connect().await.unwrap().answer().await.unwrap(),
        42
    );
}

#[tokio::test]
async fn without_a_server_behind_it_says_so() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut practice = practice().await;
    practice.relay = Relay::start(nobody, ENDPOINT).await.unwrap();
    let (code, text) = refusal(&practice.config()).await;
    assert_eq!(
        (code, text.as_str()),
        (SqlState::INTERNAL_ERROR, "Couldn't connect to compute node")
    );
}

#[tokio::test]
async fn the_first_packets_are_answered_as_the_protocol_says() {
    let practice = practice().await;
    let mut stream = tokio::net::TcpStream::connect(practice.relay.address())
        .await
        .unwrap();
    for (request, answer) in [(80_877_104_u32, b'N'), (80_877_103, b'S')] {
        stream
            .write_all(&[8_u32.to_be_bytes(), request.to_be_bytes()].concat())
            .await
            .unwrap();
        assert_eq!(within(stream.read_u8()).await.unwrap(), answer, "{request}");
    }
    let mut stream = tokio::net::TcpStream::connect(practice.relay.address())
        .await
        .unwrap();
    stream.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
    assert!(
        within(stream.read_u8()).await.is_err(),
        "a length that cannot be ends it"
    );
}
