#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use tempfile::TempDir;

use super::check;
use crate::archive::{Archive, ArchiveWriter, RawChunk};
use crate::event::Progress;
use crate::exclusions::Exclusions;
use crate::manifest::{Codec, Content, Database, FORMAT_VERSION, ForeignKey, Manifest, Payload, Section, Table};
use crate::postgres::dump::{END_OF_ROWS, copy_in};
use crate::store::{About, Folder, Place};

/// Tables with their rows, as chunks of two rows.
struct Sample {
    tables: Vec<(Table, Vec<String>)>,
}

impl Sample {
    fn table(mut self, name: &str, columns: &[&str], rows: &[&str]) -> Self {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        let table = Table {
            schema: Some("public".to_owned()),
            name: name.to_owned(),
            all_columns: columns.clone(),
            columns,
            rows: Some(rows.len() as u64),
            fingerprint: None,
            foreign_keys: Vec::new(),
        };
        self.tables.push((table, rows.iter().map(|&row| format!("{row}\n")).collect()));
        self
    }

    /// Of the last table.
    fn key(mut self, columns: &[&str], target: u32, target_columns: &[&str]) -> Self {
        let (table, _) = self.tables.last_mut().unwrap();
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        table.foreign_keys.push(ForeignKey {
            name: format!("{}_fk", columns.join("_")),
            columns: owned(columns),
            references: target,
            referenced_columns: owned(target_columns),
        });
        self
    }

    fn check(&self, budget: u64) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        let codec = Codec::Gzip { level: 1 };
        let writer =
            ArchiveWriter::create(&[Arc::new(Folder::new(folder.path()))], "sample.sql.gz", About::new(), codec, 1)
                .unwrap();
        let sender = writer.sender();
        for (index, (table, rows)) in (0..).zip(&self.tables) {
            for rows in rows.chunks(2) {
                let mut data = format!("{};\n", copy_in("public", &table.name, &table.columns)).into_bytes();
                data.extend_from_slice(rows.concat().as_bytes());
                data.extend_from_slice(END_OF_ROWS);
                let chunk = RawChunk { section: Section::Data, table: Some(index), rows: rows.len() as u64, data };
                sender.send_blocking(chunk).unwrap();
            }
        }
        sender.end();
        writer.finish(|written| self.manifest(codec, written)).unwrap();
        let archive = Archive::open(&Place::at(&folder.path().join("sample.sql.gz")).unwrap()).unwrap();
        check(&archive, budget, &Progress::default()).unwrap()
    }

    fn manifest(&self, codec: Codec, written: crate::archive::Written) -> Manifest {
        Manifest {
            format_version: FORMAT_VERSION,
            creator: "test".to_owned(),
            id: "3f2a".to_owned(),
            name: "sample.sql.gz".to_owned(),
            alias: "default".to_owned(),
            kind: "manual".to_owned(),
            created: "2026-11-21T02:00:00Z".to_owned(),
            seconds: 0.0,
            payload: Payload::Sql,
            codec,
            content: Content::Full,
            database: Database::default(),
            django: serde_json::Value::Null,
            tables: self.tables.iter().map(|(table, _)| table.clone()).collect(),
            objects: Vec::new(),
            used: Vec::new(),
            definitions: Vec::new(),
            chunks: written.chunks,
            skipped: Vec::new(),
            exclusions: Exclusions::default(),
            large_objects: 0,
            raw_size: written.raw_size,
            chunks_sha256: written.chunks_sha256,
            file: None,
        }
    }
}

fn sample() -> Sample {
    Sample { tables: Vec::new() }
}

#[test]
fn references_that_hold_are_not_named_whatever_the_budget() {
    let rows: Vec<String> = (0..100).map(|id| format!("{id}\tname {id}")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let sample = sample()
        .table("author", &["id", "name"], &rows)
        .table("post", &["title", "author"], &["a\t0", "b\t99", "c\t\\N", "d\t50", "e\t50"])
        .key(&["author"], 0, &["id"]);
    for budget in [1, 7, 100, 1000] {
        assert_eq!(sample.check(budget), Vec::<String>::new());
    }
}

#[test]
fn what_is_missing_is_counted_once_whatever_the_budget() {
    let sample = sample()
        .table("author", &["id"], &["1", "2", "3", "4", "5"])
        .table("post", &["author", "editor"], &["1\t9", "7\t5", "8\t\\N", "8\t9", "3\t3"])
        .key(&["author"], 0, &["id"])
        .key(&["editor"], 0, &["id"])
        .table("one", &["author"], &["6"])
        .key(&["author"], 0, &["id"]);
    for budget in [1, 2, 3, 4, 100] {
        assert_eq!(
            sample.check(budget),
            [
                "3 rows of public.post refer to rows of public.author that the backup lacks (author_fk)",
                "2 rows of public.post refer to rows of public.author that the backup lacks (editor_fk)",
                "1 row of public.one refers to a row of public.author that the backup lacks (author_fk)",
            ]
        );
    }
}

#[test]
fn a_key_of_several_columns_holds_as_a_whole() {
    let sample = sample()
        .table("place", &["row", "seat"], &["1\t2", "2\t1"])
        .table("ticket", &["seat", "row"], &["2\t1", "1\t1", "\\N\t7"])
        .key(&["row", "seat"], 0, &["row", "seat"]);
    for budget in [1, 100] {
        assert_eq!(
            sample.check(budget),
            ["1 row of public.ticket refers to a row of public.place that the backup lacks (row_seat_fk)"]
        );
    }
}

#[test]
fn a_table_may_refer_to_itself_and_to_a_later_one() {
    let sample = sample()
        .table("node", &["id", "parent", "kind"], &["1\t\\N\tx", "2\t1\ty", "3\t4\tx"])
        .key(&["parent"], 0, &["id"])
        .key(&["kind"], 1, &["name"])
        .table("kind", &["name"], &["x"]);
    assert_eq!(
        sample.check(100),
        [
            "1 row of public.node refers to a row of public.node that the backup lacks (parent_fk)",
            "1 row of public.node refers to a row of public.kind that the backup lacks (kind_fk)",
        ]
    );
}

#[test]
fn tables_whose_rows_were_left_out_are_not_looked_at() {
    let mut sample =
        sample().table("author", &["id"], &[]).table("post", &["author"], &["1"]).key(&["author"], 0, &["id"]);
    assert_eq!(sample.check(100).len(), 1);
    sample.tables[0].0.rows = None;
    assert_eq!(sample.check(100), Vec::<String>::new());
}
