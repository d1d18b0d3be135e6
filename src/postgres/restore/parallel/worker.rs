//! Connections that take steps from one board until none is left.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::schedule::{Conditions, Next, Schedule};
use super::steps::Work;
use crate::error::{Error, Result};
use crate::manifest::{Section, Table};
use crate::postgres::connect::describe_error;
use crate::postgres::restore::binary::BinaryTables;
use crate::postgres::restore::load::{Loader, unreadable};
use crate::postgres::restore::rows::{Batch, RowLoader, Rows, Source};
use crate::postgres::restore::{BUILDING, check, large_objects};

/// Decompressing is several times as fast as the server's COPY.
const THREADS_PER_CONNECTION: usize = 1;

/// What is to be done, and what was.
pub(super) struct Board {
    work: Vec<Work>,
    /// The statements of each object that is built over rows.
    statements: Vec<(u32, String)>,
    /// Whose rows may go as binary.
    binary: BinaryTables,
    schedule: Mutex<Schedule>,
    changed: Notify,
    /// Steps that load rows and are not done.
    loading: AtomicUsize,
    rows: AtomicU64,
}

impl Board {
    pub(super) fn new(
        work: Vec<Work>,
        conditions: Vec<Conditions>,
        mut statements: Vec<(u32, String)>,
        binary: BinaryTables,
    ) -> Self {
        statements.sort_unstable_by_key(|(index, _)| *index);
        Self {
            loading: AtomicUsize::new(work.iter().filter(|work| matches!(work, Work::Rows(..))).count()),
            work,
            statements,
            binary,
            schedule: Mutex::new(Schedule::new(conditions)),
            changed: Notify::new(),
            rows: AtomicU64::new(0),
        }
    }

    /// Rows loaded so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Takes step after step; ends when all steps are done, by whomever.
    pub(super) async fn work(&self, loader: &Loader<'_>) -> Result<()> {
        loop {
            // Before the look at the schedule, so that no change can slip in between.
            let changed = self.changed.notified();
            let next = self.schedule().next()?;
            match next {
                Next::Run(step) => {
                    loader.progress.check()?;
                    self.perform(loader, &self.work[step]).await?;
                    self.schedule().finish(step);
                    self.changed.notify_waiters();
                }
                Next::Wait => changed.await,
                Next::End => return Ok(()),
            }
        }
    }

    async fn perform(&self, loader: &Loader<'_>, work: &Work) -> Result<()> {
        match work {
            Work::Rows(batch, rows) => {
                let count = load(loader, &self.binary, batch, *rows).await?;
                self.rows.fetch_add(count, Ordering::Relaxed);
                if self.loading.fetch_sub(1, Ordering::Relaxed) == 1 {
                    loader.progress.stage(BUILDING, 0);
                }
                Ok(())
            }
            Work::LargeObjects => large_objects::make(loader).await,
            Work::Sequences => loader.objects(Section::Sequences, |_| true).await,
            Work::Compare(table) => check::fingerprint(loader, *table, table_of(loader, *table)?).await,
            Work::Object(index) => {
                let place = self.statements.binary_search_by_key(index, |(index, _)| *index);
                let (_, sql) = &self.statements[place.map_err(|_| unreadable(Section::PostData))?];
                loader.object(*index, sql).await
            }
            Work::Analyze(table) => analyze(loader, *table).await,
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn load(loader: &Loader<'_>, binary: &BinaryTables, batch: &Batch, rows: Rows) -> Result<u64> {
    let (client, manifest) = (loader.client, &loader.archive.manifest);
    let source = &mut Source::new(loader.archive, batch.chunks.clone(), THREADS_PER_CONNECTION);
    let into = RowLoader { client, manifest, binary, place: loader.place, progress: loader.progress };
    if rows == Rows::Ordinary {
        return into.load(batch, rows, source).await;
    }
    let table = table_of(loader, batch.table)?;
    let failed = |error| describe_error(error, format!("loading rows of {}", table.label()));
    client.batch_execute(&format!("BEGIN; TRUNCATE ONLY {}", loader.place.qualified(table))).await.map_err(failed)?;
    let count = into.load(batch, rows, source).await?;
    client.batch_execute("COMMIT").await.map_err(failed)?;
    Ok(count)
}

/// The restore stands without statistics, too; an error is that of a connection which is good for nothing more.
async fn analyze(loader: &Loader<'_>, index: u32) -> Result<()> {
    let table = table_of(loader, index)?;
    let statement = format!("ANALYZE {}", loader.place.qualified(table));
    let entered = loader.enter(index).await?;
    let analyzed = loader.client.batch_execute(&statement).await;
    let Err(error) = analyzed else { return loader.leave(entered).await };
    let error = describe_error(error, format!("gathering statistics of {}", table.label()));
    if loader.client.is_closed() {
        return Err(error);
    }
    tell_unanalyzed(loader, &error);
    loader.leave(entered).await
}

pub(super) fn tell_unanalyzed(loader: &Loader<'_>, error: &Error) {
    let reason = error.message();
    loader.progress.notice(format!("the rows are restored, but ANALYZE failed: {reason}; run ANALYZE yourself"));
}

fn table_of<'a>(loader: &Loader<'a>, table: u32) -> Result<&'a Table> {
    loader.archive.manifest.tables.get(table as usize).ok_or_else(|| unreadable(Section::Data))
}
