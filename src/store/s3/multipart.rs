//! An upload in parts, as the service sees it.

use std::time::Duration;

use aws_sdk_s3::operation::upload_part::builders::UploadPartFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::bucket::Bucket;
use super::dress::{Dress, dressed};
use super::errors::Action;
use super::failure::{Answer, Failure};
use crate::error::{Error, Result};

/// How long a failing run may take to give its upload up.
pub(super) const GRACE: Duration = Duration::from_secs(15);

impl Bucket {
    /// The upload's id.
    pub(super) async fn begin_parts(&self, name: &str, dress: &Dress) -> Result<String> {
        self.refuse_existing(name, dress).await?;
        loop {
            let request = self
                .client
                .create_multipart_upload()
                .bucket(self.bucket())
                .key(self.key(name))
                .set_checksum_algorithm(self.checksum_algorithm());
            let failure = match dressed!(request, self, dress).send().await {
                Ok(output) => return output.upload_id.ok_or_else(|| self.nameless(name)),
                Err(error) => Failure::from(error),
            };
            if !self.gives_in(&failure) {
                return Err(self.explain(Action::Write, name, &failure));
            }
        }
    }

    fn nameless(&self, name: &str) -> Error {
        self.explain(Action::Write, name, &Failure::other("the answer names no upload"))
    }

    /// A request that brings a part.
    pub(super) fn part(&self, name: &str, upload: &str, number: i32) -> UploadPartFluentBuilder {
        let request = self.client.upload_part().bucket(self.bucket()).key(self.key(name));
        request.upload_id(upload).part_number(number)
    }

    pub(super) async fn send_part(
        &self,
        name: &str,
        upload: &str,
        number: i32,
        bytes: Bytes,
        dress: &Dress,
    ) -> Result<CompletedPart> {
        let request = self
            .part(name, upload, number)
            .set_content_md5(self.md5_of_part(&bytes))
            .body(ByteStream::new(SdkBody::from(bytes)));
        let output = match request.send().await.map_err(Failure::from) {
            Ok(output) => output,
            Err(failure) => {
                if failure.is_missing_upload() {
                    // Some services end the upload of an object that another one has written meanwhile.
                    self.refuse_existing(name, dress).await?;
                }
                return Err(self.explain(Action::Write, name, &failure));
            }
        };
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(output.e_tag)
            .set_checksum_crc32(output.checksum_crc32)
            .build())
    }

    /// Makes the parts an object; its `ETag`, where it is known.
    pub(super) async fn complete_parts(
        &self,
        name: &str,
        upload: &str,
        parts: Vec<CompletedPart>,
        dress: &Dress,
    ) -> Result<Option<String>> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        loop {
            if !self.minds_conditions() {
                self.refuse_existing(name, dress).await?;
            }
            let request = self
                .client
                .complete_multipart_upload()
                .bucket(self.bucket())
                .key(self.key(name))
                .upload_id(upload)
                .set_if_none_match(self.condition())
                .multipart_upload(parts.clone());
            let failure = match request.send().await {
                Ok(output) => return Ok(output.e_tag),
                Err(error) => Failure::from(error),
            };
            if failure.is_not_implemented() && self.gives_up_conditions() {
                continue;
            }
            // An upload that is given up cannot be completed any more by a request that is still under way: only then
            // is what the service says of the object final.
            let _ = self.abandon_parts(name, upload).await;
            return self.settle(name, dress, failure).await;
        }
    }

    /// Gives an upload up; one that is not there is as good.
    pub(super) async fn abandon_parts(&self, name: &str, upload: &str) -> Answer<()> {
        let request = self.client.abort_multipart_upload().bucket(self.bucket()).key(self.key(name)).upload_id(upload);
        match request.send().await.map_err(Failure::from) {
            Err(failure) if !failure.is_missing_upload() => Err(failure),
            _ => Ok(()),
        }
    }
}
