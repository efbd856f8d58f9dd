//! Encryption, by every mode and every door.

use crate::doors::{Door, Kind, doors, trusting};
use crate::server::{open, plain};
use neonlift::postgres::tls::probe;
use neonlift::postgres::{Cause, Error};

type Outcome = Result<bool, Option<Cause>>;

const UNTRUSTED: Outcome = Err(Some(Cause::CertificateNotTrusted));
const NO_RULE: Outcome = Err(Some(Cause::NoHbaEntry));

#[tokio::test]
async fn every_sslmode_means_what_it_means_in_libpq() {
    for door in doors().await {
        // The relay wants TLS of everyone; the server behind it sees everyone without.
        let of_kind = match door.kind {
            Kind::Server => [
                ("postgres", "disable", Ok(false)),
                ("postgres", "allow", Ok(false)),
                ("tls_only", "disable", NO_RULE),
                ("tls_only", "allow", Ok(true)),
                ("plain_only", "prefer", Ok(false)),
                ("plain_only", "require", NO_RULE),
                ("tls_only", "require", Ok(true)),
            ],
            Kind::Relay => [
                ("postgres", "disable", Err(Some(Cause::TlsRequired))),
                ("postgres", "allow", Ok(true)),
                ("tls_only", "disable", Err(Some(Cause::TlsRequired))),
                ("tls_only", "allow", Err(Some(Cause::TlsRequired))),
                ("tls_only", "require", NO_RULE),
                ("plain_only", "prefer", Ok(true)),
                ("plain_only", "require", Ok(true)),
            ],
        };
        let of_all = [
            ("postgres", "prefer", Ok(true)),
            ("postgres", "require", Ok(true)),
            ("postgres", "verify-ca", Err(Some(Cause::RootCertificate))),
            ("postgres", "verify-full", UNTRUSTED),
        ];
        for (user, mode, expected) in of_kind.into_iter().chain(of_all) {
            let place = door.place_of(user, &format!("sslmode={mode}"));
            assert_eq!(
                door.outcome(&place).await,
                expected,
                "{:?} {user} {mode}",
                door.kind
            );
        }
    }
}

#[tokio::test]
async fn plain_text_is_refused_by_the_relay_in_neons_words() {
    let door = crate::doors::relayed().await;
    let error = open(&door.place("sslmode=disable")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("XX000"));
    let text = neonlift::failure::chain(&error);
    assert!(
        text.contains("connection is insecure (try using `sslmode=require`)"),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_of_authorities_is_used_as_by_libpq() {
    for door in doors().await {
        let (right, wrong, missing) = (door.root(), door.wrong_root(), door.missing_root());
        // `prefer` gives way to a session without TLS, which the relay refuses.
        let given_way = match door.kind {
            Kind::Server => Ok(false),
            Kind::Relay => UNTRUSTED,
        };
        for (mode, root, expected) in [
            ("verify-ca", &right, Ok(true)),
            ("verify-full", &right, Ok(true)),
            ("verify-ca", &wrong, UNTRUSTED),
            ("verify-full", &wrong, UNTRUSTED),
            // A root file is used whenever it exists.
            ("require", &right, Ok(true)),
            ("require", &wrong, UNTRUSTED),
            ("require", &missing, Ok(true)),
            ("prefer", &wrong, given_way),
            ("verify-ca", &missing, Err(Some(Cause::RootCertificate))),
            ("verify-full", &missing, Err(Some(Cause::RootCertificate))),
        ] {
            let place = door.place(&trusting(mode, root));
            let file = root.display();
            assert_eq!(
                door.outcome(&place).await,
                expected,
                "{:?} {mode} {file}",
                door.kind
            );
        }
        let system = door.place("sslrootcert=system");
        assert_eq!(door.outcome(&system).await, UNTRUSTED);
    }
}

#[tokio::test]
async fn a_unix_socket_needs_no_encryption() {
    for server in crate::server::one_of_each() {
        let folder = server.folder().display();
        let socket = server.place(&format!("host={folder} hostaddr='' sslmode=require"));
        assert!(socket.is_unix_socket());
        assert!(open(&socket).await.is_ok());
    }
}

#[tokio::test]
async fn the_host_is_verified_also_when_an_address_is_given() {
    for door in doors().await {
        let full = trusting("verify-full", &door.root());
        let authority = trusting("verify-ca", &door.root());
        let own = door.place_named(&door.other_name, &full);
        assert_eq!(door.outcome(&own).await, Ok(true));
        let other = "ep-other-1.eu-central-1.aws.neon.tech";
        let place = door.place_named(other, &full);
        let refused = Err(Some(Cause::CertificateForOtherHost));
        assert_eq!(door.outcome(&place).await, refused);
        let error = probe(&place).await.unwrap_err();
        assert_eq!(
            error.cause(),
            Some(Cause::CertificateForOtherHost),
            "{error:?}"
        );
        // The relay finds its endpoint by the name.
        let unchecked = match door.kind {
            Kind::Server => Ok(true),
            Kind::Relay => Err(Some(Cause::EndpointNotNamed)),
        };
        let place = door.place_named(other, &authority);
        assert_eq!(door.outcome(&place).await, unchecked);
    }
}

#[tokio::test]
async fn channel_binding_is_used_and_can_be_insisted_on() {
    let missing = Err(Some(Cause::ChannelBinding));
    for door in doors().await {
        let insisting = door.place("sslmode=require channel_binding=require");
        let expected = match door.kind {
            Kind::Server => Ok(true),
            Kind::Relay => missing,
        };
        assert_eq!(door.outcome(&insisting).await, expected, "{:?}", door.kind);
        let preferring = door.place("sslmode=require channel_binding=prefer");
        assert_eq!(door.outcome(&preferring).await, Ok(true), "{:?}", door.kind);
    }
    let unencrypted = plain().place("sslmode=disable channel_binding=require");
    let cause = open(&unencrypted).await.map_err(|error| error.cause());
    assert_eq!(cause.err(), Some(Some(Cause::ChannelBinding)));
}

async fn assert_probed(door: &Door, subject: &str, issuer: &str, days: i32) {
    let facts = probe(&door.place("sslmode=require"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(facts.protocol, "TLSv1.3");
    assert!(facts.cipher.starts_with("TLS_"), "{facts:?}");
    assert_eq!((&*facts.subject, &*facts.issuer), (subject, issuer));
    assert!(
        (days - 1..=days).contains(&facts.expires_in_days),
        "{facts:?}"
    );
    assert!(facts.expires.ends_with("GMT"), "{facts:?}");
    assert!(!facts.verified && facts.distrusted.is_some(), "{facts:?}");
}

#[tokio::test]
async fn a_probe_tells_protocol_and_certificate() {
    for door in doors().await {
        let practice = "CN=*.practice.localhost";
        match door.kind {
            Kind::Server => assert_probed(&door, "CN=localhost", "CN=Test Authority", 30).await,
            Kind::Relay => assert_probed(&door, practice, practice, 397).await,
        }
        let right = door.place(&trusting("verify-full", &door.root()));
        let facts = probe(&right).await.unwrap().unwrap();
        assert!(facts.verified && facts.distrusted.is_none(), "{facts:?}");
        let wrong = door.place(&trusting("verify-full", &door.wrong_root()));
        let error = probe(&wrong).await.unwrap_err();
        assert_eq!(
            error.cause(),
            Some(Cause::CertificateNotTrusted),
            "{error:?}"
        );
        assert_eq!(probe(&door.place("sslmode=disable")).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let server = plain();
    let insisting = server.place("sslmode=require");
    let error: Error = open(&insisting).await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::TlsNotSupported));
    let error = probe(&insisting).await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::TlsNotSupported));
    assert!(open(&server.place("sslmode=prefer")).await.is_ok());
    assert_eq!(probe(&server.place("sslmode=prefer")).await.unwrap(), None);
}
