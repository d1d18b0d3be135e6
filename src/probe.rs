//! Tries a store out, with an object of its own, before anybody has to rely on it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::event::Progress;
use crate::plan::StorePlan;
use crate::store::{self, About, Existing, Store, Survey};

/// Large enough for a rate, small enough for a phone's tether.
const SIZE: usize = 4 * 1024 * 1024;

/// What was tried, and how it went.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Each in its order; what needed one that failed was not tried.
    pub steps: Vec<Step>,
    /// Bytes a second, of one small object.
    pub upload_rate: Option<f64>,
    /// Bytes a second, of one small object.
    pub download_rate: Option<f64>,
    /// What the service says of itself.
    #[serde(flatten)]
    pub survey: Survey,
}

/// One thing that was tried.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// In the words of the user.
    pub name: String,
    /// Whether it worked.
    pub ok: bool,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Writes, reads back, reads a range, lists and deletes an object of its own, then asks the service about itself.
pub fn probe(plan: &StorePlan, progress: &Progress) -> Result<Report> {
    let mut report = Report::default();
    let Some(store) = report.step("reach", store::open(plan, progress)) else {
        return Ok(report);
    };
    let store = store.as_ref();
    // Its first byte hides it from every listing of backups.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!("{}{}-{}", store::PROBE, std::process::id(), since.as_nanos());
    let content = noise();
    let started = Instant::now();
    let written = report.step("write", store.put(&name, &content, Existing::Keep, &About::new()));
    if written.is_none() {
        return Ok(report);
    }
    report.upload_rate = Some(rate(started));
    let started = Instant::now();
    if report.step("read back", read_back(store, &name, &content)).is_some() {
        report.download_rate = Some(rate(started));
    }
    report.step("read a range", read_range(store, &name, &content));
    report.step("list", find(store, &name));
    report.step("refuse to overwrite", refuse(store, &name));
    progress.check()?;
    report.step("delete", store.delete(std::slice::from_ref(&name)));
    match store.survey() {
        Ok(survey) => report.survey = survey,
        Err(error) => report.survey.unknown.push(error.message()),
    }
    Ok(report)
}

impl Report {
    fn step<T>(&mut self, name: &str, outcome: Result<T>) -> Option<T> {
        let (message, hint) = match &outcome {
            Ok(_) => (String::new(), None),
            Err(error) => (error.message(), error.hint_text().map(str::to_owned)),
        };
        self.steps.push(Step { name: name.to_owned(), ok: outcome.is_ok(), message, hint });
        outcome.ok()
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(started: Instant) -> f64 {
    SIZE as f64 / started.elapsed().as_secs_f64().max(1e-6)
}

/// Bytes that no link compresses.
fn noise() -> Vec<u8> {
    let words = (0..SIZE as u64 / 8).map(|number| xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()));
    words.flat_map(u64::to_le_bytes).collect()
}

fn read_back(store: &dyn Store, name: &str, content: &[u8]) -> Result<()> {
    let read = store.read(name)?.ok_or_else(|| missing(store, name))?;
    if read == content { Ok(()) } else { Err(other_bytes(store, name)) }
}

fn read_range(store: &dyn Store, name: &str, content: &[u8]) -> Result<()> {
    let file = store.open(name)?.ok_or_else(|| missing(store, name))?;
    let mut part = vec![0; 1000];
    file.read_exact_at(12_345, &mut part)?;
    if content[12_345..].starts_with(&part) { Ok(()) } else { Err(other_bytes(store, name)) }
}

fn find(store: &dyn Store, name: &str) -> Result<()> {
    if store.list(name)?.iter().any(|entry| entry.name == name) {
        return Ok(());
    }
    Err(Error::new(crate::Kind::Store, format!("{} was written and is not listed", store.place(name))))
}

fn refuse(store: &dyn Store, name: &str) -> Result<()> {
    match store.put(name, b"other", Existing::Keep, &About::new()) {
        Err(error) if error.kind() == crate::Kind::Exists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => Err(Error::new(crate::Kind::Store, format!("{} was overwritten", store.place(name)))),
    }
}

fn missing(store: &dyn Store, name: &str) -> Error {
    Error::new(crate::Kind::Store, format!("{} was written and is not there", store.place(name)))
}

fn other_bytes(store: &dyn Store, name: &str) -> Error {
    Error::new(crate::Kind::Store, format!("{} gives other bytes than were written", store.place(name)))
        .hint("Do not use this store; tell its operator")
}
