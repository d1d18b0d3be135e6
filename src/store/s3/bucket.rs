//! The bucket of one store: keys, messages, and what its service has turned out not to understand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::ChecksumAlgorithm;
use bytes::Bytes;

use super::client::{Connected, connect};
use super::dress::is_tag;
use super::errors::{Action, Subject, explain};
use super::failure::{Answer, Cause, Failure};
use super::parts;
use super::provider::Provider;
use super::transport::Watch;
use super::worker::Worker;
use crate::error::{Error, Kind, Result};
use crate::event::Progress;
use crate::plan::{Checksums, S3Plan};

/// Requests on their way at the same time, unless the plan says otherwise.
const CONCURRENCY: u16 = 4;

/// Shared by the store and all that it has opened and begun.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) client: Client,
    pub(super) watch: Arc<Watch>,
    pub(super) worker: Worker,
    pub(super) plan: S3Plan,
    pub(super) provider: Provider,
    pub(super) service: String,
    /// Equal for stores that can read each other's files.
    pub(super) identity: String,
    /// The bucket is known to exist.
    seen: AtomicBool,
    /// The service has refused tags.
    without_tags: AtomicBool,
    /// The service has refused `If-None-Match`.
    without_conditions: AtomicBool,
    /// The service has refused to delete several objects at once.
    pub(super) deletes_singly: AtomicBool,
    /// Whether the service was seen to refuse a part that was not what its signature says.
    pub(super) compares_signed: OnceLock<bool>,
}

/// Services take ten, and two are our own.
const MOST_TAGS: usize = 8;

/// An object, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    /// As the service writes it, with its quotes; empty where it has none.
    pub(super) etag: String,
    /// Seconds since 1970.
    pub(super) modified: i64,
    pub(super) metadata: HashMap<String, String>,
}

impl Bucket {
    pub(super) fn open(plan: &S3Plan, progress: &Progress) -> Result<Arc<Self>> {
        let plan = normal(plan)?;
        let worker = Worker::new(progress)?;
        let asked = plan.clone();
        let connected = worker.run(async move { connect(&asked).await })?;
        let Connected { client, watch, provider, service, identity } = connected;
        Ok(Arc::new(Self {
            client,
            watch,
            worker,
            plan,
            provider,
            service,
            identity,
            seen: AtomicBool::new(false),
            without_tags: AtomicBool::new(!provider.tags),
            without_conditions: AtomicBool::new(false),
            deletes_singly: AtomicBool::new(false),
            compares_signed: OnceLock::new(),
        }))
    }

    pub(super) fn bucket(&self) -> &str {
        &self.plan.bucket
    }

    pub(super) fn concurrency(&self) -> u16 {
        self.plan.concurrency.unwrap_or(CONCURRENCY)
    }

    /// What the keys of all files begin with.
    pub(super) fn root(&self) -> String {
        if self.plan.prefix.is_empty() { String::new() } else { format!("{}/", self.plan.prefix) }
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.root())
    }

    pub(super) fn place(&self, name: &str) -> String {
        format!("s3://{}/{}", self.plan.bucket, self.key(name))
    }

    /// The error of a caller who wanted to do this to that file.
    pub(super) fn explain(&self, action: Action, name: &str, failure: &Failure) -> Error {
        let subject = Subject {
            action,
            place: &self.place(name),
            bucket: &self.plan.bucket,
            service: &self.service,
            clock_skew: self.watch.clock_skew(),
        };
        explain(failure, &subject)
    }

    /// The error where a file must not be replaced.
    pub(super) fn exists(&self, name: &str) -> Error {
        Error::new(Kind::Exists, format!("{} exists already", self.place(name)))
            .hint("Nothing is ever replaced; see what it is before you remove it")
    }

    /// What the service says of an object.
    pub(super) async fn head(&self, key: &str) -> Answer<Option<Head>> {
        match self.client.head_object().bucket(self.bucket()).key(key).send().await {
            Ok(output) => {
                self.seen.store(true, Ordering::Relaxed);
                let size = output.content_length().and_then(|length| u64::try_from(length).ok());
                Ok(Some(Head {
                    size: size.ok_or_else(|| Failure::other("the answer names no size"))?,
                    etag: output.e_tag.unwrap_or_default(),
                    modified: output.last_modified.map_or(0, |moment| moment.secs()),
                    metadata: output.metadata.unwrap_or_default(),
                }))
            }
            Err(error) => {
                let failure = Failure::from(error);
                if !failure.is_missing() {
                    return Err(self.reason_of(failure, key).await);
                }
                self.see_bucket().await?;
                Ok(None)
            }
        }
    }

    /// An answer to `HEAD` has no words: a wrong key, or credentials that have expired, would look like a missing right.
    /// To a request for the object the service says why.
    async fn reason_of(&self, failure: Failure, key: &str) -> Failure {
        if !matches!(failure.status(), 400 | 403) {
            return failure;
        }
        let request = self.client.get_object().bucket(self.bucket()).key(key).range("bytes=0-0");
        match request.send().await.map_err(Failure::from) {
            Err(told) if told.status() == failure.status() => told,
            _ => failure,
        }
    }

    /// An answer to `HEAD` does not tell a missing object from a missing bucket.
    async fn see_bucket(&self) -> Answer<()> {
        if self.seen.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.client.head_bucket().bucket(self.bucket()).send().await.map_err(Failure::from) {
            Err(failure) if failure.status() == 404 => {
                let detail = "NoSuchBucket".to_owned();
                let cause = Cause::Refused { status: 404, code: detail.clone(), region: None };
                Err(Failure { cause, detail })
            }
            // To look at a bucket may be forbidden where reading and writing are not.
            _ => {
                self.seen.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Whether objects get tags.
    pub(super) fn has_tags(&self) -> bool {
        !self.without_tags.load(Ordering::Relaxed)
    }

    /// The header that makes a service refuse to replace an object.
    pub(super) fn condition(&self) -> Option<String> {
        (!self.without_conditions.load(Ordering::Relaxed)).then(|| "*".to_owned())
    }

    /// Whether the service alone sees to it that nothing is replaced; otherwise it is looked at before.
    pub(super) fn minds_conditions(&self) -> bool {
        self.provider.conditional_writes && self.condition().is_some()
    }

    /// Whether the request should be made again without what the service may not have understood: first the tags, then
    /// the condition. The tags of the settings are left out only where a service has none at all.
    pub(super) fn gives_in(&self, failure: &Failure) -> bool {
        let about_tags = failure.status() == 400 && failure.detail.to_lowercase().contains("tag");
        let ours_alone = self.plan.tags.is_empty();
        let refused = failure.is_not_implemented() || (ours_alone && (about_tags || failure.is_denied()));
        if refused && self.has_tags() {
            self.without_tags.store(true, Ordering::Relaxed);
            return true;
        }
        failure.is_not_implemented() && self.gives_up_conditions()
    }

    /// From now on objects are looked for before they are written; false if that is so already.
    pub(super) fn gives_up_conditions(&self) -> bool {
        !self.without_conditions.swap(true, Ordering::Relaxed)
    }

    /// What the parts of an upload will be checked with; a service believes only in checksums that were announced.
    pub(super) fn checksum_algorithm(&self) -> Option<ChecksumAlgorithm> {
        (self.provider.checksums == Checksums::Crc32).then_some(ChecksumAlgorithm::Crc32)
    }

    /// Whether the service is told an MD5 of what it receives.
    pub(super) fn sends_md5(&self) -> bool {
        self.provider.checksums == Checksums::Md5
    }

    /// `Content-MD5` of a small object.
    pub(super) fn md5_of(&self, bytes: &Bytes) -> Option<String> {
        use md5::{Digest, Md5};
        self.sends_md5().then(|| aws_smithy_types::base64::encode(Md5::digest(bytes)))
    }

    /// `Content-MD5` of a part, unless the SHA-256 of its signature does as well: no other digest takes so long.
    pub(super) fn md5_of_part(&self, bytes: &Bytes) -> Option<String> {
        if self.compares_signed.get() == Some(&true) { None } else { self.md5_of(bytes) }
    }
}

/// The plan without what would only fail later.
fn normal(plan: &S3Plan) -> Result<S3Plan> {
    let mut plan = plan.clone();
    plan.prefix = plan.prefix.trim_matches('/').to_owned();
    let refuse = |what: &str, hint: &str| Err(Error::usage(format!("the store {} {what}", plan.name)).hint(hint));
    if plan.bucket.is_empty() || plan.bucket.contains('/') {
        return refuse("has no bucket", "Name the bucket, without a path: that is the prefix");
    }
    if let Some(endpoint) = &plan.endpoint
        && !endpoint.starts_with("https://")
        && !endpoint.starts_with("http://")
    {
        return refuse("has an endpoint without a scheme", "Let it begin with https://");
    }
    if plan.concurrency == Some(0) || plan.bandwidth_limit == Some(0) {
        return refuse("may not send anything", "Set concurrency and bandwidth limit above 0, or leave them out");
    }
    if let Some(size) = plan.part_size {
        parts::check(size)?;
    }
    if !plan.tags.iter().all(|(name, value)| is_tag(name, 128) && is_tag(value, 256)) || plan.tags.len() > MOST_TAGS {
        return refuse(
            "has tags that no service takes",
            "Give up to 8, of letters, digits, spaces and + - = . _ : / @, 128 in a name and 256 in a value",
        );
    }
    Ok(plan)
}
