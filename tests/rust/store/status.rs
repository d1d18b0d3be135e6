//! What is remembered about a backup survives damage, interruption and two writers.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use holdfast::Kind;
use holdfast::store::{Change, How, Status, Verified, list, remove, update_status};

use super::{all_names, beside, empty_folder, put};

fn proof() -> Verified {
    Verified { at: "2026-11-20T00:00:00Z".into(), how: How::Read, ok: true, problems: vec![], objections: vec![] }
}

fn status(backup: &Path) -> Status {
    list(backup.parent().unwrap()).unwrap().remove(0).status
}

#[test]
fn changes_add_up_and_are_private() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    update_status(&backup, Change::Pin("before the big import".into())).unwrap();
    let status = update_status(&backup, Change::Verified(proof())).unwrap();
    assert_eq!(status, Status { pinned: Some("before the big import".into()), verified: Some(proof()) });
    assert_eq!(list(folder.path()).unwrap()[0].status, status);
    assert_eq!(fs::metadata(beside(&backup, ".status.json")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(update_status(&backup, Change::Unpin).unwrap().pinned, None);
    assert_eq!(all_names(folder.path()).len(), 4);
}

#[test]
fn changes_are_documents() {
    let change = |text| serde_json::from_str::<Change>(text).unwrap();
    assert_eq!(change(r#"{"pin": "why"}"#), Change::Pin("why".into()));
    assert_eq!(change(r#""unpin""#), Change::Unpin);
    let document = r#"{"verified": {"at": "2026-11-20T00:00:00Z", "how": "read", "ok": true}}"#;
    assert_eq!(change(document), Change::Verified(proof()));
}

#[test]
fn a_damaged_status_hides_nothing_and_counts_as_a_pin_until_it_is_unpinned() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    fs::write(beside(&backup, ".status.json"), "{\"pinned\": \"bef").unwrap();
    let listed = list(folder.path()).unwrap().remove(0);
    assert!(listed.is_good());
    assert!(listed.status.pinned.unwrap().contains("cannot be read"));
    assert!(update_status(&backup, Change::Verified(proof())).unwrap().pinned.is_some());
    assert_eq!(update_status(&backup, Change::Unpin).unwrap(), Status { pinned: None, verified: Some(proof()) });
}

#[test]
fn a_partial_status_of_a_dead_run_is_in_nobodys_way() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    fs::write(
        folder.path().join(".app_daily_20261119T000000Z.sql.gz.status.json.partial"),
        "a long rest of a dead run",
    )
    .unwrap();
    update_status(&backup, Change::Pin("why".into())).unwrap();
    assert_eq!(status(&backup).pinned.as_deref(), Some("why"));
    assert_eq!(all_names(folder.path()).len(), 4);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| drop(update_status(&backup, Change::Verified(proof())).unwrap())));
        }
        update_status(&backup, Change::Pin("why".into())).unwrap();
    });
    assert_eq!(status(&backup), Status { pinned: Some("why".into()), verified: Some(proof()) });
}

#[test]
fn a_backup_that_is_gone_gets_no_status() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    remove(&backup).unwrap();
    assert_eq!(update_status(&backup, Change::Unpin).unwrap_err().kind(), Kind::Usage);
    assert!(all_names(folder.path()).is_empty());
}

#[test]
fn a_status_from_before_objections_is_understood_and_one_with_them_is_good() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let earlier = r#"{"verified": {"at": "2026-11-20T00:00:00Z", "how": "restored", "ok": true}}"#;
    fs::write(beside(&backup, ".status.json"), earlier).unwrap();
    assert!(list(folder.path()).unwrap().remove(0).is_good());
    let objecting = Verified { how: How::Restored, objections: vec!["shop.checks.sums: off".into()], ..proof() };
    update_status(&backup, Change::Verified(objecting)).unwrap();
    let listed = list(folder.path()).unwrap().remove(0);
    assert!(listed.is_good());
    assert_eq!(listed.status.verified.unwrap().objections, ["shop.checks.sums: off"]);
}
