//! Backups in a bucket: S3, and every service that speaks its protocol.
//!
//! An object appears when its last request is confirmed, or not at all; `If-None-Match: *` keeps what is there, and
//! services that do not mind that header are asked before. All requests go through one client, whose transport keeps
//! to the bandwidth and loses patience with stalled connections.

mod ahead;
mod bucket;
mod client;
mod content;
mod copy;
mod dress;
mod errors;
mod failure;
mod fetch;
mod lifecycle;
mod listing;
mod multipart;
mod parts;
mod provider;
mod put;
mod removal;
mod retry;
mod spans;
mod survey;
mod throttle;
mod transport;
mod trial;
mod upload;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::ResponseChecksumValidation;
use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;

use self::bucket::{Bucket, Head};
use self::content::Remote;
use self::dress::Dress;
use self::errors::Action;
use self::failure::Failure;
use self::upload::Upload;
use super::{About, Content, Draft, Entry, Existing, Lifecycle, Origin, Store, Survey, Unfinished};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::plan::S3Plan;

/// The longest that the signature of a link is good for.
const LONGEST_LINK: u64 = 7 * 24 * 60 * 60;

/// A bucket, or what begins with a prefix in it.
#[derive(Debug)]
pub struct S3Store {
    name: String,
    listing_cache: Option<PathBuf>,
    bucket: Arc<Bucket>,
}

impl S3Store {
    /// Prepares to reach the bucket; nothing is asked of it yet. Once `progress` is cancelled, every call ends
    /// soon, as interrupted.
    pub fn open(plan: &S3Plan, progress: &Progress) -> Result<Self> {
        let bucket = Bucket::open(plan, progress)?;
        Ok(Self { name: plan.name.clone(), listing_cache: plan.listing_cache.clone(), bucket })
    }

    /// Does something with the bucket on its own threads.
    fn run<T, F>(&self, work: impl FnOnce(Arc<Bucket>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.bucket.worker.run(work(Arc::clone(&self.bucket)))
    }

    fn head(&self, name: &str) -> Result<Option<Head>> {
        let name = name.to_owned();
        self.run(|bucket| async move {
            bucket.head(&bucket.key(&name)).await.map_err(|failure| bucket.explain(Action::Look, &name, &failure))
        })
    }
}

impl Store for S3Store {
    fn name(&self) -> &str {
        &self.name
    }

    fn listing_cache(&self) -> Option<&Path> {
        self.listing_cache.as_deref()
    }

    fn place(&self, name: &str) -> String {
        self.bucket.place(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let prefix = prefix.to_owned();
        self.run(|bucket| async move { bucket.list(&prefix).await })
    }

    fn look(&self, name: &str) -> Result<Option<Entry>> {
        Ok(self.head(name)?.map(|head| Entry {
            name: name.to_owned(),
            size: head.size,
            version: head.etag,
            modified: head.modified,
        }))
    }

    fn about(&self, name: &str) -> Result<About> {
        Ok(self.head(name)?.map(|head| dress::about(head.metadata)).unwrap_or_default())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let name = name.to_owned();
        self.run(|bucket| async move { Ok(bucket.fetch_all(&name).await?.map(Vec::from)) })
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Content>>> {
        let content = |head| Box::new(Remote::new(Arc::clone(&self.bucket), name, &head)) as Box<dyn Content>;
        Ok(self.head(name)?.map(content))
    }

    fn create(&self, name: &str, size: Option<u64>, about: &About) -> Result<Box<dyn Draft>> {
        Ok(Box::new(Upload::new(Arc::clone(&self.bucket), name, size, about)?))
    }

    fn put(&self, name: &str, bytes: &[u8], existing: Existing, about: &About) -> Result<()> {
        if existing == Existing::Keep {
            let mut draft = self.create(name, Some(bytes.len() as u64), about)?;
            draft.append(bytes)?;
            return draft.publish();
        }
        let (name, bytes, dress) = (name.to_owned(), Bytes::copy_from_slice(bytes), Dress::new(about));
        self.run(|bucket| bucket.put_whole(name, bytes, existing, dress))
    }

    fn delete(&self, names: &[String]) -> Result<()> {
        let names = names.to_vec();
        self.run(|bucket| async move { bucket.delete(&names).await })
    }

    fn unfinished(&self) -> Result<Vec<Unfinished>> {
        self.run(|bucket| async move { bucket.list_uploads().await })
    }

    fn abandon(&self, upload: &Unfinished) -> Result<()> {
        let upload = upload.clone();
        self.run(|bucket| async move {
            let result = bucket.abandon_parts(&upload.name, &upload.id).await;
            result.map_err(|failure| bucket.explain(Action::Abandon, &upload.name, &failure))
        })
    }

    fn link(&self, name: &str, seconds: u64) -> Result<String> {
        let name = name.to_owned();
        let validity = Some(seconds).filter(|seconds| (1..=LONGEST_LINK).contains(seconds));
        let validity = validity.and_then(|seconds| PresigningConfig::expires_in(Duration::from_secs(seconds)).ok());
        let Some(validity) = validity else {
            return Err(Error::usage(format!("a link cannot be good for {seconds} seconds"))
                .hint("Choose a time of up to 7 days"));
        };
        self.run(|bucket| async move {
            // Who follows the link sends no headers of the SDK's, so none may be part of the signature.
            let plain = aws_sdk_s3::config::Builder::default()
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
            let request = bucket.client.get_object().bucket(bucket.bucket()).key(bucket.key(&name));
            match request.customize().config_override(plain).presigned(validity).await {
                Ok(request) => Ok(request.uri().to_owned()),
                Err(error) => Err(bucket.explain(Action::Link, &name, &Failure::from(error))),
            }
        })
    }

    fn origin(&self, name: &str) -> Option<Origin> {
        let size = self.head(name).ok()??.size;
        let bucket = self.bucket.bucket().to_owned();
        Some(Origin { service: self.bucket.identity.clone(), bucket, key: self.bucket.key(name), size })
    }

    fn copy_within(&self, origin: &Origin, name: &str, about: &About) -> Result<bool> {
        if origin.service != self.bucket.identity {
            return Ok(false);
        }
        let (origin, name, about) = (origin.clone(), name.to_owned(), about.clone());
        self.run(|bucket| bucket.copy(origin, name, about))
    }

    fn now(&self) -> i64 {
        self.bucket.watch.time()
    }

    fn survey(&self) -> Result<Survey> {
        self.run(|bucket| async move { Ok(bucket.survey().await) })
    }

    fn lifecycle(&self, apply: bool) -> Result<Lifecycle> {
        self.run(move |bucket| async move { bucket.lifecycle(apply).await })
    }
}
