//! Copies within the service: the bytes do not pass through here.

use std::sync::Arc;

use aws_sdk_s3::types::{CompletedPart, MetadataDirective, TaggingDirective};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::bucket::Bucket;
use super::dress::{Dress, dressed, encode};
use super::errors::Action;
use super::failure::{Answer, Failure};
use super::parts::PartSizes;
use crate::error::Result;
use crate::store::{About, Origin};

/// What one request may copy.
const WHOLE: u64 = 5 * 1024 * 1024 * 1024;

/// Parts of larger files: small enough that none takes minutes.
const PART: u64 = 512 * 1024 * 1024;

impl Bucket {
    /// Copies a file of the same service; false where the service cannot, or may not read the original.
    pub(super) async fn copy(self: Arc<Self>, origin: Origin, name: String, about: About) -> Result<bool> {
        let dress = Dress::new(&about);
        self.refuse_existing(&name, &dress).await?;
        let copied = if origin.size > WHOLE {
            self.copy_parts(&origin, &name, &dress).await?
        } else {
            self.copy_whole(&origin, &name, &dress).await?
        };
        if copied {
            self.prove(&name, &dress, origin.size, None).await?;
        }
        Ok(copied)
    }

    async fn copy_whole(&self, origin: &Origin, name: &str, dress: &Dress) -> Result<bool> {
        loop {
            let request = self
                .client
                .copy_object()
                .bucket(self.bucket())
                .key(self.key(name))
                .copy_source(source(origin))
                .metadata_directive(MetadataDirective::Replace)
                .set_tagging_directive(self.has_tags().then_some(TaggingDirective::Replace))
                .set_if_none_match(self.condition().filter(|_| self.minds_conditions()));
            let failure = match dressed!(request, self, dress).send().await {
                Ok(_) => return Ok(true),
                Err(error) => Failure::from(error),
            };
            if self.gives_in(&failure) {
                continue;
            }
            if is_incapable(&failure) {
                return Ok(false);
            }
            return self.settle(name, dress, failure).await.map(|_| true);
        }
    }

    async fn copy_parts(&self, origin: &Origin, name: &str, dress: &Dress) -> Result<bool> {
        let upload = self.begin_parts(name, dress).await?;
        match self.copy_each_part(origin, name, &upload).await {
            Ok(parts) => self.complete_parts(name, &upload, parts, dress).await.map(|_| true),
            Err(failure) => {
                // The failure that led here says more than this one could.
                let _ = self.abandon_parts(name, &upload).await;
                if is_incapable(&failure) { Ok(false) } else { Err(self.explain(Action::Copy, name, &failure)) }
            }
        }
    }

    async fn copy_each_part(&self, origin: &Origin, name: &str, upload: &str) -> Answer<Vec<CompletedPart>> {
        let sizes = PartSizes::new(Some(origin.size), None, true);
        let size = sizes.and_then(|sizes| sizes.of(1)).map_err(|error| Failure::other(error.message()))?.max(PART);
        let count = i32::try_from(origin.size.div_ceil(size)).map_err(|error| Failure::other(error.to_string()))?;
        let parts =
            stream::iter((1..=count).zip((0..origin.size).step_by(usize::try_from(size).unwrap_or(usize::MAX))));
        let copies = parts.map(|(number, start)| async move {
            let end = (start + size).min(origin.size) - 1;
            let request = self
                .client
                .upload_part_copy()
                .bucket(self.bucket())
                .key(self.key(name))
                .upload_id(upload)
                .part_number(number)
                .copy_source(source(origin))
                .copy_source_range(format!("bytes={start}-{end}"));
            let copied = request
                .send()
                .await?
                .copy_part_result
                .unwrap_or_else(|| aws_sdk_s3::types::CopyPartResult::builder().build());
            Ok(CompletedPart::builder()
                .part_number(number)
                .set_e_tag(copied.e_tag)
                .set_checksum_crc32(copied.checksum_crc32)
                .build())
        });
        copies.buffered(usize::from(self.concurrency())).try_collect().await
    }
}

/// As the header wants it: the SDK does not encode it.
fn source(origin: &Origin) -> String {
    format!("{}/{}", encode(&origin.bucket), encode(&origin.key))
}

/// The service has no such request, or these credentials may not read the original: the bytes can still pass through
/// here.
fn is_incapable(failure: &Failure) -> bool {
    failure.is_not_implemented() || failure.is_denied()
}
