//! A schema read from the catalogs and executed again is the same schema; `pg_dump` is the judge.

use holdfast::manifest::Section;
use holdfast::postgres::ddl::{self, Reader, Schema};
use tokio_postgres::Client;

use crate::postgres_server::PostgresServer;

/// Statements, and the first version of the server that knows them.
const SCHEMAS: [(u32, &str); 4] = [
    (140_000, include_str!("schemas/since_14.sql")),
    (150_000, include_str!("schemas/since_15.sql")),
    (160_000, include_str!("schemas/since_16.sql")),
    (180_000, include_str!("schemas/since_18.sql")),
];

/// As `psql` and our own restore set it before the first statement.
const SESSION: &str = "SET search_path = ''; SET check_function_bodies = false";

#[tokio::test]
async fn restored_schema_equals_the_original() {
    let server = PostgresServer::start();
    let original = original(&server).await;
    let schema = read(&original).await;
    let restored = restore(&server, "restored", &schema).await;
    assert_same_dump(&server, "original", "restored");
    assert_eq!(statements(&read(&restored).await), statements(&schema));
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
    ddl::read(&reader).await.unwrap()
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
    let (before, after): (Vec<_>, Vec<_>) =
        schema.entries.iter().partition(|entry| entry.section == Section::PreData);
    before.into_iter().chain(&schema.sequences).chain(after).map(|entry| entry.sql.clone()).collect()
}

fn assert_same_dump(server: &PostgresServer, original: &str, restored: &str) {
    let options = ["--schema-only", "--no-owner", "--no-acl"];
    let (original, restored) = (server.pg_dump(original, &options), server.pg_dump(restored, &options));
    let different = original.lines().zip(restored.lines()).find(|(original, restored)| original != restored);
    assert_eq!(different, None);
    assert_eq!(original.len(), restored.len());
}
