//! Programs that never heard of Holdfast read the payload, all of it and nothing else.

use std::io::Read;
use std::path::Path;
use std::process::Command;

use super::sample::{GZIP, ZSTD, rows, write};

const PYTHON_GZIP: &str = "import gzip, shutil, sys; shutil.copyfileobj(gzip.open(sys.argv[1]), sys.stdout.buffer)";

/// What the program writes; it must succeed and have nothing to complain of.
fn run(folder: &Path, command: &[&str]) -> Vec<u8> {
    let output = Command::new(command[0]).args(&command[1..]).current_dir(folder).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{command:?}: {complaint}");
    output.stdout
}

fn payloads() -> [Vec<Vec<u8>>; 3] {
    let many = (0..3000).map(|seed| rows(seed, 100)).collect();
    [Vec::new(), vec![rows(1, 3_000_000), Vec::new(), rows(2, 100)], many]
}

#[test]
fn programs_for_gzip_read_the_payload() {
    for chunks in payloads() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.sql.gz", GZIP, &chunks).unwrap();
        let folder = folder.path();
        run(folder, &["gzip", "-t", "a.sql.gz"]);
        run(folder, &["sha256sum", "--status", "-c", "a.sql.gz.sha256"]);
        let payload = chunks.concat();
        assert!(run(folder, &["zcat", "a.sql.gz"]) == payload);
        assert!(run(folder, &["python3", "-c", PYTHON_GZIP, "a.sql.gz"]) == payload);
        run(folder, &["gunzip", "a.sql.gz"]);
        assert!(std::fs::read(folder.join("a.sql")).unwrap() == payload);
    }
}

#[test]
fn libzstd_reads_the_payload() {
    for chunks in payloads() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.sql.zst", ZSTD, &chunks).unwrap();
        run(folder.path(), &["sha256sum", "--status", "-c", "a.sql.zst.sha256"]);
        let file = std::fs::File::open(folder.path().join("a.sql.zst")).unwrap();
        let mut payload = Vec::new();
        zstd::stream::read::Decoder::new(file).unwrap().read_to_end(&mut payload).unwrap();
        assert!(payload == chunks.concat());
    }
}

/// The reader knows of the format what `docs/format.md` says, and nothing else.
#[test]
fn a_reader_written_from_the_specification_reads_one_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let chunks: Vec<_> = (0..3000).map(|seed| rows(seed, 100)).collect();
    write(folder.path(), "a.sql.gz", GZIP, &chunks).unwrap();
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format_reader.py");
    let read = run(folder.path(), &["python3", reader.to_str().unwrap(), "a.sql.gz", "2500"]);
    assert!(read == chunks[2500]);
    let manifest = run(folder.path(), &["python3", reader.to_str().unwrap(), "a.sql.gz"]);
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["chunks"].as_array().unwrap().len(), 3000);
}
