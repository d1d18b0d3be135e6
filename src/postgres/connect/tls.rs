//! How a connection is encrypted: libpq's `ssl…` parameters as a configuration of rustls.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};

use super::certificate::{Authorities, Trust, Verifier};
use super::environment::Environment;
use super::parameters::{Parameters, unusable};
use crate::error::{Error, Result};

/// libpq's `sslmode`, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// How connections over TCP are encrypted; those through a Unix socket never are.
#[derive(Clone)]
pub(super) struct Encryption {
    mode: Mode,
    pub(super) negotiation: SslNegotiation,
    pub(super) connector: MakeRustlsConnect,
}

impl Encryption {
    pub(super) fn of(environment: &Environment, parameters: &Parameters) -> Result<Self> {
        let mode = mode(parameters)?;
        if mode == Mode::Disable {
            return Self::none();
        }
        Ok(Self {
            mode,
            negotiation: negotiation(parameters, mode)?,
            connector: MakeRustlsConnect::new(configuration(environment, parameters, mode)?),
        })
    }

    /// Never; no certificate is even looked for.
    pub(super) fn none() -> Result<Self> {
        let configuration = configure(&[&TLS13], Trust::Anybody, None)?;
        Ok(Self {
            mode: Mode::Disable,
            negotiation: SslNegotiation::Postgres,
            connector: MakeRustlsConnect::new(configuration),
        })
    }

    /// What is tried, one after the other, on connections of their own.
    pub(super) fn attempts(&self) -> &'static [SslMode] {
        match self.mode {
            Mode::Disable => &[SslMode::Disable],
            Mode::Allow => &[SslMode::Disable, SslMode::Require],
            // The driver itself goes on in plain where the server offers no TLS; the second attempt is for a server
            // that offers it and then refuses.
            Mode::Prefer => &[SslMode::Prefer, SslMode::Disable],
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => &[SslMode::Require],
        }
    }
}

fn mode(parameters: &Parameters) -> Result<Mode> {
    let choices = [
        ("disable", Mode::Disable),
        ("allow", Mode::Allow),
        ("prefer", Mode::Prefer),
        ("require", Mode::Require),
        ("verify-ca", Mode::VerifyCa),
        ("verify-full", Mode::VerifyFull),
    ];
    let chosen = parameters.choice("sslmode", &choices)?;
    if parameters.text("sslrootcert") != Some("system") {
        return Ok(chosen.unwrap_or(Mode::Prefer));
    }
    // Everybody can get a certificate that the system trusts; only the name tells the server from the rest.
    match chosen {
        None | Some(Mode::VerifyFull) => Ok(Mode::VerifyFull),
        Some(_) => Err(Error::usage("sslrootcert \"system\" cannot be used with this weak sslmode")
            .hint("set sslmode to verify-full")),
    }
}

fn negotiation(parameters: &Parameters, mode: Mode) -> Result<SslNegotiation> {
    let choices = [("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)];
    let chosen = parameters.choice("sslnegotiation", &choices)?.unwrap_or_default();
    if chosen == SslNegotiation::Direct && mode < Mode::Require {
        return Err(Error::usage("sslnegotiation \"direct\" cannot be used with this weak sslmode")
            .hint("set sslmode to require or stronger"));
    }
    Ok(chosen)
}

fn configuration(environment: &Environment, parameters: &Parameters, mode: Mode) -> Result<ClientConfig> {
    let trust = trust(environment, parameters, mode)?;
    let mut configuration = configure(&versions(parameters)?, trust, identity(environment, parameters)?)?;
    configuration.enable_sni = parameters.choice("sslsni", &[("0", false), ("1", true)])?.unwrap_or(true);
    // PostgreSQL 17 wants it for a direct start; earlier servers do not look at it.
    configuration.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(configuration)
}

fn configure(
    versions: &[&'static SupportedProtocolVersion],
    trust: Trust,
    identity: Option<Identity>,
) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| Error::usage("these TLS versions cannot be used").because(error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { trust, provider }));
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| {
            Error::usage("the client certificate cannot be used")
                .because(error)
                .hint("check that sslkey belongs to sslcert")
        }),
    }
}

fn versions(parameters: &Parameters) -> Result<Vec<&'static SupportedProtocolVersion>> {
    // Versions before 1.2 are not offered, so asking for them as a minimum asks for nothing.
    let floor = [("TLSv1", 2), ("TLSv1.1", 2), ("TLSv1.2", 2), ("TLSv1.3", 3)];
    let lowest = parameters.choice("ssl_min_protocol_version", &floor)?.unwrap_or(2);
    let highest = parameters.choice("ssl_max_protocol_version", &floor[2..])?.unwrap_or(3);
    if lowest > highest {
        return Err(unusable("ssl_min_protocol_version").hint("it must not exceed ssl_max_protocol_version"));
    }
    Ok([(3, &TLS13), (2, &TLS12)]
        .into_iter()
        .filter(|(number, _)| (lowest..=highest).contains(number))
        .map(|(_, version)| version)
        .collect())
}

/// Like libpq, a file of authorities that is there is used, whatever the mode; only the verifying modes insist on one.
fn trust(environment: &Environment, parameters: &Parameters, mode: Mode) -> Result<Trust> {
    let certificates = match parameters.text("sslrootcert") {
        Some("system") => Some(system_authorities()?),
        Some(file) => Some(authorities(Path::new(file))?),
        None => match environment.at_home(".postgresql/root.crt").filter(|file| file.exists()) {
            Some(file) => Some(authorities(&file)?),
            None => None,
        },
    };
    match (certificates.map(Authorities::new), mode) {
        (Some(authorities), Mode::VerifyFull) => Ok(Trust::SignedForHost(authorities)),
        (Some(authorities), _) => Ok(Trust::Signed(authorities)),
        (None, Mode::VerifyCa | Mode::VerifyFull) => {
            Err(Error::usage("this sslmode needs the certificate of an authority, and there is none")
                .hint("name the file in sslrootcert, or use sslrootcert \"system\" with sslmode verify-full"))
        }
        (None, _) => Ok(Trust::Anybody),
    }
}

fn system_authorities() -> Result<Vec<CertificateDer<'static>>> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(Error::usage("the system has no certificates of authorities")
            .hint("install the package ca-certificates, or name a file in sslrootcert"));
    }
    Ok(found.certs)
}

fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    certificates("sslrootcert", file, &read("sslrootcert", file)?)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The client certificate with its key. Like libpq, a certificate that is not there is simply not shown.
fn identity(environment: &Environment, parameters: &Parameters) -> Result<Option<Identity>> {
    let modes = [("disable", false), ("allow", true)];
    if !parameters.choice("sslcertmode", &modes)?.unwrap_or(true) {
        return Ok(None);
    }
    let Some(certificate) = path(environment, parameters, "sslcert", "postgresql.crt").filter(|file| file.exists())
    else {
        return Ok(None);
    };
    let chain = certificates("sslcert", &certificate, &read("sslcert", &certificate)?)?;
    let Some(key) = path(environment, parameters, "sslkey", "postgresql.key") else {
        return Err(Error::usage("there is a client certificate but no key").hint("name the key's file in sslkey"));
    };
    Ok(Some((chain, private_key(&key)?)))
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = read("sslkey", file)?;
    let metadata = std::fs::metadata(file).map_err(|error| unreadable("sslkey", file, error))?;
    // A key of root's may be shared with a group, as Debian's ssl-cert does.
    let forbidden = if metadata.uid() == 0 { 0o027 } else { 0o077 };
    if metadata.permissions().mode() & forbidden != 0 {
        return Err(
            Error::usage(format!("others may read the private key {}", file.display())).hint("run chmod 600 on it")
        );
    }
    if text.windows(9).any(|window| window == b"ENCRYPTED") {
        return Err(Error::usage(format!("the private key {} is encrypted, which is not supported", file.display()))
            .hint("name a key without a passphrase in sslkey, readable by its owner alone"));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| unparsable("sslkey", file, error))
}

fn certificates(parameter: &str, file: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(text)
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| unparsable(parameter, file, error))?;
    if found.is_empty() {
        return Err(Error::usage(format!("the file {} of {parameter} holds no certificate", file.display()))
            .hint("it must be in PEM format, with BEGIN CERTIFICATE"));
    }
    Ok(found)
}

fn path(environment: &Environment, parameters: &Parameters, name: &str, usual: &str) -> Option<PathBuf> {
    match parameters.text(name) {
        Some(file) => Some(file.into()),
        None => environment.at_home(Path::new(".postgresql").join(usual)),
    }
}

fn read(parameter: &str, file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| unreadable(parameter, file, error))
}

fn unreadable(parameter: &str, file: &Path, error: io::Error) -> Error {
    Error::usage(format!("cannot read the file {} of {parameter}", file.display()))
        .because(error)
        .hint(format!("check {parameter} and the file's rights"))
}

fn unparsable(parameter: &str, file: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::usage(format!("cannot make sense of the file {} of {parameter}", file.display()))
        .because(error)
        .hint("it must be in PEM format")
}
