//! Backups in a store where every file is whole and there are no locks: what is listed, copied, removed, left over.

use std::sync::Arc;

use holdfast::archive::ArchiveWriter;
use holdfast::event::Progress;
use holdfast::manifest::{Codec, Manifest};
use holdfast::store::{About, BackupName, Change, Existing, Files, Memory, Place, Store, Wanted, find, list_all};
use holdfast::{Kind, archive};
use time::UtcDateTime;

use super::{empty_folder, manifest};
use crate::home;

const GZIP: Codec = Codec::Gzip { level: 1 };

/// A real backup in these stores, without chunks.
fn put(stores: &[Arc<dyn Store>], alias: &str, created: &str) -> String {
    let backup = BackupName::new(alias, "daily", created).unwrap();
    let name = backup.file_name(holdfast::manifest::Payload::Sql, GZIP);
    let writer = ArchiveWriter::create(stores, &name, archive::about(alias, "daily", created, "3f"), GZIP, 1).unwrap();
    let complete = |written: archive::Written| Manifest {
        codec: GZIP,
        file: None,
        raw_size: written.raw_size,
        chunks: written.chunks,
        chunks_sha256: written.chunks_sha256,
        ..manifest(&backup, &name, 0)
    };
    assert!(writer.finish(complete).unwrap().missing.is_empty());
    name
}

fn memory() -> (Memory, Arc<dyn Store>) {
    let memory = Memory::default();
    (memory.clone(), Arc::new(memory))
}

fn names(store: &dyn Store) -> Vec<String> {
    store.list("").unwrap().into_iter().map(|entry| entry.name).collect()
}

#[test]
fn a_backup_goes_to_several_stores_in_one_pass() {
    let folder = empty_folder();
    let (one, two) = (home::folder(folder.path()), memory().1);
    let name = put(&[Arc::clone(&one), Arc::clone(&two)], "app", "2026-11-19T00:00:00Z");
    for suffix in ["", ".json", ".sha256"] {
        let file = format!("{name}{suffix}");
        assert_eq!(one.read(&file).unwrap().unwrap(), two.read(&file).unwrap().unwrap());
    }
    assert_eq!(two.about(&name).unwrap()["alias"], "app");
    assert_eq!(two.about(&format!("{name}.json")).unwrap()["sha256"].len(), 64);
}

#[test]
fn only_what_has_its_manifest_is_a_backup() {
    let (_, store) = memory();
    let name = put(&[Arc::clone(&store)], "app", "2026-11-19T00:00:00Z");
    let older = put(&[Arc::clone(&store)], "app", "2026-11-18T00:00:00Z");
    store.delete(&[format!("{older}.json")]).unwrap();
    store.put("notes.json", b"{}", Existing::Keep, &About::new()).unwrap();
    let listed: Vec<_> = store.backups().unwrap().into_iter().map(|backup| (backup.name, backup.problem)).collect();
    assert_eq!(listed, [(name.clone(), None)]);
    assert!(store.backup(&older).unwrap().is_none());

    // Left by somebody who may write, and not delete.
    store.put(".holdfast-probe-7-1", b"noise", Existing::Keep, &About::new()).unwrap();

    let remains = store.remains(1).unwrap();
    let left: Vec<&str> = remains.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(left, [".holdfast-probe-7-1", older.as_str(), &format!("{older}.sha256")]);
    // What has just been written may belong to a run at work.
    assert!(store.remains(0).unwrap().files.is_empty());
    store.remove_remains(&remains).unwrap();
    assert_eq!(
        names(store.as_ref()),
        [name.clone(), format!("{name}.json"), format!("{name}.sha256"), "notes.json".into()]
    );
}

#[test]
fn a_manifest_whose_data_is_gone_or_has_another_size_is_a_problem() {
    let (_, store) = memory();
    let name = put(&[Arc::clone(&store)], "app", "2026-11-19T00:00:00Z");
    store.put(&name, b"short", Existing::Replace, &About::new()).unwrap();
    assert!(store.backups().unwrap()[0].problem.as_ref().unwrap().contains("5 bytes"));
    store.delete(&[name]).unwrap();
    assert_eq!(store.backups().unwrap()[0].problem.as_deref(), Some("the file is missing"));
}

#[test]
fn removal_takes_everything_and_status_is_kept_beside() {
    let (_, store) = memory();
    let name = put(&[Arc::clone(&store)], "app", "2026-11-19T00:00:00Z");
    store.update_status(&name, Change::Pin("why".into())).unwrap();
    assert_eq!(store.backups().unwrap()[0].status.pinned.as_deref(), Some("why"));
    store.remove_backup(&name).unwrap();
    assert!(names(store.as_ref()).is_empty());
    assert_eq!(store.remove_backup(&name).unwrap_err().kind(), Kind::Usage);
    assert_eq!(store.update_status(&name, Change::Unpin).unwrap_err().kind(), Kind::Usage);
}

#[test]
fn a_copy_is_the_same_and_a_second_try_sends_no_data() {
    let folder = empty_folder();
    let here = home::folder(folder.path());
    let (_, there) = memory();
    let name = put(&[Arc::clone(&here)], "app", "2026-11-19T00:00:00Z");
    let from = Place::new(Arc::clone(&here), name.clone());
    let progress = Progress::default();
    let manifest = archive::copy(&from, &there, &progress).unwrap();
    assert_eq!(archive::read_manifest(&Place::new(Arc::clone(&there), name.clone())).unwrap(), manifest);
    assert_eq!(there.about(&name).unwrap()["sha256"], manifest.file.unwrap().sha256);

    // Killed before the manifest was there: the data is not sent again, or it would be refused as existing.
    there.delete(&[format!("{name}.json")]).unwrap();
    archive::copy(&from, &there, &progress).unwrap();
    assert_eq!(there.backups().unwrap()[0].problem, None);

    // Other data under that name is not ours to replace.
    there.delete(&[format!("{name}.json"), name.clone()]).unwrap();
    there.put(&name, b"other", Existing::Keep, &About::new()).unwrap();
    assert_eq!(archive::copy(&from, &there, &progress).unwrap_err().kind(), Kind::Exists);
    assert!(there.backups().unwrap().is_empty());
}

#[test]
fn the_first_store_that_has_a_backup_gives_it() {
    let folder = empty_folder();
    let here = home::folder(folder.path());
    let (_, there) = memory();
    let both = [here, there];
    let old = put(&both, "app", "2026-11-18T00:00:00Z");
    let new = put(&both[1..], "app", "2026-11-19T00:00:00Z");
    let progress = Progress::default();
    let found = |selector: &str| {
        let listed =
            find(&both, &Wanted { selector, alias: None, now: UtcDateTime::now(), files: Files::Packed }, &progress)
                .unwrap();
        (listed.name, listed.location)
    };
    assert_eq!(found("latest"), (new.clone(), "memory".into()));
    assert_eq!(found(&old), (old.clone(), "local".into()));
    assert_eq!(found(&old[..old.len() - 3]), (old.clone(), "local".into()));
    let listed: Vec<_> =
        list_all(&both, &progress).unwrap().into_iter().map(|backup| (backup.name, backup.location)).collect();
    assert_eq!(listed, [(new, "memory".into()), (old.clone(), "local".into()), (old, "memory".into())]);
}
