//! Certificates: authorities', and a server's signed by one.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The name in a server's certificate beside `localhost`.
pub(crate) const NEON_HOST: &str = "ep-practice-1.eu-central-1.aws.neon.tech";

/// Writes `server.crt` and `server.key`, and `root.crt` of the authority that signed it.
pub(crate) fn write_server(folder: &Path) {
    let (root, root_key) = certificate("Test Authority", None);
    let (server, server_key) = certificate("localhost", Some((&root, &root_key)));
    std::fs::write(folder.join("root.crt"), root.to_pem().unwrap()).unwrap();
    std::fs::write(folder.join("server.crt"), server.to_pem().unwrap()).unwrap();
    let key = folder.join("server.key");
    std::fs::write(&key, server_key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
}

/// The certificate, in PEM, of an authority that signed nothing.
pub(crate) fn wrong_authority() -> Vec<u8> {
    certificate("Wrong Authority", None).0.to_pem().unwrap()
}

/// A certificate and its key: an authority's, or a server's signed by one.
fn certificate(name: &str, issuer: Option<(&X509, &PKey<Private>)>) -> (X509, PKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut serial = BigNum::new().unwrap();
    serial.rand(100, MsbOption::MAYBE_ZERO, false).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(30).unwrap())
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    let (issuer_name, signer) = match issuer {
        Some((certificate, signer)) => {
            let context = builder.x509v3_context(Some(certificate), None);
            let mut names = SubjectAlternativeName::new();
            let names = names
                .dns("localhost")
                .dns(NEON_HOST)
                .build(&context)
                .unwrap();
            builder.append_extension(names).unwrap();
            (certificate.subject_name(), signer)
        }
        None => {
            let authority = BasicConstraints::new().critical().ca().build().unwrap();
            builder.append_extension(authority).unwrap();
            (&*subject, &key)
        }
    };
    builder.set_issuer_name(issuer_name).unwrap();
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    (builder.build(), key)
}
