//! What there is: objects, and uploads that nobody has finished.

use super::bucket::Bucket;
use super::errors::Action;
use super::failure::Failure;
use crate::error::{Error, Kind, Result};
use crate::store::{Entry, Unfinished};

/// Pages of a listing, of a thousand names each as a rule: no folder of backups has as many.
const PAGES: usize = 10_000;

/// Names that are kept of a listing; more would fill the memory.
const ENTRIES: usize = 1_000_000;

impl Bucket {
    /// Every object directly under the store's prefix whose name begins like this, sorted by name.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let root = self.root();
        let mut entries = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..PAGES {
            let request = self
                .client
                .list_objects_v2()
                .bucket(self.bucket())
                .prefix(self.key(prefix))
                // What other programs keep in folders below is not ours, and may be millions.
                .delimiter("/")
                .set_continuation_token(next.clone());
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
            if page.next_continuation_token.is_none() {
                entries.sort_by(|one, other| one.name.cmp(&other.name));
                return Ok(entries);
            }
            if page.next_continuation_token == next || entries.len() > ENTRIES {
                break;
            }
            next = page.next_continuation_token;
        }
        Err(self.endless())
    }

    /// Uploads under the store's prefix.
    pub(super) async fn list_uploads(&self) -> Result<Vec<Unfinished>> {
        let root = self.root();
        let mut uploads = Vec::new();
        let mut next: (Option<String>, Option<String>) = (None, None);
        for _ in 0..PAGES {
            let request = self
                .client
                .list_multipart_uploads()
                .bucket(self.bucket())
                .prefix(&root)
                .delimiter("/")
                .set_key_marker(next.0.clone())
                .set_upload_id_marker(next.1.clone());
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
            let following = (page.next_key_marker, page.next_upload_id_marker);
            if !page.is_truncated.unwrap_or_default() || following.0.is_none() {
                return Ok(uploads);
            }
            if following == next || uploads.len() > ENTRIES {
                break;
            }
            next = following;
        }
        Err(self.endless())
    }

    /// What is to be said of a listing that goes in a circle, or on and on: half of it must not pass for the whole.
    fn endless(&self) -> Error {
        Error::new(Kind::Store, format!("the listing of {} does not end", self.place("")))
            .hint("look at the endpoint of the store, and at how much else is under its prefix")
    }
}
