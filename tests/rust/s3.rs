//! The S3 store against a real service.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use holdfast::Kind;
use holdfast::event::Progress;
use holdfast::store::{About, Existing, S3Store, Store};
use serde_json::json;

use crate::s3_server::{Garage, open};

const MIB: usize = 1024 * 1024;

/// Bytes of which no two ranges are equal.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let word = |index: usize| xxhash_rust::xxh3::xxh3_64(&index.to_le_bytes()).to_le_bytes();
    (0..size.div_ceil(8)).flat_map(word).take(size).collect()
}

fn about() -> About {
    [("kind", "daily"), ("alias", "default"), ("note", "größe 100 % ")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn names(store: &S3Store) -> Vec<String> {
    store.list("").unwrap().into_iter().map(|entry| entry.name).collect()
}

fn upload(store: &S3Store, name: &str, bytes: &[u8], size: Option<u64>) {
    let mut draft = store.create(name, size, &about()).unwrap();
    for piece in bytes.chunks(3 * MIB + 17) {
        draft.append(piece).unwrap();
    }
    draft.publish().unwrap();
}

fn content(store: &S3Store, name: &str) -> Vec<u8> {
    let content = store.open(name).unwrap().unwrap();
    let mut bytes = vec![0; usize::try_from(content.size()).unwrap()];
    content.read_exact_at(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn what_is_put_is_listed_read_and_deleted() {
    let garage = Garage::start();
    let store = garage.store();
    assert_eq!(store.read("a.json").unwrap(), None);
    assert_eq!(store.look("a.json").unwrap(), None);
    assert!(store.open("a.json").unwrap().is_none());
    store.put("a.json", b"{}", Existing::Keep, &about()).unwrap();
    store.put("b.json", b"", Existing::Keep, &About::new()).unwrap();
    assert_eq!(store.read("a.json").unwrap().unwrap(), b"{}");
    assert_eq!(store.read("b.json").unwrap().unwrap(), b"");
    assert_eq!(store.about("a.json").unwrap(), about());
    assert_eq!(names(&store), ["a.json", "b.json"]);
    let entries = store.list("a").unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(store.look("a.json").unwrap().unwrap(), entries[0]);
    assert_eq!(entries[0].size, 2);
    assert!(!entries[0].version.is_empty());
    let all = ["a.json".to_owned(), "b.json".to_owned(), "never-there".to_owned()];
    store.delete(&all).unwrap();
    store.delete(&all[..1]).unwrap();
    assert!(names(&store).is_empty());
}

#[test]
fn what_exists_stays_unless_it_is_to_be_replaced() {
    let garage = Garage::start();
    let store = garage.store();
    store.put("one", b"first", Existing::Keep, &About::new()).unwrap();
    let error = store.put("one", b"second", Existing::Keep, &About::new()).unwrap_err();
    assert_eq!(error.kind(), Kind::Exists);
    assert!(error.message().contains(&store.place("one")), "{}", error.message());
    let mut draft = store.create("one", None, &About::new()).unwrap();
    draft.append(b"third").unwrap();
    assert_eq!(draft.publish().unwrap_err().kind(), Kind::Exists);
    assert_eq!(store.read("one").unwrap().unwrap(), b"first");
    store.put("one", b"fourth", Existing::Replace, &About::new()).unwrap();
    assert_eq!(store.read("one").unwrap().unwrap(), b"fourth");
}

#[test]
fn an_object_that_appears_during_an_upload_stays() {
    let garage = Garage::start();
    let store = garage.store();
    let mut draft = store.create("one", None, &About::new()).unwrap();
    draft.append(&noise(20 * MIB)).unwrap();
    store.put("one", b"first", Existing::Keep, &About::new()).unwrap();
    let error = draft.publish().unwrap_err();
    assert_eq!(error.kind(), Kind::Exists, "{}", error.message());
    assert_eq!(store.read("one").unwrap().unwrap(), b"first");
    assert!(store.unfinished().unwrap().is_empty());
}

#[test]
fn a_large_file_goes_up_in_parts_and_comes_back_by_ranges() {
    let garage = Garage::start();
    let store = garage.store();
    let bytes = noise(40 * MIB + 12345);
    upload(&store, "large", &bytes, None);
    assert_eq!(store.about("large").unwrap(), about());
    assert!(store.unfinished().unwrap().is_empty());
    let file = store.open("large").unwrap().unwrap();
    assert_eq!(file.size(), bytes.len() as u64);
    let step = 1_234_567;
    let ranges: Vec<_> =
        (0..bytes.len()).step_by(step).map(|start| start as u64..(start + step).min(bytes.len()) as u64).collect();
    file.will_read(&ranges);
    thread::scope(|scope| {
        for reader in 0..3 {
            let (file, ranges, bytes) = (&file, &ranges, &bytes);
            scope.spawn(move || {
                for range in ranges.iter().skip(reader).step_by(3) {
                    let expected = &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
                    let mut buffer = vec![0; expected.len()];
                    file.read_exact_at(range.start, &mut buffer).unwrap();
                    assert!(buffer == expected, "{range:?}");
                }
            });
        }
    });
    let mut buffer = [0; 2];
    let error = file.read_exact_at(bytes.len() as u64 - 1, &mut buffer).unwrap_err();
    assert_eq!(error.kind(), Kind::BadBackup);
}

#[test]
fn a_known_size_is_kept_and_part_sizes_are_obeyed() {
    let garage = Garage::start();
    let store = open(&garage.plan(&json!({"part_size": 5 * MIB, "concurrency": 2})));
    for size in [0, 1, 5 * MIB, 5 * MIB + 1, 15 * MIB] {
        let (name, bytes) = (format!("of-{size}"), noise(size));
        upload(&store, &name, &bytes, Some(size as u64));
        assert!(content(&store, &name) == bytes, "{size}");
    }
    let mut draft = store.create("cut", Some(10), &About::new()).unwrap();
    draft.append(b"too short").unwrap();
    assert!(draft.publish().unwrap_err().message().contains("10 bytes"));
    assert_eq!(store.look("cut").unwrap(), None);
}

#[test]
fn a_service_may_check_uploads_in_the_way_of_aws() {
    let garage = Garage::start();
    let store = open(&garage.plan(&json!({"checksums": "crc32"})));
    for size in [100, 20 * MIB] {
        let (name, bytes) = (format!("of-{size}"), noise(size));
        upload(&store, &name, &bytes, None);
        assert!(content(&store, &name) == bytes && store.read(&name).unwrap().unwrap() == bytes, "{size}");
    }
}

#[test]
fn a_limited_bandwidth_changes_no_byte() {
    let garage = Garage::start();
    let store = open(&garage.plan(&json!({"bandwidth_limit": 30 * MIB})));
    let bytes = noise(10 * MIB);
    upload(&store, "file", &bytes, None);
    assert!(content(&store, "file") == bytes);
}

#[test]
fn readers_that_come_in_another_order_or_never_keep_nobody_waiting() {
    let garage = Garage::start();
    let store = garage.store();
    let bytes = noise(48 * MIB);
    upload(&store, "file", &bytes, Some(bytes.len() as u64));
    let file = store.open("file").unwrap().unwrap();
    let ranges: Vec<_> = (0..48).map(|part| (part * MIB) as u64..((part + 1) * MIB) as u64).collect();
    file.will_read(&ranges);
    for part in [47, 20, 33, 19, 41, 40, 46, 0] {
        let mut buffer = vec![0; MIB];
        file.read_exact_at((part * MIB) as u64, &mut buffer).unwrap();
        assert!(buffer == bytes[part * MIB..(part + 1) * MIB], "{part}");
    }
}

#[test]
fn an_upload_that_is_dropped_leaves_nothing() {
    let garage = Garage::start();
    let store = garage.store();
    let mut draft = store.create("given-up", None, &About::new()).unwrap();
    draft.append(&noise(20 * MIB)).unwrap();
    let unfinished = store.unfinished().unwrap();
    assert_eq!(unfinished.iter().map(|upload| upload.name.as_str()).collect::<Vec<_>>(), ["given-up"]);
    assert!(unfinished[0].started > 1_700_000_000);
    drop(draft);
    assert!(store.unfinished().unwrap().is_empty());
    assert!(names(&store).is_empty());
}

#[test]
fn the_wish_to_stop_ends_every_call_and_gives_the_upload_up() {
    let garage = Garage::start();
    let plan = garage.plan(&json!({}));
    let progress = Progress::default();
    let store = S3Store::open(&plan, &progress).unwrap();
    let mut draft = store.create("stopped", None, &About::new()).unwrap();
    draft.append(&noise(20 * MIB)).unwrap();
    progress.cancel();
    assert_eq!(draft.publish().unwrap_err().kind(), Kind::Interrupted);
    assert_eq!(store.list("").unwrap_err().kind(), Kind::Interrupted);
    let other = open(&plan);
    assert!(other.unfinished().unwrap().is_empty());
    assert!(names(&other).is_empty());
}

#[test]
fn an_unfinished_upload_of_a_dead_run_can_be_given_up() {
    let garage = Garage::start();
    let plan = garage.plan(&json!({}));
    let store = open(&plan);
    let mut draft = store.create("dead", None, &About::new()).unwrap();
    draft.append(&noise(20 * MIB)).unwrap();
    let unfinished = store.unfinished().unwrap();
    store.abandon(&unfinished[0]).unwrap();
    store.abandon(&unfinished[0]).unwrap();
    assert!(store.unfinished().unwrap().is_empty());
    assert!(draft.publish().is_err());
    assert!(names(&store).is_empty());
}

#[test]
fn a_lost_part_is_never_passed_over() {
    let garage = Garage::start();
    let plan = garage.plan(&json!({"concurrency": 1}));
    let store = open(&plan);
    let mut draft = store.create("file", None, &About::new()).unwrap();
    draft.append(&noise(10 * MIB)).unwrap();
    store.abandon(&store.unfinished().unwrap()[0]).unwrap();
    assert!(draft.append(&noise(30 * MIB)).is_err());
    assert!(draft.publish().is_err());
    assert!(names(&store).is_empty());
}

#[test]
fn names_may_be_odd() {
    let garage = Garage::start();
    let store = garage.store();
    let odd =
        ["größe_täglich.sql.gz", "ключ+plus.json", "a&b=c;d%20e~f'(g)!h*i", "名前.json", "\u{1F980}.x", "dots..x"];
    for name in odd {
        store.put(name, name.as_bytes(), Existing::Keep, &About::new()).unwrap();
        assert_eq!(store.read(name).unwrap().unwrap(), name.as_bytes());
        assert_eq!(content(&store, name), name.as_bytes());
    }
    let mut sorted = odd.to_vec();
    sorted.sort_unstable();
    assert_eq!(names(&store), sorted);
    assert_eq!(store.list("größe").unwrap().len(), 1);
    for name in odd {
        assert_eq!(fetch(&store.link(name, 60).unwrap()), name.as_bytes(), "{name}");
        let origin = store.origin(name).unwrap();
        assert!(garage.store().copy_within(&origin, name, &About::new()).unwrap(), "{name}");
    }
    store.delete(&odd.map(str::to_owned)).unwrap();
    assert!(names(&store).is_empty());
}

#[test]
fn folders_below_are_somebody_else_s() {
    let garage = Garage::start();
    let plan = garage.plan(&json!({}));
    let below = open(&garage.plan(&json!({"prefix": format!("{}/below", plan.prefix)})));
    below.put("theirs", b"x", Existing::Keep, &About::new()).unwrap();
    let store = open(&plan);
    store.put("ours", b"x", Existing::Keep, &About::new()).unwrap();
    assert_eq!(names(&store), ["ours"]);
    assert_eq!(names(&below), ["theirs"]);
}

#[test]
fn a_listing_has_all_pages() {
    let garage = Garage::start();
    let store = garage.store();
    let all: Vec<String> = (0..1050).map(|number| format!("file-{number:04}")).collect();
    thread::scope(|scope| {
        for names in all.chunks(150) {
            let store = &store;
            scope.spawn(move || {
                for name in names {
                    store.put(name, b"", Existing::Replace, &About::new()).unwrap();
                }
            });
        }
    });
    assert_eq!(names(&store), all);
    store.delete(&all).unwrap();
    assert!(names(&store).is_empty());
}

#[test]
fn a_link_serves_whoever_has_it() {
    let garage = Garage::start();
    let store = garage.store();
    store.put("linked", b"for everybody", Existing::Keep, &About::new()).unwrap();
    assert_eq!(fetch(&store.link("linked", 60).unwrap()), b"for everybody");
    assert_eq!(store.link("linked", 8 * 24 * 3600).unwrap_err().kind(), Kind::Usage);
}

#[test]
fn a_copy_within_the_service_is_whole_and_replaces_nothing() {
    let garage = Garage::start();
    let (store, other) = (garage.store(), garage.store());
    let bytes = noise(20 * MIB);
    upload(&store, "file", &bytes, None);
    let origin = store.origin("file").unwrap();
    assert!(other.copy_within(&origin, "file", &about()).unwrap());
    assert!(content(&other, "file") == bytes);
    assert_eq!(other.about("file").unwrap(), about());
    assert_eq!(other.copy_within(&origin, "file", &about()).unwrap_err().kind(), Kind::Exists);
    let elsewhere = open(&garage.plan(&json!({"profile": "holdfast-unknown-key"})));
    assert!(!elsewhere.copy_within(&origin, "file", &about()).unwrap());
}

#[test]
fn another_object_of_the_same_size_is_noticed() {
    let garage = Garage::start();
    let store = garage.store();
    store.put("file", b"one content", Existing::Keep, &About::new()).unwrap();
    let before = store.open("file").unwrap().unwrap();
    store.put("file", b"two content", Existing::Replace, &About::new()).unwrap();
    let error = before.read_exact_at(0, &mut [0; 11]).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.message().contains("was replaced by another while it was read"), "{}", error.message());
    let after = store.open("file").unwrap().unwrap();
    assert_ne!(before.identity(), after.identity());
    store.delete(&["file".to_owned()]).unwrap();
    let error = after.read_exact_at(0, &mut [0; 11]).unwrap_err();
    assert!(error.message().contains("was removed while it was read"), "{}", error.message());
}

#[test]
fn a_store_works_inside_a_runtime_of_somebody_else() {
    let garage = Garage::start();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = garage.store();
        store.put("file", b"x", Existing::Keep, &About::new()).unwrap();
        assert_eq!(store.read("file").unwrap().unwrap(), b"x");
    });
}

#[test]
fn a_survey_tells_the_time_and_what_is_unknown() {
    let garage = Garage::start();
    let survey = garage.store().survey().unwrap();
    assert!(survey.clock_skew_seconds.unwrap().abs() < 30.0);
    assert!(survey.warnings.iter().any(|text| text.contains("check_backups --lifecycle")), "{survey:?}");
    assert!(survey.unknown.iter().all(|text| text.ends_with("the service does not tell.")), "{survey:?}");
}

/// What a plain program gets from an address.
fn fetch(address: &str) -> Vec<u8> {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    answer.split_off(end + 4)
}
