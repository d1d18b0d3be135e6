//! zstd frames with content size and checksum, so that `zstd -t` finds damage without us.

use ::zstd::bulk::{Compressor, Decompressor};
use ::zstd::zstd_safe::{self, CParameter};

use super::{KEPT_SCRATCH, reserve, unknown_level};
use crate::error::{Context, Error, Result};

pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// One of the sixteen numbers of skippable frames (RFC 8878, 3.1.2); 0x184D2A5E belongs to the seekable format.
pub(super) const HIDDEN_MAGIC: [u8; 4] = 0x184D_2A57_u32.to_le_bytes();

/// A block of one byte repeated takes four bytes for 128 KiB (RFC 8878, 3.1.1.2).
const MOST_FROM_A_BYTE: u64 = 32 * 1024;

const LAST_LEVEL: u8 = 19;

/// As for gzip: one rule for readers, and no need of more.
pub(super) const HIDDEN_LIMIT: usize = 65_000;

/// Magic number and size.
pub(super) const HIDDEN_OVERHEAD: usize = 8;

/// Writes one frame a chunk.
pub struct Encoder {
    compressor: Compressor<'static>,
    scratch: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(level: u8) -> Result<Self> {
        if !(1..=LAST_LEVEL).contains(&level) {
            return Err(unknown_level("zstd", level, LAST_LEVEL));
        }
        let mut compressor = Compressor::new(i32::from(level)).context(|| "zstd does not start")?;
        for parameter in [CParameter::ContentSizeFlag(true), CParameter::ChecksumFlag(true)] {
            compressor.set_parameter(parameter).context(|| "zstd does not start")?;
        }
        Ok(Self { compressor, scratch: Vec::new() })
    }

    pub(super) fn encode(&mut self, raw: &[u8]) -> Result<&[u8]> {
        if self.scratch.capacity() > KEPT_SCRATCH {
            self.scratch = Vec::new();
        }
        self.scratch.clear();
        self.scratch.reserve(zstd_safe::compress_bound(raw.len()));
        self.compressor.compress_to_buffer(raw, &mut self.scratch).context(|| "zstd compression failed")?;
        Ok(&self.scratch)
    }
}

/// Reads one frame a chunk.
pub struct Decoder(Decompressor<'static>);

impl Decoder {
    pub(super) fn new() -> Result<Self> {
        Ok(Self(Decompressor::new().context(|| "zstd does not start")?))
    }

    pub(super) fn decode(&mut self, stored: &[u8], raw_size: u64) -> Result<Vec<u8>> {
        // zstd itself would read on through any number of frames.
        if zstd_safe::find_frame_compressed_size(stored) != Ok(stored.len()) {
            return Err(Error::bad_backup("the zstd frame does not fill its range"));
        }
        if self::raw_size(stored) != Some(raw_size) {
            return Err(Error::bad_backup("the zstd frame is not of the size that the manifest tells"));
        }
        let (mut raw, size) = reserve(stored, MOST_FROM_A_BYTE, raw_size)?;
        self.0
            .decompress_to_buffer(stored, &mut raw)
            .map_err(|error| Error::bad_backup("the zstd frame is damaged").because(error))?;
        if raw.len() != size {
            return Err(Error::bad_backup("the zstd frame is not of the size that it tells"));
        }
        Ok(raw)
    }
}

pub(super) fn hide(data: &[u8]) -> Result<Vec<u8>> {
    let size = u32::try_from(data.len()).context(|| "too much to hide in a zstd frame")?;
    let mut frame = Vec::with_capacity(HIDDEN_OVERHEAD + data.len());
    frame.extend_from_slice(&HIDDEN_MAGIC);
    frame.extend_from_slice(&size.to_le_bytes());
    frame.extend_from_slice(data);
    Ok(frame)
}

pub(super) fn reveal(stored: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = stored.strip_prefix(&HIDDEN_MAGIC)?;
    let (size, rest) = rest.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)
}

pub(super) fn raw_size(stored: &[u8]) -> Option<u64> {
    zstd_safe::get_frame_content_size(stored).ok().flatten()
}
