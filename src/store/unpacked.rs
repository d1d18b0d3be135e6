//! Which backup a decompressed file came from: by its name, which `gunzip` and `zstd -d` leave, or else by what it holds.

use std::path::PathBuf;
use std::sync::Arc;

use super::choice::Search;
use super::contract::Store;
use super::listed::{Listed, Unpacked};
use super::name::packed;
use super::place::Place;
use super::status::Status;
use crate::Result;
use crate::archive::{Beginning, holds};
use crate::manifest::Payload;

/// Backups of this size that a renamed file is compared with. Another one differs in its first chunk as a rule.
const COMPARED: usize = 200;

/// A backup that a file may have come from.
struct Candidate {
    store: Arc<dyn Store>,
    listed: Listed,
}

impl Candidate {
    fn raw_size(&self) -> Option<u64> {
        self.listed.manifest.as_ref().map(|manifest| manifest.raw_size)
    }

    fn is_of(&self, payload: Payload) -> bool {
        self.listed.manifest.as_ref().is_some_and(|manifest| manifest.payload == payload)
    }
}

/// The file as a backup; `None` where it is something else, or missing. A dump of another program is an error.
pub(super) fn find(search: &mut Search<'_>, place: &Place) -> Result<Option<Listed>> {
    let Some(file) = place.store.open(&place.name)? else { return Ok(None) };
    let payload = match Beginning::of(file.as_ref())? {
        Beginning::Unpacked(payload) => payload,
        Beginning::Unknown => return Ok(None),
        foreign => return Err(foreign.objection(place)),
    };
    let size = file.size();
    drop(file);
    let from = origin(search, place, payload, size)?.map(|candidate| candidate.listed);
    if from.is_none() && payload == Payload::Sql {
        return Err(Beginning::Unpacked(payload).objection(place));
    }
    let problem = match from.as_ref().and_then(|from| Some((from, from.manifest.as_ref()?.raw_size))) {
        None => Some(Beginning::Unpacked(payload).objection(place).message()),
        Some((from, held)) if held != size => {
            Some(format!("it has {size} bytes, {} holds {held}: it was changed, or cut off", from.name))
        }
        Some(_) => None,
    };
    Ok(Some(Listed {
        location: place.store.name().to_owned(),
        path: Some(PathBuf::from(place.to_string())),
        name: place.name.clone(),
        manifest: from.as_ref().and_then(|from| from.manifest.clone()),
        stored_size: size,
        arrived: None,
        // What was learned of the backup is true of what it holds: every byte of that is compared.
        status: from.as_ref().map_or_else(Status::default, |from| from.status.clone()),
        problem,
        unpacked: Some(Unpacked { payload, from: from.map(Box::new) }),
    }))
}

/// The backup that it came from, as far as its manifest is left; that of its name where none holds the same.
fn origin(search: &mut Search<'_>, place: &Place, payload: Payload, size: u64) -> Result<Option<Candidate>> {
    let by_name = by_name(search, place, payload)?;
    let fits = |candidate: &Candidate| candidate.raw_size() == Some(size);
    let (mut fitting, mut others): (Vec<_>, Vec<_>) = by_name.into_iter().partition(fits);
    if !fitting.is_empty() {
        return Ok(Some(fitting.swap_remove(0)));
    }
    let mut compared = 0;
    for store in search.stores {
        for listed in search.ask(store, |store| store.backups())?.unwrap_or_default() {
            let candidate = Candidate { store: Arc::clone(store), listed };
            if !candidate.is_of(payload) || !fits(&candidate) || compared == COMPARED {
                continue;
            }
            compared += 1;
            let packed = Place::new(Arc::clone(&candidate.store), candidate.listed.name.clone());
            let file = Place { unpacked_from: Some(Box::new(packed)), ..place.clone() };
            if holds(&file, search.progress)? {
                return Ok(Some(candidate));
            }
        }
    }
    Ok((!others.is_empty()).then(|| others.swap_remove(0)))
}

/// Those that `gunzip` or `zstd -d` would have made it from: beside it first, then in the stores.
fn by_name(search: &mut Search<'_>, place: &Place, payload: Payload) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    let stores = [&place.store].into_iter().chain(search.stores);
    for store in stores {
        for name in packed(&place.name) {
            let listed = search.ask(store, |store| store.backup(&name))?.flatten();
            found.extend(listed.map(|listed| Candidate { store: Arc::clone(store), listed }));
        }
    }
    found.retain(|candidate| candidate.is_of(payload));
    Ok(found)
}
