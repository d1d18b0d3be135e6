//! What there is: objects, and uploads that nobody has finished.

use super::bucket::Bucket;
use super::errors::Action;
use super::failure::Failure;
use crate::error::Result;
use crate::store::{Entry, Unfinished};

impl Bucket {
    /// Every object directly under the store's prefix whose name begins like this, sorted by name.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let root = self.root();
        let mut entries = Vec::new();
        let mut next = None;
        loop {
            let request = self
                .client
                .list_objects_v2()
                .bucket(self.bucket())
                .prefix(self.key(prefix))
                // What other programs keep in folders below is not ours, and may be millions.
                .delimiter("/")
                .set_continuation_token(next);
            let page = request.send().await.map_err(|error| self.explain(Action::List, "", &Failure::from(error)))?;
            for object in page.contents.unwrap_or_default() {
                let name = object.key.as_deref().and_then(|key| key.strip_prefix(&root)).unwrap_or_default();
                if name.is_empty() || name.contains('/') {
                    continue;
                }
                entries.push(Entry {
                    name: name.to_owned(),
                    size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                    version: object.e_tag.unwrap_or_default(),
                    modified: object.last_modified.map_or(0, |moment| moment.secs()),
                });
            }
            next = page.next_continuation_token;
            if next.is_none() {
                break;
            }
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    /// Uploads under the store's prefix.
    pub(super) async fn list_uploads(&self) -> Result<Vec<Unfinished>> {
        let root = self.root();
        let mut uploads = Vec::new();
        let (mut next_key, mut next_upload) = (None, None);
        loop {
            let request = self
                .client
                .list_multipart_uploads()
                .bucket(self.bucket())
                .prefix(&root)
                .delimiter("/")
                .set_key_marker(next_key)
                .set_upload_id_marker(next_upload);
            let page =
                request.send().await.map_err(|error| self.explain(Action::ListUploads, "", &Failure::from(error)))?;
            for upload in page.uploads.unwrap_or_default() {
                let name = upload.key.as_deref().and_then(|key| key.strip_prefix(&root)).unwrap_or_default();
                let (Some(id), false) = (upload.upload_id, name.is_empty() || name.contains('/')) else {
                    continue;
                };
                let started = upload.initiated.map_or(0, |moment| moment.secs());
                uploads.push(Unfinished { name: name.to_owned(), id, started });
            }
            (next_key, next_upload) = (page.next_key_marker, page.next_upload_id_marker);
            if !page.is_truncated.unwrap_or_default() || next_key.is_none() {
                return Ok(uploads);
            }
        }
    }
}
