//! What goes into a file: pieces of the payload, and what became of them.

use crate::manifest::{Chunk, Section};

/// How many uncompressed bytes a producer collects before it sends a chunk.
pub const CHUNK_SIZE: usize = 4 * 1024 * 1024;

/// Capacity of the buffers that are kept: a chunk, and the row that filled it.
pub(super) const BUFFER_SIZE: usize = CHUNK_SIZE + CHUNK_SIZE / 8;

/// A piece of the payload before compression.
#[derive(Debug)]
pub struct RawChunk {
    /// The part of the backup it belongs to.
    pub section: Section,
    /// Index of its table in the manifest, for rows of a table.
    pub table: Option<u32>,
    /// Rows in it, for rows of a table.
    pub rows: u64,
    /// The bytes; a buffer from [`super::ChunkSender::buffer`] comes back to it after compression.
    pub data: Vec<u8>,
}

/// What the manifest has to say about the chunks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Every chunk, in the order of the file.
    pub chunks: Vec<Chunk>,
    /// Size of the decompressed payload in bytes.
    pub raw_size: u64,
    /// SHA-256 of all chunks as stored, in hexadecimal.
    pub chunks_sha256: String,
}
