//! Why a server could not be reached, and whether another way in is worth a try.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_rustls::rustls;
use tokio_rustls::rustls::CertificateError;

use super::failure::{input_output, lost, refused};
use crate::error::Error;

/// What stood in the way of one attempt.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// The name of the host has no address.
    UnknownHost(io::Error),
    /// No socket could be opened there.
    Unreachable(io::Error),
    /// The driver gave up: no answer, no agreement on TLS, or a refusal by the server.
    Driver(tokio_postgres::Error),
    /// `connect_timeout` passed.
    Timeout(Duration),
    /// The server answers but is not of the kind that is wanted.
    Unsuitable(&'static str),
}

impl Obstacle {
    /// Whether the same server may say yes with TLS instead of without, or the other way round.
    pub(super) fn concerns_encryption(&self) -> bool {
        let Self::Driver(error) = self else { return false };
        tls_error(error).is_some()
            || not_offered(error)
            || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
    }

    /// Whether the server knows who we are and says no: libpq asks no other host then.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Driver(error) if error.code().is_some_and(|code| code.code().starts_with("28")))
    }

    /// The error for people; `place` is the database and the server.
    pub(super) fn describe(self, place: &str) -> Error {
        let message = format!("cannot connect to {place}");
        match self {
            Self::UnknownHost(error) => {
                Error::database(message).because(error).hint("check the host: no address is known for it")
            }
            Self::Unreachable(error) => describe_unreachable(message, &error),
            Self::Timeout(limit) => Error::database(format!("{message}: no answer within {} seconds", limit.as_secs()))
                .hint("check the host and port and the firewall between, or raise connect_timeout"),
            Self::Unsuitable(objection) => Error::database(format!("{message}: {objection}"))
                .hint("check target_session_attrs and the list of hosts"),
            Self::Driver(error) => describe_driver(message, error),
        }
    }
}

fn describe_driver(message: String, error: tokio_postgres::Error) -> Error {
    if let Some(server) = error.as_db_error() {
        return refused(message, server);
    }
    if let Some(tls) = tls_error(&error) {
        let (what, hint) = tls_advice(tls);
        return Error::database(format!("{message}: {what}")).because(tls.clone()).hint(hint);
    }
    if not_offered(&error) {
        return Error::database(format!("{message}: the server offers no TLS"))
            .hint("turn ssl on in the server, or choose an sslmode that does without");
    }
    if no_password(&error) {
        return Error::database(format!("{message}: the server asks for a password and there is none"))
            .hint("give the password, or add a line to the password file that fits");
    }
    let failure = Error::database(message.clone());
    if lost(&error) {
        return failure.because(error).hint("the server hung up; check the port and the server's log");
    }
    if let Some(cause) = input_output(&error) {
        return describe_unreachable(message, cause);
    }
    match error.into_source() {
        Some(source) => failure.because(source).hint("check the ways of authentication that the server asks for"),
        None => failure.hint("check that a PostgreSQL server listens there"),
    }
}

fn describe_unreachable(message: String, cause: &io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::PermissionDenied => "check the rights on the socket",
        _ => "check the host and port, and that the server runs",
    };
    Error::database(message).because(io::Error::new(cause.kind(), cause.to_string())).hint(hint)
}

/// The driver has no error code for these two; a test connects to servers that provoke them.
fn not_offered(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(|source| source.to_string() == "server does not support TLS")
}

fn no_password(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(|source| source.to_string() == "password missing")
}

fn tls_error(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    input_output(error)?.get_ref()?.downcast_ref()
}

/// What is wrong, and what to do.
fn tls_advice(error: &rustls::Error) -> (&'static str, &'static str) {
    let reason = match error {
        rustls::Error::InvalidCertificate(reason) => reason,
        rustls::Error::AlertReceived(_) => return ("the server ended the TLS handshake", "check sslcert and sslkey"),
        _ => return ("no TLS handshake", "check the server's TLS settings and the ssl parameters"),
    };
    match reason {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "the server's certificate is for another host",
            "connect by a host name that is in the server's certificate",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("the server's certificate has expired", "renew the server's certificate")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("the server's certificate is not valid yet", "check the clocks")
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "the server's certificate is not trusted",
            "check sslrootcert: it must hold the authority that signed the server's certificate",
        ),
        // An authority's certificate used by a server itself, or one of X.509 version 1.
        _ => (
            "the server's certificate cannot be checked",
            "add the server's own certificate to sslrootcert, or give it one of X.509 version 3 that an authority signed",
        ),
    }
}
