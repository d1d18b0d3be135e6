//! Finds out what a file is, and refuses it in words that say why: empty, foreign, cut off, newer, or not matching.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::damage::{damaged, label, newer};
use super::document;
use super::layout;
use super::reader::read_exact_at;
use super::sidecar::{self, Sidecar};
use super::trailer::{self, Trailer};
use crate::codec::{Decoder, Format};
use crate::error::{Context, Error, Result};
use crate::manifest::{FORMAT_VERSION, Manifest, StoredFile};

/// No manifest comes near this; a damaged size must not make us ask for all memory.
const LARGEST_MANIFEST: u64 = 1024 * 1024 * 1024;

/// A file whose manifest is whole.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) size: u64,
    pub(super) format: Format,
    pub(super) manifest: Manifest,
    /// What the sidecar says of the file.
    pub(super) stored: Option<StoredFile>,
    /// The manifest's text as it stands in the file.
    pub(super) text: Vec<u8>,
}

/// The manifest of a backup, from its sidecar where there is one; nothing else is checked.
pub fn read_manifest(path: &Path) -> Result<Manifest> {
    match Sidecar::read(path)? {
        Some(sidecar) => Ok(sidecar.manifest),
        None => Ok(open(path, None)?.manifest),
    }
}

/// Opens a file; with its sidecar, if there is one to be compared with it.
pub(super) fn open(path: &Path, sidecar: Option<Sidecar>) -> Result<Opened> {
    let (file, size) = open_file(path)?;
    if let Some(expected) = sidecar.as_ref().map(|sidecar| sidecar.file.size) {
        compare_size(path, size, expected)?;
    }
    let (format, trailer) = find_trailer(&file, path, size)?;
    let text = read_text(&file, path, format, &trailer)?;
    let (manifest, stored) = match sidecar {
        Some(sidecar) => {
            sidecar.compare(path, &text)?;
            (sidecar.manifest, Some(sidecar.file))
        }
        None => (document::decode(&text).map_err(|error| error.in_file(path))?, None),
    };
    if manifest.format_version != trailer.format_version || Format::of(manifest.codec) != format {
        return Err(damaged(path, "its manifest and its trailer tell different formats"));
    }
    layout::check(&manifest, trailer.offset).map_err(|what| damaged(path, &what))?;
    Ok(Opened { file, size, format, manifest, stored, text })
}

fn open_file(path: &Path) -> Result<(File, u64)> {
    let file = File::open(path).map_err(|error| cannot_open(path, error))?;
    let metadata = file.metadata().context(|| format!("{} cannot be read", path.display()))?;
    if !metadata.is_file() {
        return Err(Error::usage(format!("{} is not a file", path.display())));
    }
    if metadata.len() == 0 {
        return Err(damaged(path, "it is empty"));
    }
    Ok((file, metadata.len()))
}

fn cannot_open(path: &Path, error: std::io::Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return Error::failed(format!("{} cannot be opened", path.display())).because(error);
    }
    let manifest = sidecar::manifest_path(path);
    if manifest.exists() {
        return Error::bad_backup(format!("{} is missing; only its manifest is left", path.display()))
            .hint(format!("Bring the file back from another copy, or remove {}", label(&manifest)));
    }
    Error::usage(format!("there is no backup {}", path.display())).hint("`list_backups` tells which there are")
}

fn compare_size(path: &Path, size: u64, expected: u64) -> Result<()> {
    if size < expected {
        return Err(damaged(path, &format!("it is cut off: {size} of {expected} bytes are left")));
    }
    if size > expected {
        return Err(damaged(path, &format!("it has {size} bytes where its manifest tells {expected}")));
    }
    Ok(())
}

fn find_trailer(file: &File, path: &Path, size: u64) -> Result<(Format, Trailer)> {
    let length = size.min(trailer::LARGEST as u64);
    let mut last = vec![0; usize::try_from(length).unwrap_or(trailer::LARGEST)];
    read_exact_at(file, path, size - length, &mut last)?;
    let Some((format, trailer)) = Trailer::find(&last) else {
        return Err(without_trailer(file, path, size)?);
    };
    if !trailer.fits(format, size) || trailer.size > LARGEST_MANIFEST {
        return Err(damaged(path, "its trailer does not point at a manifest"));
    }
    Ok((format, trailer))
}

/// A file that does not end as a backup was never one, or was one and lost its end.
fn without_trailer(file: &File, path: &Path, size: u64) -> Result<Error> {
    let mut first = [0; 4];
    if size >= 4 {
        read_exact_at(file, path, 0, &mut first)?;
    }
    if Format::ALL.into_iter().any(|format| format.begins(&first)) || sidecar::manifest_path(path).exists() {
        return Ok(damaged(
            path,
            "it is cut off, or it was never a backup made by Holdfast: it does not end with a manifest",
        ));
    }
    Ok(Error::bad_backup(format!("{} is not a Holdfast backup", path.display()))
        .hint("Choose a file that `list_backups` shows; a dump of another program is restored with that program"))
}

/// The embedded manifest's text, its stored bytes compared with the trailer's digest.
fn read_text(file: &File, path: &Path, format: Format, trailer: &Trailer) -> Result<Vec<u8>> {
    let size = usize::try_from(trailer.size).context(|| "a manifest does not fit in memory")?;
    let mut part = vec![0; size];
    read_exact_at(file, path, trailer.offset, &mut part)?;
    if trailer.sha256 != <[u8; 32]>::from(Sha256::digest(&part)) {
        return Err(damaged(path, "its manifest does not have the SHA-256 that its trailer tells"));
    }
    let text = decode_part(format, &part);
    if trailer.format_version <= FORMAT_VERSION {
        return text.map_err(|error| damaged(path, "its manifest cannot be decompressed").because(error));
    }
    // How later formats wrap a manifest is not known here; if it can be read it tells the program, too.
    match text.map(|text| document::decode(&text)) {
        Ok(Err(error @ document::Unreadable::Newer { .. })) => Err(error.in_file(path)),
        _ => Err(newer(path, trailer.format_version, None)),
    }
}

fn decode_part(format: Format, mut part: &[u8]) -> Result<Vec<u8>> {
    let mut stored = Vec::with_capacity(part.len());
    while !part.is_empty() {
        let Some((piece, rest)) = format.reveal(part) else {
            return Err(Error::bad_backup("what holds it is not as it is written"));
        };
        stored.extend_from_slice(piece);
        part = rest;
    }
    let raw_size = format.raw_size(&stored).filter(|size| *size <= LARGEST_MANIFEST);
    let Some(raw_size) = raw_size else {
        return Err(Error::bad_backup("it tells no size that a manifest can have"));
    };
    Decoder::new(format)?.decode(&stored, raw_size)
}
