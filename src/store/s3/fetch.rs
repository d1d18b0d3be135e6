//! One object's bytes from one place to another: resumed where the connection broke, and never of another version.

use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};

use super::bucket::Bucket;
use super::errors::Action;
use super::failure::{Answer, Failure};
use super::retry;
use crate::error::{Error, Kind, Result};
use crate::store::LARGEST_READ;

/// What is to be fetched: an object as it was when it was opened.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) etag: String,
}

/// How one attempt ended.
enum End {
    Whole,
    Broken(Failure),
}

impl Bucket {
    /// These bytes of the object, in a buffer that is empty.
    pub(super) async fn fetch(&self, version: &Version, range: Range<u64>, mut bytes: BytesMut) -> Result<Bytes> {
        let size = usize::try_from(range.end - range.start)
            .map_err(|error| Error::failed("a range that does not fit in memory").because(error))?;
        bytes.reserve(size);
        let mut failures = 0;
        while bytes.len() < size {
            let before = bytes.len();
            let failure = match self.fetch_once(version, range.start + before as u64..range.end, &mut bytes).await? {
                End::Whole if bytes.len() >= size => break,
                End::Whole => Failure::other("the answer ended too early"),
                End::Broken(failure) => failure,
            };
            failures = if bytes.len() > before { 1 } else { failures + 1 };
            if retry::is_enough(failures) {
                return Err(self.explain(Action::Read, &version.name, &failure));
            }
            tokio::time::sleep(retry::pause(failures)).await;
        }
        Ok(bytes.freeze())
    }

    /// Appends what one request brings.
    async fn fetch_once(&self, version: &Version, range: Range<u64>, bytes: &mut BytesMut) -> Result<End> {
        let Version { name, etag } = version;
        let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let request = self
            .client
            .get_object()
            .bucket(self.bucket())
            .key(self.key(name))
            .range(format!("bytes={}-{}", range.start, range.end - 1))
            .set_if_match((!etag.is_empty()).then(|| etag.clone()));
        let mut output = match request.send().await.map_err(Failure::from) {
            Ok(output) => output,
            Err(failure) if failure.is_precondition() => return Err(self.replaced(name)),
            Err(failure) if failure.is_missing() => {
                return Err(Error::new(Kind::Store, format!("{} was removed while it was read", self.place(name)))
                    .hint("See who removes backups there: a clean-up, a lifecycle rule, or another machine"));
            }
            Err(failure) => return Err(self.explain(Action::Read, name, &failure)),
        };
        // A service that ignores the condition still says which version it sends.
        if !etag.is_empty() && output.e_tag().is_some_and(|now| now != etag) {
            return Err(self.replaced(name));
        }
        let expected = format!("bytes {}-", range.start);
        if !output.content_range().is_some_and(|sent| sent.starts_with(&expected)) {
            return Err(self.explain(
                Action::Read,
                name,
                &Failure::other("the answer is not the range that was asked for"),
            ));
        }
        let mut got = 0;
        loop {
            match output.body.try_next().await {
                Ok(Some(data)) => {
                    let data = &data[..data.len().min(wanted - got)];
                    got += data.len();
                    bytes.extend_from_slice(data);
                }
                Ok(None) => return Ok(End::Whole),
                Err(error) => return Ok(End::Broken(Failure::broken(&error))),
            }
        }
    }

    fn replaced(&self, name: &str) -> Error {
        Error::new(Kind::Store, format!("{} was replaced by another while it was read", self.place(name)))
            .hint("Backups never change: find out who writes there, and read it again")
    }

    fn too_large(&self, name: &str) -> Error {
        Error::bad_backup(format!(
            "{} has more than {LARGEST_READ} bytes, and nothing that is read whole is",
            self.place(name)
        ))
        .hint("Find out who has put it there, and remove it")
    }

    /// The whole of a small object; `None` where there is none.
    pub(super) async fn fetch_all(&self, name: &str) -> Result<Option<Bytes>> {
        let mut failures = 0;
        loop {
            let request = self.client.get_object().bucket(self.bucket()).key(self.key(name));
            let failure = match request.send().await.map_err(Failure::from) {
                Ok(output) => match collect(output.body).await {
                    Ok(Some(bytes)) => return Ok(Some(bytes)),
                    Ok(None) => return Err(self.too_large(name)),
                    Err(failure) => failure,
                },
                Err(failure) if failure.is_missing() => return Ok(None),
                // The request was tried again as often as is worth it.
                Err(failure) => return Err(self.explain(Action::Read, name, &failure)),
            };
            failures += 1;
            if retry::is_enough(failures) {
                return Err(self.explain(Action::Read, name, &failure));
            }
            tokio::time::sleep(retry::pause(failures)).await;
        }
    }
}

/// All that comes; `None` where that is more than is read at once, whatever was said of its size.
async fn collect(mut body: ByteStream) -> Answer<Option<Bytes>> {
    let mut bytes = BytesMut::new();
    while let Some(data) = body.try_next().await.map_err(|error| Failure::broken(&error))? {
        if (bytes.len() + data.len()) as u64 > LARGEST_READ {
            return Ok(None);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Some(bytes.freeze()))
}
