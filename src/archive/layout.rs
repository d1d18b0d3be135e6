//! Whether a manifest describes a file without gaps: after this every offset and index in it can be used blindly.

use crate::manifest::{Chunk, Manifest};

/// The largest decompressed chunk, in bytes: PostgreSQL sends no row or value longer than 1 GiB, and what stands around it
/// in a chunk is shorter than two ordinary ones.
const LARGEST_CHUNK: u64 = 1024 * 1024 * 1024 + 8 * 1024 * 1024;

/// Says what is wrong; `chunks_end` is where the embedded manifest begins.
pub(super) fn check(manifest: &Manifest, chunks_end: u64) -> Result<(), String> {
    let mut end = 0;
    let mut raw_end = 0;
    for (index, chunk) in manifest.chunks.iter().enumerate() {
        if chunk.offset != end || chunk.raw_offset != raw_end {
            return Err(format!("chunk {index} does not follow the chunk before it"));
        }
        if chunk.raw_size > LARGEST_CHUNK {
            return Err(format!("chunk {index} is larger than any that is written"));
        }
        let overflow = || format!("chunk {index} has no possible size");
        end = end.checked_add(chunk.size).ok_or_else(overflow)?;
        raw_end = raw_end.checked_add(chunk.raw_size).ok_or_else(overflow)?;
        if !names_table(chunk.table, manifest) {
            return Err(format!("chunk {index} belongs to a table that the manifest does not have"));
        }
    }
    if end != chunks_end || raw_end != manifest.raw_size {
        return Err("its chunks do not fill the space before its manifest".to_owned());
    }
    for object in &manifest.objects {
        let chunk = usize::try_from(object.chunk).ok().and_then(|chunk| manifest.chunks.get(chunk));
        if !chunk.is_some_and(|chunk| holds(chunk, object.offset, object.size)) || !names_table(object.table, manifest)
        {
            return Err(format!("{} {} points outside of it", object.kind, object.name));
        }
        if object.needs.iter().any(|need| usize::try_from(*need).map_or(true, |need| need >= manifest.objects.len())) {
            return Err(format!("{} {} needs an object that the manifest does not have", object.kind, object.name));
        }
    }
    Ok(())
}

fn holds(chunk: &Chunk, offset: u64, size: u64) -> bool {
    offset.checked_add(size).is_some_and(|end| end <= chunk.raw_size)
}

fn names_table(table: Option<u32>, manifest: &Manifest) -> bool {
    table.is_none_or(|table| usize::try_from(table).is_ok_and(|table| table < manifest.tables.len()))
}
