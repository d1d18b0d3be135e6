//! What `pg_dump` does not show of tables, and what a server may lack that restores them.

use holdfast::postgres::ddl::Schema;
use tokio_postgres::Client;

use crate::postgres_ddl_more::read;
use crate::postgres_server::PostgresServer;

#[tokio::test]
async fn constraints_of_partitions_keep_their_names() {
    let server = PostgresServer::start();
    let original = fill(
        &server,
        "original",
        "CREATE TABLE plain (id integer PRIMARY KEY); \
         CREATE TABLE parts (id integer, plain integer) PARTITION BY LIST (id); \
         CREATE TABLE part_1 (id integer, plain integer, CONSTRAINT \"own 'name'\" FOREIGN KEY (plain) REFERENCES plain); \
         CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2) PARTITION BY LIST (plain); \
         CREATE TABLE part_2_1 PARTITION OF part_2 FOR VALUES IN (1); \
         ALTER TABLE parts ADD CONSTRAINT of_parent FOREIGN KEY (plain) REFERENCES plain; \
         ALTER TABLE parts ATTACH PARTITION part_1 FOR VALUES IN (1); \
         ALTER TABLE part_2_1 RENAME CONSTRAINT of_parent TO of_child",
    )
    .await;
    let restored = restore(&server, "restored", &read(&original).await).await;
    let names = constraints(&restored).await;
    assert_eq!(names, constraints(&original).await);
    for name in ["part_1 own 'name'", "part_2 of_parent", "part_2_1 of_child", "parts of_parent"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
}

#[tokio::test]
async fn a_partition_that_is_being_detached_comes_back_alone() {
    let server = PostgresServer::start();
    let original = fill(
        &server,
        "original",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         CREATE TABLE plain (id integer PRIMARY KEY); \
         CREATE TABLE parts (id integer PRIMARY KEY, plain integer REFERENCES plain CHECK (plain > 0)) PARTITION BY LIST (id); \
         CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1); \
         CREATE INDEX ON parts (plain); \
         CREATE TRIGGER t BEFORE INSERT ON parts FOR EACH ROW EXECUTE FUNCTION f(); \
         INSERT INTO plain VALUES (7)",
    )
    .await;
    let reading = server.connect("original").await;
    reading.batch_execute("BEGIN; SELECT FROM parts").await.unwrap();
    // The reader is in the way of its second half.
    original.batch_execute("SET lock_timeout = 100").await.unwrap();
    original.batch_execute("ALTER TABLE parts DETACH PARTITION part_1 CONCURRENTLY").await.unwrap_err();
    reading.batch_execute("ROLLBACK").await.unwrap();

    restore(&server, "restored", &read(&original).await).await;
    original
        .batch_execute("SET search_path = public; ALTER TABLE parts DETACH PARTITION part_1 FINALIZE")
        .await
        .unwrap();
    assert_eq!(server.pg_dump("original", &["--schema-only"]), server.pg_dump("restored", &["--schema-only"]));
}

#[tokio::test]
async fn invalid_indexes_are_left_out_and_named() {
    let server = PostgresServer::start();
    let original =
        fill(&server, "original", "CREATE TABLE public.t (a integer); INSERT INTO public.t VALUES (1), (1)").await;
    original.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY \"left 'over'\" ON public.t (a)").await.unwrap_err();
    let schema = read(&original).await;
    assert!(!schema.entries.iter().any(|entry| entry.kind == "index"));
    assert_eq!(
        schema.notices,
        ["the index public.left 'over' is invalid and not part of the backup; REINDEX or DROP INDEX mends it"]
    );
}

#[tokio::test]
async fn a_missing_tablespace_leaves_the_default() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", "SET allow_in_place_tablespaces = on").await;
    original.batch_execute("CREATE TABLESPACE \"fast 'disk'\" LOCATION ''").await.unwrap();
    original
        .batch_execute(
            "CREATE TABLE public.t (a integer PRIMARY KEY) TABLESPACE \"fast 'disk'\"; \
             CREATE TABLE public.parts (a integer) PARTITION BY LIST (a) TABLESPACE \"fast 'disk'\"",
        )
        .await
        .unwrap();
    let schema = read(&original).await;
    let dump = server.pg_dump("original", &["--no-tablespaces"]);

    let server_without = PostgresServer::start();
    restore(&server_without, "restored", &schema).await;
    assert_eq!(server_without.pg_dump("restored", &["--no-tablespaces"]), dump);

    // A database that lives in it has no name for it.
    original.batch_execute("CREATE DATABASE inside TABLESPACE \"fast 'disk'\"").await.unwrap();
    execute(&server.connect("inside").await, &schema).await;
    assert_eq!(server.pg_dump("inside", &["--no-tablespaces"]), dump);
}

async fn fill(server: &PostgresServer, database: &str, statements: &str) -> Client {
    server.create_database(database).await;
    let client = server.connect(database).await;
    client.batch_execute(statements).await.unwrap();
    client
}

async fn restore(server: &PostgresServer, database: &str, schema: &Schema) -> Client {
    server.create_database(database).await;
    let client = server.connect(database).await;
    execute(&client, schema).await;
    client
}

async fn execute(client: &Client, schema: &Schema) {
    client.batch_execute("SET search_path = ''; SET check_function_bodies = false").await.unwrap();
    for entry in &schema.entries {
        client.batch_execute(&entry.sql).await.unwrap_or_else(|error| panic!("{error:?}\n{}", entry.sql));
    }
}

/// `table constraint`, of those that a user named or may have.
async fn constraints(client: &Client) -> Vec<String> {
    let query = "SELECT relname || ' ' || conname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid \
                  WHERE contype <> 'n' AND relnamespace = 2200 ORDER BY 1";
    client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// An extension of SQL alone, in a folder that the server is told of; servers before 18 know one folder.
#[tokio::test]
async fn rows_of_extensions_are_restored_where_the_extension_wants_it() {
    let server = PostgresServer::start();
    let folder = tempfile::tempdir().unwrap();
    let extensions = folder.path().join("extension");
    std::fs::create_dir(&extensions).unwrap();
    std::fs::write(extensions.join("kept_rows.control"), "default_version = '1.0'\nrelocatable = false\n").unwrap();
    std::fs::write(
        extensions.join("kept_rows--1.0.sql"),
        "CREATE SCHEMA kept; \
         CREATE TABLE kept.up (id integer PRIMARY KEY, standard boolean, note text, twice text GENERATED ALWAYS AS (note || note) STORED); \
         CREATE TABLE kept.down (up integer REFERENCES kept.up, made integer GENERATED ALWAYS AS IDENTITY); \
         CREATE SEQUENCE kept.counter; \
         INSERT INTO kept.up VALUES (1, true, 'standard'); \
         SELECT pg_extension_config_dump('kept.up', 'WHERE NOT standard'); \
         SELECT pg_extension_config_dump('kept.down', ''); \
         SELECT pg_extension_config_dump('kept.counter', '');",
    )
    .unwrap();
    for (path, mode) in [(folder.path(), 0o755), (&extensions, 0o755)] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    let original = fill(&server, "original", "").await;
    let row = original.query_one("SELECT current_setting('server_version_num')::int", &[]).await.unwrap();
    let version: i32 = row.get(0);
    if version < 180_000 {
        // What the catalogs say of an extension is the same on all of them.
        assert!(read(&original).await.sequences.is_empty());
        return;
    }
    let path = format!("SET extension_control_path = '{}:$system'", folder.path().display());
    original.batch_execute(&path).await.unwrap();
    original
        .batch_execute(
            "CREATE EXTENSION kept_rows; INSERT INTO kept.up VALUES (2, false, E'it''s \\\\ \\n'), (3, false, NULL); \
             INSERT INTO kept.down VALUES (2), (1); SELECT setval('kept.counter', 7)",
        )
        .await
        .unwrap();
    let schema = read(&original).await;
    assert!(schema.relations.is_empty());
    server.create_database("restored").await;
    let restored = server.connect("restored").await;
    restored.batch_execute(&path).await.unwrap();
    execute(&restored, &schema).await;
    // The second time over rows that are there already, and some that came since.
    for _ in 0..2 {
        for entry in &schema.sequences {
            restored.batch_execute(&entry.sql).await.unwrap_or_else(|error| panic!("{error:?}\n{}", entry.sql));
        }
        assert_eq!(server.pg_dump("original", &[]), server.pg_dump("restored", &[]));
        restored
            .batch_execute("INSERT INTO kept.up VALUES (9, false); INSERT INTO kept.down VALUES (9)")
            .await
            .unwrap();
    }
}
