//! Removing objects, many with one request where the service can.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures_util::{StreamExt, stream};
use std::sync::atomic::Ordering;

use super::bucket::Bucket;
use super::errors::Action;
use super::failure::{Cause, Failure};
use crate::error::{Error, Result};

/// How many objects one request may remove.
const BATCH: usize = 1000;

/// Requests at the same time, where each removes one.
const ALONE: usize = 8;

impl Bucket {
    /// Removes files; those that are gone already are as good.
    pub(super) async fn delete(&self, names: &[String]) -> Result<()> {
        for batch in names.chunks(BATCH) {
            let together = batch.len() > 1 && !self.deletes_singly.load(Ordering::Relaxed);
            if together && self.delete_together(batch).await? {
                continue;
            }
            let removals: Vec<_> = batch.iter().map(|name| self.delete_one(name)).collect();
            let mut results = stream::iter(removals).buffer_unordered(ALONE);
            while let Some(result) = results.next().await {
                result?;
            }
        }
        Ok(())
    }

    /// False where the service cannot do this, or not as the SDK asks for it.
    async fn delete_together(&self, names: &[String]) -> Result<bool> {
        let objects = names.iter().map(|name| ObjectIdentifier::builder().key(self.key(name)).build());
        let delete = objects.collect::<std::result::Result<_, _>>();
        let delete = delete.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
        let delete = delete.map_err(|error| Error::failed("describing what to remove").because(error))?;
        let bucket = self.bucket();
        let request = self.client.delete_objects().bucket(bucket).delete(delete);
        let refused = match request.send().await {
            Ok(output) => output.errors.unwrap_or_default(),
            Err(error) => {
                let failure = Failure::from(error);
                let is_theirs = failure.is_not_implemented() || failure.status() == 400 || failure.is_denied();
                if !is_theirs {
                    return Err(self.explain(Action::Delete, &names[0], &failure));
                }
                // Wanted another checksum, or does not know the request at all. One by one it is clear what is wrong.
                self.deletes_singly.store(true, Ordering::Relaxed);
                return Ok(false);
            }
        };
        let first = refused.into_iter().find(|error| error.code() != Some("NoSuchKey"));
        let Some(error) = first else {
            return Ok(true);
        };
        let code = error.code().unwrap_or("unexpected answer").to_owned();
        let detail = format!("{code}: {}", error.message().unwrap_or_default());
        let status = if code == "AccessDenied" { 403 } else { 400 };
        let key = error.key().unwrap_or_default();
        let name = key.strip_prefix(&self.root()).unwrap_or(key);
        let failure = Failure { cause: Cause::Refused { status, code, region: None }, detail };
        Err(self.explain(Action::Delete, name, &failure))
    }

    async fn delete_one(&self, name: &str) -> Result<()> {
        let request = self.client.delete_object().bucket(self.bucket()).key(self.key(name));
        match request.send().await.map_err(Failure::from) {
            Err(failure) if !failure.is_missing() => Err(self.explain(Action::Delete, name, &failure)),
            _ => Ok(()),
        }
    }
}
