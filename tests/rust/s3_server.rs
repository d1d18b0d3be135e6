//! A real S3 store for tests: one Garage for all tests that run at the same time, each with a prefix of its own.
//!
//! `HOLDFAST_TEST_GARAGE` names the program; without it the one that `scripts/install_test_servers.sh` installed is taken.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use holdfast::event::Progress;
use holdfast::plan::S3Plan;
use holdfast::store::S3Store;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::port::free_port;
use crate::postgres_server::run;

/// As in `aws_credentials`, which the SDK reads.
const KEY: &str = "GK0123456789abcdef01234567";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

pub(crate) const BUCKET: &str = "backups";

/// A bucket in which the tests' key may do nothing.
pub(crate) const PRIVATE_BUCKET: &str = "private";

pub(crate) struct Garage {
    process: Child,
    port: u16,
    prefixes: AtomicU32,
    _folder: TempDir,
}

static RUNNING: Mutex<Weak<Garage>> = Mutex::new(Weak::new());

impl Garage {
    /// The one that runs, or a new one.
    pub(crate) fn start() -> Arc<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(garage) = running.upgrade() {
            return garage;
        }
        let garage = Arc::new(Self::launch());
        *running = Arc::downgrade(&garage);
        garage
    }

    fn launch() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, rpc) = (free_port(), free_port());
        let path = folder.path().display();
        let configuration = format!(
            "metadata_dir = '{path}/meta'\ndata_dir = '{path}/data'\ndb_engine = 'sqlite'\n\
             replication_factor = 1\nrpc_bind_addr = '127.0.0.1:{rpc}'\nrpc_public_addr = '127.0.0.1:{rpc}'\n\
             rpc_secret = '{SECRET}'\n[s3_api]\ns3_region = 'garage'\napi_bind_addr = '127.0.0.1:{port}'\n",
        );
        let file = folder.path().join("garage.toml");
        fs::write(&file, configuration).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program())
            .args(["server", "--single-node", "--default-bucket"])
            .env("GARAGE_CONFIG_FILE", &file)
            .envs([("GARAGE_DEFAULT_ACCESS_KEY", KEY), ("GARAGE_DEFAULT_SECRET_KEY", SECRET)])
            .env("GARAGE_DEFAULT_BUCKET", BUCKET)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("no Garage: set HOLDFAST_TEST_GARAGE to the program");
        let garage = Self { process, port, prefixes: AtomicU32::new(0), _folder: folder };
        garage.wait();
        let create = ["bucket", "create", PRIVATE_BUCKET];
        run(Command::new(program()).args(create).env("GARAGE_CONFIG_FILE", &file));
        garage
    }

    /// The server answers, and the bucket is there.
    fn wait(&self) {
        let end = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "Garage does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        let probe = open(&self.plan(&json!({})));
        while holdfast::store::Store::list(&probe, "").is_err() {
            assert!(Instant::now() < end, "Garage has no bucket");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A store with a prefix that no other test has.
    pub(crate) fn store(&self) -> S3Store {
        open(&self.plan(&json!({})))
    }

    /// A plan for such a store, with these changes.
    pub(crate) fn plan(&self, changes: &Value) -> S3Plan {
        let number = self.prefixes.fetch_add(1, Ordering::Relaxed);
        let mut plan = json!({
            "name": "test",
            "bucket": BUCKET,
            "prefix": format!("tests/{number}"),
            "region": "garage",
            "endpoint": format!("http://127.0.0.1:{}", self.port),
            "profile": "holdfast-test",
        });
        plan.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(plan).unwrap()
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn open(plan: &S3Plan) -> S3Store {
    S3Store::open(plan, &Progress::default()).unwrap()
}

fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("HOLDFAST_TEST_GARAGE") {
        return program.into();
    }
    let cache = std::env::var_os("HOLDFAST_TEST_CACHE").map(PathBuf::from);
    // Where scripts/install_test_servers.sh puts it, for root and for everybody else.
    let defaults = [PathBuf::from("/var/cache"), std::env::home_dir().unwrap_or_default().join(".cache")];
    let caches = cache.into_iter().chain(defaults.map(|folder| folder.join("holdfast-tests")));
    let mut programs = caches.map(|cache| cache.join("garage-2.5.0/bin/garage"));
    programs.find(|program| program.is_file()).unwrap_or_else(|| "garage".into())
}
