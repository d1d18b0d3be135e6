//! A schema read from the catalogs and executed again is the same schema; `pg_dump` is the judge.

use std::io::Write;

use holdfast::Kind;
use holdfast::exclusions::Exclusions;
use holdfast::manifest::Section;
use holdfast::postgres::ddl::{self, Entry, Reader, Schema};
use tokio_postgres::Client;

use crate::postgres_server::PostgresServer;

/// Statements, and the first version of the server that knows them.
const SCHEMAS: [(u32, &str); 4] = [
    (140_000, include_str!("schemas/since_14.sql")),
    (150_000, include_str!("schemas/since_15.sql")),
    (160_000, include_str!("schemas/since_16.sql")),
    (180_000, include_str!("schemas/since_18.sql")),
];

/// As `psql` and our own restore set it before the first statement; compiling the queries takes longer than running them.
const SESSION: &str = "SET search_path = ''; SET check_function_bodies = false; SET jit = off";

#[tokio::test]
async fn restored_schema_equals_the_original() {
    let server = PostgresServer::start();
    let original = original(&server).await;
    let schema = read(&original).await;
    let restored = restore(&server, "restored", &schema).await;
    assert_same_dump(&server, "original", "restored");
    assert_eq!(statements(&read(&restored).await), statements(&schema));
}

#[tokio::test]
async fn psql_makes_the_same_schema() {
    let server = PostgresServer::start();
    let schema = read(&original(&server).await).await;
    server.create_database("restored").await;
    let mut script = tempfile::NamedTempFile::new().unwrap();
    write!(script, "{SESSION};\n{}", statements(&schema).concat()).unwrap();
    server.psql("restored", script.path());
    assert_same_dump(&server, "original", "restored");
}

#[tokio::test]
async fn large_values_are_part_of_the_size_of_a_table() {
    let server = PostgresServer::start();
    let client = fill(
        &server,
        "CREATE TABLE documents (note text, body text); ALTER TABLE documents ALTER COLUMN body SET STORAGE EXTERNAL; \
         INSERT INTO documents SELECT repeat('n', 1000), CASE WHEN i % 10 = 0 THEN repeat('b', 40000) END \
           FROM generate_series(1, 2000) i",
    )
    .await;
    let size = read(&client).await.relations[0].size;
    assert!((128..1000).contains(&size.blocks), "{size:?}");
    assert!(size.all_blocks > size.blocks + 900, "{size:?}");
}

#[tokio::test]
async fn tables_are_listed_as_their_rows_are_copied() {
    let server = PostgresServer::start();
    let client = fill(
        &server,
        "CREATE TABLE public.\"B\" (a integer, gone integer, c integer GENERATED ALWAYS AS (a) STORED, \"d \"\"\" text); \
         ALTER TABLE public.\"B\" DROP COLUMN gone; \
         INSERT INTO public.\"B\" (a, \"d \"\"\") SELECT n, repeat('x', 100) FROM generate_series(1, 1000) n; \
         CREATE TABLE public.a (id integer) PARTITION BY LIST (id); CREATE TABLE public.nothing ()",
    )
    .await;
    let relations = read(&client).await.relations;
    let names: Vec<&str> = relations.iter().map(|relation| relation.name.as_str()).collect();
    assert_eq!(names, ["B", "a", "nothing"]);
    assert_eq!(relations[0].columns, ["a", "d \""]);
    assert_eq!(relations[0].all_columns, ["a", "c", "d \""]);
    assert_eq!(relations.iter().map(|relation| relation.has_rows).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(relations.iter().map(|relation| relation.heap).collect::<Vec<_>>(), [true, false, true]);
    assert!(relations[0].size.blocks > 10);
    assert_eq!(relations[0].size.all_blocks, relations[0].size.blocks);
    assert_eq!(relations[2].size.all_blocks, 0);
}

#[tokio::test]
async fn what_needs_a_primary_key_waits_for_it() {
    let server = PostgresServer::start();
    let client = fill(
        &server,
        "CREATE TABLE public.item (id integer PRIMARY KEY, name text); \
         CREATE VIEW public.grouped AS SELECT id, name FROM public.item GROUP BY id; \
         CREATE VIEW public.above AS SELECT name FROM public.grouped; \
         CREATE MATERIALIZED VIEW public.kept AS SELECT id, name FROM public.item GROUP BY id; \
         CREATE VIEW public.plain AS SELECT name FROM public.item",
    )
    .await;
    let schema = read(&client).await;
    let early: Vec<&str> = names(&schema, Section::PreData);
    assert_eq!(early, ["item", "plain"]);
    assert_eq!(names(&schema, Section::PostData), ["item_pkey", "grouped", "above", "kept", "kept", "all"]);
    restore(&server, "restored", &schema).await;

    // A row type is enough for a column: the view is there with its columns, and gets its query when it can.
    client
        .batch_execute(
            "CREATE TABLE public.holds (it public.grouped); \
             CREATE FUNCTION public.first(public.grouped) RETURNS text LANGUAGE sql AS 'SELECT $1.name'",
        )
        .await
        .unwrap();
    let schema = read(&client).await;
    assert_eq!(names(&schema, Section::PreData), ["item", "grouped", "first(public.grouped)", "holds", "plain"]);
    assert_eq!(names(&schema, Section::PostData), ["item_pkey", "grouped", "above", "kept", "kept", "all"]);
    restore(&server, "again", &schema).await;
    assert_same_dump(&server, "original", "again");

    client.batch_execute("CREATE TABLE public.holds_kept (it public.kept)").await.unwrap();
    let error = alone(&Reader { client: &client, version: version(&client).await }).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    let message = "table public.holds_kept needs materialized view public.kept, which can only be created over rows";
    assert_eq!(error.message(), message);
}

#[tokio::test]
async fn circles_are_broken() {
    let server = PostgresServer::start();
    let client = fill(&server, include_str!("schemas/circles.sql")).await;
    let schema = read(&client).await;
    let restored = restore(&server, "restored", &schema).await;
    assert_eq!(statements(&read(&restored).await), statements(&schema));
    let row = restored.query_one("SELECT public.factorial(5), public.even(7)", &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, bool>(1)), (120, false));

    // Which of two views pg_dump makes first, and what it says in which order, depends on the numbers of the objects.
    let lines = async |database: &str| {
        server.connect(database).await.batch_execute("DROP VIEW hen CASCADE").await.unwrap();
        let mut lines: Vec<String> = server.pg_dump(database, &[]).lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(lines("original").await, lines("restored").await);
}

#[tokio::test]
async fn a_circle_is_an_error_that_names_its_objects() {
    let server = PostgresServer::start();
    let client = fill(
        &server,
        "CREATE FUNCTION public.one(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'; \
         CREATE FUNCTION public.two(a integer DEFAULT public.one(1)) RETURNS integer LANGUAGE sql AS 'SELECT 1'; \
         CREATE OR REPLACE FUNCTION public.one(integer DEFAULT public.two(1)) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    )
    .await;
    client.batch_execute(SESSION).await.unwrap();
    let error = alone(&Reader { client: &client, version: version(&client).await }).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(
        error.message(),
        "these objects need each other in a circle: function public.one(integer), function public.two(integer)"
    );
}

fn names(schema: &Schema, section: Section) -> Vec<&str> {
    // What every database has of its own: its settings, its comment, its rights.
    let of_database = |entry: &&Entry| entry.kind.starts_with("database");
    let entries = schema.entries.iter().filter(|entry| entry.section == section && !of_database(entry));
    entries.map(|entry| entry.name.as_str()).collect()
}

async fn fill(server: &PostgresServer, statements: &str) -> Client {
    server.create_database("original").await;
    let client = server.connect("original").await;
    client.batch_execute(statements).await.unwrap();
    client
}

async fn original(server: &PostgresServer) -> Client {
    server.create_database("original").await;
    let client = server.connect("original").await;
    let version = version(&client).await;
    for (since, statements) in SCHEMAS {
        if version >= since {
            client.batch_execute(statements).await.unwrap();
        }
    }
    client
}

async fn version(client: &Client) -> u32 {
    let row = client.query_one("SELECT current_setting('server_version_num')::integer", &[]).await.unwrap();
    row.get::<_, i32>(0).cast_unsigned()
}

async fn read(client: &Client) -> Schema {
    client.batch_execute(SESSION).await.unwrap();
    let reader = Reader { client, version: version(client).await };
    ddl::read(&reader, &reader, &Exclusions::default()).await.unwrap()
}

/// Executes every statement in its order: `PreData`, positions of sequences, then `PostData`.
async fn restore(server: &PostgresServer, database: &str, schema: &Schema) -> Client {
    server.create_database(database).await;
    let client = server.connect(database).await;
    client.batch_execute(SESSION).await.unwrap();
    for sql in statements(schema) {
        client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    }
    client
}

fn statements(schema: &Schema) -> Vec<String> {
    let (before, after): (Vec<_>, Vec<_>) = schema.entries.iter().partition(|entry| entry.section == Section::PreData);
    before.into_iter().chain(&schema.sequences).chain(after).map(|entry| entry.sql.clone()).collect()
}

fn assert_same_dump(server: &PostgresServer, original: &str, restored: &str) {
    let options = ["--schema-only", "--no-owner", "--no-acl"];
    let (original, restored) = (server.pg_dump(original, &options), server.pg_dump(restored, &options));
    let different = original.lines().zip(restored.lines()).find(|(original, restored)| original != restored);
    assert_eq!(different, None);
    assert_eq!(original.len(), restored.len());
}

async fn alone(reader: &Reader<'_>) -> holdfast::Result<ddl::Schema> {
    ddl::read(reader, reader, &Exclusions::default()).await
}
