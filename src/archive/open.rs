//! Finds out what a file is, and refuses it in words that say why: empty, foreign, cut off, newer, or not matching.

use sha2::{Digest, Sha256};

use super::damage::{damaged, newer};
use super::document;
use super::layout;
use super::sidecar::Sidecar;
use super::trailer::{self, Trailer};
use super::unpacked::Beginning;
use crate::codec::{Decoder, Format};
use crate::error::{Context, Error, Result};
use crate::manifest::{FORMAT_VERSION, Manifest, StoredFile};
use crate::store::name::MANIFEST;
use crate::store::{Content, LARGEST_READ, Place};

/// A file whose manifest is whole.
pub(super) struct Opened {
    pub(super) file: Box<dyn Content>,
    pub(super) format: Format,
    pub(super) manifest: Manifest,
    /// What the sidecar says of the file.
    pub(super) stored: Option<StoredFile>,
    /// The manifest's text as it stands in the file.
    pub(super) text: Vec<u8>,
}

/// The manifest of a backup, from its sidecar where there is one; nothing else is checked.
pub fn read_manifest(place: &Place) -> Result<Manifest> {
    let place = place.unpacked_from.as_deref().unwrap_or(place);
    match Sidecar::read(place)? {
        Some(sidecar) => Ok(sidecar.manifest),
        None => Ok(open(place, None)?.manifest),
    }
}

/// The manifest in the text of the sidecar that stands beside the file of this name.
pub(crate) fn manifest_of_sidecar(name: &str, text: &[u8]) -> Result<Manifest> {
    Ok(Sidecar::decode(name, text.to_owned())?.manifest)
}

/// Opens a file; with its sidecar, if there is one to be compared with it.
pub(super) fn open(place: &Place, sidecar: Option<Sidecar>) -> Result<Opened> {
    let name = &place.name;
    let file = open_file(place)?;
    if let Some(expected) = sidecar.as_ref().map(|sidecar| sidecar.file.size) {
        compare_size(name, file.size(), expected)?;
    }
    let (format, trailer) = find_trailer(file.as_ref(), place)?;
    let text = read_text(file.as_ref(), name, format, &trailer)?;
    let (manifest, stored) = match sidecar {
        Some(sidecar) => {
            sidecar.compare(name, &text)?;
            (sidecar.manifest, Some(sidecar.file))
        }
        None => (document::decode(&text).map_err(|error| error.in_file(name))?, None),
    };
    if manifest.format_version != trailer.format_version || Format::of(manifest.codec) != format {
        return Err(damaged(name, "its manifest and its trailer tell different formats"));
    }
    layout::check(&manifest, trailer.offset).map_err(|what| damaged(name, &what))?;
    Ok(Opened { file, format, manifest, stored, text })
}

fn open_file(place: &Place) -> Result<Box<dyn Content>> {
    let Some(file) = place.store.open(&place.name)? else {
        return Err(missing(place)?);
    };
    if file.size() == 0 {
        return Err(damaged(&place.name, "it is empty"));
    }
    Ok(file)
}

fn missing(place: &Place) -> Result<Error> {
    let manifest = place.beside(MANIFEST);
    if manifest.store.look(&manifest.name)?.is_some() {
        return Ok(Error::bad_backup(format!("{place} is missing; only its manifest is left"))
            .hint(format!("Bring the file back from another copy, or remove {}", manifest.name)));
    }
    Ok(Error::usage(format!("there is no backup {place}")).hint("`list_backups` tells which there are"))
}

fn compare_size(name: &str, size: u64, expected: u64) -> Result<()> {
    if size < expected {
        return Err(damaged(name, &format!("it is cut off: {size} of {expected} bytes are left")));
    }
    if size > expected {
        return Err(damaged(name, &format!("it has {size} bytes where its manifest tells {expected}")));
    }
    Ok(())
}

fn find_trailer(file: &dyn Content, place: &Place) -> Result<(Format, Trailer)> {
    let size = file.size();
    let length = size.min(trailer::LARGEST as u64);
    let mut last = vec![0; usize::try_from(length).unwrap_or(trailer::LARGEST)];
    file.read_exact_at(size - length, &mut last)?;
    let Some((format, trailer)) = Trailer::find(&last) else {
        return Err(without_trailer(file, place)?);
    };
    if !trailer.fits(format, size) || trailer.size > LARGEST_READ {
        return Err(damaged(&place.name, "its trailer does not point at a manifest"));
    }
    Ok((format, trailer))
}

/// A file that does not end as a backup was never one, or was one and lost its end.
fn without_trailer(file: &dyn Content, place: &Place) -> Result<Error> {
    let mut first = [0; 4];
    if file.size() >= 4 {
        file.read_exact_at(0, &mut first)?;
    }
    let manifest = place.beside(MANIFEST);
    if Format::ALL.into_iter().any(|format| format.begins(&first)) || place.store.look(&manifest.name)?.is_some() {
        return Ok(damaged(
            &place.name,
            "it is cut off, or it was never a backup made by Holdfast: it does not end with a manifest",
        ));
    }
    Ok(Beginning::of(file)?.objection(place))
}

/// The embedded manifest's text, its stored bytes compared with the trailer's digest.
fn read_text(file: &dyn Content, name: &str, format: Format, trailer: &Trailer) -> Result<Vec<u8>> {
    let size = usize::try_from(trailer.size).context(|| "a manifest does not fit in memory")?;
    let mut part = vec![0; size];
    file.read_exact_at(trailer.offset, &mut part)?;
    if trailer.sha256 != <[u8; 32]>::from(Sha256::digest(&part)) {
        return Err(damaged(name, "its manifest does not have the SHA-256 that its trailer tells"));
    }
    let text = decode_part(format, &part);
    if trailer.format_version <= FORMAT_VERSION {
        return text.map_err(|error| damaged(name, "its manifest cannot be decompressed").because(error));
    }
    // How later formats wrap a manifest is not known here; if it can be read it tells the program, too.
    match text.map(|text| document::decode(&text)) {
        Ok(Err(error @ document::Unreadable::Newer { .. })) => Err(error.in_file(name)),
        _ => Err(newer(name, trailer.format_version, None)),
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
    let raw_size = format.raw_size(&stored).filter(|size| *size <= document::longest(stored.len()));
    let Some(raw_size) = raw_size else {
        return Err(Error::bad_backup("it tells no size that a manifest can have"));
    };
    Decoder::new(format)?.decode(&stored, raw_size)
}
