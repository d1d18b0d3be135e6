//! Decides whether a server's certificate is good enough, as libpq decides it.
//!
//! rustls alone is stricter: it wants a subjectAltName and an authority apart from the certificate. PostgreSQL's own
//! documentation makes certificates without either, and libpq accepts them.

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature_with_raw_key};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};

const SUBJECT_ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// How much of a certificate is checked; the handshake's signature always is.
#[derive(Debug)]
pub(super) enum Trust {
    /// Nothing: the connection is encrypted, but anybody may be at the other end.
    Anybody,
    /// That an authority signed it.
    Signed(Authorities),
    /// That an authority signed it for the host that we asked for.
    SignedForHost(Authorities),
}

/// The certificates of `sslrootcert`.
#[derive(Debug)]
pub(super) struct Authorities {
    roots: RootCertStore,
    /// A server's own certificate may be in the file: then it vouches for itself.
    certificates: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// Takes what can be read as certificates of authorities.
    pub(super) fn new(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        Self { roots, certificates }
    }

    fn vouch_for(&self, shown: &Shown<'_>, provider: &CryptoProvider) -> Result<(), Error> {
        if self.certificates.iter().any(|certificate| certificate == shown.certificate) {
            return check_dates(shown);
        }
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(shown.certificate)?,
            &self.roots,
            shown.intermediates,
            shown.now,
            provider.signature_verification_algorithms.all,
        )
    }
}

/// What the server shows.
struct Shown<'a> {
    certificate: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    now: UnixTime,
}

/// The decision, for rustls.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) trust: Trust,
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Shown { certificate, intermediates, now };
        match &self.trust {
            Trust::Anybody => {}
            Trust::Signed(authorities) => authorities.vouch_for(&shown, &self.provider)?,
            Trust::SignedForHost(authorities) => {
                authorities.vouch_for(&shown, &self.provider)?;
                check_name(certificate, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    /// By the key alone, so that certificates of X.509 version 1 pass, which the documentation of PostgreSQL makes.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = parse(certificate)?
            .tbs_certificate
            .subject_public_key_info
            .to_der()
            .map_err(|_| CertificateError::BadEncoding)?;
        let key = SubjectPublicKeyInfoDer::from(key);
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn parse(certificate: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding.into())
}

fn check_dates(shown: &Shown<'_>) -> Result<(), Error> {
    let validity = parse(shown.certificate)?.tbs_certificate.validity;
    let now = shown.now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// The host must be among the alternative names; where there are none at all, libpq takes the common name.
fn check_name(certificate: &CertificateDer<'_>, server_name: &ServerName<'_>) -> Result<(), Error> {
    let parsed = parse(certificate)?.tbs_certificate;
    let extensions = parsed.extensions.unwrap_or_default();
    if extensions.iter().any(|extension| extension.extn_id == SUBJECT_ALTERNATIVE_NAME) {
        return verify_server_name(&ParsedCertificate::try_from(certificate)?, server_name);
    }
    let host = server_name.to_str();
    let common_names = parsed.subject.0.iter().flat_map(|names| names.0.iter());
    let matched = common_names
        .filter(|attribute| attribute.oid == COMMON_NAME)
        .any(|attribute| std::str::from_utf8(attribute.value.value()).is_ok_and(|name| fits(name, &host)));
    if matched { Ok(()) } else { Err(CertificateError::NotValidForName.into()) }
}

/// Equal but for case; `*.` stands for exactly one label.
fn fits(pattern: &str, host: &str) -> bool {
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(domain), Some((label, rest))) => {
            !label.is_empty() && domain.contains('.') && domain.eq_ignore_ascii_case(rest)
        }
        (Some(_), None) => false,
        (None, _) => pattern.eq_ignore_ascii_case(host),
    }
}
