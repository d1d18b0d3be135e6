//! Makes a file from chunks: compressed by several threads, written by one, in the order in which they were accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use super::document;
use super::member::{RawChunk, Written};
use super::output::{Missing, Output};
use super::pipeline::Pipeline;
use super::threads::{Payload, block_on, encode, spawn, write};
use super::trailer::Trailer;
use crate::codec::{Encoder, Format};
use crate::error::{Error, Kind, Result};
use crate::manifest::{Codec, Manifest};
use crate::store::{About, Store};

/// What became of a file.
#[derive(Debug)]
pub struct Finished {
    /// What it says about itself.
    pub manifest: Manifest,
    /// The stores that did not get it.
    pub missing: Vec<Missing>,
}

/// A backup in the making: nothing shows under its name until [`ArchiveWriter::finish`] returns.
///
/// Dropped before that, it removes what it wrote.
pub struct ArchiveWriter {
    name: String,
    codec: Codec,
    pipeline: Arc<Pipeline>,
    bytes_written: Arc<AtomicU64>,
    encoders: Vec<JoinHandle<Option<()>>>,
    writer: Option<JoinHandle<Option<Payload>>>,
}

impl ArchiveWriter {
    /// Starts the file `name` in these stores, of which the first is its home; compressed by this many threads.
    pub fn create(stores: &[Arc<dyn Store>], name: &str, about: About, codec: Codec, threads: usize) -> Result<Self> {
        let threads = threads.max(1);
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\n', '\\', '\0']) {
            return Err(Error::usage(format!("{name:?} cannot be the name of a backup")));
        }
        let encoders = (0..threads).map(|_| Encoder::new(codec)).collect::<Result<Vec<_>>>()?;
        let output = Output::create(stores, name, about)?;
        let mut archive = Self {
            name: name.to_owned(),
            codec,
            pipeline: Arc::new(Pipeline::new(threads)),
            bytes_written: Arc::default(),
            encoders: Vec::with_capacity(threads),
            writer: None,
        };
        archive.start(encoders, output)?;
        Ok(archive)
    }

    /// A way in for one producer.
    pub fn sender(&self) -> ChunkSender {
        self.pipeline.open_sender();
        ChunkSender { pipeline: Some(Arc::clone(&self.pipeline)) }
    }

    /// Bytes of the file so far.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written.load(Ordering::Relaxed)
    }

    /// Waits for all chunks, adds the manifest, makes the file durable and gives it its name, in every store.
    ///
    /// Fails if a producer was lost before it said [`ChunkSender::end`], or if any chunk failed; nothing stays then.
    pub fn finish(mut self, complete: impl FnOnce(Written) -> Manifest) -> Result<Finished> {
        self.pipeline.complete();
        let payload = self.join();
        if let Some(failure) = self.pipeline.failure() {
            return Err(failure);
        }
        let Some(Payload { mut output, chunks, raw_size }) = payload else {
            return Err(Error::failed(format!("the thread that wrote {} is gone", self.name)));
        };
        let mut manifest = complete(Written { chunks, raw_size, chunks_sha256: output.so_far().sha256 });
        manifest.codec = self.codec;
        manifest.file = None;
        let text = document::encode(&manifest)?;
        append_manifest(&mut output, &manifest, &text)?;
        let (stored, missing) = output.publish(&text)?;
        manifest.file = Some(stored);
        Ok(Finished { manifest, missing })
    }

    fn start(&mut self, encoders: Vec<Encoder>, output: Output) -> Result<()> {
        let bytes_written = Arc::clone(&self.bytes_written);
        let work = move |pipeline: &Pipeline| write(pipeline, output, &bytes_written);
        self.writer = Some(spawn("holdfast-write", &self.pipeline, work)?);
        for encoder in encoders {
            let work = move |pipeline: &Pipeline| encode(pipeline, encoder);
            self.encoders.push(spawn("holdfast-encode", &self.pipeline, work)?);
        }
        Ok(())
    }

    fn join(&mut self) -> Option<Payload> {
        for encoder in self.encoders.drain(..) {
            // A panic was caught and told to the pipeline inside the thread.
            let _ = encoder.join();
        }
        self.writer.take().and_then(|writer| writer.join().ok().flatten())
    }
}

impl Drop for ArchiveWriter {
    fn drop(&mut self) {
        self.pipeline.fail(Error::failed(format!("{} was abandoned", self.name)));
        // Joined, so that the temporary file is gone when this returns.
        drop(self.join());
    }
}

/// One producer's way into the file; dropping it without [`ChunkSender::end`] makes the backup fail.
pub struct ChunkSender {
    /// Taken by `end`: what is left in it when it is dropped was never ended.
    pipeline: Option<Arc<Pipeline>>,
}

impl ChunkSender {
    /// Hands over a chunk once there is room for it and returns its index, which is its place in the file.
    ///
    /// After a failure of the writer every call returns that failure at once. May be cancelled while it waits.
    pub async fn send(&self, chunk: RawChunk) -> Result<u32> {
        let Some(pipeline) = &self.pipeline else {
            return Err(Error::failed("this producer has ended"));
        };
        pipeline.accept(chunk).await
    }

    /// [`ChunkSender::send`] for a thread that may block.
    pub fn send_blocking(&self, chunk: RawChunk) -> Result<u32> {
        block_on(self.send(chunk))
    }

    /// An empty buffer with room for a chunk, used before where there is one.
    pub fn buffer(&self) -> Vec<u8> {
        self.pipeline.as_ref().map_or_else(Vec::new, |pipeline| pipeline.raw_buffer())
    }

    /// Says that this producer has sent all that it had to send.
    pub fn end(mut self) {
        if let Some(pipeline) = self.pipeline.take() {
            pipeline.end_sender();
        }
    }
}

impl Drop for ChunkSender {
    fn drop(&mut self) {
        if let Some(pipeline) = self.pipeline.take() {
            pipeline.lose_sender();
        }
    }
}

/// Hides the manifest, compressed like a chunk, and the trailer behind the chunks.
fn append_manifest(file: &mut Output, manifest: &Manifest, text: &[u8]) -> Result<()> {
    let format = Format::of(manifest.codec);
    let offset = file.size();
    let mut part = Vec::new();
    let mut encoder = Encoder::new(manifest.codec)?;
    let compressed = encoder.encode(text)?;
    if text.len() as u64 > document::longest(compressed.len()) {
        // Better none than one that is refused when it is needed.
        let message = format!("the manifest has {} bytes, which is more than a reader takes", text.len());
        return Err(Error::new(Kind::Unsupported, message)
            .hint("Leave the rows of the largest tables out, and report how large the database is"));
    }
    for piece in compressed.chunks(format.hidden_limit()) {
        part.extend(format.hide(piece)?);
    }
    file.append(&part)?;
    file.append(&Trailer::of(manifest.format_version, offset, &part).encode(format)?)
}
