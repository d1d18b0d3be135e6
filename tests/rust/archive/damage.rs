//! No damage goes unseen, and what is said about it helps.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use holdfast::archive::{Written, read_manifest, rebuild_sidecars};
use holdfast::codec::{Decoder, Encoder, Format};
use holdfast::manifest::{Chunk, Codec, Manifest};
use holdfast::{Error, Kind};

use super::sample::{CODECS, GZIP, Random, ZSTD, chunk, manifest, read_all, rows, wrapped, write};

const SIDECARS: [&str; 2] = ["a.json", "a.sha256"];

fn remove_sidecars(folder: &Path) {
    for name in SIDECARS {
        fs::remove_file(folder.join(name)).unwrap();
    }
}

/// Writes damaged bytes over a good file for the time of one look at the backup.
fn look_at_damaged(folder: &Path, name: &str, good: &[u8], damaged: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    overwrite(&folder.join(name), damaged);
    let result = read_all(&folder.join("a"));
    overwrite(&folder.join(name), good);
    result
}

/// In place: file systems flush a file that was truncated and written again, which makes thousands of looks slow.
fn overwrite(path: &Path, bytes: &[u8]) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

#[test]
fn every_single_bit_of_a_lone_file_counts() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a", codec, &[rows(1, 100), rows(2, 50)]).unwrap();
        remove_sidecars(folder.path());
        let good = fs::read(folder.path().join("a")).unwrap();
        for bit in 0..good.len() * 8 {
            let mut damaged = good.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let error = look_at_damaged(folder.path(), "a", &good, &damaged).unwrap_err();
            assert_eq!(error.kind(), Kind::BadBackup, "bit {bit}: {}", error.message());
            assert!(error.hint_text().is_some(), "bit {bit}: {}", error.message());
        }
        read_all(&folder.path().join("a")).unwrap();
    }
}

#[test]
fn every_byte_of_the_sidecars_counts() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a", GZIP, &[rows(1, 100), rows(2, 50)]).unwrap();
    for name in SIDECARS {
        let good = fs::read(folder.path().join(name)).unwrap();
        for byte in 0..good.len() {
            let mut damaged = good.clone();
            damaged[byte] ^= 4;
            let error = look_at_damaged(folder.path(), name, &good, &damaged).unwrap_err();
            assert_eq!(error.kind(), Kind::BadBackup, "{name} {byte}: {}", error.message());
        }
        look_at_damaged(folder.path(), name, &good, &good[..good.len() - 1]).unwrap_err();
    }
    read_all(&folder.path().join("a")).unwrap();
}

#[test]
fn random_damage_is_seen() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        let chunks: Vec<_> = (0..20).map(|seed| rows(seed, 5000)).collect();
        write(folder.path(), "a", codec, &chunks).unwrap();
        let mut random = Random::new(7);
        for _ in 0..200 {
            let name = ["a", "a", "a.json", "a.sha256"][random.below(4)];
            let good = fs::read(folder.path().join(name)).unwrap();
            let mut damaged = good.clone();
            let byte = random.below(good.len());
            damaged[byte] = damaged[byte].wrapping_add(u8::try_from(1 + random.below(255)).unwrap());
            look_at_damaged(folder.path(), name, &good, &damaged).unwrap_err();
        }
        assert_eq!(read_all(&folder.path().join("a")).unwrap(), chunks);
    }
}

#[test]
fn a_cut_is_seen_at_once() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        let chunks: Vec<_> = (0..20).map(|seed| rows(seed, 5000)).collect();
        write(folder.path(), "a", codec, &chunks).unwrap();
        let path = folder.path().join("a");
        let good = fs::read(&path).unwrap();
        let mut random = Random::new(11);
        for round in 0..100 {
            if round == 50 {
                remove_sidecars(folder.path());
            }
            // Ends of chunks are the places where a decompressor would see nothing wrong.
            let length = match round % 5 {
                0 => random.below(good.len()),
                1 => {
                    usize::try_from(crate::home::open(&path).unwrap().manifest.chunks[random.below(20)].offset).unwrap()
                }
                _ => good.len() - 1 - random.below(600),
            };
            fs::write(&path, &good[..length]).unwrap();
            let error = crate::home::open(&path).map(drop).unwrap_err();
            fs::write(&path, &good).unwrap();
            assert_eq!(error.kind(), Kind::BadBackup);
            let expected = if length == 0 { "it is empty" } else { "cut off" };
            let foreign_at = if length < 4 { "not a Holdfast backup" } else { expected };
            assert!([expected, foreign_at].iter().any(|text| error.message().contains(text)), "{}", error.message());
        }
    }
}

#[test]
fn what_was_added_is_seen() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a", codec, &[rows(1, 100)]).unwrap();
        let path = folder.path().join("a");
        let good = fs::read(&path).unwrap();
        let twice = [good.as_slice(), good.as_slice()].concat();
        let error = look_at_damaged(folder.path(), "a", &good, &twice).unwrap_err();
        assert!(error.message().contains("where its manifest tells"), "{}", error.message());
        remove_sidecars(folder.path());
        look_at_damaged(folder.path(), "a", &good, &twice).unwrap_err();
        look_at_damaged(folder.path(), "a", &good, &[good.as_slice(), b"\n"].concat()).unwrap_err();
    }
}

#[test]
fn a_bad_chunk_is_named_with_its_table_and_the_others_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let chunks: Vec<_> = (0..5).map(|seed| rows(seed, 5000)).collect();
    let manifest = write(folder.path(), "a", ZSTD, &chunks).unwrap();
    let path = folder.path().join("a");
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(manifest.chunks[3].offset).unwrap() + 100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let archive = crate::home::open(&path).unwrap();
    let read: Vec<_> = archive.chunks((0..5).collect(), 2).collect();
    assert_eq!(read.iter().filter(|chunk| chunk.is_ok()).count(), 4);
    let message = read[3].as_ref().unwrap_err().message();
    assert!(message.contains("a is damaged: chunk 3 of table public.blog_post"), "{message}");
}

#[test]
fn each_kind_of_bad_file_has_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let message = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        let error = crate::home::open(&folder.path().join(name)).map(drop).unwrap_err();
        assert_eq!(error.kind(), Kind::BadBackup);
        error.message()
    };
    assert!(message("empty", b"").contains("it is empty"));
    assert!(message("foreign", b"PGDMP and more").contains("an archive made by pg_dump, and no Holdfast backup"));
    assert!(message("short", b"x").contains("not a Holdfast backup"));
    assert!(message("gzip", &[0x1f, 0x8b, 8, 0, 0]).contains("never a backup made by Holdfast"));
    assert_eq!(crate::home::open(&folder.path().join("none")).map(drop).unwrap_err().kind(), Kind::Usage);
    assert_eq!(crate::home::open(folder.path()).map(drop).unwrap_err().kind(), Kind::Usage);
    write(folder.path(), "gone", GZIP, &[]).unwrap();
    fs::remove_file(folder.path().join("gone")).unwrap();
    let error = crate::home::open(&folder.path().join("gone")).map(drop).unwrap_err();
    assert!(error.kind() == Kind::BadBackup && error.message().contains("only its manifest is left"));
}

#[test]
fn a_newer_format_tells_the_program_that_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 1).unwrap();
    let newer = writer.finish(|written| Manifest {
        format_version: 2,
        creator: "django-holdfast 3.1.4".to_owned(),
        ..manifest("a", GZIP, written)
    });
    newer.unwrap();
    let path = folder.path().join("a");
    for _ in ["with sidecars", "alone"] {
        let error = crate::home::open(&path).map(drop).unwrap_err();
        assert!(error.message().contains("format 2, written by django-holdfast 3.1.4"), "{}", error.message());
        assert_eq!(read_manifest(&holdfast::store::Place::at(&path).unwrap()).unwrap_err().kind(), Kind::BadBackup);
        let _ = SIDECARS.map(|name| fs::remove_file(folder.path().join(name)));
    }
}

#[test]
fn sidecars_of_another_backup_are_refused_and_can_be_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    write(&one, "a", GZIP, &[rows(1, 100)]).unwrap();
    write(&two, "a", GZIP, &[rows(2, 100)]).unwrap();
    for name in SIDECARS {
        fs::copy(two.join(name), one.join(name)).unwrap();
        let error = read_all(&one.join("a")).unwrap_err();
        assert_eq!(error.kind(), Kind::BadBackup);
        assert!(error.message().contains("match") || error.message().contains("bytes"), "{}", error.message());
        rebuild_sidecars(&holdfast::store::Place::at(&one.join("a")).unwrap()).unwrap();
        assert_eq!(read_all(&one.join("a")).unwrap(), [rows(1, 100)]);
    }
}

#[test]
fn no_memory_is_taken_for_what_the_stored_bytes_cannot_hold() {
    const CLAIMED: u32 = 3 << 30;
    let mut gzip = Encoder::new(GZIP).unwrap().encode(b"a few rows").unwrap().to_owned();
    let size_field = gzip.len() - 4;
    gzip[size_field..].copy_from_slice(&CLAIMED.to_le_bytes());
    // Magic number, a size of four bytes, one empty last block.
    let zstd = [&[0x28, 0xb5, 0x2f, 0xfd, 0xa0], &CLAIMED.to_le_bytes()[..], &[1, 0, 0]].concat();
    for (format, stored) in [(Format::Gzip, gzip), (Format::Zstd, zstd)] {
        let error = Decoder::new(format).unwrap().decode(&stored, u64::from(CLAIMED)).unwrap_err();
        assert!(error.message().contains("are said to hold 3221225472, which cannot be"), "{}", error.message());
    }
}

#[test]
fn as_much_as_a_codec_can_compress_is_read() {
    for codec in [Codec::Gzip { level: 12 }, Codec::Zstd { level: 19 }] {
        let raw = vec![b'a'; 64 << 20];
        let stored = Encoder::new(codec).unwrap().encode(&raw).unwrap().to_owned();
        assert!(stored.len() * 900 < raw.len(), "{}", stored.len());
        assert!(Decoder::new(Format::of(codec)).unwrap().decode(&stored, raw.len() as u64).unwrap() == raw);
    }
}

#[test]
fn a_manifest_that_is_a_bomb_is_refused_by_whoever_writes_or_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let with_note = |size: usize| {
        let writer = crate::home::create(folder.path(), "a", ZSTD, 1).unwrap();
        writer.finish(|written| Manifest { django: "x".repeat(size).into(), ..manifest("a", ZSTD, written) })
    };
    let error = with_note(65 << 20).unwrap_err();
    assert!(error.message().contains("which is more than a reader takes"), "{}", error.message());
    with_note(63 << 20).unwrap();
    remove_sidecars(folder.path());
    read_all(&folder.path().join("a")).unwrap();
    // Another program need not have our manners: 200 kB that unpack to 200 MB.
    let bomb = wrapped(&[], &vec![b' '; 200 << 20]);
    fs::write(folder.path().join("b"), bomb).unwrap();
    let error = crate::home::open(&folder.path().join("b")).map(drop).unwrap_err();
    assert!(error.message().contains("it tells no size that a manifest can have"), "{}", error.message());
}

#[test]
fn no_chunk_is_larger_than_any_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "b", GZIP, 1).unwrap();
    let sender = writer.sender();
    sender.send_blocking(chunk(rows(1, 100))).unwrap();
    sender.end();
    let huge = (1 << 30) + (8 << 20) + 1;
    let claimed = |written: Written| {
        let chunks = written.chunks.iter().map(|chunk| Chunk { raw_size: huge, ..chunk.clone() }).collect();
        Manifest { chunks, raw_size: huge, ..manifest("b", GZIP, written) }
    };
    writer.finish(claimed).unwrap();
    let error = crate::home::open(&folder.path().join("b")).map(drop).unwrap_err();
    assert!(error.message().contains("chunk 0 is larger than any that is written"), "{}", error.message());
}
