//! What went wrong with a request, without the types of the SDK, which has an error type for each operation.

use std::error::Error as StdError;
use std::io;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use tokio_rustls::rustls::Error as TlsError;

/// Answers that blame the bytes that arrived: they are not those that were announced.
pub(super) const DAMAGED: [&str; 4] =
    ["BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"];

/// What a request brings.
pub(super) type Answer<T> = std::result::Result<T, Failure>;

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// What the service said, or the innermost words of whoever failed; never an address with a signature.
    pub(super) detail: String,
}

/// Who failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// The service answered with an error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code of the error document; what the status says where there is none, as in an answer to `HEAD`.
        code: String,
        /// The region that the service says the bucket is in.
        region: Option<String>,
    },
    /// Nobody can say who we are.
    NoCredentials,
    /// No connection, or one that broke.
    Network,
    /// The name of the host is unknown.
    UnknownHost,
    /// The certificate was not accepted.
    Tls,
    /// Nothing came for too long.
    Timeout,
    /// The request could not be made, or its answer not be understood.
    Other,
}

impl Failure {
    /// A failure that is none of the service's.
    pub(super) fn other(detail: impl Into<String>) -> Self {
        Self { cause: Cause::Other, detail: detail.into() }
    }

    /// A body that broke off.
    pub(super) fn broken(error: &(dyn StdError + 'static)) -> Self {
        Self { cause: local_cause(error), detail: innermost(error) }
    }

    pub(super) fn code(&self) -> &str {
        match &self.cause {
            Cause::Refused { code, .. } => code,
            _ => "",
        }
    }

    pub(super) fn status(&self) -> u16 {
        match self.cause {
            Cause::Refused { status, .. } => status,
            _ => 0,
        }
    }

    /// The object is not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.code(), "NoSuchKey" | "NotFound" | "NoSuchVersion")
    }

    pub(super) fn is_missing_upload(&self) -> bool {
        self.code() == "NoSuchUpload"
    }

    /// Other bytes have arrived than were announced.
    pub(super) fn is_damage(&self) -> bool {
        DAMAGED.contains(&self.code())
    }

    /// A condition of the request does not hold.
    pub(super) fn is_precondition(&self) -> bool {
        self.status() == 412 || matches!(self.code(), "PreconditionFailed" | "ConditionalRequestConflict")
    }

    /// The service does not know what was asked of it.
    pub(super) fn is_not_implemented(&self) -> bool {
        self.status() == 501 || matches!(self.code(), "NotImplemented" | "MethodNotAllowed" | "UnsupportedOperation")
    }

    pub(super) fn is_denied(&self) -> bool {
        matches!(self.code(), "AccessDenied" | "Forbidden" | "AllAccessDisabled" | "AccessForbidden")
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Failure
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        if let SdkError::ServiceError(refusal) = &error {
            let response = refusal.raw();
            let status = response.status().as_u16();
            let known = refusal.err().code().filter(|code| !code.is_empty());
            if known.is_none() && status < 300 {
                // It did what was asked, and the SDK does not understand how it says so.
                return Self { cause: Cause::Other, detail: innermost(&error) };
            }
            let code = known.map_or_else(|| code_of(status), str::to_owned);
            let message = refusal.err().message().unwrap_or_default();
            let detail = if message.is_empty() { code.clone() } else { format!("{code}: {message}") };
            let region = response.headers().get("x-amz-bucket-region").map(str::to_owned).or_else(|| {
                let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
                let (_, rest) = body.split_once("<Region>")?;
                rest.split_once('<').map(|(region, _)| region.to_owned())
            });
            return Self { cause: Cause::Refused { status, code, region }, detail };
        }
        let cause = match &error {
            SdkError::TimeoutError(_) => Cause::Timeout,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Cause::Timeout,
            SdkError::DispatchFailure(failure) if failure.is_io() => match local_cause(&error) {
                Cause::Other => Cause::Network,
                cause => cause,
            },
            SdkError::ResponseError(_) => Cause::Network,
            _ => local_cause(&error),
        };
        Self { cause, detail: innermost(&error) }
    }
}

/// An answer to `HEAD` has no body, and so no code.
fn code_of(status: u16) -> String {
    let code = match status {
        301 | 307 | 308 => "PermanentRedirect",
        400 => "BadRequest",
        403 => "AccessDenied",
        404 => "NotFound",
        412 => "PreconditionFailed",
        416 => "InvalidRange",
        501 => "NotImplemented",
        503 => "SlowDown",
        _ => return format!("status {status}"),
    };
    code.to_owned()
}

/// The SDK wraps what happened here several times, and exports few of the types.
fn local_cause(error: &(dyn StdError + 'static)) -> Cause {
    let mut words = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return Cause::Timeout;
        }
        if error.is::<TlsError>() {
            return Cause::Tls;
        }
        words.push_str(&error.to_string().to_lowercase());
        words.push('\n');
        next = within(error);
    }
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if says(&["credentials", "identity", "profile"]) {
        Cause::NoCredentials
    } else if says(&["nothing moved", "timed out", "timeout"]) {
        Cause::Timeout
    } else if says(&["dns error", "failed to lookup address"]) {
        Cause::UnknownHost
    } else if says(&["connect", "connection", "broken pipe", "reset", "incomplete", "body", "eof"]) {
        Cause::Network
    } else {
        Cause::Other
    }
}

/// The words of the innermost error: the outer ones are the SDK's names for its own stages.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(source) = within(error) {
        error = source;
    }
    error.to_string()
}

/// What an error wraps; the source of an I/O error is not what it wraps, but the source of that.
fn within<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
