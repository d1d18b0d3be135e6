//! What is listed, in which order, and what is said about backups that are not whole.

use std::fs;

use holdfast::archive::Written;
use holdfast::manifest::{Codec, Manifest};
use holdfast::store::{BackupName, Change, How, Verified, list, tombstone_name, update_status};

use super::{beside, empty_folder, file_name, listed_names, manifest, put};

#[test]
fn a_missing_folder_holds_nothing() {
    assert!(list(&empty_folder().path().join("none")).unwrap().is_empty());
}

#[test]
fn the_newest_comes_first_by_the_recorded_time() {
    let folder = empty_folder();
    let oldest = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let newest = put(folder.path(), "app_logs", "daily", "2026-11-21T00:00:00Z");
    let middle = put(folder.path(), "app", "manual", "2026-11-20T00:00:00Z");
    assert_eq!(listed_names(folder.path()), [file_name(&newest), file_name(&middle), file_name(&oldest)]);

    // Copied with another name, it keeps its time.
    let mut manifest: Manifest = serde_json::from_slice(&fs::read(beside(&oldest, ".json")).unwrap()).unwrap();
    manifest.created = "2027-01-01T00:00:00+00:00".to_owned();
    fs::write(beside(&oldest, ".json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
    assert_eq!(listed_names(folder.path()), [file_name(&oldest), file_name(&newest), file_name(&middle)]);
}

#[test]
fn equal_times_are_ordered_by_name() {
    let folder = empty_folder();
    for alias in ["b", "a", "c"] {
        put(folder.path(), alias, "daily", "2026-11-19T00:00:00Z");
    }
    let aliases: Vec<String> = list(folder.path()).unwrap().iter().map(holdfast::store::Listed::alias).collect();
    assert_eq!(aliases, ["a", "b", "c"]);
}

#[test]
fn a_whole_backup_has_no_problem() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let listed = list(folder.path()).unwrap().remove(0);
    assert_eq!((listed.path.as_deref(), listed.problem.as_deref()), (Some(backup.as_path()), None));
    assert_eq!(listed.stored_size, fs::metadata(&backup).unwrap().len());
    assert_eq!(
        (listed.alias(), listed.kind(), listed.created()),
        ("app".into(), "daily".into(), "2026-11-19T00:00:00Z".into())
    );
    assert!(listed.is_good());
}

#[test]
fn foreign_hidden_and_tombstoned_files_are_not_listed() {
    let folder = empty_folder();
    let name = "app_daily_20261119T000000Z.sql.gz";
    for other in ["notes.txt", "notes.json", "dump.sql.gz", ".app.lock", "app_daily_20261119T000000Z.sql.gz.sha256"] {
        fs::write(folder.path().join(other), "x").unwrap();
    }
    fs::write(folder.path().join(format!(".{name}.partial")), "x").unwrap();
    fs::write(folder.path().join(format!(".{name}.json.partial")), "x").unwrap();
    fs::create_dir(folder.path().join("app_daily_20261118T000000Z.sql.gz")).unwrap();
    let dying = put(folder.path(), "app", "daily", "2026-11-17T00:00:00Z");
    fs::write(folder.path().join(tombstone_name(file_name(&dying))), "").unwrap();
    assert!(listed_names(folder.path()).is_empty());
}

#[test]
fn a_manifest_without_its_file_is_a_problem() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    fs::remove_file(&backup).unwrap();
    let listed = list(folder.path()).unwrap().remove(0);
    assert_eq!(listed.name, file_name(&backup));
    assert_eq!(listed.problem.as_deref(), Some("the file is missing"));
    assert_eq!(listed.alias(), "app");
}

#[test]
fn a_file_without_any_manifest_is_a_problem() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app_logs", "daily", "2026-11-19T00:00:00Z");
    fs::remove_file(beside(&backup, ".json")).unwrap();
    let listed = list(folder.path()).unwrap().remove(0);
    assert!(listed.problem.is_some() && listed.manifest.is_none() && !listed.is_good());
    assert_eq!((listed.alias(), listed.created()), ("app_logs".into(), "2026-11-19T00:00:00Z".into()));
}

#[test]
fn a_cut_file_is_a_problem() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    fs::write(&backup, "cut").unwrap();
    let problem = list(folder.path()).unwrap().remove(0).problem.unwrap();
    assert!(problem.contains("3 bytes"), "{problem}");
}

#[test]
fn a_failed_proof_is_no_problem_of_the_listing_but_makes_a_backup_bad() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let failed = Verified {
        at: "2026-11-20T00:00:00Z".into(),
        how: How::Restored,
        ok: false,
        problems: vec!["rows differ".into()],
        objections: Vec::new(),
    };
    update_status(&backup, Change::Verified(failed)).unwrap();
    let listed = list(folder.path()).unwrap().remove(0);
    assert!(listed.problem.is_none() && !listed.is_good());
    assert_eq!(listed.status.verified.unwrap().problems, ["rows differ"]);
}

#[test]
fn a_lost_sidecar_is_read_from_the_file_itself() {
    let folder = empty_folder();
    let name = "app_logs_daily_20261119T000000Z.sql.gz";
    let writer = crate::home::create(folder.path(), name, Codec::Gzip { level: 6 }, 1).unwrap();
    writer.sender().end();
    let complete = |written: Written| Manifest {
        chunks_sha256: written.chunks_sha256,
        file: None,
        ..manifest(&BackupName::parse(name).unwrap(), name, 0)
    };
    let written = writer.finish(complete).unwrap();
    fs::remove_file(folder.path().join(format!("{name}.json"))).unwrap();
    let listed = list(folder.path()).unwrap().remove(0);
    assert_eq!((listed.problem, listed.manifest.unwrap().id), (None, written.manifest.id));

    // Cut by one byte, it has no manifest at all.
    let content = fs::read(folder.path().join(name)).unwrap();
    fs::write(folder.path().join(name), &content[..content.len() - 1]).unwrap();
    assert!(list(folder.path()).unwrap().remove(0).problem.is_some());
}

#[test]
fn a_nonsensical_time_gives_way_to_that_of_the_name() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let document = fs::read_to_string(beside(&backup, ".json")).unwrap();
    fs::write(beside(&backup, ".json"), document.replace("2026-11-19T00:00:00Z", "yesterday")).unwrap();
    assert_eq!(list(folder.path()).unwrap().remove(0).created(), "2026-11-19T00:00:00Z");
}
