//! The one backup that a user means by a path, a name, an id, the beginning of either, or `latest`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use time::UtcDateTime;

use super::contract::Store;
use super::folder::LOCAL;
use super::listed::{Listed, newest_first};
use super::name::{BackupName, without_sidecar};
use super::place::Place;
use super::unpacked;
use crate::event::Progress;
use crate::{Error, Kind, Result};

/// The newest backup that can be trusted, as far as is known.
const LATEST: &str = "latest";

/// Safety backups made by a restore: after a mistaken restore, `latest` must mean the backup it meant before.
const PRE_RESTORE: &str = "pre-restore";

/// How many names an error message lists.
const SHOWN: usize = 5;

/// What a user has typed, and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// As typed.
    pub selector: &'a str,
    /// The alias that `latest` is about.
    pub alias: Option<&'a str>,
    /// The moment that it is asked at.
    pub now: UtcDateTime,
    /// What a path may lead to.
    pub files: Files,
}

/// What the path of a file may lead to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Files {
    /// Backups as they were made.
    #[default]
    Packed,
    /// What a backup holds, decompressed, too.
    Any,
}

/// Finds the backup that the selector means: `latest`, the path of its file or of a sidecar in any folder, its name, its
/// id, or the beginning of a name or an id that no other has.
///
/// `latest` is the newest by time, of the alias where one is given, that can stand for its database and is no safety
/// backup of a restore. The alias limits nothing else: a name means what it says. Of a backup that several
/// stores have, the first of them gives it. A store that cannot be asked is told of in a notice; where nothing is found
/// without it, its error is the answer.
pub fn find(stores: &[Arc<dyn Store>], wanted: &Wanted, progress: &Progress) -> Result<Listed> {
    let mut search = Search { stores, progress, files: wanted.files, unasked: None };
    let found = if wanted.selector == LATEST { search.latest(wanted) } else { search.named(wanted.selector) };
    match (found, search.unasked) {
        (Err(error), Some(unasked)) if error.kind() == Kind::NotFound => Err(unasked),
        (found, _) => found,
    }
}

/// Every backup of these stores, the newest first. A store that cannot be asked is told of in a notice, or fails the
/// whole where it is the only one.
pub fn list_all(stores: &[Arc<dyn Store>], progress: &Progress) -> Result<Vec<Listed>> {
    Search { stores, progress, files: Files::Packed, unasked: None }.all()
}

pub(super) struct Search<'a> {
    pub(super) stores: &'a [Arc<dyn Store>],
    pub(super) progress: &'a Progress,
    files: Files,
    /// Why the first store that did not answer did not.
    unasked: Option<Error>,
}

impl Search<'_> {
    fn named(&mut self, selector: &str) -> Result<Listed> {
        match self.exact(selector)? {
            Some(found) => Ok(found),
            None => self.by_beginning(selector),
        }
    }

    fn exact(&mut self, selector: &str) -> Result<Option<Listed>> {
        let path = Path::new(selector);
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else {
            return Ok(None);
        };
        let name = without_sidecar(file).unwrap_or(file);
        // A bare name is one of the stores' first; the working directory may hold a file of the same name.
        if file == selector {
            for store in self.stores {
                if let Some(found) = self.unpacked(&Place::new(Arc::clone(store), name))? {
                    return Ok(Some(found));
                }
                if let Some(found) = self.ask(store, |store| store.backup(name))?.flatten() {
                    return Ok(Some(found));
                }
            }
        }
        let place = Place::at(&path.with_file_name(name))?;
        match self.unpacked(&place)? {
            Some(found) => Ok(Some(found)),
            None => place.store.backup(&place.name),
        }
    }

    /// The file where it is one of this machine, and what a backup holds.
    fn unpacked(&mut self, place: &Place) -> Result<Option<Listed>> {
        if self.files == Files::Packed || place.store.name() != LOCAL || BackupName::parse(&place.name).is_some() {
            return Ok(None);
        }
        unpacked::find(self, place)
    }

    fn latest(&mut self, &Wanted { alias, now, .. }: &Wanted) -> Result<Listed> {
        let meant = |backup: &Listed| alias.is_none_or(|alias| backup.alias() == alias) && backup.kind() != PRE_RESTORE;
        let (backups, others): (Vec<_>, Vec<_>) = self.all()?.into_iter().partition(meant);
        let of_alias = alias.map(|alias| format!(" of {alias}")).unwrap_or_default();
        if backups.is_empty() {
            return Err(self.nothing(&format!("there is no backup{of_alias} that 'latest' could mean"), &others));
        }
        let objection = |backup: &Listed| backup.objection(now).map(|why| format!("{}: {why}", backup.name));
        let objections: Vec<String> = backups.iter().filter_map(objection).take(SHOWN).collect();
        backups.into_iter().find(|backup| backup.objection(now).is_none()).ok_or_else(|| {
            Error::bad_backup(format!("no backup{of_alias} can stand for the database: {}", objections.join("; ")))
                .hint("To restore one all the same, give its name; validate it first")
        })
    }

    fn by_beginning(&mut self, selector: &str) -> Result<Listed> {
        let id = |backup: &Listed| backup.manifest.as_ref().map(|manifest| manifest.id.clone()).unwrap_or_default();
        let begins = |text: &str| !selector.is_empty() && text.starts_with(selector);
        let meant = |backup: &Listed| begins(&backup.name) || begins(&id(backup));
        let (mut backups, others): (Vec<_>, Vec<_>) = self.all()?.into_iter().partition(meant);
        if backups.iter().any(|backup| id(backup) == selector) {
            backups.retain(|backup| id(backup) == selector);
        }
        let mut seen = BTreeSet::new();
        backups.retain(|backup| seen.insert(backup.name.clone()));
        if backups.len() > 1 {
            let message = format!("{selector:?} could mean several backups: {}", shown(&backups));
            return Err(Error::new(Kind::NotFound, message).hint("Give more of the name"));
        }
        backups.pop().ok_or_else(|| self.nothing(&format!("there is no backup {selector:?}"), &others))
    }

    /// Every backup of every store, the newest first; those of the first store come before their copies.
    pub(super) fn all(&mut self) -> Result<Vec<Listed>> {
        let mut backups = Vec::new();
        for store in self.stores {
            backups.extend(self.ask(store, |store| store.backups())?.unwrap_or_default());
        }
        backups.sort_by(newest_first);
        Ok(backups)
    }

    /// A store that is down must not keep anybody from a backup that another one has.
    pub(super) fn ask<T>(
        &mut self,
        store: &Arc<dyn Store>,
        question: impl Fn(&dyn Store) -> Result<T>,
    ) -> Result<Option<T>> {
        match question(store.as_ref()) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.kind() == Kind::Store && self.stores.len() > 1 => {
                self.progress.notice(format!("the store {} could not be asked: {}", store.name(), error.message()));
                self.unasked.get_or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What is said where nothing is meant, and these are all that there are.
    fn nothing(&self, message: &str, others: &[Listed]) -> Error {
        let places: Vec<String> = self.stores.iter().map(|store| store.place("")).collect();
        let error = Error::new(Kind::NotFound, message);
        match (others.is_empty(), places.join(" and ")) {
            (true, places) => error.hint(format!("{places}: holds no backup yet")),
            (false, places) => error.hint(format!("{places}: holds {}", shown(others))),
        }
    }
}

fn shown(backups: &[Listed]) -> String {
    let names: BTreeSet<&str> = backups.iter().map(|backup| backup.name.as_str()).collect();
    let mut first = Vec::new();
    for backup in backups {
        if first.len() < SHOWN && !first.contains(&backup.name.as_str()) {
            first.push(backup.name.as_str());
        }
    }
    match names.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{}, and {more} more", first.join(", ")),
    }
}
