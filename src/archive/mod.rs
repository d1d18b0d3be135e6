//! The file: chunks in, file out; and back by range. `docs/format.md` specifies it.
//!
//! A file is whole or does not exist: it gets its name when its last byte is on the disk, and its manifest comes last.
//! Whatever is read back was compared with a digest first.

mod damage;
mod document;
mod layout;
mod member;
mod open;
mod partial;
mod pipeline;
mod proof;
mod read_ahead;
mod reader;
mod sidecar;
mod threads;
mod trailer;
mod writer;

pub use member::{CHUNK_SIZE, RawChunk, Written};
pub use open::read_manifest;
pub use read_ahead::Chunks;
pub use reader::{Archive, Reading, rebuild_sidecars};
pub use writer::{ArchiveWriter, ChunkSender};
