//! The relay's certificate: made at each start, signed by itself, known to nobody.

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    self, AlpnError, SslAcceptor, SslMethod, SslOptions, SslSessionCacheMode, SslVersion,
};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};

/// Systems refuse certificates that are valid for longer than 398 days.
const DAYS: u32 = 397;
/// The one protocol that `sslnegotiation=direct` asks for, in ALPN's form (length, name).
const ALPN: &[u8] = b"\x0apostgresql";

/// A certificate for every name of one domain, as Neon has one for every endpoint of a region,
/// and TLS that shows it.
pub(super) struct Certificate {
    /// The certificate in PEM: what `sslrootcert` takes.
    pub(super) pem: String,
    /// TLS 1.2 and 1.3 with this certificate.
    pub(super) acceptor: SslAcceptor,
}

/// Makes a key and a certificate for `*.<domain>`.
pub(super) fn issue(domain: &str) -> Result<Certificate, ErrorStack> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&curve)?)?;
    let certificate = sign(domain, &key)?;
    let pem = String::from_utf8_lossy(&certificate.to_pem()?).into_owned();
    Ok(Certificate {
        pem,
        acceptor: acceptor(&certificate, &key)?,
    })
}

fn sign(domain: &str, key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let wildcard = format!("*.{domain}");
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, &wildcard)?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;

    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(serial.to_asn1_integer()?.as_ref())?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
    builder.set_not_after(Asn1Time::days_from_now(DAYS)?.as_ref())?;
    builder.set_pubkey(key)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    let context = builder.x509v3_context(None, None);
    let names = SubjectAlternativeName::new()
        .dns(&wildcard)
        .build(&context)?;
    builder.append_extension(names)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn acceptor(certificate: &X509, key: &PKey<Private>) -> Result<SslAcceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_private_key(key)?;
    builder.set_certificate(certificate)?;
    builder.check_private_key()?;
    // Without resumption every handshake carries its own server name.
    builder.set_options(SslOptions::NO_TICKET);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_alpn_select_callback(|_, offered| {
        ssl::select_next_proto(ALPN, offered).ok_or(AlpnError::ALERT_FATAL)
    });
    Ok(builder.build())
}
