//! Which failures are worth another attempt, and how many.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_s3::config::interceptors::InterceptorContext;
use aws_sdk_s3::config::retry::{ClassifyRetry, RetryAction, RetryConfig, RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;

use super::failure::DAMAGED;
use super::transport::Watch;

/// A service that stumbles may take two minutes to recover, on the average one.
const ATTEMPTS: u32 = 9;

const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Attempts to reach a service that has never answered: most likely its address is wrong.
const FIRST_CONTACT_RETRIES: u32 = 2;

/// Answers that do not blame what was sent, and are not among those that the SDK tries again.
const PASSING: [&str; 3] = ["IncompleteBody", "InternalError", "OperationAborted"];

/// Pauses grow exponentially, and each is a random part of itself.
pub(super) fn configuration() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE)
}

/// The SDK's own quota of retries belongs to the process and would run dry in a backup of many hours. Here each request
/// has a bound of its own.
pub(super) fn partition() -> RetryPartition {
    RetryPartition::custom("holdfast").token_bucket(TokenBucket::unlimited()).build()
}

/// How long to wait before an attempt that follows so many failures.
pub(super) fn pause(failures: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
    whole.mul_f64(jitter())
}

/// Whether to give up after so many failures in a row.
pub(super) fn is_enough(failures: u32) -> bool {
    failures >= ATTEMPTS
}

/// From ½ to 1: without it, all parts that failed together would come back together.
fn jitter() -> f64 {
    let random = RandomState::new().hash_one(()) % 1000;
    #[expect(clippy::cast_precision_loss, reason = "below a thousand")]
    let part = random as f64 / 2000.0;
    0.5 + part
}

/// What the SDK's own classifiers do not know.
#[derive(Debug)]
pub(super) struct Classifier {
    watch: Arc<Watch>,
    unanswered: AtomicU32,
}

impl Classifier {
    pub(super) fn new(watch: Arc<Watch>) -> Self {
        Self { watch, unanswered: AtomicU32::new(0) }
    }
}

impl ClassifyRetry for Classifier {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        if error.is_connector_error() && !self.watch.has_answered() {
            let earlier = self.unanswered.fetch_add(1, Ordering::Relaxed);
            if earlier >= FIRST_CONTACT_RETRIES {
                return RetryAction::RetryForbidden;
            }
        }
        if let Some(response) = context.response() {
            let body = response.body().bytes().unwrap_or_default();
            let code = code(body);
            if DAMAGED.iter().chain(&PASSING).any(|known| code == Some(known.as_bytes()))
                || matches!(response.status().as_u16(), 408 | 429)
            {
                return RetryAction::transient_error();
            }
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "what Holdfast knows of S3"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// The code of an error document.
fn code(body: &[u8]) -> Option<&[u8]> {
    const OPEN: &[u8] = b"<Code>";
    let start = memchr::memmem::find(body, OPEN)? + OPEN.len();
    let length = memchr::memchr(b'<', &body[start..])?;
    Some(&body[start..start + length])
}
