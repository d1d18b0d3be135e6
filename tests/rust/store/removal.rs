//! Removal is whole or finished later, and cleaning touches nobody else's files.

use std::fs;

use holdfast::Kind;
use holdfast::store::{Folder, Store, clean, remove, tombstone_name};

use super::{all_names, empty_folder, file_name, listed_names, parts, put};

#[test]
fn a_removed_backup_leaves_nothing_and_its_neighbours_stay() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let neighbour = put(folder.path(), "app_logs", "daily", "2026-11-19T00:00:00Z");
    remove(&backup).unwrap();
    assert_eq!(listed_names(folder.path()), [file_name(&neighbour)]);
    assert_eq!(all_names(folder.path()).len(), 4);
}

#[test]
fn sidecars_without_their_file_can_be_removed() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    fs::remove_file(&backup).unwrap();
    remove(&backup).unwrap();
    assert!(all_names(folder.path()).is_empty());
}

#[test]
fn what_is_no_backup_is_not_removed() {
    let folder = empty_folder();
    let precious = folder.path().join("precious.txt");
    fs::write(&precious, "x").unwrap();
    let missing = folder.path().join("app_daily_20261119T000000Z.sql.gz");
    for path in [&precious, &missing] {
        assert_eq!(remove(path).unwrap_err().kind(), Kind::Usage);
    }
    assert_eq!(all_names(folder.path()), ["precious.txt"]);
}

#[test]
fn a_removal_that_died_at_any_step_shows_nothing_and_is_finished_by_the_next_cleaning() {
    for steps in 0..=4 {
        let folder = empty_folder();
        let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
        let neighbour = put(folder.path(), "app_logs", "daily", "2026-11-19T00:00:00Z");
        let tombstone = tombstone_name(file_name(&backup));
        fs::write(folder.path().join(&tombstone), "").unwrap();
        for part in &parts(&backup)[..steps] {
            fs::remove_file(part).unwrap();
        }
        assert_eq!(listed_names(folder.path()), [file_name(&neighbour)], "after {steps} steps");
        assert!(!matches!(Folder::new(folder.path()).backup(file_name(&backup)), Ok(Some(_))));
        assert_eq!(clean(folder.path(), "app_logs").unwrap(), Vec::<String>::new());
        assert_eq!(clean(folder.path(), "app").unwrap(), [tombstone]);
        assert_eq!(all_names(folder.path()).len(), 4, "after {steps} steps");
    }
}

#[test]
fn cleaning_removes_the_litter_of_its_alias_alone() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let litter = [
        ".app-2147483647-ab_c9.snapshot",
        ".app-2147483647-ab_c9.snapshot-journal",
        ".app-2147483647-ab_c9.snapshot-shm",
        ".app-2147483647-ab_c9.snapshot-wal",
        ".app_daily_20261119T000000Z.sql.gz.status.json.partial",
        ".app_daily_20261120T000000Z.sql.gz.json.partial",
        ".app_daily_20261120T000000Z.sql.gz.partial",
        ".app_daily_20261120T000000Z.sql.gz.sha256.partial",
    ];
    let others = [
        ".app-1-2147483647-ab.snapshot",
        ".app-2147483647-.snapshot",
        ".app-2147483647-ab.snapshot-other",
        ".app-x-ab.snapshot",
        ".app.lock",
        ".app_logs-2147483647-ab.snapshot",
        ".app_logs_daily_20261120T000000Z.sql.gz.deleting",
        ".app_logs_daily_20261120T000000Z.sql.gz.partial",
        ".app_notes.partial",
        "app_daily_20261120T000000Z.sql.gz.sha256",
        "notes.partial",
    ];
    for name in litter.iter().chain(&others) {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    assert_eq!(clean(folder.path(), "app").unwrap(), litter);
    let mut left: Vec<&str> = others.to_vec();
    let kept = parts(&backup);
    left.extend(kept.iter().map(|part| file_name(part)));
    left.sort_unstable();
    assert_eq!(all_names(folder.path()), left);
    assert!(clean(folder.path(), "app").unwrap().is_empty());
}

#[test]
fn a_missing_folder_is_clean() {
    assert!(clean(&empty_folder().path().join("none"), "app").unwrap().is_empty());
}
