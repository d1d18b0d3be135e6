//! The reversible transformation of one chunk, and how each format hides bytes that its decompressors skip.
//!
//! A chunk is compressed alone, from one buffer in memory, so that it can be read alone. Equal bytes and equal levels
//! give equal results: nothing here writes a time or a name.

mod gzip;
mod zstd;

use crate::error::{Error, Result};
use crate::manifest::Codec;

/// A [`Codec`] without its level: what a reader has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Format {
    /// Every format, for a reader that has yet to find out.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// The format that this codec writes.
    pub fn of(codec: Codec) -> Self {
        match codec {
            Codec::Gzip { .. } => Self::Gzip,
            Codec::Zstd { .. } => Self::Zstd,
        }
    }

    /// Whether a file that begins like this may be of this format.
    pub fn begins(self, first: &[u8]) -> bool {
        match self {
            Self::Gzip => first.starts_with(&gzip::MAGIC),
            Self::Zstd => first.starts_with(&zstd::MAGIC) || first.starts_with(&zstd::HIDDEN_MAGIC),
        }
    }

    /// The most bytes that [`Format::hide`] takes at once.
    pub fn hidden_limit(self) -> usize {
        match self {
            Self::Gzip => gzip::HIDDEN_LIMIT,
            Self::Zstd => zstd::HIDDEN_LIMIT,
        }
    }

    /// How many bytes [`Format::hide`] adds.
    pub fn hidden_overhead(self) -> usize {
        match self {
            Self::Gzip => gzip::HIDDEN_OVERHEAD,
            Self::Zstd => zstd::HIDDEN_OVERHEAD,
        }
    }

    /// Wraps bytes so that decompressors of this format read nothing.
    pub fn hide(self, data: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Gzip => gzip::hide(data),
            Self::Zstd => zstd::hide(data),
        }
    }

    /// Splits what [`Format::hide`] wrapped from what follows it; `None` if a single bit of the wrapping differs.
    pub fn reveal(self, stored: &[u8]) -> Option<(&[u8], &[u8])> {
        match self {
            Self::Gzip => gzip::reveal(stored),
            Self::Zstd => zstd::reveal(stored),
        }
    }

    /// The decompressed size that a compressed chunk claims.
    pub fn raw_size(self, stored: &[u8]) -> Option<u64> {
        match self {
            Self::Gzip => gzip::raw_size(stored),
            Self::Zstd => zstd::raw_size(stored),
        }
    }
}

/// Compresses chunks one after the other; each thread has its own.
pub enum Encoder {
    /// Writes gzip members.
    Gzip(gzip::Encoder),
    /// Writes zstd frames.
    Zstd(zstd::Encoder),
}

impl Encoder {
    /// Refuses a level that the format does not have.
    pub fn new(codec: Codec) -> Result<Self> {
        Ok(match codec {
            Codec::Gzip { level } => Self::Gzip(gzip::Encoder::new(level)?),
            Codec::Zstd { level } => Self::Zstd(zstd::Encoder::new(level)?),
        })
    }

    /// The compressed chunk, valid until the next call.
    pub fn encode(&mut self, raw: &[u8]) -> Result<&[u8]> {
        match self {
            Self::Gzip(encoder) => encoder.encode(raw),
            Self::Zstd(encoder) => encoder.encode(raw),
        }
    }
}

/// Decompresses chunks one after the other; each thread has its own.
pub enum Decoder {
    /// Reads gzip members.
    Gzip(gzip::Decoder),
    /// Reads zstd frames.
    Zstd(zstd::Decoder),
    /// Reads what was decompressed already.
    Plain,
}

impl Decoder {
    /// A decoder of this format.
    pub fn new(format: Format) -> Result<Self> {
        Ok(match format {
            Format::Gzip => Self::Gzip(gzip::Decoder::new()),
            Format::Zstd => Self::Zstd(zstd::Decoder::new()?),
        })
    }

    /// The chunk's bytes; fails unless `stored` is exactly one chunk of exactly this decompressed size.
    pub fn decode(&mut self, stored: &[u8], raw_size: u64) -> Result<Vec<u8>> {
        match self {
            Self::Gzip(decoder) => decoder.decode(stored, raw_size),
            Self::Zstd(decoder) => decoder.decode(stored, raw_size),
            Self::Plain => Ok(stored.to_owned()),
        }
    }
}

/// A buffer for a decompressed chunk, and the size for this machine. The size comes from a file: what cannot come out of the
/// stored bytes is refused before there is any memory for it, and running out of memory is an error, not an abort of the
/// whole process.
fn reserve(stored: &[u8], most_from_a_byte: u64, raw_size: u64) -> Result<(Vec<u8>, usize)> {
    if raw_size > most_from_a_byte.saturating_mul(stored.len() as u64) {
        let sizes = format!("{} bytes are said to hold {raw_size}, which cannot be", stored.len());
        return Err(Error::bad_backup(sizes));
    }
    let too_big = || Error::bad_backup(format!("a chunk of {raw_size} bytes does not fit in memory"));
    let size = usize::try_from(raw_size).map_err(|error| too_big().because(error))?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(size).map_err(|error| too_big().because(error))?;
    Ok((buffer, size))
}

/// Room that one encoder keeps between chunks; what a huge row needed beyond this is given back.
const KEPT_SCRATCH: usize = 8 * 1024 * 1024;

fn unknown_level(format: &str, level: u8, last: u8) -> Error {
    Error::usage(format!("{format} has no compression level {level}")).hint(format!("Choose a level from 1 to {last}"))
}
