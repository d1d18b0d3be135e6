//! A store that lasts as long as the process: for tests of whatever works on any store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contract::{About, Content, Draft, Entry, Existing, Store};
use crate::{Error, Kind, Result};

/// Files in memory; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: Arc<Mutex<BTreeMap<String, File>>>,
    listing_cache: Option<PathBuf>,
}

#[derive(Debug, Clone)]
struct File {
    bytes: Arc<[u8]>,
    about: About,
    version: u64,
}

impl Memory {
    /// One that remembers its listings in this file, as stores that are far away do.
    pub fn with_listing_cache(path: PathBuf) -> Self {
        Self { listing_cache: Some(path), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, File>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, name: &str) -> Option<File> {
        self.lock().get(name).cloned()
    }
}

impl Store for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn place(&self, name: &str) -> String {
        format!("memory:{name}")
    }

    fn listing_cache(&self) -> Option<&Path> {
        self.listing_cache.as_deref()
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let files = self.lock();
        Ok(files.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(name, file)| entry(name, file)).collect())
    }

    fn look(&self, name: &str) -> Result<Option<Entry>> {
        Ok(self.file(name).map(|file| entry(name, &file)))
    }

    fn about(&self, name: &str) -> Result<About> {
        Ok(self.file(name).map(|file| file.about).unwrap_or_default())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.file(name).map(|file| file.bytes.to_vec()))
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Content>>> {
        Ok(self.file(name).map(|file| Box::new(file) as Box<dyn Content>))
    }

    fn create(&self, name: &str, _size: Option<u64>, about: &About) -> Result<Box<dyn Draft>> {
        Ok(Box::new(MemoryDraft {
            store: self.clone(),
            name: name.to_owned(),
            about: about.clone(),
            bytes: Vec::new(),
        }))
    }

    fn put(&self, name: &str, bytes: &[u8], existing: Existing, about: &About) -> Result<()> {
        let mut files = self.lock();
        let before = files.get(name).map(|file| file.version);
        if existing == Existing::Keep && before.is_some() {
            return Err(Error::new(Kind::Exists, format!("{} exists already", self.place(name)))
                .hint("Choose another name; backups are never replaced"));
        }
        let version = before.unwrap_or(0) + 1;
        files.insert(name.to_owned(), File { bytes: bytes.into(), about: about.clone(), version });
        Ok(())
    }

    fn delete(&self, names: &[String]) -> Result<()> {
        self.lock().retain(|name, _| !names.contains(name));
        Ok(())
    }
}

fn entry(name: &str, file: &File) -> Entry {
    let version = file.version.to_string();
    Entry { name: name.to_owned(), size: file.bytes.len() as u64, version, modified: 0 }
}

impl Content for File {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn identity(&self) -> Option<String> {
        None
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = start.checked_add(buffer.len()).and_then(|end| self.bytes.get(start..end));
        let part = part.ok_or_else(|| Error::bad_backup(format!("a file ends before {offset}")))?;
        buffer.copy_from_slice(part);
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryDraft {
    store: Memory,
    name: String,
    about: About,
    bytes: Vec<u8>,
}

impl Draft for MemoryDraft {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn publish(self: Box<Self>) -> Result<()> {
        self.store.put(&self.name, &self.bytes, Existing::Keep, &self.about)
    }
}
