//! Reads a file by range.
#![allow(clippy::todo, unused_variables, reason = "the interface comes first")]

use std::path::Path;

use crate::Result;
use crate::event::Progress;
use crate::manifest::Manifest;

/// A backup opened for reading; its manifest is known to be whole.
#[derive(Debug)]
pub struct Archive {
    /// What the backup says about itself.
    pub manifest: Manifest,
}

impl Archive {
    /// Opens a backup and checks all that can be checked without reading its chunks.
    pub fn open(path: &Path) -> Result<Self> {
        todo!()
    }

    /// One chunk, decompressed and compared with its digest.
    pub fn chunk(&self, index: usize) -> Result<Vec<u8>> {
        todo!()
    }

    /// Chunks in the given order, decompressed ahead on threads.
    pub fn chunks(&self, indexes: Vec<usize>, threads: usize) -> Chunks {
        todo!()
    }

    /// Reads the whole file once and compares every stored byte with the digests.
    pub fn check_stored(&self, progress: &Progress) -> Result<()> {
        todo!()
    }
}

/// Chunks in the order asked for, each with its index.
#[derive(Debug)]
pub struct Chunks {}

impl Iterator for Chunks {
    type Item = Result<(usize, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// The manifest of a backup, from its sidecar where there is one; nothing else is checked.
pub fn read_manifest(path: &Path) -> Result<Manifest> {
    todo!()
}

/// Writes lost or damaged sidecars again, from the file alone.
pub fn rebuild_sidecars(path: &Path) -> Result<Manifest> {
    todo!()
}
