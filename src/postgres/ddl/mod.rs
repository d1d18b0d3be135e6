//! Statements from the catalogs: one file per kind of object, each with the query that reads it and the text that
//! creates it. Everything in a database is dumped, owned by an extension, or refused by name.

mod address;
mod collations;
mod comments;
pub mod coverage;
mod functions;
mod guard;
pub mod large_objects;
mod parameters;
mod policies;
pub mod privileges;
pub mod removal;
mod scope;
mod statistics;
mod triggers;
mod views;

use tokio_postgres::Client;

use crate::manifest::Section;

/// A row of a system catalog, as `pg_depend` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// The catalog: the oid of `pg_class`, `pg_type`, `pg_proc`, …
    pub class: u32,
    /// The row.
    pub object: u32,
}

/// What creates one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it creates, for ordering by dependencies; `None` for statements that only adorn (comments, grants).
    pub id: Option<ObjectId>,
    /// When it is restored.
    pub section: Section,
    /// The field's word for it, as `pg_dump` says it, in lower case: `table`, `index`, `fk constraint`, `acl`.
    pub kind: &'static str,
    /// Its schema, where its kind has one.
    pub schema: Option<String>,
    /// Its name; for functions with argument types.
    pub name: String,
    /// The `pg_class` oid of the table it belongs to; the table itself names itself.
    pub table: Option<u32>,
    /// Complete statements, each closed by a semicolon and a newline.
    pub sql: String,
}

/// A relation whose rows are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// In `pg_class`.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Columns to copy, in order; generated ones are left out.
    pub columns: Vec<String>,
    /// All columns, in order.
    pub all_columns: Vec<String>,
    /// Whether it has rows of its own (a partitioned table has not).
    pub has_rows: bool,
    /// Whether it is stored in a heap, so that `ctid` ranges cut it.
    pub heap: bool,
    /// Blocks on disk.
    pub blocks: u64,
}

/// An object that no file here knows how to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The field's word for it.
    pub kind: String,
    /// Its full name.
    pub name: String,
}

/// How the catalogs are read: inside the dump's transaction, with `search_path` empty.
pub struct Reader<'a> {
    /// The leader's connection.
    pub client: &'a Client,
    /// `server_version_num`, for columns that came later.
    pub version: u32,
}

/// TEMPORARY
pub async fn second_half(reader: &Reader<'_>) -> crate::Result<Vec<Entry>> {
    let mut all = collations::entries(reader).await?;
    all.extend(functions::entries(reader).await?);
    all.extend(views::entries(reader).await?);
    all.extend(statistics::entries(reader).await?);
    all.extend(triggers::entries(reader).await?);
    all.extend(policies::entries(reader).await?);
    all.extend(comments::entries(reader).await?);
    all.extend(privileges::entries(reader).await?);
    all.sort_by_key(|entry| (entry.section, entry.kind == "materialized view data"));
    Ok(all)
}

/// TEMPORARY
pub async fn refused(reader: &Reader<'_>) -> crate::Result<Vec<Refused>> {
    coverage::refused(reader).await
}
