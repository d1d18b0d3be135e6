//! Backups to test with: bytes that look like rows, many at once.

use std::path::Path;

use holdfast::Result;
use holdfast::archive::{RawChunk, Written};
use holdfast::codec::{Encoder, Format};
use holdfast::exclusions::Exclusions;
use holdfast::manifest::{Codec, Content, Database, FORMAT_VERSION, Manifest, Payload, Section, Table};
use sha2::{Digest, Sha256};

pub(crate) const GZIP: Codec = Codec::Gzip { level: 1 };
pub(super) const ZSTD: Codec = Codec::Zstd { level: 1 };
pub(super) const CODECS: [Codec; 2] = [GZIP, ZSTD];

/// A small generator, so that every run tests the same.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Rows that compress about as well as those of a site.
pub(crate) fn rows(seed: u64, size: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut data = Vec::with_capacity(size + 64);
    while data.len() < size {
        let line =
            format!("{}\tpost {}\tthe quick brown fox {}\n", random.below(1 << 30), random.below(999), random.below(9));
        data.extend_from_slice(line.as_bytes());
    }
    data.truncate(size);
    data
}

pub(super) fn chunk(data: Vec<u8>) -> RawChunk {
    RawChunk { section: Section::Data, table: Some(0), rows: 7, data }
}

pub(super) fn manifest(name: &str, codec: Codec, written: Written) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        creator: "django-holdfast 0.1.0".to_owned(),
        id: "3f2a".to_owned(),
        name: name.to_owned(),
        alias: "default".to_owned(),
        kind: "manual".to_owned(),
        created: "2026-11-21T02:00:00Z".to_owned(),
        seconds: 1.5,
        payload: Payload::Sql,
        codec,
        content: Content::Full,
        database: Database::default(),
        django: serde_json::json!({"version": "5.2", "migrations": {"blog": ["0001_initial"]}}),
        tables: vec![Table {
            schema: Some("public".to_owned()),
            name: "blog_post".to_owned(),
            columns: vec!["id".to_owned(), "title".to_owned()],
            all_columns: vec!["id".to_owned(), "title".to_owned()],
            rows: Some(7),
            fingerprint: Some("00ff".to_owned()),
            foreign_keys: Vec::new(),
        }],
        objects: Vec::new(),
        used: Vec::new(),
        definitions: Vec::new(),
        chunks: written.chunks,
        skipped: Vec::new(),
        exclusions: Exclusions::default(),
        large_objects: 0,
        raw_size: written.raw_size,
        chunks_sha256: written.chunks_sha256,
        file: None,
    }
}

/// Writes a backup of these chunks.
pub(crate) fn write(folder: &Path, name: &str, codec: Codec, chunks: &[Vec<u8>]) -> Result<Manifest> {
    let writer = crate::home::create(folder, name, codec, 2)?;
    let sender = writer.sender();
    for data in chunks {
        let mut buffer = sender.buffer();
        buffer.extend_from_slice(data);
        sender.send_blocking(chunk(buffer))?;
    }
    sender.end();
    Ok(writer.finish(|written| manifest(name, codec, written))?.manifest)
}

/// The bytes of a file with these chunks, compressed by gzip already, and with this text as its manifest.
pub(crate) fn wrapped(chunks: &[u8], text: &[u8]) -> Vec<u8> {
    let stored = Encoder::new(GZIP).unwrap().encode(text).unwrap().to_owned();
    let pieces = stored.chunks(Format::Gzip.hidden_limit());
    let part: Vec<u8> = pieces.flat_map(|piece| Format::Gzip.hide(piece).unwrap()).collect();
    let mut trailer = b"HOLDFAST".to_vec();
    trailer.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    trailer.extend_from_slice(&(chunks.len() as u64).to_le_bytes());
    trailer.extend_from_slice(&(part.len() as u64).to_le_bytes());
    trailer.extend_from_slice(&Sha256::digest(&part));
    [chunks, &part, &Format::Gzip.hide(&trailer).unwrap()].concat()
}

/// All chunks of a backup, after every check that there is.
pub(super) fn read_all(path: &Path) -> Result<Vec<Vec<u8>>> {
    let archive = crate::home::open(path)?;
    archive.check_stored(holdfast::archive::Reading::Always, &holdfast::event::Progress::default())?;
    let indexes = (0..archive.manifest.chunks.len()).collect();
    archive.chunks(indexes, 2).map(|chunk| chunk.map(|(_, data)| data)).collect()
}

/// The names in a folder, in order.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
