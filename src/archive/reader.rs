//! Reads a file by range: every chunk is compared with its digest before anybody sees it.

use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::damage::{damaged, sidecar_differs};
use super::hexadecimal;
use super::open::{Opened, open};
use super::passage::pass;
use super::proof;
use super::read_ahead::Chunks;
use super::sidecar::{self, Sidecar};
use super::unpacked;
use crate::codec::{Decoder, Format};
use crate::cores;
use crate::error::{Context, Error, Result};
use crate::event::Progress;
use crate::manifest::{Chunk, Manifest, StoredFile, Table};
use crate::store::name::MANIFEST;
use crate::store::{About, Content, Existing, Place};

/// When a check has to read the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Each time.
    Always,
    /// Not where this process has read the very same file just now.
    UnlessProven,
}

/// A backup opened for reading; its manifest is known to be whole.
pub struct Archive {
    /// What the backup says about itself; `file` is known where there is a sidecar.
    pub manifest: Manifest,
    place: Place,
    reader: Arc<ChunkReader>,
    /// What the sidecar says of the file.
    stored: Option<StoredFile>,
}

impl Archive {
    /// Opens a backup and checks all that can be checked without reading its chunks.
    ///
    /// Where there is no sidecar the manifest comes from the file itself.
    pub fn open(place: &Place) -> Result<Self> {
        if let Some(packed) = &place.unpacked_from {
            let (file, manifest) = unpacked::open(place, packed)?;
            return Ok(Self::reading(place, file, manifest, None, None));
        }
        Ok(Self::of(place, open(place, Sidecar::read(place)?)?))
    }

    fn of(place: &Place, opened: Opened) -> Self {
        Self::reading(place, opened.file, opened.manifest, Some(opened.format), opened.stored)
    }

    fn reading(
        place: &Place,
        file: Box<dyn Content>,
        manifest: Manifest,
        format: Option<Format>,
        stored: Option<StoredFile>,
    ) -> Self {
        let tables = manifest.tables.iter().map(Table::label).collect();
        let reader = ChunkReader { format, file, name: place.name.clone(), tables };
        Self { manifest, place: place.clone(), reader: Arc::new(reader), stored }
    }

    /// The size of the file.
    pub fn size(&self) -> u64 {
        self.reader.file.size()
    }

    /// Whether it lies so far away that nothing of it should be read twice.
    pub fn is_far(&self) -> bool {
        self.reader.file.is_far()
    }

    /// One chunk, decompressed and compared with its digest; threads may share the archive.
    pub fn chunk(&self, index: usize) -> Result<Vec<u8>> {
        let Some(chunk) = self.manifest.chunks.get(index) else {
            return Err(self.unknown_chunk(index));
        };
        self.reader.read(&mut self.reader.decoder()?, index, chunk)
    }

    /// Chunks in the given order, decompressed ahead on threads; a bad chunk does not end it.
    pub fn chunks(&self, indexes: Vec<usize>, threads: usize) -> Chunks {
        let chunks = indexes.iter().filter_map(|index| self.manifest.chunks.get(*index));
        let ranges: Vec<Range<u64>> = chunks.map(|chunk| chunk.offset..chunk.offset + chunk.size).collect();
        self.reader.file.will_read(&ranges);
        let wanted = indexes.into_iter().map(|index| {
            let chunk = self.manifest.chunks.get(index).cloned();
            (index, chunk.ok_or_else(|| self.unknown_chunk(index)))
        });
        Chunks::start(&self.reader, wanted.collect(), threads)
    }

    /// Reads the whole file once and compares every stored byte with the digests.
    ///
    /// With all chunks read too, no bit of the file is left out, whether there are sidecars or not.
    pub fn check_stored(&self, reading: Reading, progress: &Progress) -> Result<()> {
        if self.reader.format.is_none() {
            // All that it has is chunks, and what belongs to the compressed file says nothing about it.
            return self.check_chunks((0..self.manifest.chunks.len()).collect(), cores::within(&(1..=8)), progress);
        }
        let identity = self.reader.file.identity();
        let known = identity.as_deref().filter(|_| reading == Reading::UnlessProven).and_then(proof::recall);
        let sha256 = if let Some(sha256) = known {
            sha256
        } else {
            let sha256 = self.digest(progress)?;
            if let Some(identity) = identity {
                proof::remember(identity, &sha256);
            }
            sha256
        };
        if self.stored.as_ref().is_some_and(|stored| stored.sha256 != sha256) {
            let sidecar = self.place.beside(MANIFEST).name;
            return Err(sidecar_differs(&self.place.name, &sidecar, "tells another SHA-256 than the file has"));
        }
        sidecar::compare_digest(&self.place, &self.manifest.name, &sha256)
    }

    /// Compares these chunks with their digests; the rest of the file is not read.
    pub fn check_chunks(&self, indexes: Vec<usize>, threads: usize, progress: &Progress) -> Result<()> {
        for decoded in self.chunks(indexes, threads) {
            let (index, _) = decoded?;
            progress.check()?;
            progress.advance(0, self.manifest.chunks.get(index).map_or(0, |chunk| chunk.size));
        }
        Ok(())
    }

    /// SHA-256 of the whole file, the chunks compared on the way.
    fn digest(&self, progress: &Progress) -> Result<String> {
        let chunks_end = self.manifest.chunks.last().map_or(0, |chunk| chunk.offset + chunk.size);
        let file = self.reader.file.as_ref();
        file.will_read(&[0..chunks_end, chunks_end..file.size()]);
        let digest = pass(file, 0..chunks_end, Sha256::new(), progress, |_| Ok(()))?;
        if hexadecimal(digest.clone()) != self.manifest.chunks_sha256 {
            let what = "its chunks do not have the SHA-256 that its manifest tells";
            return Err(damaged(&self.place.name, what));
        }
        // `open` has compared the rest, the embedded manifest and the trailer.
        Ok(hexadecimal(pass(file, chunks_end..file.size(), digest, progress, |_| Ok(()))?))
    }

    fn unknown_chunk(&self, index: usize) -> Error {
        Error::usage(format!("{} has no chunk {index}", self.place.name))
    }
}

/// Writes lost or damaged sidecars again, from the file alone, after a look at every stored byte.
pub fn rebuild_sidecars(place: &Place) -> Result<Manifest> {
    let mut opened = open(place, None)?;
    let text = std::mem::take(&mut opened.text);
    let archive = Archive::of(place, opened);
    let stored = StoredFile { size: archive.reader.file.size(), sha256: archive.digest(&Progress::default())? };
    sidecar::write(place, &stored, &text, Existing::Replace, &About::new())?;
    let mut manifest = archive.manifest;
    manifest.file = Some(stored);
    Ok(manifest)
}

/// The file, and what is needed to name what is wrong in it; shared by threads.
pub(super) struct ChunkReader {
    /// `None` where it was decompressed by somebody.
    format: Option<Format>,
    file: Box<dyn Content>,
    name: String,
    tables: Vec<String>,
}

impl ChunkReader {
    pub(super) fn decoder(&self) -> Result<Decoder> {
        self.format.map_or(Ok(Decoder::Plain), Decoder::new)
    }

    pub(super) fn read(&self, decoder: &mut Decoder, index: usize, chunk: &Chunk) -> Result<Vec<u8>> {
        let size = usize::try_from(chunk.size).context(|| "a chunk does not fit in memory")?;
        // `open` saw that every chunk lies inside the file, so this size is one that exists.
        let mut stored = vec![0; size];
        self.file.read_exact_at(chunk.offset, &mut stored)?;
        let raw = decoder
            .decode(&stored, chunk.raw_size)
            .map_err(|error| self.bad_chunk(index, chunk, "cannot be decompressed").because(error))?;
        if hexadecimal(Sha256::new_with_prefix(&raw)) != chunk.sha256 {
            return Err(self.bad_chunk(index, chunk, "does not have its SHA-256"));
        }
        Ok(raw)
    }

    fn bad_chunk(&self, index: usize, chunk: &Chunk, what: &str) -> Error {
        let table = chunk
            .table
            .and_then(|table| self.tables.get(usize::try_from(table).ok()?))
            .map_or_else(String::new, |table| format!(" of table {table}"));
        let place = format!("{} bytes at {}", chunk.size, chunk.offset);
        let what = format!("chunk {index}{table} ({place}) {what}");
        if self.format.is_none() { unpacked::differs(&self.name, &what) } else { damaged(&self.name, &what) }
    }
}
