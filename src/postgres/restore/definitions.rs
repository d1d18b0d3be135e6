//! Whether definitions came back with the meaning that they had: a text that was restored word by word may name other
//! operators and functions in another place.

use std::collections::{BTreeSet, HashMap};

use super::check;
use super::load::Loader;
use crate::error::Result;
use crate::manifest::{Manifest, Used};
use crate::postgres::connect::describe_error;
use crate::postgres::ddl::{Reader, additions, uses};

/// Compares what the restored objects use with what the manifest says of them.
pub(in crate::postgres) async fn compare(loader: &Loader<'_>, version: u32) -> Result<()> {
    let manifest = &loader.archive.manifest;
    let restored = |index: u32| manifest.objects.get(index as usize).is_some_and(|object| loader.takes(index, object));
    let mut expected = manifest.definitions.iter().filter(|definition| restored(definition.object)).peekable();
    if expected.peek().is_none() {
        return Ok(());
    }
    loader.progress.check()?;
    let reader = Reader { client: loader.client, version };
    let found = uses::by_name(&reader).await?;
    let found: HashMap<String, Vec<Used>> = found.into_iter().map(|(name, used)| (bare(&name), used)).collect();
    let comparable = Comparable::of(loader, version).await?;
    for definition in expected {
        let used = definition.uses.iter().filter_map(|used| manifest.used.get(*used as usize));
        let wanted: BTreeSet<String> =
            used.filter(|used| comparable.takes(used)).map(|used| bare(&loader.place.text(&used.name))).collect();
        let now = found.get(&bare(&loader.place.text(&definition.name)));
        let object = manifest.objects.get(definition.object as usize);
        // What a role may not put on an administrator's table was told; what stands there already stays.
        if object.is_some_and(|object| object.kind == additions::ADDITION) {
            continue;
        }
        let now = now.into_iter().flatten();
        let now: BTreeSet<String> = now.filter(|used| comparable.takes(used)).map(|used| bare(&used.name)).collect();
        if wanted != now {
            let label = object.map_or_else(String::new, |object| format!("{} {}", object.kind, object.label()));
            return Err(differs(label, &definition.name, &wanted, &now));
        }
    }
    Ok(())
}

fn differs(label: String, name: &str, wanted: &BTreeSet<String>, now: &BTreeSet<String>) -> crate::error::Error {
    let list = |these: &BTreeSet<String>, those: &BTreeSet<String>| {
        let names: Vec<&str> = these.difference(those).map(String::as_str).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let found = format!(
        "it came back with another meaning: {name} uses {} where the backup has {}",
        list(now, wanted),
        list(wanted, now)
    );
    check::differing(label, found).hint(
        "nothing was changed; an object of that name in pg_catalog, or another version of an extension, may have taken \
         the place of the one that was meant",
    )
}

/// Names with and without quotes are the same: a drill's are always in them.
fn bare(name: &str) -> String {
    name.replace('"', "")
}

/// What can be compared between the two databases.
struct Comparable {
    /// Whether both are of one major version; what types an expression uses, majors do not agree about.
    one_major: bool,
    /// Extensions in another version, whose members may have other names.
    others: BTreeSet<String>,
}

impl Comparable {
    async fn of(loader: &Loader<'_>, version: u32) -> Result<Self> {
        let manifest: &Manifest = &loader.archive.manifest;
        let rows = loader
            .client
            .query("SELECT extname::text, extversion FROM pg_catalog.pg_extension", &[])
            .await
            .map_err(|error| describe_error(error, "reading versions of extensions"))?;
        let here: HashMap<&str, &str> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let extensions = manifest.database.extensions.iter();
        let others = extensions.filter(|extension| here.get(&*extension.name) != Some(&&*extension.version));
        let major = manifest.database.server_version.split(|c: char| !c.is_ascii_digit()).next();
        Ok(Self {
            one_major: major.and_then(|major| major.parse().ok()) == Some(version / 10_000),
            others: others.map(|extension| extension.name.clone()).collect(),
        })
    }

    fn takes(&self, used: &Used) -> bool {
        (self.one_major || !used.name.starts_with("type "))
            && used.extension.as_ref().is_none_or(|extension| !self.others.contains(extension))
    }
}
