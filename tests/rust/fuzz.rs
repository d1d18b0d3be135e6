//! Every reader of files gets, for a minute, what nobody has written: it may refuse, and it may not panic, hang or believe it.
//!
//! `HOLDFAST_FUZZ_SECONDS` is how long; a failure leaves its input in `target/fuzz` and says with which seed it was made. Why
//! there is no cargo-fuzz: `docs/decisions/0039-fuzzing.md`.

mod mutation;

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use holdfast::archive::{Archive, Reading, read_manifest};
use holdfast::event::Progress;
use holdfast::store::{About, Existing, Lease, Listed, Memory, Place, Rhythm, Store};
use time::UtcDateTime;

use self::mutation::{mutated_bytes, mutated_document};
use crate::archive::sample::{Random, wrapped};

const SAMPLE: &str = "postgresql/default_daily_20261201T022135Z.sql.gz";
const NAME: &str = "app_daily_20261119T000000Z.sql.gz";
const LEASE: &str = ".holdfast-lease.json";

/// What a target makes of the bytes of a file.
type Read = Box<dyn FnMut(&[u8]) + Send>;

struct Target {
    name: &'static str,
    sample: Vec<u8>,
    /// Of a whole file the manifest alone is changed, and trailer and digests are made anew: no change would get past them.
    prepare: fn(&[u8], &[u8]) -> Vec<u8>,
    chunks: Vec<u8>,
    read: Read,
}

#[test]
fn no_reader_of_files_believes_or_fears_anything() {
    let seconds = std::env::var("HOLDFAST_FUZZ_SECONDS").map_or(60, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let folder = tempfile::tempdir().unwrap();
    let running: Vec<_> = targets(folder.path())
        .into_iter()
        .map(|target| (target.name, thread::spawn(move || torture(target, seed, end))))
        .collect();
    for (name, thread) in running {
        let rounds = thread.join().unwrap_or_else(|cause| panic!("{name}, seed {seed}: {}", words(cause.as_ref())));
        assert!(rounds > 100, "{name} got {rounds} inputs");
    }
}

fn torture(mut target: Target, seed: u64, end: Instant) -> u64 {
    let mut random = Random::new(seed);
    let mut rounds = 0;
    while Instant::now() < end {
        let text = if random.below(3) == 0 {
            mutated_bytes(&target.sample, &mut random)
        } else {
            mutated_document(&target.sample, &mut random)
        };
        let input = (target.prepare)(&target.chunks, &text);
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.read)(&input)));
        if let Err(cause) = outcome {
            let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
            fs::create_dir_all(&kept).unwrap();
            fs::write(kept.join(target.name), &input).unwrap();
            panic!("{} (the input is in {})", words(cause.as_ref()), kept.display());
        }
        rounds += 1;
    }
    rounds
}

fn words(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

fn targets(folder: &Path) -> Vec<Target> {
    // Backups as they are: of many tables, objects and chunks.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-1").join(SAMPLE);
    let (stored, sidecar) = (
        fs::read(&path).unwrap(),
        fs::read(path.with_file_name(format!("{}.json", path.file_name().unwrap().to_str().unwrap()))).unwrap(),
    );
    let mut manifest = read_manifest(&Place::at(&path).unwrap()).unwrap();
    manifest.file = None;
    let chunks_end: u64 = manifest.chunks.iter().map(|chunk| chunk.size).sum();
    let chunks = stored[..usize::try_from(chunks_end).unwrap()].to_owned();
    let as_it_is = |_: &[u8], text: &[u8]| text.to_owned();
    let target = |name, sample: Vec<u8>, read| Target { name, sample, prepare: as_it_is, chunks: Vec::new(), read };
    vec![
        target("sidecar", sidecar.clone(), beside(".json", &stored, &sidecar)),
        target("status", STATUS.into(), beside(".status.json", &stored, &sidecar)),
        listing_cache(folder, &stored, &sidecar),
        target("lease", LEASE_TEXT.into(), Box::new(lease)),
        Target {
            prepare: wrapped,
            chunks,
            ..target("manifest", serde_json::to_vec(&manifest).unwrap(), Box::new(open))
        },
        target("file", stored, Box::new(open)),
    ]
}

const STATUS: &str = r#"{"pinned": "kept", "verified": {"at": "2026-11-19T01:00:00Z", "how": "restored", "ok": true,
    "problems": ["a"], "objections": []}}"#;

const LEASE_TEXT: &str = r#"{"token": "t", "host": "h", "pid": 7, "taken": "2026-11-19T00:00:00Z",
    "expires": "2026-11-19T00:05:00Z"}"#;

/// A store with a good backup and another one, of which one file is replaced.
fn beside(suffix: &'static str, stored: &[u8], sidecar: &[u8]) -> Read {
    let store = filled(Memory::default(), stored, sidecar);
    Box::new(move |bytes| {
        store.put(&format!("{NAME}{suffix}"), bytes, Existing::Replace, &About::new()).unwrap();
        let found = store.backups().unwrap();
        assert_eq!(found.len(), 2);
        found.iter().for_each(use_all);
        assert!(found.iter().any(|listed| listed.name.starts_with("good") && listed.is_good()));
    })
}

fn filled(store: Memory, stored: &[u8], sidecar: &[u8]) -> Memory {
    for name in [NAME.to_owned(), NAME.replace("app", "good")] {
        store.put(&name, stored, Existing::Keep, &About::new()).unwrap();
        store.put(&format!("{name}.json"), sidecar, Existing::Keep, &About::new()).unwrap();
    }
    store
}

fn listing_cache(folder: &Path, stored: &[u8], sidecar: &[u8]) -> Target {
    let path = folder.join("cache.listing");
    let store = filled(Memory::with_listing_cache(path.clone()), stored, sidecar);
    store.backups().unwrap();
    let sample = fs::read(&path).unwrap();
    let read: Read = Box::new(move |bytes| {
        fs::write(&path, bytes).unwrap();
        let found = store.backups().unwrap();
        assert_eq!(found.len(), 2);
        found.iter().for_each(use_all);
    });
    Target { name: "listing-cache", sample, prepare: |_, text| text.to_owned(), chunks: Vec::new(), read }
}

/// What everybody does with what was listed.
fn use_all(listed: &Listed) {
    let now = UtcDateTime::now();
    let _ = (listed.is_good(), listed.objection(now), listed.is_of_the_future(now), listed.is_late(), listed.lacks());
    let _ = listed.manifest.as_ref().map(holdfast::manifest::Manifest::rows);
    for part in [listed.alias(), listed.kind(), listed.created()] {
        assert!(!part.is_empty() && !part.contains(['/', '\0', '\n']), "{part:?}");
    }
    let year: i32 = listed.created()[..4].parse().unwrap();
    assert!((1970..=9998).contains(&year), "{}", listed.created());
}

/// Either it is held by another, or it can be had.
fn lease(bytes: &[u8]) {
    let quick = Rhythm {
        patience: Duration::from_mins(1),
        settles: Duration::ZERO,
        renewed: Duration::from_mins(1),
        lasts: Duration::from_mins(5),
    };
    let store = Memory::default();
    store.put(LEASE, bytes, Existing::Keep, &About::new()).unwrap();
    match Lease::take(|_| Ok(Arc::new(store)), quick, &Progress::default()) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), holdfast::Kind::Locked, "{}", error.message()),
    }
}

/// Whatever can be opened can be read or is refused.
fn open(bytes: &[u8]) {
    let store = Memory::default();
    store.put("a", bytes, Existing::Keep, &About::new()).unwrap();
    let Ok(archive) = Archive::open(&Place::new(Arc::new(store), "a")) else { return };
    let _ = archive.check_stored(Reading::Always, &Progress::default());
    for chunk in archive.chunks((0..archive.manifest.chunks.len()).collect(), 1) {
        let _ = chunk;
    }
    let _ = archive.manifest.rows();
    let _ = archive.manifest.summary();
}
