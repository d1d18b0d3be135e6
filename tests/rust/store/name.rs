//! File names: built, read back, refused.

use holdfast::Kind;
use holdfast::manifest::{Codec, Payload};
use holdfast::store::BackupName;

#[test]
fn what_is_built_is_read_back() {
    for alias in ["default", "app", "app_logs", "app_daily_20260101T000000Z", "a-b.c", "дом", "x.sql.gz"] {
        for kind in ["manual", "pre-restore", "2"] {
            let name = BackupName::new(alias, kind, "2026-11-21T02:00:00Z").unwrap();
            for payload in [Payload::Sql, Payload::Sqlite3] {
                for codec in [Codec::Gzip { level: 1 }, Codec::Zstd { level: 1 }] {
                    let file_name = name.file_name(payload, codec);
                    assert_eq!(BackupName::parse(&file_name).unwrap(), name, "{file_name}");
                }
            }
        }
    }
}

#[test]
fn the_name_is_the_documented_one() {
    let name = BackupName::new("default", "daily", "2026-11-21T04:00:00+02:00").unwrap();
    assert_eq!(name.file_name(Payload::Sql, Codec::Gzip { level: 6 }), "default_daily_20261121T020000Z.sql.gz");
    assert_eq!(name.created(), "2026-11-21T02:00:00Z");
}

#[test]
fn foreign_names_are_not_read() {
    for name in [
        "",
        "notes.txt",
        "default_daily_20261121T020000Z.sql",
        "default_daily_20261121T020000Z.sql.bz2",
        "default_daily_20261121T020000Z.csv.gz",
        "default_20261121T020000Z.sql.gz",
        "_daily_20261121T020000Z.sql.gz",
        "default__20261121T020000Z.sql.gz",
        "default_daily_20261321T020000Z.sql.gz",
        "default_daily_2026-11-21T02:00:00Z.sql.gz",
        ".default_daily_20261121T020000Z.sql.gz",
        "default_daily_20261121T020000Z.sql.gz.json",
    ] {
        assert_eq!(BackupName::parse(name), None, "{name}");
    }
}

#[test]
fn an_alias_or_kind_that_cannot_be_a_file_name_is_refused() {
    let long = "a".repeat(205);
    for alias in ["", "a/b", "..", ".hidden", "-rf", "a b", "a\0", "a\nb", "a\\b", long.as_str()] {
        assert_eq!(
            BackupName::new(alias, "daily", "2026-11-21T02:00:00Z").unwrap_err().kind(),
            Kind::Usage,
            "{alias:?}"
        );
    }
    for kind in ["", "pre_restore", "a/b", "a.b", "a b"] {
        assert_eq!(
            BackupName::new("default", kind, "2026-11-21T02:00:00Z").unwrap_err().kind(),
            Kind::Usage,
            "{kind:?}"
        );
    }
    assert_eq!(BackupName::new("default", "daily", "yesterday").unwrap_err().kind(), Kind::Usage);
}

#[test]
fn the_longest_name_leaves_room_for_the_longest_hidden_one() {
    let name = BackupName::new(&"a".repeat(199), "daily", "2026-11-21T02:00:00Z").unwrap();
    let status = format!("{}.status.json", name.file_name(Payload::Sqlite3, Codec::Zstd { level: 1 }));
    assert!(holdfast::store::partial_name(&status).len() <= 255);
}
