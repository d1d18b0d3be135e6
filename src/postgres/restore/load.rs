//! Executes parts of a backup on one connection: statements of objects, rows by COPY.

use std::borrow::Cow;
use std::collections::BTreeSet;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::large_objects::{self, Adornments};
use super::rows::{self, Batch, RowLoader, Rows, Source};
use super::selection::{self, Tables};
use super::{binary, bookkeeping, transaction_control};
use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::manifest::{Manifest, Object, Section, Table};
use crate::postgres::connect::describe_error;
use crate::postgres::ddl::refreshes;
use crate::postgres::quote::{identifier, qualified};
use crate::postgres::rename::Renaming;
use crate::postgres::search_path::{self, LEAVE};

/// A backup being executed.
pub(in crate::postgres) struct Loader<'a> {
    /// The connection, inside the one transaction.
    pub client: &'a Client,
    /// The backup.
    pub archive: &'a Archive,
    /// What of it.
    pub tables: &'a Tables,
    /// Objects that are there already and belong to others.
    pub staying: &'a BTreeSet<u32>,
    /// Threads that decompress ahead.
    pub threads: usize,
    /// Counts rows and bytes.
    pub progress: &'a Progress,
    /// Under which names.
    pub place: Place<'a>,
}

/// What stays where nothing was before.
pub(in crate::postgres) static NOTHING: BTreeSet<u32> = BTreeSet::new();

/// Where the objects of a backup are made.
#[derive(Clone, Copy)]
pub(in crate::postgres) enum Place<'a> {
    /// Where the backup says.
    Own,
    /// Where the backup says, in a database that will be dropped.
    Trial,
    /// In scratch schemas beside live objects, which must not be touched.
    Scratch(&'a Renaming),
}

impl Place<'_> {
    /// The schema of a table.
    pub(in crate::postgres) fn schema<'b>(&'b self, table: &'b Table) -> &'b str {
        self.named(table.schema.as_deref().unwrap_or_default())
    }

    /// A table's name in statements.
    pub(in crate::postgres) fn qualified(&self, table: &Table) -> String {
        qualified(self.schema(table), &table.name)
    }

    /// A schema's name.
    pub(in crate::postgres) fn named<'b>(&'b self, schema: &'b str) -> &'b str {
        match self {
            Self::Own | Self::Trial => schema,
            Self::Scratch(renaming) => renaming.schema(schema),
        }
    }

    /// The statement that sets this path of the backup.
    pub(in crate::postgres) fn enter(self, path: &[String]) -> String {
        match self {
            Self::Own | Self::Trial => search_path::enter(path),
            Self::Scratch(renaming) => search_path::enter(&renaming.path(path)),
        }
    }

    /// A text with names of objects, under the names that they have here.
    pub(super) fn text(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Own | Self::Trial => text.into(),
            Self::Scratch(renaming) => renaming.names(text).into(),
        }
    }

    pub(super) fn takes(self, object: &Object) -> bool {
        match self {
            Self::Own => true,
            // A database with a subscription cannot be dropped.
            Self::Trial => !object.is_about("subscription"),
            Self::Scratch(renaming) => renaming.takes(object),
        }
    }

    fn statement<'b>(self, object: &Object, sql: &'b str) -> Result<Cow<'b, str>> {
        let sql = match self {
            Self::Own | Self::Trial => bookkeeping::left_out(sql),
            Self::Scratch(renaming) => renaming.statement(object, &bookkeeping::left_out(sql)).map(Cow::Owned)?,
        };
        transaction_control::refuse(&format!("{} {}", object.kind, object.label()), &sql)?;
        Ok(sql)
    }
}

impl Loader<'_> {
    /// Executes the statements of a section's chosen objects, in the order of the backup.
    pub(in crate::postgres) async fn objects(&self, section: Section, wanted: impl Fn(&Object) -> bool) -> Result<()> {
        let mut together = Adornments::default();
        for chosen in self.chosen(section, wanted) {
            let (index, sql) = chosen?;
            let object = self.archive.manifest.objects.get(index as usize);
            if object.is_some_and(|object| object.is_about(large_objects::KIND)) {
                together.add(&sql, self).await?;
            } else {
                together.flush(self).await?;
                self.object(index, &sql).await?;
            }
        }
        together.flush(self).await
    }

    /// Whether an object is part of what is made.
    pub(super) fn takes(&self, index: u32, object: &Object) -> bool {
        self.tables.contains_object(index) && !self.staying.contains(&index) && self.place.takes(object)
    }

    /// The statements of a section's chosen objects, in the order of the backup, with the objects' indexes.
    pub(super) fn chosen(
        &self,
        section: Section,
        wanted: impl Fn(&Object) -> bool,
    ) -> impl Iterator<Item = Result<(u32, String)>> {
        let mut at_hand: Option<(u32, Vec<u8>)> = None;
        let objects = (0..).zip(&self.archive.manifest.objects);
        let chosen = objects
            .filter(move |(index, object)| object.section == section && self.takes(*index, object) && wanted(object));
        chosen.map(move |(index, object)| {
            let chunk = chunk_of(self.archive, object, at_hand.take())?;
            let sql = self.place.statement(object, statement(object, &chunk)?)?.into_owned();
            at_hand = Some((object.chunk, chunk));
            Ok((index, sql))
        })
    }

    /// Executes the statements of one object.
    pub(super) async fn object(&self, index: u32, sql: &str) -> Result<()> {
        self.progress.check()?;
        let object = self.archive.manifest.objects.get(index as usize);
        let what = object.map_or_else(String::new, |object| format!("{} {}", object.kind, object.label()));
        let sql = if sql.starts_with("REFRESH ") { refreshes::attempt(sql).into() } else { Cow::from(sql) };
        let created = transaction_control::execute(self.client, &sql).await;
        created.map_err(|error| match object {
            Some(object) if object.kind == "extension" => uncreatable(object, error),
            _ => describe_error(error, format!("creating {what}")),
        })
    }

    /// Sets the path that the rows of a table need; true where it is to be left again.
    pub(super) async fn enter(&self, table: u32) -> Result<bool> {
        enter(self.client, self.place, &self.archive.manifest, table).await
    }

    /// Undoes [`Self::enter`].
    pub(super) async fn leave(&self, entered: bool) -> Result<()> {
        leave(self.client, entered).await
    }

    /// Reads every statement and puts it into its final words, without executing any.
    pub(in crate::postgres) fn check_statements(&self) -> Result<()> {
        let manifest = &self.archive.manifest;
        let mut decoded: Option<(u32, Vec<u8>)> = None;
        let executed = |object: &&Object| !matches!(object.section, Section::Owners | Section::EventTriggers);
        for object in manifest.objects.iter().filter(executed) {
            self.progress.check()?;
            if !self.place.takes(object) {
                continue;
            }
            let chunk = chunk_of(self.archive, object, decoded.take())?;
            self.place.statement(object, statement(object, &chunk)?)?;
            decoded = Some((object.chunk, chunk));
        }
        Ok(())
    }

    /// Loads the rows, table by table, and compares what the server stored with the manifest.
    pub(in crate::postgres) async fn rows(&self) -> Result<u64> {
        let manifest = &self.archive.manifest;
        let batches = rows::batches(manifest, self.tables);
        let binary = &binary::tables(self.client, manifest, self.place, &batches).await?;
        let loader = RowLoader { client: self.client, manifest, binary, place: self.place, progress: self.progress };
        let chunks = batches.iter().flat_map(|batch| batch.chunks.iter().copied()).collect();
        let mut source = Source::new(self.archive, chunks, self.threads);
        let frozen = self.fresh(&batches).await?;
        let mut total = 0;
        for batch in &batches {
            let rows = if frozen.contains(&batch.table) { Rows::Frozen } else { Rows::Ordinary };
            total += loader.load(batch, rows, &mut source).await?;
        }
        Ok(total)
    }

    /// Tables that this transaction has made or truncated, so that their rows may be frozen. One that an extension made
    /// may hold rows of the extension; one that only bears the name of the backup's may be partitioned, or foreign.
    async fn fresh(&self, batches: &[Batch]) -> Result<BTreeSet<u32>> {
        let manifest = &self.archive.manifest;
        let made = rows::made(manifest);
        let made: Vec<u32> = batches.iter().map(|batch| batch.table).filter(|table| made.contains(table)).collect();
        let name = |table: &u32| manifest.tables.get(*table as usize).map(|table| self.place.qualified(table));
        let names: Vec<Option<String>> = made.iter().map(name).collect();
        let ordinary = self
            .client
            .query(
                "SELECT place FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY made(name, place) \
                 JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(name) WHERE c.relkind = 'r'",
                &[&names],
            )
            .await
            .map_err(|error| describe_error(error, "looking for the tables to be loaded"))?;
        let place = |row: &Row| usize::try_from(row.get::<_, i64>(0) - 1).ok();
        Ok(ordinary.iter().filter_map(place).filter_map(|place| made.get(place).copied()).collect())
    }

    pub(super) fn chunks(&self, section: Section) -> crate::archive::Chunks {
        let wanted = selection::chunks(&self.archive.manifest, section, self.tables);
        self.archive.chunks(wanted, self.threads)
    }
}

/// Sets the path that the rows of a table need; true where it is to be left again.
pub(super) async fn enter(client: &Client, place: Place<'_>, manifest: &Manifest, table: u32) -> Result<bool> {
    let Some(path) = manifest.database.path_of_rows(table) else { return Ok(false) };
    search_path::change(client, &place.enter(path)).await?;
    Ok(true)
}

/// Undoes [`enter`].
pub(super) async fn leave(client: &Client, entered: bool) -> Result<()> {
    if entered { search_path::change(client, LEAVE).await } else { Ok(()) }
}

/// An extension has wishes about its server (a module that is loaded at the start, one database of all that may have it),
/// so that this says nothing about the backup.
fn uncreatable(object: &Object, error: tokio_postgres::Error) -> Error {
    let is_there = error.code().is_some_and(|code| {
        [SqlState::DUPLICATE_FUNCTION, SqlState::DUPLICATE_OBJECT, SqlState::DUPLICATE_TABLE].contains(code)
    });
    let error = describe_error(error, format!("creating extension {}", object.name));
    if is_there {
        return Error::database(error.message()).hint(
            "the backup has that object as the database's own, but the extension makes it: ALTER EXTENSION … ADD in the \
             database that was backed up makes it a part of the extension again; then back up and restore that",
        );
    }
    Error::database(error.message()).hint(format!(
        "run CREATE EXTENSION {} there to see what it wants of the server, shared_preload_libraries perhaps; then try again",
        identifier(&object.name)
    ))
}

/// The chunk that an object's statements stand in: most often the one at hand.
pub(super) fn chunk_of(archive: &Archive, object: &Object, at_hand: Option<(u32, Vec<u8>)>) -> Result<Vec<u8>> {
    match at_hand {
        Some((index, data)) if index == object.chunk => Ok(data),
        _ => archive.chunk(object.chunk as usize),
    }
}

/// The statements of one object.
pub(in crate::postgres) fn statement<'a>(object: &Object, chunk: &'a [u8]) -> Result<&'a str> {
    let range = usize::try_from(object.offset).ok().zip(usize::try_from(object.offset + object.size).ok());
    range
        .and_then(|(start, end)| chunk.get(start..end))
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(|| unreadable(object.section))
}

/// What does not have the form that its manifest describes.
pub(super) fn unreadable(section: Section) -> Error {
    Error::bad_backup(format!("the {section:?} section does not have the form that its manifest describes"))
        .hint("validate_backup tells more; list_backups shows older backups")
}
