//! Statements from the catalogs: one file per kind of object, each with the query that reads it and the text that
//! creates it. Everything in a database is dumped, owned by an extension, or refused by name.

mod access_methods;
pub mod additions;
mod address;
mod aggregates;
pub mod alterations;
mod apart;
mod casts;
mod checks;
mod circles;
mod collations;
mod columns;
mod comments;
mod constraints;
mod conversions;
mod coverage;
pub mod database;
pub mod default_privileges;
mod dependencies;
mod domain_checks;
mod event_triggers;
mod extension_data;
mod extension_dependencies;
mod extensions;
mod family_members;
mod foreign;
mod functions;
mod guard;
mod indexes;
mod inheritance;
mod languages;
mod lateness;
mod majors;
mod membership;
mod operator_classes;
mod operators;
pub(in crate::postgres) mod options;
mod order;
mod orphans;
mod parameters;
mod paths;
mod policies;
mod positions;
pub mod privileges;
mod publications;
pub mod refreshes;
pub mod removal;
mod requirements;
mod rows;
mod rules;
mod schemas;
mod scope;
mod security_labels;
mod sequences;
mod sizes;
mod statistics;
mod subscriptions;
mod tables;
mod tablespaces;
mod text_search;
mod transforms;
mod triggers;
mod two_steps;
mod types;
pub mod uses;
mod views;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::try_join;
use tokio_postgres::{Client, Row};

pub use self::majors::Majors;
pub use self::order::{Ordered, Stray};
pub use self::paths::OwnPath;
pub use self::sizes::Size;

use crate::error::Result;
use crate::exclusions::Exclusions;
use crate::manifest::{Extension, Requirement, Section};

/// A row of a system catalog, as `pg_depend` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// The catalog: the oid of `pg_class`, `pg_type`, `pg_proc`, …
    pub class: u32,
    /// The row.
    pub object: u32,
}

impl ObjectId {
    /// What a query calls `class` and `oid`.
    fn of(row: &Row) -> Self {
        Self { class: row.get("class"), object: row.get("oid") }
    }

    /// In a row of the dependencies, what needs something.
    fn needing(row: &Row) -> Self {
        Self { class: row.get("class"), object: row.get("object") }
    }

    /// In a row of the dependencies, what is needed.
    fn needed(row: &Row) -> Self {
        Self { class: row.get("needed_class"), object: row.get("needed_object") }
    }
}

/// What creates one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it creates or adorns, for everything that goes by dependencies; `None` for what hangs on nothing.
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

/// Kinds whose statements create nothing of their own, but say more about what another entry creates.
const ADORNMENTS: [&str; 8] = [
    "extension dependency",
    "comment",
    "security label",
    "row security",
    refreshes::REFRESH,
    refreshes::AGAIN,
    "owner",
    "acl",
];

impl Entry {
    /// Whether it only adorns what another entry creates.
    pub fn adorns(&self) -> bool {
        self.id.is_none() || adorns(self.kind)
    }
}

/// Whether statements of this kind only adorn what another entry creates.
pub fn adorns(kind: &str) -> bool {
    ADORNMENTS.contains(&kind)
}

/// For each entry, the places of the entries that must come before it.
pub type Needs = Vec<BTreeSet<usize>>;

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
    /// How large it is.
    pub size: Size,
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

/// All that a database consists of, but its rows.
#[derive(Debug)]
pub struct Schema {
    /// `PreData`, `PostData`, `Owners` and `EventTriggers`, in the order in which they work.
    pub entries: Vec<Entry>,
    /// What each of the entries needs of the others.
    pub needs: Needs,
    /// Every table, ordered by schema and name.
    pub relations: Arc<[Relation]>,
    /// `setval` for every sequence.
    pub sequences: Vec<Entry>,
    /// What cannot be created again.
    pub refused: Vec<Refused>,
    /// What the server must have.
    pub extensions: Vec<Extension>,
    /// Roles that own something or were granted something.
    pub roles: Vec<String>,
    /// Modules that gave security labels.
    pub label_providers: Vec<String>,
    /// What else the server must have.
    pub requirements: Vec<Requirement>,
    /// Which entries an older server does not understand.
    pub majors: Majors,
    /// What definitions use, by the places of their entries.
    pub uses: Vec<(usize, uses::Use)>,
    /// What comes back under the path of the database.
    pub own_path: OwnPath,
    /// What the backup leaves out because it is worth nothing or the role does not see it, in whole sentences.
    pub notices: Vec<String>,
    /// Tables of extensions whose rows are in the backup, by schema and name.
    pub extension_tables: Vec<(String, String)>,
}

/// Reads the catalogs, with a number of queries that does not grow with the number of tables; a hundred sequences take one.
///
/// `helper` sees the same snapshot over a connection of its own: thousands of indexes and constraints take the server
/// as long as all the rest. Neither waits for the other before both are done. The rows of the tables that are `excluded` are
/// left out where these belong to an extension.
pub async fn read(reader: &Reader<'_>, helper: &Reader<'_>, excluded: &Exclusions) -> Result<Schema> {
    let (mut own, aside) = try_join(Own::read(reader, excluded), Aside::read(helper)).await?;
    own.entries.extend(aside.over_tables);
    for relation in &mut own.relations {
        relation.size = aside.sizes.get(&relation.oid).copied().unwrap_or_default();
    }
    let Ordered { entries, needs, own_path, .. } = order::sorted(reader, own.entries, &aside.dependencies).await?;
    let uses = uses::by_entry(reader, &entries, &aside.dependencies).await?;
    own.notices.extend(own_path.notice());
    for relation in own.relations.iter_mut().filter(|relation| own_path.tables.contains(&relation.oid)) {
        // A range is read by a query, and planning that would call for what the path is to be searched for.
        relation.heap = false;
    }
    Ok(Schema {
        entries,
        needs,
        relations: own.relations.into(),
        sequences: own.sequences,
        refused: own.refused,
        extensions: own.extensions,
        label_providers: own.label_providers,
        requirements: aside.requirements,
        majors: aside.majors,
        roles: aside.roles,
        own_path,
        uses,
        notices: own.notices,
        extension_tables: own.extension_tables,
    })
}

/// What the leader's connection reads.
struct Own {
    entries: Vec<Entry>,
    relations: Vec<Relation>,
    sequences: Vec<Entry>,
    refused: Vec<Refused>,
    extensions: Vec<Extension>,
    label_providers: Vec<String>,
    notices: Vec<String>,
    extension_tables: Vec<(String, String)>,
}

impl Own {
    async fn read(reader: &Reader<'_>, excluded: &Exclusions) -> Result<Self> {
        let (entries, relations) = entries(reader).await?;
        let mut sequences = positions::read(reader, &entries).await?;
        let extension_data = extension_data::read(reader, excluded).await?;
        sequences.extend(extension_data.entries);
        let members = membership::by_hand(reader).await?;
        let mut notices = notices(reader).await?;
        notices.extend(extension_data.notices);
        notices.extend(members.notices);
        let mut refused = coverage::refused(reader).await?;
        refused.extend(members.refused);
        Ok(Self {
            entries,
            relations,
            sequences,
            refused,
            extensions: extensions::described(reader).await?,
            label_providers: security_labels::providers(reader).await?,
            notices,
            extension_tables: extension_data.tables,
        })
    }
}

/// What is read beside it.
struct Aside {
    over_tables: Vec<Entry>,
    sizes: HashMap<u32, Size>,
    roles: Vec<String>,
    requirements: Vec<Requirement>,
    majors: Majors,
    dependencies: Vec<Row>,
}

impl Aside {
    async fn read(helper: &Reader<'_>) -> Result<Self> {
        let sizes = sizes::read(helper).await?;
        let over_tables = over_tables(helper).await?;
        let roles = privileges::roles(helper).await?;
        let requirements = requirements::read(helper, &roles).await?;
        let majors = majors::read(helper).await?;
        let dependencies = dependencies::read(helper).await?;
        Ok(Self { over_tables, sizes, roles, requirements, majors, dependencies })
    }
}

/// The definitions alone, with all that hangs on them.
pub async fn definitions(reader: &Reader<'_>) -> Result<Ordered> {
    let (mut entries, _) = entries(reader).await?;
    entries.extend(over_tables(reader).await?);
    order::sorted(reader, entries, &dependencies::read(reader).await?).await
}

async fn notices(reader: &Reader<'_>) -> Result<Vec<String>> {
    let invalid = indexes::invalid(reader).await?;
    let mut notices = orphans::notices(reader).await?;
    notices.extend(
        invalid.iter().map(|name| {
            format!("the index {name} is invalid and not part of the backup; REINDEX or DROP INDEX mends it")
        }),
    );
    Ok(notices)
}

/// Indexes, and the constraints that need some or are checked over rows.
async fn over_tables(reader: &Reader<'_>) -> Result<Vec<Entry>> {
    let mut entries = constraints::entries(reader).await?;
    entries.extend(indexes::entries(reader).await?);
    Ok(entries)
}

/// All others, and the tables whose rows are copied.
async fn entries(reader: &Reader<'_>) -> Result<(Vec<Entry>, Vec<Relation>)> {
    let (mut entries, relations) = up_to_views(reader).await?;
    entries.extend(statistics::entries(reader).await?);
    entries.extend(rules::entries(reader).await?);
    entries.extend(triggers::entries(reader).await?);
    entries.extend(policies::entries(reader).await?);
    entries.extend(additions::entries(reader).await?);
    entries.extend(publications::entries(reader).await?);
    entries.extend(subscriptions::entries(reader).await?);
    entries.extend(event_triggers::entries(reader).await?);
    entries.extend(extension_dependencies::entries(reader).await?);
    entries.extend(comments::entries(reader).await?);
    entries.extend(security_labels::entries(reader).await?);
    entries.extend(privileges::entries(reader).await?);
    entries.extend(default_privileges::entries(reader).await?);
    entries.extend(database::entries(reader).await?);
    Ok((entries, relations))
}

async fn up_to_views(reader: &Reader<'_>) -> Result<(Vec<Entry>, Vec<Relation>)> {
    let mut entries = schemas::entries(reader).await?;
    entries.extend(extensions::entries(reader).await?);
    entries.extend(alterations::entries(reader).await?);
    entries.extend(collations::entries(reader).await?);
    entries.extend(types::entries(reader).await?);
    entries.extend(functions::entries(reader).await?);
    entries.extend(aggregates::entries(reader).await?);
    entries.extend(languages::entries(reader).await?);
    entries.extend(transforms::entries(reader).await?);
    entries.extend(casts::entries(reader).await?);
    entries.extend(access_methods::entries(reader).await?);
    entries.extend(operators::entries(reader).await?);
    entries.extend(operator_classes::entries(reader).await?);
    entries.extend(family_members::entries(reader).await?);
    entries.extend(conversions::entries(reader).await?);
    entries.extend(text_search::entries(reader).await?);
    entries.extend(foreign::entries(reader).await?);
    entries.extend(sequences::entries(reader).await?);
    let (tables, relations) = tables::read(reader).await?;
    entries.extend(tables);
    entries.extend(views::entries(reader).await?);
    entries.extend(refreshes::entries(reader).await?);
    Ok((entries, relations))
}
