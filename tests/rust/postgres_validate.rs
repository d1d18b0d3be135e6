//! A backup proves itself: its foreign keys without a server, the restore in a drill that leaves nothing behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast::archive::RawChunk;
use holdfast::event::{Event, Progress};
use holdfast::fingerprint::Fingerprint;
use holdfast::manifest::{Chunk, ForeignKey, Manifest, Section};
use holdfast::plan::{BackupPlan, ValidatePlan};
use holdfast::validate::Report;
use holdfast::{Error, Kind, Result, backup, validate};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::postgres_server::PostgresServer;

const BLOG: &str = "
    CREATE TABLE public.author (id integer PRIMARY KEY, name text NOT NULL);
    CREATE TABLE public.post (id bigint PRIMARY KEY, author bigint REFERENCES public.author, title text);
    CREATE INDEX post_title ON public.post (lower(title));
    CREATE VIEW public.titles AS SELECT post.title, author.name FROM public.post JOIN public.author ON author.id = post.author;
    INSERT INTO public.author SELECT n, 'author ' || n FROM generate_series(1, 20) n;
    INSERT INTO public.post SELECT n, nullif(n % 21, 0), E'tab\\t ' || n FROM generate_series(1, 2000) n;";

/// So that whoever touches a live table, even to read it, has to wait.
const LOCK_EVERYTHING: &str = "
    BEGIN;
    DO $$ DECLARE name regclass; BEGIN
        FOR name IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND oid >= 16384 LOOP
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', name);
        END LOOP;
    END $$;";

/// A server with one database and a folder for backups of it.
pub(crate) struct Site {
    pub(crate) server: PostgresServer,
    folder: TempDir,
}

impl Site {
    pub(crate) async fn start(statements: &[&str]) -> Self {
        let site = Self { server: PostgresServer::start(), folder: TempDir::new().unwrap() };
        let client = site.server.connect("postgres").await;
        client.batch_execute("CREATE ROLE plain LOGIN").await.unwrap();
        client.batch_execute("CREATE DATABASE site OWNER plain").await.unwrap();
        let client = site.server.connect("site").await;
        // Written by the plain role, so that it may read all of it.
        client.batch_execute("GRANT ALL ON SCHEMA public TO plain; SET SESSION AUTHORIZATION plain").await.unwrap();
        for statement in statements {
            client.batch_execute(statement).await.unwrap();
        }
        site
    }

    fn parameters(&self, user: &str) -> Value {
        json!({"host": self.server.socket(), "user": user, "dbname": "site"})
    }

    pub(crate) async fn back_up(&self) -> PathBuf {
        let plan = json!({
            "source": {"engine": "postgresql", "parameters": self.parameters("plain")},
            "stores": [{"kind": "folder", "path": self.folder.path()}],
            "id": "3f2a9c11d0e4b7aa",
            "alias": "default",
            "kind": "manual",
            "created": "2026-11-21T02:00:00Z",
            "codec": {"name": "gzip", "level": 1},
            "jobs": 2,
            "content": "full",
            "exclude_table_data": {},
            "unsupported": "refuse",
            "verify": "counts",
            "lock_timeout_seconds": 5.0,
            "rate_limit": null,
            "django": {},
        });
        let plan: BackupPlan = serde_json::from_value(plan).unwrap();
        let make = move || backup::backup(&plan, &Progress::default()).unwrap().place.name;
        self.folder.path().join(tokio::task::spawn_blocking(make).await.unwrap())
    }

    pub(crate) fn plan(&self, path: &Path, user: Option<&str>) -> ValidatePlan {
        // What is restored here is of the role `plain`.
        let drill = user.map(
            |user| json!({"engine": "postgresql", "parameters": self.parameters(user), "trusted_roles": ["plain"]}),
        );
        serde_json::from_value(json!({
            "backup": crate::home::plan(path),
            "jobs": null, "depth": "content", "drill": drill, "scratch_folder": self.folder.path(),
        }))
        .unwrap()
    }

    pub(crate) async fn validate(&self, path: &Path, user: Option<&str>) -> Result<Report> {
        let plan = self.plan(path, user);
        tokio::task::spawn_blocking(move || validate::validate(&plan, &Progress::default())).await.unwrap()
    }

    pub(crate) async fn databases(&self) -> Vec<String> {
        let client = self.server.connect("postgres").await;
        let rows = client
            .query("SELECT datname::text FROM pg_database WHERE NOT datistemplate ORDER BY 1", &[])
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn execute(&self, statement: &str) {
        self.server.connect("site").await.batch_execute(statement).await.unwrap();
    }
}

/// The same backup with other contents, whole in all its digests; `edit` keeps the offsets of objects.
fn edited(path: &Path, edit: impl Fn(&Chunk, &mut String)) -> PathBuf {
    let archive = crate::home::open(path).unwrap();
    let old = &archive.manifest;
    let name = "default_edited_20261121T030000Z.sql.gz";
    let writer = crate::home::create(path.parent().unwrap(), name, old.codec, 1).unwrap();
    let sender = writer.sender();
    let mut tables = old.tables.clone();
    let mut rows_of_chunks = vec![Fingerprint::default(); tables.len()];
    let mut counts = vec![0; tables.len()];
    for (index, chunk) in old.chunks.iter().enumerate() {
        let mut text = String::from_utf8(archive.chunk(index).unwrap()).unwrap();
        edit(chunk, &mut text);
        let mut rows = 0;
        if let Some(table) = chunk.table {
            let lines = text.lines().skip(1).take_while(|line| *line != "\\.");
            for line in lines {
                rows_of_chunks[table as usize].add_bytes(line.as_bytes());
                rows += 1;
            }
            counts[table as usize] += rows;
        }
        let data = text.into_bytes();
        sender.send_blocking(RawChunk { section: chunk.section, table: chunk.table, rows, data }).unwrap();
    }
    sender.end();
    for (table, (fingerprint, rows)) in tables.iter_mut().zip(rows_of_chunks.into_iter().zip(counts)) {
        table.rows = Some(rows);
        table.fingerprint = table.fingerprint.as_ref().map(|_| fingerprint.to_hex());
    }
    writer
        .finish(|written| Manifest {
            name: name.to_owned(),
            tables,
            chunks: written.chunks,
            raw_size: written.raw_size,
            chunks_sha256: written.chunks_sha256,
            ..old.clone()
        })
        .unwrap();
    path.with_file_name(name)
}

fn without_author_7(chunk: &Chunk, text: &mut String) {
    if chunk.section == Section::Data {
        *text = text.replace("7\tauthor 7\n", "");
    }
}

fn with_a_broken_index(chunk: &Chunk, text: &mut String) {
    if chunk.section == Section::PostData {
        *text = text.replace("lower(title)", "lowre(title)");
    }
}

fn check<'a>(report: &'a Report, name: &str) -> &'a str {
    let check = report.checks.iter().find(|check| check.name == name);
    check.map_or("", |check| check.detail.as_str())
}

fn failure(result: Result<Report>) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::Failed, "{}", error.message());
    error
}

#[tokio::test]
async fn foreign_keys_are_checked_without_a_server() {
    let site = Site::start(&[BLOG]).await;
    let path = site.back_up().await;
    let report = site.validate(&path, None).await.unwrap();
    assert_eq!((report.ok, check(&report, "foreign keys")), (true, "hold"));

    let broken = edited(&path, without_author_7);
    let Site { server, folder: _folder } = site;
    drop(server);
    let plan = json!({"backup": crate::home::plan(&broken), "jobs": null, "depth": "content", "drill": null, "scratch_folder": "/nowhere"});
    let plan: ValidatePlan = serde_json::from_value(plan).unwrap();
    let report = validate::validate(&plan, &Progress::default()).unwrap();
    assert!(report.ok);
    assert_eq!(
        report.warnings,
        ["95 rows of public.post refer to rows of public.author that the backup lacks (post_author_fkey)"]
    );
}

#[tokio::test]
async fn only_keys_that_texts_can_tell_are_recorded() {
    let site = Site::start(&["
        CREATE TYPE public.mood AS ENUM ('good', 'bad');
        CREATE DOMAIN public.number AS integer;
        CREATE COLLATION public.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE public.target (id integer PRIMARY KEY, code varchar(9) UNIQUE, price numeric UNIQUE, mood public.mood UNIQUE,
            loose text COLLATE public.loose UNIQUE, at date, UNIQUE (at, code), unsure integer UNIQUE);
        CREATE TABLE public.source (
            id public.number CONSTRAINT wide REFERENCES public.target,
            code text CONSTRAINT texts REFERENCES public.target (code),
            price numeric CONSTRAINT numbers REFERENCES public.target (price),
            mood public.mood CONSTRAINT moods REFERENCES public.target (mood),
            loose text COLLATE public.loose CONSTRAINT folded REFERENCES public.target (loose),
            at date, unsure integer,
            doubled integer GENERATED ALWAYS AS (unsure * 2) STORED CONSTRAINT generated REFERENCES public.target,
            CONSTRAINT pair FOREIGN KEY (code, at) REFERENCES public.target (code, at));
        ALTER TABLE public.source ADD CONSTRAINT unchecked FOREIGN KEY (unsure) REFERENCES public.target (unsure) NOT VALID;
        CREATE TABLE public.parted (id integer PRIMARY KEY, target integer CONSTRAINT from_parts REFERENCES public.target)
            PARTITION BY RANGE (id);
        CREATE TABLE public.parted_1 PARTITION OF public.parted FOR VALUES FROM (0) TO (9);
        CREATE TABLE public.to_parts (parted integer REFERENCES public.parted);"])
    .await;
    let archive = crate::home::open(&site.back_up().await).unwrap();
    let tables = &archive.manifest.tables;
    let keys = |name: &str| -> Vec<&ForeignKey> {
        tables.iter().find(|table| table.name == name).unwrap().foreign_keys.iter().collect()
    };
    let names = |name: &str| keys(name).iter().map(|key| key.name.as_str()).collect::<Vec<_>>();
    assert_eq!(names("source"), ["moods", "pair", "texts", "wide"]);
    assert_eq!(names("parted"), Vec::<&str>::new());
    assert_eq!(names("parted_1"), ["from_parts"]);
    assert_eq!(names("to_parts"), Vec::<&str>::new());
    let pair = keys("source")[1];
    assert_eq!(tables[pair.references as usize].name, "target");
    assert_eq!((&pair.columns, &pair.referenced_columns), (&vec!["code".to_owned(), "at".to_owned()], &pair.columns));
}

#[tokio::test]
async fn a_drill_restores_into_a_database_and_drops_it() {
    let site = Site::start(&[BLOG]).await;
    let path = site.back_up().await;
    site.execute("ALTER ROLE plain CREATEDB").await;
    let report = site.validate(&path, Some("plain")).await.unwrap();
    assert!(report.ok && report.deep, "{:?}", report.problems);
    let detail = check(&report, "restore drill");
    assert!(detail.starts_with("restored into a scratch database of PostgreSQL "), "{detail}");
    assert!(detail.ends_with("; 2,020 rows in 2 tables agree"), "{detail}");
    assert_eq!(site.databases().await, ["postgres", "site"]);
}

#[tokio::test]
async fn a_drill_finds_what_does_not_restore_and_drops_the_database() {
    let site = Site::start(&[BLOG]).await;
    let path = edited(&site.back_up().await, with_a_broken_index);
    let report = site.validate(&path, Some("postgres")).await.unwrap();
    assert!(!report.ok);
    assert!(report.problems[0].contains("index public.post_title"), "{:?}", report.problems);
    assert_eq!(site.databases().await, ["postgres", "site"]);
}

#[tokio::test]
async fn a_drill_finds_a_row_that_refers_to_nothing() {
    let site = Site::start(&[BLOG]).await;
    let path = edited(&site.back_up().await, without_author_7);
    let report = site.validate(&path, Some("postgres")).await.unwrap();
    assert!(!report.ok);
    assert!(report.problems[0].contains("post_author_fkey"), "{:?}", report.problems);
    assert_eq!(site.databases().await, ["postgres", "site"]);
}

#[tokio::test]
async fn a_cancelled_drill_drops_the_database() {
    // An index that takes for ever to build, but only in a drill.
    let slow = "CREATE FUNCTION public.slow(bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS \
                $$ SELECT CASE WHEN current_database() = 'site' THEN $1 ELSE length(pg_sleep(3600)::text) END $$; \
                CREATE INDEX slow ON public.post (public.slow(id));";
    let site = Site::start(&[BLOG, slow]).await;
    let plan = site.plan(&site.back_up().await, Some("postgres"));
    let progress = Arc::new(Progress::default());
    let shared = Arc::clone(&progress);
    let drill = tokio::task::spawn_blocking(move || validate::validate(&plan, &shared));
    let observed = site.server.connect("postgres").await;
    let building = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%CREATE INDEX slow%' AND state = 'active' \
                    AND pid <> pg_backend_pid()";
    while observed.query_one(building, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(!drill.is_finished(), "the drill ended by itself");
    }
    progress.cancel();
    assert_eq!(drill.await.unwrap().unwrap_err().kind(), Kind::Interrupted);
    assert_eq!(site.databases().await, ["postgres", "site"]);
    assert!(!progress.drain().iter().any(|event| matches!(event, Event::Notice { .. })));
}

#[tokio::test]
async fn a_drill_removes_what_a_killed_one_left() {
    let site = Site::start(&[BLOG]).await;
    let path = site.back_up().await;
    for name in ["holdfast_drill_dead_1_1", "holdfast_drill_busy_1_2", "holdfast_drill_begun_1_3"] {
        site.server.create_database(name).await;
    }
    let _busy = site.server.connect_as("plain", "holdfast_drill_busy_1_2").await;
    // Of a killed drill, which the server has not missed yet.
    let _dead = site.server.connect("holdfast_drill_dead_1_1").await;
    let begun = site.server.connect("postgres").await;
    begun.batch_execute("SET application_name = 'holdfast_drill_begun_1_3'").await.unwrap();
    assert!(site.validate(&path, Some("postgres")).await.unwrap().ok);
    let left = ["holdfast_drill_begun_1_3", "holdfast_drill_busy_1_2", "postgres", "site"];
    assert_eq!(site.databases().await, left);
}

#[tokio::test]
async fn a_locale_that_the_server_lacks_is_replaced_and_told() {
    let site = Site::start(&[BLOG]).await;
    let path = site.back_up().await;
    let archive = crate::home::open(&path).unwrap();
    let mut manifest = archive.manifest.clone();
    manifest.database.properties.insert("collate".to_owned(), "xx_XX.utf8".into());
    let other = path.with_file_name("default_other_20261121T030000Z.sql.gz");
    let writer =
        crate::home::create(site.folder.path(), "default_other_20261121T030000Z.sql.gz", manifest.codec, 1).unwrap();
    let sender = writer.sender();
    for (index, chunk) in manifest.chunks.iter().enumerate() {
        let data = archive.chunk(index).unwrap();
        sender.send_blocking(RawChunk { section: chunk.section, table: chunk.table, rows: chunk.rows, data }).unwrap();
    }
    sender.end();
    manifest.name = "default_other_20261121T030000Z.sql.gz".to_owned();
    writer
        .finish(|written| Manifest { chunks: written.chunks, chunks_sha256: written.chunks_sha256, ..manifest })
        .unwrap();
    let report = site.validate(&other, Some("postgres")).await.unwrap();
    assert!(report.ok, "{:?}", report.problems);
    assert!(check(&report, "restore drill").ends_with("it has no xx_XX.utf8)"), "{}", check(&report, "restore drill"));
}

#[tokio::test]
async fn beside_live_objects_a_drill_changes_nothing() {
    let schema = include_str!("schemas/since_14.sql");
    let site =
        Site::start(&[schema, BLOG, "CREATE MATERIALIZED VIEW public.counted AS SELECT count(*) FROM public.post"])
            .await;
    let path = site.back_up().await;
    // What a drill must not touch is unlike what it makes.
    site.execute("UPDATE public.author SET name = 'live'; SELECT nextval('shop.plain')").await;
    let before = site.server.pg_dump("site", &[]);
    let application = site.server.connect("site").await;
    application.batch_execute(LOCK_EVERYTHING).await.unwrap();
    let report = site.validate(&path, Some("plain")).await.unwrap();
    assert!(report.ok, "{:?}", report.problems);
    application.batch_execute("ROLLBACK").await.unwrap();
    let detail = check(&report, "restore drill");
    assert!(detail.starts_with("restored into scratch schemas of PostgreSQL "), "{detail}");
    assert_eq!(site.server.pg_dump("site", &[]), before);
    assert_eq!(site.databases().await, ["postgres", "site"]);
}

#[tokio::test]
async fn beside_live_objects_a_drill_finds_what_does_not_restore() {
    let site = Site::start(&[BLOG]).await;
    let path = edited(&site.back_up().await, with_a_broken_index);
    let before = site.server.pg_dump("site", &[]);
    let report = site.validate(&path, Some("plain")).await.unwrap();
    assert!(!report.ok);
    assert!(report.problems[0].contains("index public.post_title"), "{:?}", report.problems);
    assert_eq!(site.server.pg_dump("site", &[]), before);
}

#[tokio::test]
async fn beside_live_objects_a_drill_refuses_what_it_cannot_tell_apart() {
    let site = Site::start(&[BLOG, "CREATE TABLE public.link (target text DEFAULT 'public.post')"]).await;
    let error = failure(site.validate(&site.back_up().await, Some("plain")).await);
    assert!(error.message().contains("'public.post' may mean a live object"), "{}", error.message());

    let site = Site::start(&[
        "CREATE SCHEMA shop; CREATE TABLE shop.shop (id integer)",
        "CREATE VIEW shop.counted AS SELECT count(shop.id), max(other.id) FROM shop.shop, shop.shop other",
    ])
    .await;
    let error = failure(site.validate(&site.back_up().await, Some("plain")).await);
    assert!(error.message().contains("has the name of a schema"), "{}", error.message());
}

#[tokio::test]
async fn a_role_without_rights_is_told_which_it_needs() {
    let site = Site::start(&[BLOG]).await;
    let path = site.back_up().await;
    site.execute("CREATE ROLE guest LOGIN").await;
    let error = failure(site.validate(&path, Some("guest")).await);
    let hint = error.hint_text().unwrap();
    assert!(hint.contains("ALTER ROLE \"guest\" CREATEDB"), "{hint}");
    assert!(hint.contains("GRANT CREATE ON DATABASE \"site\" TO \"guest\""), "{hint}");
}
