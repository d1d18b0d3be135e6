//! Text search, foreign data, rules, replication, event triggers, default privileges and security labels.

use holdfast::plan::Owners;
use holdfast::postgres::ddl::removal;

use crate::postgres_ddl_more::{ROLES, assert_same, entries, execute, fill, read, reader};
use crate::postgres_server::PostgresServer;

const SINCE_14: &str = include_str!("postgres_ddl_services/since_14.sql");
const LATER: [(u32, &str); 4] = [
    (150_000, include_str!("postgres_ddl_services/since_15.sql")),
    (160_000, include_str!("postgres_ddl_services/since_16.sql")),
    (170_000, include_str!("postgres_ddl_services/since_17.sql")),
    (180_000, include_str!("postgres_ddl_services/since_18.sql")),
];
const CHIEF: &str = "CREATE ROLE chief SUPERUSER";

async fn original(server: &PostgresServer) -> tokio_postgres::Client {
    let original = fill(server, "original", &[ROLES, CHIEF, SINCE_14]).await;
    let version = reader(&original).await.version;
    for (since, statements) in LATER {
        if version >= since {
            original.batch_execute(statements).await.unwrap();
        }
    }
    original
}

#[tokio::test]
async fn services_are_restored_as_they_were() {
    let server = PostgresServer::start();
    let original = original(&server).await;
    assert_eq!(read(&original).await.refused, []);
    let restored = fill(&server, "restored", &[]).await;
    execute(&restored, &entries(&original).await).await;
    // No event trigger fired while the others were made.
    let row = restored.query_one("SELECT count(*) FROM app.log", &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
    assert_same(&server, &["--schema-only"]);
}

#[tokio::test]
async fn psql_restores_services_too() {
    let server = PostgresServer::start();
    let original = original(&server).await;
    server.create_database("restored").await;
    let script: String = entries(&original).await.into_iter().map(|entry| entry.sql).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("SET search_path = '';\nSET check_function_bodies = false;\n{script}"))
        .unwrap();
    server.psql("restored", file.path());
    assert_same(&server, &["--schema-only"]);
}

#[tokio::test]
async fn services_are_removed_before_a_restore_and_leave_no_trace_in_it() {
    let server = PostgresServer::start();
    let client = original(&server).await;
    let subscribed = removal::plan(&reader(&client).await, Owners::Apply).await.unwrap_err();
    let hint = subscribed.hint_text().unwrap().to_owned();
    assert!(subscribed.message().contains("writes into this database"), "{}", subscribed.message());
    assert!(hint.contains("SET (slot_name = NONE); DROP SUBSCRIPTION"), "{hint}");
    let rows = client.query("SELECT quote_ident(subname) FROM pg_subscription", &[]).await.unwrap();
    let entries = entries(&client).await;
    for row in rows {
        let name: &str = row.get(0);
        let drop = format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}");
        client.batch_execute(&drop).await.unwrap();
    }
    let kept = removal::plan(&reader(&client).await, Owners::Ignore).await.unwrap();
    assert!(kept.iter().all(|removal| removal.kind != "default privileges"));

    let plan = removal::plan(&reader(&client).await, Owners::Apply).await.unwrap();
    let statements: String = plan.iter().map(|removal| removal.sql.as_str()).collect();
    client.batch_execute(&format!("BEGIN; SET client_min_messages = warning; {statements}; COMMIT")).await.unwrap();
    fill(&server, "restored", &["CREATE EXTENSION postgres_fdw"]).await;
    client.batch_execute("REVOKE ALL ON FOREIGN DATA WRAPPER postgres_fdw FROM reader").await.unwrap();
    assert_same(&server, &["--schema-only"]);
    assert_eq!(removal::plan(&reader(&client).await, Owners::Apply).await.unwrap(), []);

    // What was there before must not add grants to what comes.
    client.batch_execute("DROP EXTENSION postgres_fdw").await.unwrap();
    execute(&client, &entries).await;
    let restored = server.connect("restored").await;
    restored.batch_execute("DROP EXTENSION postgres_fdw").await.unwrap();
    execute(&restored, &entries).await;
    assert_same(&server, &["--schema-only"]);
}

#[tokio::test]
async fn what_a_plain_role_may_not_read_is_named() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[ROLES, CHIEF, SINCE_14]).await;
    original
        .batch_execute(
            "CREATE SERVER open FOREIGN DATA WRAPPER postgres_fdw; \
        GRANT USAGE ON FOREIGN SERVER open TO reader; \
        CREATE USER MAPPING FOR reader SERVER open OPTIONS (user 'r'); SET ROLE reader",
        )
        .await
        .unwrap();
    let schema = read(&original).await;
    let refused: Vec<String> =
        schema.refused.iter().map(|refused| format!("{} {}", refused.kind, refused.name)).collect();
    for named in ["user mapping boss on remote (", "subscription select ("] {
        assert!(refused.iter().any(|refused| refused.starts_with(named)), "{named}: {refused:#?}");
    }
    let kept: Vec<&str> =
        schema.entries.iter().filter(|entry| entry.kind == "user mapping").map(|entry| entry.sql.as_str()).collect();
    assert!(kept.iter().any(|sql| sql.contains("FOR \"reader\" SERVER \"open\" OPTIONS (\"user\" 'r')")), "{kept:?}");
    assert!(!kept.iter().any(|sql| sql.contains("boss")), "{kept:?}");
    assert!(!schema.entries.iter().any(|entry| entry.kind == "subscription"));
}

#[tokio::test]
async fn a_foreign_table_is_never_read() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[ROLES, CHIEF, SINCE_14]).await;
    let schema = read(&original).await;
    assert!(schema.entries.iter().any(|entry| entry.kind == "foreign table" && entry.name == "cold"));
    assert!(!schema.relations.iter().any(|relation| ["cold", "far", "heir", "none"].contains(&relation.name.as_str())));
}

/// No label provider is in any package; a superuser can write what one would.
#[tokio::test]
async fn security_labels_are_read_and_their_modules_named() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[ROLES]).await;
    original
        .batch_execute(
            "CREATE TABLE public.secret (id integer); SELECT lo_create(77); CREATE EXTENSION hstore; \
             SET allow_system_table_mods = on; \
             INSERT INTO pg_seclabel VALUES \
                ('public.secret'::regclass, 'pg_class'::regclass, 0, 'some''body', 'it''s ''secret'''), \
                ('public.secret'::regclass, 'pg_class'::regclass, 1, 'dummy', 'column'), \
                (77, 'pg_largeobject'::regclass, 0, 'dummy', 'large'), \
                ((SELECT oid FROM pg_type WHERE typname = 'hstore'), 'pg_type'::regclass, 0, 'dummy', 'member')",
        )
        .await
        .unwrap();
    let schema = read(&original).await;
    let labels: Vec<&str> = schema
        .entries
        .iter()
        .filter(|entry| entry.kind == "security label")
        .map(|entry| entry.sql.trim_end())
        .collect();
    assert_eq!(
        labels,
        [
            "SECURITY LABEL FOR \"dummy\" ON LARGE OBJECT 77 IS 'large';",
            "SECURITY LABEL FOR \"some'body\" ON TABLE \"public\".\"secret\" IS 'it''s ''secret''';",
            "SECURITY LABEL FOR \"dummy\" ON COLUMN \"public\".\"secret\".\"id\" IS 'column';",
        ]
    );
    assert_eq!(schema.label_providers, ["dummy", "some'body"]);
    let refused: Vec<&str> = schema.refused.iter().map(|refused| refused.name.as_str()).collect();
    assert_eq!(refused, ["dummy on public.hstore"]);
}
