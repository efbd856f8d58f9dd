use crate::postgres::test_server::{NEON_HOST, TestServer, open, start};
use crate::postgres::tls::probe;
use crate::postgres::{Cause, ConnectionString, Error};

async fn is_encrypted(place: &ConnectionString) -> Result<bool, Error> {
    let session = open(place).await?;
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row = session
        .query_one(sql, &[])
        .await
        .map_err(Error::while_doing("asking for TLS"))?;
    session.close().await;
    Ok(row.get(0))
}

async fn outcome(place: &ConnectionString) -> Result<bool, Option<Cause>> {
    is_encrypted(place).await.map_err(|error| error.cause())
}

fn with_root(server: &TestServer, mode: &str, root: &std::path::Path) -> ConnectionString {
    server.place(&format!("sslmode={mode} sslrootcert={}", root.display()))
}

#[tokio::test]
async fn every_sslmode_means_what_it_means_in_libpq() {
    let server = start().await;
    for (user, mode, expected) in [
        ("postgres", "disable", Ok(false)),
        ("postgres", "allow", Ok(false)),
        ("postgres", "prefer", Ok(true)),
        ("postgres", "require", Ok(true)),
        ("tls_only", "disable", Err(Some(Cause::NoHbaEntry))),
        ("tls_only", "allow", Ok(true)),
        ("plain_only", "prefer", Ok(false)),
        ("plain_only", "require", Err(Some(Cause::NoHbaEntry))),
        ("postgres", "verify-ca", Err(Some(Cause::RootCertificate))),
        (
            "postgres",
            "verify-full",
            Err(Some(Cause::CertificateNotTrusted)),
        ),
    ] {
        let place = server.place_of(user, &format!("sslmode={mode}"));
        assert_eq!(outcome(&place).await, expected, "{user} {mode}");
    }
    let (right, wrong) = (server.root(), server.wrong_root());
    let missing = right.with_file_name("missing.crt");
    let untrusted = Err(Some(Cause::CertificateNotTrusted));
    for (mode, root, expected) in [
        ("verify-ca", &right, Ok(true)),
        ("verify-full", &right, Ok(true)),
        ("verify-ca", &wrong, untrusted),
        ("verify-full", &wrong, untrusted),
        // As libpq does: a root file is used whenever it exists, and `prefer` gives way.
        ("require", &right, Ok(true)),
        ("require", &wrong, untrusted),
        ("require", &missing, Ok(true)),
        ("prefer", &wrong, Ok(false)),
        ("verify-ca", &missing, Err(Some(Cause::RootCertificate))),
    ] {
        let place = with_root(&server, mode, root);
        assert_eq!(outcome(&place).await, expected, "{mode} {}", root.display());
    }
    let system = server.place("sslrootcert=system");
    assert_eq!(outcome(&system).await, untrusted);
    let socket = server.place(&format!(
        "host={} hostaddr='' sslmode=require",
        server.socket().display()
    ));
    assert!(socket.is_unix_socket());
    assert!(open(&socket).await.is_ok());
}

#[tokio::test]
async fn the_host_is_verified_also_when_an_address_is_given() {
    let server = start().await;
    let of_host = |host: &str, mode| {
        with_root(&server, mode, &server.root())
            .url()
            .replace("localhost", host)
    };
    let place = |host: &str, mode| {
        let place = ConnectionString::parse(&of_host(host, mode)).unwrap();
        place.with_password(server.place("").password().unwrap().clone())
    };
    assert_eq!(outcome(&place(NEON_HOST, "verify-full")).await, Ok(true));
    let other = "ep-other-1.eu-central-1.aws.neon.tech";
    let refused = Err(Some(Cause::CertificateForOtherHost));
    assert_eq!(outcome(&place(other, "verify-full")).await, refused);
    assert_eq!(outcome(&place(other, "verify-ca")).await, Ok(true));
    let error = probe(&place(other, "verify-full")).await.unwrap_err();
    assert_eq!(
        error.cause(),
        Some(Cause::CertificateForOtherHost),
        "{error:?}"
    );
}

#[tokio::test]
async fn channel_binding_is_used_and_can_be_insisted_on() {
    let server = start().await;
    let bound = server.place("sslmode=require channel_binding=require");
    assert_eq!(outcome(&bound).await, Ok(true));
    let unbound = server.place("sslmode=disable channel_binding=require");
    assert_eq!(outcome(&unbound).await, Err(Some(Cause::ChannelBinding)));
}

#[tokio::test]
async fn a_probe_tells_protocol_and_certificate() {
    let server = start().await;
    let facts = probe(&server.place("sslmode=require"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(facts.protocol, "TLSv1.3");
    assert!(facts.cipher.starts_with("TLS_"), "{facts:?}");
    assert_eq!(
        (&*facts.subject, &*facts.issuer),
        ("CN=localhost", "CN=Test Authority")
    );
    assert!(
        (29..=30).contains(&facts.expires_in_days) && facts.expires.ends_with("GMT"),
        "{facts:?}"
    );
    assert!(!facts.verified && facts.distrusted.is_some(), "{facts:?}");
    let facts = probe(&with_root(&server, "verify-full", &server.root()))
        .await
        .unwrap()
        .unwrap();
    assert!(facts.verified && facts.distrusted.is_none(), "{facts:?}");
    let error = probe(&with_root(&server, "verify-full", &server.wrong_root()))
        .await
        .unwrap_err();
    assert_eq!(
        error.cause(),
        Some(Cause::CertificateNotTrusted),
        "{error:?}"
    );
    assert_eq!(probe(&server.place("sslmode=disable")).await.unwrap(), None);
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let server = start().await;
    let session = server.connect().await;
    session
        .batch("turning TLS off", "ALTER SYSTEM SET ssl = off")
        .await
        .unwrap();
    session
        .batch("reloading", "SELECT pg_reload_conf()")
        .await
        .unwrap();
    // The reload is asynchronous.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    session.close().await;
    let place = server.place("sslmode=require");
    while outcome(&place).await.is_ok() {
        assert!(std::time::Instant::now() < deadline, "TLS stayed on");
    }
    assert_eq!(outcome(&place).await, Err(Some(Cause::TlsNotSupported)));
    let error = probe(&place).await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::TlsNotSupported));
    assert_eq!(outcome(&server.place("sslmode=prefer")).await, Ok(false));
    assert_eq!(probe(&server.place("sslmode=prefer")).await.unwrap(), None);
}
