//! Views, functions, triggers, policies, comments, rights; and what a database loses before a restore, or must not hold.

use std::collections::BTreeSet;

use holdfast::exclusions::Exclusions;
use holdfast::plan::Owners;
use holdfast::postgres::ddl::{self, Entry, Reader, Schema, privileges, removal};
use tokio_postgres::Client;

use crate::postgres_server::PostgresServer;

const BASE: &str = include_str!("postgres_ddl_more/base.sql");
const REST: &str = include_str!("postgres_ddl_more/rest.sql");
const SINCE_15: &str = "CREATE VIEW app.invoked WITH (security_invoker = true) AS SELECT 1 AS one";
const SINCE_16: &str = "CREATE COLLATION app.ruled (provider = icu, locale = 'und', rules = '&V << w <<< W')";
const SINCE_17: &str = "CREATE COLLATION app.built_in (provider = builtin, locale = 'C.UTF-8'); \
                        GRANT MAINTAIN ON app.book TO reader";
const RIGHTS: &str = include_str!("postgres_ddl_more/rights.sql");
const CODE: &str = include_str!("postgres_ddl_more/code.sql");
pub(crate) const ROLES: &str =
    r#"CREATE ROLE boss; CREATE ROLE reader; CREATE ROLE "wri'ter"; CREATE ROLE "$holdfast$";"#;

#[tokio::test]
async fn what_hangs_on_tables_is_restored_as_it_was() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[ROLES, BASE, REST]).await;
    let version = reader(&original).await.version;
    for (since, statements) in [(150_000, SINCE_15), (160_000, SINCE_16), (170_000, SINCE_17)] {
        if version >= since {
            original.batch_execute(statements).await.unwrap();
        }
    }
    let restored = fill(&server, "restored", &[]).await;
    execute(&restored, &entries(&original).await).await;
    assert_same(&server, &[]);
}

#[tokio::test]
async fn psql_restores_all_of_it_too() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[ROLES, BASE, REST, RIGHTS]).await;
    server.create_database("restored").await;
    let script: String = entries(&original).await.into_iter().map(|entry| entry.sql).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("SET search_path = '';\nSET check_function_bodies = false;\n{script}"))
        .unwrap();
    server.psql("restored", file.path());
    assert_same(&server, &[]);
}

#[tokio::test]
async fn what_is_dropped_while_it_is_read_is_an_error() {
    let server = PostgresServer::start();
    for (create, drop) in [
        ("CREATE FUNCTION fleeting() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION fleeting()"),
        ("CREATE DOMAIN fleeting AS int; COMMENT ON DOMAIN fleeting IS 'gone'", "DROP DOMAIN fleeting"),
    ] {
        let name = format!("dropped_{}", drop.len());
        let original = fill(&server, &name, &[create]).await;
        original.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class LIMIT 1").await.unwrap();
        server.connect(&name).await.batch_execute(drop).await.unwrap();
        let reader = reader(&original).await;
        let error = ddl::read(&reader, &reader, &Exclusions::default()).await.unwrap_err();
        assert!(error.message().contains("was dropped while it was read"), "{}", error.message());
    }
}

#[tokio::test]
async fn owners_and_grants_are_restored_as_they_were() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[ROLES, BASE, REST, RIGHTS]).await;
    let large = "SELECT lo_create(77); COMMENT ON LARGE OBJECT 77 IS 'large'; ALTER LARGE OBJECT 77 OWNER TO boss; \
                 GRANT SELECT ON LARGE OBJECT 77 TO reader";
    original.batch_execute(large).await.unwrap();
    let restored = fill(&server, "restored", &["SELECT lo_create(77)"]).await;
    execute(&restored, &entries(&original).await).await;
    assert_same(&server, &[]);

    let reader = reader(&original).await;
    assert_eq!(privileges::roles(&reader).await.unwrap(), ["$holdfast$", "boss", "postgres", "reader", "wri'ter"]);
}

#[tokio::test]
async fn a_missing_role_costs_its_own_rights_alone() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[ROLES, BASE, REST, RIGHTS]).await;
    let entries = entries(&original).await;
    let elsewhere = PostgresServer::start();
    let restored = fill(&elsewhere, "restored", &["CREATE ROLE reader"]).await;
    execute(&restored, &entries).await;
    let dump = elsewhere.pg_dump("restored", &["--schema-only"]);
    for kept in [
        "GRANT SELECT ON TABLE app.book TO reader WITH GRANT OPTION;",
        "CREATE POLICY \"Some ones\" ON app.book AS RESTRICTIVE FOR UPDATE TO reader",
        "REVOKE ALL ON PROCEDURE app.rename",
        "GRANT SELECT(name),UPDATE(name) ON TABLE app.author TO reader;",
    ] {
        assert!(dump.contains(kept), "{kept}\n{dump}");
    }
}

#[tokio::test]
async fn a_plain_role_empties_a_database_and_leaves_extensions_alone() {
    let server = PostgresServer::start();
    let extensions = "CREATE SCHEMA tools; CREATE EXTENSION citext WITH SCHEMA tools; CREATE EXTENSION hstore; \
                      GRANT CREATE ON SCHEMA public TO owner; GRANT USAGE, CREATE ON SCHEMA tools TO owner;";
    fill(&server, "restored", &["CREATE ROLE owner; GRANT CREATE ON DATABASE postgres TO owner", extensions]).await;
    let client = fill(&server, "original", &["GRANT CREATE ON DATABASE original TO owner", extensions]).await;
    client.batch_execute("SET ROLE owner").await.unwrap();
    client.batch_execute(include_str!("postgres_ddl_more/tangle.sql")).await.unwrap();

    let plan = removal::plan(&reader(&client).await, Owners::Apply).await.unwrap();
    let names: BTreeSet<(&str, &str)> =
        plan.iter().map(|removal| (removal.kind.as_str(), removal.name.as_str())).collect();
    for named in [
        ("table", "app.author"),
        ("view", "app.shown"),
        ("materialized view", "app.kept"),
        ("table", "app.part_1"),
        ("sequence", "app.counter"),
        ("function", "app.shout(tools.citext)"),
        ("aggregate", "app.total(integer)"),
        ("operator", "app.+%(integer, integer)"),
        ("schema", "app"),
        ("table", "tools.mine"),
    ] {
        assert!(names.contains(&named), "{named:?} is not in {names:#?}");
    }
    assert!(!names.contains(&("schema", "tools")));
    assert!(!names.contains(&("schema", "public")));

    let statements: String = plan.iter().map(|removal| removal.sql.as_str()).collect();
    client.batch_execute(&format!("BEGIN; SET client_min_messages = warning; {statements}; COMMIT")).await.unwrap();
    assert_same(&server, &[]);
    assert_eq!(removal::plan(&reader(&client).await, Owners::Apply).await.unwrap(), []);
}

#[tokio::test]
async fn members_of_operator_families_are_restored_where_no_backup_creates_the_family() {
    let server = PostgresServer::start();
    let original = fill(&server, "original", &[CODE]).await;
    let restored = fill(&server, "restored", &[]).await;
    execute(&restored, &entries(&original).await).await;
    assert_same(&server, &[]);
    let members = members_of_families(&original).await;
    for added in [
        "operator 1 (integer, pg_catalog.tid) of pg_catalog.integer_ops USING btree",
        "function 1 (integer, pg_catalog.tid) of pg_catalog.integer_ops USING btree",
        "function 1 (pg_catalog.oid, pg_catalog.tid) of pg_catalog.integer_ops USING btree",
        "function 1 (public.hstore, pg_catalog.tid) of public.btree_hstore_ops USING btree",
    ] {
        assert!(members.iter().any(|member| member == added), "{members:#?}");
    }
    assert_eq!(members_of_families(&restored).await, members);
}

#[tokio::test]
async fn code_is_removed_under_the_names_that_it_is_created_under() {
    let server = PostgresServer::start();
    let client = fill(&server, "original", &[CODE]).await;
    fill(&server, "restored", &["CREATE EXTENSION hstore; CREATE EXTENSION btree_gin"]).await;
    let kinds = [
        "aggregate",
        "operator",
        "operator class",
        "operator family",
        "operator family member",
        "cast",
        "conversion",
        "transform",
        "language",
        "access method",
    ];
    let plan = removal::plan(&reader(&client).await, Owners::Apply).await.unwrap();
    let removed: BTreeSet<String> = plan
        .iter()
        .filter(|removal| kinds.contains(&removal.kind.as_str()))
        .map(|removal| format!("{} {}", removal.kind, removal.name))
        .collect();
    let created: BTreeSet<String> = entries(&client)
        .await
        .iter()
        .filter(|entry| kinds.contains(&entry.kind))
        .map(|entry| match &entry.schema {
            Some(schema) => format!("{} {schema}.{}", entry.kind, entry.name),
            None => format!("{} {}", entry.kind, entry.name),
        })
        .collect();
    assert_eq!(removed, created);
    assert_eq!(removed.len(), 16, "{removed:#?}");

    let statements: String = plan.iter().map(|removal| removal.sql.as_str()).collect();
    client.batch_execute(&format!("BEGIN; SET client_min_messages = warning; {statements}; COMMIT")).await.unwrap();
    assert_same(&server, &[]);
    assert_eq!(removal::plan(&reader(&client).await, Owners::Apply).await.unwrap(), []);
}

#[tokio::test]
async fn a_removal_that_would_reach_an_extension_is_refused() {
    let server = PostgresServer::start();
    let entangled = "CREATE EXTENSION hstore; CREATE TYPE public.mine AS ENUM ('a'); \
                     CREATE FUNCTION public.added() RETURNS public.mine LANGUAGE sql AS 'SELECT NULL::public.mine'; \
                     ALTER EXTENSION hstore ADD FUNCTION public.added();";
    let client = fill(&server, "original", &[entangled]).await;
    let error = removal::plan(&reader(&client).await, Owners::Apply).await.unwrap_err();
    assert!(error.message().contains("hstore") && error.message().contains("mine"), "{}", error.message());
}

#[tokio::test]
async fn everything_that_cannot_be_backed_up_is_named() {
    let server = PostgresServer::start();
    let client = fill(&server, "original", &[ROLES, BASE, REST]).await;
    assert_eq!(read(&client).await.refused, []);
    client.batch_execute(include_str!("postgres_ddl_more/unsupported.sql")).await.unwrap();
    let refused = read(&client).await.refused;
    let found: Vec<String> = refused.iter().map(|refused| format!("{}: {}", refused.kind, refused.name)).collect();
    let mut expected: Vec<&str> = include_str!("postgres_ddl_more/unsupported.txt").lines().collect();
    expected.sort_unstable();
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

/// What was added to operator families since the server was made, in its own words.
async fn members_of_families(client: &Client) -> Vec<String> {
    let members = "SELECT (pg_identify_object(class, member.oid, 0)).identity FROM ( \
                      SELECT 'pg_amop'::regclass, oid FROM pg_amop \
                       UNION ALL SELECT 'pg_amproc'::regclass, oid FROM pg_amproc) member(class, oid) \
                    WHERE member.oid >= 16384 ORDER BY 1";
    client.query(members, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// A new database in which these scripts ran.
pub(crate) async fn fill(server: &PostgresServer, database: &str, scripts: &[&str]) -> Client {
    server.create_database(database).await;
    let client = server.connect(database).await;
    for script in scripts {
        client.batch_execute(script).await.unwrap();
    }
    client
}

pub(crate) async fn reader(client: &Client) -> Reader<'_> {
    client.batch_execute("SET search_path = ''").await.unwrap();
    let row = client.query_one("SELECT current_setting('server_version_num')::int", &[]).await.unwrap();
    Reader { client, version: row.get::<_, i32>(0).try_into().unwrap() }
}

/// All definitions, over one connection.
pub(crate) async fn read(client: &Client) -> Schema {
    let reader = reader(client).await;
    ddl::read(&reader, &reader, &Exclusions::default()).await.unwrap()
}

pub(crate) async fn entries(client: &Client) -> Vec<Entry> {
    read(client).await.entries
}

pub(crate) async fn execute(client: &Client, entries: &[Entry]) {
    client.batch_execute("SET search_path = ''; SET check_function_bodies = false").await.unwrap();
    for entry in entries {
        client.batch_execute(&entry.sql).await.unwrap_or_else(|error| panic!("{error:?}\n{}", entry.sql));
    }
}

pub(crate) fn assert_same(server: &PostgresServer, options: &[&str]) {
    let [original, restored] = ["original", "restored"].map(|database| server.pg_dump(database, options));
    let difference: Vec<String> = difference(&original, &restored);
    assert!(difference.is_empty(), "{}", difference.join("\n"));
    assert_eq!(original, restored);
}

/// The lines that only one of two texts has: short enough to read.
fn difference(original: &str, restored: &str) -> Vec<String> {
    let [left, right]: [BTreeSet<&str>; 2] = [original, restored].map(|text| text.lines().collect());
    let lost = left.difference(&right).map(|line| format!("- {line}"));
    lost.chain(right.difference(&left).map(|line| format!("+ {line}"))).collect()
}
