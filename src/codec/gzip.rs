//! gzip members by libdeflate: whole buffers at twice the speed of any streaming zlib.

use libdeflater::{CompressionLvl, Compressor, Decompressor};

use super::{KEPT_SCRATCH, reserve, unknown_level};
use crate::error::{Context, Error, Result};

pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

const LAST_LEVEL: u8 = 12;

/// The header of an empty member with an extra field: deflate, FEXTRA, no time, no flags, unknown system.
const HIDDEN_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255];

/// Deflate takes two bits for 258 bytes at its best.
const MOST_FROM_A_BYTE: u64 = 1032;

/// Our subfield of the extra field (RFC 1952, 2.3.1.1).
const SUBFIELD: [u8; 2] = *b"HF";

/// One empty deflate block, then CRC-32 and size of nothing.
const HIDDEN_FOOTER: [u8; 10] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A subfield's size has 16 bits and so has that of the field around it; a round number below.
pub(super) const HIDDEN_LIMIT: usize = 65_000;

/// Header, size of the extra field, subfield's name and size, footer.
pub(super) const HIDDEN_OVERHEAD: usize = HIDDEN_HEADER.len() + 2 + SUBFIELD.len() + 2 + HIDDEN_FOOTER.len();

/// Writes one member a chunk.
pub struct Encoder {
    compressor: Compressor,
    scratch: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(level: u8) -> Result<Self> {
        // libdeflate has a level 0 too, which would store a backup uncompressed under a name that promises otherwise.
        let known = CompressionLvl::new(i32::from(level)).ok();
        let Some(known) = known.filter(|_| (1..=LAST_LEVEL).contains(&level)) else {
            return Err(unknown_level("gzip", level, LAST_LEVEL));
        };
        Ok(Self { compressor: Compressor::new(known), scratch: Vec::new() })
    }

    pub(super) fn encode(&mut self, raw: &[u8]) -> Result<&[u8]> {
        // The member's size field has 32 bits; readers compare it.
        u32::try_from(raw.len()).context(|| format!("a row of {} bytes is too long for gzip", raw.len()))?;
        let bound = self.compressor.gzip_compress_bound(raw.len());
        if self.scratch.len() > KEPT_SCRATCH {
            self.scratch = Vec::new();
        }
        if self.scratch.len() < bound {
            self.scratch.resize(bound, 0);
        }
        let size = self.compressor.gzip_compress(raw, &mut self.scratch).context(|| "gzip compression failed")?;
        Ok(&self.scratch[..size])
    }
}

/// Reads one member a chunk.
pub struct Decoder(Decompressor);

impl Decoder {
    pub(super) fn new() -> Self {
        Self(Decompressor::new())
    }

    pub(super) fn decode(&mut self, stored: &[u8], raw_size: u64) -> Result<Vec<u8>> {
        if self::raw_size(stored) != Some(raw_size) {
            return Err(Error::bad_backup("the gzip member is not of the size that the manifest tells"));
        }
        let (mut raw, size) = reserve(stored, MOST_FROM_A_BYTE, raw_size)?;
        raw.resize(size, 0);
        let filled = self
            .0
            .gzip_decompress(stored, &mut raw)
            .map_err(|error| Error::bad_backup("the gzip member is damaged").because(error))?;
        // libdeflate stops at the end of the member and does not tell where. The range has to end with the member's
        // own CRC-32 and size; the size is compared above.
        let checksum = libdeflater::crc32(&raw).to_le_bytes();
        if filled != size || !stored[..stored.len() - 4].ends_with(&checksum) {
            return Err(Error::bad_backup("the gzip member does not fill its range"));
        }
        Ok(raw)
    }
}

pub(super) fn hide(data: &[u8]) -> Result<Vec<u8>> {
    let subfield_size = u16::try_from(data.len()).context(|| "too much to hide in a gzip header")?;
    let field_size = subfield_size.checked_add(4).ok_or_else(|| Error::failed("too much to hide in a gzip header"))?;
    let mut member = Vec::with_capacity(HIDDEN_OVERHEAD + data.len());
    member.extend_from_slice(&HIDDEN_HEADER);
    member.extend_from_slice(&field_size.to_le_bytes());
    member.extend_from_slice(&SUBFIELD);
    member.extend_from_slice(&subfield_size.to_le_bytes());
    member.extend_from_slice(data);
    member.extend_from_slice(&HIDDEN_FOOTER);
    Ok(member)
}

pub(super) fn reveal(stored: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = stored.strip_prefix(&HIDDEN_HEADER)?;
    let (field_size, rest) = rest.split_first_chunk::<2>()?;
    let rest = rest.strip_prefix(&SUBFIELD)?;
    let (size, rest) = rest.split_first_chunk::<2>()?;
    let size = u16::from_le_bytes(*size);
    if size.checked_add(4) != Some(u16::from_le_bytes(*field_size)) {
        return None;
    }
    let (data, rest) = rest.split_at_checked(usize::from(size))?;
    Some((data, rest.strip_prefix(&HIDDEN_FOOTER)?))
}

pub(super) fn raw_size(stored: &[u8]) -> Option<u64> {
    let (_, size) = stored.split_last_chunk::<4>()?;
    Some(u64::from(u32::from_le_bytes(*size)))
}
