//! A file in the making: bytes are gathered into parts, and several parts are on their way while the next one fills.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};

use super::bucket::Bucket;
use super::dress::Dress;
use super::multipart::GRACE;
use super::parts::{PartSizes, in_flight};
use super::worker::Pending;
use crate::error::{Error, Kind, Result};
use crate::store::{About, Draft, Existing};

/// Invisible until it is published, given up when it is dropped before.
pub(super) struct Upload {
    bucket: Arc<Bucket>,
    name: String,
    dress: Dress,
    sizes: PartSizes,
    size: Option<u64>,
    written: u64,
    buffer: BytesMut,
    /// Buffers of parts that have arrived: fresh memory would cost more than its use, and lie scattered.
    spare: Vec<BytesMut>,
    /// The upload's id, once there is more than one part.
    begun: Option<String>,
    sent: u64,
    under_way: VecDeque<(Pending<CompletedPart>, Bytes)>,
    done: Vec<CompletedPart>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Filling,
    /// The service was asked to make the object, and nobody waited for its answer.
    Undecided,
    Published,
}

impl Upload {
    pub(super) fn new(bucket: Arc<Bucket>, name: &str, size: Option<u64>, about: &About) -> Result<Self> {
        let sizes = PartSizes::new(size, bucket.plan.part_size, bucket.provider.uniform_parts)?;
        Ok(Self {
            bucket,
            name: name.to_owned(),
            dress: Dress::new(about),
            sizes,
            size,
            written: 0,
            buffer: BytesMut::new(),
            spare: Vec::new(),
            begun: None,
            sent: 0,
            under_way: VecDeque::new(),
            done: Vec::new(),
            stage: Stage::Filling,
        })
    }

    /// How large the part is that is being filled.
    fn part_size(&self) -> Result<usize> {
        let size = self.sizes.of(self.sent + 1)?;
        usize::try_from(size)
            .map_err(|error| Error::usage(format!("a part of {size} bytes does not fit in memory")).because(error))
    }

    /// Sends what was gathered, as soon as there is room on the way.
    fn send(&mut self) -> Result<()> {
        let upload = self.begin()?;
        let room = in_flight(self.buffer.len() as u64, self.bucket.concurrency());
        while self.under_way.len() >= room {
            self.take_one()?;
        }
        self.sent += 1;
        let number =
            i32::try_from(self.sent).map_err(|error| Error::failed("an upload with too many parts").because(error))?;
        let bytes = std::mem::take(&mut self.buffer).freeze();
        let kept = bytes.clone();
        let (bucket, name, dress) = (Arc::clone(&self.bucket), self.name.clone(), self.dress.clone());
        let part =
            self.bucket.worker.start(async move { bucket.send_part(&name, &upload, number, bytes, &dress).await });
        self.under_way.push_back((part, kept));
        Ok(())
    }

    fn begin(&mut self) -> Result<String> {
        if let Some(upload) = &self.begun {
            return Ok(upload.clone());
        }
        let (bucket, name, dress) = (Arc::clone(&self.bucket), self.name.clone(), self.dress.clone());
        let upload = self.bucket.worker.run(async move { bucket.begin_parts(&name, &dress).await })?;
        self.begun = Some(upload.clone());
        let (bucket, name, begun) = (Arc::clone(&self.bucket), self.name.clone(), upload.clone());
        self.bucket.worker.run(async move {
            bucket.try_signature(&name, &begun).await;
            Ok(())
        })?;
        Ok(upload)
    }

    /// Waits for the oldest part on its way.
    fn take_one(&mut self) -> Result<()> {
        if let Some((part, bytes)) = self.under_way.pop_front() {
            self.done.push(self.bucket.worker.wait(&part)?);
            if let Ok(mut buffer) = bytes.try_into_mut() {
                buffer.clear();
                self.spare.push(buffer);
            }
        }
        Ok(())
    }

    fn complete(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.send()?;
        }
        while !self.under_way.is_empty() {
            self.take_one()?;
        }
        if self.done.len() as u64 != self.sent {
            return Err(Error::failed(format!("a part of {} is missing", self.bucket.place(&self.name))));
        }
        let upload = self.begin()?;
        let (bucket, name, dress) = (Arc::clone(&self.bucket), self.name.clone(), self.dress.clone());
        let (parts, size) = (std::mem::take(&mut self.done), self.written);
        self.decide(async move {
            let etag = bucket.complete_parts(&name, &upload, parts, &dress).await?;
            bucket.prove(&name, &dress, size, etag.as_deref()).await
        })
    }

    fn put(&mut self) -> Result<()> {
        let (bucket, name, dress) = (Arc::clone(&self.bucket), self.name.clone(), self.dress.clone());
        let bytes = std::mem::take(&mut self.buffer).freeze();
        self.decide(async move { bucket.put_whole(name, bytes, Existing::Keep, dress).await })
    }

    /// Makes the object. Only where the caller did not wait for the end is it unknown whether it is there.
    fn decide(&mut self, work: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
        let result = self.bucket.worker.run(work);
        self.stage = match &result {
            Ok(()) => Stage::Published,
            Err(error) if error.kind() == Kind::Interrupted => Stage::Undecided,
            Err(_) => Stage::Filling,
        };
        result
    }
}

impl Draft for Upload {
    fn append(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let part = self.part_size()?;
            // Only what follows proves that a full buffer is not the whole file.
            if self.buffer.len() >= part {
                self.send()?;
                continue;
            }
            if self.buffer.capacity() == 0 {
                let left = self.size.map(|size| size.saturating_sub(self.written));
                let left = left.and_then(|left| usize::try_from(left).ok()).unwrap_or(part);
                self.buffer = self.spare.pop().unwrap_or_default();
                self.buffer.reserve(part.min(left));
            }
            let (now, later) = bytes.split_at(bytes.len().min(part - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            self.written += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    fn publish(mut self: Box<Self>) -> Result<()> {
        if let Some(size) = self.size
            && size != self.written
        {
            let place = self.bucket.place(&self.name);
            return Err(Error::failed(format!("{place} was to have {size} bytes, and got {}", self.written)));
        }
        if self.begun.is_none() { self.put() } else { self.complete() }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.stage == Stage::Published {
            return;
        }
        self.under_way.clear();
        let undecided = self.stage == Stage::Undecided;
        if self.begun.is_none() && !undecided {
            return;
        }
        let (bucket, name, dress) = (Arc::clone(&self.bucket), self.name.clone(), self.dress.clone());
        let upload = self.begun.take();
        self.bucket.worker.tidy(GRACE, async move {
            if let Some(upload) = upload {
                // Where this fails too, the upload is listed as unfinished, and a later run removes it.
                let _ = bucket.abandon_parts(&name, &upload).await;
            }
            if undecided {
                bucket.withdraw(&name, &dress).await;
            }
            Ok(())
        });
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Upload").field("place", &self.bucket.place(&self.name)).finish_non_exhaustive()
    }
}
