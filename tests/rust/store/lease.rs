//! One host at a time on a store without locks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use holdfast::event::Progress;
use holdfast::store::{About, Content, Draft, Entry, Existing, Lease, Memory, Rhythm, Store};
use holdfast::{Error, Kind, Result};
use serde_json::{Value, json};

const NAME: &str = ".holdfast-lease.json";

const QUICK: Rhythm = Rhythm {
    patience: Duration::from_mins(1),
    settles: Duration::from_millis(100),
    renewed: Duration::from_millis(20),
    lasts: Duration::from_mins(5),
};

fn take(memory: &Memory) -> Result<Lease> {
    take_by(memory, QUICK.settles, &Progress::default())
}

fn take_by(memory: &Memory, settles: Duration, caller: &Progress) -> Result<Lease> {
    Lease::take(|_| Ok(Arc::new(memory.clone())), Rhythm { settles, ..QUICK }, caller)
}

/// The same store for several, none of whom goes on before all have looked.
#[derive(Debug)]
struct Together {
    memory: Memory,
    all: Arc<Barrier>,
    has_looked: AtomicBool,
}

impl Store for Together {
    fn name(&self) -> &str {
        self.memory.name()
    }

    fn place(&self, name: &str) -> String {
        self.memory.place(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        self.memory.list(prefix)
    }

    fn look(&self, name: &str) -> Result<Option<Entry>> {
        self.memory.look(name)
    }

    fn about(&self, name: &str) -> Result<About> {
        self.memory.about(name)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let found = self.memory.read(name);
        if !self.has_looked.swap(true, Ordering::Relaxed) {
            self.all.wait();
        }
        found
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Content>>> {
        self.memory.open(name)
    }

    fn create(&self, name: &str, size: Option<u64>, about: &About) -> Result<Box<dyn Draft>> {
        self.memory.create(name, size, about)
    }

    fn put(&self, name: &str, bytes: &[u8], existing: Existing, about: &About) -> Result<()> {
        self.memory.put(name, bytes, existing, about)
    }

    fn delete(&self, names: &[String]) -> Result<()> {
        self.memory.delete(names)
    }
}

fn read(memory: &Memory) -> Option<Value> {
    memory.read(NAME).unwrap().map(|text| serde_json::from_slice(&text).unwrap())
}

fn write(memory: &Memory, holder: &Value) {
    memory.put(NAME, holder.to_string().as_bytes(), Existing::Replace, &About::new()).unwrap();
}

/// Somebody else, as their lease stands this many seconds before its end.
fn other(memory: &Memory, left: i64) -> Value {
    let moment = |seconds: i64| {
        let moment = time::UtcDateTime::from_unix_timestamp(memory.now() + seconds).unwrap();
        moment.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    json!({ "token": "x", "host": "elsewhere", "pid": 77, "taken": moment(left - 300), "expires": moment(left) })
}

fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !holds() {
        assert!(Instant::now() < end, "it never came to that");
        thread::sleep(Duration::from_millis(2));
    }
}

fn version(memory: &Memory) -> String {
    memory.look(NAME).unwrap().map(|Entry { version, .. }| version).unwrap_or_default()
}

#[test]
fn it_is_held_by_one_and_gone_afterwards() {
    let memory = Memory::default();
    let lease = take(&memory).unwrap();
    let holder = read(&memory).unwrap();
    assert_eq!(holder["pid"], std::process::id());
    let refusal = take(&memory).unwrap_err();
    assert_eq!(refusal.kind(), Kind::Locked);
    assert!(refusal.message().contains(&format!("process {} on", std::process::id())), "{refusal}");
    assert!(refusal.hint_text().unwrap().contains(holder["expires"].as_str().unwrap()));
    assert_eq!(lease.lost(), None);
    drop(lease);
    assert_eq!(read(&memory), None);
    drop(take(&memory).unwrap());
}

#[test]
fn of_many_that_come_at_once_one_gets_it() {
    for left in [None, Some(-1)] {
        let memory = Memory::default();
        if let Some(left) = left {
            write(&memory, &other(&memory, left));
        }
        let all = Arc::new(Barrier::new(8));
        // Long enough for eight threads on a machine that has other things to do.
        let rhythm = Rhythm { settles: Duration::from_secs(1), ..QUICK };
        let contend = || {
            let together =
                Together { memory: memory.clone(), all: Arc::clone(&all), has_looked: AtomicBool::default() };
            Lease::take(|_| Ok(Arc::new(together)), rhythm, &Progress::default())
        };
        let taken: Vec<_> = thread::scope(|scope| {
            let contenders: Vec<_> = (0..8).map(|_| scope.spawn(contend)).collect();
            contenders.into_iter().map(|contender| contender.join().unwrap()).collect()
        });
        let kinds: Vec<_> = taken.iter().filter_map(|outcome| outcome.as_ref().err()).map(Error::kind).collect();
        assert_eq!(kinds, [Kind::Locked; 7]);
    }
}

#[test]
fn one_that_has_expired_or_says_nothing_is_taken_over() {
    let memory = Memory::default();
    for free in [other(&memory, -1), other(&memory, 100_000), json!({ "token": 1 })] {
        write(&memory, &free);
        let lease = take(&memory).unwrap();
        assert_eq!(read(&memory).unwrap()["pid"], std::process::id());
        drop(lease);
    }
    write(&memory, &other(&memory, 100));
    assert_eq!(take(&memory).unwrap_err().kind(), Kind::Locked);
    assert_eq!(read(&memory).unwrap()["host"], "elsewhere");
}

#[test]
fn it_is_renewed_while_it_is_held_also_after_it_was_removed() {
    let memory = Memory::default();
    let lease = take(&memory).unwrap();
    let before = version(&memory);
    until(|| version(&memory) != before);
    memory.delete(&[NAME.to_owned()]).unwrap();
    until(|| read(&memory).is_some());
    assert_eq!(lease.lost(), None);
}

#[test]
fn what_was_lost_is_told_and_left_to_its_new_holder() {
    let memory = Memory::default();
    let lease = take(&memory).unwrap();
    // Between two looks of the keeper it may write once more.
    until(|| {
        if lease.lost().is_none() {
            write(&memory, &other(&memory, 100));
        }
        lease.lost().is_some()
    });
    assert!(lease.lost().unwrap().contains("process 77 on elsewhere has it"), "{lease:?}");
    drop(lease);
    assert_eq!(read(&memory).unwrap()["host"], "elsewhere");
}

#[test]
fn who_is_told_to_stop_while_it_settles_gives_it_back() {
    let memory = Memory::default();
    let caller = Progress::default();
    thread::scope(|scope| {
        let contender = scope.spawn(|| take_by(&memory, Duration::from_mins(1), &caller));
        until(|| read(&memory).is_some() || contender.is_finished());
        caller.cancel();
        assert_eq!(contender.join().unwrap().unwrap_err().kind(), Kind::Interrupted);
    });
    assert_eq!(read(&memory), None);
}

#[test]
fn who_waits_too_long_for_it_does_without() {
    let memory = Memory::default();
    let rhythm = Rhythm { patience: Duration::from_millis(50), settles: Duration::from_mins(1), ..QUICK };
    let error = Lease::take(|_| Ok(Arc::new(memory.clone())), rhythm, &Progress::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.message().contains("could not be taken in"), "{error}");
    until(|| read(&memory).is_none());
}
