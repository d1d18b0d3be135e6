//! What the threads of a writer do, and how one waits for them without a runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use sha2::{Digest, Sha256};

use super::hexadecimal;
use super::output::Output;
use super::pipeline::{Pipeline, StoredChunk};
use crate::codec::Encoder;
use crate::error::{Context, Error, Result};
use crate::manifest::Chunk;

/// The file with all its chunks, and what the manifest has to say about them.
pub(super) struct Payload {
    pub(super) output: Output,
    pub(super) chunks: Vec<Chunk>,
    pub(super) raw_size: u64,
}

/// Compresses chunk after chunk.
pub(super) fn encode(pipeline: &Pipeline, mut encoder: Encoder) -> Result<()> {
    while let Some((ticket, mut raw)) = pipeline.next_raw() {
        let data = std::mem::take(&mut raw.data);
        let mut bytes = pipeline.stored_buffer();
        bytes.extend_from_slice(encoder.encode(&data)?);
        let chunk = StoredChunk {
            raw,
            raw_size: data.len() as u64,
            sha256: hexadecimal(Sha256::new_with_prefix(&data)),
            bytes,
        };
        pipeline.recycle_raw(data);
        pipeline.deliver(ticket, chunk);
    }
    Ok(())
}

/// Writes chunk after chunk; the file goes with the thread if it fails.
pub(super) fn write(pipeline: &Pipeline, output: Output, bytes_written: &AtomicU64) -> Result<Payload> {
    let mut payload = Payload { output, chunks: Vec::new(), raw_size: 0 };
    for ticket in 0.. {
        let Some(StoredChunk { raw, raw_size, sha256, bytes }) = pipeline.next_stored(ticket) else {
            break;
        };
        let offset = payload.output.size();
        payload.output.append(&bytes)?;
        payload.chunks.push(Chunk {
            section: raw.section,
            table: raw.table,
            rows: raw.rows,
            offset,
            size: bytes.len() as u64,
            raw_offset: payload.raw_size,
            raw_size,
            sha256,
        });
        payload.raw_size += raw_size;
        bytes_written.store(payload.output.size(), Ordering::Relaxed);
        pipeline.written(bytes);
    }
    Ok(payload)
}

/// Starts a thread whose error, or panic, becomes the failure of the whole pipeline.
pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    pipeline: &Arc<Pipeline>,
    work: impl FnOnce(&Pipeline) -> Result<T> + Send + 'static,
) -> Result<JoinHandle<Option<T>>> {
    let pipeline = Arc::clone(pipeline);
    let guarded = move || match catch_unwind(AssertUnwindSafe(|| work(&pipeline))) {
        Ok(Ok(result)) => Some(result),
        Ok(Err(error)) => {
            pipeline.fail(error);
            None
        }
        Err(_) => {
            pipeline.fail(Error::failed("a thread of the archive panicked; this is a bug in Holdfast"));
            None
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(guarded).context(|| "no thread can be started")
}

/// Waits for a future that needs no runtime.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Pipeline, spawn};

    #[test]
    fn a_panic_becomes_the_failure_of_the_whole() {
        let pipeline = Arc::new(Pipeline::new(1));
        let thread = spawn("test", &pipeline, |_| -> crate::Result<()> { panic!("as a test") });
        assert!(thread.is_ok_and(|thread| matches!(thread.join(), Ok(None))));
        let failure = pipeline.failure().map(|failure| failure.message());
        assert!(failure.is_some_and(|message| message.contains("panicked")));
    }
}
