//! Whatever stops a writer leaves nothing behind, and says what it was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use holdfast::archive::{ArchiveWriter, CHUNK_SIZE};
use holdfast::manifest::Codec;
use holdfast::{Error, Kind};

use super::sample::{GZIP, chunk, manifest, names, rows, write};

fn finish(writer: ArchiveWriter) -> Result<(), Error> {
    writer.finish(|written| manifest("a", GZIP, written)).map(drop)
}

#[test]
fn a_lost_producer_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 2).unwrap();
    let (whole, lost) = (writer.sender(), writer.sender());
    whole.send_blocking(chunk(rows(1, 1000))).unwrap();
    lost.send_blocking(chunk(rows(2, 1000))).unwrap();
    drop(lost);
    // The others are not held up: the producer's own error is the one to report.
    whole.send_blocking(chunk(rows(3, 1000))).unwrap();
    whole.end();
    assert!(finish(writer).unwrap_err().message().contains("before it had read everything"));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_producer_that_goes_on_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 2).unwrap();
    let sender = writer.sender();
    finish(writer).unwrap_err();
    assert!(sender.send_blocking(chunk(rows(1, 10))).unwrap_err().message().contains("before it had read everything"));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn an_abandoned_writer_removes_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 2).unwrap();
    let sender = writer.sender();
    sender.send_blocking(chunk(rows(1, 1000))).unwrap();
    assert_eq!(names(folder.path()), [".a.partial"]);
    drop(writer);
    assert!(names(folder.path()).is_empty());
    assert!(sender.send_blocking(chunk(rows(1, 10))).unwrap_err().message().contains("abandoned"));
}

#[test]
fn a_panic_while_the_manifest_is_made_removes_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 2).unwrap();
    catch_unwind(AssertUnwindSafe(|| writer.finish(|_| panic!("as a test")))).unwrap_err();
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_backup_is_never_replaced() {
    for existing in ["a", "a.json", "a.sha256", ".a.partial"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(existing);
        std::fs::write(&path, "precious").unwrap();
        crate::home::create(folder.path(), "a", GZIP, 2).map(drop).unwrap_err();
        assert_eq!(names(folder.path()), [existing]);
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }
}

#[test]
fn a_name_taken_meanwhile_is_not_replaced_either() {
    for taken in ["a", "a.json", "a.sha256"] {
        let folder = tempfile::tempdir().unwrap();
        let writer = crate::home::create(folder.path(), "a", GZIP, 2).unwrap();
        let path = folder.path().join(taken);
        std::fs::write(&path, "precious").unwrap();
        assert!(finish(writer).unwrap_err().message().contains("exists already"));
        assert_eq!(names(folder.path()), [taken]);
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }
}

#[test]
fn impossible_requests_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for level in [0, 13, 255] {
        let error = write(folder.path(), "a", Codec::Gzip { level }, &[]).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }
    for level in [0, 20] {
        write(folder.path(), "a", Codec::Zstd { level }, &[]).unwrap_err();
    }
    for name in ["", ".a", "b/a", "../a", "a\nb"] {
        assert_eq!(write(folder.path(), name, GZIP, &[]).unwrap_err().kind(), Kind::Usage);
    }
    assert!(names(folder.path()).is_empty());
}

/// Sends until the writer fails; the failure reaches the producer, which would otherwise never stop.
fn send_until_failure(writer: &ArchiveWriter) -> Error {
    let sender = writer.sender();
    loop {
        if let Err(error) = sender.send_blocking(chunk(rows(1, CHUNK_SIZE))) {
            return error;
        }
    }
}

/// A file system without room is imitated by the system itself: a limit on the size of files, with its signal ignored,
/// makes the write fail half-way. The limit holds for a whole process, so this test runs itself again in a new one.
#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    const FOLDER: &str = "HOLDFAST_TEST_LIMITED_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let writer = crate::home::create(folder.as_ref(), "a", GZIP, 2).unwrap();
        let told = send_until_failure(&writer);
        assert!(told.message().contains(".a.partial cannot be written"), "{}", told.message());
        assert!(told.hint_text().unwrap().contains("room"));
        assert_eq!(finish(writer).unwrap_err().message(), told.message());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "archive::failure::a_full_disk_is_told_and_leaves_nothing"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    assert!(String::from_utf8_lossy(&status.stdout).contains("1 passed"));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_folder_that_goes_away_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    let writer = crate::home::create(&backups, "a", GZIP, 2).unwrap();
    std::fs::remove_dir_all(&backups).unwrap();
    finish(writer).unwrap_err();
    assert!(names(folder.path()).is_empty());
}
