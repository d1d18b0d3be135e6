//! Which settings of the database a restore changes, by name; their values may be secrets.

use std::collections::BTreeMap;

use super::load::statement;
use crate::archive::Archive;
use crate::error::Result;
use crate::manifest::Object;
use crate::plan::Owners;
use crate::postgres::ddl::Reader;
use crate::postgres::ddl::database::{self, Setting};
use crate::restore::{ObjectPreview, Preview};

/// Adds to a preview of a full restore what becomes of the settings.
pub(super) async fn describe(
    preview: &mut Preview,
    reader: &Reader<'_>,
    archive: &Archive,
    owners: Owners,
) -> Result<()> {
    let concerns = |kind: &str| database::is_setting(kind, owners);
    let mut live: BTreeMap<(&str, String), Setting> = database::settings(reader)
        .await?
        .into_iter()
        .filter(|setting| concerns(setting.kind()))
        .map(|setting| ((setting.kind(), setting.label()), setting))
        .collect();
    for object in archive.manifest.objects.iter().filter(|object| concerns(&object.kind)) {
        match live.remove(&(object.kind.as_str(), object.name.clone())) {
            None => preview.creates.push(named(&object.kind, &object.name)),
            Some(setting) if is_kept(&setting, object, archive)? => {}
            Some(_) => preview.warnings.push(format!("the {} {} is set as in the backup", object.kind, object.name)),
        }
    }
    preview.drops.extend(live.keys().map(|(kind, name)| named(kind, name)));
    Ok(())
}

/// The same setting has the same statement.
fn is_kept(setting: &Setting, object: &Object, archive: &Archive) -> Result<bool> {
    let chunk = archive.chunk(object.chunk as usize)?;
    Ok(statement(object, &chunk)? == setting.sql())
}

fn named(kind: &str, name: &str) -> ObjectPreview {
    ObjectPreview { kind: kind.to_owned(), name: name.to_owned() }
}
