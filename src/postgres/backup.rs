//! The order of a `sql` payload: preamble and definitions, rows, large objects, sequences, what is built over rows,
//! owners, event triggers.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::try_join3;
use tokio_postgres::Client;

use super::connect::{self, Address, Connection};
use super::ddl::uses::Use;
use super::ddl::{self, Entry, Majors, Reader, Relation, Schema};
use super::dump::{Dump, Line, Measured};
use super::foreign_keys;
use super::large_objects;
use super::preflight;
use super::runtime::{block_on, unless_stopped};
use super::scratch;
use super::search_path;
use super::session::{Server, preamble};
use super::snapshot::Snapshot;
use super::throttle::Throttle;
use crate::archive::{ArchiveWriter, CHUNK_SIZE, ChunkSender, RawChunk};
use crate::backup::{Contents, reading, wants_rows};
use crate::error::{Error, Kind, Result};
use crate::event::Progress;
use crate::exclusions::{absence, means};
use crate::manifest::{Content, Database, Definition, Object, SearchPath, Section, Skipped, Table, Used};
use crate::plan::{BackupPlan, ConnectionParameters, Unsupported};

/// How many refused objects an error names; the rest is counted.
const NAMED_OBJECTS: usize = 10;

/// The property that names the modules which must be loaded for the security labels.
pub(super) const LABEL_PROVIDERS: &str = "security_label_providers";

/// Backs up a server's database; `create` is called once the snapshot stands, so a refused connection leaves no file.
pub fn backup(
    plan: &BackupPlan,
    parameters: &ConnectionParameters,
    create: impl FnOnce() -> Result<ArchiveWriter>,
    progress: &Progress,
) -> Result<(ArchiveWriter, Contents)> {
    let address = connect::resolve(parameters)?;
    block_on(unless_stopped(progress, run(plan, &address, create, progress)))
}

async fn run(
    plan: &BackupPlan,
    address: &Address,
    create: impl FnOnce() -> Result<ArchiveWriter>,
    progress: &Progress,
) -> Result<(ArchiveWriter, Contents)> {
    progress.stage("connecting", 0);
    let [leader, second] = preflight::two_sessions(address).await?;
    scratch::sweep(&leader.client, progress).await;
    let examine = async |client: &Client, server: &Server| preflight::server(client, server, plan, progress).await;
    let (snapshot, readers) = Snapshot::freeze(address, leader, plan.lock_timeout_seconds, examine).await?;
    let made = snapshot.during(read(plan, &snapshot, second, readers, create, progress)).await?;
    snapshot.thaw().await?;
    Ok(made)
}

/// Reads everything of the snapshot into the file that `create` gives.
async fn read(
    plan: &BackupPlan,
    snapshot: &Snapshot,
    second: Connection,
    readers: usize,
    create: impl FnOnce() -> Result<ArchiveWriter>,
    progress: &Progress,
) -> Result<(ArchiveWriter, Contents)> {
    let reader = Reader { client: snapshot.client(), version: snapshot.server().version };
    let second = snapshot.enlist(second).await?;
    let helper = Reader { client: &second.client, version: reader.version };
    let catalogs = ddl::read(&reader, &helper, &plan.exclude_table_data);
    let (schema, foreign_keys, others) =
        try_join3(catalogs, foreign_keys::read(&helper), others(snapshot, readers)).await?;
    let skipped = refuse(plan, &schema)?;
    for notice in &schema.notices {
        progress.notice(notice.clone());
    }
    let mut tables: Vec<Table> = schema.relations.iter().map(describe_table).collect();
    check_exclusions(plan, &tables, &schema.extension_tables, progress)?;
    foreign_keys::describe(&foreign_keys, &schema.relations, &mut tables);
    let database = describe_database(snapshot, &schema).await?;

    let writer = create()?;
    let mut script = Script::new(writer.sender(), &schema);
    script.text(&preamble(snapshot.server().encoding));
    let path = database.search_path.as_ref().filter(|path| plan.content == Content::Full && !path.tables.is_empty());
    if let Some(path) = path {
        // For `psql`: the rows follow.
        script.end_with(&format!("{}\n\n", search_path::enter(&path.schemas)));
    }
    script.entries(&schema.entries, Section::PreData).await?;
    if path.is_some() {
        script.text(&format!("{}\n\n", search_path::LEAVE));
    }

    let wanted = wanted(plan, &schema.relations, &tables);
    let connections = std::iter::once(second).chain(others);
    let lines = connections.map(|connection| Line { connection, sender: writer.sender() }).collect();
    let throttle = Throttle::new(plan.rate_limit);
    let dump = Dump { stage: reading(plan), throttle, progress };
    let measured = dump.rows(&schema.relations, &wanted, lines).await?;
    for table in wanted {
        record(&mut tables[table], measured[table]);
    }
    let mut large_objects = 0;
    if plan.content == Content::Full {
        large_objects = large_objects::send(snapshot.client(), &script.sender, progress).await?;
        script.entries(&schema.entries, Section::LargeObjects).await?;
        script.entries(&schema.sequences, Section::Sequences).await?;
    }
    script.entries(&schema.entries, Section::PostData).await?;
    script.entries(&schema.entries, Section::Owners).await?;
    script.entries(&schema.entries, Section::EventTriggers).await?;
    let mut objects = script.end();
    let places = places(&objects, &schema, plan.content);
    tell_needs(&mut objects, &schema, &places);
    let (used, definitions) = uses(&schema, &places);
    snapshot.check_names().await?;
    let contents = Contents { database, tables, objects, used, definitions, skipped, large_objects };
    Ok((writer, contents))
}

/// Those that read rows beside the first, which looks at the catalogs meanwhile.
async fn others(snapshot: &Snapshot, readers: usize) -> Result<Vec<Connection>> {
    let mut others = Vec::new();
    for _ in 1..readers {
        others.push(snapshot.join().await?);
    }
    Ok(others)
}

/// Tables whose rows are read; the others keep `rows: None`, or zero where they cannot have rows of their own.
fn wanted(plan: &BackupPlan, relations: &[Relation], tables: &[Table]) -> Vec<usize> {
    (0..relations.len()).filter(|&table| relations[table].has_rows && wants_rows(plan, &tables[table])).collect()
}

fn record(table: &mut Table, measured: Measured) {
    table.rows = Some(measured.rows);
    table.fingerprint = Some(measured.fingerprint.to_hex());
}

fn describe_table(relation: &Relation) -> Table {
    Table {
        schema: Some(relation.schema.clone()),
        name: relation.name.clone(),
        columns: relation.columns.clone(),
        all_columns: relation.all_columns.clone(),
        // A partitioned table has no rows of its own; its partitions have.
        rows: (!relation.has_rows).then_some(0),
        fingerprint: None,
        foreign_keys: Vec::new(),
    }
}

/// A misspelt exclusion would put into the backup what was meant to stay out.
fn check_exclusions(
    plan: &BackupPlan,
    tables: &[Table],
    of_extensions: &[(String, String)],
    progress: &Progress,
) -> Result<()> {
    let is_there = |wanted: &str| {
        let is_wanted = |(schema, name): &(String, String)| means(wanted, name, &format!("{schema}.{name}"));
        tables.iter().any(|table| means(wanted, &table.name, &table.label())) || of_extensions.iter().any(is_wanted)
    };
    for wanted in plan.exclude_table_data.always.iter().filter(|wanted| !is_there(wanted)) {
        progress.notice(absence(wanted));
    }
    for wanted in &plan.exclude_table_data.once {
        if !is_there(wanted) {
            return Err(Error::usage(format!("there is no table {wanted} whose rows could be left out"))
                .hint("write the table's name in the database, as in blog_post or public.blog_post"));
        }
    }
    Ok(())
}

fn refuse(plan: &BackupPlan, schema: &Schema) -> Result<Vec<Skipped>> {
    if schema.refused.is_empty() || plan.unsupported == Unsupported::Skip {
        return Ok(schema
            .refused
            .iter()
            .map(|object| Skipped { kind: object.kind.clone(), name: object.name.clone() })
            .collect());
    }
    let mut names: Vec<String> =
        schema.refused.iter().take(NAMED_OBJECTS).map(|object| format!("{} {}", object.kind, object.name)).collect();
    if schema.refused.len() > NAMED_OBJECTS {
        names.push(format!("{} more", schema.refused.len() - NAMED_OBJECTS));
    }
    Err(Error::new(Kind::Unsupported, format!("the database holds what cannot be backed up: {}", names.join(", ")))
        .hint("--skip-unsupported leaves these out and records it in the backup; a restore does not bring them back"))
}

async fn describe_database(snapshot: &Snapshot, schema: &Schema) -> Result<Database> {
    let row = snapshot
        .client()
        .query_one(
            "SELECT d.datname, pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, \
             pg_catalog.pg_current_snapshot()::text FROM pg_catalog.pg_database d \
             WHERE d.datname = pg_catalog.current_database()",
            &[],
        )
        .await
        .map_err(|error| connect::describe_error(error, "reading the database's properties"))?;
    let mut properties = serde_json::Map::new();
    for (key, column) in [("collate", 2), ("ctype", 3), ("snapshot", 4)] {
        properties.insert(key.to_owned(), row.get::<_, String>(column).into());
    }
    if !schema.label_providers.is_empty() {
        properties.insert(LABEL_PROVIDERS.to_owned(), schema.label_providers.clone().into());
    }
    Ok(Database {
        engine: "postgresql".to_owned(),
        name: row.get(0),
        server_version: snapshot.server().version_text.clone(),
        encoding: row.get(1),
        extensions: schema.extensions.clone(),
        roles: schema.roles.clone(),
        requirements: schema.requirements.clone(),
        search_path: Some(describe_path(schema)),
        properties,
    })
}

fn describe_path(schema: &Schema) -> SearchPath {
    let relations = (0..).zip(&*schema.relations);
    let tables = relations.filter(|(_, relation)| schema.own_path.tables.contains(&relation.oid));
    SearchPath { schemas: schema.own_path.schemas.clone(), tables: tables.map(|(index, _)| index).collect() }
}

/// Which object each entry has become. Objects stand as their entries do, with the positions of sequences between them and
/// without what was left out.
fn places(objects: &[Object], schema: &Schema, content: Content) -> Vec<Option<u32>> {
    let written = |entry: &Entry| entry.section != Section::LargeObjects || content == Content::Full;
    let mut created = (0..).zip(objects).filter(|(_, object)| object.section != Section::Sequences);
    let mut places = vec![None; schema.entries.len()];
    for (place, _) in places.iter_mut().zip(&schema.entries).filter(|(_, entry)| written(entry)) {
        *place = created.next().map(|(index, _): (u32, _)| index);
    }
    places
}

/// Tells each object which others it needs.
fn tell_needs(objects: &mut [Object], schema: &Schema, places: &[Option<u32>]) {
    for (entry, place) in places.iter().enumerate() {
        if let Some(object) = place.and_then(|place| objects.get_mut(place as usize)) {
            object.needs = schema.needs[entry].iter().filter_map(|needed| places[*needed]).collect();
        }
    }
}

/// What is used, and by which row of which object.
fn uses(schema: &Schema, places: &[Option<u32>]) -> (Vec<Used>, Vec<Definition>) {
    let names: BTreeSet<&Used> = schema.uses.iter().map(|(_, found)| &found.used).collect();
    let indexes: HashMap<&Used, u32> = names.iter().copied().zip(0..).collect();
    let mut definitions: Vec<Definition> = Vec::new();
    for (entry, Use { name, used }) in &schema.uses {
        let Some(object) = places[*entry] else { continue };
        match definitions.last_mut() {
            Some(last) if last.object == object && last.name == *name => last.uses.push(indexes[used]),
            _ => definitions.push(Definition { object, name: name.clone(), uses: vec![indexes[used]] }),
        }
    }
    (names.into_iter().cloned().collect(), definitions)
}

/// Collects statements into chunks and remembers where each object's statements stand.
struct Script<'a> {
    sender: ChunkSender,
    majors: &'a Majors,
    tables: HashMap<u32, u32>,
    objects: Vec<Object>,
    preamble: Vec<u8>,
    end: Vec<u8>,
}

impl<'a> Script<'a> {
    fn new(sender: ChunkSender, schema: &'a Schema) -> Self {
        Self {
            sender,
            majors: &schema.majors,
            tables: schema.relations.iter().map(|relation| relation.oid).zip(0..).collect(),
            objects: Vec::new(),
            preamble: Vec::new(),
            end: Vec::new(),
        }
    }

    /// Text that belongs to no object: it opens the next chunk.
    fn text(&mut self, text: &str) {
        self.preamble.extend_from_slice(text.as_bytes());
    }

    /// Text that belongs to no object: it closes the next section.
    fn end_with(&mut self, text: &str) {
        self.end.extend_from_slice(text.as_bytes());
    }

    async fn entries(&mut self, entries: &[Entry], section: Section) -> Result<()> {
        let mut data = std::mem::take(&mut self.preamble);
        let mut pending: Vec<Object> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.section == section) {
            pending.push(self.object(entry, data.len()));
            data.extend_from_slice(entry.sql.as_bytes());
            data.push(b'\n');
            if data.len() >= CHUNK_SIZE {
                self.send(section, std::mem::take(&mut data), &mut pending).await?;
            }
        }
        data.append(&mut self.end);
        if !data.is_empty() {
            self.send(section, data, &mut pending).await?;
        }
        Ok(())
    }

    async fn send(&mut self, section: Section, data: Vec<u8>, pending: &mut Vec<Object>) -> Result<()> {
        let chunk = self.sender.send(RawChunk { section, table: None, rows: 0, data }).await?;
        self.objects.extend(pending.drain(..).map(|object| Object { chunk, ..object }));
        Ok(())
    }

    fn object(&self, entry: &Entry, offset: usize) -> Object {
        Object {
            section: entry.section,
            kind: entry.kind.to_owned(),
            schema: entry.schema.clone(),
            name: entry.name.clone(),
            table: entry.table.and_then(|oid| self.tables.get(&oid).copied()),
            chunk: 0,
            offset: offset as u64,
            size: entry.sql.len() as u64,
            needs: Vec::new(),
            since: self.majors.of(entry),
        }
    }

    fn end(self) -> Vec<Object> {
        self.sender.end();
        self.objects
    }
}
