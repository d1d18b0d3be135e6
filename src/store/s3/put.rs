//! One request that writes a whole object, and the proof that what is there is what was sent.

use std::sync::Arc;

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;

use super::bucket::{Bucket, Head};
use super::dress::{Dress, dressed};
use super::errors::Action;
use super::failure::Failure;
use crate::error::{Error, Kind, Result};
use crate::store::Existing;

impl Bucket {
    /// Writes a small object.
    pub(super) async fn put_whole(
        self: Arc<Self>,
        name: String,
        bytes: Bytes,
        existing: Existing,
        dress: Dress,
    ) -> Result<()> {
        let size = bytes.len() as u64;
        let etag = self.put_once(&name, bytes, existing, &dress).await?;
        match existing {
            Existing::Keep => self.prove(&name, &dress, size, etag.as_deref()).await,
            // Another run may have replaced it by now, and rightly so; the digest in the request has to do.
            Existing::Replace => Ok(()),
        }
    }

    /// The new object's `ETag`, where it is known.
    async fn put_once(&self, name: &str, bytes: Bytes, existing: Existing, dress: &Dress) -> Result<Option<String>> {
        let key = self.key(name);
        loop {
            let keeps = existing == Existing::Keep;
            if keeps && !self.minds_conditions() {
                self.refuse_existing(name, dress).await?;
            }
            let request = self
                .client
                .put_object()
                .bucket(self.bucket())
                .key(&key)
                .set_if_none_match(self.condition().filter(|_| keeps))
                .set_content_md5(self.md5_of(&bytes))
                .body(ByteStream::new(SdkBody::from(bytes.clone())));
            let failure = match dressed!(request, self, dress).send().await {
                Ok(output) => return Ok(output.e_tag),
                Err(error) => Failure::from(error),
            };
            if self.gives_in(&failure) {
                continue;
            }
            return self.settle(name, dress, failure).await;
        }
    }

    /// Decides what a write that seems to have failed has done: its answer may have been lost on the way, and then the
    /// attempt that followed found our own object.
    pub(super) async fn settle(&self, name: &str, dress: &Dress, failure: Failure) -> Result<Option<String>> {
        let head = self.head(&self.key(name)).await;
        if let Ok(Some(head)) = &head
            && dress.is_of(&head.metadata) == Some(true)
        {
            return Ok(None);
        }
        if failure.is_precondition() && matches!(head, Ok(Some(_)) | Err(_)) {
            return Err(self.exists(name));
        }
        Err(self.explain(Action::Write, name, &failure))
    }

    /// For services that may not do this themselves. What an earlier attempt of the same upload has left is no obstacle.
    pub(super) async fn refuse_existing(&self, name: &str, dress: &Dress) -> Result<()> {
        match self.head(&self.key(name)).await {
            Ok(Some(head)) if dress.is_of(&head.metadata) != Some(true) => Err(self.exists(name)),
            Ok(_) => Ok(()),
            Err(failure) => Err(self.explain(Action::Look, name, &failure)),
        }
    }

    /// Asks the service once more what it has, and takes it away again if that is not what was sent.
    pub(super) async fn prove(&self, name: &str, dress: &Dress, size: u64, etag: Option<&str>) -> Result<()> {
        let head = self.head(&self.key(name)).await.map_err(|failure| self.explain(Action::Look, name, &failure))?;
        let Some(Head { size: found, etag: now, metadata, .. }) = head else {
            return Err(Error::new(Kind::Store, format!("{} is gone again after it was written", self.place(name)))
                .hint("See whether another program, or a lifecycle rule, removes files there"));
        };
        if dress.is_of(&metadata) == Some(false) {
            return Err(self.exists(name));
        }
        if found == size && etag.is_none_or(|etag| etag == now) {
            return Ok(());
        }
        self.withdraw(name, dress).await;
        Err(Error::new(
            Kind::Store,
            format!("{} was written with {size} bytes, but the service has {found} others there", self.place(name)),
        )
        .hint("It was removed again; do not trust this service before its owner has looked into it"))
    }

    /// Removes an object that this upload has made, and no other.
    pub(super) async fn withdraw(&self, name: &str, dress: &Dress) {
        let key = self.key(name);
        if let Ok(Some(head)) = self.head(&key).await
            && dress.is_of(&head.metadata) == Some(true)
        {
            // The caller is told of the failure that led here, which says more than this one could.
            let _ = self.client.delete_object().bucket(self.bucket()).key(&key).send().await;
        }
    }
}
