//! Which backup a selector means.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use holdfast::event::{Event, Progress};
use holdfast::store::{Change, Files, How, Listed, Verified, Wanted, list, tombstone_name, update_status};
use holdfast::{Error, Kind, Result};
use serde_json::json;
use time::UtcDateTime;

use super::{beside, empty_folder, file_name, put};
use crate::port::free_port;
use crate::s3_server::{Garage, open};

fn find(folder: &Path, selector: &str, alias: Option<&str>) -> Result<Listed> {
    let wanted = Wanted { selector, alias, now: UtcDateTime::now(), files: Files::Packed };
    holdfast::store::find(&[crate::home::folder(folder)], &wanted, &Progress::default())
}

fn found(folder: &Path, selector: &str, alias: Option<&str>) -> String {
    find(folder, selector, alias).unwrap().name
}

fn refused(folder: &Path, selector: &str, alias: Option<&str>) -> Error {
    find(folder, selector, alias).unwrap_err()
}

#[test]
fn a_path_leads_to_its_backup_in_and_outside_the_folder() {
    let (folder, elsewhere) = (empty_folder(), empty_folder());
    for place in [folder.path(), elsewhere.path()] {
        let backup = put(place, "app", "daily", "2026-11-19T00:00:00Z");
        for path in super::parts(&backup) {
            let listed = find(folder.path(), path.to_str().unwrap(), None).unwrap();
            assert_eq!((listed.path, listed.problem), (Some(backup.clone()), None));
        }
    }
}

#[test]
fn a_renamed_file_is_found_by_its_path() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let renamed = folder.path().join("precious.gz");
    fs::rename(&backup, &renamed).unwrap();
    fs::rename(beside(&backup, ".json"), beside(&renamed, ".json")).unwrap();
    let listed = find(folder.path(), renamed.to_str().unwrap(), None).unwrap();
    assert_eq!(
        (listed.name.as_str(), listed.problem.as_deref(), listed.alias().as_str()),
        ("precious.gz", None, "app")
    );
}

#[test]
fn a_name_an_id_and_the_beginning_of_either_are_enough() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    put(folder.path(), "app_logs", "daily", "2026-11-20T00:00:00Z");
    let name = file_name(&backup);
    let id = list(folder.path()).unwrap().pop().unwrap().manifest.unwrap().id;
    let sidecar = format!("{name}.json");
    for selector in [name, &sidecar, "app_d", "app_daily_2026", &id, &id[..6]] {
        assert_eq!(found(folder.path(), selector, None), name, "{selector}");
    }
}

#[test]
fn a_beginning_of_several_names_them() {
    let folder = empty_folder();
    let one = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let other = put(folder.path(), "app_logs", "daily", "2026-11-20T00:00:00Z");
    let error = refused(folder.path(), "app", Some("app"));
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.message().contains(file_name(&one)) && error.message().contains(file_name(&other)));
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let folder = empty_folder();
    let error = refused(folder.path(), "nothing", None);
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.hint_text().unwrap().contains("holds no backup"));
    let names: Vec<String> = (1..=7)
        .map(|day| file_name(&put(folder.path(), "app", "daily", &format!("2026-11-0{day}T00:00:00Z"))).to_owned())
        .collect();
    let error = refused(folder.path(), "nothing", None);
    let hint = error.hint_text().unwrap();
    assert!(hint.contains(&names[6]) && !hint.contains(&names[0]) && hint.contains("2 more"), "{hint}");
}

#[test]
fn latest_is_the_newest_good_one_of_the_alias_and_no_safety_backup() {
    let folder = empty_folder();
    let old = put(folder.path(), "app", "daily", "2026-11-17T00:00:00Z");
    let good = put(folder.path(), "app", "daily", "2026-11-18T00:00:00Z");
    let disproved = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let cut = put(folder.path(), "app", "daily", "2026-11-20T00:00:00Z");
    put(folder.path(), "app", "pre-restore", "2026-11-21T00:00:00Z");
    let logs = put(folder.path(), "app_logs", "daily", "2026-11-20T12:00:00Z");
    fs::write(&cut, "cut").unwrap();
    let proof = |ok| {
        Change::Verified(Verified {
            at: "2026-11-21T00:00:00Z".into(),
            how: How::Read,
            ok,
            problems: vec![],
            objections: vec![],
        })
    };
    update_status(&disproved, proof(false)).unwrap();
    assert_eq!(found(folder.path(), "latest", Some("app")), file_name(&good));
    assert_eq!(found(folder.path(), "latest", Some("app_logs")), file_name(&logs));
    assert_eq!(found(folder.path(), "latest", None), file_name(&logs));

    update_status(&good, proof(false)).unwrap();
    assert_eq!(found(folder.path(), "latest", Some("app")), file_name(&old));
    update_status(&old, proof(false)).unwrap();
    assert_eq!(refused(folder.path(), "latest", Some("app")).kind(), Kind::BadBackup);
    assert_eq!(refused(folder.path(), "latest", Some("other")).kind(), Kind::NotFound);
}

#[test]
fn a_backup_that_is_being_removed_cannot_be_chosen() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    fs::write(folder.path().join(tombstone_name(file_name(&backup))), "").unwrap();
    for selector in [backup.to_str().unwrap(), file_name(&backup), "app", "latest"] {
        assert_eq!(refused(folder.path(), selector, None).kind(), Kind::NotFound, "{selector}");
    }
}

#[test]
fn the_empty_selector_means_nothing() {
    let folder = empty_folder();
    put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    assert_eq!(refused(folder.path(), "", None).kind(), Kind::NotFound);
}

#[test]
fn a_store_that_is_down_is_asked_for_its_list_once() {
    let folder = empty_folder();
    let garage = Garage::start();
    let down = open(&garage.plan(&json!({"endpoint": format!("http://127.0.0.1:{}", free_port())})));
    let progress = Progress::default();
    let stores = [crate::home::folder(folder.path()), Arc::new(down)];
    let error = holdfast::store::find(
        &stores,
        &Wanted { selector: "latest", alias: None, now: UtcDateTime::now(), files: Files::Packed },
        &progress,
    )
    .unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    let notices = progress.drain().into_iter().filter(|event| matches!(event, Event::Notice { .. }));
    assert_eq!(notices.count(), 1);
}
