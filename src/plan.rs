//! What a caller asks for: one document in, validated here, none of it ever stored or logged (it holds passwords).

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::manifest::{Codec, Content};

/// A value that `Debug` does not show.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The value itself; for the wire only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// libpq's connection parameters by their libpq names (`host`, `port`, `user`, `password`, `dbname`, `sslmode`,
/// `service`, `passfile`, …): <https://www.postgresql.org/docs/current/libpq-connect.html>.
pub type ConnectionParameters = BTreeMap<String, Secret>;

/// Where rows come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "engine", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A live server.
    Postgresql {
        /// How to reach it.
        parameters: ConnectionParameters,
    },
    /// A private copy of a database file, never the live file: a second SQLite library in the process that has it
    /// open would drop its locks (POSIX locks belong to the process).
    Sqlite {
        /// The private copy; this program may change its header and removes nothing.
        copy: PathBuf,
        /// The live file's name, for the manifest.
        name: String,
    },
}

/// Where backups live.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StorePlan {
    /// A folder of this machine.
    Folder {
        /// Made with mode 0700 where it is missing.
        path: PathBuf,
    },
    /// A bucket of S3 or of a service that speaks its protocol.
    S3(Box<S3Plan>),
}

/// A backup, and where it lives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacePlan {
    /// Where it lives.
    pub store: StorePlan,
    /// The data file's name there.
    pub name: String,
    /// Where the file is what a backup holds, decompressed: that backup, whose manifest says what it should be.
    #[serde(default)]
    pub unpacked_from: Option<Box<PlacePlan>>,
}

/// A bucket. Credentials are not part of it: they come from the AWS SDK's own chain, and from nowhere else.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Plan {
    /// What the settings call it.
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// What keys begin with, without slashes at either end; empty is the whole bucket.
    #[serde(default)]
    pub prefix: String,
    /// `None` leaves it to the SDK's chain.
    #[serde(default)]
    pub region: Option<String>,
    /// The address of a service that is not AWS.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// How the bucket is named in a request.
    #[serde(default)]
    pub addressing: Addressing,
    /// A profile of the AWS configuration files.
    #[serde(default)]
    pub profile: Option<String>,
    /// `STANDARD_IA`, …; `None` is the bucket's default.
    #[serde(default)]
    pub storage_class: Option<String>,
    /// Encryption by the service; `None` is the bucket's default.
    #[serde(default)]
    pub encryption: Option<ServerSideEncryption>,
    /// Bytes; `None` begins at 8 MiB and grows with the file.
    #[serde(default)]
    pub part_size: Option<u64>,
    /// Parts on their way at the same time, in either direction; `None` is 4.
    #[serde(default)]
    pub concurrency: Option<u16>,
    /// Bytes a second, in either direction; `None` is as fast as it goes.
    #[serde(default)]
    pub bandwidth_limit: Option<u64>,
    /// How long nothing may move on a connection before the request is begun again; `None` is 60.
    #[serde(default)]
    pub timeout_seconds: Option<f64>,
    /// Tags of every object, beside our own.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// How the service is told what it ought to have received.
    #[serde(default)]
    pub checksums: Checksums,
    /// A file that remembers what was listed.
    #[serde(default)]
    pub listing_cache: Option<PathBuf>,
}

/// How a bucket is named in a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Addressing {
    /// As the endpoint wants it.
    #[default]
    Auto,
    /// `https://endpoint/bucket/key`.
    Path,
    /// `https://bucket.endpoint/key`.
    Virtual,
}

/// Encryption by the service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ServerSideEncryption {
    /// With keys of the service.
    Aes256,
    /// With a key of AWS KMS; `None` is the account's own.
    Kms {
        /// Its id, alias or ARN.
        #[serde(default)]
        key: Option<String>,
    },
}

/// How a service is told what it ought to have received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checksums {
    /// As the endpoint understands it, and as it turns out.
    #[default]
    Auto,
    /// CRC32 in a trailer, as AWS's own programs do since 2025.
    Crc32,
    /// `Content-MD5`, which every service has understood from the beginning.
    Md5,
}

/// What to do about objects that cannot be backed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsupported {
    /// Fail and name them.
    #[default]
    Refuse,
    /// Leave them out and record them in the manifest.
    Skip,
}

/// How far a result is checked before it is believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verify {
    /// Digests and row counts.
    #[default]
    Counts,
    /// Everything read again: a backup from the disk, a restore row by row.
    Full,
}

/// Make a backup.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupPlan {
    /// The database.
    pub source: Source,
    /// Where the file goes: the first is its home, without which there is no backup; the others get copies.
    pub stores: Vec<StorePlan>,
    /// Unique, in hexadecimal.
    pub id: String,
    /// Django's alias.
    pub alias: String,
    /// Why it is made.
    pub kind: String,
    /// RFC 3339, UTC, whole seconds.
    pub created: String,
    /// The chunk's transformation.
    pub codec: Codec,
    /// Connections and CPU threads; `None` lets the program choose.
    pub jobs: Option<u16>,
    /// Schema and rows, or the schema alone.
    pub content: Content,
    /// Whose rows stay out.
    pub exclude_table_data: crate::exclusions::Exclusions,
    /// What to do about objects that cannot be backed up.
    pub unsupported: Unsupported,
    /// Whether the written file is read again.
    pub verify: Verify,
    /// How long to wait for a table lock.
    pub lock_timeout_seconds: f64,
    /// Uncompressed bytes a second; `None` is as fast as it goes.
    pub rate_limit: Option<u64>,
    /// The state of the Django project, stored as it is.
    pub django: serde_json::Value,
}

/// Where rows go.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "engine", rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// A live server; the work happens in one transaction.
    Postgresql {
        /// How to reach it.
        parameters: ConnectionParameters,
    },
    /// A private file to build; the caller copies it into the live database through its own library.
    Sqlite {
        /// Must not exist.
        file: PathBuf,
        /// Page size of the live database: `Connection.backup()` cannot change that of a WAL database.
        page_size: Option<u32>,
    },
}

/// What to bring back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Make the database (or the chosen tables) equal to the backup.
    #[default]
    Full,
    /// Rows only, into tables that exist.
    DataOnly,
    /// Definitions only.
    SchemaOnly,
}

/// What to do with owners and grants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owners {
    /// Everything belongs to the role that restores.
    #[default]
    Ignore,
    /// As in the backup, as far as the roles exist.
    Apply,
}

/// How a server's database is restored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The one that suits.
    #[default]
    Auto,
    /// One transaction in the live database.
    InPlace,
    /// A new database that takes the place of the live one, which is kept.
    Swap,
}

/// How a server compresses large values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToastCompression {
    /// PostgreSQL's own method.
    Pglz,
    /// Much faster, and a little larger.
    Lz4,
}

impl ToastCompression {
    /// As `default_toast_compression` knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pglz => "pglz",
            Self::Lz4 => "lz4",
        }
    }
}

/// Bring a backup back, or tell what that would do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestorePlan {
    /// The backup.
    pub backup: PlacePlan,
    /// The database.
    pub target: Target,
    /// How a server's database is restored; a SQLite file has one way only.
    #[serde(default)]
    pub strategy: Strategy,
    /// What to bring back.
    pub scope: Scope,
    /// `table` or `schema.table`; empty is all.
    pub tables: Vec<String>,
    /// Schemas that are to be as in the backup, with everything in them; empty is all.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// What to do with owners and grants.
    pub owners: Owners,
    /// Whether row fingerprints are compared before the commit.
    pub verify: Verify,
    /// How long to wait for a table lock.
    pub lock_timeout_seconds: f64,
    /// Connections of a swap, or CPU threads for decompression; `None` lets the program choose.
    pub jobs: Option<u16>,
    /// How the server compresses large values; `None` leaves that to the server's own setting.
    #[serde(default)]
    pub toast_compression: Option<ToastCompression>,
    /// Roles without superuser rights whose code a superuser may run.
    #[serde(default)]
    pub trusted_roles: Vec<String>,
}

impl RestorePlan {
    /// Whether something stays as it is: what is not named, or all definitions.
    pub fn is_partial(&self) -> bool {
        self.scope == Scope::DataOnly || !self.tables.is_empty() || !self.schemas.is_empty()
    }

    /// Whether the database becomes equal to the backup, all of it.
    pub fn is_whole(&self) -> bool {
        self.scope == Scope::Full && !self.is_partial()
    }
}

/// Deal with the databases that restores have put aside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPlan {
    /// How to reach the live database.
    pub parameters: ConnectionParameters,
    /// Which of them, by their names.
    pub names: Vec<String>,
    /// How long to wait for the lock of a database.
    pub lock_timeout_seconds: f64,
}

/// Prove a backup.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatePlan {
    /// The backup.
    pub backup: PlacePlan,
    /// CPU threads; `None` lets the program choose.
    pub jobs: Option<u16>,
    /// How much is looked at without a drill.
    pub depth: Depth,
    /// A scratch place to restore into; `None` reads only.
    pub drill: Option<Drill>,
    /// A folder for private files.
    pub scratch_folder: PathBuf,
}

/// How much of a backup is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// Its manifest, its size, and what the store says of the file: nothing that was damaged in place is found.
    Quick,
    /// Every stored byte is compared with its digest: enough before a restore, which compares the content itself.
    Stored,
    /// Everything is decompressed and compared with the manifest too.
    Content,
}

/// Where a restore drill happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "engine", rename_all = "snake_case", deny_unknown_fields)]
pub enum Drill {
    /// A scratch database or schema on this server.
    Postgresql {
        /// How to reach it.
        parameters: ConnectionParameters,
        /// Roles without superuser rights whose code may run beside live objects, or as a superuser.
        #[serde(default)]
        trusted_roles: Vec<String>,
    },
    /// A private file in the scratch folder.
    Sqlite {},
}
