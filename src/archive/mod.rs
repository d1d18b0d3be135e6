//! The file: chunks in, file out; and back by range.

mod member;
mod reader;
mod writer;

pub use member::{CHUNK_SIZE, RawChunk, Written};
pub use reader::{Archive, Chunks, read_manifest, rebuild_sidecars};
pub use writer::{ArchiveWriter, ChunkSender};
