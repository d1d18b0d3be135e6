//! A load over several connections: whole, without a deadlock, with and without dependencies in the manifest.
//!
//! A drill in a database of its own is such a load; it compares every row and drops the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast::Kind;
use holdfast::archive::RawChunk;
use holdfast::event::Progress;
use holdfast::manifest::Manifest;
use holdfast::validate;

use crate::postgres_validate::Site;

const WEB: &str = include_str!("schemas/web.sql");

/// As a program wrote it that did not tell what objects need.
fn without_needs(path: &Path) -> PathBuf {
    let archive = crate::home::open(path).unwrap();
    let name = "default_older_20261121T030000Z.sql.gz";
    let writer = crate::home::create(path.parent().unwrap(), name, archive.manifest.codec, 1).unwrap();
    let sender = writer.sender();
    for (index, chunk) in archive.manifest.chunks.iter().enumerate() {
        let data = archive.chunk(index).unwrap();
        let chunk = RawChunk { section: chunk.section, table: chunk.table, rows: chunk.rows, data };
        sender.send_blocking(chunk).unwrap();
    }
    sender.end();
    let mut old = archive.manifest.clone();
    for object in &mut old.objects {
        object.needs.clear();
    }
    writer
        .finish(|written| Manifest {
            name: name.to_owned(),
            chunks: written.chunks,
            raw_size: written.raw_size,
            chunks_sha256: written.chunks_sha256,
            ..old
        })
        .unwrap();
    path.with_file_name(name)
}

fn log(site: &Site) -> String {
    std::fs::read_to_string(Path::new(site.server.socket()).join("log")).unwrap()
}

#[tokio::test]
async fn statements_that_want_the_same_tables_do_not_meet() {
    let site = Site::start(&[WEB]).await;
    let path = site.back_up().await;
    for path in [path.clone(), without_needs(&path), path] {
        let report = site.validate(&path, Some("postgres")).await.unwrap();
        assert!(report.ok, "{:?}", report.problems);
        assert!(report.deep);
    }
    assert!(!log(&site).contains("deadlock"), "{}", log(&site));
    assert_eq!(site.databases().await, ["postgres", "site"]);
}

#[tokio::test]
async fn a_connection_that_is_cut_ends_the_whole_load() {
    // Rows that take for ever to load, but only in a drill.
    let slow = "CREATE FUNCTION public.slow(integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS \
                $$ SELECT CASE WHEN current_database() = 'site' THEN true ELSE pg_sleep(3600) IS NOT NULL END $$; \
                CREATE TABLE public.slow (id integer, done boolean GENERATED ALWAYS AS (public.slow(id)) STORED); \
                INSERT INTO public.slow VALUES (1);";
    let site = Site::start(&[WEB, slow]).await;
    let plan = site.plan(&site.back_up().await, Some("postgres"));
    let progress = Arc::new(Progress::default());
    let drill = tokio::task::spawn_blocking(move || validate::validate(&plan, &progress));
    let observed = site.server.connect("postgres").await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE query LIKE 'COPY \"public\".\"slow\"%' AND datname <> 'site' AND wait_event = 'PgSleep'";
    while observed.query(cut, &[]).await.unwrap().is_empty() {
        assert!(!drill.is_finished(), "the drill ended by itself");
    }
    let error = drill.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Database, "{}", error.message());
    assert!(error.message().contains("public.slow"), "{}", error.message());
    assert_eq!(site.databases().await, ["postgres", "site"]);
}
