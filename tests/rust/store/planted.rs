//! What somebody else has put into the folder under our names: nothing waits for it, reads through it or writes through it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use holdfast::Kind;
use holdfast::store::{
    Change, Folder, Lock, SIDECARS, Store, clean, list, lock_name, remove, tombstone_name, update_status,
};

use super::{beside, empty_folder, file_name, put};

/// What does not end by then waits for ever.
const PATIENCE: Duration = Duration::from_secs(20);

fn fifo(path: &Path) {
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, done) = channel();
    thread::spawn(move || sender.send(work()));
    done.recv_timeout(PATIENCE).expect("it waits for what nobody writes")
}

#[test]
fn nothing_waits_for_the_other_end_of_a_fifo() {
    for suffix in ["", SIDECARS[0], SIDECARS[1], SIDECARS[2]] {
        let folder = empty_folder();
        let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
        let good = put(folder.path(), "app", "daily", "2026-11-20T00:00:00Z");
        fifo(&beside(&backup, suffix));
        let (path, names) = (folder.path().to_owned(), [file_name(&good).to_owned(), file_name(&backup).to_owned()]);
        let found = in_time(move || {
            let store = Folder::new(&path);
            for name in SIDECARS.map(|suffix| format!("{}{suffix}", names[1])).iter().chain(&names[1..]) {
                if let Err(error) = store.read(name) {
                    assert_eq!(error.kind(), Kind::BadBackup);
                    assert!(error.message().ends_with("it is no ordinary file"), "{}", error.message());
                }
                let _ = store.open(name);
            }
            let _ = update_status(&path.join(&names[1]), Change::Unpin);
            let found = list(&path).unwrap();
            remove(&path.join(&names[1])).unwrap();
            (found, list(&path).unwrap())
        });
        assert_eq!(found.0[0].name, file_name(&good));
        assert!(found.0[0].is_good());
        assert_eq!(found.1.len(), 1, "{suffix}");
    }
}

#[test]
fn a_link_is_neither_read_nor_written_through() {
    let elsewhere = empty_folder();
    let precious = elsewhere.path().join("precious");
    let backup_of = |folder: &Path| put(folder, "app", "daily", "2026-11-19T00:00:00Z");
    for suffix in SIDECARS {
        let folder = empty_folder();
        let backup = backup_of(folder.path());
        fs::rename(beside(&backup, suffix), &precious).unwrap();
        symlink(&precious, beside(&backup, suffix)).unwrap();
        let before = fs::read(&precious).unwrap();
        let error = Folder::new(folder.path()).read(&format!("{}{suffix}", file_name(&backup))).unwrap_err();
        assert!(error.message().contains("it is a symbolic link"), "{}", error.message());
        update_status(&backup, Change::Pin("kept".into())).unwrap();
        remove(&backup).unwrap();
        assert_eq!(fs::read(&precious).unwrap(), before, "{suffix}");
    }
    let folder = empty_folder();
    let backup = backup_of(folder.path());
    fs::write(&precious, "precious").unwrap();
    let partial = format!(".{}.status.json.partial", file_name(&backup));
    for name in [partial, tombstone_name(file_name(&backup))] {
        symlink(&precious, folder.path().join(name)).unwrap();
    }
    update_status(&backup, Change::Pin("kept".into())).unwrap();
    remove(&backup).unwrap();
    clean(folder.path(), "app").unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
}

#[test]
fn a_lock_in_place_of_which_something_stands_is_told() {
    let folder = empty_folder();
    let path = folder.path().join(lock_name("app"));
    let precious = folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    let take = |path: &Path| {
        let path = path.to_owned();
        in_time(move || Lock::acquire(&path, "app", "backup", "2026-11-21T02:00:00Z").map(drop)).unwrap_err()
    };
    symlink(&precious, &path).unwrap();
    assert!(take(folder.path()).message().contains(".app.lock cannot be locked: it is a symbolic link"));
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    fifo(&path);
    assert!(take(folder.path()).message().contains("it is no ordinary file"));
}

#[test]
fn a_data_file_may_lie_on_another_disk() {
    let (folder, disk) = (empty_folder(), empty_folder());
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    let moved = disk.path().join("moved");
    fs::rename(&backup, &moved).unwrap();
    symlink(&moved, &backup).unwrap();
    assert!(list(folder.path()).unwrap()[0].is_good());
    assert!(update_status(&backup, Change::Pin("kept".into())).unwrap().pinned.is_some());
    remove(&backup).unwrap();
    assert!(moved.exists());
}

#[test]
fn what_is_too_large_to_be_ours_is_not_read() {
    let folder = empty_folder();
    let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
    for suffix in SIDECARS {
        // Without blocks on the disk, so that anybody can make one.
        fs::File::options().write(true).open(beside(&backup, suffix)).unwrap().set_len(1 << 40).unwrap();
        let error = Folder::new(folder.path()).read(&format!("{}{suffix}", file_name(&backup))).unwrap_err();
        assert!(error.message().contains("and no more than"), "{}", error.message());
    }
    let listed = list(folder.path()).unwrap().remove(0);
    assert!(listed.problem.unwrap().contains("and no more than"));
    assert!(listed.status.pinned.unwrap().contains("cannot be read"));
}

#[test]
fn words_of_others_become_no_path_and_no_time() {
    let fields: [(&str, serde_json::Value); 13] = [
        ("alias", "../outside".into()),
        ("alias", "".into()),
        ("kind", "a/b".into()),
        ("created", "0000-01-01T00:00:00Z".into()),
        ("created", "9999-12-31T23:59:59-14:00".into()),
        ("created", "-000001-01-01T00:00:00Z".into()),
        ("id", "../../etc/passwd".into()),
        ("id", "".into()),
        ("seconds", (-1.0).into()),
        ("name", "/etc/passwd".into()),
        ("name", ".hidden".into()),
        ("name", "".into()),
        ("format_version", (-1).into()),
    ];
    for (field, value) in fields {
        let folder = empty_folder();
        let backup = put(folder.path(), "app", "daily", "2026-11-19T00:00:00Z");
        let sidecar = beside(&backup, ".json");
        let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&sidecar).unwrap()).unwrap();
        document[field] = value.clone();
        fs::write(&sidecar, document.to_string()).unwrap();
        let listed = list(folder.path()).unwrap().remove(0);
        assert!(listed.manifest.is_none(), "{field} {value}");
        assert_eq!((listed.alias(), listed.created()), ("app".into(), "2026-11-19T00:00:00Z".into()));
        assert!(listed.problem.unwrap().contains(".json"), "{field} {value}");
    }
}
