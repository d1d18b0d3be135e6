//! Reading an object by range, with requests ahead of the readers.
//!
//! At most as many spans as the store's concurrency are under way or waiting to be read. A reader takes from a span
//! where there is one, and otherwise makes a request of its own: it waits for a request that runs, never for room, so
//! readers that come in another order, or never, keep nobody waiting.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

use super::ahead::{Ahead, Served};
use super::bucket::{Bucket, Head};
use super::fetch::Version;
use super::spans::spans;
use super::worker::TICK;
use crate::error::{Error, Result};
use crate::store::Content;

/// An object as it was when it was opened.
pub(super) struct Remote {
    shared: Arc<Shared>,
    size: u64,
    place: String,
}

struct Shared {
    bucket: Arc<Bucket>,
    version: Version,
    ahead: Mutex<Ahead>,
    changed: Condvar,
}

impl Remote {
    pub(super) fn new(bucket: Arc<Bucket>, name: &str, head: &Head) -> Self {
        let version = Version { name: name.to_owned(), etag: head.etag.clone() };
        let place = bucket.place(name);
        let shared = Shared { bucket, version, ahead: Mutex::default(), changed: Condvar::new() };
        Self { shared: Arc::new(shared), size: head.size, place }
    }
}

impl Content for Remote {
    fn size(&self) -> u64 {
        self.size
    }

    fn identity(&self) -> Option<String> {
        let etag = &self.shared.version.etag;
        (!etag.is_empty()).then(|| format!("s3:{} {etag} {}", self.place, self.size))
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= self.size);
        if end.is_none() {
            return Err(Error::bad_backup(format!("{} ends too early, at {} bytes", self.place, self.size))
                .hint("It was cut off where it was made or copied; use another copy of the backup"));
        }
        let mut offset = offset;
        let mut rest = buffer;
        while !rest.is_empty() {
            let bytes = self.shared.read(offset..offset + rest.len() as u64)?;
            let (now, later) = rest.split_at_mut(bytes.len());
            now.copy_from_slice(&bytes);
            offset += bytes.len() as u64;
            self.shared.lock().done_with(bytes);
            rest = later;
        }
        Ok(())
    }

    fn will_read(&self, ranges: &[Range<u64>]) {
        let mut ahead = self.shared.lock();
        ahead.plan(spans(ranges, self.size));
        self.shared.fill(&mut ahead);
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.shared.lock().stop();
    }
}

impl Shared {
    /// The beginning of the range, as far as it comes from one place.
    fn read(self: &Arc<Self>, range: Range<u64>) -> Result<Bytes> {
        let mut ahead = self.lock();
        let alone = loop {
            if self.bucket.worker.is_stopped() {
                return Err(Error::interrupted());
            }
            match ahead.serve(&range) {
                Served::Bytes(bytes) => {
                    self.fill(&mut ahead);
                    return Ok(bytes);
                }
                Served::Not(range) => break range,
                Served::Soon => {
                    ahead = self.changed.wait_timeout(ahead, TICK).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        };
        self.fill(&mut ahead);
        drop(ahead);
        let shared = Arc::clone(self);
        self.bucket.worker.run(async move { shared.bucket.fetch(&shared.version, alone, BytesMut::new()).await })
    }

    /// Begins requests until there is no more room.
    fn fill(self: &Arc<Self>, ahead: &mut Ahead) {
        while let Some(span) = ahead.next(usize::from(self.bucket.concurrency())) {
            let (shared, range, buffer) = (Arc::clone(self), span.range.clone(), ahead.buffer());
            let task = self.bucket.worker.detach(async move { shared.fetch(range, buffer).await });
            ahead.begun(span, task);
        }
    }

    async fn fetch(self: Arc<Self>, range: Range<u64>, buffer: BytesMut) {
        let result = self.bucket.fetch(&self.version, range.clone(), buffer).await;
        let mut ahead = self.lock();
        match result {
            Ok(bytes) => ahead.arrived(&range, bytes),
            Err(_) => ahead.failed(&range),
        }
        drop(ahead);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Remote").field("place", &self.place).field("size", &self.size).finish_non_exhaustive()
    }
}
