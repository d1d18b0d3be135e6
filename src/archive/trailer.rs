//! The last bytes of a file: of fixed size, so that a reader finds the embedded manifest from the end.

use sha2::{Digest, Sha256};

use crate::codec::Format;
use crate::error::Result;

const MAGIC: [u8; 8] = *b"HOLDFAST";

/// Magic, version, offset, size, digest.
const SIZE: usize = 8 + 4 + 8 + 8 + 32;

/// The size of the largest wrapped trailer of any format.
pub(super) const LARGEST: usize = 128;

/// Where the embedded manifest stands, and what its bytes must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    pub(super) format_version: u32,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
}

impl Trailer {
    /// The trailer of a manifest part that begins at `offset`.
    pub(super) fn of(format_version: u32, offset: u64, part: &[u8]) -> Self {
        Self { format_version, offset, size: part.len() as u64, sha256: Sha256::digest(part).into() }
    }

    /// The bytes that end the file.
    pub(super) fn encode(&self, format: Format) -> Result<Vec<u8>> {
        let mut data = Vec::with_capacity(SIZE);
        data.extend_from_slice(&MAGIC);
        data.extend_from_slice(&self.format_version.to_le_bytes());
        data.extend_from_slice(&self.offset.to_le_bytes());
        data.extend_from_slice(&self.size.to_le_bytes());
        data.extend_from_slice(&self.sha256);
        format.hide(&data)
    }

    /// How many bytes the trailer takes in a file of this format.
    pub(super) fn stored_size(format: Format) -> u64 {
        (SIZE + format.hidden_overhead()) as u64
    }

    /// Reads the trailer from the end of a file, and learns the file's format from it.
    pub(super) fn find(last: &[u8]) -> Option<(Format, Self)> {
        Format::ALL.into_iter().find_map(|format| {
            let start = last.len().checked_sub(SIZE + format.hidden_overhead())?;
            let (data, rest) = format.reveal(&last[start..])?;
            let trailer = Self::decode(data).filter(|_| rest.is_empty())?;
            Some((format, trailer))
        })
    }

    /// Whether the trailer of this format follows its manifest part at once and ends the file.
    pub(super) fn fits(&self, format: Format, file_size: u64) -> bool {
        self.offset.checked_add(self.size).and_then(|end| end.checked_add(Self::stored_size(format))) == Some(file_size)
    }

    fn decode(data: &[u8]) -> Option<Self> {
        let rest = data.strip_prefix(&MAGIC)?;
        let (format_version, rest) = rest.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        Some(Self {
            format_version: u32::from_le_bytes(*format_version),
            offset: u64::from_le_bytes(*offset),
            size: u64::from_le_bytes(*size),
            sha256: rest.try_into().ok()?,
        })
    }
}
