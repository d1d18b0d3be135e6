//! One run at a time, across processes; a dead run holds nothing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use holdfast::store::Lock;
use holdfast::{Error, Kind};

use super::{all_names, empty_folder};

const SINCE: &str = "2026-11-21T02:00:00Z";

fn acquire(folder: &Path, alias: &str) -> Result<Lock, Error> {
    Lock::acquire(folder, alias, "restore", SINCE)
}

/// A process that holds the lock with this content until it is ended.
fn other_process(folder: &Path, content: &str) -> Child {
    const PROGRAM: &str = "
import fcntl, sys
file = open(sys.argv[1], 'w')
fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
file.write(sys.argv[2])
file.flush()
print('held', flush=True)
sys.stdin.read()
";
    let mut child = Command::new("python3")
        .args(["-c", PROGRAM])
        .arg(folder.join(".app.lock"))
        .arg(content)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    child
}

#[test]
fn the_folder_and_the_file_are_private() {
    let parent = empty_folder();
    let folder = parent.path().join("backups");
    let _lock = acquire(&folder, "app").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join(".app.lock"))), (0o700, 0o600));
}

#[test]
fn a_second_run_is_told_who_holds_it_until_it_is_released() {
    let folder = empty_folder();
    let lock = Lock::acquire(folder.path(), "app", "backup (daily)", SINCE).unwrap();
    let error = acquire(folder.path(), "app").unwrap_err();
    assert_eq!(error.kind(), Kind::Locked);
    let message = error.message();
    for part in ["app", "backup (daily)", SINCE, &std::process::id().to_string()] {
        assert!(message.contains(part), "{message}");
    }
    assert!(error.hint_text().is_some());
    drop(lock);
    assert_eq!(fs::read(folder.path().join(".app.lock")).unwrap(), b"");
    drop(acquire(folder.path(), "app").unwrap());
    assert_eq!(all_names(folder.path()), [".app.lock"]);
}

#[test]
fn aliases_and_folders_have_their_own_locks() {
    let (folder, other) = (empty_folder(), empty_folder());
    let _held = (
        acquire(folder.path(), "app").unwrap(),
        acquire(folder.path(), "app_logs").unwrap(),
        acquire(other.path(), "app").unwrap(),
    );
    assert_eq!(acquire(folder.path(), "../app").unwrap_err().kind(), Kind::Usage);
}

#[test]
fn the_lock_of_another_process_holds_until_that_process_dies() {
    let folder = empty_folder();
    let holder = r#"{"pid": 4711, "host": "web1", "purpose": "backup", "since": "2026-11-20T00:00:00Z"}"#;
    let mut child = other_process(folder.path(), holder);
    let error = acquire(folder.path(), "app").unwrap_err();
    assert_eq!(error.kind(), Kind::Locked);
    assert!(error.message().contains("process 4711 on web1, since 2026-11-20T00:00:00Z"), "{}", error.message());
    child.kill().unwrap();
    child.wait().unwrap();
    // The dead holder's long content is replaced whole.
    let _lock = acquire(folder.path(), "app").unwrap();
    let text = fs::read_to_string(folder.path().join(".app.lock")).unwrap();
    let content: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(content["pid"], std::process::id());
}

#[test]
fn a_holder_that_is_writing_its_name_is_another_run() {
    for content in ["", r#"{"pid": 47"#, "\u{fffd}"] {
        let folder = empty_folder();
        let mut child = other_process(folder.path(), content);
        let error = acquire(folder.path(), "app").unwrap_err();
        assert_eq!((error.kind(), error.message().as_str()), (Kind::Locked, "another run is working on app"));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn our_lock_holds_against_another_process() {
    let folder = empty_folder();
    let attempt = || {
        let program = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)";
        let output =
            Command::new("python3").args(["-c", program]).arg(folder.path().join(".app.lock")).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let lock = acquire(folder.path(), "app").unwrap();
    let (taken, reason) = attempt();
    assert!(!taken && reason.contains("BlockingIOError"), "{reason}");
    drop(lock);
    assert!(attempt().0);
}
