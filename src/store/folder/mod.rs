//! A folder of this machine as a store.
//!
//! Whatever starts with a dot is never taken for a backup: it belongs to a run at work or to one that died.

mod content;
mod draft;
mod durable;
mod listing;
mod litter;
mod lock;
mod ordinary;
mod removal;
mod status;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::error::Context;
use crate::store::{About, Change, Content, Draft, Entry, Existing, LARGEST_READ, Listed, Remains, Status, Store};
use crate::{Error, Result};

pub(crate) use durable::write_whole;
pub use listing::list;
pub use litter::clean;
pub use lock::Lock;
pub(super) use lock::host_name;
pub(super) use ordinary::read as read_ordinary;
pub use removal::remove;
pub use status::update_status;

use content::FileContent;
use draft::FileDraft;

/// What the folder of this machine is called among the stores.
pub const LOCAL: &str = "local";

/// A folder that holds backups.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder need not exist before something is written there.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The folder of a file, and the file's name.
    pub fn of(path: &Path) -> Result<(Self, String)> {
        Ok((Self::new(durable::folder_of(path)), durable::name_of(path)?.to_owned()))
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Store for Folder {
    fn name(&self) -> &'static str {
        LOCAL
    }

    fn place(&self, name: &str) -> String {
        let path = if name.is_empty() { self.path.clone() } else { self.path_of(name) };
        path.display().to_string()
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let names = litter::file_names(&self.path)?;
        let wanted = names.iter().filter(|name| name.starts_with(prefix));
        wanted.filter_map(|name| self.look(name).transpose()).collect()
    }

    fn look(&self, name: &str) -> Result<Option<Entry>> {
        let path = self.path_of(name);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(|| format!("{} cannot be looked at", path.display())),
        };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let seconds = modified.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        Ok(Some(Entry { name: name.to_owned(), size: metadata.len(), version: String::new(), modified: seconds }))
    }

    fn about(&self, _name: &str) -> Result<About> {
        Ok(About::new())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path_of(name);
        match ordinary::read(&path, LARGEST_READ) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if ordinary::is_refusal(&error) => {
                Err(Error::bad_backup(format!("{} cannot be read", path.display()))
                    .because(error)
                    .hint("Find out who has put it there, and remove it"))
            }
            Err(error) => Err(error).context(|| format!("{} cannot be read", path.display())),
        }
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Content>>> {
        Ok(FileContent::open(&self.path_of(name))?.map(|content| Box::new(content) as Box<dyn Content>))
    }

    fn create(&self, name: &str, _size: Option<u64>, _about: &About) -> Result<Box<dyn Draft>> {
        Ok(Box::new(FileDraft::create(&self.path, name, Existing::Keep)?))
    }

    fn put(&self, name: &str, bytes: &[u8], existing: Existing, _about: &About) -> Result<()> {
        let mut draft = FileDraft::create(&self.path, name, existing)?;
        draft.append(bytes)?;
        Box::new(draft).publish()
    }

    fn delete(&self, names: &[String]) -> Result<()> {
        names.iter().try_for_each(|name| durable::remove_file(&self.path_of(name)))?;
        if self.path.exists() { durable::sync_folder(&self.path) } else { Ok(()) }
    }

    fn backups(&self) -> Result<Vec<Listed>> {
        list(&self.path)
    }

    fn backup(&self, name: &str) -> Result<Option<Listed>> {
        let path = self.path_of(name);
        let found = listing::examine(&path, name)?;
        if found.is_some() && path.with_file_name(super::tombstone_name(name)).exists() {
            let message = format!("the backup {name} is being removed");
            return Err(Error::new(crate::Kind::NotFound, message).hint("Choose another backup"));
        }
        Ok(found)
    }

    /// A data file alone is a backup here; the rest goes with [`clean`], under the lock of its alias.
    fn remains(&self, _before: i64) -> Result<Remains> {
        Ok(Remains::default())
    }

    fn remove_backup(&self, name: &str) -> Result<()> {
        remove(&self.path_of(name))
    }

    fn update_status(&self, name: &str, change: Change) -> Result<Status> {
        update_status(&self.path_of(name), change)
    }
}
