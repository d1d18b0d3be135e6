//! What a backup says about itself; `docs/format.md` describes every field.
//!
//! Readers ignore unknown fields and refuse a newer `format_version`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::exclusions::Exclusions;
use crate::store::BackupName;

/// The version this program writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// What the payload is: which program restores it without us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// A script for `psql`.
    Sql,
    /// A SQLite database file.
    Sqlite3,
}

impl Payload {
    /// As it stands in the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Sqlite3 => "sqlite3",
        }
    }
}

/// Which part of a backup a chunk or an object belongs to, in the order in which they are restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// What must exist before rows: schemas, types, tables.
    PreData,
    /// Rows of tables.
    Data,
    /// Contents of large objects.
    LargeObjects,
    /// Positions of sequences.
    Sequences,
    /// What is built over rows: indexes, constraints, triggers, materialized views.
    PostData,
    /// Owners and grants, each guarded against a missing role.
    Owners,
    /// Event triggers, which every statement behind them would set off.
    EventTriggers,
    /// Pages of a SQLite file.
    Pages,
}

/// The reversible transformation of each chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Codec {
    /// One gzip member a chunk (RFC 1952).
    Gzip {
        /// 1 to 12.
        level: u8,
    },
    /// One zstd frame a chunk (RFC 8878).
    Zstd {
        /// 1 to 19.
        level: u8,
    },
}

impl Codec {
    /// As it stands at the end of the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gzip { .. } => "gz",
            Self::Zstd { .. } => "zst",
        }
    }
}

/// One compressed piece of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// The part it belongs to.
    pub section: Section,
    /// Index into [`Manifest::tables`], for rows of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<u32>,
    /// Rows in it, for rows of a table.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows: u64,
    /// Where its first byte stands in the file.
    pub offset: u64,
    /// Its compressed size in bytes.
    pub size: u64,
    /// Where its first byte stands in the decompressed payload.
    pub raw_offset: u64,
    /// Its decompressed size in bytes.
    pub raw_size: u64,
    /// SHA-256 of the decompressed bytes, in hexadecimal.
    pub sha256: String,
}

/// A table of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its schema; `None` on SQLite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// The columns whose values are stored, in order (generated columns are not).
    pub columns: Vec<String>,
    /// All columns, generated ones too; for comparison with models.
    pub all_columns: Vec<String>,
    /// Rows at the moment of the snapshot; `None` where rows were left out on request.
    pub rows: Option<u64>,
    /// Sum of the row hashes, in hexadecimal: equal for equal rows in any order. `None` with `rows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The foreign keys of its own rows that a reader of the backup can check; not every key of the database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
}

impl Table {
    /// `schema.name`, or `name` alone on SQLite; for people, not for SQL.
    pub fn label(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A foreign key whose values are equal exactly when their stored texts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// Index into [`Manifest::tables`] of the table that they refer to.
    pub references: u32,
    /// The columns that they refer to, in the same order.
    pub referenced_columns: Vec<String>,
}

/// One statement group of the schema: the table of contents of a `sql` payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The part it belongs to.
    pub section: Section,
    /// The field's word for it: `table`, `index`, `foreign key`, `function`.
    pub kind: String,
    /// Its schema, where its kind has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its name; for functions with argument types.
    pub name: String,
    /// Index into [`Manifest::tables`] of the table it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<u32>,
    /// Index into [`Manifest::chunks`].
    pub chunk: u32,
    /// Where its first byte stands in the decompressed chunk.
    pub offset: u64,
    /// The size of its statements in bytes.
    pub size: u64,
    /// Indexes into [`Manifest::objects`] of what must exist before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<u32>,
    /// The first major version of PostgreSQL that understands them, where older ones than its own do not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u32>,
}

impl Object {
    /// `schema.name`, or `name` alone; for people, not for SQL.
    pub fn label(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether it is of this kind, or a comment, a label, an owner or grants of one that is.
    pub fn is_about(&self, kind: &str) -> bool {
        match self.kind.as_str() {
            "comment" | "security label" | "owner" | "acl" => {
                self.name.strip_prefix(kind).is_some_and(|rest| rest.starts_with(' '))
            }
            own => own == kind,
        }
    }
}

/// An operator, a function, a type, a collation or the like that definitions use, unless it is the system's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Used {
    /// Its kind and its full name: `operator public.=(public.citext,public.citext)`.
    pub name: String,
    /// The extension that it is a member of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
}

/// What a row of the catalogs uses that an object brings with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Index into [`Manifest::objects`].
    pub object: u32,
    /// The row's kind and full name: `rule "_RETURN" on public.v`.
    pub name: String,
    /// Indexes into [`Manifest::used`].
    pub uses: Vec<u32>,
}

/// An extension that the backup needs on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// As in `CREATE EXTENSION`.
    pub name: String,
    /// The version at the time of the backup.
    pub version: String,
}

/// What the server must have and the backup cannot bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// `role`, `tablespace` or `collation`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What an administrator may run to create it; no password is in it.
    pub statement: String,
}

/// The database that was backed up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// `postgresql` or `sqlite`.
    pub engine: String,
    /// The database's name; for SQLite the file's name without its folder.
    pub name: String,
    /// As the server or library tells it.
    pub server_version: String,
    /// `UTF8` and the like.
    pub encoding: String,
    /// Extensions that it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// Roles that own something or were granted something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// What else the server must have for an exact restore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
    /// Where sessions find names without a schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_path: Option<SearchPath>,
    /// More that is worth knowing: `collation`, `page_size`, `journal_mode`, `snapshot`.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub properties: serde_json::Map<String, serde_json::Value>,
}

impl Database {
    /// The path under which the rows of a table must be read and written, where that is not the empty one.
    pub fn path_of_rows(&self, table: u32) -> Option<&[String]> {
        let path = self.search_path.as_ref()?;
        (path.tables.contains(&table) && !path.schemas.is_empty()).then_some(&path.schemas)
    }
}

/// Where sessions of a database find names without a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPath {
    /// The schemas that exist, in order.
    pub schemas: Vec<String>,
    /// Indexes into [`Manifest::tables`] of tables whose rows are computed or checked by functions that look for names
    /// there: their rows are loaded under this path.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tables: BTreeSet<u32>,
}

/// An object that was left out on request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The field's word for it.
    pub kind: String,
    /// Its full name.
    pub name: String,
}

/// What was to be part of the backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Schema and rows.
    #[default]
    Full,
    /// The schema alone.
    SchemaOnly,
}

/// The document that makes a file a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The program that wrote it, with its version.
    pub creator: String,
    /// Unique, in hexadecimal.
    pub id: String,
    /// The file's name.
    pub name: String,
    /// Django's alias of the database.
    pub alias: String,
    /// Why it was made: `manual`, `daily`, `pre-restore`, …
    pub kind: String,
    /// When its snapshot was taken: RFC 3339, UTC, whole seconds.
    pub created: String,
    /// Seconds from the snapshot to the last byte.
    pub seconds: f64,
    /// What the payload is.
    pub payload: Payload,
    /// How each chunk is compressed.
    pub codec: Codec,
    /// What was to be part of it.
    pub content: Content,
    /// The database.
    pub database: Database,
    /// The state of the Django project, as Python gave it: versions, migrations, models.
    pub django: serde_json::Value,
    /// Every table, in order of schema and name.
    pub tables: Vec<Table>,
    /// Every object of the schema, in the order in which they are created.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Object>,
    /// What the definitions of the objects use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used: Vec<Used>,
    /// Which of them uses what of it; what is not listed uses nothing but the system's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub definitions: Vec<Definition>,
    /// Every chunk, in the order of the file.
    pub chunks: Vec<Chunk>,
    /// What was left out on request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Whose rows were left out.
    #[serde(default, skip_serializing_if = "Exclusions::is_empty")]
    pub exclusions: Exclusions,
    /// Number of large objects.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub large_objects: u64,
    /// Size of the decompressed payload in bytes.
    pub raw_size: u64,
    /// SHA-256 of all chunks as stored: of the file up to its embedded manifest, in hexadecimal.
    pub chunks_sha256: String,
    /// The finished file; only in the sidecar, since a file cannot hold its own digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<StoredFile>,
}

/// The finished file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// In bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().filter_map(|table| table.rows).fold(0, u64::saturating_add)
    }

    /// Why it is none of ours, though every field is there: its words become names of files, moments and sums.
    pub(crate) fn objection(&self) -> Option<String> {
        if let Err(error) = BackupName::new(&self.alias, &self.kind, &self.created) {
            return Some(error.message());
        }
        if self.id.is_empty() || !self.id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Some(format!("its id {:?} is not hexadecimal", self.id));
        }
        if !self.seconds.is_finite() || self.seconds < 0.0 {
            return Some(format!("{} is no duration", self.seconds));
        }
        let is_name = !self.name.is_empty() && !self.name.starts_with('.') && !self.name.contains(['/', '\0']);
        (!is_name).then(|| format!("{:?} is not the name of a file", self.name))
    }

    /// All but where things stand in the file: what a listing tells and remembers.
    #[must_use]
    pub fn summary(self) -> Self {
        Self { chunks: Vec::new(), objects: Vec::new(), used: Vec::new(), definitions: Vec::new(), ..self }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
