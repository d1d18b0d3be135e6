//! The one backup that a user means by a path, a name, an id, the beginning of either, or `latest`.

use std::path::Path;

use super::folder::{Listed, examine, list};
use super::name::{tombstone_name, without_sidecar};
use crate::{Error, Kind, Result};

/// The newest backup that can be trusted, as far as is known.
const LATEST: &str = "latest";

/// Safety backups made by a restore: after a mistaken restore, `latest` must mean the backup it meant before.
const PRE_RESTORE: &str = "pre-restore";

/// How many names an error message lists.
const SHOWN: usize = 5;

/// Finds the backup that `selector` means: `latest`, the path of its file or of a sidecar in any folder, its name, its
/// id, or the beginning of a name or an id that no other has.
///
/// `latest` is the newest by time, of the alias where one is given, that has no known problem and no failed proof and
/// is no safety backup of a restore. The alias limits nothing else: a name means what it says.
pub fn find(folder: &Path, selector: &str, alias: Option<&str>) -> Result<Listed> {
    if selector == LATEST {
        return latest(folder, alias);
    }
    let path = Path::new(selector);
    // A bare name is one of the folder's first; the working directory may hold a file of the same name.
    let paths = [folder.join(path), path.to_owned()];
    match paths.iter().find_map(|path| at_path(path).transpose()) {
        Some(found) => found,
        None => by_beginning(folder, selector),
    }
}

fn at_path(path: &Path) -> Result<Option<Listed>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(None);
    };
    let name = without_sidecar(name).unwrap_or(name);
    let Some(backup) = examine(&path.with_file_name(name), name) else {
        return Ok(None);
    };
    if path.with_file_name(tombstone_name(name)).exists() {
        let message = format!("the backup {name} is being removed");
        return Err(Error::new(Kind::NotFound, message).hint("Choose another backup"));
    }
    Ok(Some(backup))
}

fn latest(folder: &Path, alias: Option<&str>) -> Result<Listed> {
    let mut backups = list(folder)?;
    backups.retain(|backup| alias.is_none_or(|alias| backup.alias() == alias) && backup.kind() != PRE_RESTORE);
    let of_alias = alias.map(|alias| format!(" of {alias}")).unwrap_or_default();
    if backups.is_empty() {
        return Err(nothing(folder, &format!("there is no backup{of_alias} that 'latest' could mean"))?);
    }
    let bad = shown(&backups);
    backups.into_iter().find(Listed::is_good).ok_or_else(|| {
        Error::bad_backup(format!("every backup{of_alias} has a problem: {bad}"))
            .hint("Choose one by name, and validate it first")
    })
}

fn by_beginning(folder: &Path, selector: &str) -> Result<Listed> {
    let id = |backup: &Listed| backup.manifest.as_ref().map(|manifest| manifest.id.clone()).unwrap_or_default();
    let mut backups = list(folder)?;
    let begins = |text: &str| !selector.is_empty() && text.starts_with(selector);
    backups.retain(|backup| begins(&backup.name) || begins(&id(backup)));
    if backups.iter().any(|backup| id(backup) == selector) {
        backups.retain(|backup| id(backup) == selector);
    }
    if backups.len() > 1 {
        let message = format!("{selector:?} could mean several backups: {}", shown(&backups));
        return Err(Error::new(Kind::NotFound, message).hint("Give more of the name"));
    }
    match backups.pop() {
        Some(backup) => Ok(backup),
        None => Err(nothing(folder, &format!("there is no backup {selector:?}"))?),
    }
}

fn nothing(folder: &Path, message: &str) -> Result<Error> {
    let backups = list(folder)?;
    let error = Error::new(Kind::NotFound, message);
    Ok(if backups.is_empty() {
        error.hint(format!("The folder {} holds no backup yet", folder.display()))
    } else {
        error.hint(format!("The folder {} holds {}", folder.display(), shown(&backups)))
    })
}

fn shown(backups: &[Listed]) -> String {
    let names: Vec<&str> = backups.iter().take(SHOWN).map(|backup| backup.name.as_str()).collect();
    let more = backups.len().saturating_sub(SHOWN);
    match more {
        0 => names.join(", "),
        _ => format!("{}, and {more} more", names.join(", ")),
    }
}
