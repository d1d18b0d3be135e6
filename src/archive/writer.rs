//! Makes a file from chunks.
#![allow(clippy::todo, clippy::unused_async, unused_variables, reason = "the interface comes first")]

use std::path::Path;

use super::{RawChunk, Written};
use crate::Result;
use crate::manifest::{Codec, Manifest};

/// A backup in the making: nothing shows under its name until [`ArchiveWriter::finish`] returns.
#[derive(Debug)]
pub struct ArchiveWriter {}

impl ArchiveWriter {
    /// Starts the file `name` in `folder`, compressed by this many threads.
    pub fn create(folder: &Path, name: &str, codec: Codec, threads: usize) -> Result<Self> {
        todo!()
    }

    /// A way in for one producer.
    pub fn sender(&self) -> ChunkSender {
        todo!()
    }

    /// Bytes of the file so far.
    pub fn bytes_written(&self) -> u64 {
        todo!()
    }

    /// Waits for all chunks, adds the manifest, makes the file durable and gives it its name.
    pub fn finish(self, complete: impl FnOnce(Written) -> Manifest) -> Result<Manifest> {
        todo!()
    }
}

/// One producer's way into the file; dropping it without [`ChunkSender::end`] makes the backup fail.
#[derive(Debug)]
pub struct ChunkSender {}

impl ChunkSender {
    /// Hands over a chunk once there is room for it and returns its index, which is its place in the file.
    pub async fn send(&self, chunk: RawChunk) -> Result<u32> {
        todo!()
    }

    /// [`ChunkSender::send`] for a thread that may block.
    pub fn send_blocking(&self, chunk: RawChunk) -> Result<u32> {
        todo!()
    }

    /// An empty buffer with room for a chunk.
    pub fn buffer(&self) -> Vec<u8> {
        todo!()
    }

    /// Says that this producer has sent all that it had to send.
    pub fn end(self) {
        todo!()
    }
}
