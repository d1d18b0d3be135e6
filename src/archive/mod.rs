//! The file: chunks in, file out; and back by range. `docs/format.md` specifies it.
//!
//! A file is whole or does not exist: it gets its name when its last byte is on the disk, and its manifest comes last.
//! Whatever is read back was compared with a digest first.

mod damage;
mod document;
mod layout;
mod member;
mod open;
mod output;
mod passage;
mod pipeline;
mod proof;
mod read_ahead;
mod reader;
mod sidecar;
mod threads;
mod trailer;
mod transfer;
mod unpacked;
mod writer;

pub use member::{CHUNK_SIZE, RawChunk, Written};
pub(crate) use open::manifest_of_sidecar;
pub use open::read_manifest;
pub use output::{Missing, about};
pub use read_ahead::Chunks;
pub use reader::{Archive, Reading, rebuild_sidecars};
pub(crate) use sidecar::check_version;
pub use transfer::copy;
pub(crate) use unpacked::{Beginning, SCRIPT, holds};
pub use writer::{ArchiveWriter, ChunkSender, Finished};

use sha2::{Digest, Sha256};

/// A digest as manifests and `sha256sum` write it.
fn hexadecimal(digest: Sha256) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest.finalize() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}
