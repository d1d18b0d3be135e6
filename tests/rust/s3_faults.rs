//! What goes wrong with a bucket, in words; and a line that breaks.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use holdfast::event::Progress;
use holdfast::store::{About, Existing, Store};
use holdfast::{Error, Kind};
use serde_json::{Value, json};

use crate::port::free_port;
use crate::s3::noise;
use crate::s3_server::{Garage, PRIVATE_BUCKET, open};

fn failures(garage: &Garage, changes: &Value) -> Vec<Error> {
    let store = open(&garage.plan(changes));
    vec![
        store.list("").unwrap_err(),
        store.look("x").unwrap_err(),
        store.read("x").unwrap_err(),
        store.put("x", b"x", Existing::Keep, &About::new()).unwrap_err(),
    ]
}

fn assert_all_say(errors: &[Error], message: &str, hint: &str) {
    for error in errors {
        assert_eq!(error.kind(), Kind::Store, "{}", error.message());
        assert!(error.message().contains(message), "{}", error.message());
        let given = error.hint_text().unwrap();
        assert!(given.contains(hint), "{given}");
        for secret in ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", "Signature="] {
            assert!(!format!("{} {error:?}", error.message()).contains(secret));
        }
    }
}

#[test]
fn a_store_shows_no_secret() {
    let garage = Garage::start();
    let store = open(&garage.plan(&json!({})));
    store.list("").unwrap();
    let shown = format!("{store:?} {store:#?}");
    assert!(!shown.contains("0123456789abcdef0123456789abcdef"), "{shown}");
}

#[test]
fn a_missing_bucket_is_named() {
    let garage = Garage::start();
    let errors = failures(&garage, &json!({"bucket": "not-there"}));
    assert_all_say(&errors, "has no bucket not-there", "Create the bucket");
}

#[test]
fn an_unknown_key_is_told_from_a_wrong_secret() {
    let garage = Garage::start();
    let errors = failures(&garage, &json!({"profile": "holdfast-unknown-key"}));
    assert_all_say(&errors, "does not know the access key", "Correct the credentials");
    let errors = failures(&garage, &json!({"profile": "holdfast-wrong-secret"}));
    assert_all_say(&errors, "secret key does not belong", "Correct the credentials");
}

#[test]
fn denied_access_names_the_right() {
    let garage = Garage::start();
    let [list, look, read, put] = failures(&garage, &json!({"bucket": PRIVATE_BUCKET})).try_into().unwrap();
    for (error, right) in
        [(list, "s3:ListBucket"), (look, "s3:GetObject"), (read, "s3:GetObject"), (put, "s3:GetObject")]
    {
        assert_all_say(&[error], "access denied", &format!("Allow {right} on s3://private/"));
    }
}

#[test]
fn missing_credentials_are_not_sought_in_our_settings() {
    let garage = Garage::start();
    let errors = failures(&garage, &json!({"profile": "nobody-has-this-profile"}));
    assert_all_say(&errors, "there are no credentials", "AWS_ACCESS_KEY_ID");
    assert!(errors[0].message().contains("nobody-has-this-profile"), "{}", errors[0].message());
}

#[test]
fn another_region_is_named() {
    let garage = Garage::start();
    let store = open(&garage.plan(&json!({"region": "eu-central-1"})));
    assert_all_say(&[store.list("").unwrap_err()], "is in the region garage", "region of the store to garage");
}

#[test]
fn a_service_that_is_down_is_reported_at_once() {
    let garage = Garage::start();
    let errors = failures(&garage, &json!({"endpoint": format!("http://127.0.0.1:{}", free_port())}));
    assert_all_say(&errors, "cannot be reached", "its address is right");
    let errors = failures(&garage, &json!({"endpoint": "http://nowhere.invalid"}));
    assert_all_say(&errors, "the host of nowhere.invalid is unknown", "Correct the endpoint");
}

#[test]
fn a_service_without_the_tls_that_was_asked_for_is_told() {
    let garage = Garage::start();
    let store = open(&garage.plan(&json!({"endpoint": format!("https://127.0.0.1:{}", garage.port())})));
    assert_all_say(&[store.list("").unwrap_err()], "no secure connection", "certificate");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let garage = Garage::start();
    for (changes, message) in [
        (json!({"bucket": ""}), "has no bucket"),
        (json!({"endpoint": "127.0.0.1:3900"}), "without a scheme"),
        (json!({"concurrency": 0}), "may not send anything"),
        (json!({"part_size": 1024}), "a part cannot have 1024 bytes"),
        (json!({"tags": {"team": "a & b"}}), "has tags that no service takes"),
        (json!({"timeout_seconds": 0.0}), "cannot wait 0 seconds"),
    ] {
        let error = holdfast::store::S3Store::open(&garage.plan(&changes), &Progress::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.message().contains(message), "{}", error.message());
    }
}

#[test]
fn a_body_that_breaks_off_is_resumed_at_the_byte() {
    let garage = Garage::start();
    let plan = garage.plan(&json!({}));
    let bytes = noise(9 * 1024 * 1024);
    open(&plan).put("file", &bytes, Existing::Keep, &About::new()).unwrap();
    let line = Line::new(garage.port(), 5, Fault::CutAfter(3 * 1024 * 1024));
    let store = open(&garage.plan(&json!({"prefix": plan.prefix, "endpoint": line.endpoint()})));
    let content = store.open("file").unwrap().unwrap();
    let mut read = vec![0; bytes.len()];
    content.read_exact_at(0, &mut read).unwrap();
    assert!(read == bytes);
    assert!(line.broken() >= 2);
}

#[test]
fn a_line_that_breaks_in_a_part_costs_an_attempt_and_no_byte() {
    let garage = Garage::start();
    let plan = garage.plan(&json!({}));
    let line = Line::new(garage.port(), 4, Fault::CutAfter(3 * 1024 * 1024));
    let store = open(&garage.plan(&json!({"prefix": plan.prefix, "endpoint": line.endpoint()})));
    let bytes = noise(20 * 1024 * 1024);
    let mut draft = store.create("file", None, &About::new()).unwrap();
    draft.append(&bytes).unwrap();
    draft.publish().unwrap();
    assert!(line.broken() >= 1);
    let content = open(&plan).open("file").unwrap().unwrap();
    let mut read = vec![0; bytes.len()];
    content.read_exact_at(0, &mut read).unwrap();
    assert!(read == bytes);
}

#[test]
fn a_line_that_stalls_is_left_for_another() {
    let garage = Garage::start();
    let bytes = noise(20 * 1024 * 1024);
    let line = Line::new(garage.port(), 3, Fault::StallAfter(5 * 1024 * 1024));
    let store = open(&garage.plan(&json!({"endpoint": line.endpoint(), "timeout_seconds": 1.0})));
    let mut draft = store.create("file", None, &About::new()).unwrap();
    draft.append(&bytes).unwrap();
    draft.publish().unwrap();
    assert!(line.broken() >= 1);
    let content = store.open("file").unwrap().unwrap();
    let mut read = vec![0; bytes.len()];
    content.read_exact_at(0, &mut read).unwrap();
    assert!(read == bytes);
}

#[test]
fn what_was_damaged_on_the_way_is_sent_again() {
    let garage = Garage::start();
    let bytes = noise(20 * 1024 * 1024);
    for checksums in ["auto", "md5", "crc32"] {
        let line = Line::new(garage.port(), 2, Fault::DamageAfter(1024 * 1024));
        let store = open(&garage.plan(&json!({"endpoint": line.endpoint(), "checksums": checksums})));
        let mut draft = store.create("file", None, &About::new()).unwrap();
        draft.append(&bytes).unwrap();
        draft.publish().unwrap();
        assert!(line.broken() >= 2);
        let content = store.open("file").unwrap().unwrap();
        let mut read = vec![0; bytes.len()];
        content.read_exact_at(0, &mut read).unwrap();
        assert!(read == bytes);
    }
}

#[test]
fn a_lost_answer_is_no_failure_where_the_work_was_done() {
    let garage = Garage::start();
    let plan = garage.plan(&json!({}));
    let bytes = noise(20 * 1024 * 1024);
    for (name, size, fault) in [
        ("small", 1000, Fault::LoseAnswer("PUT", "/small")),
        ("large", bytes.len(), Fault::LoseAnswer("POST", "uploadId=")),
    ] {
        let line = Line::new(garage.port(), 1, fault);
        let store = open(&garage.plan(&json!({"prefix": plan.prefix, "endpoint": line.endpoint()})));
        let mut draft = store.create(name, None, &About::new()).unwrap();
        draft.append(&bytes[..size]).unwrap();
        draft.publish().unwrap();
        assert!(line.broken() >= 1);
        assert_eq!(store.look(name).unwrap().unwrap().size, size as u64);
        assert!(store.unfinished().unwrap().is_empty());
    }
}

#[test]
fn a_silent_service_is_given_up() {
    let garage = Garage::start();
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let store = open(&garage.plan(&json!({"endpoint": endpoint, "timeout_seconds": 0.2})));
    assert_all_say(&[store.list("").unwrap_err()], "did not answer in time", "try again");
}

/// What happens on a line, to so many connections.
#[derive(Clone, Copy)]
enum Fault {
    /// It breaks after so many bytes in either direction.
    CutAfter(usize),
    /// The service gets a request that begins and goes on like this, and its answer is lost.
    LoseAnswer(&'static str, &'static str),
    /// It says nothing more after so many bytes in either direction.
    StallAfter(usize),
    /// A byte changes in what is sent after so many bytes.
    DamageAfter(usize),
}

/// Passes connections on.
struct Line {
    port: u16,
    broken: Arc<AtomicUsize>,
}

/// One connection through the line.
struct Connection {
    near: TcpStream,
    far: TcpStream,
    fault: Fault,
    /// The answer that comes next is to be lost.
    doomed: AtomicBool,
    limit: usize,
    broken: Arc<AtomicUsize>,
}

impl Line {
    fn new(target: u16, times: usize, fault: Fault) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let broken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&broken);
        thread::spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else {
                    return;
                };
                let (doomed, broken) = (AtomicBool::new(false), Arc::clone(&counter));
                let connection = Arc::new(Connection { near, far, fault, doomed, limit: times, broken });
                let other = Arc::clone(&connection);
                thread::spawn(move || connection.pass(&connection.near, &connection.far, true));
                thread::spawn(move || other.pass(&other.far, &other.near, false));
            }
        });
        Self { port, broken }
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn broken(&self) -> usize {
        self.broken.load(Ordering::Relaxed)
    }
}

impl Connection {
    fn pass(&self, mut from: &TcpStream, mut to: &TcpStream, is_request: bool) {
        let mut buffer = vec![0; 64 * 1024];
        let mut passed = 0;
        while let Ok(size @ 1..) = from.read(&mut buffer) {
            passed += size;
            let breaks = self.breaks(&buffer[..size], passed, is_request);
            match self.fault {
                Fault::DamageAfter(_) if breaks => buffer[size - 1] ^= 1,
                Fault::StallAfter(_) if breaks => {
                    // Until whoever has lost patience hangs up.
                    while let Ok(1..) = from.read(&mut buffer) {}
                    break;
                }
                _ if breaks => break,
                _ => {}
            }
            if to.write_all(&buffer[..size]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn breaks(&self, bytes: &[u8], passed: usize, is_request: bool) -> bool {
        let breaks = match self.fault {
            Fault::CutAfter(limit) | Fault::StallAfter(limit) => passed > limit,
            Fault::DamageAfter(limit) => is_request && passed > limit,
            Fault::LoseAnswer(start, rest) if is_request => {
                let text = String::from_utf8_lossy(bytes);
                let line = text.lines().next().unwrap_or_default();
                if line.starts_with(start) && line.contains(rest) {
                    self.doomed.store(true, Ordering::Relaxed);
                }
                false
            }
            Fault::LoseAnswer(..) => self.doomed.swap(false, Ordering::Relaxed),
        };
        breaks && self.broken.fetch_add(1, Ordering::Relaxed) < self.limit
    }
}
