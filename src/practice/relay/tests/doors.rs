//! Who is let in, and what the others are told.

use super::*;
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
    assert!(
        practice
            .psql_complaint("sslmode=disable")
            .await
            .contains(text)
    );
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
        .password(PASSWORD);
    assert_eq!(
        refusal(&config).await,
        (SqlState::INTERNAL_ERROR, text.to_owned())
    );
    assert!(
        practice
            .psql_complaint("host=ep-other.practice.localhost")
            .await
            .contains(text)
    );
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
        .password(PASSWORD)
        .dbname("postgres");
    let (code, text) = refusal(&config).await;
    assert_eq!(code, SqlState::INTERNAL_ERROR);
    assert!(
        text.starts_with("Endpoint ID is not specified. Either please upgrade"),
        "{text}"
    );
    let complaint = practice.psql_complaint("sslsni=0").await;
    assert!(
        complaint.contains("'?options=endpoint%3D<endpoint-id>'"),
        "{complaint}"
    );

    config.options(format!("-c geqo=off endpoint={ENDPOINT}"));
    let session = connect(&config).await.unwrap();
    let row = session.client.query_one("SHOW geqo", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "off");
    let parameters = format!("sslsni=0 options='endpoint={ENDPOINT} -cgeqo=off'");
    assert_eq!(practice.psql_answer(&parameters, "SHOW geqo").await, "off");
    let complaint = practice.psql_complaint("options=endpoint=ep-other").await;
    assert!(
        complaint.contains("Inconsistent project name"),
        "{complaint}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_neons_words() {
    let practice = practice().await;
    let mut config = practice.config();
    config.password("wrong");
    let text = format!("password authentication failed for user '{USER}'");
    assert_eq!(refusal(&config).await, (SqlState::INTERNAL_ERROR, text));
    let complaint = practice.psql_complaint("user=stranger").await;
    assert!(
        complaint.contains("ERROR:  password authentication failed for user 'stranger'"),
        "{complaint}"
    );
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
    let host = format!("host={}", practice.relay.pooled_host_name());
    assert_eq!(practice.psql_answer(&host, "SELECT 42").await, "42");
    let complaint = practice
        .psql_complaint(&format!(
            "{host} options='-c DateStyle=ISO -c search_path=public'"
        ))
        .await;
    assert!(
        complaint.contains(
            "unsupported startup parameter in options: search_path. Please use unpooled connection"
        ),
        "{complaint}"
    );
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
        assert_eq!(
            practice.psql_answer(&parameters, "SELECT 42").await,
            "42",
            "{version}"
        );
    }
    let complaint = practice
        .psql_complaint(&format!("{verified} host=practice.example"))
        .await;
    assert!(
        complaint.contains("does not match host name"),
        "{complaint}"
    );
    let old = "ssl_min_protocol_version=TLSv1.1 ssl_max_protocol_version=TLSv1.1";
    practice.psql_complaint(old).await;
}

#[tokio::test]
async fn only_neons_startup_parameters_are_forwarded() {
    let practice = practice().await;
    let sql =
        "SELECT current_setting('application_name'), current_setting('TimeZone') = 'Asia/Tokyo'";
    assert_eq!(
        practice.psql_answer("application_name=knock", sql).await,
        "knock|f"
    );
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
