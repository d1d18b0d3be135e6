//! Failures in our own words: what could not be done, to what, why, and what to do next.

use crate::error::{Error, Kind};

use super::failure::{Cause, Failure};

/// What was being done, for the message, and the right that it takes, for the hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    List,
    Look,
    Read,
    Write,
    Delete,
    ListUploads,
    Abandon,
    Copy,
    Link,
    ReadLifecycle,
    WriteLifecycle,
}

impl Action {
    fn words(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Look => "look at",
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::ListUploads => "list the unfinished uploads of",
            Self::Abandon => "give up the unfinished upload of",
            Self::Copy => "copy to",
            Self::Link => "make a link to",
            Self::ReadLifecycle => "read the lifecycle rules of",
            Self::WriteLifecycle => "change the lifecycle rules of",
        }
    }

    fn right(self) -> &'static str {
        match self {
            Self::List => "s3:ListBucket",
            Self::Look | Self::Read | Self::Link => "s3:GetObject",
            Self::Write => "s3:PutObject",
            Self::Delete => "s3:DeleteObject",
            Self::ListUploads => "s3:ListBucketMultipartUploads",
            Self::Abandon => "s3:AbortMultipartUpload",
            Self::ReadLifecycle => "s3:GetLifecycleConfiguration",
            Self::WriteLifecycle => "s3:PutLifecycleConfiguration",
            Self::Copy => "s3:PutObject, and s3:GetObject on the original,",
        }
    }
}

/// Seconds of difference from which services refuse requests.
const REFUSED_SKEW: f64 = 900.0;

/// What the words are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) action: Action,
    /// `s3://bucket/prefix/name`.
    pub(super) place: &'a str,
    pub(super) bucket: &'a str,
    /// Where requests go: the endpoint, or AWS in a region.
    pub(super) service: &'a str,
    /// Seconds that our clock is ahead.
    pub(super) clock_skew: Option<f64>,
}

impl Subject<'_> {
    /// What is listed is never missing: where the service says so, something stands in its place that is no store.
    fn is_missing(&self, failure: &Failure) -> bool {
        failure.is_missing() && !matches!(self.action, Action::List | Action::ListUploads)
    }
}

/// The error of a caller.
pub(super) fn explain(failure: &Failure, subject: &Subject<'_>) -> Error {
    let (reason, hint) = reason(failure, subject);
    let kind = if subject.is_missing(failure) { Kind::NotFound } else { Kind::Store };
    let message = format!("cannot {} {}: {reason}", subject.action.words(), subject.place);
    Error::new(kind, message).hint(hint).because(failure.detail.clone())
}

/// Why, and what to do next.
fn reason(failure: &Failure, subject: &Subject<'_>) -> (String, String) {
    let Subject { bucket, service, .. } = subject;
    let (reason, hint) = match &failure.cause {
        Cause::Refused { status, code, region } => return refusal(failure, *status, code, region.as_deref(), subject),
        Cause::NoCredentials => (
            "there are no credentials for it".to_owned(),
            "Give them as the AWS tools find them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role; \
             Holdfast's own settings hold none"
                .to_owned(),
        ),
        Cause::Network => (
            format!("{service} cannot be reached, or the connection broke again and again"),
            "See whether the service runs and its address is right; what was there before is untouched".to_owned(),
        ),
        Cause::UnknownHost => (
            format!("the host of {service} is unknown"),
            format!("Correct the endpoint or the region of the store with the bucket {bucket}"),
        ),
        Cause::Tls => (
            format!("there is no secure connection with {service}"),
            "See whether its certificate is valid and its authority is one of this machine's".to_owned(),
        ),
        Cause::Timeout => (
            format!("{service} did not answer in time"),
            "See whether the service and the line to it are well, and try again".to_owned(),
        ),
        Cause::Other => ("the request failed".to_owned(), "Run check_backups to see what the store can do".to_owned()),
    };
    (reason, hint)
}

fn refusal(
    failure: &Failure,
    status: u16,
    code: &str,
    region: Option<&str>,
    subject: &Subject<'_>,
) -> (String, String) {
    let Subject { bucket, service, place, action, .. } = subject;
    if is_locked(failure) {
        return (
            "it is locked until its retention ends".to_owned(),
            "Wait until then; an object lock is there so that nobody can remove a backup too early".to_owned(),
        );
    }
    let (reason, hint) = match code {
        "NoSuchBucket" => (
            format!("{service} has no bucket {bucket}"),
            "Create the bucket, or correct its name in the store's settings".to_owned(),
        ),
        "InvalidAccessKeyId" => unknown_key(),
        _ if failure.is_denied() && failure.detail.contains("No such key") => unknown_key(),
        "SignatureDoesNotMatch" => wrong_secret(),
        _ if failure.is_denied() && failure.detail.contains("signature") => wrong_secret(),
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired" => (
            "the credentials have expired".to_owned(),
            "Renew them (a session, a role, a login by single sign-on) and run this again".to_owned(),
        ),
        "InvalidToken" => ("the session token is not valid".to_owned(), "Renew the credentials".to_owned()),
        "RequestTimeTooSkewed" => (
            skewed(subject.clock_skew),
            "Set the clock of this machine right; the service refuses requests of another time".to_owned(),
        ),
        // An answer to `HEAD` has no code of its own.
        _ if failure.is_denied() && subject.clock_skew.is_some_and(|skew| skew.abs() > REFUSED_SKEW) => (
            skewed(subject.clock_skew),
            "Set the clock of this machine right; the service refuses requests of another time".to_owned(),
        ),
        _ if failure.is_denied() => (
            "access denied".to_owned(),
            format!("Allow {} on {place} for these credentials, or use the right ones", action.right()),
        ),
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => elsewhere(bucket, region),
        "BadRequest" if region.is_some() => elsewhere(bucket, region),
        "SlowDown" | "Throttling" | "ServiceUnavailable" | "TooManyRequests" => (
            format!("{service} asks for fewer requests, and went on asking"),
            "Lower the store's concurrency, or try again later".to_owned(),
        ),
        "QuotaExceeded" | "StorageFull" | "XMinioStorageFull" | "InsufficientStorage" | "ServiceQuotaExceeded" => (
            "there is no room left".to_owned(),
            "Make room there, or raise the quota; nothing of what was there before was changed".to_owned(),
        ),
        _ if subject.is_missing(failure) => {
            ("it is not there".to_owned(), "List the backups to see what is".to_owned())
        }
        _ if failure.is_not_implemented() => (
            format!("{service} does not know how"),
            "See the documentation of the store for what this service lacks".to_owned(),
        ),
        _ if status >= 500 => (
            format!("{service} failed again and again"),
            "Try again later; what was there before is untouched".to_owned(),
        ),
        _ => (format!("{service} refused the request"), "Run check_backups to see what the store can do".to_owned()),
    };
    (reason, hint)
}

fn elsewhere(bucket: &str, region: Option<&str>) -> (String, String) {
    match region {
        Some(region) => (
            format!("the bucket {bucket} is in the region {region}"),
            format!("Set the region of the store to {region}"),
        ),
        None => (
            format!("the bucket {bucket} is not in the region of the request"),
            "Set the region of the store".to_owned(),
        ),
    }
}

fn unknown_key() -> (String, String) {
    (
        "the service does not know the access key".to_owned(),
        "Correct the credentials in the environment, the profile or the role that the AWS tools use".to_owned(),
    )
}

fn wrong_secret() -> (String, String) {
    (
        "the secret key does not belong to the access key, or the region is wrong".to_owned(),
        "Correct the credentials in the environment, the profile or the role that the AWS tools use".to_owned(),
    )
}

fn is_locked(failure: &Failure) -> bool {
    let words = failure.detail.to_lowercase();
    let lock = ["object lock", "objectlock", "worm", "retention", "legal hold"];
    (failure.is_denied() || matches!(failure.code(), "InvalidRequest" | "ObjectLocked" | "MethodNotAllowed"))
        && lock.iter().any(|word| words.contains(word))
}

fn skewed(clock_skew: Option<f64>) -> String {
    match clock_skew {
        Some(seconds) if seconds >= 1.0 => format!("the clock of this machine is {seconds:.0} seconds ahead"),
        Some(seconds) if seconds <= -1.0 => format!("the clock of this machine is {:.0} seconds behind", -seconds),
        _ => "the clock of this machine differs from the service's".to_owned(),
    }
}
