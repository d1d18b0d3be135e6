//! The manifest as text: one line for each field, table, object and chunk, so that `grep` and `diff` work on it.
//!
//! The sidecar is the embedded text with one more field, `file`, at its end. Comparing the two is comparing bytes.

use std::io::{self, Write};

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};

use super::damage::{damaged, newer, sidecar_differs};
use crate::error::{Context, Error, Result};
use crate::manifest::{FORMAT_VERSION, Manifest, StoredFile};
use crate::store::LARGEST_READ;

/// Bytes that a manifest may have whatever it was compressed to.
const ALWAYS_READ: u64 = 64 * 1024 * 1024;

/// How many times longer than its compressed bytes a larger one may be. Large manifests are made of digests, which hardly
/// compress, and of names; a bomb is made of one byte repeated.
const LARGEST_RATIO: u64 = 64;

const END: &[u8] = b"\n}";

/// The longest text that is read out of so many compressed bytes: nobody's file may take all memory of the reader.
pub(super) fn longest(compressed: usize) -> u64 {
    ALWAYS_READ.max(LARGEST_RATIO.saturating_mul(compressed as u64)).min(LARGEST_READ)
}

/// The text that is embedded in the file.
pub(super) fn encode(manifest: &Manifest) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Lines { depth: 0 });
    manifest.serialize(&mut serializer).context(|| "the manifest cannot be written as JSON")?;
    Ok(text)
}

/// The text of the sidecar.
pub(super) fn with_file(embedded: &[u8], file: &StoredFile) -> Result<Vec<u8>> {
    let mut text = embedded.strip_suffix(END).unwrap_or(embedded).to_vec();
    text.extend_from_slice(b",\n\"file\":");
    serde_json::to_writer(&mut text, file).context(|| "the manifest cannot be written as JSON")?;
    text.extend_from_slice(END);
    text.push(b'\n');
    Ok(text)
}

/// Why a text is not a manifest for this program.
pub(super) enum Unreadable {
    /// A newer program wrote it.
    Newer { version: u32, creator: Option<String> },
    /// It is no manifest at all.
    Damaged(serde_json::Error),
}

impl Unreadable {
    /// The text was inside this file.
    pub(super) fn in_file(self, name: &str) -> Error {
        match self {
            Self::Newer { version, creator } => newer(name, version, creator.as_deref()),
            Self::Damaged(error) => damaged(name, "its manifest cannot be read").because(error),
        }
    }

    /// The text was in the sidecar of this file; a damaged sidecar is no damaged backup.
    pub(super) fn in_sidecar(self, name: &str, sidecar: &str) -> Error {
        match self {
            Self::Newer { .. } => self.in_file(name),
            Self::Damaged(error) => sidecar_differs(name, sidecar, "is damaged").because(error),
        }
    }
}

/// The manifest in a text.
pub(super) fn decode(text: &[u8]) -> std::result::Result<Manifest, Unreadable> {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
        creator: Option<String>,
    }
    // A newer manifest may lack or change any other field.
    let version: Version = serde_json::from_slice(text).map_err(Unreadable::Damaged)?;
    if version.format_version > FORMAT_VERSION {
        return Err(Unreadable::Newer { version: version.format_version, creator: version.creator });
    }
    let manifest: Manifest = serde_json::from_slice(text).map_err(Unreadable::Damaged)?;
    match manifest.objection() {
        Some(objection) => Err(Unreadable::Damaged(serde_json::Error::custom(objection))),
        None => Ok(manifest),
    }
}

/// Fails unless the sidecar's text is what this program writes beside a file with this embedded text.
pub(super) fn compare(name: &str, sidecar: &str, text: &[u8], file: &StoredFile, embedded: &[u8]) -> Result<()> {
    if with_file(embedded, file)? == text {
        return Ok(());
    }
    Err(sidecar_differs(name, sidecar, "does not match the manifest inside the file"))
}

/// JSON with line breaks after the fields of the document and the elements of its lists, and nowhere else.
struct Lines {
    depth: u32,
}

impl Formatter for Lines {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        separate(writer, first, self.depth == 1)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(if self.depth == 0 { END } else { b"}" })
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        separate(writer, first, self.depth == 2)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"]")
    }
}

fn separate<W: ?Sized + Write>(writer: &mut W, first: bool, line: bool) -> io::Result<()> {
    if !first {
        writer.write_all(b",")?;
    }
    if line {
        writer.write_all(b"\n")?;
    }
    Ok(())
}
