//! One host at a time among those that share nothing but a store: a small object says who works there, and until when.
//!
//! A lease is good manners and no lock. Who finds one that has not expired stays away; who loses the one it had works
//! on, because two backups are harmless and none is not. What a store can promise, and what follows from that, is in
//! `docs/decisions/0024-lease.md`.

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::contract::{About, Existing, Store};
use super::folder::host_name;
use super::token::token;
use crate::error::{Context, Error, Kind, Result};
use crate::event::Progress;
use crate::moment;

/// No backup is called so, and nothing that a dead upload leaves.
const NAME: &str = ".holdfast-lease.json";

/// How often it is tried for, where it changes hands at the same moment.
const ATTEMPTS: u32 = 5;

/// How long a run waits in the end for a store that does not answer.
const GRACE: Duration = Duration::from_secs(10);

const TICK: Duration = Duration::from_millis(10);

/// How long everything about a lease takes.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// How long a run waits for it before it does without: a store that stalls would keep it from its backup.
    pub patience: Duration,
    /// Between writing it and believing it. Two that found it free at the same time have both written by then, and both
    /// read the same one.
    pub settles: Duration,
    /// How often its holder renews it.
    pub renewed: Duration,
    /// When it ends by itself after that; in whole seconds.
    pub lasts: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            settles: Duration::from_secs(2),
            renewed: Duration::from_mins(1),
            lasts: Duration::from_mins(5),
        }
    }
}

/// Held until dropped.
#[derive(Debug)]
pub struct Lease {
    /// Closed when the lease is not wanted any more.
    wish: Option<Sender<Infallible>>,
    keeper: JoinHandle<()>,
    /// The keeper's own: it still has to give the lease back when its caller has been told to stop.
    progress: Progress,
    lost: Arc<OnceLock<String>>,
    owner: u32,
}

impl Lease {
    /// Takes the lease of the store that `open` reaches, or fails with [`Kind::Locked`], naming the holder.
    pub fn take(
        open: impl FnOnce(&Progress) -> Result<Arc<dyn Store>>,
        rhythm: Rhythm,
        caller: &Progress,
    ) -> Result<Self> {
        let progress = Progress::default();
        let (wish, wanted) = channel();
        let (told, taken) = channel();
        let lost = Arc::default();
        let keeper = Keeper::new(open(&progress)?, rhythm, wanted, Arc::clone(&lost));
        let keeper = thread::Builder::new()
            .name("holdfast-lease".to_owned())
            .spawn(move || keeper.run(&told))
            .context(|| "starting the thread that renews the lease")?;
        let lease = Self { wish: Some(wish), keeper, progress, lost, owner: std::process::id() };
        let end = Instant::now() + rhythm.patience;
        loop {
            match taken.recv_timeout(TICK) {
                Ok(outcome) => return outcome.map(|()| lease),
                Err(RecvTimeoutError::Timeout) if Instant::now() > end => {
                    // It would be waited for once more, to give it back.
                    lease.progress.cancel();
                    let message =
                        format!("the lease {NAME} could not be taken in {} seconds", rhythm.patience.as_secs());
                    return Err(
                        Error::new(Kind::Store, message).hint("See whether the store and the line to it are well")
                    );
                }
                Err(RecvTimeoutError::Timeout) => caller.check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::failed("the thread that takes the lease ended without a word"));
                }
            }
        }
    }

    /// Who took it over, where it could not be renewed in time.
    pub fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // A forked child has a copy of this value, but not the thread.
        if std::process::id() != self.owner {
            return;
        }
        self.wish = None;
        let end = Instant::now() + GRACE;
        while !self.keeper.is_finished() && Instant::now() < end {
            thread::sleep(TICK);
        }
        // What still hangs ends now, and the lease by itself.
        self.progress.cancel();
    }
}

/// What the object holds; times are the service's, in RFC 3339, UTC.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    token: String,
    host: String,
    pid: u32,
    taken: String,
    expires: String,
}

/// Takes, renews and gives back, on a thread of its own.
struct Keeper {
    store: Arc<dyn Store>,
    rhythm: Rhythm,
    token: String,
    /// When it was taken, by the store's clock.
    taken: i64,
    has_written: bool,
    wanted: Receiver<Infallible>,
    lost: Arc<OnceLock<String>>,
}

impl Keeper {
    fn new(store: Arc<dyn Store>, rhythm: Rhythm, wanted: Receiver<Infallible>, lost: Arc<OnceLock<String>>) -> Self {
        Self { store, rhythm, token: token(), taken: 0, has_written: false, wanted, lost }
    }

    fn run(mut self, told: &Sender<Result<()>>) {
        let outcome = self.take();
        let is_held = outcome.is_ok();
        // Who does not listen any more does not want it any more, and that is noticed below.
        let _ = told.send(outcome);
        if is_held {
            self.keep();
        }
        if self.has_written {
            self.give_back();
        }
    }

    fn take(&mut self) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let found = self.store.read(NAME)?;
            if let Some(holder) = self.other(found.as_deref()) {
                return Err(self.refusal(&holder));
            }
            let existing = if found.is_none() { Existing::Keep } else { Existing::Replace };
            self.taken = self.store.now();
            match self.write(existing, self.rhythm.lasts) {
                Err(error) if error.kind() == Kind::Exists => continue,
                outcome => outcome?,
            }
            if !self.is_wanted_for(self.rhythm.settles) {
                return Err(Error::interrupted());
            }
            if self.is_ours()? {
                return Ok(());
            }
        }
        let message = format!("the lease {} could not be taken in {ATTEMPTS} attempts", self.store.place(NAME));
        Err(Error::new(Kind::Store, message).hint("See whether something else writes or removes that object"))
    }

    fn keep(&mut self) {
        while self.is_wanted_for(self.rhythm.renewed) {
            let Ok(found) = self.store.read(NAME) else {
                // It is asked again after the next pause; the lease lasts longer than several of them.
                continue;
            };
            if let Some(Holder { host, pid, .. }) = self.other(found.as_deref()) {
                let place = self.store.place(NAME);
                let text =
                    format!("the lease {place} could not be renewed in time, and process {pid} on {host} has it");
                // Set here alone, and once.
                let _ = self.lost.set(text);
                return;
            }
            // The same: what fails now is done after the next pause.
            let _ = self.write(Existing::Replace, self.rhythm.lasts);
        }
    }

    fn give_back(&mut self) {
        // What cannot be given back ends by itself.
        let Ok(true) = self.is_ours() else { return };
        if self.store.delete(&[NAME.to_owned()]).is_err() {
            // Credentials may be for adding alone; one that has expired is as good as none.
            let _ = self.write(Existing::Replace, Duration::ZERO);
        }
    }

    fn write(&mut self, existing: Existing, lasts: Duration) -> Result<()> {
        let holder = Holder {
            token: self.token.clone(),
            host: host_name(),
            pid: std::process::id(),
            taken: moment::at(self.taken)?,
            expires: moment::at(self.store.now().saturating_add_unsigned(lasts.as_secs()))?,
        };
        let text = serde_json::to_vec_pretty(&holder).context(|| "the lease cannot be written as JSON")?;
        self.has_written = true;
        self.store.put(NAME, &text, existing, &About::new())
    }

    /// Whoever else has it at this moment. What cannot be read, or claims to last longer than any lease does, was
    /// written by nobody who minds.
    fn other(&self, found: Option<&[u8]>) -> Option<Holder> {
        let holder: Holder = serde_json::from_slice(found?).ok()?;
        let left = moment::parse(&holder.expires).ok()?.unix_timestamp() - self.store.now();
        let longest = 2 * self.rhythm.lasts.as_secs().cast_signed();
        (holder.token != self.token && (1..=longest).contains(&left)).then_some(holder)
    }

    fn is_ours(&self) -> Result<bool> {
        let found = self.store.read(NAME)?;
        let holder: Option<Holder> = found.and_then(|text| serde_json::from_slice(&text).ok());
        Ok(holder.is_some_and(|holder| holder.token == self.token))
    }

    /// Waits; false as soon as nobody wants the lease any more.
    fn is_wanted_for(&self, time: Duration) -> bool {
        matches!(self.wanted.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    fn refusal(&self, holder: &Holder) -> Error {
        let Holder { host, pid, taken, expires, .. } = holder;
        let place = self.store.place(NAME);
        Error::new(
            Kind::Locked,
            format!("another host is at work: process {pid} on {host} has had the lease {place} since {taken}"),
        )
        .hint(format!(
            "What is still due then is done in the next run; if that process is dead, the lease ends at {expires}"
        ))
    }
}
